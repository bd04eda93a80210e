//! `kubectl events`.

use crate::builder;
use crate::context::Ctx;
use crate::describe::{event_age, event_time};
use crate::error::{Failure, Res};
use crate::print::{self, Printer};
use crate::{Next, columns, gosort, table};
use rollout_api::{Kind, Timestamp, Value};

fn moment(e: &Value) -> Option<Timestamp> {
    Timestamp::parse(e.str_at("series.lastObservedTime"))
        .or_else(|| event_time(e))
        .or_else(|| columns::first_seen(e))
}

/// Runs it.
pub(crate) fn run(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    let types: Vec<String> = ctx.flags.texts("types").to_vec();
    for t in &types {
        if !t.eq_ignore_ascii_case("Normal") && !t.eq_ignore_ascii_case("Warning") {
            return Err(Failure::text("valid --types are Normal or Warning"));
        }
    }
    let everywhere = ctx.flags.on("all-namespaces");
    let about = ctx.flags.text("for").to_owned();
    let mut target = None;
    if !about.is_empty() {
        let Some((kind, name)) = about.split_once('/').filter(|(_, n)| !n.contains('/')) else {
            return Err(Failure::text("--for must be in resource/name form"));
        };
        if kind.is_empty() {
            return Err(Failure::text(
                "a resource must be present, got: /, Resource=",
            ));
        }
        let r = builder::resource_of(kind, ctx.minor()).map_err(|f| Failure::Raw(f.message()))?;
        target = Some((r.kind.0, name.to_owned())).filter(|t| !t.1.is_empty());
    }
    let namespace = if everywhere {
        None
    } else {
        Some(ctx.namespace.clone())
    };
    let mut list = ctx.list(Kind::EVENT, namespace.as_deref());
    list.retain(|e| {
        target.as_ref().is_none_or(|(k, n)| {
            e.str_at("involvedObject.kind") == *k && e.str_at("involvedObject.name") == n
        }) && (types.is_empty()
            || types
                .iter()
                .any(|t| t.eq_ignore_ascii_case(e.str_at("type"))))
    });
    let format = print::of_flags(ctx)?;
    if list.is_empty() && format.is_human() {
        let line = if everywhere {
            "No events found.".to_owned()
        } else {
            format!("No events found in {} namespace.", ctx.namespace)
        };
        ctx.warn(line);
        return Ok(Next::Done);
    }
    gosort::sort_by(ctx.minor(), &mut list, |a, b| moment(a) < moment(b));
    if matches!(format, print::Format::Name) {
        return Ok(Next::Done);
    }
    if !format.is_human() {
        let mut printer = Printer::new(format, ctx);
        let text = printer.text(None, &print::list_of(list))?;
        ctx.print(&text);
        return Ok(Next::Done);
    }
    let mut rows = Vec::new();
    let now = ctx.now();
    if !ctx.flags.on("no-headers") {
        let mut head = vec!["LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"];
        if everywhere {
            head.insert(0, "NAMESPACE");
        }
        rows.push(head.into_iter().map(str::to_owned).collect());
    }
    for e in &list {
        let mut row = vec![
            event_age(e, now),
            e.str_at("type").to_owned(),
            e.str_at("reason").to_owned(),
            format!(
                "{}/{}",
                e.str_at("involvedObject.kind"),
                e.str_at("involvedObject.name")
            ),
            e.str_at("message").trim().to_owned(),
        ];
        if everywhere {
            row.insert(0, e.str_at("metadata.namespace").to_owned());
        }
        rows.push(row);
    }
    let text = table::lines(&rows);
    ctx.print(&text);
    Ok(Next::Done)
}
