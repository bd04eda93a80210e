//! The command line: one file per subcommand, and the options that all of them take.

mod apply;
mod bench;
mod compare;
mod diagnose;
mod files;
mod hash;
pub mod kubectl_cases;
pub mod lint;
pub mod play;
pub mod scenario;
mod scene_args;
mod sweep;
mod timeline;
pub mod verify;

use rollout_api::Minor;
use std::io::Write;

/// The exit code of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exit(pub u8);

/// Options that every subcommand takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Common {
    /// `--kubernetes MINOR`, or the default.
    pub version: Minor,
    /// The version was named: it rules over what a file says.
    pub named: bool,
    /// `--seed N`.
    pub seed: u64,
}

type Subcommand = fn(&Common, &[String]) -> Exit;

/// Name, arguments, what it does, function.
const SUBCOMMANDS: &[(&str, &str, &str, Subcommand)] = &[
    (
        "apply",
        "-f FILE… [-o json|yaml]",
        "what kubectl apply --validate=strict prints against an empty cluster, or the stored objects",
        apply::run,
    ),
    (
        "hash",
        "-f FILE…",
        "the name of each Deployment's ReplicaSet, one a line",
        hash::run,
    ),
    (
        "kubectl",
        "--cases FILE | [--state FILE] [--now TIME] -- ARGV…",
        "one kubectl line, or every case of a golden file",
        kubectl_cases::run,
    ),
    (
        "play",
        "SCRIPT [--json]",
        "a session of console lines (- is stdin), with simulated time",
        play::run,
    ),
    (
        "run",
        "FILE [--trace OUT.json]",
        "a scenario or a recording, with the recordings' scheduler and kubelet",
        scenario::command,
    ),
    (
        "verify",
        "FILE.md… [--update]",
        "runs the shell transcripts of Markdown pages and compares what they show",
        verify::run,
    ),
    (
        "diagnose",
        "SCENE [--json]",
        "what is out of order at the end of a run: conditions, container states, events, with the command that shows each",
        diagnose::run,
    ),
    (
        "lint",
        "FILE… [--json] [--fix]",
        "common mistakes of a manifest with their reasons; --fix prints the repaired text",
        lint::run,
    ),
    (
        "timeline",
        "SCENE [--json]",
        "every write, action and milestone of a run, one a line",
        timeline::run,
    ),
    (
        "compare",
        "SCENE [--plan PLAN]… [--json]",
        "a table of two to four plans of one scene on one clock; PLAN: as-is, Recreate, SURGE,UNAVAILABLE, probes, no-probes or a manifest",
        compare::run,
    ),
    (
        "sweep",
        "SCENE [--surge LIST] [--unavailable LIST] [--replicas LIST] [--measure NAME] [--json]",
        "the same scene under every pair of limits; LIST: 0..4 or 1,25%,50%",
        sweep::run,
    ),
    (
        "bench",
        "[REPLICAS…] [--json] [--check]",
        "CPU time and memory of an image update at 10, 100, 1000 and 10000 replicas",
        bench::run,
    ),
];

/// Writes to stdout; a reader that went away ends the program quietly.
pub fn print(text: &str) {
    if std::io::stdout().write_all(text.as_bytes()).is_err() {
        std::process::exit(141);
    }
}

/// Writes to stderr.
pub fn print_error(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}

fn usage() -> String {
    let mut text = String::from(
        "rollout: a true Kubernetes rollout without a cluster\n\nUsage: rollout SUBCOMMAND [--kubernetes MINOR] [--seed N] …\n\n",
    );
    for (name, args, about, _) in SUBCOMMANDS {
        text.push_str(&format!("  {name} {args}\n      {about}\n"));
    }
    text
}

/// Takes the common options out of the arguments. After `--` everything stays as it is.
fn common_options(args: &[String]) -> Result<(Common, Vec<String>), String> {
    let mut common = Common {
        version: Minor::default(),
        named: false,
        seed: 1,
    };
    let mut rest = Vec::new();
    let mut it = args.iter();
    while let Some(arg) = it.next() {
        if arg == "--" {
            rest.push(arg.clone());
            rest.extend(it.cloned());
            break;
        }
        let (name, inline) = match arg.split_once('=') {
            Some((n, v)) => (n, Some(v.to_owned())),
            None => (arg.as_str(), None),
        };
        if !matches!(name, "--kubernetes" | "--seed") {
            rest.push(arg.clone());
            continue;
        }
        let value = inline
            .or_else(|| it.next().cloned())
            .ok_or_else(|| format!("{name} needs a value"))?;
        if name == "--seed" {
            common.seed = value.parse().map_err(|_| {
                format!("--seed {value}: not a whole number from 0 to {}", u64::MAX)
            })?;
        } else {
            common.named = true;
            common.version = Minor::parse(&value).ok_or_else(|| {
                format!(
                    "--kubernetes {value}: not a minor version from {} to {}",
                    Minor::OLDEST_HASH,
                    Minor::NEWEST
                )
            })?;
        }
    }
    Ok((common, rest))
}

/// Runs a subcommand.
pub fn dispatch(args: &[String]) -> Exit {
    let (common, rest) = match common_options(args) {
        Ok(parsed) => parsed,
        Err(message) => {
            print_error(&format!("error: {message}\n"));
            return Exit(2);
        }
    };
    let Some((name, rest)) = rest.split_first() else {
        print_error(&usage());
        return Exit(2);
    };
    if matches!(name.as_str(), "help" | "--help" | "-h") {
        print(&usage());
        return Exit(0);
    }
    if matches!(name.as_str(), "version" | "--version") {
        print(&format!("rollout {}\n", env!("CARGO_PKG_VERSION")));
        return Exit(0);
    }
    if common.version < Minor::OLDEST && name != "hash" {
        print_error(&format!(
            "error: --kubernetes {}: clusters have a minor version from {} to {}; only `hash` knows older ones\n",
            common.version,
            Minor::OLDEST,
            Minor::NEWEST
        ));
        return Exit(2);
    }
    match SUBCOMMANDS.iter().find(|(n, ..)| n == name) {
        Some((.., run)) => run(&common, rest),
        None => {
            print_error(&format!(
                "error: unknown subcommand {name:?}\n\n{}",
                usage()
            ));
            Exit(2)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn common_options_stand_anywhere_before_the_dashes() {
        let (common, rest) =
            common_options(&words("hash --kubernetes 1.20 -f x.yaml --seed=7")).unwrap();
        assert_eq!((common.version, common.seed), (Minor(20), 7));
        assert_eq!(rest, words("hash -f x.yaml"));
        let (common, rest) = common_options(&words("kubectl -- get --seed 3")).unwrap();
        assert_eq!((common.seed, rest), (1, words("kubectl -- get --seed 3")));
        assert_eq!(common.version, Minor::V1_36);
        assert_eq!(
            dispatch(&words("kubectl --kubernetes 1.27 version")),
            Exit(2)
        );
        for bad in ["--seed", "--seed x", "--kubernetes 1.99", "--kubernetes"] {
            assert!(common_options(&words(bad)).is_err(), "{bad}");
        }
    }
}
