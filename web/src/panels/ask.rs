//! Why, at length: the sums with their sources, the rule, the wait, the trace; why not; what next; and the learner's say.

use super::spans::{Number, Spans, coach};
use crate::playground::Msg;
use crate::playground::instrument::{Asked, Foretold, TimeMsg, send};
use crate::ui::{Button, Shared};
use rollout_view::{
    AnswerView, GhostView, NumberView, Origin, PageView, PodView, RankingView, ReferenceView,
};
use std::rc::Rc;
use web_sys::HtmlInputElement;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct AskProps {
    pub page: Shared<PageView>,
    /// The pod that was clicked.
    pub pod: Option<Rc<PodView>>,
    pub asked: Option<Asked>,
    pub answer: Option<Rc<AnswerView>>,
    pub ghost: Option<Rc<GhostView>>,
    pub foretold: Option<Rc<Foretold>>,
    pub dispatch: Callback<Msg>,
}

#[component]
pub fn Ask(props: &AskProps) -> Html {
    let (why, dispatch) = (&props.page.why, &props.dispatch);
    let hidden = props.foretold.as_ref().is_some_and(|f| f.verdict.is_none());
    html! {
        <div class="ask" data-testid="ask">
            if let Some(foretold) = &props.foretold { { say_first(props, foretold) } }
            if !hidden {
                if !why.terms.is_empty() {
                    <dl class="bill" aria-label="Sums" data-testid="bill">
                        { for why.terms.iter().map(|t| html! {
                            <div class={(t.operator == "=").then_some("bill-sum")}>
                                <dt><span class="op">{t.operator}</span>{t.name.clone()}</dt>
                                <dd><Number number={t.number.clone()} dispatch={dispatch.clone()} />{source(&t.number, &props.page, dispatch)}</dd>
                            </div>
                        }) }
                    </dl>
                }
                if let Some(reference) = why.reference { {rule(&reference)} }
                if !why.also.is_empty() {
                    <ul class="also" aria-label="In the same step">{ for why.also.iter().take(8).map(|s| html! { <li><Spans spans={s.clone()} dispatch={dispatch.clone()} /></li> }) }</ul>
                }
                if let Some(wait) = &why.wait {
                    <dl class="wait" data-testid="wait" aria-label="The wait">
                        <div><dt>{"Waits for"}</dt><dd><Spans spans={wait.awaited.clone()} dispatch={dispatch.clone()} /></dd></div>
                        <div><dt>{"Ends with"}</dt><dd><Spans spans={wait.ends.clone()} dispatch={dispatch.clone()} /></dd></div>
                        <div><dt>{"Can last"}</dt><dd><Spans spans={wait.lasts.clone()} dispatch={dispatch.clone()} /></dd></div>
                    </dl>
                }
                if !why.trace.is_empty() {
                    <details class="trace" data-testid="trace"><summary>{format!("The whole turn, {} lines", why.trace.len())}</summary>
                        <ol>{ for why.trace.iter().map(|line| html! {
                            <li data-wrote={line.wrote.then_some("true")}>if !line.function.is_empty() { <code>{line.function.clone()}</code>{" "} }<Spans spans={line.text.clone()} dispatch={dispatch.clone()} /></li>
                        }) }</ol>
                    </details>
                }
                { questions(props) }
                if let Some(answer) = &props.answer { { answer_of(answer, dispatch) } }
                if let Some(ghost) = &props.ghost { { ghost_of(ghost, dispatch) } }
            }
        </div>
    }
}

/// Where a number comes from: a line of the manifest, the pods, the clock.
fn source(number: &NumberView, page: &PageView, dispatch: &Callback<Msg>) -> Html {
    let text = match &number.origin {
        Origin::Field(path) => {
            let places = &page.manifest.places;
            return match places.iter().find(|(p, _)| p == path) {
                Some((_, line)) => {
                    let line = *line;
                    html! { <button type="button" class="source" title={path.clone()} onclick={send(dispatch, TimeMsg::ToLine(line))}>{format!("{}, line {line}", short(path))}</button> }
                }
                None => {
                    html! { <span class="source" title={path.clone()}>{format!("{}, filled in", short(path))}</span> }
                }
            };
        }
        Origin::Status(path) => path.as_str(),
        Origin::Pods => "pods in the scene",
        Origin::Sets => "sizes of the sets",
        Origin::Clock => "the clock",
        Origin::Computed => "",
    };
    html! { <span class="source">{text.to_owned()}</span> }
}

/// The last part of a path.
fn short(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

/// Function, file, page of the documentation.
fn rule(r: &ReferenceView) -> Html {
    html! {
        <p class="rule" data-testid="rule"><code title={r.file}>{r.function}</code>{" in "}<span class="file">{r.file}</span>{". In the documentation: "}
            <a href={format!("https://kubernetes.io/docs/{}", r.path)} target="_blank" rel="noopener noreferrer">{r.page}</a></p>
    }
}

/// The buttons that ask.
fn questions(props: &AskProps) -> Html {
    let dispatch = &props.dispatch;
    let button = |id: &'static str, msg: TimeMsg, on: bool, word: String| {
        html! { <Button class="btn btn-small" testid={id} pressed={on} onclick={send(dispatch, msg)}>{word}</Button> }
    };
    let pod = props.pod.as_ref();
    html! {
        <div class="ask-row" role="group" aria-label="Ask">
            { button("ask-finished", TimeMsg::Ask(Asked::NotFinished), props.asked == Some(Asked::NotFinished), "Why is it not finished?".to_owned()) }
            { button("ask-next", TimeMsg::Ghost, props.ghost.is_some(), "What comes next?".to_owned()) }
            if let Some(pod) = pod {
                { button("ask-available", TimeMsg::Ask(Asked::NotAvailable(pod.uid.clone())), props.asked == Some(Asked::NotAvailable(pod.uid.clone())), format!("Why is {} not available?", pod.short)) }
                { button("ask-chosen", TimeMsg::Ask(Asked::Chosen(pod.uid.clone())), props.asked == Some(Asked::Chosen(pod.uid.clone())), format!("Why {}, why not another?", pod.short)) }
            } else {
                <p class="hint-line">{"Click a pod to ask about it."}</p>
            }
            { button("foretell", TimeMsg::Foretell(false), false, "Let me say the numbers first".to_owned()) }
            { button("foretell-pods", TimeMsg::Foretell(true), false, "Let me say which pods go".to_owned()) }
        </div>
    }
}

fn answer_of(answer: &AnswerView, dispatch: &Callback<Msg>) -> Html {
    html! {
        <section class="answer" id="ask-answer" data-testid="answer" aria-label={answer.question.clone()}>
            <h3>{answer.question.clone()}</h3>
            <p><Spans spans={answer.headline.clone()} dispatch={dispatch.clone()} /></p>
            if !answer.clauses.is_empty() {
                <ul class="clauses">{ for answer.clauses.iter().map(|c| html! {
                    <li data-testid="clause" data-met={c.met.to_string()}><span class="sr">{if c.met { "holds: " } else { "does not hold: " }}</span><Spans spans={c.text.clone()} dispatch={dispatch.clone()} /></li>
                }) }</ul>
            }
            if let Some(ranking) = &answer.ranking { { table(ranking, dispatch) } }
            if let Some(reference) = answer.reference { {rule(&reference)} }
        </section>
    }
}

/// Pods against criteria; a line divides those that go from those that stay.
fn table(ranking: &RankingView, dispatch: &Callback<Msg>) -> Html {
    html! {
        <div class="rank" tabindex="0" role="region" aria-label="Order of deletion">
            <table data-testid="ranking"><caption>{format!("Set {}: {} of {} {}. First to go first.", ranking.set, ranking.going, ranking.rows.len() + ranking.more, if ranking.going == 1 { "goes" } else { "go" })}</caption>
                <thead><tr><th scope="col">{"pod"}</th>{ for ranking.criteria.iter().map(|(name, first)| html! { <th scope="col" title={*first}>{*name}<small>{*first}</small></th> }) }</tr></thead>
                <tbody>{ for ranking.rows.iter().map(|row| {
                    let uid = AttrValue::from(row.uid.clone());
                    html! {
                        <tr key={row.uid.clone()} data-goes={row.goes.to_string()} data-asked={row.asked.then_some("true")}>
                            <th scope="row">{coach(row.version)}
                                <button type="button" class="tl-pod" title={row.name.clone()} onclick={dispatch.reform(move |_: MouseEvent| Msg::Time(TimeMsg::Ask(Asked::Chosen(uid.to_string()))))}>{row.name.rsplit_once('-').map_or(row.name.clone(), |(_, s)| s.to_owned())}</button></th>
                            { for row.cells.iter().enumerate().map(|(k, cell)| html! { <td data-decides={(row.decides == Some(k)).then_some("true")}>{cell.clone()}</td> }) }
                        </tr>
                    }
                }) }</tbody></table>
            if ranking.more > 0 { <p class="hint-line">{format!("{} more pods", ranking.more)}</p> }
        </div>
    }
}

fn ghost_of(ghost: &GhostView, dispatch: &Callback<Msg>) -> Html {
    html! {
        <section class="answer ghost" id="ask-ghost" data-testid="ghost" aria-label="What comes next">
            <h3>{format!("Next write, {}", ghost.when)}</h3>
            <p><Spans spans={ghost.sentence.clone()} dispatch={dispatch.clone()} /></p>
            <ul class="clauses">
                { for ghost.sizes.iter().map(|(version, name, from, to)| html! {
                    <li data-testid="ghost-size" data-to={to.to_string()} title={name.clone()}>{coach(*version)}{" "}{from}{" → "}<b>{to}</b></li>
                }) }
                if !ghost.goes.is_empty() {
                    <li data-testid="ghost-goes">{"goes: "}{ for ghost.goes.iter().take(12).map(|(_, name)| html! { <code title={name.clone()}>{name.rsplit_once('-').map_or(name.clone(), |(_, s)| s.to_owned())}{" "}</code> }) }</li>
                }
            </ul>
        </section>
    }
}

/// The learner says first.
fn say_first(props: &AskProps, f: &Foretold) -> Html {
    let dispatch = &props.dispatch;
    let locked = f.verdict.is_some();
    let (old, new) = (f.old, f.new);
    let field = |id: &'static str, word: &'static str, value: i64, of_new: bool| {
        let oninput = dispatch.reform(move |event: InputEvent| {
            let text = event.target_unchecked_into::<HtmlInputElement>().value();
            let n = text.trim().parse().unwrap_or(0);
            Msg::Time(if of_new {
                TimeMsg::Say(old, n)
            } else {
                TimeMsg::Say(n, new)
            })
        });
        html! { <label class="field"><span>{word}</span><input id={(!of_new).then_some("say-first")} class="text" type="number" min="0" data-testid={id} value={value.to_string()} disabled={locked} {oninput} /></label> }
    };
    html! {
        <section class="answer say" id="ask-say" data-testid="predict" aria-label="Say first">
            <h3>{if f.pods { "Which pods go next?" } else { "What are the sizes after the next write?" }}</h3>
            if f.pods {
                <div class="ask-row" role="group" aria-label="Pods">
                    { for props.page.scene.pods.iter().take(60).enumerate().map(|(k, pod)| {
                        let name = pod.name.clone();
                        let on = f.names.contains(&pod.name);
                        html! { <button type="button" id={(k == 0).then_some("say-first")} class="btn btn-small" key={pod.uid.clone()} data-testid="say-pod" aria-pressed={on.to_string()} title={pod.name.clone()} disabled={locked}
                            onclick={dispatch.reform(move |_: MouseEvent| Msg::Time(TimeMsg::SayPod(name.clone())))}>{coach(pod.version)}{pod.short.clone()}</button> }
                    }) }
                </div>
            } else {
                <div class="say-row">{ field("say-old", "old sets", old, false) }{ field("say-new", "new set", new, true) }</div>
            }
            if let Some((right, text)) = &f.verdict {
                <p class="verdict" data-testid="verdict" data-right={right.to_string()} role="status"><Spans spans={text.clone()} dispatch={dispatch.clone()} /></p>
                <div class="ask-row"><Button class="btn btn-small btn-main" testid="foretell-again" onclick={send(dispatch, TimeMsg::Foretell(f.pods))}>{"Again"}</Button>
                    <Button class="btn btn-small" onclick={send(dispatch, TimeMsg::LetGo)}>{"Enough"}</Button></div>
            } else {
                <p class="hint-line">{"Step and Play wait for your answer. Nothing on the page tells it."}</p>
                <div class="ask-row"><Button class="btn btn-small btn-main" testid="lock-in" off={f.pods && f.names.is_empty()} onclick={send(dispatch, TimeMsg::LockIn)}>{"Lock in my answer"}</Button>
                    <Button class="btn btn-small" testid="let-go" onclick={send(dispatch, TimeMsg::LetGo)}>{"Skip"}</Button></div>
            }
        </section>
    }
}
