//! The parameters of the address (scenarios.md 5.2). What is not known is ignored with one console line.

use super::msg::Theme;
use rollout_api::Minor;

/// Which layout.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Ui {
    #[default]
    Full,
    Embed,
}

/// What the address asks for.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Params {
    pub preset: Option<String>,
    pub yaml: Option<String>,
    /// Commands to run at the start, separated by `;`.
    pub run: Vec<String>,
    pub seed: Option<u64>,
    /// The cluster's minor version.
    pub kubernetes: Option<Minor>,
    pub ui: Ui,
    pub theme: Option<Theme>,
    pub speed: Option<usize>,
    pub play: bool,
    /// A link back to the full page.
    pub link: bool,
    /// Seconds, or `start`, `end`, `step:n`, `write:n`.
    pub at: Option<String>,
    /// Plans to compare, separated by `;`.
    pub compare: Vec<rollout_session::Plan>,
    /// Names that nothing here knows, or values that mean nothing.
    pub ignored: Vec<String>,
}

/// Speeds of the playback, in hundredths, with their word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Speed {
    pub hundredths: u32,
    pub word: &'static str,
}

/// 0.25 to 64; the third one is 1.
pub const SPEEDS: [Speed; 9] = [
    Speed {
        hundredths: 25,
        word: "0.25",
    },
    Speed {
        hundredths: 50,
        word: "0.5",
    },
    Speed {
        hundredths: 100,
        word: "1",
    },
    Speed {
        hundredths: 200,
        word: "2",
    },
    Speed {
        hundredths: 400,
        word: "4",
    },
    Speed {
        hundredths: 800,
        word: "8",
    },
    Speed {
        hundredths: 1600,
        word: "16",
    },
    Speed {
        hundredths: 3200,
        word: "32",
    },
    Speed {
        hundredths: 6400,
        word: "64",
    },
];

/// Parameters that belong to other pages of the contract: silent here.
const ELSEWHERE: [&str; 14] = [
    "lesson", "step", "src", "show", "controls", "lang", "load", "height", "readonly", "hints",
    "solution", "predict", "progress", "parent",
];

impl Params {
    /// Reads the pairs of a query.
    pub fn read(pairs: &[(String, String)]) -> Params {
        let mut p = Params {
            link: true,
            ..Params::default()
        };
        for (name, value) in pairs {
            let known = match name.as_str() {
                "preset" => set(&mut p.preset, Some(value.clone())),
                "yaml" => set(&mut p.yaml, Some(value.clone())),
                "do" => {
                    p.run = value
                        .split(';')
                        .map(str::trim)
                        .filter(|l| !l.is_empty())
                        .map(str::to_owned)
                        .collect();
                    true
                }
                "seed" => set(&mut p.seed, value.parse().ok()),
                "kubernetes" => set(&mut p.kubernetes, Minor::of_cluster(value)),
                "ui" => match value.as_str() {
                    "full" => true,
                    "embed" => {
                        p.ui = Ui::Embed;
                        true
                    }
                    _ => false,
                },
                "theme" => set(&mut p.theme, Theme::parse(value)),
                "speed" => set(&mut p.speed, SPEEDS.iter().position(|s| s.word == value)),
                "play" => {
                    p.play = value == "1";
                    value == "0" || value == "1"
                }
                "link" => {
                    p.link = value != "0";
                    value == "0" || value == "1"
                }
                "compare" => {
                    for word in value.split(';').filter(|w| !w.trim().is_empty()) {
                        match rollout_session::Plan::parse(word) {
                            Ok(plan) => p.compare.push(plan),
                            Err(_) => p.ignored.push(format!("compare={word}")),
                        }
                    }
                    true
                }
                "at" => set(&mut p.at, Some(value.clone())),
                other => ELSEWHERE.contains(&other) || other == "release",
            };
            if !known {
                p.ignored.push(format!("{name}={value}"));
            }
        }
        p
    }
}

/// Sets a parameter; false if its value meant nothing.
fn set<T>(place: &mut Option<T>, value: Option<T>) -> bool {
    let known = value.is_some();
    if known {
        *place = value;
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &[(&str, &str)]) -> Params {
        Params::read(
            &query
                .iter()
                .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    fn every_parameter_of_this_slice_is_read() {
        let p = read(&[
            ("preset", "re-5"),
            ("seed", "7"),
            ("kubernetes", "1.30"),
            ("theme", "dark"),
            ("ui", "embed"),
            ("speed", "16"),
            ("play", "1"),
            ("do", "a; b ;;"),
            ("at", "12"),
            ("link", "0"),
        ]);
        assert_eq!(p.preset.as_deref(), Some("re-5"));
        assert_eq!(
            (p.seed, p.theme, p.ui, p.play, p.link),
            (Some(7), Some(Theme::Dark), Ui::Embed, true, false)
        );
        assert_eq!(p.kubernetes, Some(Minor(30)));
        assert_eq!(SPEEDS[p.speed.unwrap()].word, "16");
        assert_eq!(p.run, ["a", "b"]);
        assert!(p.ignored.is_empty());
    }

    #[test]
    fn what_means_nothing_is_named_and_ignored() {
        let p = read(&[
            ("seed", "x"),
            ("theme", "pink"),
            ("kubernetes", "1.27"),
            ("utm_source", "mail"),
            ("lesson", "11"),
        ]);
        assert_eq!(
            p.ignored,
            ["seed=x", "theme=pink", "kubernetes=1.27", "utm_source=mail"]
        );
        assert_eq!(p.seed, None);
    }
}
