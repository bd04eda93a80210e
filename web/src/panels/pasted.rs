//! What became of a pasted transcript: each command, and where it printed something else.

use crate::playground::{Msg, differing};
use crate::ui::{Sheet, icon};
use rollout_view::expect::Row;
use rollout_view::paste::PastedResult;
use yew::prelude::*;

/// The panel over the page.
pub fn pasted(results: &[PastedResult], dispatch: &Callback<Msg>) -> Html {
    let differ = differing(results);
    let words = match (results.len(), differ) {
        (1, 0) => "The command printed what the transcript shows.".to_owned(),
        (n, 0) => format!("All {n} commands printed what the transcript shows."),
        (n, k) => format!("{k} of {n} commands printed something else."),
    };
    html! {
        <Sheet title="Pasted transcript" onclose={dispatch.reform(|()| Msg::PasteRead)}>
            <p data-testid="paste-summary">{words}{" Ages, suffixes of names, addresses and times may differ."}</p>
            <ol class="pasted">
                { for results.iter().map(|r| html! {
                    <li data-testid="paste-result" data-differs={r.differs().to_string()}>
                        <p>{icon(if r.differs() { "m-bang" } else { "m-tick" })}<code>{r.pasted.line.clone()}</code></p>
                        if r.differs() { <pre>{ for r.rows.iter().map(row) }</pre> }
                    </li>
                }) }
            </ol>
        </Sheet>
    }
}

/// A row of the comparison, its sign in front as in a diff.
fn row(row: &Row) -> Html {
    let (class, sign, text) = match row {
        Row::Same(text) => ("same", "  ", text),
        Row::Missing(_, text) => ("missing", "- ", text),
        Row::Extra(text) => ("extra", "+ ", text),
    };
    html! { <span {class}>{sign}{text.clone()}{"\n"}</span> }
}
