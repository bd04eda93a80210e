//! Checks: common mistakes of the manifest, and, when asked, the evidence of what is wrong in the cluster.

use crate::playground::Msg;
use crate::ui::Button;
use rollout_view::diagnosis::Evidence;
use rollout_view::lint::Lint;
use yew::prelude::*;

#[derive(Clone, PartialEq, Default)]
pub struct Checks {
    pub lints: Vec<Lint>,
    /// The way from the Deployment to the logs: name and command.
    pub path: Vec<(&'static str, String)>,
    /// None: nobody has asked yet.
    pub evidence: Option<Vec<Evidence>>,
}

#[derive(Properties, PartialEq)]
pub struct CheckProps {
    pub checks: Checks,
    pub dispatch: Callback<Msg>,
}

#[component]
pub fn Check(props: &CheckProps) -> Html {
    let (checks, dispatch) = (&props.checks, &props.dispatch);
    html! { <>
        <section class="remarks" aria-labelledby="wrong-title">
            <h3 id="wrong-title">{"What is wrong here"}</h3>
            <div class="path" role="group" aria-label="Where to look, in this order">{ for checks.path.iter().map(|(name, line)| html! {
                <Button class="btn btn-small" testid="path-stop" command={AttrValue::from(line.clone())}
                    onclick={let line = line.clone(); dispatch.reform(move |_: MouseEvent| Msg::Run(line.clone()))}>{*name}</Button>
            }) }</div>
            if let Some(rows) = &checks.evidence {
                if rows.is_empty() { <p class="hint-line" role="status">{"Nothing is out of order."}</p> }
                <ol class="evidence">{ for rows.iter().map(|row| html! {
                    <li data-testid="evidence" data-stage={row.stage.name()}>
                        <b>{row.stage.name()}{" "}<code>{row.object.clone()}</code></b>
                        <span>{row.says.clone()}</span>
                        <small>{"from "}<code>{row.source.clone()}</code></small>
                        <Button class="btn btn-plain" command={AttrValue::from(row.command.clone())}
                            onclick={let line = row.command.clone(); dispatch.reform(move |_: MouseEvent| Msg::Run(line.clone()))}><code>{row.command.clone()}</code></Button>
                    </li>
                }) }</ol>
            } else {
                <Button testid="ask-wrong" onclick={dispatch.reform(|_: MouseEvent| Msg::AskWrong)}>{"Show the evidence"}</Button>
            }
        </section>
        <section class="remarks" aria-labelledby="remarks-title">
            <h3 id="remarks-title">{"Remarks on the manifest"}</h3>
            if checks.lints.is_empty() { <p class="hint-line">{"No remark on this manifest."}</p> }
            <ol class="lints">{ for checks.lints.iter().enumerate().map(|(i, lint)| html! {
                <li data-testid="lint" data-lint={lint.id}>
                    <b>{format!("Line {}", lint.line)}{" "}<code>{lint.id}</code></b>
                    <span>{lint.reason.clone()}</span>
                    <span class="lint-keys">
                        <Button testid="lint-fix" label={format!("{}: {}", lint.fix, lint.id)} onclick={dispatch.reform(move |_: MouseEvent| Msg::FixLint(i))}>{lint.fix.clone()}</Button>
                        <Button class="btn btn-plain" testid="lint-show" label={format!("Show me: {}", lint.id)} onclick={dispatch.reform(move |_: MouseEvent| Msg::ShowLint(i))}>{"Show me"}</Button>
                    </span>
                </li>
            }) }</ol>
        </section>
    </> }
}
