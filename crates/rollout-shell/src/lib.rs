//! LINE → COMMANDS → TEXT: a small shell around kubectl, that waits in simulated time.
//!
//! [`Shell::start`] reads a line; [`Shell::turn`] runs it as far as it goes at one moment. A command that waits keeps the
//! shell where it is: it is asked again with the cluster's changes and the clock. All of its state is a value: it can be
//! cloned, and the same turns give the same text.

mod builtins;
mod curl;
mod env;
mod expand;
mod interpreter;
mod minikube;
mod parse;
mod program;
mod sum;
mod tools;
pub mod words;

pub use env::{Env, Files};
pub use interpreter::{Extra, Said, Scope, Shell, Text};

use parse::Bad;

/// Longest line that is read.
pub const MAX_LINE: usize = 64 * 1024;

/// Does a typed text go on with the next line: an open quote, a here-document, `\` at its end, `do` without `done`?
pub fn needs_more(text: &str) -> bool {
    text.len() <= MAX_LINE && matches!(parse::parse(text), Err(Bad::More(_)))
}

/// Is this the name of a command that the shell itself has?
pub fn is_command(name: &str) -> bool {
    builtins::is_builtin(name) || tools::is_filter(name)
}
