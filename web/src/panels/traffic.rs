//! Traffic: the strip below the life lines, and the panel with what became of the requests.

use super::spans::coach;
use crate::playground::Msg;
use crate::ui::Button;
use rollout_view::{BreakView, RequestMark, TrafficView};
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct StripProps {
    pub traffic: TrafficView,
    /// Width of the drawing of the past.
    pub width: u64,
}

/// One path for all marks of a row and colour.
fn path(marks: &[RequestMark], row: u8, livery: u8) -> String {
    let mut d = String::new();
    for mark in marks.iter().filter(|m| m.row == row && m.livery == livery) {
        d.push('M');
        d.push_str(&mark.x.to_string());
        d.push_str(if row == 0 { " 0v1" } else { " 1.2v1" });
    }
    d
}

/// Where each cross stands, for one element that draws all of them.
fn places(crosses: &[u32]) -> String {
    let mut list = String::new();
    for x in crosses {
        list.push_str(&format!("{}.{}% ", x / 10, x % 10));
    }
    list
}

/// Requests under the drawing: upper row old, middle row new, crosses failed.
#[component]
pub fn Strip(props: &StripProps) -> Html {
    let t = &props.traffic;
    let looks = [0u8, 1]
        .into_iter()
        .flat_map(|row| (0..8u8).map(move |livery| (row, livery)));
    let paths = looks
        .map(|(row, livery)| (livery, path(&t.marks, row, livery)))
        .filter(|(_, d)| !d.is_empty());
    let crosses = "×".repeat(t.crosses.len());
    html! { <>
        <p class="lane-label lane-traffic">{"traffic"}</p>
        <div class="traffic" data-testid="traffic" role="img" aria-label={format!("Requests to {}: {}", t.target, t.label)}>
            <svg viewBox={format!("0 0 {} 3.6", props.width)} preserveAspectRatio="none" aria-hidden="true">
                { for paths.map(|(livery, d)| html! { <g data-livery={livery.to_string()}><path class="req" {d} /></g> }) }
            </svg>
            <svg aria-hidden="true"><text class="req-fail" y="82%" x={places(&t.crosses)}>{crosses}</text></svg>
        </div>
        <p class="traffic-note">
            <b>{t.total}</b>{if t.total == 1 { " request" } else { " requests" }}
            { for t.rows.iter().enumerate().map(|(i, row)| html! { <>{if i == 0 { ": " } else { ", " }}<b>{row.ok}</b>{" answered by "}{row.version.letter()}</> }) }
            if t.failed > 0 { {", "}<b class="fail">{format!("{} failed", t.failed)}</b>{format!(": {}", t.causes.join(", "))} }
            if t.per_mark > 1 { <small>{format!(" (a mark is up to {} requests)", t.per_mark)}</small> }
        </p>
    </> }
}

#[derive(Properties, PartialEq)]
pub struct TrafficProps {
    pub traffic: Option<TrafficView>,
    pub broken: BreakView,
    pub dispatch: Callback<Msg>,
}

/// The panel: who answers, what failed and why, how much, and the rate.
#[component]
pub fn Traffic(props: &TrafficProps) -> Html {
    html! { <>
        <div class="rates" role="group" aria-label="Requests per second">
            { for props.broken.rates.iter().map(|rate| {
                let line = rate.command.clone();
                html! {
                    <Button testid="traffic-rate" class="btn btn-small" command={AttrValue::from(line.clone())} pressed={rate.on}
                        onclick={props.dispatch.reform(move |_: MouseEvent| Msg::Run(line.clone()))}>{rate.name.clone()}</Button>
                }
            }) }
            if props.broken.rates.is_empty() { <p class="hint-line">{"Apply a Deployment first."}</p> }
        </div>
        if let Some(t) = &props.traffic {
            <p class="traffic-line"><code>{t.target.clone()}</code>{" "}{t.rate.clone()}{", "}{t.label.clone()}</p>
            <table class="requests">
                <caption class="sr">{"Requests by version"}</caption>
                <thead><tr><th scope="col">{"Version"}</th><th scope="col">{"answered"}</th><th scope="col">{"failed"}</th></tr></thead>
                <tbody>{ for t.rows.iter().map(|row| html! {
                    <tr key={row.version.letter()} data-testid="traffic-row" data-version={row.version.letter()}>
                        <th scope="row">{coach(row.version)}{" "}{row.image.clone()}</th><td>{row.ok}</td><td class={(row.failed > 0).then_some("fail")}>{row.failed}</td></tr>
                }) }</tbody>
            </table>
            <dl class="facts traffic-facts">
                <div><dt>{"Availability"}</dt><dd data-testid="traffic-availability">{t.availability.clone()}</dd></div>
                <div><dt>{"Burnt"}</dt><dd>{t.budget.clone()}</dd></div>
                if !t.latency.is_empty() { <div><dt>{"Latency, 50 and 95 of 100"}</dt><dd>{t.latency.clone()}</dd></div> }
                { for t.causes.iter().map(|c| html! { <div><dt>{"Failed"}</dt><dd class="fail">{c.clone()}</dd></div> }) }
            </dl>
        } else {
            <p class="hint-line">{"No requests yet: choose a rate. They go through the Service, or straight to the Deployment's pods if there is none."}</p>
        }
        <p class="hint-line">{"A change of endpoints reaches the clients 1.5 s later: that is when requests hit pods that have stopped. Our own command: traffic TARGET RATE."}</p>
    </> }
}
