//! Links of this page: made from the session, read into a session.

use super::Playground;
use super::params::Ui;
use crate::interop::location;
use crate::panels::share::Links;
use rollout_session::Session;
use rollout_session::share;

/// Opens the hash of a link. The error is a sentence.
pub fn open(hash: &str) -> Result<(Session, Option<String>), String> {
    let shared =
        share::decode(hash.trim_start_matches("s=")).map_err(|e| damaged(&e.to_string()))?;
    let draft = shared.draft.clone();
    let session = Session::open(&shared).map_err(|e| damaged(&e.to_string()))?;
    Ok((session, draft))
}

/// `s=1d.…`
pub fn encode(shared: &share::Shared) -> String {
    format!("s={}", share::encode(shared, share::Packing::Deflate))
}

fn damaged(why: &str) -> String {
    format!("This link is damaged: {why}. The landing scene is open instead.")
}

/// The links of this moment.
pub fn make(p: &Playground) -> Links {
    let base = location::base();
    let draft = (p.text != p.applied).then(|| p.text.to_string());
    let mut shared = p.session.shared(draft);
    let hash = encode(&shared);
    let query = if p.ui == Ui::Embed { "?ui=embed" } else { "" };
    let moment = format!("{base}{query}#{hash}");
    shared.step = 0;
    shared.at = 0;
    let start = format!("{base}{query}#{}", encode(&shared));
    let embed = format!(
        "<iframe src=\"{base}?ui=embed#{hash}\" width=\"600\" height=\"420\" title=\"{}\"></iframe>",
        p.view.header.title.replace(['"', '<', '>', '&'], " ")
    );
    let warning = if moment.len() > share::FILE_ABOVE {
        Some(format!(
            "This link has {} characters: many programs cut links of this length. Share the manifest as a file instead.",
            moment.len()
        ))
    } else if moment.len() > share::WARN_ABOVE {
        Some(format!(
            "This link has {} characters: some programs cut long links.",
            moment.len()
        ))
    } else {
        None
    };
    Links {
        moment,
        start,
        embed,
        warning,
    }
}

/// The full page at this moment, for the link in a frame.
pub fn make_full(p: &Playground) -> String {
    format!("{}#{}", location::base(), encode(&p.session.shared(None)))
}
