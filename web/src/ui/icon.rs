//! A mark from the sprite in index.html.

use yew::prelude::*;

/// Decoration only; the word stands beside it or in the control's name. `name` is the symbol's id: `m-tick`, `g-floor`.
pub fn icon(name: &str) -> Html {
    icon_as(name, "mark")
}

/// The same with classes of its own. No component: a seek would make and drop hundreds of them.
pub fn icon_as(name: &str, class: &'static str) -> Html {
    html! { <svg {class} aria-hidden="true"><use href={format!("#{name}")} /></svg> }
}
