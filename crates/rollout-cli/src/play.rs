//! `rollout play SCRIPT [--json]`: a session of console lines with simulated time.

use crate::{Common, Exit, files, print, print_error};
use rollout_api::{Value, json, object};
use rollout_engine::ClusterConfig;
use rollout_session::Session;

/// A line may wait this long, in simulated milliseconds.
const LONGEST_WAIT_MS: u64 = 3_600_000;

/// Runs every line of a script as typed at the console. The exit code is the last line's.
pub(crate) fn run(common: &Common, args: &[String]) -> Exit {
    let json = args.iter().any(|a| a == "--json");
    let rest: Vec<&String> = args.iter().filter(|a| *a != "--json").collect();
    let [script] = rest.as_slice() else {
        print_error("usage: rollout play SCRIPT [--json] [--kubernetes MINOR] [--seed N]\n");
        return Exit(2);
    };
    let text = match files::read(script) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(e) => {
            print_error(&format!("error: {e}\n"));
            return Exit(1);
        }
    };
    let folder = std::path::Path::new(script.as_str())
        .parent()
        .filter(|_| *script != "-");
    let mut session = session(common);
    let mut exit = 0;
    for typed in typed_lines(&text) {
        let line = typed.join("\n");
        load_files(&mut session, folder, &line);
        if json {
            let (code, record) = play_line(&mut session, &typed);
            exit = code;
            print(&record);
        } else {
            let ran = session.run_to_end(&line, LONGEST_WAIT_MS);
            exit = ran.exit.unwrap_or(0);
            print(&format!("$ {}\n", typed.join("\n> ")));
            print(&on_its_own_line(ran.stdout));
            print(&on_its_own_line(ran.stderr));
        }
    }
    Exit(u8::try_from(exit).unwrap_or(1))
}

/// A fresh cluster with its console.
fn session(common: &Common) -> Session {
    Session::with_config(ClusterConfig {
        version: common.version,
        seed: common.seed,
        ..ClusterConfig::default()
    })
}

/// The lines of a script; a command that goes on (a here-document, `\\` at the end, `do` without `done`) stays together.
fn typed_lines(script: &str) -> Vec<Vec<&str>> {
    let mut out: Vec<Vec<&str>> = Vec::new();
    let mut more = false;
    let lines: Vec<&str> = script.lines().collect();
    for (i, line) in lines.iter().enumerate() {
        match out.last_mut().filter(|_| more) {
            Some(last) => last.push(line),
            None => out.push(vec![line]),
        }
        let text = out.last().map(|l| l.join("\n")).unwrap_or_default();
        more = i + 1 < lines.len() && rollout_session::needs_more(&text);
    }
    out
}

/// Runs one command: its exit code, and the records of `--json` with their newlines. Each line has its own; what came of
/// the command stands with its last line, as in a terminal.
fn play_line(session: &mut Session, typed: &[&str]) -> (i32, String) {
    let at = session.at();
    let ran = session.run_to_end(&typed.join("\n"), LONGEST_WAIT_MS);
    let exit = ran.exit.unwrap_or(0);
    let mut out = String::new();
    for (i, line) in typed.iter().enumerate() {
        let last = i + 1 == typed.len();
        let text = |t: &str| if last { t.to_owned() } else { String::new() };
        let record = object! {
            "line" => (*line).to_owned(),
            "exit" => if last { exit } else { 0 },
            "stdout" => text(&ran.stdout),
            "stderr" => text(&ran.stderr),
            "at" => seconds(at),
        };
        out.push_str(&ordered(&record));
        out.push('\n');
    }
    (exit, out)
}

/// What `rollout play --json` prints for a script with these files (name, text), without touching a disk: the same
/// bytes, natively and in wasm.
pub fn play_json(common: &Common, script: &str, files: &[(String, String)]) -> String {
    let mut session = session(common);
    for (name, text) in files {
        session.save(name, text);
    }
    typed_lines(script)
        .iter()
        .map(|typed| play_line(&mut session, typed).1)
        .collect()
}

/// The next prompt begins on a line of its own.
fn on_its_own_line(mut text: String) -> String {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

/// Whole seconds as a number, others with their fraction.
fn seconds(ms: u64) -> Value {
    if ms.is_multiple_of(1000) {
        return Value::Int(i64::try_from(ms / 1000).unwrap_or(i64::MAX));
    }
    let text = format!("{}.{:03}", ms / 1000, ms % 1000);
    Value::Number(text.trim_end_matches('0').to_owned().into())
}

/// The keys in the order of the documentation.
fn ordered(record: &Value) -> String {
    let keys = ["line", "exit", "stdout", "stderr", "at"];
    let parts: Vec<String> = keys
        .iter()
        .filter_map(|k| {
            record
                .get(k)
                .map(|v| format!("\"{k}\":{}", json::to_json(v)))
        })
        .collect();
    format!("{{{}}}", parts.join(","))
}

/// Files that a line names are read from the script's folder, as they are when the line runs.
pub(crate) fn load_files(session: &mut Session, folder: Option<&std::path::Path>, line: &str) {
    let blank = |c: char| c.is_whitespace() || ";|&<>()'\"`".contains(c);
    let mut words: Vec<String> = line.split(blank).map(str::to_owned).collect();
    if let Ok(split) = rollout_session::words::split(line) {
        words.extend(split.args);
    }
    for word in words {
        let name = word
            .rsplit_once('=')
            .map_or(word.as_str(), |(_, name)| name);
        if name.is_empty() || name == "-" || session.env().written().contains_key(name) {
            continue;
        }
        let path = folder.unwrap_or(std::path::Path::new("")).join(name);
        for (path, name) in files_at(&path, name) {
            if let Ok(bytes) = std::fs::read(&path) {
                session.save(&name, &String::from_utf8_lossy(&bytes));
            }
        }
    }
}

/// A file, or the files of a directory that kubectl would read.
fn files_at(path: &std::path::Path, name: &str) -> Vec<(std::path::PathBuf, String)> {
    if path.is_file() {
        return vec![(path.to_owned(), name.to_owned())];
    }
    let Ok(entries) = std::fs::read_dir(path) else {
        return Vec::new();
    };
    let mut found: Vec<_> = entries
        .filter_map(Result::ok)
        .map(|e| e.path())
        .filter(|p| {
            p.is_file()
                && p.extension()
                    .is_some_and(|e| e == "yaml" || e == "yml" || e == "json")
        })
        .filter_map(|p| {
            let file = p.file_name()?.to_str()?.to_owned();
            Some((p, format!("{}/{file}", name.trim_end_matches('/'))))
        })
        .collect();
    found.sort();
    found
}
