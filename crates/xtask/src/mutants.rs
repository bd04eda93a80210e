//! Mutation testing by command: a seeded sample of what cargo-mutants can change in the controllers and in validation.

use crate::run::{Failure, Outcome, cargo, root, run, target_dir};

/// What is mutated.
const FILES: [&str; 2] = [
    "crates/rollout-engine/src/controllers/**/*.rs",
    "crates/rollout-api/src/validation/**/*.rs",
];
/// The tests that have to notice, the quick ones first.
const TESTS: [&str; 9] = [
    "vectors_controllers",
    "vectors_validation",
    "golden_numbers",
    "apiserver",
    "manifest_check",
    "stories",
    "recordings",
    "corpus",
    "invariants",
];

/// `cargo xtask mutants [N] [SEED]`.
pub(crate) fn task(args: &[String]) -> Outcome {
    let number = |i: usize, none: u64| match args.get(i) {
        None => Ok(none),
        Some(text) => text
            .parse::<u64>()
            .map_err(|_| Failure(format!("{text}: not a whole number"))),
    };
    let (count, seed) = (number(0, 200)?, number(1, 1)?);
    let mut list = cargo(&["mutants", "--list"]);
    for file in FILES {
        list.args(["--file", file]);
    }
    let said = list.output()?;
    if !said.status.success() {
        return Err(Failure(format!(
            "{}\ncargo-mutants is needed: cargo install --locked cargo-mutants",
            String::from_utf8_lossy(&said.stderr).trim_end()
        )));
    }
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    let mut names: Vec<&str> = text.lines().filter(|l| !l.is_empty()).collect();
    let all = names.len();
    sample(&mut names, usize::try_from(count).unwrap_or(all), seed);
    println!("{} of {all} mutants, seed {seed}", names.len());
    for name in &names {
        println!("  {name}");
    }
    let out = target_dir().join("mutants");
    let mut c = cargo(&["mutants", "--no-shuffle", "--timeout", "600", "--jobs", "1"]);
    c.arg("--output")
        .arg(&out)
        .args(["--test-package", "rollout-tests"]);
    for file in FILES {
        c.args(["--file", file]);
    }
    for name in &names {
        c.arg("--re").arg(format!("^{}$", escaped(name)));
    }
    c.arg("--");
    for test in TESTS {
        c.args(["--test", test]);
    }
    c.current_dir(root());
    let done = run(&mut c);
    println!(
        "caught, missed, timeout, unviable: {}; the missed ones belong into docs/mutants.md with a reason, or a test is added",
        out.join("mutants.out").display()
    );
    done
}

/// Keeps a random choice of the names, in their order: the same for the same seed.
fn sample(names: &mut Vec<&str>, count: usize, seed: u64) {
    let mut state = seed;
    let mut keyed: Vec<(u64, usize)> = (0..names.len())
        .map(|i| {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            (z ^ (z >> 31), i)
        })
        .collect();
    keyed.sort_unstable();
    keyed.truncate(count);
    let mut chosen: Vec<usize> = keyed.into_iter().map(|(_, i)| i).collect();
    chosen.sort_unstable();
    let all = std::mem::take(names);
    names.extend(chosen.into_iter().map(|i| all[i]));
}

/// A text as a regular expression that matches it alone.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        // `\<` and `\>` would be borders of words.
        if r".+*?()|[]{}^$\".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_chooses_the_same() {
        let all: Vec<String> = (0..500).map(|i| format!("m{i:03}")).collect();
        let of = |seed| {
            let mut names: Vec<&str> = all.iter().map(String::as_str).collect();
            sample(&mut names, 200, seed);
            names
        };
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
        assert_eq!(of(1).len(), 200);
        assert!(of(1).windows(2).all(|w| w[0] < w[1]));
    }

    #[test]
    fn names_are_no_expressions() {
        assert_eq!(
            escaped("a.rs:1: replace < with >()"),
            r"a\.rs:1: replace < with >\(\)"
        );
    }
}
