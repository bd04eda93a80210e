//! A button. Where it stands for a command, that command is its title and is shown at the prompt on hover.

use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct ButtonProps {
    #[prop_or_default]
    pub id: Option<AttrValue>,
    #[prop_or("btn".into())]
    pub class: AttrValue,
    /// The accessible name, where the text alone does not say what it does.
    #[prop_or_default]
    pub label: Option<AttrValue>,
    #[prop_or_default]
    pub testid: Option<AttrValue>,
    #[prop_or_default]
    pub command: Option<AttrValue>,
    #[prop_or_default]
    pub pressed: Option<bool>,
    #[prop_or_default]
    pub expanded: Option<bool>,
    /// Off, with the reason: the button stays in the order of focus.
    #[prop_or_default]
    pub off: bool,
    #[prop_or_default]
    pub title: Option<AttrValue>,
    pub onclick: Callback<MouseEvent>,
    #[prop_or_default]
    pub children: Html,
}

#[component]
pub fn Button(props: &ButtonProps) -> Html {
    let title = props
        .command
        .clone()
        .or_else(|| props.title.clone())
        .or_else(|| props.label.clone());
    let onclick = if props.off {
        Callback::noop()
    } else {
        props.onclick.clone()
    };
    html! {
        <button type="button" id={props.id.clone()} class={props.class.clone()} aria-label={props.label.clone()}
            data-testid={props.testid.clone()} data-command={props.command.clone()} {title}
            aria-pressed={props.pressed.map(|p| p.to_string())} aria-expanded={props.expanded.map(|p| p.to_string())}
            aria-disabled={props.off.then_some("true")} {onclick}>
            { props.children.clone() }
        </button>
    }
}
