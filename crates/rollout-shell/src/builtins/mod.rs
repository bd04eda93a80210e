//! Commands that the shell itself has, and what a command line means.

mod files;
mod output;
mod test;

use crate::env::Env;
use crate::interpreter::{Late, Scope, Shell, Text};
use crate::program::{Instr, Piece, Simple};
use crate::{curl, minikube, tools, words};
use rollout_api::Timestamp;
use std::rc::Rc;

pub(crate) use output::{base64_text, escaped};

/// What a command did.
pub(crate) enum Did {
    /// It has ended with this code.
    Ended(i32),
    /// It called something, or ended what called it: false, the line is at its end.
    Called(bool),
    /// It waits.
    Sleep(u64),
    /// It waits until then, and then says this.
    Says(u64, Box<Late>),
    /// It is kubectl.
    Kubectl,
}

const BUILTINS: &[&str] = &[
    ":", ".", "[", "[[", "alias", "basename", "bash", "break", "cd", "chmod", "clear", "command",
    "continue", "cp", "curl", "date", "dirname", "echo", "env", "eval", "exit", "export", "expr",
    "false", "help", "history", "hostname", "k", "kubectl", "let", "local", "ls", "minikube",
    "mkdir", "mv", "printenv", "printf", "pwd", "read", "readonly", "return", "rm", "seq", "set",
    "sh", "shift", "sleep", "source", "sudo", "test", "timeout", "touch", "true", "type",
    "unalias", "uname", "unset", "wait", "watch", "wget", "which", "whoami", "xargs", "yes",
];

/// Is this the name of a command of the shell?
pub(crate) fn is_builtin(name: &str) -> bool {
    BUILTINS.contains(&name)
}

/// The longest sleep: a hundred days.
const MAX_SLEEP: u64 = 100 * 24 * 3600 * 1000;
/// Subcommands of kubectl that change the cluster.
const WRITES: &[&str] = &[
    "annotate",
    "apply",
    "autoscale",
    "cordon",
    "cp",
    "create",
    "debug",
    "delete",
    "drain",
    "edit",
    "exec",
    "expose",
    "label",
    "patch",
    "pause",
    "replace",
    "restart",
    "resume",
    "run",
    "scale",
    "set",
    "taint",
    "uncordon",
    "undo",
    "image",
];

/// May this instruction change the cluster?
pub(crate) fn may_write(instr: &Instr) -> bool {
    let Instr::Run(simple) = instr else {
        return matches!(instr, Instr::Define(_));
    };
    let Some(name) = simple.name() else {
        return !simple.words.is_empty();
    };
    let texts = simple.words.iter().flatten().filter_map(|p| match p {
        Piece::Text(t, _) => Some(t.as_str()),
        _ => None,
    });
    let has = |text: &str| {
        text.split(|c: char| !c.is_alphanumeric())
            .any(|w| WRITES.contains(&w))
    };
    match name {
        "kubectl" | "k" => {
            let unknown = simple
                .words
                .get(1)
                .is_some_and(|w| !matches!(w.as_slice(), [Piece::Text(..)]));
            unknown || texts.skip(1).any(has)
        }
        "watch" | "timeout" | "xargs" | "env" | "sudo" | "command" => {
            let texts: Vec<&str> = texts.collect();
            texts.iter().any(|t| has(t))
                || !texts.iter().any(|t| t.contains("kubectl") || is_builtin(t))
        }
        "bash" | "sh" | "source" | "." | "eval" => true,
        name => !is_builtin(name) && !tools::is_filter(name),
    }
}

/// Does this command look at the cluster (or can't that be told)?
pub(crate) fn asks_cluster(simple: &Simple) -> bool {
    match simple.name() {
        Some(
            "kubectl" | "k" | "curl" | "wget" | "watch" | "xargs" | "bash" | "sh" | "eval"
            | "timeout" | "sleep" | "minikube",
        ) => true,
        Some(name) => !is_builtin(name) && !tools::is_filter(name),
        None => !simple.words.is_empty(),
    }
}

const HELP: &str = "\
kubectl …                           the real commands, also as k
image REFERENCE BEHAVIOUR [K=V …]   break or mend an image: image registry.example/app:v10 missing
fault KIND …                        break the cluster itself: fault node node-2 lost; fault alone tells how
traffic TARGET RATE [K=V …]         requests through a Service: traffic service/web 20/s; off ends them
load deployment/NAME cpu=A[@T] …    how hard it is used: load deployment/web cpu=300m@0 900m@60s
sleep SECONDS, watch COMMAND        wait, look again and again, in simulated time
curl http://SERVICE:PORT            ask the pods behind a Service, a cluster IP, a node port
ls, cat FILE, cmd > FILE            the files that this page holds
grep head tail wc sort uniq cut tr sed awk jq xargs tee column
A=1, export, $(…), pipes, && || ;, for, while, if, case, here-documents
history, alias, date, echo, minikube, clear
";

/// Runs a command: its words, the first is its name.
pub(crate) fn run(shell: &mut Shell, args: &[String], scope: &mut Scope<'_, '_>) -> Did {
    let name = args[0].as_str();
    let rest = &args[1..];
    if let Some(function) = shell.env.functions.get(name).cloned() {
        return Did::Called(shell.call(function, args.to_vec(), false));
    }
    let in_place = |a: &String| a.starts_with("-i") || a == "--in-place";
    if name == "sed" && rest.iter().any(in_place) {
        return Did::Ended(files::sed_in_place(shell, args));
    }
    if tools::is_filter(name) {
        return Did::Ended(shell.filter(args));
    }
    match name {
        "kubectl" | "k" => return Did::Kubectl,
        "sudo" | "command" if !rest.is_empty() && !rest[0].starts_with('-') => {
            return run(shell, rest, scope);
        }
        "sleep" => return sleep(shell, rest, scope.at),
        "curl" | "wget" => return curl::run(shell, name, rest, scope),
        "watch" => return watch(shell, rest, scope),
        "timeout" => return timeout(shell, rest, scope),
        "xargs" => return xargs(shell, rest),
        "bash" | "sh" | "source" | "." => return script(shell, name, rest),
        "eval" => {
            return Did::Called(shell.call_text(
                &rest.join(" "),
                shell.args().to_vec(),
                false,
                None,
            ));
        }
        "exit" | "return" => {
            let status = rest
                .first()
                .map_or(Some(shell.env.status), |a| a.parse().ok());
            let status = status.unwrap_or_else(|| {
                shell.print_error(&format!(
                    "bash: {name}: {}: numeric argument required\n",
                    rest[0]
                ));
                2
            });
            return Did::Called(shell.end_calls(name == "return", status & 255));
        }
        "break" | "continue" => {
            let count = rest.first().and_then(|a| a.parse().ok()).unwrap_or(1);
            if !shell.leave_loops(count, name == "continue") {
                shell.print_error(&format!(
                    "bash: {name}: only meaningful in a `for', `while', or `until' loop\n"
                ));
            }
            return Did::Ended(0);
        }
        _ => {}
    }
    Did::Ended(plain(shell, name, rest, scope))
}

/// Commands that end at once.
fn plain(shell: &mut Shell, name: &str, rest: &[String], scope: &mut Scope<'_, '_>) -> i32 {
    match name {
        ":" | "true" | "set" | "readonly" | "wait" | "chmod" | "mkdir" => 0,
        "false" => 1,
        "echo" => {
            let text = output::echo(rest);
            shell.print(&text);
            0
        }
        "printf" => output::printf(shell, rest),
        "clear" => {
            shell.said.text.push(Text::Clear);
            0
        }
        "help" => say(shell, HELP),
        "history" => {
            let mut text = String::new();
            let history = shell.history.clone();
            let skip = rest.first().and_then(|n| n.parse::<usize>().ok());
            let skip = skip.map_or(0, |n| history.len().saturating_sub(n));
            for (i, line) in history.iter().enumerate().skip(skip) {
                text.push_str(&format!("{:>5}  {line}\n", i + 1));
            }
            say(shell, &text)
        }
        "export" | "local" => export(shell, name, rest),
        "unset" => {
            for name in rest {
                Rc::make_mut(&mut shell.env.variables).remove(name);
                shell.env.functions.remove(name);
            }
            0
        }
        "env" | "printenv" => printenv(shell, name, rest),
        "alias" => alias(shell, rest),
        "unalias" => {
            rest.iter().for_each(|n| drop(shell.env.aliases.remove(n)));
            0
        }
        "test" | "[" | "[[" => test::run(shell, name, rest),
        "let" => {
            let mut value = 0;
            for text in rest {
                match crate::sum::value(text, &mut shell.env) {
                    Ok(v) => value = v,
                    Err(why) => {
                        shell.print_error(&format!("bash: let: {text}: {why}\n"));
                        return 1;
                    }
                }
            }
            i32::from(value == 0)
        }
        "expr" => match crate::sum::value(&rest.join(" "), &mut shell.env) {
            Ok(v) => {
                shell.print(&format!("{v}\n"));
                i32::from(v == 0)
            }
            Err(_) => {
                shell.print_error("expr: syntax error\n");
                2
            }
        },
        "read" => read(shell, rest),
        "shift" => 0,
        "seq" => output::seq(shell, rest),
        "yes" => say(shell, &"y\n".repeat(1000)),
        "ls" => files::ls(shell, rest),
        "rm" | "touch" | "cp" | "mv" => files::files(shell, name, rest),
        "cd" => 0,
        "pwd" => say(shell, "/home/user\n"),
        "basename" => {
            let path = rest
                .first()
                .map_or("", String::as_str)
                .trim_end_matches('/');
            let mut base = path.rsplit('/').next().unwrap_or("");
            if let Some(end) = rest.get(1) {
                base = base.strip_suffix(end.as_str()).unwrap_or(base);
            }
            say(shell, &format!("{base}\n"))
        }
        "dirname" => {
            let path = rest.first().map_or("", String::as_str);
            let folder = path.rsplit_once('/').map_or(".", |(f, _)| f);
            say(shell, &format!("{folder}\n"))
        }
        "whoami" => say(shell, "user\n"),
        "hostname" => say(shell, "playground\n"),
        "uname" => say(
            shell,
            if rest.is_empty() {
                "Linux\n"
            } else {
                "Linux playground 6.8.0 x86_64 GNU/Linux\n"
            },
        ),
        "date" => output::date(shell, rest, scope.client.now()),
        "which" | "type" => which(shell, name, rest),
        "minikube" => minikube::run(shell, rest, scope),
        _ => {
            if let Some(answer) = (scope.extra)(name, rest, scope.client) {
                return match answer {
                    Ok((text, touched)) => {
                        shell.said.touched |= touched;
                        say(shell, &text)
                    }
                    Err(why) => {
                        shell.print_error(&format!("{why}\n"));
                        1
                    }
                };
            }
            if name.contains('/') || shell.read_file(name).is_some() {
                let why = if shell.read_file(name).is_some() {
                    "Permission denied (run it with: bash FILE)"
                } else {
                    "No such file or directory"
                };
                shell.print_error(&format!("bash: {name}: {why}\n"));
                return if why.starts_with('P') { 126 } else { 127 };
            }
            shell.print_error(&format!("bash: {name}: command not found\n"));
            127
        }
    }
}

fn say(shell: &mut Shell, text: &str) -> i32 {
    shell.print(text);
    0
}

/// A text as a word of a shell.
pub(crate) fn quoted(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_./:=,@%+".contains(&b);
    if !text.is_empty() && text.bytes().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

fn sleep(shell: &mut Shell, args: &[String], at: u64) -> Did {
    if args.is_empty() {
        shell.print_error("sleep: missing operand\nTry 'sleep --help' for more information.\n");
        return Did::Ended(1);
    }
    let mut total: u64 = 0;
    for arg in args {
        match words::seconds(arg) {
            Some(ms) => total = total.saturating_add(ms),
            None => {
                shell.print_error(&format!(
                    "sleep: invalid time interval \u{2018}{arg}\u{2019}\nTry 'sleep --help' for more information.\n"
                ));
                return Did::Ended(1);
            }
        }
    }
    Did::Sleep(at + total.min(MAX_SLEEP))
}

fn watch(shell: &mut Shell, args: &[String], scope: &mut Scope<'_, '_>) -> Did {
    let mut every = 2_000;
    let mut at = 0;
    let mut title = true;
    while let Some(arg) = args.get(at).filter(|a| a.starts_with('-')) {
        let value = match arg.as_str() {
            "-n" | "--interval" => {
                at += 1;
                args.get(at).map(String::as_str)
            }
            "-t" | "--no-title" => {
                title = false;
                None
            }
            a => a
                .strip_prefix("-n")
                .or_else(|| a.strip_prefix("--interval=")),
        };
        if let Some(value) = value {
            match words::seconds(value) {
                Some(ms) => every = ms.clamp(100, 3_600_000),
                None => {
                    shell.print_error(&format!("watch: failed to parse argument: '{value}'\n"));
                    return Did::Ended(1);
                }
            }
        }
        at += 1;
    }
    let command = args.get(at..).unwrap_or_default().join(" ");
    if command.is_empty() {
        shell.print_error("Usage:\n watch [options] command\n");
        return Did::Ended(1);
    }
    let shown = if title {
        command.clone()
    } else {
        String::new()
    };
    let watch = Rc::new((shown, every));
    shell.said.text.push(Text::Clear);
    let head = watch_head(&watch, scope.client.now().0, every);
    shell.print(&head);
    Did::Called(shell.call_text(&command, shell.args().to_vec(), true, Some(watch)))
}

/// The title of a screen of `watch`.
pub(crate) fn watch_head(watch: &(String, u64), now: i64, every: u64) -> String {
    if watch.0.is_empty() {
        return String::new();
    }
    let seconds = format!("{}.{}", every / 1000, every % 1000 / 100);
    let date = output::date_text(Timestamp(now), "%a %b %e %H:%M:%S %Y");
    format!("Every {seconds}s: {}    playground: {date}\n\n", watch.0)
}

fn timeout(shell: &mut Shell, args: &[String], scope: &mut Scope<'_, '_>) -> Did {
    let mut rest = args;
    while rest.first().is_some_and(|a| a.starts_with('-')) {
        rest = &rest[1..];
    }
    let Some((ms, command)) = rest
        .split_first()
        .and_then(|(d, c)| Some((words::seconds(d)?, c)))
        .filter(|(_, c)| !c.is_empty())
    else {
        shell.print_error("timeout: usage: timeout DURATION COMMAND [ARG]...\n");
        return Did::Ended(125);
    };
    let line: Vec<String> = command.iter().map(|w| quoted(w)).collect();
    let alive = shell.call_text(&line.join(" "), shell.args().to_vec(), true, None);
    shell.limit_call(scope.at + ms.min(MAX_SLEEP));
    Did::Called(alive)
}

fn xargs(shell: &mut Shell, args: &[String]) -> Did {
    let mut at = 0;
    let (mut most, mut place, mut lines, mut empty_too) = (usize::MAX, None::<String>, false, true);
    while let Some(arg) = args.get(at).filter(|a| a.starts_with('-') && a.len() > 1) {
        let (letter, inline) = (arg.as_bytes()[1], arg.get(2..).unwrap_or("").to_owned());
        let mut value = || {
            if inline.is_empty() {
                at += 1;
                args.get(at).cloned().unwrap_or_default()
            } else {
                inline.clone()
            }
        };
        match letter {
            b'n' => most = value().parse().unwrap_or(1).max(1),
            b'L' => {
                most = value().parse().unwrap_or(1).max(1);
                lines = true;
            }
            b'I' => place = Some(value()),
            b'P' | b'd' | b's' => drop(value()),
            b'r' => empty_too = false,
            b't' | b'0' | b'p' => {}
            _ => {
                shell.print_error(&format!(
                    "xargs: invalid option -- '{}'\n",
                    char::from(letter)
                ));
                return Did::Ended(1);
            }
        }
        at += 1;
    }
    let input = shell.input().unwrap_or_default();
    let command: Vec<String> = match args.get(at..) {
        Some(c) if !c.is_empty() => c.to_vec(),
        _ => vec!["echo".to_owned()],
    };
    let items: Vec<String> = if place.is_some() || lines {
        input
            .lines()
            .map(|l| l.trim().to_owned())
            .filter(|l| !l.is_empty())
            .collect()
    } else {
        words::split(&input.replace('\n', " ").replace('#', "\\#"))
            .map(|w| w.args)
            .unwrap_or_default()
    };
    let mut text = String::new();
    let mut add = |words: Vec<String>| {
        let line: Vec<String> = words.iter().map(|w| quoted(w)).collect();
        text.push_str(&line.join(" "));
        text.push('\n');
    };
    if let Some(place) = place.filter(|p| !p.is_empty()) {
        for item in &items {
            add(command.iter().map(|w| w.replace(&place, item)).collect());
        }
    } else if items.is_empty() {
        if empty_too {
            add(command);
        }
    } else {
        for chunk in items.chunks(most.min(items.len())) {
            let mut words = command.clone();
            for item in chunk {
                if lines {
                    words.extend(item.split_whitespace().map(str::to_owned));
                } else {
                    words.push(item.clone());
                }
            }
            add(words);
        }
    }
    shell.env.status = 0;
    Did::Called(shell.call_text(&text, shell.args().to_vec(), true, None))
}

fn script(shell: &mut Shell, name: &str, args: &[String]) -> Did {
    let inside = matches!(name, "source" | ".");
    let mut at = 0;
    while args
        .get(at)
        .is_some_and(|a| a.starts_with('-') && a != "-c")
    {
        at += 1;
    }
    match args.get(at).map(String::as_str) {
        Some("-c") => match args.get(at + 1) {
            Some(text) => Did::Called(shell.call_text(
                text,
                args.get(at + 2..).unwrap_or_default().to_vec(),
                true,
                None,
            )),
            None => {
                shell.print_error(&format!("{name}: -c: option requires an argument\n"));
                Did::Ended(2)
            }
        },
        Some(file) => match shell.read_file(file) {
            Some(text) => {
                let text = text.clone();
                Did::Called(shell.call_text(&text, args[at..].to_vec(), !inside, None))
            }
            None => {
                shell.print_error(&format!("bash: {file}: No such file or directory\n"));
                Did::Ended(if inside { 1 } else { 127 })
            }
        },
        None => match shell.input() {
            Some(text) if !inside => Did::Called(shell.call_text(&text, Vec::new(), true, None)),
            _ => Did::Ended(0),
        },
    }
}

fn export(shell: &mut Shell, name: &str, args: &[String]) -> i32 {
    let mut status = 0;
    for arg in args.iter().filter(|a| !a.starts_with('-')) {
        let (variable, value) = match arg.split_once('=') {
            Some((n, v)) => (n, Some(v)),
            None => (arg.as_str(), None),
        };
        let good = !variable.is_empty()
            && !variable.starts_with(|c: char| c.is_ascii_digit())
            && variable
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !good {
            shell.print_error(&format!("bash: {name}: `{arg}': not a valid identifier\n"));
            status = 1;
            continue;
        }
        if let Some(value) = value {
            shell.env.set(variable, value.to_owned());
        }
        if name == "export" {
            shell.env.export(variable);
        }
    }
    if args.is_empty() || args == ["-p"] {
        let mut text = String::new();
        for (name, value) in shell.env.exported() {
            text.push_str(&format!("declare -x {name}=\"{value}\"\n"));
        }
        shell.print(&text);
    }
    status
}

fn printenv(shell: &mut Shell, name: &str, args: &[String]) -> i32 {
    if name == "printenv" && !args.is_empty() {
        let all = shell.env.exported();
        let mut status = 0;
        for arg in args {
            match all.iter().find(|(n, _)| n == arg) {
                Some((_, value)) => shell.print(&format!("{value}\n")),
                None => status = 1,
            }
        }
        return status;
    }
    if !args.is_empty() {
        shell.print_error("env: only without arguments in this console\n");
        return 125;
    }
    let mut text = String::new();
    for (name, value) in shell.env.exported() {
        text.push_str(&format!("{name}={value}\n"));
    }
    say(shell, &text)
}

fn alias(shell: &mut Shell, args: &[String]) -> i32 {
    let mut status = 0;
    if args.is_empty() {
        let mut text = String::from("alias k='kubectl'\n");
        for (name, value) in &shell.env.aliases {
            text.push_str(&format!("alias {name}='{value}'\n"));
        }
        shell.print(&text);
    }
    for arg in args {
        match arg.split_once('=') {
            Some((name, value)) if !name.is_empty() => {
                shell.env.aliases.insert(name.to_owned(), value.to_owned());
            }
            _ => {
                let known = if arg == "k" {
                    Some("kubectl".to_owned())
                } else {
                    shell.env.aliases.get(arg).cloned()
                };
                match known {
                    Some(value) => shell.print(&format!("alias {arg}='{value}'\n")),
                    None => {
                        shell.print_error(&format!("bash: alias: {arg}: not found\n"));
                        status = 1;
                    }
                }
            }
        }
    }
    status
}

fn read(shell: &mut Shell, args: &[String]) -> i32 {
    let mut names = Vec::new();
    let mut it = args.iter();
    while let Some(arg) = it.next() {
        match arg.as_str() {
            "-p" | "-t" | "-d" | "-n" => drop(it.next()),
            a if a.starts_with('-') => {}
            a => names.push(a.to_owned()),
        }
    }
    if names.is_empty() {
        names.push("REPLY".to_owned());
    }
    let line = shell.input_line();
    let status = i32::from(line.is_none());
    let line = line.unwrap_or_default();
    let mut rest = line.trim();
    let last = names.len() - 1;
    for (i, name) in names.iter().enumerate() {
        let value = if i == last {
            rest
        } else {
            let (word, tail) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            rest = tail.trim_start();
            word
        };
        shell.env.set(name, value.to_owned());
    }
    status
}

fn which(shell: &mut Shell, name: &str, args: &[String]) -> i32 {
    let mut status = 0;
    for arg in args.iter().filter(|a| !a.starts_with('-')) {
        if is_builtin(arg) || tools::is_filter(arg) || arg == "image" {
            let text = if name == "which" {
                format!("/usr/bin/{arg}\n")
            } else {
                format!("{arg} is /usr/bin/{arg}\n")
            };
            shell.print(&text);
        } else {
            status = 1;
            if name == "type" {
                shell.print_error(&format!("bash: type: {arg}: not found\n"));
            }
        }
    }
    status
}

/// What an editor command makes of a text: `sed -i …`, `true`. None: it wants hands.
pub(crate) fn edited(command: &str, text: &str) -> Option<String> {
    let words = words::split(command).ok()?.args;
    match words.first().map(String::as_str) {
        Some("true" | ":" | "cat") => Some(text.to_owned()),
        Some("sed") => {
            let args: Vec<String> = words.into_iter().filter(|w| w != "-i").collect();
            let mut filter = tools::Filter::make(&args, &crate::Files::new(), true).ok()?;
            let mut out = filter.feed(text, &mut Vec::new());
            out.push_str(&filter.finish());
            Some(out)
        }
        _ => None,
    }
}

/// `config set-context --current --namespace=X`: the namespace of what follows.
pub(crate) fn remember_context(env: &mut Env, args: &[String]) {
    let set = args.iter().any(|a| a == "config") && args.iter().any(|a| a == "set-context");
    if !set {
        return;
    }
    for (i, arg) in args.iter().enumerate() {
        let value = match arg.as_str() {
            "--namespace" | "-n" => args.get(i + 1).map(String::as_str),
            a => a.strip_prefix("--namespace="),
        };
        if let Some(value) = value {
            env.namespace = value.to_owned();
        }
    }
}
