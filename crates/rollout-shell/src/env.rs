//! What a shell remembers from line to line: variables, aliases, functions, files that lines wrote.

use crate::program::Program;
use rollout_api::SortedMap;
use std::rc::Rc;

/// Files by name.
pub type Files = SortedMap<String, String>;

/// A variable.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Variable {
    pub value: String,
    pub exported: bool,
}

/// The memory of a shell. A line begins with what the line before it left.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Env {
    pub(crate) variables: Rc<SortedMap<String, Variable>>,
    pub(crate) aliases: SortedMap<String, String>,
    pub(crate) functions: SortedMap<String, Program>,
    /// Files that lines wrote; none: removed.
    pub(crate) written: SortedMap<String, Option<String>>,
    /// `$?`.
    pub(crate) status: i32,
    /// Namespace of kubectl's context.
    pub(crate) namespace: String,
    /// Requests that curl has sent: which endpoint is next.
    pub(crate) requests: u64,
}

/// Variables that are set without being set.
const GIVEN: &[(&str, &str)] = &[
    ("HOME", "/home/user"),
    ("HOSTNAME", "playground"),
    ("PATH", "/usr/local/bin:/usr/bin:/bin"),
    ("PWD", "/home/user"),
    ("SHELL", "/bin/bash"),
    ("USER", "user"),
];

impl Env {
    /// A variable's value.
    pub fn get(&self, name: &str) -> Option<&str> {
        match self.variables.get(name) {
            Some(v) => Some(&v.value),
            None => GIVEN.iter().find(|(n, _)| *n == name).map(|(_, v)| *v),
        }
    }
    /// Names of variables, for completion.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let given = GIVEN.iter().map(|(n, _)| *n);
        given.chain(self.variables.keys().map(String::as_str))
    }
    pub(crate) fn set(&mut self, name: &str, value: String) {
        Rc::make_mut(&mut self.variables)
            .entry(name.to_owned())
            .or_default()
            .value = value;
    }
    pub(crate) fn export(&mut self, name: &str) {
        let value = self.get(name).unwrap_or("").to_owned();
        let variables = Rc::make_mut(&mut self.variables);
        let variable = variables.entry(name.to_owned()).or_insert(Variable {
            value,
            exported: true,
        });
        variable.exported = true;
    }
    /// What `env` prints.
    pub(crate) fn exported(&self) -> Vec<(String, String)> {
        let mut all: SortedMap<String, String> = GIVEN
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
            .collect();
        for (name, v) in self.variables.iter().filter(|(_, v)| v.exported) {
            all.insert(name.clone(), v.value.clone());
        }
        all.into_iter().collect()
    }
    /// The exit code of the last command.
    pub fn status(&self) -> i32 {
        self.status
    }
    /// The same after a line that ended with this code.
    pub fn with_status(&self, status: i32) -> Env {
        Env {
            status,
            ..self.clone()
        }
    }
    /// Would a later line see the same, but for `$?`?
    pub fn same_but_status(&self, other: &Env) -> bool {
        *self == other.with_status(self.status)
    }
    /// Files that lines wrote (none: removed), over those of the page.
    pub fn written(&self) -> &SortedMap<String, Option<String>> {
        &self.written
    }
    /// Forgets that a line wrote this file: the page holds it again.
    pub fn forget_file(&mut self, name: &str) {
        self.written.remove(name);
    }
    /// The files that a line can see: those of the page, changed as lines wrote them.
    pub fn files(&self, page: &Files) -> Files {
        let mut all = page.clone();
        for (name, text) in &self.written {
            match text {
                Some(text) => all.insert(name.clone(), text.clone()),
                None => all.remove(name),
            };
        }
        all
    }
}

/// A file's name without what does not matter.
pub(crate) fn file_name(name: &str) -> &str {
    let name = name.strip_prefix("/home/user/").unwrap_or(name);
    let name = name.strip_prefix("~/").unwrap_or(name);
    name.strip_prefix("./").unwrap_or(name)
}
