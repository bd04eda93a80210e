//! The console: what was typed and what came of it, and the prompt.

use super::names::{Names, pieces};
use crate::interop::{clipboard, dom};
use crate::playground::{Msg, Prompt, PromptKey, bytes_of, takes, units_of};
use gloo::render::request_animation_frame;
use rollout_view::{ConsoleLine, ConsoleView, LineKind};
use std::rc::Rc;
use web_sys::HtmlInputElement;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct ConsoleProps {
    pub console: ConsoleView,
    pub prompt: Prompt,
    /// The line of the control under the pointer, shown at the prompt.
    pub preview: Option<AttrValue>,
    /// `kubectl edit` is open: its line.
    pub editing: Option<AttrValue>,
    /// Names that can be found in the scene.
    pub names: Rc<Names>,
    pub open: bool,
    pub dispatch: Callback<Msg>,
}

/// Older lines than this are not in the page.
const SHOWN: usize = 400;
/// Longer lines get no suggestion: they may be scrolled.
const SUGGESTED: usize = 60;

#[component]
pub fn Console(props: &ConsoleProps) -> Html {
    let log = use_node_ref();
    let input = use_node_ref();
    let prompt = &props.prompt;
    let lines = &props.console.lines[props.console.lines.len().saturating_sub(SHOWN)..];
    {
        let log = log.clone();
        use_effect_with((props.console.lines.len(), props.open), move |_| {
            // With the frame: asking for the height at once would lay the page out before the other panels have drawn.
            let frame = request_animation_frame(move |_| dom::scroll_to_end(&log));
            move || drop(frame)
        });
    }
    let shown = prompt
        .search
        .as_ref()
        .map_or(prompt.line.clone(), |s| s.query.clone());
    {
        let (input, caret) = (input.clone(), prompt.caret.map(|c| units_of(&shown, c)));
        use_effect_with(prompt.turn, move |_| {
            if let Some(caret) = caret {
                dom::set_caret(&input, caret);
            }
        });
    }
    let dispatch = &props.dispatch;
    let oninput = dispatch.reform(|event: InputEvent| {
        Msg::Typing(event.target_unchecked_into::<HtmlInputElement>().value())
    });
    let onkeydown = {
        let (dispatch, prompt, busy) = (
            dispatch.clone(),
            prompt.clone(),
            props.console.busy.is_some(),
        );
        Callback::from(move |event: KeyboardEvent| {
            let field = event.target_unchecked_into::<HtmlInputElement>();
            let value = field.value();
            let from = field.selection_start().ok().flatten().unwrap_or(0);
            let to = field.selection_end().ok().flatten().unwrap_or(from);
            let key = PromptKey {
                key: event.key(),
                ctrl: event.ctrl_key() && !event.alt_key() && !event.meta_key(),
                alt: event.alt_key() || event.meta_key(),
                shift: event.shift_key(),
                caret: bytes_of(&value, to),
            };
            if event.is_composing() || key.alt {
                return;
            }
            if takes(&key, &prompt, busy, from != to) {
                event.prevent_default();
                event.stop_propagation();
                dispatch.emit(Msg::PromptKey(key));
            } else if key.key == "Escape" {
                let _ = field.blur();
            }
        })
    };
    let onpaste = {
        let (dispatch, prompt) = (dispatch.clone(), prompt.clone());
        Callback::from(move |event: Event| {
            let text = clipboard::pasted(&event);
            if text.trim_end().contains('\n') {
                event.prevent_default();
                dispatch.emit(Msg::Paste(format!("{}{text}", prompt.line)));
            }
        })
    };
    let list = prompt.list.as_ref();
    let active = prompt.chosen.map(|k| format!("choice-{k}"));
    let label = match &prompt.search {
        Some(_) => "Search in what was typed",
        None => "Command",
    };
    html! {
        <section class="console" aria-label="Console" data-open={props.open.then_some("true")} data-busy={props.console.busy.is_some().then_some("true")}>
            <div ref={log} class="console-log" role="log" aria-label="Output" tabindex="0" data-testid="console-log"><ol>
                { for lines.iter().enumerate().map(|(k, line)| line_of(k, line, &props.names, dispatch)) }
                { for prompt.more.lines().enumerate().map(|(k, line)| html! { <li key={format!("more{k}")} class="typed"><span class="ps">{if k == 0 { "$ " } else { "> " }}</span>{line.to_owned()}</li> }) }
                if let Some(line) = &props.editing { <li key="editing" class="busy">{format!("{line} is open in the editor: save or cancel there.")}</li> }
                if let Some(busy) = &props.console.busy { <li key="busy" class="busy">{format!("{busy} waits. Step, play, press Enter to wait for it, or end it with Ctrl+C.")}</li> }
            </ol></div>
            if let Some(list) = list {
                <ul id="choices" class="choices" role="listbox" aria-label="Completions" data-testid="completions">
                    { for list.choices.iter().enumerate().map(|(k, choice)| html! {
                        <li role="option" id={format!("choice-{k}")} key={choice.word.clone()} aria-selected={(prompt.chosen == Some(k)).to_string()} title={choice.about.clone()}
                            onclick={dispatch.reform(move |_: MouseEvent| Msg::Choose(k))}>{choice.word.clone()}if !choice.about.is_empty() { <small>{choice.about.clone()}</small> }</li>
                    }) }
                </ul>
            }
            <div class="console-in">
                if let Some(search) = &prompt.search {
                    <span class="ps search" data-testid="history-search">{"history: "}<b>{if search.found.is_empty() && !search.query.is_empty() { "nothing found".to_owned() } else { search.found.clone() }}</b></span>
                } else { <span class="ps" aria-hidden="true">{if prompt.more.is_empty() { "$" } else { ">" }}</span> }
                <span class="console-line">
                    if let Some(rest) = prompt.rest(&props.console.typed).filter(|_| prompt.line.chars().count() < SUGGESTED) {
                        <span class="suggest" aria-hidden="true" data-testid="suggestion"><i>{prompt.line.clone()}</i>{rest.to_owned()}</span>
                    }
                    <input ref={input} id="terminal" data-testid="terminal" aria-label={label} role="combobox" aria-autocomplete="list" aria-expanded={list.is_some().to_string()}
                        aria-controls={list.is_some().then_some("choices")} aria-activedescendant={active}
                        placeholder={props.preview.clone().filter(|_| prompt.line.is_empty()).unwrap_or_else(|| "type a kubectl command".into())} value={shown}
                        {oninput} {onkeydown} {onpaste} autocomplete="off" autocapitalize="off" spellcheck="false" enterkeyhint="send" />
                </span>
                { soft_keys(prompt, dispatch) }
                if props.console.busy.is_some() { <button type="button" class="btn btn-small" onclick={dispatch.reform(|_: MouseEvent| Msg::Interrupt)}>{"Ctrl+C"}</button> }
                <button type="button" class="btn btn-plain btn-small" aria-label={if props.open { "Smaller console" } else { "Larger console" }} aria-expanded={props.open.to_string()}
                    onclick={dispatch.reform(|_: MouseEvent| Msg::ToggleConsole)}><kbd>{if props.open { "–" } else { "+" }}</kbd></button>
            </div>
        </section>
    }
}

/// One line of the output; names of the scene are buttons in it.
fn line_of(k: usize, line: &ConsoleLine, names: &Rc<Names>, dispatch: &Callback<Msg>) -> Html {
    let key = k.to_string();
    let class = match line.kind {
        LineKind::Typed => {
            return html! { <li {key} class="typed"><span class="ps">{"$ "}</span>{line.text.clone()}</li> };
        }
        LineKind::Out => None,
        LineKind::Err => Some("err"),
    };
    let parts = pieces(&line.text, names);
    html! {
        <li {key} {class}><samp>
            { for parts.into_iter().map(|(text, named)| match named {
                None => html! { {text.to_owned()} },
                Some(named) => {
                    let onclick = dispatch.reform(move |_: MouseEvent| Msg::Pick(named.clone()));
                    html! { <button type="button" class="name" tabindex="-1" data-testid="name" {onclick}>{text.to_owned()}</button> }
                }
            }) }
        </samp></li>
    }
}

/// Keys that a touch keyboard does not have. They leave the focus where it is.
fn soft_keys(prompt: &Prompt, dispatch: &Callback<Msg>) -> Html {
    let stay = Callback::from(|event: PointerEvent| event.prevent_default());
    let key = |name: &'static str, word: &'static str, key: &'static str, ctrl: bool| {
        let caret = prompt.line.len();
        let onclick = dispatch.reform(move |_: MouseEvent| {
            Msg::PromptKey(PromptKey {
                key: key.to_owned(),
                ctrl,
                alt: false,
                shift: false,
                caret,
            })
        });
        html! { <button type="button" class="btn btn-small" aria-label={name} onpointerdown={stay.clone()} {onclick}>{word}</button> }
    };
    html! {
        <span class="soft-keys" role="group" aria-label="Keys">
            { key("Tab: complete", "Tab", "Tab", false) }
            { key("Up: the line before", "↑", "ArrowUp", false) }
            { key("Control C: end the command", "^C", "c", true) }
        </span>
    }
}
