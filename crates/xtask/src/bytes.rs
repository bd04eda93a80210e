//! Whose code the page's module is: the sizes of its functions, summed by the crate in their names.

use crate::run::{Failure, Outcome};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// A reader of a WebAssembly module: bytes and the place in them.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Option<u8> {
        let byte = self.bytes.get(self.at).copied()?;
        self.at += 1;
        Some(byte)
    }
    /// An unsigned number of variable length.
    fn number(&mut self) -> Option<usize> {
        let (mut value, mut shift) = (0_usize, 0);
        loop {
            let byte = self.byte()?;
            value |= usize::from(byte & 127).checked_shl(shift)?;
            shift += 7;
            if byte < 128 {
                return Some(value);
            }
        }
    }
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let part = self.bytes.get(self.at..self.at.checked_add(len)?)?;
        self.at += len;
        Some(part)
    }
    fn text(&mut self) -> Option<&'a str> {
        let len = self.number()?;
        std::str::from_utf8(self.take(len)?).ok()
    }
}

/// Names and sizes of a module's functions, and the size of its data.
fn functions(module: &[u8]) -> Option<(Vec<(String, usize)>, usize)> {
    let mut r = Reader {
        bytes: module,
        at: 8,
    };
    let (mut sizes, mut names) = (Vec::new(), BTreeMap::new());
    let (mut imports, mut data) = (0, 0);
    while r.at < module.len() {
        let id = r.byte()?;
        let len = r.number()?;
        let mut s = Reader {
            bytes: r.take(len)?,
            at: 0,
        };
        match id {
            0 if s.text()? == "name" => {
                while s.at < s.bytes.len() {
                    let kind = s.byte()?;
                    let len = s.number()?;
                    let mut part = Reader {
                        bytes: s.take(len)?,
                        at: 0,
                    };
                    if kind == 1 {
                        for _ in 0..part.number()? {
                            names.insert(part.number()?, part.text()?.to_owned());
                        }
                    }
                }
            }
            // Before wasm-bindgen has run, all imports are functions, tables and the like have no entry.
            2 => {
                for _ in 0..s.number()? {
                    s.text()?;
                    s.text()?;
                    if s.byte()? != 0 {
                        return None;
                    }
                    s.number()?;
                    imports += 1;
                }
            }
            10 => {
                for _ in 0..s.number()? {
                    let len = s.number()?;
                    s.take(len)?;
                    sizes.push(len);
                }
            }
            11 => data = len,
            _ => {}
        }
    }
    let named = sizes.into_iter().enumerate().map(|(i, size)| {
        let name = names.remove(&(imports + i)).unwrap_or_default();
        (name, size)
    });
    Some((named.collect(), data))
}

/// Crate names in a mangled name (`v0`), in the order in which they stand.
fn crates(name: &str) -> Vec<&str> {
    let identifier = |at: usize| -> Option<&str> {
        let digits = name[at..].bytes().take_while(u8::is_ascii_digit).count();
        let len: usize = name[at..at + digits].parse().ok()?;
        let start = at + digits + usize::from(name[at + digits..].starts_with('_'));
        name.get(start..start.checked_add(len)?)
    };
    // `C` names a crate's root; `s…_` in front of the name tells crates of one name apart.
    let mut found = Vec::new();
    for (i, _) in name.match_indices("Cs") {
        let rest = &name[i + 2..];
        let hash = rest.bytes().take_while(u8::is_ascii_alphanumeric).count();
        if name.starts_with("_R") && rest.as_bytes().get(hash) == Some(&b'_') {
            found.extend(identifier(i + 3 + hash));
        }
    }
    found
}

/// Who a function belongs to: the first crate in its name that is not the standard library. Code that the standard
/// library makes for a crate's type is the crate's.
fn owner(name: &str) -> &str {
    let known = crates(name);
    let ours = known.iter().find(|c| c.starts_with("rollout_"));
    let other = || known.iter().find(|c| !["core", "alloc", "std"].contains(c));
    ours.or_else(other).copied().unwrap_or("std")
}

/// Prints the sums, largest first.
pub(crate) fn by_crate(module: &Path) -> Outcome {
    let bytes = fs::read(module).map_err(|e| {
        Failure(format!(
            "{}: {e}: run cargo xtask build first",
            module.display()
        ))
    })?;
    let (functions, data) = functions(&bytes)
        .ok_or_else(|| Failure(format!("{}: cannot be read", module.display())))?;
    let mut sums: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (name, size) in &functions {
        let sum = sums.entry(owner(name)).or_default();
        sum.0 += size;
        sum.1 += 1;
    }
    let total: usize = sums.values().map(|s| s.0).sum();
    let mut rows: Vec<_> = sums.into_iter().collect();
    rows.sort_by_key(|(name, (size, _))| (std::cmp::Reverse(*size), *name));
    println!("\n     code  share  functions  crate (before compression)");
    let (mut rest, mut few) = ((0, 0), 0);
    for (name, (size, count)) in rows {
        if few < 16 {
            println!(
                "{size:>9} {:>4}.{} % {count:>8}  {name}",
                size * 100 / total,
                size * 1000 / total % 10
            );
            few += 1;
        } else {
            rest.0 += size;
            rest.1 += count;
        }
    }
    println!("{:>9}        {:>8}  others", rest.0, rest.1);
    println!("{total:>9}        {:>8}  code", functions.len());
    println!("{data:>9}                  data: texts and tables");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::owner;

    #[test]
    fn generic_code_belongs_to_the_crate_whose_type_it_is_made_for() {
        for (name, want) in [
            (
                "_RNvNtCsdH0hT3cJtIo_15rollout_kubectl3cmd3run",
                "rollout_kubectl",
            ),
            ("_RNvXs4_NtCs5cOc02OMXlo_5alloc6stringNtB5_6String", "std"),
            (
                "_RNvXs_NtNtCs90gFGxYlAaH_3yew4html9componentNtNtCsgv3OHnU3hRl_11rollout_web10playground",
                "rollout_web",
            ),
            (
                "_RINvMs_NtCs5cOc02OMXlo_5alloc3vecINtB5_3VecNtNtCs4Rz9xkr6Wrk_11rollout_api5value3StrE4push",
                "rollout_api",
            ),
            ("_ZN4core3fmt9Formatter17h3ab83a25627baa5eE", "std"),
        ] {
            assert_eq!(owner(name), want, "{name}");
        }
    }
}
