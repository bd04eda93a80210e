//! The events of an object, as `describe` and `kubectl events` show them.

use super::Desk;
use crate::{columns, duration, gosort};
use rollout_api::{Kind, Minor, Timestamp, Value};

/// `Age`: with its count where there were several.
pub(crate) fn age(e: &Value, now: Timestamp) -> String {
    let first = columns::first_seen(e);
    let times = |last: Option<Timestamp>, n: i64| {
        format!(
            "{} (x{n} over {})",
            duration::age(last, now),
            duration::age(first, now)
        )
    };
    if let Some(series) = e.at("series").filter(|s| !s.is_null()) {
        return times(
            Timestamp::parse(series.str_at("lastObservedTime")),
            series.int_at("count").unwrap_or(0),
        );
    }
    let count = e.int_at("count").unwrap_or(0);
    if count > 1 {
        return times(Timestamp::parse(e.str_at("lastTimestamp")), count);
    }
    duration::age(first, now)
}

/// `From`.
pub(crate) fn source(e: &Value) -> &str {
    let c = e.str_at("source.component");
    if c.is_empty() {
        e.str_at("reportingComponent")
    } else {
        c
    }
}

/// By which `describe` sorts.
pub(crate) fn time(e: &Value) -> Option<Timestamp> {
    Timestamp::parse(e.str_at("lastTimestamp"))
}

/// The events about an object.
fn about(d: &Desk<'_, '_, '_>, o: &Value) -> Vec<Value> {
    let (kind, name, uid) = (
        o.str_at("kind"),
        o.str_at("metadata.name"),
        o.str_at("metadata.uid"),
    );
    let namespace = o.str_at("metadata.namespace");
    let place = if namespace.is_empty() {
        None
    } else {
        Some(namespace)
    };
    let mut list = d.ctx.list(Kind::EVENT, place);
    list.retain(|e| {
        e.str_at("involvedObject.name") == name
            && e.str_at("involvedObject.kind") == kind
            && (kind == "Node" && e.str_at("involvedObject.uid") == name
                || uid.is_empty()
                || e.str_at("involvedObject.uid") == uid)
    });
    list
}

/// The block at the end.
pub(crate) fn block(d: &mut Desk<'_, '_, '_>, o: &Value) {
    if !d.events {
        return;
    }
    let mut list = about(d, o);
    if list.is_empty() {
        d.doc.line(0, "Events:\t<none>");
        return;
    }
    gosort::sort_by(d.minor(), &mut list, |a, b| time(a) < time(b));
    d.doc.flush();
    d.doc.line(0, "Events:\n  Type\tReason\tAge\tFrom\tMessage");
    d.doc.line(1, "----\t------\t----\t----\t-------");
    let now = d.now();
    for e in &list {
        let mut message = e.str_at("message").trim().to_owned();
        let path = e.str_at("involvedObject.fieldPath");
        if d.minor() >= Minor(35) && !path.is_empty() {
            message = format!("{path}: {message}");
        }
        d.doc.line(
            1,
            format!(
                "{}\t{}\t{}\t{}\t{message}",
                e.str_at("type"),
                e.str_at("reason"),
                age(e, now),
                source(e)
            ),
        );
    }
}
