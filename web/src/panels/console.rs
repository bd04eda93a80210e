//! The console: what was typed and what came of it, and the prompt.

use crate::interop::dom;
use crate::playground::Msg;
use rollout_view::{ConsoleView, LineKind};
use web_sys::HtmlInputElement;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct ConsoleProps {
    pub console: ConsoleView,
    /// What stands at the prompt.
    pub draft: AttrValue,
    /// The line of the control under the pointer, shown at the prompt.
    pub preview: Option<AttrValue>,
    /// Completions of the draft.
    pub choices: Vec<String>,
    pub open: bool,
    pub dispatch: Callback<Msg>,
}

/// Older lines than this are not in the page.
const SHOWN: usize = 400;

#[component]
pub fn Console(props: &ConsoleProps) -> Html {
    let log = use_node_ref();
    let lines = &props.console.lines[props.console.lines.len().saturating_sub(SHOWN)..];
    {
        let log = log.clone();
        use_effect_with((props.console.lines.len(), props.open), move |_| {
            dom::scroll_to_end(&log)
        });
    }
    // Where in the list of typed lines the arrows stand; none is the draft itself.
    let recalled = use_state(|| None::<usize>);
    let oninput = {
        let recalled = recalled.clone();
        props.dispatch.reform(move |event: InputEvent| {
            recalled.set(None);
            Msg::Draft(event.target_unchecked_into::<HtmlInputElement>().value())
        })
    };
    let onkeydown = {
        let (dispatch, typed, recalled, busy) = (
            props.dispatch.clone(),
            props.console.typed.clone(),
            recalled.clone(),
            props.console.busy.is_some(),
        );
        Callback::from(move |event: KeyboardEvent| {
            let key = event.key();
            let value = event.target_unchecked_into::<HtmlInputElement>().value();
            match key.as_str() {
                "Enter" => {
                    recalled.set(None);
                    dispatch.emit(Msg::Submit(value));
                }
                "ArrowUp" | "ArrowDown" if !typed.is_empty() => {
                    event.prevent_default();
                    let at = recalled.unwrap_or(typed.len());
                    let to = if key == "ArrowUp" {
                        at.saturating_sub(1)
                    } else {
                        at + 1
                    };
                    dispatch.emit(Msg::Draft(typed.get(to).cloned().unwrap_or_default()));
                    recalled.set((to < typed.len()).then_some(to));
                }
                "Tab" if !value.trim().is_empty() && !event.shift_key() => {
                    event.prevent_default();
                    dispatch.emit(Msg::Complete);
                }
                "l" if event.ctrl_key() => {
                    event.prevent_default();
                    dispatch.emit(Msg::ClearConsole);
                }
                "c" if event.ctrl_key() && (busy || no_selection(&event)) => {
                    event.prevent_default();
                    dispatch.emit(Msg::Interrupt);
                }
                "Escape" => event
                    .target_unchecked_into::<HtmlInputElement>()
                    .blur()
                    .unwrap_or_default(),
                _ => {}
            }
        })
    };
    let shown = props.preview.clone().filter(|_| props.draft.is_empty());
    html! {
        <section class="console" aria-label="Console" data-open={props.open.then_some("true")} data-busy={props.console.busy.is_some().then_some("true")}>
            <div ref={log} class="console-log" role="log" aria-label="Output" tabindex="0" data-testid="console-log"><ol>
                { for lines.iter().enumerate().map(|(k, line)| match line.kind {
                    LineKind::Typed => html! { <li key={k.to_string()} class="typed"><span class="ps">{"$ "}</span>{line.text.clone()}</li> },
                    LineKind::Out => html! { <li key={k.to_string()}><samp>{line.text.clone()}</samp></li> },
                    LineKind::Err => html! { <li key={k.to_string()} class="err"><samp>{line.text.clone()}</samp></li> },
                }) }
                if let Some(busy) = &props.console.busy { <li key="busy" class="busy">{format!("{busy} waits. Step, play, or end it with Ctrl+C.")}</li> }
            </ol></div>
            if !props.choices.is_empty() {
                <ul class="choices" role="listbox" aria-label="Completions">
                    { for props.choices.iter().map(|c| html! { <li role="option" aria-selected="false" key={c.clone()}>{c.clone()}</li> }) }
                </ul>
            }
            <label class="console-in"><span class="ps" aria-hidden="true">{"$"}</span>
                <input id="terminal" data-testid="terminal" aria-label="Command" placeholder={shown.unwrap_or_else(|| "type a kubectl command".into())} value={props.draft.clone()}
                    {oninput} {onkeydown} autocomplete="off" autocapitalize="off" spellcheck="false" enterkeyhint="send" />
                if props.console.busy.is_some() { <button type="button" class="btn btn-small" onclick={props.dispatch.reform(|_: MouseEvent| Msg::Interrupt)}>{"Ctrl+C"}</button> }
                <button type="button" class="btn btn-plain btn-small" aria-label={if props.open { "Smaller console" } else { "Larger console" }} aria-expanded={props.open.to_string()}
                    onclick={props.dispatch.reform(|_: MouseEvent| Msg::ToggleConsole)}><kbd>{"/"}</kbd></button>
            </label>
        </section>
    }
}

/// Ctrl-C copies where something is selected.
fn no_selection(event: &KeyboardEvent) -> bool {
    let input = event.target_unchecked_into::<HtmlInputElement>();
    input.selection_start().ok().flatten() == input.selection_end().ok().flatten()
}
