//! Where the page begins: the address, a link, the landing scene.

use super::msg::{Msg, Theme};
use super::params::Params;
use super::{Notice, Playground, Prompt};
use super::{keep, links};
use crate::interop::{location, page, storage};
use crate::ui::Shared;
use gloo::events::EventListener;
use rollout_session::{Session, Start, find_preset};
use std::rc::Rc;
use yew::prelude::*;

/// The key under which the browser keeps the theme.
pub const THEME_KEY: &str = "rollout-theme";
/// The landing scene's name among the starts.
pub const LANDING: &str = "landing";

/// Opens the page that the address asks for.
pub fn open(params: &Params, dispatch: Callback<Msg>, listeners: Vec<EventListener>) -> Playground {
    let (mut session, mut notice) = (None, None);
    let hash = location::hash();
    if let Some((opened, draft)) = keep::reloaded().and_then(|kept| links::open(&kept).ok())
        && (hash.is_empty() || links::open(&hash).is_ok())
    {
        session = Some((opened, draft));
    } else if hash.starts_with("s=") {
        match links::open(&hash) {
            Ok((opened, draft)) => session = Some((opened, draft)),
            Err(text) => {
                notice = Some(Notice {
                    error: true,
                    text,
                    confirm: None,
                })
            }
        }
    }
    let from_link = session.is_some();
    let (session, draft) =
        session.unwrap_or_else(|| (Session::new(start_of(params, &mut notice)), None));
    let theme = params
        .theme
        .or_else(|| storage::get(THEME_KEY).and_then(|t| Theme::parse(&t)))
        .unwrap_or_default();
    let text = AttrValue::from(session.files().values().next().cloned().unwrap_or_default());
    let view = Shared::from(super::render::look(&session, &text, None));
    let mut p = Playground {
        dispatch,
        settled: view.clone(),
        settling: None,
        sought: false,
        titled: String::new(),
        view,
        session,
        chosen: params.kubernetes,
        kept: Vec::new(),
        comparison: None,
        heat: None,
        focus: None,
        ui: params.ui,
        link: params.link,
        theme,
        text: draft.map_or_else(|| text.clone(), AttrValue::from),
        applied: text,
        pasted: false,
        before_proposal: None,
        untouched: !from_link,
        playing: None,
        frame: None,
        speed: params.speed.unwrap_or(2),
        skipped: None,
        jump: true,
        gone: Rc::default(),
        sweep: None,
        prompt: Prompt::default(),
        preview: None,
        editing: None,
        pasted_results: Vec::new(),
        console_open: false,
        reveal: false,
        sight: None,
        opener: None,
        tab: "history",
        form: None,
        panel: None,
        pinned: None,
        picked: None,
        picked_set: None,
        asked: false,
        letters: true,
        instrument: super::instrument::Instrument::default(),
        notice,
        _listeners: listeners,
    };
    if !from_link {
        carry_out(&mut p, params);
    }
    if params.compare.len() > 1 {
        p.compare_plans(&params.compare);
    }
    if !params.ignored.is_empty() {
        let line = format!("ignored in the address: {}", params.ignored.join(", "));
        gloo::console::info!(line);
    }
    if params.play && !page::reduced_motion() {
        p.playing = Some(super::playback::Playback::new(
            crate::interop::clock::now_ms(),
        ));
    }
    // Whatever the address did: the first picture stands still.
    p.jump = true;
    p.refresh();
    p
}

/// The start that the address names.
fn start_of(params: &Params, notice: &mut Option<Notice>) -> Start {
    let mut start = match (&params.yaml, &params.preset) {
        (Some(_), _) => Start::empty(),
        (None, Some(name)) if name == "none" || name == "empty" => Start::empty(),
        (None, Some(name)) if find_preset(name).is_some() => Start::preset(name),
        (None, name) => {
            if let Some(name) = name {
                *notice = Some(Notice {
                    error: true,
                    text: format!(
                        "There is no preset named {name}. The landing scene is open instead."
                    ),
                    confirm: None,
                });
            }
            Start::preset(LANDING)
        }
    };
    if let Some(version) = params.kubernetes {
        start.version = version;
    }
    if let Some(seed) = params.seed {
        start.seed = seed;
    }
    start
}

/// What the address asks to be done at the start.
fn carry_out(p: &mut Playground, params: &Params) {
    if let Some(yaml) = &params.yaml {
        p.text = AttrValue::from(yaml.clone());
        p.apply();
    }
    for line in &params.run {
        // `@12s kubectl …`: at its own time.
        let line = match line.strip_prefix('@').and_then(|rest| rest.split_once(' ')) {
            Some((time, rest)) => {
                if let Some(ms) = seconds(time) {
                    p.session.play_to(ms);
                }
                rest
            }
            None => line,
        };
        p.run(line);
    }
    if let Some(at) = &params.at {
        match at.split_once(':') {
            _ if at == "start" => p.session.seek(0),
            _ if at == "end" => {}
            Some(("step", n)) => p.go_to_position(n.parse().unwrap_or(0)),
            Some(("write", n)) => p.go_to_write(n.parse().unwrap_or(0)),
            _ => {
                if let Some(ms) = seconds(at) {
                    p.session.play_to(ms);
                }
            }
        }
    }
}

/// `12`, `12s`, `4.5s` in milliseconds, without floats.
fn seconds(text: &str) -> Option<u64> {
    let text = text.trim_end_matches('s');
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let mut ms = whole.parse::<u64>().ok()?.checked_mul(1000)?;
    for (k, digit) in part.bytes().take(3).enumerate() {
        ms += u64::from(char::from(digit).to_digit(10)?) * [100, 10, 1][k];
    }
    Some(ms.min(24 * 3_600_000))
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn seconds_are_read_without_floats() {
        assert_eq!(seconds("12s"), Some(12_000));
        assert_eq!(seconds("4.52"), Some(4_520));
        assert_eq!(seconds("x"), None);
    }
}
