//! Random lines at the console, from a fixed seed: nothing panics, nothing hangs, and the same lines give the same bytes.

use rollout_session::{Session, Start};

/// A small generator of our own: the same numbers everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }
    fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len())]
    }
}

const WORDS: &[&str] = &[
    "kubectl",
    "k",
    "get",
    "pods",
    "deploy",
    "bootcamp",
    "-o",
    "json",
    "yaml",
    "wide",
    "-w",
    "--watch",
    "jsonpath='{.items[*]}'",
    "rollout",
    "status",
    "undo",
    "pause",
    "history",
    "scale",
    "--replicas=3",
    "set",
    "image",
    "bootcamp=bootcamp:v3",
    "logs",
    "describe",
    "delete",
    "pod",
    "--all",
    "apply",
    "-f",
    "-",
    "grep",
    "-v",
    "-c",
    "-A1",
    "-E",
    "'[a-z]+('",
    "'\\(a\\|b\\)*'",
    "awk",
    "'{print $1}'",
    "'NR>1{s+=$2}END{print s/NR}'",
    "'{for(i=1;i<=NF;i++)print $i}'",
    "sed",
    "s/a/b/g",
    "'/x/,/y/d'",
    "-n",
    "'$p'",
    "jq",
    ".items[].metadata.name",
    "'.a|..|select(.b>1)?'",
    "'{a:[.[]?]}'",
    "-r",
    "head",
    "-n1",
    "tail",
    "+2",
    "wc",
    "-l",
    "sort",
    "-k2",
    "uniq",
    "cut",
    "-d:",
    "-f1-",
    "tr",
    "a-z",
    "A-Z",
    "xargs",
    "-n1",
    "-I{}",
    "{}",
    "tee",
    "f",
    "cat",
    "echo",
    "-e",
    "'a\\nb'",
    "printf",
    "'%s %5.2f\\n'",
    "sleep",
    "1",
    "0.1",
    "watch",
    "-n2",
    "timeout",
    "curl",
    "http://bootcamp:8080",
    "minikube",
    "ip",
    "for",
    "x",
    "in",
    "a",
    "b",
    "do",
    "done",
    "while",
    "true",
    "until",
    "false",
    "if",
    "then",
    "else",
    "fi",
    "case",
    "esac",
    "x)",
    ";;",
    "{",
    "}",
    "(",
    ")",
    "((x++))",
    "$((1/0))",
    "$((x+1))",
    "$(echo a)",
    "`date`",
    "$x",
    "\"$x\"",
    "${x:-y}",
    "${x##*/}",
    "${#x}",
    "${x:1:2}",
    "X=1",
    "export",
    "Y=$X",
    "alias",
    "q='echo z'",
    "f()",
    "f",
    "return",
    "exit",
    "break",
    "continue",
    "read",
    "[",
    "]",
    "[[",
    "]]",
    "-z",
    "==",
    "=~",
    "-eq",
    "test",
    "eval",
    "bash",
    "-c",
    "source",
    "image",
    "bootcamp:v3",
    "missing",
    "history",
    "help",
    "clear",
    "date",
    "+%s",
    "seq",
    "5",
    "{1..3}",
    "a{b,c}",
    "*",
    "?.yaml",
    "~",
    "nope",
    "é",
    "\u{1F680}",
    "''",
    "\"",
    "'",
    "\\",
    "#",
];
const BETWEEN: &[&str] = &[
    " ",
    " ",
    " ",
    " ",
    " ",
    " ",
    " ",
    " | ",
    " | ",
    " && ",
    " || ",
    "; ",
    "\n",
    " > ",
    " >> ",
    " < ",
    " 2>&1 ",
    " 2>/dev/null ",
    " <<EOF\n",
    " <<< ",
    " & ",
    "",
    "\\\n",
];

fn line(random: &mut Random) -> String {
    let mut out = String::new();
    for _ in 0..1 + random.below(14) {
        out.push_str(random.pick(WORDS));
        out.push_str(random.pick(BETWEEN));
    }
    if random.below(6) == 0 {
        out.push_str("\nEOF");
    }
    out
}

fn run(seed: u64, lines: usize) -> (Vec<u8>, String) {
    let mut random = Random(seed);
    let mut session = Session::new(Start {
        preset: Some("boot-4".to_owned()),
        ..Start::default()
    });
    let mut printed = String::new();
    for _ in 0..lines {
        let typed = line(&mut random);
        rollout_session::needs_more(&typed);
        let ran = session.run_to_end(&typed, 3_000);
        printed.push_str(&ran.stdout);
        printed.push_str(&ran.stderr);
        match random.below(12) {
            0 => drop(session.back()),
            1 => session.interrupt(),
            2 => session.seek(session.position() / 2),
            _ => {}
        }
    }
    (session.export_state(), printed)
}

#[test]
fn random_lines_never_panic() {
    for seed in 0..12 {
        run(seed, 60);
    }
}

#[test]
fn the_same_lines_give_the_same_bytes() {
    for seed in 100..103 {
        assert!(run(seed, 40) == run(seed, 40), "seed {seed}");
    }
}
