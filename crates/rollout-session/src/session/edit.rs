//! `kubectl edit`: the line opens the page's editor; what was saved there is one action of the log.

use super::*;
use crate::console::Before;
use crate::console::{self, Exec};
use rollout_engine::Client;
use rollout_kubectl::{Io, Outcome};
use rollout_shell::Text;

/// Most times that an editor opens again for one command.
const MOST_ROUNDS: usize = 50;

/// A text in the editor.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Opened {
    /// The line that opened it.
    pub line: String,
    /// What the editor showed first: what changes are counted from.
    pub original: String,
    /// What was saved and refused until now.
    pub saved: Vec<String>,
    /// What the editor shows now.
    pub text: String,
}

/// The editor was closed.
pub enum Closed {
    /// The server refused: the editor opens again, with kubectl's comment on top.
    Again(Opened),
    /// Done or given up; it is recorded.
    Done(Ran),
}

impl Session {
    /// Does this line open the editor? Nothing is recorded and nothing changes before the editor is closed.
    pub fn open_editor(&self, line: &str) -> Option<Opened> {
        if !line.contains("edit") {
            return None;
        }
        let (mut engine, env) = (self.engine_here(), self.env());
        let before = self.before(&env, "");
        let (exec, _) = engine.act("kubectl", |client| console::execute(line, &before, client));
        let text = exec.edit?.buffer().to_owned();
        Some(Opened {
            line: line.to_owned(),
            original: text.clone(),
            saved: Vec::new(),
            text,
        })
    }

    /// The editor is closed with a text; `None` is closed without saving. The command runs at the cursor, so the cluster may
    /// have gone on since it opened.
    pub fn close_editor(&mut self, mut opened: Opened, text: Option<&str>) -> Closed {
        opened.saved.push(text.unwrap_or(&opened.text).to_owned());
        let (mut engine, env) = (self.engine_here(), self.env());
        let before = self.before(&env, "");
        let (exec, _) = engine.act("kubectl", |client| {
            execute(
                &opened.line,
                &opened.original,
                &opened.saved,
                &before,
                client,
            )
        });
        if let Some(again) = exec
            .edit
            .as_ref()
            .filter(|_| opened.saved.len() < MOST_ROUNDS)
        {
            opened.text = again.buffer().to_owned();
            return Closed::Again(opened);
        }
        Closed::Done(self.edit(opened))
    }

    /// The whole of an edit, as it stands in the log.
    pub(super) fn edit(&mut self, opened: Opened) -> Ran {
        let line = opened.line.clone();
        self.record_files(&line);
        self.act(
            Action::Edit {
                line: opened.line,
                original: opened.original,
                saved: opened.saved,
            },
            &line,
        )
    }
}

/// Opens the editor again and saves what was saved, one text after the other.
pub(super) fn execute(
    line: &str,
    original: &str,
    saved: &[String],
    before: &Before<'_>,
    client: &mut Client<'_>,
) -> Exec {
    let mut exec = console::execute(line, before, client);
    let Some(opened) = exec.edit.take() else {
        return exec;
    };
    let Some(mut editing) = opened.opened_with(original, before.version) else {
        exec.exit = 1;
        let why = "error: the object that was edited is not there any more\n";
        exec.text.push(Text::Err(why.to_owned()));
        return exec;
    };
    // That there is an editor is no error any more.
    exec.text.clear();
    exec.exit = 0;
    let io = Io {
        files: before.env.files(before.files),
        version: before.version,
        ..Io::default()
    };
    for text in saved {
        match editing.save(Some(text), &io, client) {
            Outcome::Done(out) => {
                exec.text.push(Text::Out(out.stdout));
                exec.text.push(Text::Err(out.stderr));
                exec.exit = out.exit;
                exec.env = exec.env.with_status(out.exit);
                return exec;
            }
            Outcome::Editing(out, again) => {
                exec.text.push(Text::Out(out.stdout));
                exec.text.push(Text::Err(out.stderr));
                editing = *again;
            }
            Outcome::Following(..) => return exec,
        }
    }
    exec.edit = Some(Box::new(editing));
    exec
}
