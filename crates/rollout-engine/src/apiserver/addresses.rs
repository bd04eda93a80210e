//! Cluster IPs and node ports of Services: handed out, asked for, refused.
//! Mirrors pkg/registry/core/service/storage/alloc.go and pkg/registry/core/service/ipallocator.

use super::rules;
use crate::rng::Stream;
use crate::world::World;
use rollout_api::status_error::ApiError;
use rollout_api::{Kind, Str, Value, validation};

/// Addresses and ports that were handed out. They are read from the Services that are stored.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Addresses {}

/// 10.96.0.0/12
const FIRST_IP: u32 = 0x0a60_0000;
const LAST_IP: u32 = 0x0a6f_ffff;
const IP_RANGE: &str = "10.96.0.0/12";
const FIRST_PORT: i64 = 30000;
const LAST_PORT: i64 = 32767;

fn ip_text(ip: u32) -> String {
    let [a, b, c, d] = ip.to_be_bytes();
    format!("{a}.{b}.{c}.{d}")
}

fn parse_ip(text: &str) -> Option<u32> {
    text.parse::<std::net::Ipv4Addr>().ok().map(u32::from)
}

/// A node port and its protocol.
type Port = (i64, Str);

fn protocol(port: &Value) -> Str {
    port.get("protocol")
        .and_then(Value::as_str)
        .map_or(Str::Static("TCP"), Str::copy)
}

fn ports_of(service: &Value) -> impl Iterator<Item = Port> {
    service
        .list_at("spec.ports")
        .iter()
        .filter_map(|p| Some((p.get("nodePort")?.as_int()?, protocol(p))))
}

fn wants_ports(service: &Value) -> bool {
    match service.str_at("spec.type") {
        "NodePort" => true,
        "LoadBalancer" => {
            service.at("spec.allocateLoadBalancerNodePorts") != Some(&Value::Bool(false))
        }
        _ => false,
    }
}

/// What a changed type no longer has, unless the request asks for it anew.
/// Mirrors `dropTypeDependentFields`, pkg/registry/core/service/strategy.go.
fn drop_type_dependent_fields(value: &mut Value, old: &Value) {
    let spec = |v: &Value, field: &str| v.get("spec").and_then(|s| s.get(field)).cloned();
    let same = |v: &Value, field: &str| spec(v, field) == spec(old, field);
    let typed = |v: &Value, kinds: &[&str]| kinds.contains(&v.str_at("spec.type"));
    let mut gone: Vec<&str> = Vec::new();
    if old.str_at("spec.type") != "ExternalName" && typed(value, &["ExternalName"]) {
        gone.extend(
            ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"]
                .iter()
                .filter(|f| same(value, f)),
        );
    }
    if typed(old, &["LoadBalancer"]) && !typed(value, &["LoadBalancer"]) {
        let fields = [
            "allocateLoadBalancerNodePorts",
            "loadBalancerClass",
            "healthCheckNodePort",
        ];
        gone.extend(fields.iter().filter(|f| same(value, f)));
    }
    let outward = ["NodePort", "LoadBalancer"];
    if typed(old, &outward) && !typed(value, &outward) {
        gone.extend(["externalTrafficPolicy"].iter().filter(|f| same(value, f)));
        let before: Vec<Port> = ports_of(old).collect();
        if !before.is_empty() && ports_of(value).all(|p| before.contains(&p)) {
            let mut ports = value.list_at("spec.ports").to_vec();
            ports
                .iter_mut()
                .for_each(|p| drop(p.map_mut().remove("nodePort")));
            value.set("spec.ports", ports);
        }
    }
    let spec = value.map_mut().entry("spec", Value::object).map_mut();
    gone.into_iter().for_each(|f| drop(spec.remove(f)));
}

impl World {
    fn others<'a>(&'a self, service: &Value) -> impl Iterator<Item = &'a Value> {
        let own = (
            service.str_at("metadata.namespace").to_owned(),
            service.str_at("metadata.name").to_owned(),
        );
        self.store
            .list(Kind::SERVICE)
            .filter(move |o| {
                (&*o.meta.namespace, &*o.meta.name) != (own.0.as_str(), own.1.as_str())
            })
            .map(|o| &o.value)
    }

    /// Gives a Service its addresses and ports, or refuses those it asks for. Other kinds need nothing.
    pub(super) fn allocate(
        &mut self,
        kind: Kind,
        value: &mut Value,
        old: Option<&Value>,
        _dry_run: bool,
    ) -> Result<(), ApiError> {
        if kind != Kind::SERVICE {
            return Ok(());
        }
        if value.str_at("spec.type").is_empty() {
            value.set("spec.type", "ClusterIP");
        }
        if let Some(old) = old {
            drop_type_dependent_fields(value, old);
        }
        validation::validate_before_allocation(value, old, self.version())?;
        self.allocate_ip(value, old)?;
        self.allocate_ports(value, old)
    }

    fn allocate_ip(&mut self, value: &mut Value, old: Option<&Value>) -> Result<(), ApiError> {
        if value.str_at("spec.type") == "ExternalName" {
            let spec = value.map_mut().entry("spec", Value::object).map_mut();
            for field in [
                "clusterIPs",
                "ipFamilies",
                "ipFamilyPolicy",
                "internalTrafficPolicy",
            ] {
                spec.remove(field);
            }
            return Ok(());
        }
        let name = value.str_at("metadata.name").to_owned();
        if let Some(old) = old
            && old.str_at("spec.type") != "ExternalName"
        {
            // A Service keeps the address it has, or has none. Mirrors `patchAllocatedValues`.
            let spec = value.map_mut().entry("spec", Value::object).map_mut();
            for field in ["clusterIP", "clusterIPs"] {
                if spec.get(field).is_none_or(Value::is_empty)
                    && let Some(v) = old.get("spec").and_then(|s| s.get(field))
                {
                    spec.insert(field, v);
                }
            }
        }
        let asked = match value.str_at("spec.clusterIP") {
            "" => value
                .list_at("spec.clusterIPs")
                .first()
                .and_then(Value::as_str)
                .unwrap_or(""),
            ip => ip,
        }
        .to_owned();
        let unchanged = old.is_some_and(|o| o.str_at("spec.clusterIP") == asked);
        let ip = match asked.as_str() {
            "None" => asked.clone(),
            "" => {
                let taken: Vec<u32> = self
                    .others(value)
                    .filter_map(|s| parse_ip(s.str_at("spec.clusterIP")))
                    .collect();
                let size = u64::from(LAST_IP - FIRST_IP - 1);
                loop {
                    let ip = FIRST_IP + 1 + self.rng.below(Stream::Address, size) as u32;
                    if !taken.contains(&ip) {
                        break ip_text(ip);
                    }
                }
            }
            _ if unchanged => asked.clone(),
            _ => match parse_ip(&asked) {
                // Validation says what is wrong with it.
                None => asked.clone(),
                Some(ip) => {
                    let refuse = |why: String| {
                        let shown = if self.version() >= rollout_api::Minor(34) {
                            format!("[\"{asked}\"]")
                        } else {
                            format!("[]string{{\"{asked}\"}}")
                        };
                        let message =
                            format!("Invalid value: {shown}: failed to allocate IP {asked}: {why}");
                        rules::invalid(Kind::SERVICE, &name, "spec.clusterIPs", message)
                    };
                    if !(FIRST_IP..=LAST_IP).contains(&ip) {
                        return Err(refuse(format!(
                            "the provided IP ({asked}) is not in the valid range. The range of valid IPs is {IP_RANGE}"
                        )));
                    }
                    if self
                        .others(value)
                        .any(|s| s.str_at("spec.clusterIP") == asked)
                    {
                        return Err(refuse("provided IP is already allocated".to_owned()));
                    }
                    asked.clone()
                }
            },
        };
        let spec = value.map_mut().entry("spec", Value::object).map_mut();
        spec.insert("clusterIP", ip.clone());
        if spec.get("clusterIPs").is_none_or(Value::is_empty) {
            spec.insert("clusterIPs", vec![Value::from(ip)]);
        }
        if spec.get("ipFamilies").is_none_or(Value::is_empty) {
            spec.insert("ipFamilies", vec![Value::from("IPv4")]);
        }
        spec.entry("ipFamilyPolicy", || "SingleStack".into());
        Ok(())
    }

    fn allocate_ports(&mut self, value: &mut Value, old: Option<&Value>) -> Result<(), ApiError> {
        if !wants_ports(value) {
            return Ok(());
        }
        let name = value.str_at("metadata.name").to_owned();
        let mut taken: Vec<Port> = self.others(value).flat_map(ports_of).collect();
        let before: Vec<Port> = old.into_iter().flat_map(ports_of).collect();
        let mut ports = value.list_at("spec.ports").to_vec();
        for (i, port) in ports.iter_mut().enumerate() {
            let protocol = protocol(port);
            let asked = port.get("nodePort").and_then(Value::as_int).unwrap_or(0);
            if asked == 0 {
                // A port is known by its name, unless its node port is asked for by another one.
                let kept = old.filter(|o| wants_ports(o)).and_then(|o| {
                    let same = |p: &&Value| p.get("name") == port.get("name");
                    let of_it = o.list_at("spec.ports").iter().rev().find(same)?;
                    let kept = of_it.get("nodePort")?.as_int()?;
                    let used = value
                        .list_at("spec.ports")
                        .iter()
                        .any(|p| p.get("nodePort").and_then(Value::as_int) == Some(kept));
                    (!used).then_some(kept)
                });
                let given = match kept {
                    Some(kept) => kept,
                    None => loop {
                        let size = LAST_PORT - FIRST_PORT + 1;
                        let n = FIRST_PORT
                            + self.rng.below(Stream::Address, size.unsigned_abs()) as i64;
                        if !taken.iter().any(|(p, _)| *p == n) {
                            break n;
                        }
                    },
                };
                port.map_mut().insert("nodePort", given);
                taken.push((given, protocol));
                continue;
            }
            let wanted = (asked, protocol);
            if before.contains(&wanted) {
                continue;
            }
            let field = format!("spec.ports[{i}].nodePort");
            let refuse = |why: &str| {
                rules::invalid(
                    Kind::SERVICE,
                    &name,
                    &field,
                    format!("Invalid value: {asked}: {why}"),
                )
            };
            if !(FIRST_PORT..=LAST_PORT).contains(&asked) {
                return Err(refuse(
                    "provided port is not in the valid range. The range of valid ports is 30000-32767",
                ));
            }
            if taken.contains(&wanted) {
                return Err(refuse("provided port is already allocated"));
            }
            taken.push(wanted);
        }
        value
            .map_mut()
            .entry("spec", Value::object)
            .map_mut()
            .insert("ports", ports);
        Ok(())
    }
}
