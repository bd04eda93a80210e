//! The keys (scenarios.md 7.3) and what they mean.

use super::instrument::TimeMsg;
use super::msg::{KeyPress, Msg, Panel};

/// For the list: keys and what they do.
pub const KEYS: &[(&str, &str)] = &[
    ("Space", "play or pause time"),
    ("→ ←", "step, step back"),
    ("Shift + → ←", "next, previous mark"),
    ("PgDn PgUp", "the same, as clickers send it"),
    ("Home End", "start, latest"),
    ("+ −", "faster, slower"),
    ("t", "timeline: open, close"),
    ("w", "why, at length"),
    ("u", "take back my last action (not kubectl rollout undo)"),
    ("r", "reset to the start (asks once)"),
    ("/", "to the console"),
    ("y", "to the manifest"),
    ("Esc", "let go, close"),
    ("?", "this list"),
];

/// The message of a key; `letters` says whether single letters are on.
pub fn msg_of(press: &KeyPress, letters: bool, speed: usize) -> Option<Msg> {
    Some(match press.key.as_str() {
        " " => Msg::PlayPause,
        "ArrowRight" if press.shift => Msg::NextMark,
        "ArrowLeft" if press.shift => Msg::PrevMark,
        // What a presenter's clicker sends.
        "PageDown" => Msg::NextMark,
        "PageUp" => Msg::PrevMark,
        "ArrowRight" => Msg::Step,
        "ArrowLeft" => Msg::Back,
        "Home" => Msg::ToStart,
        "End" => Msg::ToEnd,
        "Escape" => Msg::Close,
        "+" | "=" if letters => Msg::Speed(speed + 1),
        "-" | "−" if letters => Msg::Speed(speed.saturating_sub(1)),
        "t" if letters => Msg::Time(TimeMsg::Toggle),
        "w" if letters => Msg::Tab("why"),
        "u" if letters => Msg::UndoMine,
        "r" if letters => Msg::Reset,
        "?" if letters => Msg::Open(Panel::Keys),
        _ => return None,
    })
}

/// Keys that put the focus somewhere: the id of the element.
pub fn focus_of(key: &str) -> Option<&'static str> {
    match key {
        "/" => Some("terminal"),
        "y" => Some("yaml"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(key: &str, shift: bool) -> KeyPress {
        KeyPress {
            key: key.to_owned(),
            shift,
        }
    }

    #[test]
    fn the_table_of_keys_holds() {
        let cases: &[(&str, bool, Msg)] = &[
            (" ", false, Msg::PlayPause),
            ("ArrowRight", false, Msg::Step),
            ("ArrowLeft", false, Msg::Back),
            ("ArrowRight", true, Msg::NextMark),
            ("ArrowLeft", true, Msg::PrevMark),
            ("PageDown", false, Msg::NextMark),
            ("PageUp", false, Msg::PrevMark),
            ("Home", false, Msg::ToStart),
            ("End", false, Msg::ToEnd),
            ("+", true, Msg::Speed(3)),
            ("-", false, Msg::Speed(1)),
            ("u", false, Msg::UndoMine),
            ("r", false, Msg::Reset),
            ("?", true, Msg::Open(Panel::Keys)),
        ];
        for (key, shift, msg) in cases {
            assert_eq!(
                msg_of(&press(key, *shift), true, 2).as_ref(),
                Some(msg),
                "{key}"
            );
        }
        assert_eq!(msg_of(&press("x", false), true, 2), None);
    }

    #[test]
    fn single_letters_can_be_turned_off() {
        assert_eq!(msg_of(&press("u", false), false, 2), None);
        assert_eq!(msg_of(&press(" ", false), false, 2), Some(Msg::PlayPause));
    }
}
