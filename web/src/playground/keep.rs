//! Nothing is lost on a reload: the session is kept in the tab, and the last one in the browser.

use super::{Playground, links};
use crate::interop::{location, page, storage};

/// The key under which a tab and the browser keep a session: the address, then the link.
const KEY: &str = "rollout-session";
/// A longer link is not kept.
const MOST: usize = 2 * 1024 * 1024;

/// Keeps the session as it is now.
pub fn save(p: &Playground) {
    let draft = (p.text != p.applied).then(|| p.text.to_string());
    let kept = format!(
        "{}\n{}",
        location::href(),
        links::encode(&p.session.shared(draft))
    );
    if kept.len() <= MOST {
        storage::set_in_tab(KEY, &kept);
        // A page that was only looked at replaces nothing that was done.
        if !p.untouched || p.text != p.applied {
            storage::set(KEY, &kept);
        }
    }
}

/// The link of the session that stood here before the tab was loaded again at the same address.
pub fn reloaded() -> Option<String> {
    if !page::reloaded() {
        return None;
    }
    let kept = storage::get_in_tab(KEY)?;
    let (href, link) = kept.split_once('\n')?;
    (href == location::href()).then(|| link.to_owned())
}

/// The link of the last session in this browser.
pub fn last() -> Option<String> {
    Some(storage::get(KEY)?.split_once('\n')?.1.to_owned())
}
