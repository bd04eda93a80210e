//! A mark from the sprite in index.html.

use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct IconProps {
    /// The symbol's id: `m-tick`, `g-floor`.
    pub name: AttrValue,
    #[prop_or("mark".into())]
    pub class: AttrValue,
}

/// Decoration only; the word stands beside it or in the control's name.
#[component]
pub fn Icon(props: &IconProps) -> Html {
    html! { <svg class={props.class.clone()} aria-hidden="true"><use href={format!("#{}", props.name)} /></svg> }
}
