//! Mutation testing by command: a seeded sample of what cargo-mutants can change in the controllers and in validation.
//!
//! cargo-mutants says what can be changed. A build for each change would take minutes; so all of the sample stand in one
//! copy of the sources, each behind its number, and one build serves all: `ROLLOUT_MUTANT=17` makes number 17 happen.

mod tree;

use crate::run::{Failure, Outcome, cargo, root, target_dir};
use rollout_api::Value;
use rollout_api::json::from_json;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tree::Mutant;

/// What is mutated.
const FILES: [&str; 2] = [
    "crates/rollout-engine/src/controllers/**/*.rs",
    "crates/rollout-api/src/validation/**/*.rs",
];
/// The test files that have to notice, besides the unit tests of both crates.
const TESTS: [&str; 23] = [
    "vectors_controllers",
    "vectors_validation",
    "api_vectors",
    "apiserver",
    "answers",
    "updates",
    "objects_autoscaler",
    "objects_volumes",
    "objects_around",
    "faults",
    "stored",
    "stories",
    "manifest_check",
    "golden_numbers",
    "corpus",
    "decoding",
    "manifest_recorded",
    "patches",
    "preemption",
    "sweep",
    "controller_rules",
    "recordings",
    "invariants",
];
/// What a mutant of validation is spared: they take most of the time and apply what is right already.
const NOT_FOR_VALIDATION: [&str; 2] = ["recordings", "invariants"];

/// `cargo xtask mutants [N] [SEED] [--again]`.
///
/// `--again` judges only those that the last report does not call caught: what is asked after tests were added.
pub(crate) fn task(args: &[String]) -> Outcome {
    let again = args.iter().any(|a| a == "--again");
    let args: Vec<&String> = args.iter().filter(|a| *a != "--again").collect();
    let number = |i: usize, none: u64| match args.get(i) {
        None => Ok(none),
        Some(text) => text
            .parse::<u64>()
            .map_err(|_| Failure(format!("{text}: not a whole number"))),
    };
    let (count, seed) = (number(0, 200)?, number(1, 1)?);
    let mut all = list()?;
    let known = all.len();
    sample(
        &mut all,
        usize::try_from(count).unwrap_or(known),
        seed,
        |m| tree::placeless(&m.name),
    );
    println!("{} of {known} mutants, seed {seed}", all.len());
    let out = target_dir().join("mutants");
    let (programs, unviable) = build(&out, &mut all)?;
    let before = match again {
        true => std::fs::read_to_string(out.join("report.txt"))?,
        false => String::new(),
    };
    let mut report = String::new();
    for name in &unviable {
        let _fits = writeln!(report, "does not compile: {name}");
    }
    let limits = baseline(&programs)?;
    let (mut caught, mut missed) = (0, 0);
    for mutant in &all {
        let key = tree::placeless(&mutant.name);
        let verdict = match already(&before, &key) {
            Some(said) => Some(said),
            None => judge(mutant, &limits)?,
        };
        match verdict {
            Some(_) => caught += 1,
            None => missed += 1,
        }
        let said = verdict.unwrap_or_else(|| "MISSED".to_owned());
        println!("{said}: {}", mutant.name);
        let _fits = writeln!(report, "{said}: {}", mutant.name);
        std::fs::write(out.join("report.txt"), &report)?;
    }
    println!(
        "{caught} of {} caught, {missed} missed, {} do not compile: {}\n\
         the missed ones belong into docs/mutants.md with a reason, or a test is added",
        caught + missed,
        unviable.len(),
        out.join("report.txt").display()
    );
    if caught * 10 < (caught + missed) * 9 {
        return Err(Failure("less than 90 % caught".to_owned()));
    }
    Ok(())
}

/// What an earlier report says of a mutant that was caught: it stands there under the same name, its place left out.
fn already(report: &str, key: &str) -> Option<String> {
    let mut found = report.lines().filter_map(|l| {
        let (said, name) = l.split_once(": ")?;
        (tree::placeless(name) == key).then_some(said)
    });
    // A busy machine can be slow, too. Two of one name: only if both were caught is it known.
    let caught = |s: &str| s.starts_with("caught by ") && !s.starts_with("caught by time");
    let said = found.next()?;
    let all = caught(said) && found.all(caught);
    all.then(|| said.to_owned())
}

/// Everything cargo-mutants can change.
fn list() -> Result<Vec<Mutant>, Failure> {
    let mut list = cargo(&["mutants", "--list", "--json"]);
    list.args(["-p", "rollout-engine", "-p", "rollout-api"]);
    for file in FILES {
        list.args(["--file", file]);
    }
    let said = list.output()?;
    let json = String::from_utf8_lossy(&said.stdout).into_owned();
    if !said.status.success() {
        return Err(Failure(format!(
            "{}\ncargo-mutants is needed: cargo install --locked cargo-mutants",
            String::from_utf8_lossy(&said.stderr).trim_end()
        )));
    }
    let value = from_json(&json).map_err(|e| Failure(format!("cargo mutants --list: {e:?}")))?;
    Ok(value.as_list().iter().filter_map(read).collect())
}

fn read(value: &Value) -> Option<Mutant> {
    let place = |v: &Value, end: &str| {
        let at = v.get("span")?.get(end)?;
        Some((
            usize::try_from(at.int_at("line")?).ok()?,
            usize::try_from(at.int_at("column")?).ok()?,
        ))
    };
    let function = value.get("function").filter(|f| !f.is_null())?;
    Some(Mutant {
        number: 0,
        name: value.str_at("name").to_owned(),
        file: value.str_at("file").to_owned(),
        returns: function.str_at("return_type").to_owned(),
        function: (place(function, "start")?, place(function, "end")?),
        span: (place(value, "start")?, place(value, "end")?),
        replacement: value.str_at("replacement").to_owned(),
    })
}

/// Keeps a random choice, in its order: the same for the same seed.
///
/// The choice hangs on what each is called and not on where it stands, so that a change elsewhere keeps the rest of it.
fn sample<T>(all: &mut Vec<T>, count: usize, seed: u64, name: impl Fn(&T) -> String) {
    let mut times: BTreeMap<String, u64> = BTreeMap::new();
    let mut keyed: Vec<(u64, usize)> = all
        .iter()
        .enumerate()
        .map(|(i, one)| {
            let name = name(one);
            let time = times.entry(name.clone()).or_default();
            *time += 1;
            let mut z = seed.wrapping_add(*time << 32);
            for byte in name.bytes() {
                z = (z ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            (z ^ (z >> 31), i)
        })
        .collect();
    keyed.sort_unstable();
    keyed.truncate(count);
    let mut chosen: Vec<usize> = keyed.into_iter().map(|(_, i)| i).collect();
    chosen.sort_unstable();
    let mut i = 0;
    all.retain(|_| {
        i += 1;
        chosen.binary_search(&(i - 1)).is_ok()
    });
}

/// A test program and how long it may run.
struct Program {
    path: PathBuf,
    limit: Duration,
}

/// Writes the copy with all mutants and builds its tests. What does not compile is taken out and told.
fn build(out: &Path, all: &mut Vec<Mutant>) -> Result<(Vec<PathBuf>, Vec<String>), Failure> {
    let mut unviable = Vec::new();
    tree::number(all, &mut unviable);
    loop {
        let copy = out.join("tree");
        tree::write(&root(), &copy, all)?;
        let mut c = cargo(&["test", "--no-run", "--profile", "door", "--color", "never"]);
        c.args(["-p", "rollout-tests", "-p", "rollout-engine"])
            .args(["-p", "rollout-api", "--lib"]);
        for test in TESTS {
            c.args(["--test", test]);
        }
        let said = c
            .current_dir(&copy)
            .env("CARGO_TARGET_DIR", out.join("build"))
            .env("CARGO_PROFILE_DOOR_OVERFLOW_CHECKS", "true")
            .env("CARGO_PROFILE_DOOR_DEBUG_ASSERTIONS", "true")
            .env("RUSTFLAGS", "--cap-lints warn")
            .output()?;
        let text = String::from_utf8_lossy(&said.stderr).into_owned();
        if said.status.success() {
            let found = text
                .lines()
                .filter_map(|l| l.trim().strip_prefix("Executable "))
                .filter_map(|l| Some(l.rsplit_once('(')?.1.trim_end_matches(')')));
            return Ok((found.map(|p| copy.join(p)).collect(), unviable));
        }
        let wrong = tree::blamed(&copy, &text, all);
        if wrong.is_empty() {
            return Err(Failure(format!("the copy does not compile:\n{text}")));
        }
        println!("{} do not compile", wrong.len());
        all.retain(|m| {
            let keep = !wrong.contains(&m.number);
            if !keep {
                unviable.push(m.name.clone());
            }
            keep
        });
    }
}

fn start(program: &Path, mutant: usize) -> Result<std::process::Child, Failure> {
    // Where cargo would run it: the folder of its package.
    let copy = target_dir().join("mutants/tree");
    let name = program
        .file_name()
        .map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_default();
    let package = match name.rsplit_once('-').map_or("", |n| n.0) {
        "rollout_engine" => "crates/rollout-engine",
        "rollout_api" => "crates/rollout-api",
        _ => "tests",
    };
    Ok(Command::new(program)
        .current_dir(copy.join(package))
        .env("ROLLOUT_MUTANT", mutant.to_string())
        .args(["--quiet", "--test-threads", "2"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?)
}

/// The tests without any mutant: they have to pass. The quickest comes first from now on.
fn baseline(programs: &[PathBuf]) -> Result<Vec<Program>, Failure> {
    let mut timed = Vec::new();
    for path in programs {
        let begin = Instant::now();
        if !start(path, 0)?.wait()?.success() {
            return Err(Failure(format!(
                "{} fails without a mutant",
                path.display()
            )));
        }
        println!("{:6.1} s {}", begin.elapsed().as_secs_f32(), path.display());
        timed.push((begin.elapsed(), path.clone()));
    }
    timed.sort();
    Ok(timed
        .into_iter()
        .map(|(took, path)| Program {
            path,
            limit: took * 8 + Duration::from_secs(60),
        })
        .collect())
}

/// What noticed the mutant.
fn judge(mutant: &Mutant, programs: &[Program]) -> Result<Option<String>, Failure> {
    let validation = mutant.file.contains("/validation/");
    for program in programs {
        let name = program
            .path
            .file_stem()
            .map(|n| n.to_string_lossy().into_owned())
            .unwrap_or_default();
        let name = name.rsplit_once('-').map_or(name.as_str(), |n| n.0);
        if validation && NOT_FOR_VALIDATION.contains(&name) {
            continue;
        }
        let begin = Instant::now();
        let mut child = start(&program.path, mutant.number)?;
        loop {
            if let Some(status) = child.try_wait()? {
                if !status.success() {
                    return Ok(Some(format!("caught by {name}")));
                }
                break;
            }
            if begin.elapsed() > program.limit {
                child.kill()?;
                child.wait()?;
                return Ok(Some(format!("caught by time in {name}")));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_chooses_the_same() {
        let of = |seed, from: u32| {
            let mut numbers: Vec<u32> = (from..500).collect();
            sample(&mut numbers, 200, seed, u32::to_string);
            numbers
        };
        assert_eq!(of(1, 0), of(1, 0));
        assert_ne!(of(1, 0), of(2, 0));
        assert_eq!(of(1, 0).len(), 200);
        assert!(of(1, 0).windows(2).all(|w| w[0] < w[1]));
        // Five that are gone change at most five.
        let kept = of(1, 5).iter().filter(|n| of(1, 0).contains(n)).count();
        assert!(kept >= 195);
    }

    #[test]
    fn what_was_caught_is_known_again_at_another_line() {
        let report = "caught by corpus: a/b.rs:10:3: replace f with ()\nMISSED: a/b.rs:12:5: delete ! in g\n\
                      caught by stories: a/b.rs:13:5: delete ! in h\nMISSED: a/b.rs:14:5: delete ! in h\n";
        let said = |name| already(report, &tree::placeless(name));
        assert_eq!(
            said("a/b.rs:99:1: replace f with ()").as_deref(),
            Some("caught by corpus")
        );
        assert_eq!(said("a/b.rs:12:5: delete ! in g"), None);
        assert_eq!(said("a/b.rs:13:5: delete ! in h"), None);
        assert_eq!(said("a/b.rs:1:1: replace new with ()"), None);
    }
}
