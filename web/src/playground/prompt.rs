//! The line at the prompt: what keys do to it, as in a terminal. Places are bytes of the line.

use rollout_view::{Choice, Completion, search, suggestion};

/// The prompt of the console.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Prompt {
    /// What stands there.
    pub line: String,
    /// Lines before it that are not finished: an open quote, a here-document.
    pub more: String,
    /// Where the caret goes with the next drawing; none: it stays.
    pub caret: Option<usize>,
    /// Counts what moved the caret, so that the same place twice is two moves.
    pub turn: u32,
    /// Ways to go on, while the list of them is open.
    pub list: Option<Completion>,
    /// The one that the arrows chose.
    pub chosen: Option<usize>,
    /// Ctrl-R is on.
    pub search: Option<Search>,
    /// Where in the history the arrows stand.
    recalled: Option<usize>,
    /// The line that was there before the arrows went into the history.
    kept: String,
    /// What Ctrl-W, Ctrl-U and Ctrl-K took last.
    killed: String,
}

/// A search backwards through what was typed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Search {
    /// What is looked for.
    pub query: String,
    /// The place of what was found.
    hit: Option<usize>,
    /// The line found; empty: none.
    pub found: String,
}

/// A key at the prompt.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PromptKey {
    pub key: String,
    pub ctrl: bool,
    pub alt: bool,
    pub shift: bool,
    /// The caret.
    pub caret: usize,
}

/// What a key asks of the page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Nothing more.
    None,
    /// Run this line.
    Run(String),
    /// Look for completions at this place.
    Complete(usize),
    /// `clear`.
    Clear,
    /// Ctrl-C.
    Interrupt,
}

/// Is the key ours at the prompt? Then the browser is not asked. `selected`: some of the line is selected.
pub fn takes(key: &PromptKey, prompt: &Prompt, busy: bool, selected: bool) -> bool {
    if key.ctrl {
        return match key.key.as_str() {
            "c" => busy || !selected,
            "g" => prompt.search.is_some(),
            "a" | "e" | "u" | "k" | "w" | "y" | "l" | "r" | "p" | "n" | "d" => true,
            _ => false,
        };
    }
    match key.key.as_str() {
        "Enter" | "ArrowUp" | "ArrowDown" => true,
        // An empty line lets Tab go on to the next control: no trap.
        "Tab" => !key.shift && (!prompt.line.trim().is_empty() || prompt.search.is_some()),
        "Escape" => prompt.list.is_some() || prompt.search.is_some(),
        "ArrowRight" | "End" => prompt.search.is_some() || key.caret == prompt.line.len(),
        _ => false,
    }
}

impl Prompt {
    /// Something was typed or pasted into the line.
    pub fn input(&mut self, text: String, typed: &[String]) {
        self.close_list();
        self.caret = None;
        if let Some(s) = &mut self.search {
            s.query = text;
            s.hit = search(typed, &s.query, typed.len());
            s.found = s
                .hit
                .and_then(|k| typed.get(k))
                .cloned()
                .unwrap_or_default();
            return;
        }
        self.recalled = None;
        self.line = text;
    }

    /// Another line, with the caret at its end.
    pub fn put(&mut self, line: impl Into<String>) {
        self.line = line.into();
        self.caret = Some(self.line.len());
        self.turn += 1;
        self.close_list();
        self.search = None;
    }

    /// An empty prompt.
    pub fn clear(&mut self) {
        let killed = std::mem::take(&mut self.killed);
        *self = Prompt {
            killed,
            turn: self.turn + 1,
            ..Prompt::default()
        };
    }

    fn close_list(&mut self) {
        self.list = None;
        self.chosen = None;
    }

    /// The list of completions is there.
    pub fn offer(&mut self, found: Completion) {
        match found.choices.as_slice() {
            [] => self.close_list(),
            [only] => self.take(&found, &only.clone()),
            _ => {
                if found.common.len() > found.end - found.start {
                    let (line, caret) = found.apply_common(&self.line);
                    let end = found.start + found.common.len();
                    self.line = line;
                    self.caret = Some(caret);
                    self.turn += 1;
                    self.list = Some(Completion { end, ..found });
                } else {
                    self.list = Some(found);
                }
                self.chosen = None;
            }
        }
    }

    fn take(&mut self, found: &Completion, choice: &Choice) {
        let (line, caret) = found.apply(&self.line, choice);
        self.line = line;
        self.caret = Some(caret);
        self.turn += 1;
        self.close_list();
    }

    /// Takes a completion of the open list.
    pub fn choose(&mut self, index: usize) {
        if let Some(found) = self.list.take()
            && let Some(choice) = found.choices.get(index).cloned()
        {
            self.take(&found, &choice);
        }
        self.chosen = None;
    }

    /// What the history would add to the line, shown greyed.
    pub fn rest<'a>(&self, typed: &'a [String]) -> Option<&'a str> {
        if self.list.is_some() || self.search.is_some() || self.recalled.is_some() {
            return None;
        }
        suggestion(typed, &self.line).filter(|rest| !rest.contains('\n'))
    }

    /// A key that [`takes`] has taken.
    pub fn key(&mut self, key: &PromptKey, typed: &[String]) -> Effect {
        let caret = floor(&self.line, key.caret);
        self.turn += 1;
        if self.search.is_some() {
            return self.key_in_search(key, typed);
        }
        if key.ctrl {
            return self.control(&key.key, caret, typed);
        }
        match key.key.as_str() {
            "Enter" => match self.chosen {
                Some(k) => self.choose(k),
                None => {
                    let line = format!("{}{}", self.more, self.line);
                    self.clear();
                    return Effect::Run(line);
                }
            },
            "Tab" => match (&self.list, self.chosen) {
                (None, _) => return Effect::Complete(caret),
                (Some(_), None) => self.chosen = Some(0),
                (Some(_), Some(k)) => self.choose(k),
            },
            "ArrowDown" | "ArrowUp" => {
                let up = key.key == "ArrowUp";
                match &self.list {
                    Some(list) => {
                        let n = list.choices.len();
                        self.chosen = Some(match (self.chosen, up) {
                            (None, false) => 0,
                            (None, true) => n - 1,
                            (Some(k), false) => (k + 1) % n,
                            (Some(k), true) => (k + n - 1) % n,
                        });
                    }
                    None => self.recall(up, typed),
                }
            }
            "ArrowRight" | "End" => {
                if let Some(rest) = self.rest(typed) {
                    self.line.push_str(rest);
                }
                self.caret = Some(self.line.len());
            }
            "Escape" => self.close_list(),
            _ => {}
        }
        Effect::None
    }

    fn control(&mut self, key: &str, caret: usize, typed: &[String]) -> Effect {
        match key {
            "a" => self.caret = Some(0),
            "e" => self.caret = Some(self.line.len()),
            "u" => self.kill(0, caret),
            "k" => self.kill(caret, self.line.len()),
            "w" => {
                let head = &self.line[..caret];
                let word = head.trim_end();
                let from = word.rfind(char::is_whitespace).map_or(0, |i| i + 1);
                self.kill(floor(&self.line, from), caret);
            }
            "y" => {
                let killed = self.killed.clone();
                self.line.insert_str(caret, &killed);
                self.caret = Some(caret + killed.len());
            }
            "d" => {
                if let Some(next) = self.line[caret..].chars().next() {
                    self.line.replace_range(caret..caret + next.len_utf8(), "");
                    self.caret = Some(caret);
                }
            }
            "p" => self.recall(true, typed),
            "n" => self.recall(false, typed),
            "r" => {
                self.close_list();
                self.search = Some(Search::default());
                self.caret = Some(0);
            }
            "l" => return Effect::Clear,
            "c" => {
                self.clear();
                return Effect::Interrupt;
            }
            _ => {}
        }
        if !matches!(key, "a" | "e") {
            self.close_list();
        }
        Effect::None
    }

    fn kill(&mut self, from: usize, to: usize) {
        if from < to {
            self.killed = self.line[from..to].to_owned();
            self.line.replace_range(from..to, "");
        }
        self.caret = Some(from);
    }

    fn recall(&mut self, up: bool, typed: &[String]) {
        if typed.is_empty() {
            return;
        }
        if self.recalled.is_none() {
            self.kept = self.line.clone();
        }
        let at = self.recalled.unwrap_or(typed.len());
        let to = if up { at.saturating_sub(1) } else { at + 1 };
        match typed.get(to) {
            Some(line) => {
                self.line = line.clone();
                self.recalled = Some(to);
            }
            None => {
                self.line = std::mem::take(&mut self.kept);
                self.recalled = None;
            }
        }
        self.caret = Some(self.line.len());
    }

    fn key_in_search(&mut self, key: &PromptKey, typed: &[String]) -> Effect {
        let Some(s) = &mut self.search else {
            return Effect::None;
        };
        match (key.ctrl, key.key.as_str()) {
            (true, "r") => {
                let before = s.hit.unwrap_or(typed.len());
                if let Some(k) = search(typed, &s.query, before) {
                    s.hit = Some(k);
                    s.found = typed[k].clone();
                }
            }
            (true, "g" | "c") | (false, "Escape") => {
                self.search = None;
                self.caret = Some(self.line.len());
            }
            (false, "Enter") => {
                let found = std::mem::take(&mut s.found);
                if found.is_empty() {
                    self.search = None;
                } else {
                    self.clear();
                    return Effect::Run(found);
                }
            }
            (true, "l") => return Effect::Clear,
            _ => {
                let found = std::mem::take(&mut s.found);
                if found.is_empty() {
                    self.search = None;
                } else {
                    self.put(found);
                }
            }
        }
        Effect::None
    }
}

/// The nearest boundary of a character at or before a place.
fn floor(text: &str, place: usize) -> usize {
    let mut place = place.min(text.len());
    while !text.is_char_boundary(place) {
        place -= 1;
    }
    place
}

/// A place in UTF-16 units, as the browser counts, in bytes.
pub fn bytes_of(text: &str, units: u32) -> usize {
    let mut left = units as usize;
    for (at, c) in text.char_indices() {
        if left == 0 {
            return at;
        }
        left = left.saturating_sub(c.len_utf16());
    }
    text.len()
}

/// A place in bytes in UTF-16 units.
pub fn units_of(text: &str, bytes: usize) -> u32 {
    text[..floor(text, bytes)].encode_utf16().count() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed() -> Vec<String> {
        ["kubectl get pods", "kubectl get rs", "echo ü"]
            .map(str::to_owned)
            .to_vec()
    }

    fn at(prompt: &Prompt) -> usize {
        prompt.caret.unwrap_or(prompt.line.len())
    }

    /// Presses keys: `C-w`, `ArrowUp`, `x`.
    fn press(prompt: &mut Prompt, keys: &[&str]) -> Vec<Effect> {
        let mut effects = Vec::new();
        for k in keys {
            let (ctrl, key) = match k.strip_prefix("C-") {
                Some(key) => (true, key),
                None => (false, *k),
            };
            let key = PromptKey {
                key: key.to_owned(),
                ctrl,
                alt: false,
                shift: false,
                caret: at(prompt),
            };
            assert!(takes(&key, prompt, false, false), "{k} is not taken");
            effects.push(prompt.key(&key, &typed()));
        }
        effects
    }

    #[test]
    fn the_keys_of_a_terminal_change_the_line() {
        let cases: &[(&str, &[&str], &str, usize)] = &[
            ("a b c", &["C-w"], "a b ", 4),
            ("a b  ", &["C-w"], "a ", 2),
            ("ab", &["C-w", "C-w"], "", 0),
            ("a b", &["C-a"], "a b", 0),
            ("a b", &["C-a", "C-e"], "a b", 3),
            ("a b", &["C-a", "C-k"], "", 0),
            ("a b", &["C-u"], "", 0),
            ("a b", &["C-u", "C-y", "C-y"], "a ba b", 6),
            ("äb", &["C-a", "C-d"], "b", 0),
            ("x", &["ArrowUp"], "echo ü", 7),
            (
                "x",
                &["ArrowUp", "ArrowUp", "ArrowUp", "ArrowUp"],
                "kubectl get pods",
                16,
            ),
            ("x", &["ArrowUp", "ArrowDown"], "x", 1),
            ("x", &["C-p", "C-p", "C-n"], "echo ü", 7),
            ("kubectl g", &["ArrowRight"], "kubectl get rs", 14),
        ];
        for (line, keys, wanted, caret) in cases {
            let mut prompt = Prompt::default();
            prompt.input((*line).to_owned(), &typed());
            press(&mut prompt, keys);
            assert_eq!(
                (prompt.line.as_str(), at(&prompt)),
                (*wanted, *caret),
                "{line} {keys:?}"
            );
        }
    }

    #[test]
    fn searching_backwards_finds_runs_and_gives_up() {
        let mut prompt = Prompt::default();
        prompt.put("draft");
        press(&mut prompt, &["C-r"]);
        prompt.input("get".to_owned(), &typed());
        assert_eq!(prompt.search.as_ref().unwrap().found, "kubectl get rs");
        press(&mut prompt, &["C-r"]);
        assert_eq!(prompt.search.as_ref().unwrap().found, "kubectl get pods");
        press(&mut prompt, &["C-r"]);
        assert_eq!(prompt.search.as_ref().unwrap().found, "kubectl get pods");
        let effects = press(&mut prompt.clone(), &["Enter"]);
        assert_eq!(effects, [Effect::Run("kubectl get pods".to_owned())]);
        let mut taken = prompt.clone();
        press(&mut taken, &["ArrowRight"]);
        assert_eq!(
            (taken.line.as_str(), taken.search),
            ("kubectl get pods", None)
        );
        press(&mut prompt, &["Escape"]);
        assert_eq!((prompt.line.as_str(), prompt.search), ("draft", None));
    }

    #[test]
    fn completions_are_chosen_with_arrows_tab_enter_and_closed_with_escape() {
        let found = |line: &str| Completion {
            start: 8,
            end: line.len(),
            choices: vec![Choice::new("get", ""), Choice::new("graph", "")],
            common: "g".to_owned(),
        };
        let mut prompt = Prompt::default();
        prompt.put("kubectl g");
        assert_eq!(press(&mut prompt, &["Tab"]), [Effect::Complete(9)]);
        prompt.offer(found(&prompt.line.clone()));
        assert!(prompt.list.is_some());
        let mut tabbed = prompt.clone();
        press(&mut tabbed, &["Tab", "Tab"]);
        assert_eq!(tabbed.line, "kubectl get ");
        let mut entered = prompt.clone();
        assert_eq!(press(&mut entered, &["ArrowUp", "Enter"])[1], Effect::None);
        assert_eq!(entered.line, "kubectl graph ");
        press(&mut prompt, &["ArrowDown", "Escape"]);
        assert_eq!((prompt.line.as_str(), &prompt.list), ("kubectl g", &None));
        // What all share comes at once; the list stays open behind it.
        prompt.put("kubectl ");
        prompt.offer(Completion {
            end: 8,
            ..found("")
        });
        assert_eq!((prompt.line.as_str(), at(&prompt)), ("kubectl g", 9));
        prompt.choose(0);
        assert_eq!(prompt.line, "kubectl get ");
    }

    #[test]
    fn an_empty_line_is_no_trap_for_tab() {
        let key = PromptKey {
            key: "Tab".to_owned(),
            ctrl: false,
            alt: false,
            shift: false,
            caret: 0,
        };
        assert!(!takes(&key, &Prompt::default(), false, false));
    }

    #[test]
    fn places_are_counted_as_the_browser_does() {
        let text = "ä😀b";
        for (bytes, units) in [(0, 0), (2, 1), (6, 3), (7, 4)] {
            assert_eq!(units_of(text, bytes), units);
            assert_eq!(bytes_of(text, units), bytes);
        }
    }
}
