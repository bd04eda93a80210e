//! What the console asks of the page: running lines, the editor of `kubectl edit`, pasted transcripts, names in the output.

use super::prompt::{Effect, PromptKey};
use super::{Notice, Playground};
use crate::interop::page;
use rollout_session::{Closed, Opened};
use rollout_view::expect::Tolerance;
use rollout_view::paste::{self, PastedResult};
use yew::AttrValue;

/// Lines that the console shows while it is small.
const CONSOLE_LINES: usize = 4;
/// Longest text and most commands that are pasted at once.
const MOST_PASTED: usize = 64 * 1024;
const MOST_COMMANDS: usize = 200;

/// A command is waited for so long, and for so many steps; then it still waits.
const LONGEST_WAIT_MS: u64 = 3_600_000;
const MOST_WAITED: usize = 20_000;

/// `kubectl edit` is open.
pub struct Editing {
    opened: Opened,
    /// The text as it stands in the editor now.
    pub draft: AttrValue,
}

impl Editing {
    /// The line that opened it.
    pub fn line(&self) -> &str {
        &self.opened.line
    }
    /// The server refused what was saved.
    pub fn again(&self) -> bool {
        !self.opened.saved.is_empty()
    }
}

/// A name that was clicked in the output.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Named {
    /// A pod, by uid.
    Pod(String),
    /// A ReplicaSet, by name.
    Set(String),
    /// A Deployment.
    Deployment(String, String),
}

impl Playground {
    /// A key at the prompt.
    pub fn prompt_key(&mut self, key: &PromptKey) {
        match self.prompt.key(key, &self.view.console.typed) {
            Effect::None => {}
            Effect::Run(line) => self.submit(&line),
            Effect::Complete(caret) => {
                let found = rollout_view::completion(&self.session, &self.prompt.line, caret);
                self.prompt.offer(found);
            }
            Effect::Clear => self.run("clear"),
            Effect::Interrupt => self.session.interrupt(),
        }
    }

    /// A line was typed and sent.
    pub fn submit(&mut self, line: &str) {
        if self.refuse_while_editing() {
            return;
        }
        if line.trim().is_empty() {
            self.wait();
            return;
        }
        if rollout_session::needs_more(line) {
            self.prompt.more = format!("{line}\n");
            return;
        }
        self.notice = None;
        self.skipped = None;
        if let Some(opened) = self.session.open_editor(line) {
            self.stop();
            self.editing = Some(Editing {
                draft: AttrValue::from(opened.text.clone()),
                opened,
            });
            page::focus("yaml");
            return;
        }
        let before = self.session.branch().transcript.lines().len();
        self.run(line);
        self.make_room(before);
    }

    /// Enter on an empty line: a command that waits is waited for; otherwise the cluster does what it does at once.
    fn wait(&mut self) {
        self.stop();
        self.jump = true;
        let end = self.session.at() + LONGEST_WAIT_MS;
        for _ in 0..MOST_WAITED {
            if self.session.waiting().next().is_none() {
                break;
            }
            match self.session.next_due() {
                Some(next) if next <= end => self.session.play_next(next),
                _ => break,
            }
        }
        self.session.settle();
    }

    /// A long answer gets room; a short one fits where it is.
    fn make_room(&mut self, before: usize) {
        let now = self.session.branch().transcript.lines().len();
        self.console_open |= now.saturating_sub(before) > CONSOLE_LINES;
    }

    fn refuse_while_editing(&mut self) -> bool {
        if let Some(editing) = &self.editing {
            let text = format!(
                "{} is open in the editor. Save or cancel there first.",
                editing.line()
            );
            self.notice = Some(Notice {
                error: false,
                text,
                confirm: None,
            });
        }
        self.editing.is_some()
    }

    /// The editor of `kubectl edit` is closed, with or without saving.
    pub fn close_editor(&mut self, save: bool) {
        let Some(Editing { opened, draft }) = self.editing.take() else {
            return;
        };
        self.untouched = false;
        self.jump = false;
        match self.session.close_editor(opened, save.then_some(&*draft)) {
            Closed::Again(opened) => {
                self.editing = Some(Editing {
                    draft: AttrValue::from(opened.text.clone()),
                    opened,
                });
                page::focus("yaml");
            }
            Closed::Done(ran) => {
                self.notice = None;
                if ran.exit.is_some_and(|code| code != 0) {
                    self.notice = Some(Notice {
                        error: true,
                        text: ran.stderr.trim_end().to_owned(),
                        confirm: None,
                    });
                }
                page::focus("terminal");
            }
        }
    }

    /// Several lines were pasted at the prompt: a transcript runs and is compared, other lines run one after the other.
    pub fn paste(&mut self, text: &str) {
        if self.refuse_while_editing() {
            return;
        }
        let commands = paste::paste_lines(text).len();
        if text.len() > MOST_PASTED || commands > MOST_COMMANDS {
            self.notice = Some(Notice {
                error: true,
                text: format!(
                    "The pasted text has {commands} lines to run and {} characters; the console takes {MOST_COMMANDS} lines and {MOST_PASTED} characters at once.",
                    text.len()
                ),
                confirm: None,
            });
            return;
        }
        self.stop();
        self.untouched = false;
        self.jump = false;
        self.prompt.clear();
        let before = self.session.branch().transcript.lines().len();
        let results = paste::paste(&mut self.session, text, Tolerance::LENIENT);
        self.make_room(before);
        self.pasted_results = if paste::is_transcript(text) {
            results
        } else {
            Vec::new()
        };
    }

    /// Shows another of the page's files; the one that was shown is kept.
    pub fn open_file(&mut self, name: &str) {
        self.keep_text();
        if let Some(text) = self.session.files().get(name).cloned() {
            self.text = AttrValue::from(text);
            self.applied = self.text.clone();
            self.pasted = false;
        }
    }

    /// The text of the editor is a file of the page, for `-f`.
    pub fn keep_text(&mut self) {
        if !self.text.trim().is_empty() {
            let file = rollout_session::file_name(&self.text);
            self.session.save(&file, &self.text);
        }
    }

    /// A name in the output was clicked: what it names is picked in the scene.
    pub fn pick_named(&mut self, named: Named) {
        match named {
            Named::Pod(uid) => {
                self.tab = "pod";
                self.picked = Some(AttrValue::from(uid));
            }
            Named::Set(name) => {
                self.picked = None;
                self.picked_set = Some(AttrValue::from(name));
            }
            Named::Deployment(namespace, name) => self.focus = Some((namespace, name)),
        }
    }
}

/// How many of the pasted commands printed something else than the transcript shows.
pub fn differing(results: &[PastedResult]) -> usize {
    results.iter().filter(|r| r.differs()).count()
}
