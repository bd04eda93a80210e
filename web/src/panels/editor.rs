//! The manifest: a text area over its highlighted copy, and what is wrong with it.

use crate::hooks::use_vars;
use crate::interop::dom;
use crate::playground::{Msg, highlight};
use crate::ui::{Button, Menu, icon, icon_as};
use rollout_view::{
    ButtonView, DiagnosticLevel, DiagnosticView, FieldView, LineNote, Lit, ManifestView, Quantity,
};
use web_sys::{HtmlInputElement, HtmlTextAreaElement};
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct EditorProps {
    pub text: AttrValue,
    pub manifest: ManifestView,
    /// `kubectl edit` is open: its line, and whether the server refused what was saved.
    #[prop_or_default]
    pub editing: Option<(AttrValue, bool)>,
    /// The files that the page holds.
    #[prop_or_default]
    pub files: Vec<AttrValue>,
    /// The control that switches the strategy, with its line.
    pub strategy: Option<ButtonView>,
    pub dispatch: Callback<Msg>,
}

/// Longer texts are shown without colours: the browser's own area is fast at any size.
const HIGHLIGHTED: usize = 1_500;
/// More faults than this are counted.
const FAULTS_SHOWN: usize = 30;

#[component]
pub fn Editor(props: &EditorProps) -> Html {
    let m = &props.manifest;
    let area = use_node_ref();
    let oninput = props.dispatch.reform(|event: InputEvent| {
        Msg::Edit(event.target_unchecked_into::<HtmlTextAreaElement>().value())
    });
    let onkeydown = {
        let dispatch = props.dispatch.clone();
        Callback::from(move |event: KeyboardEvent| match event.key().as_str() {
            "Enter" if event.ctrl_key() || event.meta_key() => {
                event.prevent_default();
                dispatch.emit(Msg::Apply);
            }
            "Escape" => event
                .target_unchecked_into::<HtmlTextAreaElement>()
                .blur()
                .unwrap_or_default(),
            _ => {}
        })
    };
    let plain = props.text.len() > 200_000 || props.text.lines().count() > HIGHLIGHTED;
    // A long line widens the sheet: the text area never scrolls by itself, so its copy stays under it.
    let columns = if plain {
        0
    } else {
        props
            .text
            .lines()
            .map(|l| l.chars().count())
            .max()
            .unwrap_or(0)
    };
    let sheet = use_vars(vec![("--cols", columns.to_string())]);
    let errors = m
        .diagnostics
        .iter()
        .filter(|d| d.level == DiagnosticLevel::Error)
        .count();
    html! {
        <section class="editor" aria-label="Manifest">
            <header>
                { title(props) }
                if let Some(switch) = props.strategy.as_ref().filter(|_| props.editing.is_none()) {
                    <Button testid="act-strategy" class="btn btn-plain" command={(!switch.command.is_empty()).then(|| AttrValue::from(switch.command.clone()))}
                        off={switch.off.is_some()} title={switch.off.clone().map(AttrValue::from)} onclick={props.dispatch.reform(|_: MouseEvent| Msg::SwitchStrategy)}>{switch.label.clone()}</Button>
                }
            </header>
            { fields(props) }
            <div class="code-box" data-plain={plain.then_some("true")}>
                <div ref={sheet} class="code-sheet">
                    if !plain { <Code text={props.text.clone()} manifest={m.clone()} /> }
                    <textarea ref={area.clone()} id="yaml" class="code-input" data-testid="yaml" aria-label="Manifest, YAML" aria-describedby="faults" aria-invalid={(errors > 0).then_some("true")}
                        spellcheck="false" autocapitalize="off" autocomplete="off" wrap="off" placeholder="Paste a Deployment here" value={props.text.clone()} {oninput} {onkeydown} />
                </div>
            </div>
            <ol id="faults" class="faults" aria-label="Remarks on the manifest">
                { for m.diagnostics.iter().take(FAULTS_SHOWN).enumerate().map(|(k, d)| html! { <Fault key={k.to_string()} fault={d.clone()} text={props.text.clone()} area={area.clone()} /> }) }
                if m.diagnostics.len() > FAULTS_SHOWN { <li class="hint-line">{format!("and {} more", m.diagnostics.len() - FAULTS_SHOWN)}</li> }
            </ol>
            <footer>
                if m.has_errors { <span class="bad">{icon("m-bang")}{m.summary.clone()}</span> } else { <span class="ok">{icon("m-tick")}{m.summary.clone()}</span> }
                if props.editing.is_some() {
                    <Button class="btn btn-plain" testid="edit-cancel" label="Close the editor without saving" onclick={props.dispatch.reform(|_: MouseEvent| Msg::CloseEditor(false))}>{"Cancel"}</Button>
                    <Button class="btn btn-main" testid="edit-save" label="Save and close the editor" onclick={props.dispatch.reform(|_: MouseEvent| Msg::CloseEditor(true))}>{"Save"}</Button>
                } else {
                <Button class="btn btn-plain" testid="paste" title="Empty the editor for a manifest of yours" onclick={props.dispatch.reform(|_: MouseEvent| Msg::PasteYours)}>{"Paste yours"}</Button>
                <Button testid="apply" class={if m.applied { "btn" } else { "btn btn-main" }} command={AttrValue::from(format!("kubectl apply -f {}", m.file))}
                    off={props.text.trim().is_empty()} onclick={props.dispatch.reform(|_: MouseEvent| Msg::Apply)}>{if m.applied { "Applied" } else { "Apply" }}</Button>
                }
            </footer>
        </section>
    }
}

/// Steppers for the numbers and images, where the text is small and the finger is large.
fn fields(props: &EditorProps) -> Html {
    if props.editing.is_some() || props.manifest.fields.is_empty() {
        return Html::default();
    }
    html! {
        <ul class="fields" aria-label="Fields of the manifest">
            { for props.manifest.fields.iter().map(|f| html! { <li key={f.path.clone()} data-testid="field" data-path={f.path.clone()}>{ field(f, &props.dispatch) }</li> }) }
        </ul>
    }
}

fn field(f: &FieldView, dispatch: &Callback<Msg>) -> Html {
    let set = |value: Option<String>| {
        let (document, path) = (f.document, f.path.clone());
        dispatch.reform(move |_: MouseEvent| {
            Msg::Field(document, path.clone(), value.clone().unwrap_or_default())
        })
    };
    let onchange = {
        let (document, path) = (f.document, f.path.clone());
        dispatch.reform(move |event: Event| {
            let value = event.target_unchecked_into::<HtmlInputElement>().value();
            Msg::Field(document, path.clone(), value.trim().to_owned())
        })
    };
    let Some(quantity) = f.quantity else {
        return html! { <>
            <code>{f.name}</code><input class="text" aria-label={format!("Image of {}", f.note)} list="images-known" value={f.value.clone()} {onchange} autocomplete="off" autocapitalize="off" spellcheck="false" />
        </> };
    };
    html! { <>
        <code>{f.name}</code>
        <span class="stepper">
            <button type="button" aria-label={format!("{} less", f.name)} aria-disabled={f.less.is_none().then_some("true")} onclick={if f.less.is_some() { set(f.less.clone()) } else { Callback::noop() }}>{"−"}</button>
            <input inputmode="numeric" aria-label={f.name} value={f.value.clone()} {onchange} />
            <button type="button" aria-label={format!("{} more", f.name)} aria-disabled={f.more.is_none().then_some("true")} onclick={if f.more.is_some() { set(f.more.clone()) } else { Callback::noop() }}>{"+"}</button>
        </span>
        <span class="field-note" data-src={quantity.name()}>{f.note.clone()}</span>
    </> }
}

/// The file that is shown, with the others to choose from; or the line that opened the editor.
fn title(props: &EditorProps) -> Html {
    if let Some((line, again)) = &props.editing {
        return html! { <b class="editing" data-testid="editing" title={line.clone()}>{line.clone()}if *again { {", refused"} }</b> };
    }
    let file = &props.manifest.file;
    if props.files.iter().all(|f| **f == **file) {
        return html! { <b>{file.clone()}</b> };
    }
    html! {
        <Menu testid="files" label={html! { <b>{file.clone()}</b> }}>
            { for props.files.iter().map(|f| {
                let name = f.to_string();
                html! {
                    <button type="button" role="menuitemradio" aria-checked={(**f == **file).to_string()} class="menu-item" key={f.to_string()} data-testid="file"
                        onclick={props.dispatch.reform(move |_: MouseEvent| Msg::OpenFile(name.clone()))}><b>{f.clone()}</b><small>{format!("for -f {f}")}</small></button>
                }
            }) }
        </Menu>
    }
}

#[derive(Properties, PartialEq)]
struct FaultProps {
    fault: DiagnosticView,
    text: AttrValue,
    area: NodeRef,
}

/// A message is an address: line and field path first, then the server's own words.
#[component]
fn Fault(props: &FaultProps) -> Html {
    let d = &props.fault;
    let level = match d.level {
        DiagnosticLevel::Error => "error",
        DiagnosticLevel::Warning => "warning",
        DiagnosticLevel::Caution => "caution",
    };
    let onclick = {
        let (text, area, line) = (props.text.clone(), props.area.clone(), d.line);
        Callback::from(move |_: MouseEvent| {
            // Positions in a text area are counted in UTF-16 units.
            let start: usize = text
                .split('\n')
                .take(line.saturating_sub(1))
                .map(|l| l.encode_utf16().count() + 1)
                .sum();
            let length = text
                .split('\n')
                .nth(line.saturating_sub(1))
                .map_or(0, |l| l.encode_utf16().count());
            dom::select_range(&area, start as u32, (start + length) as u32);
        })
    };
    html! {
        <li data-testid="fault" data-level={level} data-line={d.line.to_string()}>
            <button type="button" class="fault" data-level={level} {onclick}>
                {icon("m-bang")}<b>{format!("line {}", d.line)}</b><code>{d.path.clone()}</code>
                <span>{d.message.clone()}if !d.help.is_empty() { {" "}<em>{d.help.clone()}</em> }</span>
            </button>
        </li>
    }
}

#[derive(Properties, PartialEq)]
struct CodeProps {
    text: AttrValue,
    manifest: ManifestView,
}

#[component]
fn Code(props: &CodeProps) -> Html {
    let m = &props.manifest;
    html! {
        <ol class="code" aria-hidden="true">
            { for props.text.split('\n').enumerate().map(|(k, line)| {
                let number = k + 1;
                let note = m.notes.iter().find(|n| n.line == number);
                let level = m.diagnostics.iter().filter(|d| d.line == number).map(|d| d.level).min_by_key(|l| match l {
                    DiagnosticLevel::Error => 0, DiagnosticLevel::Warning => 1, DiagnosticLevel::Caution => 2,
                });
                let state = match level { Some(DiagnosticLevel::Error) => "error", Some(_) => "caution", None => "" };
                let filled: Vec<_> = m.filled_in.iter().filter(|f| f.after_line == number).collect();
                html! { <CodeLine key={number.to_string()} line={AttrValue::from(line.to_owned())} note={note.cloned()} {state}
                    filled={filled.iter().map(|f| format!("{}{}", f.text, if f.note.is_empty() { String::new() } else { format!("  {}", f.note) })).collect::<Vec<_>>()} /> }
            }) }
        </ol>
    }
}

#[derive(Properties, PartialEq)]
struct CodeLineProps {
    line: AttrValue,
    note: Option<LineNote>,
    state: &'static str,
    filled: Vec<String>,
}

#[component]
fn CodeLine(props: &CodeLineProps) -> Html {
    let (mut class, mut source, mut version) = (props.state.to_owned(), None, None);
    let mut note_class = "cm cm-note";
    let mut sign = None;
    if let Some(note) = &props.note {
        match &note.lit {
            Lit::Limit(quantities) => {
                class.push_str(" lit");
                note_class = "cm";
                source = Some(
                    quantities
                        .iter()
                        .map(|q| q.name())
                        .collect::<Vec<_>>()
                        .join(" "),
                );
                sign = match quantities.as_slice() {
                    [Quantity::Ceiling] => Some("g-ceiling"),
                    [Quantity::Floor] => Some("g-floor"),
                    _ => None,
                };
            }
            Lit::Image(tag) => version = Some(*tag),
            Lit::Failing(tag) => {
                class.push_str(" bad");
                note_class = "cm cm-fail";
                version = Some(*tag);
            }
            Lit::Note => class.push_str(" note-line"),
        }
    }
    html! {
        <li class={class} data-src={source} data-version={version.as_ref().map(|v| v.letter())} data-livery={version.as_ref().map(|v| v.livery().to_string())}>
            <span>{ for highlight::pieces(&props.line).into_iter().map(|(class, text)| match class {
                "" => html! { {text.to_owned()} },
                class => html! { <b {class}>{text.to_owned()}</b> },
            }) }</span>
            if let Some(note) = &props.note {
                <span class={note_class}>
                    if let Some(sign) = sign { {icon_as(sign, "mark glyph")} }
                    if let Some(version) = &version { {super::spans::coach(*version)} }
                    {note.text.clone()}
                </span>
            } else if !props.filled.is_empty() {
                <span class="cm cm-note cm-filled">{props.filled.join(", ")}</span>
            }
        </li>
    }
}
