//! Where output goes: files, pipes, `$(…)`, the screen; and where input comes from.

use super::*;
use crate::env::file_name;
use crate::program::{Redirect, To};

impl Shell {
    // ---------------------------------------------------------------- output

    pub(crate) fn print(&mut self, text: &str) {
        self.put(self.frames.len(), false, text);
        self.after_print();
    }
    pub(crate) fn print_error(&mut self, text: &str) {
        self.put(self.frames.len(), true, text);
        self.after_print();
    }

    /// A filter that has enough (`head`) ends what writes to it.
    pub(super) fn after_print(&mut self) {
        let full = self.frames.iter().enumerate().find_map(|(i, f)| match f {
            Frame::Filters { chain, end, mark } if chain.iter().any(Filter::is_full) => {
                Some((i, *end, *mark))
            }
            _ => None,
        });
        if let Some((frame, end, mark)) = full {
            self.waiting = None;
            let mark = Mark {
                frames: frame + 1,
                ..mark
            };
            self.unwind(mark);
            *self.pc() = end;
        }
    }

    pub(super) fn put(&mut self, level: usize, err: bool, text: &str) {
        if text.is_empty() {
            return;
        }
        self.printed += text.len();
        let Some(below) = level.checked_sub(1) else {
            match (self.said.text.last_mut(), err) {
                (Some(Text::Out(t)), false) | (Some(Text::Err(t)), true) => t.push_str(text),
                (_, false) => self.said.text.push(Text::Out(text.to_owned())),
                (_, true) => self.said.text.push(Text::Err(text.to_owned())),
            }
            return;
        };
        match &mut self.frames[below] {
            Frame::Capture(kept) | Frame::Collect(kept) if !err => kept.push_str(text),
            Frame::Filters { chain, .. } if !err => {
                let mut text = text.to_owned();
                let mut files = Vec::new();
                for filter in chain {
                    text = filter.feed(&text, &mut files);
                }
                for (name, text) in files {
                    self.append(&name, &text);
                }
                self.put(below, false, &text);
            }
            Frame::Redirect { out, err: to, .. } => {
                let dest = if err { to } else { out };
                match dest.clone() {
                    None => self.put(below, err, text),
                    Some(Dest::Null) => {}
                    Some(Dest::File(name)) => self.append(&name, text),
                    Some(Dest::Below(level, err)) => self.put(level, err, text),
                }
            }
            _ => self.put(below, err, text),
        }
    }

    pub(super) fn append(&mut self, name: &str, text: &str) {
        if !self.env.written.contains_key(name) {
            let kept = self.read_file(name).unwrap_or_default();
            self.env.written.insert(name.to_owned(), Some(kept));
        }
        let file = self.env.written.entry(name.to_owned()).or_default();
        file.get_or_insert_default().push_str(text);
    }

    // ---------------------------------------------------------------- redirections and pipes

    pub(super) fn open_redirect(
        &mut self,
        redirects: &[Redirect],
        subs: Vec<String>,
        scope: &mut Scope<'_, '_>,
    ) -> bool {
        let mut subs = subs.into_iter();
        let level = self.frames.len();
        let (mut out, mut err): (Option<Dest>, Option<Dest>) = (None, None);
        let mut input: Option<String> = None;
        for redirect in redirects {
            let word = expand::text(self, &redirect.word, &mut subs, scope);
            match redirect.to {
                To::Here => input = Some(word),
                To::Read => match self.read_file(&word) {
                    Some(text) => input = Some(text),
                    None => {
                        self.print_error(&format!("bash: {word}: No such file or directory\n"));
                        return false;
                    }
                },
                To::Same => {
                    let dest = match word.as_str() {
                        "1" => out.clone().unwrap_or(Dest::Below(level, false)),
                        "2" => err.clone().unwrap_or(Dest::Below(level, true)),
                        "-" => Dest::Null,
                        _ => {
                            self.print_error(&format!("bash: {word}: Bad file descriptor\n"));
                            return false;
                        }
                    };
                    if redirect.fd == 2 {
                        err = Some(dest);
                    } else {
                        out = Some(dest);
                    }
                }
                To::File | To::Append | To::Both => {
                    let dest = match word.as_str() {
                        "/dev/null" => Dest::Null,
                        "/dev/stdout" | "/dev/tty" => Dest::Below(level, false),
                        "/dev/stderr" => Dest::Below(level, true),
                        "" => {
                            self.print_error("bash: : No such file or directory\n");
                            return false;
                        }
                        name => {
                            let name = file_name(name).to_owned();
                            let kept = match redirect.to {
                                To::Append => self.read_file(&name).unwrap_or_default(),
                                _ => String::new(),
                            };
                            self.env.written.insert(name.clone(), Some(kept));
                            Dest::File(name)
                        }
                    };
                    if redirect.to == To::Both {
                        err = Some(dest.clone());
                        out = Some(dest);
                    } else if redirect.fd == 2 {
                        err = Some(dest);
                    } else {
                        out = Some(dest);
                    }
                }
            }
        }
        let has_input = input.is_some();
        if let Some(text) = input {
            self.inputs.push((text.into(), 0));
        }
        self.frames.push(Frame::Redirect {
            out,
            err,
            input: has_input,
        });
        true
    }

    pub(super) fn close_redirect(&mut self) {
        if let Some(Frame::Redirect { input: true, .. }) = self.frames.pop() {
            self.inputs.pop();
        }
    }

    pub(super) fn open_filters(
        &mut self,
        simples: &[Simple],
        length: usize,
        scope: &mut Scope<'_, '_>,
    ) {
        let mut subs = self.take_subs(simples.iter().map(|s| s.subs).sum());
        let mut chain = Vec::new();
        for simple in simples {
            let rest = subs.split_off(simple.subs.min(subs.len()));
            let args = self.expand(&simple.words, subs, scope);
            subs = rest;
            let args = self.unaliased(args);
            let files = self.files();
            match Filter::make(&args, &files, true) {
                Ok(filter) => {
                    self.begin_files(&filter);
                    chain.push(filter);
                }
                Err((why, status)) => {
                    let quiet = simple.redirects.iter().any(|r| r.fd == 2);
                    if !quiet {
                        self.print_error(&why);
                    }
                    chain.push(Filter::broken(status));
                }
            }
        }
        let end = *self.pc() + length;
        let mark = self.mark();
        self.frames.push(Frame::Filters { chain, end, mark });
        self.after_print();
    }

    /// `tee` begins its files anew.
    pub(crate) fn begin_files(&mut self, filter: &Filter) {
        for name in filter.fresh_files() {
            self.env
                .written
                .insert(name.to_owned(), Some(String::new()));
        }
    }

    /// A text tool that is no part of a pipe, or its first: it reads files, or the input.
    pub(crate) fn filter(&mut self, args: &[String]) -> i32 {
        let files = self.files();
        let piped = !self.inputs.is_empty();
        let mut filter = match Filter::make(args, &files, piped) {
            Ok(filter) => filter,
            Err((why, status)) => {
                self.print_error(&why);
                return status;
            }
        };
        self.begin_files(&filter);
        let mut written = Vec::new();
        let mut text = String::new();
        if filter.files.is_empty() {
            let input = self.input().unwrap_or_default();
            text = filter.feed(&input, &mut written);
        }
        text.push_str(&filter.finish());
        for (name, text) in written {
            self.append(&name, &text);
        }
        self.print(&text);
        if let Some((why, _)) = filter.complaint() {
            self.print_error(&why);
        }
        filter.status()
    }

    pub(super) fn close_filters(&mut self) {
        let Some(Frame::Filters { mut chain, .. }) = self.frames.pop() else {
            return;
        };
        let mut text = String::new();
        let mut files = Vec::new();
        for filter in &mut chain {
            text = filter.feed(&text, &mut files);
            text.push_str(&filter.finish());
        }
        for (name, text) in files {
            self.append(&name, &text);
        }
        for (complaint, _) in chain.iter().filter_map(Filter::complaint) {
            self.print_error(&complaint);
        }
        self.print(&text);
        self.env.status = chain.last().map_or(0, Filter::status);
    }

    // ---------------------------------------------------------------- files and input

    pub(crate) fn files(&self) -> Files {
        self.env.files(&self.page)
    }
    pub(crate) fn read_file(&self, name: &str) -> Option<String> {
        let name = file_name(name);
        if name == "/dev/null" {
            return Some(String::new());
        }
        match self.env.written.get(name) {
            Some(text) => text.clone(),
            None => self.page.get(name).cloned(),
        }
    }
    /// Everything of the input that is left; none: the terminal, where nobody types.
    pub(crate) fn input(&mut self) -> Option<String> {
        let (text, read) = self.inputs.last_mut()?;
        let rest = text.get(*read..).unwrap_or("").to_owned();
        *read = text.len();
        Some(rest)
    }
    /// The next line of the input.
    pub(crate) fn input_line(&mut self) -> Option<String> {
        let (text, read) = self.inputs.last_mut()?;
        let rest = text.get(*read..).filter(|r| !r.is_empty())?;
        let end = rest.find('\n').map_or(rest.len(), |i| i + 1);
        *read += end;
        Some(rest[..end].trim_end_matches('\n').to_owned())
    }
}
