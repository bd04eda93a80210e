//! A scene on the command line: a manifest or a preset, image rules and traffic, lines at their times.

use crate::{Common, Exit, files, print, print_error};
use rollout_session::{LineKind, Scenario, Session, Start, find_preset};

/// What every command about a scene takes, for its usage.
pub(crate) const USAGE: &str = "SCENE: FILE (- is stdin) or preset:NAME, [--image 'REFERENCE BEHAVIOUR']… [--traffic 'RATE …'] [--do '[@12s] LINE']…\n\
       Without --do the next tag of the first container is set, or the Deployment is restarted.\n";

/// A scene, and the arguments that do not belong to it.
pub(crate) struct Scene {
    /// Its start.
    pub(crate) start: Start,
    /// Lines at their times, in milliseconds.
    pub(crate) lines: Vec<(u64, String)>,
    /// Requests, as `traffic` takes them: `20/s`.
    pub(crate) rate: Option<String>,
    /// What else was given.
    pub(crate) rest: Vec<String>,
}

impl Scene {
    /// Its scenario.
    pub(crate) fn scenario(&self) -> Result<Scenario, String> {
        Scenario::of_lines(self.start.clone(), &self.lines, self.rate.as_deref())
            .ok_or_else(|| "there is no Deployment in this scene".to_owned())
    }
}

/// Options of commands about a scene that have a value.
const WITH_VALUE: [&str; 6] = [
    "--plan",
    "--surge",
    "--unavailable",
    "--replicas",
    "--measure",
    "--max",
];

/// Reads a scene.
pub(crate) fn read(common: &Common, args: &[String]) -> Result<Scene, String> {
    let mut scene = Scene {
        start: Start {
            seed: common.seed,
            version: common.version,
            ..Start::empty()
        },
        lines: Vec::new(),
        rate: None,
        rest: Vec::new(),
    };
    let mut at = 1_000;
    let mut setup: Vec<(u64, String)> = Vec::new();
    let mut named = false;
    let mut it = args.iter();
    while let Some(arg) = it.next() {
        let (name, inline) = match arg.split_once('=') {
            Some((name, value)) if name.starts_with("--") => (name, Some(value.to_owned())),
            _ => (arg.as_str(), None),
        };
        let mut value = || {
            inline
                .clone()
                .or_else(|| it.next().cloned())
                .ok_or_else(|| format!("{name} needs a value"))
        };
        match name {
            "--image" => setup.push((0, format!("image {}", value()?))),
            "--traffic" => scene.rate = Some(value()?),
            "--do" => {
                let line = value()?;
                let line = match line.strip_prefix('@').and_then(|l| l.split_once(' ')) {
                    Some((time, line)) => {
                        at = rollout_session::words::seconds(time)
                            .ok_or_else(|| format!("--do @{time}: no time"))?;
                        line.to_owned()
                    }
                    None => line,
                };
                scene.lines.push((at, line));
            }
            name if WITH_VALUE.contains(&name) => {
                let value = value()?;
                scene.rest.extend([name.to_owned(), value]);
            }
            name if name.starts_with("--") => scene.rest.push(arg.clone()),
            _ if named => return Err(format!("{arg}: there is one scene already")),
            _ => {
                named = true;
                match arg.strip_prefix("preset:") {
                    Some(preset) if find_preset(preset).is_some() => {
                        scene.start.preset = Some(preset.to_owned());
                    }
                    Some(preset) => return Err(format!("there is no preset {preset:?}")),
                    None => {
                        let bytes = files::read(arg)?;
                        scene.start.manifest = Some(String::from_utf8_lossy(&bytes).into_owned());
                    }
                }
            }
        }
    }
    if !named {
        return Err("no scene".to_owned());
    }
    setup.append(&mut scene.lines);
    scene.lines = setup;
    scene.lines.sort_by_key(|(at, _)| *at);
    Ok(scene)
}

/// Prints what a command has to tell, or what is wrong with its arguments.
pub(crate) fn told(usage: &str, text: Result<(String, Exit), String>) -> Exit {
    match text {
        Ok((text, exit)) => {
            print(&text);
            exit
        }
        Err(e) => {
            print_error(&format!("error: {e}\nusage: rollout {usage}\n{USAGE}"));
            Exit(2)
        }
    }
}

/// Tells which lines of a run failed, with what they said: its numbers are of a run without them.
pub(crate) fn tell_refused(session: &Session) -> Exit {
    let mut line = "";
    let mut exit = Exit(0);
    for l in session.branch().transcript.lines() {
        match l.kind {
            LineKind::Typed => line = &l.text,
            LineKind::Err if l.text.starts_with("error: ") || l.text.starts_with("Error ") => {
                print_error(&format!("{line}: {}\n", l.text));
                exit = Exit(1);
            }
            LineKind::Out | LineKind::Err => {}
        }
    }
    exit
}
