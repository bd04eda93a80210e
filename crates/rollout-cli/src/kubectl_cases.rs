//! `rollout kubectl`: files of recorded cases, or one line.

use crate::{Common, Exit, print, print_error};
use rollout_api::SortedMap;
use rollout_api::json::{Html, from_json, to_json_pretty};
use rollout_api::{Timestamp, Value, object};
use rollout_engine::{ClusterConfig, Engine, SimTime};
use rollout_kubectl::cases::{self, Edited};
use rollout_kubectl::{Io, Outcome};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Runs it.
pub fn run(common: &Common, args: &[String]) -> Exit {
    match start(common, args) {
        Ok(exit) => exit,
        Err(message) => {
            print_error(&format!("error: {message}\n"));
            Exit(2)
        }
    }
}

fn start(common: &Common, args: &[String]) -> Result<Exit, String> {
    let (mut cases_file, mut state, mut now) = (None, None, None);
    let mut it = args.iter();
    let mut line: Option<Vec<String>> = None;
    while let Some(arg) = it.next() {
        if arg == "--" {
            line = Some(it.cloned().collect());
            break;
        }
        let (name, inline) = match arg.split_once('=') {
            Some((n, v)) => (n, Some(v.to_owned())),
            None => (arg.as_str(), None),
        };
        let slot = match name {
            "--cases" => &mut cases_file,
            "--state" => &mut state,
            "--now" => &mut now,
            other => return Err(format!("unknown argument {other}")),
        };
        *slot = Some(
            inline
                .or_else(|| it.next().cloned())
                .ok_or_else(|| format!("{name} needs a value"))?,
        );
    }
    if let Some(path) = cases_file {
        let file = json_file(&path)?;
        let done = cases::run_file(&file, &mut edit_with_shell);
        print(&(to_json_pretty(&done, " ", Html::Plain) + "\n"));
        return Ok(Exit(0));
    }
    let Some(line) = line else {
        return Err("kubectl needs --cases FILE or -- ARGV…".to_owned());
    };
    one_line(common, &line, state.as_deref(), now.as_deref())
}

fn json_file(path: &str) -> Result<Value, String> {
    let text = std::fs::read_to_string(path).map_err(|e| format!("{path}: {e}"))?;
    from_json(&text).map_err(|e| format!("{path}: {e}"))
}

/// The files a line names with `-f` and the like.
pub(crate) fn files_of(line: &[String]) -> SortedMap<String, String> {
    let mut files = SortedMap::new();
    let mut add = |path: &str| {
        for p in path.split(',') {
            collect(Path::new(p), p, &mut files, 0);
        }
    };
    for (i, a) in line.iter().enumerate() {
        match a.as_str() {
            "-f" | "--filename" | "--patch-file" | "--from-file" | "--from-env-file" => {
                add(line.get(i + 1).map_or("", String::as_str))
            }
            other => {
                for flag in [
                    "-f=",
                    "--filename=",
                    "--patch-file=",
                    "--from-file=",
                    "--from-env-file=",
                    "-f",
                ] {
                    if let Some(path) = other.strip_prefix(flag).filter(|p| !p.is_empty()) {
                        add(path.rsplit('=').next().unwrap_or(path));
                        break;
                    }
                }
            }
        }
    }
    files
}

fn collect(path: &Path, name: &str, files: &mut SortedMap<String, String>, depth: usize) {
    if path.is_dir() && depth < 16 {
        for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
            let inner = format!(
                "{}/{}",
                name.trim_end_matches('/'),
                entry.file_name().to_string_lossy()
            );
            let inner = inner.strip_prefix("./").unwrap_or(&inner).to_owned();
            collect(&entry.path(), &inner, files, depth + 1);
        }
    } else if let Ok(bytes) = std::fs::read(path) {
        let name = name.strip_prefix("./").unwrap_or(name);
        files.insert(
            name.to_owned(),
            String::from_utf8_lossy(&bytes).into_owned(),
        );
    }
}

/// `rollout kubectl -- ARGV…`.
fn one_line(
    common: &Common,
    line: &[String],
    state: Option<&str>,
    now: Option<&str>,
) -> Result<Exit, String> {
    let now = match now {
        Some(text) => Some(
            Timestamp::parse(text)
                .ok_or_else(|| format!("--now {text}: not a time like 2025-06-10T12:00:00Z"))?,
        ),
        None => None,
    };
    let stdin = if line.iter().any(|a| a == "-") {
        std::io::read_to_string(std::io::stdin()).unwrap_or_default()
    } else {
        String::new()
    };
    let io = Io {
        stdin,
        files: files_of(line),
        namespace: String::new(),
        version: common.version,
        editor: true,
    };
    let editor = std::env::var("KUBE_EDITOR")
        .or_else(|_| std::env::var("EDITOR"))
        .unwrap_or_else(|_| "vi".to_owned());
    let files = io.files.clone();
    let mut edit = |e: &rollout_kubectl::Editing| {
        edit_with_shell(&editor, e.buffer(), e.suffix(), &files, e.is_again())
    };
    if let Some(path) = state {
        let read = json_file(path)?;
        let part = read.get("state").cloned().unwrap_or_else(|| match &read {
            Value::List(_) => object! { "objects" => read.clone() },
            _ if read.get("items").is_some() => {
                object! { "objects" => read.get("items").cloned().unwrap_or_default() }
            }
            _ => read.clone(),
        });
        let time = now.map_or_else(|| read.str_at("now").to_owned(), Timestamp::rfc3339);
        let time = if time.is_empty() {
            ClusterConfig::default().start.rfc3339()
        } else {
            time
        };
        let file = object! { "state" => part, "now" => time, "kubectl" => format!("v{}.0", common.version) };
        let mut engine = cases::cluster(&file);
        let (outcome, _) = engine.act("kubectl", |client| rollout_kubectl::run(line, &io, client));
        let out = cases::run_on(&mut engine, &io, outcome, &[], false, &mut edit);
        print(&out.stdout);
        print_error(&out.stderr);
        return Ok(exit_code(out.exit));
    }
    let mut config = ClusterConfig {
        version: common.version,
        seed: common.seed,
        ..ClusterConfig::default()
    };
    if let Some(now) = now {
        config.start = now;
    }
    let mut engine = Engine::new(config);
    let (mut outcome, _) = engine.act("kubectl", |client| rollout_kubectl::run(line, &io, client));
    loop {
        match outcome {
            Outcome::Done(out) => {
                print(&out.stdout);
                print_error(&out.stderr);
                return Ok(exit_code(out.exit));
            }
            Outcome::Editing(out, editing) => {
                print(&out.stdout);
                print_error(&out.stderr);
                let edited = edit(&editing);
                print(&edited.stdout);
                outcome = engine
                    .act("kubectl", |client| {
                        editing.save(edited.text.as_deref(), &io, client)
                    })
                    .0;
            }
            Outcome::Following(out, mut follow) => {
                print(&out.stdout);
                print_error(&out.stderr);
                return Ok(followed(&mut engine, &io, &mut follow));
            }
        }
    }
}

/// Time runs until the command has ended, at most an hour of it.
fn followed(engine: &mut Engine, io: &Io, follow: &mut rollout_kubectl::Follow) -> Exit {
    const HOUR: u64 = 3_600_000;
    let mut changes = Vec::new();
    loop {
        let at = engine.now().0;
        let (p, own) = engine.act("kubectl", |client| follow.feed(io, client, at, &changes));
        print(&p.stdout);
        print_error(&p.stderr);
        if let Some(code) = p.exit {
            return exit_code(code);
        }
        if at > HOUR {
            return Exit(124);
        }
        let mut records = own;
        let next = follow.wake().unwrap_or(u64::MAX);
        match engine.next_at() {
            Some(t) if t.0 <= next => records.extend(engine.step_until(SimTime(next))),
            _ if next < u64::MAX => records.extend(engine.advance_to(SimTime(next))),
            _ => return Exit(124),
        }
        changes = records.into_iter().flat_map(|r| r.changes).collect();
    }
}

fn exit_code(code: i32) -> Exit {
    Exit(u8::try_from(code).unwrap_or(1))
}

/// Runs an editor command in a folder of its own, which holds the case's files.
pub fn edit_with_shell(
    command: &str,
    text: &str,
    suffix: &str,
    files: &SortedMap<String, String>,
    again: bool,
) -> Edited {
    let Some(folder) = folder_for(files, again) else {
        return Edited::default();
    };
    let file = folder.join(format!("edit-buffer{suffix}"));
    let mut edited = Edited {
        text: Some(text.to_owned()),
        stdout: String::new(),
    };
    if std::fs::write(&file, text).is_ok() {
        let shell = format!("{command} \"$1\"");
        let out = Command::new("sh")
            .arg("-c")
            .arg(shell)
            .arg("sh")
            .arg(&file)
            .current_dir(&folder)
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output();
        if let Ok(out) = out {
            edited.stdout = String::from_utf8_lossy(&out.stdout).into_owned();
        }
        if let Ok(after) = std::fs::read_to_string(&file) {
            edited.text = Some(after);
        }
    }
    edited
}

/// A folder with the files of a case; the same one when the editor opens again (scripts may leave marks in it).
fn folder_for(files: &SortedMap<String, String>, again: bool) -> Option<PathBuf> {
    use std::sync::Mutex;
    static LAST: Mutex<(u32, Option<PathBuf>)> = Mutex::new((0, None));
    let mut last = LAST.lock().ok()?;
    if again && let Some(path) = &last.1 {
        return Some(path.clone());
    }
    if let Some(old) = last.1.take() {
        let _ = std::fs::remove_dir_all(old);
    }
    last.0 += 1;
    let path = std::env::temp_dir().join(format!("rollout-edit-{}-{}", std::process::id(), last.0));
    std::fs::create_dir_all(&path).ok()?;
    for (name, text) in files {
        let target = path.join(name.trim_start_matches('/').replace("..", "_"));
        if let Some(parent) = target.parent() {
            let _ = std::fs::create_dir_all(parent);
        }
        let _ = std::fs::write(target, text);
    }
    last.1 = Some(path.clone());
    Some(path)
}
