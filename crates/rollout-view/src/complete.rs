//! Completion at the prompt: the shell's words, then kubectl's. One function for Tab, one for a list under the finger.

use rollout_engine::images::Behaviour;
use rollout_kubectl::complete::{Choice, Seen};
use rollout_session::{Session, words};

/// What may stand at the cursor.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Completion {
    /// Where the word begins that is completed, in bytes of the line.
    pub start: usize,
    /// The cursor: where the word ends.
    pub end: usize,
    /// Ways to finish the word, best first.
    pub choices: Vec<Choice>,
    /// What all choices begin with; longer than the word where Tab can go on without a question.
    pub common: String,
}

impl Completion {
    /// The line and the cursor after a choice was taken.
    pub fn apply(&self, line: &str, choice: &Choice) -> (String, usize) {
        let gap = if choice.open { "" } else { " " };
        self.put(line, &format!("{}{gap}", choice.word))
    }
    /// The line and the cursor after what all choices share was taken.
    pub fn apply_common(&self, line: &str) -> (String, usize) {
        self.put(line, &self.common)
    }
    fn put(&self, line: &str, word: &str) -> (String, usize) {
        let head = line.get(..self.start).unwrap_or("");
        let tail = line.get(self.end..).unwrap_or("");
        let tail = if word.ends_with(' ') {
            tail.trim_start()
        } else {
            tail
        };
        (format!("{head}{word}{tail}"), head.len() + word.len())
    }
}

/// Commands of the shell, with what they do.
pub const COMMANDS: &[(&str, &str)] = &[
    ("kubectl", "the real commands"),
    ("awk", "fields of lines: awk '{print $1}'"),
    ("cat", "print files"),
    ("clear", "an empty console"),
    ("curl", "ask a Service or a node port"),
    ("cut", "parts of lines: cut -d: -f1"),
    ("date", "the simulated time"),
    ("echo", "print words"),
    ("export", "set a variable"),
    ("for", "for x in a b; do …; done"),
    ("grep", "lines that match"),
    ("head", "first lines"),
    ("help", "what this console can do"),
    ("history", "what was typed"),
    ("image", "break or mend an image"),
    ("jq", "parts of JSON: jq -r .spec.replicas"),
    ("ls", "files of this page"),
    ("minikube", "ip, service, status …"),
    ("sed", "replace: sed s/a/b/"),
    ("sleep", "wait, in simulated time"),
    ("sort", "sorted lines"),
    ("tail", "last lines"),
    ("tee", "print and keep in a file"),
    ("tr", "replace characters"),
    ("uniq", "without repeated lines"),
    ("watch", "run again and again: watch -n 2 kubectl get pods"),
    ("wc", "count lines: wc -l"),
    ("while", "while true; do …; sleep 1; done"),
    ("xargs", "words of the input as arguments"),
];

/// Ways to finish the word at the cursor (a place in bytes of the line).
pub fn completion(session: &Session, line: &str, cursor: usize) -> Completion {
    let mut end = cursor.min(line.len());
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    let head = &line[..end];
    let from = command_start(head);
    let body = &head[from..];
    let start = from + word_start(body);
    let last = &head[start..];
    let mut done = words::split(head.get(from..start).unwrap_or(""))
        .map(|w| w.args)
        .unwrap_or_default();
    if done.first().is_some_and(|w| w == "$") {
        done.remove(0);
    }
    while done.first().is_some_and(|w| is_prefix(w)) {
        done.remove(0);
    }
    let mut choices = Vec::new();
    match done.first().map(String::as_str) {
        None => {
            for (name, about) in COMMANDS {
                choices.push(Choice::new(*name, about));
            }
        }
        Some("kubectl" | "k") => {
            let files: Vec<String> = session.files_here().keys().cloned().collect();
            let seen = Seen {
                store: session.store(),
                version: session.config().version,
                namespace: "",
                files: &files,
            };
            choices = rollout_kubectl::complete::complete(&done[1..], last, &seen);
            if done[1..].is_empty() && "image".starts_with(last) && choices.is_empty() {
                choices.push(Choice::new("set", "set image …"));
            }
        }
        Some("image") if done.len() == 1 => {
            for image in crate::bench::images_in_use(session) {
                choices.push(Choice::new(image, ""));
            }
        }
        Some("image") if done.len() == 2 => {
            for name in Behaviour::names() {
                choices.push(Choice::new(*name, ""));
            }
        }
        Some("watch") if done.len() == 1 => choices.push(Choice::new("kubectl", "")),
        Some("watch") => {
            if let Some(at) = done.iter().position(|w| w == "kubectl" || w == "k") {
                let inner = format!("{} {last}", done[at..].join(" "));
                choices = completion(session, &inner, inner.len()).choices;
            } else {
                choices.push(Choice::new("kubectl", ""));
            }
        }
        Some("cat" | "tee" | "ls" | "grep" | "head" | "tail" | "wc" | "jq" | "sort") => {
            for file in session.files_here().keys().cloned() {
                choices.push(Choice::new(file, "file"));
            }
        }
        Some("minikube") => {
            for word in [
                "ip",
                "service",
                "status",
                "start",
                "stop",
                "delete",
                "dashboard",
            ] {
                choices.push(Choice::new(word, ""));
            }
        }
        Some(_) => {}
    }
    choices.retain(|c| c.word.starts_with(last) && c.word != last);
    let mut common = choices.first().map_or(last, |c| c.word.as_str()).to_owned();
    for c in &choices {
        while !c.word.starts_with(&common) {
            common.pop();
        }
    }
    Completion {
        start,
        end,
        choices,
        common,
    }
}

/// Words that stand before a command.
fn is_prefix(word: &str) -> bool {
    matches!(
        word,
        "do" | "then" | "else" | "while" | "until" | "if" | "!" | "time" | "sudo" | "xargs" | "{"
    ) || word.split_once('=').is_some_and(|(n, _)| {
        !n.is_empty() && n.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    })
}

/// Where the last command of a line begins: behind pipes, lists and open `$(`.
fn command_start(text: &str) -> usize {
    last_start(text, true)
}

/// Where the last word of a command begins.
fn word_start(text: &str) -> usize {
    last_start(text, false)
}

/// Behind the last character outside of quotes that ends a command, or a word.
fn last_start(text: &str, commands: bool) -> usize {
    let mut quote = None;
    let mut start = 0;
    let mut escaped = false;
    for (i, c) in text.char_indices() {
        let ends = match commands {
            true => matches!(c, '|' | ';' | '&' | '(' | '\n' | '`'),
            false => c.is_whitespace() || c == '<' || c == '>',
        };
        match (quote, c) {
            _ if std::mem::take(&mut escaped) => {}
            (None | Some('"'), '\\') => escaped = true,
            (Some(q), c) if c == q => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, c) if ends => start = i + c.len_utf8(),
            (Some('"'), '(') if commands && text[..i].ends_with('$') => {
                start = i + 1;
                quote = None;
            }
            _ => {}
        }
    }
    start
}

/// Ways to go on with a line: each is the whole line with its last word finished.
pub fn complete(session: &Session, line: &str) -> Vec<String> {
    let found = completion(session, line, line.len());
    let head = &line[..found.start];
    found
        .choices
        .iter()
        .map(|c| format!("{head}{}", c.word))
        .collect()
}

/// The rest of the newest typed line that begins as `line` does: what the prompt shows greyed. `typed` is oldest first.
pub fn suggestion<'a>(typed: &'a [String], line: &str) -> Option<&'a str> {
    if line.trim().is_empty() {
        return None;
    }
    let found = typed.iter().rev().filter_map(|t| t.strip_prefix(line));
    found.into_iter().find(|rest| !rest.is_empty())
}

/// Ctrl-R: the newest typed line that contains a text, before the one at `before` (the length of the list at first);
/// its place in the list, to search on from there.
pub fn search(typed: &[String], text: &str, before: usize) -> Option<usize> {
    if text.is_empty() {
        return None;
    }
    let older = typed.get(..before.min(typed.len()))?;
    older.iter().rposition(|t| t.contains(text))
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

    fn words(line: &str) -> Vec<String> {
        let found = completion(&session(), line, line.len());
        found.choices.into_iter().map(|c| c.word).collect()
    }

    #[test]
    fn completes_commands_kinds_names_flags_and_values() {
        let name = session()
            .store()
            .list(rollout_api::Kind::DEPLOYMENT)
            .map(|d| d.meta.name.to_string())
            .next()
            .unwrap();
        let table: &[(&str, &str)] = &[
            ("kub", "kubectl"),
            ("kubectl ro", "rollout"),
            ("kubectl rollout u", "undo"),
            ("k get depl", "deployments"),
            ("k get pods -o w", "wide"),
            ("k get pods --no-h", "--no-headers"),
            ("k get po -n kube-s", "kube-system"),
            ("k logs --since 5s -c ", ""),
            ("k apply -f ", ".yaml"),
            ("echo a | gr", "grep"),
            ("for i in a; do kubectl sc", "scale"),
            ("X=$(kubectl desc", "describe"),
            ("watch -n 2 kubectl get serv", "services"),
            ("image ", ":"),
            ("image x mis", "missing"),
            ("kubectl cordon node-", "node-1"),
        ];
        for (line, want) in table {
            let found = words(line);
            assert!(found.iter().any(|w| w.contains(want)), "{line}: {found:?}");
        }
        let target = format!("deployment/{name}");
        assert!(words("kubectl rollout undo dep").contains(&target));
        assert!(words(&format!("kubectl rollout undo {target} --to-revision=")).len() >= 2);
        let images = words(&format!("kubectl set image {target} "));
        assert!(images.iter().all(|w| w.ends_with('=')), "{images:?}");
        let behind = words(&format!("kubectl set image {target} {}", images[0]));
        assert!(!behind.is_empty());
    }

    #[test]
    fn a_choice_takes_the_place_of_its_word() {
        let s = session();
        let line = "kubectl get depl -o wide";
        let c = completion(&s, line, 16);
        let (text, cursor) = c.apply(line, &c.choices[0]);
        assert_eq!(text, "kubectl get deployments -o wide");
        assert_eq!(&text[cursor..], "-o wide");
        for line in ["", " ", "é", "'", "\"$(", "k get 'é", "|||", "kubectl \\"] {
            for cursor in 0..=line.len() + 1 {
                completion(&s, line, cursor);
            }
        }
    }

    #[test]
    fn remembers_what_was_typed() {
        let typed: Vec<String> = ["kubectl get pods", "kubectl get deploy", "clear"]
            .map(str::to_owned)
            .to_vec();
        assert_eq!(suggestion(&typed, "kubectl get "), Some("deploy"));
        assert_eq!(suggestion(&typed, "clear"), None);
        assert_eq!(suggestion(&typed, ""), None);
        assert_eq!(search(&typed, "get", 3), Some(1));
        assert_eq!(search(&typed, "get", 1), Some(0));
        assert_eq!(search(&typed, "get", 0), None);
    }
}
