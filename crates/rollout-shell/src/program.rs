//! What a line becomes: words with their parts, and instructions. Jumps are relative, so that pieces can be moved.

use std::rc::Rc;

/// A word as it is written: parts that become text when the command runs.
pub(crate) type Word = Vec<Piece>;

/// Part of a word.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Piece {
    /// Text; quoted text is never split and never a pattern.
    Text(String, bool),
    /// `$NAME`, `${NAME…}`.
    Var {
        name: String,
        how: How,
        quoted: bool,
    },
    /// `$(…)`: the next captured output.
    Sub(bool),
    /// `$((…))`.
    Sum(Word),
}

/// What `${…}` does to a variable.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum How {
    Plain,
    /// `${#x}`.
    Length,
    /// `${x:-word}`, `${x-word}`; true: an empty value counts as none.
    Default(Word, bool),
    /// `${x:=word}`.
    Assign(Word, bool),
    /// `${x:+word}`.
    Other(Word, bool),
    /// `${x:?word}`.
    Needed(Word, bool),
    /// `${x#p}`, `${x##p}`, `${x%p}`, `${x%%p}`: from the front, the longest.
    Cut(Word, bool, bool),
    /// `${x/p/r}`, `${x//p/r}`.
    Replace(Word, Word, bool),
    /// `${x:2:3}`.
    Slice(Word, Option<Word>),
}

/// What a redirection does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum To {
    /// `>`
    File,
    /// `>>`
    Append,
    /// `&>`: both.
    Both,
    /// `>&1`, `2>&1`
    Same,
    /// `<`
    Read,
    /// `<<EOF`, `<<<`
    Here,
}

#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Redirect {
    pub fd: u8,
    pub to: To,
    pub word: Word,
}

/// A command without compounds.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Simple {
    /// Name, value, `+=`.
    pub assigns: Vec<(String, Word, bool)>,
    pub words: Vec<Word>,
    pub redirects: Vec<Redirect>,
    /// How many captured outputs its words take.
    pub subs: usize,
}

impl Simple {
    /// The first word, if it is plain text.
    pub fn name(&self) -> Option<&str> {
        match self.words.first()?.as_slice() {
            [Piece::Text(t, false)] => Some(t),
            _ => None,
        }
    }
}

/// One instruction. Jumps count from the instruction behind this one.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Instr {
    Run(Rc<Simple>),
    /// What is printed from here on is kept for `$(…)`; ends with `CloseCapture`.
    OpenCapture,
    CloseCapture,
    /// What is printed from here on goes through these commands; the second is the way to `CloseFilters`.
    OpenFilters(Rc<[Simple]>, usize),
    CloseFilters,
    /// What is printed from here on becomes the input of the next command.
    OpenCollect,
    CloseCollect,
    /// The end of a command that had collected input.
    PopInput,
    /// Redirections of a compound command.
    OpenRedirect(Rc<Simple>),
    CloseRedirect,
    /// Variables that are set from here on are forgotten at `CloseSub`.
    OpenSub,
    CloseSub,
    /// A loop: the way to its end. `Some`: the words of a `for` and its variable.
    Loop(usize, Option<Rc<(String, Simple)>>),
    /// The head of a loop's turn: the next word, or the end.
    Turn,
    /// Back to the loop's head, with the condition's way to it.
    Again(usize),
    /// Status of the condition ends the loop (`while`: unless ok; `until`: if ok).
    LeaveIf(bool),
    Jump(usize),
    /// Jumps if the status is ok (or is not).
    JumpIf(bool, usize),
    Not,
    /// `((…))`.
    Sum(Rc<Simple>),
    /// `case WORD in`: keeps the word.
    Case(Rc<Simple>),
    /// Jumps if no pattern fits.
    Unless(Rc<Simple>, usize),
    EndCase,
    /// `name() { … }`.
    Define(Rc<(String, Program)>),
    /// Ok.
    Status(i32),
}

/// A parsed line.
pub(crate) type Program = Rc<[Instr]>;
