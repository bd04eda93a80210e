//! The version of the cluster: another one begins again with the same manifest; the former session waits.

use super::{Notice, Playground};
use rollout_api::Minor;
use rollout_session::{Session, Start, file_name};
use yew::AttrValue;

/// A session as it was left, with the editor's text and what of it was applied.
pub struct Kept {
    session: Session,
    text: AttrValue,
    applied: AttrValue,
}

/// A start at the version that the learner chose, if one was chosen.
pub fn at_chosen(p: &Playground, mut start: Start) -> Start {
    start.seed = p.session.start().seed;
    if let Some(version) = p.chosen {
        start.version = version;
    }
    start
}

/// The learner chooses a version.
pub fn choose(p: &mut Playground, version: Minor) {
    let former = p.session.config().version;
    p.chosen = Some(version);
    if version == former {
        return;
    }
    let place = p
        .kept
        .iter()
        .position(|k| k.session.config().version == version);
    let (next, said) = match place {
        Some(place) => (
            p.kept.swap_remove(place),
            format!(
                "This is the session at Kubernetes {version} as you left it. The one at {former} is kept."
            ),
        ),
        None => {
            let draft = p.text.clone();
            let session = p
                .session
                .at_version(version, &file_name(&p.applied), &p.applied);
            let edited = p.text != p.applied;
            let applied = session
                .files()
                .values()
                .next()
                .map_or_else(AttrValue::default, |t| AttrValue::from(t.clone()));
            let text = if edited { draft } else { applied.clone() };
            (
                Kept {
                    session,
                    text,
                    applied,
                },
                format!(
                    "The cluster runs Kubernetes {version} now: begun again with the same manifest. Choose {former} to return to the session as you left it."
                ),
            )
        }
    };
    let left = Kept {
        session: std::mem::replace(&mut p.session, next.session),
        text: std::mem::replace(&mut p.text, next.text),
        applied: std::mem::replace(&mut p.applied, next.applied),
    };
    p.kept.push(left);
    p.comparison = None;
    p.picked = None;
    p.form = None;
    p.jump = true;
    p.stop();
    p.notice = Some(Notice {
        error: false,
        text: said,
        confirm: None,
    });
}
