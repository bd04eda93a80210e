//! `rollout apply -f FILE…`: what `kubectl apply --validate=strict` prints against an empty cluster.

use crate::{Common, Exit, files, kubectl_cases, print, print_error};
use rollout_engine::{ClusterConfig, Engine};
use rollout_kubectl::{Io, Outcome, Output};

/// `rollout apply -f FILE… [-o json|yaml]`. With `-o` the stored objects are printed once the controllers have reacted.
pub(crate) fn run(common: &Common, args: &[String]) -> Exit {
    let (names, format) = match arguments(args) {
        Ok(parsed) => parsed,
        Err(e) => {
            print_error(&format!(
                "{e}\nusage: rollout apply -f FILE… [-o json|yaml] [--kubernetes MINOR] [--seed N]\n"
            ));
            return Exit(2);
        }
    };
    let mut engine = Engine::new(ClusterConfig {
        version: common.version,
        seed: common.seed,
        ..ClusterConfig::default()
    });
    let mut applied = kubectl(&mut engine, common, &["apply", "--validate=strict"], &names);
    let _ = engine.settle();
    if let (Some(format), 0) = (format, applied.exit) {
        applied.stdout = kubectl(&mut engine, common, &["get", "-o", &format], &names).stdout;
    }
    print(&applied.stdout);
    print_error(&applied.stderr);
    Exit(u8::try_from(applied.exit).unwrap_or(1))
}

/// File names, and the format after `-o`.
fn arguments(args: &[String]) -> Result<(Vec<String>, Option<String>), String> {
    let mut files = files::take(args)?;
    let mut format = None;
    let mut rest = files.rest.into_iter();
    while let Some(arg) = rest.next() {
        let inline = ["-o=", "--output=", "-o"]
            .iter()
            .find_map(|p| arg.strip_prefix(p))
            .filter(|v| !v.is_empty());
        match (inline, arg.as_str()) {
            (Some(value), _) => format = Some(value.to_owned()),
            (None, "-o" | "--output") => {
                format = Some(
                    rest.next()
                        .ok_or_else(|| format!("{arg} needs json or yaml"))?,
                )
            }
            (None, "--validate=strict") => {}
            (None, other) if other.starts_with('-') => {
                return Err(format!("unknown argument {other}"));
            }
            (None, _) => files.names.push(arg),
        }
    }
    if files.names.is_empty() {
        return Err("no file".to_owned());
    }
    if let Some(other) = format.as_deref().filter(|f| !matches!(*f, "json" | "yaml")) {
        return Err(format!("-o {other}: json or yaml"));
    }
    Ok((files.names, format))
}

fn kubectl(engine: &mut Engine, common: &Common, words: &[&str], names: &[String]) -> Output {
    let mut line: Vec<String> = words.iter().map(|w| (*w).to_owned()).collect();
    for name in names {
        line.extend(["-f".to_owned(), name.clone()]);
    }
    // The terminal's files are texts. One that is none is read, and refused, by the same function.
    for name in names.iter().filter(|n| *n != "-") {
        if let Ok(bytes) = std::fs::read(name)
            && String::from_utf8(bytes.clone()).is_err()
        {
            let read = rollout_manifest::resources::read(
                &bytes,
                name,
                true,
                common.version,
                common.version,
            );
            return Output {
                stdout: String::new(),
                stderr: format!("error: {}\n", read.error().unwrap_or_default()),
                exit: 1,
            };
        }
    }
    let io = Io {
        stdin: stdin(names),
        files: kubectl_cases::files_of(&line),
        version: common.version,
        ..Io::default()
    };
    match engine
        .act("kubectl", |client| rollout_kubectl::run(&line, &io, client))
        .0
    {
        Outcome::Done(output) | Outcome::Editing(output, _) | Outcome::Following(output, _) => {
            output
        }
    }
}

/// Standard input, read once for all commands.
fn stdin(names: &[String]) -> String {
    static TEXT: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    if !names.iter().any(|n| n == "-") {
        return String::new();
    }
    TEXT.get_or_init(|| std::io::read_to_string(std::io::stdin()).unwrap_or_default())
        .clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn arguments_are_read() {
        assert_eq!(
            arguments(&words("-f a.yaml b.yaml -o json")),
            Ok((words("a.yaml b.yaml"), Some("json".to_owned())))
        );
        assert_eq!(
            arguments(&words("-f=a.yaml -oyaml")),
            Ok((words("a.yaml"), Some("yaml".to_owned())))
        );
        for bad in ["", "-o json", "-f", "-f a -o wide", "-f a --force"] {
            assert!(arguments(&words(bad)).is_err(), "{bad}");
        }
    }
}
