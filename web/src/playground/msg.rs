//! What panels ask of the page.

use super::heat::HeatMsg;
use super::instrument::TimeMsg;
use super::{Named, PromptKey};
use crate::panels::actions::Form;
use rollout_api::Minor;
use rollout_view::Quantity;

/// A message to the one component that owns the session.
#[derive(Clone, PartialEq, Debug)]
pub enum Msg {
    // Time
    Step,
    Back,
    PlayPause,
    ToStart,
    ToEnd,
    NextMark,
    PrevMark,
    SkipWaiting,
    SeekStep(usize),
    /// A place on the ruler, in thousandths of its width.
    SeekPermille(u32),
    Speed(usize),
    /// A frame while playing.
    Frame,
    /// The panels follow the scene.
    Settle,
    /// The pods that went have faded.
    Sweep,
    /// The page is left or hidden: what is there is kept.
    Keep,
    /// The session that was kept last.
    Continue,
    /// Another link was put into the address.
    HashChanged,
    /// The tab went to the background or came back.
    Visibility,
    /// The instrument of time: window, marks, loop, questions, branches.
    Time(TimeMsg),
    /// The sweep.
    Heat(HeatMsg),

    // Acting
    /// A line for the console; every control is one.
    Run(String),
    Apply,
    /// The text of the editor changed.
    Edit(String),
    PasteYours,
    /// Another of the page's files.
    OpenFile(String),
    SwitchStrategy,
    /// Another height for a limit: nothing is sent before it is applied.
    Propose(Quantity, u32),
    ApplyProposal,
    DropProposal,
    /// One field of the text: document, path, value.
    Field(usize, String, String),
    SetImage(String),
    UndoMine,
    Reset,
    ResetSurely,
    OpenBranch(usize),

    // Starting
    Preset(String),
    Empty,
    /// Another version of the cluster.
    Kubernetes(Minor),
    Focus(String, String),
    Compare(bool),
    OpenPane(usize),
    DropPane(usize),
    AskWrong,
    FixLint(usize),
    ShowLint(usize),
    AddPlan(rollout_session::Plan),

    // Console
    /// Puts a line at the prompt.
    Draft(String),
    /// Something was typed into the prompt.
    Typing(String),
    /// A key of the prompt.
    PromptKey(PromptKey),
    /// A completion was touched.
    Choose(usize),
    /// Several lines were pasted at the prompt.
    Paste(String),
    /// The differences of a pasted transcript were read.
    PasteRead,
    /// A name in the output.
    Pick(Named),
    /// `kubectl edit` is closed: true saves.
    CloseEditor(bool),
    Preview(Option<String>),
    Interrupt,
    ToggleConsole,

    // Looking
    Tab(&'static str),
    OpenForm(Option<Form>),
    PickPod(Option<yew::AttrValue>),
    Pin(Quantity),
    Open(Panel),
    Close,
    NextTheme,
    ToggleLetters,
    KeepInAddress,
    Dismiss,
    Key(KeyPress),
}

/// A panel over the page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Panel {
    Share,
    Keys,
}

/// A key that was pressed outside of any text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyPress {
    pub key: String,
    pub shift: bool,
}

/// Colours of the page.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Theme {
    #[default]
    Auto,
    Light,
    Dark,
    Contrast,
}

impl Theme {
    /// The word in the address and in the button's name.
    pub fn word(self) -> &'static str {
        match self {
            Theme::Auto => "auto",
            Theme::Light => "light",
            Theme::Dark => "dark",
            Theme::Contrast => "contrast",
        }
    }
    pub fn parse(word: &str) -> Option<Theme> {
        [Theme::Auto, Theme::Light, Theme::Dark, Theme::Contrast]
            .into_iter()
            .find(|t| t.word() == word)
    }
    pub fn next(self) -> Theme {
        match self {
            Theme::Auto => Theme::Light,
            Theme::Light => Theme::Dark,
            Theme::Dark => Theme::Contrast,
            Theme::Contrast => Theme::Auto,
        }
    }
    /// The value of `data-theme`; none follows the system.
    pub fn attribute(self) -> Option<&'static str> {
        (self != Theme::Auto).then(|| self.word())
    }
}
