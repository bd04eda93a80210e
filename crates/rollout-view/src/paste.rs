//! A whole transcript at the prompt: lines with `$ ` run, the rest is compared with what they print.

use crate::expect::{self, Names, Row, Tolerance};
use rollout_session::Session;

/// A command of a transcript and what stands below it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PastedLine {
    /// What is typed, without the prompt; several lines where it goes on (`> `, a here-document).
    pub line: String,
    /// What the transcript shows then.
    pub expected: Vec<String>,
    /// Ends with Ctrl-C there: the transcript shows `^C`.
    pub interrupted: bool,
    /// Line of the text where the command stands, from 0.
    pub at: usize,
    /// Line of the text where its output begins, from 0.
    pub output_at: usize,
}

/// What became of a command of a transcript.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PastedResult {
    /// The command.
    pub pasted: PastedLine,
    /// What it printed, stdout and stderr as a terminal shows them.
    pub shown: Vec<String>,
    /// Its exit code.
    pub exit: i32,
    /// The comparison; a difference is a row that is not `Same`.
    pub rows: Vec<Row>,
}

impl PastedResult {
    /// Is there a difference?
    pub fn differs(&self) -> bool {
        self.rows.iter().any(|r| !matches!(r, Row::Same(_)))
    }
}

/// A line that waits longer than this in a transcript is ended.
const LONGEST_WAIT_MS: u64 = 3_600_000;
/// So long a transcript may wait for the lines that it shows before its `^C`.
const LONGEST_LOOK_MS: u64 = 600_000;

/// Is a pasted text a transcript: has it lines that begin with a prompt?
pub fn is_transcript(text: &str) -> bool {
    text.lines().any(|l| prompted(l).is_some())
}

/// What stands behind the prompt: `$ `, `user@host:~$ `, `host$ `.
pub fn prompted(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let at = line
        .find("$ ")
        .or_else(|| line.strip_suffix('$').map(str::len))?;
    let (head, tail) = line.split_at(at);
    let prompt = head.is_empty()
        || (!head.contains([' ', '\t', '=', '"', '\'', '`', '{', '|', '>'])
            && (head.contains('@') || head.ends_with(['~', '/'])));
    let tail = tail.get(1..).unwrap_or("");
    prompt.then(|| tail.strip_prefix(' ').unwrap_or(tail))
}

/// The commands of a text with what it shows below each. Without prompts every line is a command.
pub fn paste_lines(text: &str) -> Vec<PastedLine> {
    let transcript = is_transcript(text);
    let mut out: Vec<PastedLine> = Vec::new();
    for (at, raw) in text.lines().enumerate() {
        let raw = raw.strip_suffix('\r').unwrap_or(raw);
        let typed = if transcript { prompted(raw) } else { Some(raw) };
        if let Some(last) = out.last_mut() {
            let fresh = last.expected.is_empty() && !last.interrupted;
            if fresh && rollout_session::needs_more(&last.line) {
                let more = raw.strip_prefix("> ").filter(|_| transcript);
                last.line.push('\n');
                last.line
                    .push_str(more.unwrap_or(if raw == ">" { "" } else { raw }));
                last.output_at = at + 1;
                continue;
            }
        }
        match (typed, out.last_mut()) {
            (Some(line), _) => out.push(PastedLine {
                line: line.to_owned(),
                expected: Vec::new(),
                interrupted: false,
                at,
                output_at: at + 1,
            }),
            (None, Some(last)) if last.interrupted => {}
            (None, Some(last)) => match raw.trim_end().strip_suffix("^C") {
                Some(rest) => {
                    if !rest.is_empty() {
                        last.expected.push(rest.to_owned());
                    }
                    last.interrupted = true;
                }
                None => last.expected.push(raw.to_owned()),
            },
            (None, None) => {}
        }
    }
    for line in &mut out {
        while line.expected.last().is_some_and(|l| l.trim().is_empty()) {
            line.expected.pop();
        }
    }
    out.retain(|l| !l.line.trim().is_empty());
    out
}

/// Runs one command of a transcript and compares. Time passes while it waits.
pub fn run_pasted(
    session: &mut Session,
    pasted: &PastedLine,
    tolerance: Tolerance,
    names: &mut Names,
) -> PastedResult {
    let line = names.fill(&pasted.line);
    let (stdout, stderr, exit) = if pasted.interrupted {
        until_shown(session, &line, pasted.expected.len())
    } else {
        let ran = session.run_to_end(&line, LONGEST_WAIT_MS);
        (ran.stdout, ran.stderr, ran.exit.unwrap_or(0))
    };
    let mut text = stdout;
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text.push_str(&stderr);
    let mut shown: Vec<String> = text.lines().map(|l| l.trim_end().to_owned()).collect();
    while shown.last().is_some_and(String::is_empty) {
        shown.pop();
    }
    if pasted.interrupted {
        shown.truncate(pasted.expected.len());
    }
    let rows = expect::compare(&pasted.expected, &shown, tolerance, names);
    PastedResult {
        pasted: pasted.clone(),
        shown,
        exit,
        rows,
    }
}

/// Runs a command until it has printed so many lines, then ends it as Ctrl-C does.
fn until_shown(session: &mut Session, line: &str, lines: usize) -> (String, String, i32) {
    let ran = session.run(line);
    let Some(index) = ran.running else {
        return (ran.stdout, ran.stderr, ran.exit.unwrap_or(0));
    };
    let end = session.at() + LONGEST_LOOK_MS;
    loop {
        let run = &session.branch().running[index];
        let printed = run.stdout.lines().count() + run.stderr.lines().count();
        if run.ended.is_some() || printed >= lines {
            break;
        }
        match session.next_due() {
            Some(next) if next <= end => session.play_next(next),
            _ => break,
        }
    }
    session.interrupt();
    let run = &session.branch().running[index];
    let exit = run.ended.map_or(130, |(.., exit)| exit);
    (run.stdout.clone(), run.stderr.clone(), exit)
}

/// Runs a pasted text line by line and compares: one result for each command.
pub fn paste(session: &mut Session, text: &str, tolerance: Tolerance) -> Vec<PastedResult> {
    let compared = is_transcript(text);
    let mut names = Names::default();
    let mut out = Vec::new();
    for pasted in paste_lines(text) {
        let mut result = run_pasted(session, &pasted, tolerance, &mut names);
        if !compared {
            result.rows.clear();
        }
        out.push(result);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollout_session::Start;

    fn session() -> Session {
        Session::new(Start {
            preset: Some("boot-4".to_owned()),
            ..Start::default()
        })
    }

    #[test]
    fn reads_transcripts() {
        let found = paste_lines("Some words\n$ a b\nout\n\n$ c\nme@host:~$ d \\\n> e\n^C\nrest\n");
        let seen: Vec<(&str, usize, bool)> = found
            .iter()
            .map(|p| (p.line.as_str(), p.expected.len(), p.interrupted))
            .collect();
        assert_eq!(
            seen,
            [("a b", 1, false), ("c", 0, false), ("d \\\ne", 0, true)]
        );
        assert_eq!(paste_lines("a\nb\n").len(), 2);
        assert!(!is_transcript("price: 5$ each"));
        assert!(!is_transcript("cost is 5 $ or so"));
    }

    #[test]
    fn runs_and_compares() {
        let text = "$ kubectl get deploy\nNAME       READY   UP-TO-DATE   AVAILABLE   AGE\nbootcamp   4/4     4            4           5m\n$ kubectl scale deploy/bootcamp --replicas=5\ndeployment.apps/bootcamp scaled\n$ kubectl get deploy -w\nNAME       READY   UP-TO-DATE   AVAILABLE   AGE\nbootcamp   4/5     5            4           5m\nbootcamp   5/5     5            5           5m\n^C\n$ echo wrong\nright\n";
        let results = paste(&mut session(), text, Tolerance::LENIENT);
        let differs: Vec<bool> = results.iter().map(PastedResult::differs).collect();
        assert_eq!(differs, [false, false, false, true], "{results:#?}");
    }
}
