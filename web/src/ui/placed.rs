//! An element at a place: its style variables are data, the sheet draws them.

use crate::hooks::use_vars;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct PlacedProps {
    #[prop_or("span")]
    pub tag: &'static str,
    #[prop_or_default]
    pub class: Option<&'static str>,
    pub vars: Vec<(&'static str, String)>,
    /// It stands in the right half.
    #[prop_or_default]
    pub right: bool,
    #[prop_or_default]
    pub hidden: bool,
    #[prop_or_default]
    pub children: Html,
}

/// One component for all of them: each of its own would be 3 kB of the page.
#[component]
pub fn Placed(props: &PlacedProps) -> Html {
    let node = use_vars(props.vars.clone());
    html! { <@{props.tag} ref={node} class={props.class} hidden={props.hidden} data-right={props.right.then_some("true")}>{props.children.clone()}</@> }
}
