//! A panel over the page: closes by its button, by Escape and by a click beside it.

use super::{Button, icon};
use crate::interop::page;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct SheetProps {
    pub title: AttrValue,
    pub onclose: Callback<()>,
    pub children: Html,
}

#[component]
pub fn Sheet(props: &SheetProps) -> Html {
    use_effect_with((), |()| page::focus("sheet-close"));
    let close = props.onclose.reform(|_: MouseEvent| ());
    let onkeydown = {
        let onclose = props.onclose.clone();
        Callback::from(move |event: KeyboardEvent| {
            if event.key() == "Escape" {
                event.stop_propagation();
                onclose.emit(());
            }
        })
    };
    let stay = Callback::from(|event: MouseEvent| event.stop_propagation());
    html! {
        <div class="sheet" onclick={close.clone()} {onkeydown}>
            <div class="sheet-box" role="dialog" aria-modal="true" aria-label={props.title.clone()} onclick={stay}>
                <header>
                    <h2>{props.title.clone()}</h2>
                    <Button id="sheet-close" class="btn btn-plain" label="Close" onclick={close}>{icon("m-x")}</Button>
                </header>
                { props.children.clone() }
            </div>
        </div>
    }
}
