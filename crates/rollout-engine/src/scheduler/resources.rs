//! What a pod asks for and what a node has.

use rollout_api::{Str, Value};
use std::ops::{Add, AddAssign, SubAssign};

/// Amounts: CPU in thousandths, the others in bytes.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Amounts {
    /// Thousandths of a CPU.
    pub cpu: i64,
    /// Bytes.
    pub memory: i64,
    /// Bytes.
    pub storage: i64,
}

impl Amounts {
    /// Reads a map of quantities; `fallback` where one is absent.
    fn of(map: Option<&Value>, fallback: Option<&Value>) -> Amounts {
        let read = |key: &str| {
            map.and_then(|m| m.get(key))
                .or_else(|| fallback.and_then(|m| m.get(key)))
        };
        Amounts {
            cpu: read("cpu").map_or(0, milli),
            memory: read("memory").map_or(0, whole),
            storage: read("ephemeral-storage").map_or(0, whole),
        }
    }
    /// A node's allocatable.
    pub fn allocatable(node: &Value) -> Amounts {
        Amounts::of(node.at("status.allocatable"), None)
    }
    fn of_container(container: &Value) -> Amounts {
        // Requests that are not given are the limits.
        Amounts::of(
            container.at("resources.requests"),
            container.at("resources.limits"),
        )
    }
    fn max(self, other: Amounts) -> Amounts {
        Amounts {
            cpu: self.cpu.max(other.cpu),
            memory: self.memory.max(other.memory),
            storage: self.storage.max(other.storage),
        }
    }
    /// Mirrors `PodRequests`, pkg/api/v1/resource/helpers.go: the containers' sum or the largest moment of
    /// initialization, sidecars included.
    pub fn of_pod(pod: &Value) -> Amounts {
        let mut sum = Amounts::default();
        for c in pod.list_at("spec.containers") {
            sum += Amounts::of_container(c);
        }
        let mut sidecars = Amounts::default();
        let mut init = Amounts::default();
        for c in pod.list_at("spec.initContainers") {
            let own = Amounts::of_container(c);
            if c.str_at("restartPolicy") == "Always" {
                sidecars += own;
                init = init.max(sidecars);
            } else {
                init = init.max(sidecars + own);
            }
        }
        (sum + sidecars).max(init)
    }
}

/// Is this neither CPU nor memory nor storage nor pods?
fn is_scalar(name: &str) -> bool {
    !matches!(name, "cpu" | "memory" | "ephemeral-storage" | "pods")
}

/// What a node has of everything else: devices and huge pages.
pub(super) fn scalars_of_node(node: &Value) -> Vec<(Str, i64)> {
    let all = node.at("status.allocatable").and_then(Value::as_map);
    let all = all.into_iter().flat_map(|m| m.iter());
    all.filter(|(name, _)| is_scalar(name))
        .map(|(name, v)| (name.clone(), whole(v)))
        .collect()
}

/// What a pod asks for of everything else: the containers' sum, or what one initialization needs if that is more.
pub(super) fn scalars_of_pod(pod: &Value) -> Vec<(Str, i64)> {
    let mut out: Vec<(Str, i64)> = Vec::new();
    for (init, list) in [(false, "spec.containers"), (true, "spec.initContainers")] {
        for c in pod.list_at(list) {
            let Some(resources) = c.get("resources") else {
                continue;
            };
            // Requests that are not given are the limits.
            let asked = resources.get("requests").filter(|r| !r.is_empty());
            let asked = asked.or_else(|| resources.get("limits"));
            let all = asked.and_then(Value::as_map).into_iter();
            for (name, v) in all.flat_map(|m| m.iter()).filter(|(n, _)| is_scalar(n)) {
                let want = whole(v);
                let sidecar = !init || c.str_at("restartPolicy") == "Always";
                match out.iter_mut().find(|(n, _)| n == name) {
                    Some((_, sum)) if sidecar => *sum = sum.saturating_add(want),
                    Some((_, sum)) => *sum = want.max(*sum),
                    None => out.push((name.clone(), want)),
                }
            }
        }
    }
    out
}

impl Add for Amounts {
    type Output = Amounts;
    fn add(self, o: Amounts) -> Amounts {
        Amounts {
            cpu: self.cpu.saturating_add(o.cpu),
            memory: self.memory.saturating_add(o.memory),
            storage: self.storage.saturating_add(o.storage),
        }
    }
}
impl AddAssign for Amounts {
    fn add_assign(&mut self, o: Amounts) {
        *self = *self + o;
    }
}
impl SubAssign for Amounts {
    fn sub_assign(&mut self, o: Amounts) {
        self.cpu = self.cpu.saturating_sub(o.cpu);
        self.memory = self.memory.saturating_sub(o.memory);
        self.storage = self.storage.saturating_sub(o.storage);
    }
}

fn milli(v: &Value) -> i64 {
    thousandths(v).min(i128::from(i64::MAX)) as i64
}
fn whole(v: &Value) -> i64 {
    (thousandths(v).saturating_add(999) / 1000).min(i128::from(i64::MAX)) as i64
}

/// A quantity in thousandths; 0 if it cannot be read.
fn thousandths(v: &Value) -> i128 {
    let text = match v {
        Value::Int(i) => return i128::from(*i) * 1000,
        Value::String(s) => s.as_str(),
        Value::Number(s) => s,
        _ => return 0,
    };
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let (int, fraction) = number.split_once('.').unwrap_or((number, ""));
    // More digits than these are beyond any quantity.
    let int: i128 = if int.len() > 24 {
        return 0;
    } else {
        int.parse().unwrap_or(0)
    };
    let nano = fraction
        .bytes()
        .filter(u8::is_ascii_digit)
        .chain(std::iter::repeat(b'0'))
        .take(9)
        .fold(0i128, |n, b| n * 10 + i128::from(b - b'0'));
    let scale: i128 = match suffix {
        "" => 1_000,
        "m" => 1,
        "k" => 1_000_000,
        "M" => 1_000_000_000,
        "G" => 1_000_000_000_000,
        "T" => 1_000_000_000_000_000,
        "P" => 1_000_000_000_000_000_000,
        "Ki" => 1_000 << 10,
        "Mi" => 1_000 << 20,
        "Gi" => 1_000 << 30,
        "Ti" => 1_000 << 40,
        "Pi" => 1_000 << 50,
        _ => return 0,
    };
    int.saturating_mul(scale)
        .saturating_add(nano.saturating_mul(scale) / 1_000_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities() {
        for (text, n) in [
            ("4", 4000),
            ("250m", 250),
            ("0.5", 500),
            ("1.5Ki", 1_536_000),
            ("", 0),
            ("x", 0),
            ("1e3", 0),
        ] {
            assert_eq!(thousandths(&Value::text(text)), n, "{text}");
        }
        assert_eq!(whole(&Value::text("8Gi")), 8 << 30);
        assert_eq!(whole(&Value::text("999999999999999999999999Pi")), i64::MAX);
    }
}
