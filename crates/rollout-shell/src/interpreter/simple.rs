//! One command: its words, its variables, what it is.

use super::*;
use crate::builtins::Did;
use rollout_kubectl::Outcome;

impl Shell {
    // ---------------------------------------------------------------- simple commands

    pub(super) fn unaliased(&self, mut args: Vec<String>) -> Vec<String> {
        for _ in 0..8 {
            let Some(alias) = args.first().and_then(|a| self.env.aliases.get(a)) else {
                break;
            };
            let mut words = crate::words::split(alias)
                .map(|w| w.args)
                .unwrap_or_default();
            let same = words.first() == args.first();
            words.extend(args.drain(1..));
            args = words;
            if same {
                break;
            }
        }
        args
    }

    pub(super) fn simple(&mut self, simple: &Simple, scope: &mut Scope<'_, '_>) -> bool {
        let mut subs = self.take_subs(simple.subs).into_iter();
        let had_subs = simple.subs > 0;
        let mut values = Vec::new();
        for (name, word, append) in &simple.assigns {
            let mut value = expand::text(self, word, &mut subs, scope);
            if *append {
                value.insert_str(0, self.env.get(name).unwrap_or(""));
            }
            if value.len() > MOST_TEXT / 8 {
                self.print_error(&format!("bash: {name}: too long\n"));
                self.env.status = 1;
                return true;
            }
            values.push((name, value));
        }
        let mut args = Vec::new();
        let test = simple.name() == Some("[[");
        for word in &simple.words {
            if test {
                args.push(expand::text(self, word, &mut subs, scope));
            } else {
                expand::fields(self, word, &mut subs, scope, &mut args);
            }
        }
        if args.iter().map(String::len).sum::<usize>() > MOST_TEXT / 8 {
            self.print_error("bash: Argument list too long\n");
            self.env.status = 126;
            return true;
        }
        let redirected = !simple.redirects.is_empty();
        let level = self.frames.len() + 1;
        if redirected && !self.open_redirect(&simple.redirects, subs.collect(), scope) {
            self.env.status = 1;
            return true;
        }
        if args.is_empty() {
            for (name, value) in values {
                self.env.set(name, value);
            }
            if !had_subs {
                self.env.status = 0;
            }
            if redirected {
                self.close_redirect();
            }
            return true;
        }
        // `A=1 command`: for this command alone.
        let kept = (!values.is_empty()).then(|| self.env.variables.clone());
        for (name, value) in values {
            self.env.set(name, value);
            self.env.export(name);
        }
        let args = self.unaliased(args);
        let depth = self.calls.len();
        let did = builtins::run(self, &args, scope);
        let editing = matches!(did, Did::Kubectl);
        if let Some(kept) = kept.clone().filter(|_| !editing) {
            self.env.variables = kept;
        }
        let alive = match did {
            Did::Ended(status) => {
                self.env.status = status;
                true
            }
            Did::Called(alive) => alive,
            Did::Sleep(until) => {
                self.env.status = 0;
                self.waiting = Some(Waiting::Until(until));
                true
            }
            Did::Says(at, late) if at <= scope.at => {
                self.say_late(&late);
                true
            }
            Did::Says(at, late) => {
                self.waiting = Some(Waiting::Saying(at, late));
                true
            }
            Did::Kubectl => {
                self.kubectl(&args[1..], scope);
                if let Some(kept) = kept {
                    self.env.variables = kept;
                }
                true
            }
        };
        if redirected {
            self.close_later(depth, level);
        }
        alive
    }

    /// The redirections of a command end with it: now, or when what it waits for or calls is done.
    pub(super) fn close_later(&mut self, depth: usize, level: usize) {
        if self.frames.len() < level {
            return; // what it wrote to has ended it
        }
        if self.waiting.is_none() && self.calls.len() <= depth {
            return self.close_redirect();
        }
        // One instruction more, in a call of its own below what was called.
        let close = Call {
            loops: self.loops.len(),
            ..Call::new([Instr::CloseRedirect].into(), self.args().to_vec())
        };
        let place = depth.min(self.calls.len());
        self.calls.insert(place, close);
    }

    pub(super) fn kubectl(&mut self, args: &[String], scope: &mut Scope<'_, '_>) {
        let io = Io {
            stdin: self.input().unwrap_or_default(),
            files: self.files(),
            namespace: self.env.namespace.clone(),
            version: self.version,
            ..Io::default()
        };
        self.started += 1;
        let before = scope.client.world().store.resource_version();
        let mut outcome = rollout_kubectl::run(args, &io, scope.client);
        if let Outcome::Editing(..) = outcome {
            outcome = self.edit(outcome, &io, scope);
        }
        if scope.client.world().store.resource_version() != before {
            self.wrote = Some(scope.at);
        }
        match outcome {
            Outcome::Done(out) | Outcome::Editing(out, _) => {
                if out.exit == 0 {
                    builtins::remember_context(&mut self.env, args);
                }
                self.env.status = out.exit;
                self.print(&out.stdout);
                self.print_error(&out.stderr);
            }
            Outcome::Following(out, mut follow) => {
                self.env.status = out.exit;
                follow.begin_at(scope.client.world().store.resource_version());
                let frames = self.frames.len();
                self.waiting = Some(Waiting::Kubectl(follow, Box::new(io)));
                self.print(&out.stdout);
                self.print_error(&out.stderr);
                debug_assert!(self.frames.len() <= frames);
                if let Some(Waiting::Kubectl(follow, io)) = self.waiting.take() {
                    self.feed(follow, io, &[], scope);
                }
            }
        }
    }

    /// `kubectl edit`: the text comes from the command in KUBE_EDITOR, or is asked for.
    pub(super) fn edit(&mut self, outcome: Outcome, io: &Io, scope: &mut Scope<'_, '_>) -> Outcome {
        let Outcome::Editing(mut out, editing) = outcome else {
            return outcome;
        };
        let command = self.env.get("KUBE_EDITOR").or(self.env.get("EDITOR"));
        let text = command.and_then(|c| builtins::edited(c, editing.buffer()));
        let Some(text) = text else {
            out.stderr.push_str(
                "error: there is no editor here: kubectl patch and kubectl apply change an object too\n",
            );
            out.exit = 1;
            self.said.edit = Some(editing);
            return Outcome::Done(out);
        };
        match editing.save(Some(&text), io, scope.client) {
            Outcome::Editing(out, again) => match again.save(None, io, scope.client) {
                Outcome::Done(mut end) => {
                    end.stdout.insert_str(0, &out.stdout);
                    end.stderr.insert_str(0, &out.stderr);
                    Outcome::Done(end)
                }
                other => other,
            },
            other => other,
        }
    }
}
