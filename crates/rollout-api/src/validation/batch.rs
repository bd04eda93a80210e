//! Jobs and cron jobs. Mirrors pkg/apis/batch/validation/validation.go.

use super::apps::validate_match;
use super::errors::Errors;
use super::meta::{
    int, selector_matches, sub, text, validate_label_selector, validate_nonnegative,
    validate_object_meta, validate_object_meta_update,
};
use super::names;
use super::path::Path;
use super::pod_spec::validate_pod_template;
use super::shown::{Shown, Tree};
use crate::value::Value;

/// Mirrors `ValidateJob`; selector and labels are made by the server.
pub fn validate_job(object: &Value, e: &mut Errors) {
    validate_object_meta(object, true, names::is_dns1123_subdomain, e);
    let none = Value::object();
    let spec = sub(object, "spec").unwrap_or(&none);
    let path = Path::root("spec");
    let selector = sub(spec, "selector");
    let at = path.child("selector");
    let template = sub(spec, "template").unwrap_or(&none);
    let matches = |key: &str, value: &str| {
        let name = key.rsplit('/').next().unwrap_or(key);
        value
            == object.str_at(if name == "job-name" {
                "metadata.name"
            } else {
                "metadata.uid"
            })
    };
    if let Some(selector) = selector
        && !spec.bool_at("manualSelector")
    {
        let strange = |(key, value): (&crate::value::Str, &Value)| {
            !GENERATED_LABELS.contains(&key.as_str())
                || !matches(key, value.as_str().unwrap_or_default())
        };
        let labels = sub(selector, "matchLabels").and_then(Value::as_map);
        if labels.is_some_and(|l| l.iter().any(strange)) {
            let shown = Tree::label_selector(selector);
            e.invalid(&at, shown, "`selector` not auto-generated");
        }
    }
    validate_job_spec(spec, &path, e);
    if selector.is_none() {
        e.required(&at, "");
    }
    validate_label_selector(selector, &at, e);
    let found = selector_matches(selector, template.at("metadata.labels"), e);
    validate_match(template, found, &path.child("template"), e);
    // The last pod's host name.
    let last = int(spec, "completions").filter(|n| *n > 0);
    if let Some(n) = last
        && text(spec, "completionMode") == "Indexed"
    {
        let name = object.str_at("metadata.name");
        let host = format!("{name}-{}", n - 1);
        if !names::is_dns1123_label(&host).is_empty() {
            let detail = format!("will not able to create pod with invalid DNS label: {host}");
            e.invalid(&Path::root("metadata").child("name"), name, detail);
        }
    }
}

/// Labels that the server gives to the pods of a job.
const GENERATED_LABELS: &[&str] = &[
    "controller-uid",
    "job-name",
    "batch.kubernetes.io/controller-uid",
    "batch.kubernetes.io/job-name",
];

/// Mirrors `ValidateJobUpdate` for what a learner may change.
/// Differs: an error about the template shows no dump of it.
pub fn validate_job_update(new: &Value, old: &Value, e: &mut Errors) {
    validate_object_meta_update(new, old, e);
    let none = Value::object();
    let (spec, before) = (
        sub(new, "spec").unwrap_or(&none),
        sub(old, "spec").unwrap_or(&none),
    );
    let path = Path::root("spec");
    validate_job_spec(spec, &path, e);
    let indexed = text(spec, "completionMode") == "Indexed";
    if int(spec, "completions") != int(before, "completions") && !indexed {
        let shown = int(spec, "completions").map_or(Shown::Nil, Shown::from);
        e.invalid(
            &path.child("completions"),
            shown,
            super::meta::FIELD_IS_IMMUTABLE,
        );
    }
    if spec.get("selector") != before.get("selector") {
        let shown = sub(spec, "selector").map_or(Shown::Nil, |s| Tree::label_selector(s).into());
        e.invalid(
            &path.child("selector"),
            shown,
            super::meta::FIELD_IS_IMMUTABLE,
        );
    }
    if spec.get("template") != before.get("template") {
        let json = sub(spec, "template")
            .map(crate::json::to_json_go)
            .unwrap_or_default();
        let shown = Tree::Both(format!("core.PodTemplateSpec{{{json}}}"), json);
        e.invalid(
            &path.child("template"),
            shown,
            super::meta::FIELD_IS_IMMUTABLE,
        );
    }
}

/// How many indexes may fail.
fn validate_indexes(spec: &Value, path: &Path<'_>, e: &mut Errors) {
    const MANY: i64 = 100_000;
    let completions = int(spec, "completions");
    let failed = int(spec, "maxFailedIndexes");
    let at = path.child("maxFailedIndexes");
    if let (Some(all), Some(n)) = (completions, failed)
        && n > all
    {
        e.invalid(&at, n, "must be less than or equal to completions");
    }
    if let Some(n) = failed
        && n > MANY
    {
        e.invalid(&at, n, "must be less than or equal to 100000");
    }
    if completions.is_none_or(|n| n <= MANY) || int(spec, "backoffLimitPerIndex").is_none() {
        return;
    }
    if failed.is_none() {
        e.required(&at, "must be specified when completions is above 100000");
    }
    let detail = "must be less than or equal to 10000 when completions are above 100000 and used with backoff limit per index";
    for key in ["parallelism", "maxFailedIndexes"] {
        if let Some(n) = int(spec, key)
            && n > 10_000
        {
            e.invalid(&path.child(key), n, detail);
        }
    }
}

fn validate_job_spec(spec: &Value, path: &Path<'_>, e: &mut Errors) {
    let counts = [
        "parallelism",
        "completions",
        "activeDeadlineSeconds",
        "backoffLimit",
        "ttlSecondsAfterFinished",
        "backoffLimitPerIndex",
        "maxFailedIndexes",
    ];
    for key in counts {
        if let Some(n) = int(spec, key) {
            validate_nonnegative(n, &path.child(key), e);
        }
    }
    let per_index = ["backoffLimitPerIndex", "maxFailedIndexes"];
    if int(spec, per_index[1]).is_some() && int(spec, per_index[0]).is_none() {
        let detail = "when maxFailedIndexes is specified";
        e.required(&path.child(per_index[0]), detail);
    }
    let mode = sub(spec, "completionMode").and_then(Value::as_str);
    if let Some(mode) = mode {
        let at = path.child("completionMode");
        if !["NonIndexed", "Indexed"].contains(&mode) {
            e.not_supported(&at, Shown::typed(mode), &["NonIndexed", "Indexed"]);
        } else if mode == "Indexed" {
            if int(spec, "completions").is_none() {
                e.required(
                    &path.child("completions"),
                    "when completion mode is Indexed",
                );
            }
            if let Some(n) = int(spec, "parallelism")
                && n > 100_000
            {
                let detail = "must be less than or equal to 100000 when completion mode is Indexed";
                e.invalid(&path.child("parallelism"), n, detail);
            }
            validate_indexes(spec, path, e);
        }
    }
    if matches!(mode, None | Some("NonIndexed")) {
        for key in per_index {
            if let Some(n) = int(spec, key) {
                e.invalid(&path.child(key), n, "requires indexed completion mode");
            }
        }
    }
    if let Some(policy) = sub(spec, "podReplacementPolicy").and_then(Value::as_str) {
        let allowed: &[&str] = if sub(spec, "podFailurePolicy").is_some() {
            &["Failed"]
        } else {
            &["Failed", "TerminatingOrFailed"]
        };
        if !allowed.contains(&policy) {
            let at = path.child("podReplacementPolicy");
            e.not_supported(&at, Shown::typed(policy), allowed);
        }
    }
    let none = Value::object();
    let template_at = path.child("template");
    let template = sub(spec, "template").unwrap_or(&none);
    validate_pod_template(template, &template_at, e);
    let spec_at = template_at.child("spec");
    let at = spec_at.child("restartPolicy");
    match template.str_at("spec.restartPolicy") {
        "OnFailure" | "Never" => {}
        "Always" | "" => e.required(&at, "valid values: \"OnFailure\", \"Never\""),
        other => e.not_supported(&at, Shown::typed(other), &["OnFailure", "Never"]),
    }
}

/// Mirrors `ValidateCronJobCreate`.
pub fn validate_cron_job(object: &Value, e: &mut Errors) {
    validate_object_meta(object, true, names::is_dns1123_subdomain, e);
    validate_cron_job_spec(object, e);
    let name = object.str_at("metadata.name");
    if name.len() > 52 {
        e.invalid(
            &Path::root("metadata").child("name"),
            name,
            "must be no more than 52 characters",
        );
    }
}

/// Mirrors `ValidateCronJobUpdate`.
pub fn validate_cron_job_update(new: &Value, old: &Value, e: &mut Errors) {
    validate_object_meta_update(new, old, e);
    validate_cron_job_spec(new, e);
}

fn validate_cron_job_spec(object: &Value, e: &mut Errors) {
    let none = Value::object();
    let spec = sub(object, "spec").unwrap_or(&none);
    let path = Path::root("spec");
    let schedule = text(spec, "schedule");
    let at = path.child("schedule");
    if schedule.is_empty() {
        e.required(&at, "");
    } else if schedule.contains("TZ") {
        let detail = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead";
        e.invalid(&at, schedule, detail);
    } else if let Err(message) = parse_cron(schedule) {
        e.invalid(&at, schedule, message);
    }
    if let Some(n) = int(spec, "startingDeadlineSeconds") {
        validate_nonnegative(n, &path.child("startingDeadlineSeconds"), e);
    }
    if let Some(zone) = sub(spec, "timeZone").and_then(Value::as_str) {
        let at = path.child("timeZone");
        if zone.is_empty() {
            e.invalid(&at, zone, "timeZone must be nil or non-empty string");
        }
        if zone.eq_ignore_ascii_case("local") {
            e.invalid(&at, zone, "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones");
        }
        if !["", "Local"].contains(&zone)
            && !ZONES.contains(&zone.split('/').next().unwrap_or(zone))
        {
            e.invalid(&at, zone, format!("unknown time zone {zone}"));
        }
    }
    e.one_of(
        &path.child("concurrencyPolicy"),
        text(spec, "concurrencyPolicy"),
        &["Allow", "Forbid", "Replace"],
    );
    let template_at = path.child("jobTemplate");
    let at = template_at.child("spec");
    let job = spec.at("jobTemplate.spec").unwrap_or(&none);
    validate_job_spec(job, &at, e);
    if let Some(selector) = sub(job, "selector") {
        e.invalid(
            &at.child("selector"),
            Tree::label_selector(selector),
            "`selector` will be auto-generated",
        );
    }
    if job.bool_at("manualSelector") {
        e.not_supported(&at.child("manualSelector"), true, &["nil", "false"]);
    }
    for key in ["successfulJobsHistoryLimit", "failedJobsHistoryLimit"] {
        if let Some(n) = int(spec, key) {
            validate_nonnegative(n, &path.child(key), e);
        }
    }
}

/// Areas of the time zone database, and zones without one. Differs: places within an area are not looked up.
#[rustfmt::skip]
const ZONES: &[&str] = &[
    "Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Brazil", "Canada", "Chile", "Etc",
    "Europe", "Indian", "Mexico", "Pacific", "US",
    "CET", "CST6CDT", "Cuba", "EET", "EST", "EST5EDT", "Egypt", "Eire", "Factory", "GB", "GB-Eire", "GMT", "GMT+0", "GMT-0",
    "GMT0", "Greenwich", "HST", "Hongkong", "Iceland", "Iran", "Israel", "Jamaica", "Japan", "Kwajalein", "Libya", "MET",
    "MST", "MST7MDT", "NZ", "NZ-CHAT", "Navajo", "PRC", "PST8PDT", "Poland", "Portugal", "ROC", "ROK", "Singapore",
    "Turkey", "UCT", "UTC", "Universal", "W-SU", "WET", "Zulu",
];

/// Names that may stand for numbers.
const MONTHS: &[&str] = &[
    "", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
const DAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// Mirrors `ParseStandard`, github.com/robfig/cron/v3/parser.go: the error or nothing.
fn parse_cron(schedule: &str) -> Result<(), String> {
    if let Some(descriptor) = schedule.strip_prefix('@') {
        return parse_descriptor(schedule, descriptor);
    }
    let fields: Vec<&str> = schedule.split_whitespace().collect();
    if fields.len() != 5 {
        return Err(format!(
            "expected exactly 5 fields, found {}: [{}]",
            fields.len(),
            fields.join(" ")
        ));
    }
    let ranges: [(u32, u32, &[&str]); 5] = [
        (0, 59, &[]),
        (0, 23, &[]),
        (1, 31, &[]),
        (1, 12, MONTHS),
        (0, 6, DAYS),
    ];
    for (field, (low, high, words)) in fields.into_iter().zip(ranges) {
        for part in field.split(',').filter(|p| !p.is_empty()) {
            parse_range(part, low, high, words)?;
        }
    }
    Ok(())
}

fn parse_descriptor(schedule: &str, descriptor: &str) -> Result<(), String> {
    if [
        "yearly", "annually", "monthly", "weekly", "daily", "midnight", "hourly",
    ]
    .contains(&descriptor)
    {
        return Ok(());
    }
    let known = |d: &str| {
        let end = d.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        end.len() < d.len()
            && ["ns", "us", "µs", "ms", "s", "m", "h"]
                .iter()
                .any(|u| end.starts_with(u))
    };
    match descriptor.strip_prefix("every ") {
        Some(duration) if known(duration) => Ok(()),
        Some(duration) => Err(format!(
            "failed to parse duration {schedule}: time: invalid duration {}",
            crate::gofmt::quote(duration)
        )),
        None => Err(format!("unrecognized descriptor: {schedule}")),
    }
}

fn parse_number(text: &str, words: &[&str]) -> Result<u32, String> {
    let lower = text.to_lowercase();
    if !lower.is_empty()
        && let Some(i) = words.iter().position(|w| *w == lower)
    {
        return Ok(u32::try_from(i).unwrap_or(0));
    }
    match text.parse::<i64>() {
        Ok(n) if n < 0 => Err(format!("negative number ({n}) not allowed: {text}")),
        Ok(n) => Ok(u32::try_from(n).unwrap_or(u32::MAX)),
        Err(_) => Err(format!(
            "failed to parse int from {text}: strconv.Atoi: parsing {}: invalid syntax",
            crate::gofmt::quote(text)
        )),
    }
}

fn parse_range(part: &str, low: u32, high: u32, words: &[&str]) -> Result<(), String> {
    let steps: Vec<&str> = part.split('/').collect();
    let bounds: Vec<&str> = steps[0].split('-').collect();
    let (start, mut end) = if bounds[0] == "*" || bounds[0] == "?" {
        (low, high)
    } else {
        let start = parse_number(bounds[0], words)?;
        match bounds.as_slice() {
            [_] => (start, start),
            [_, end] => (start, parse_number(end, words)?),
            _ => return Err(format!("too many hyphens: {part}")),
        }
    };
    let step = match steps.as_slice() {
        [_] => 1,
        [_, step] => {
            if bounds.len() == 1 {
                end = high;
            }
            parse_number(step, &[])?
        }
        _ => return Err(format!("too many slashes: {part}")),
    };
    if start < low {
        return Err(format!(
            "beginning of range ({start}) below minimum ({low}): {part}"
        ));
    }
    if end > high {
        return Err(format!(
            "end of range ({end}) above maximum ({high}): {part}"
        ));
    }
    if start > end {
        return Err(format!(
            "beginning of range ({start}) beyond end of range ({end}): {part}"
        ));
    }
    if step == 0 {
        return Err(format!("step of range should be a positive number: {part}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::parse_cron;

    #[test]
    fn schedules() {
        for ok in [
            "*/5 * * * *",
            "0 3 * * 1-5",
            "@daily",
            "@every 1h30m",
            "0 0 1 jan sun",
        ] {
            assert_eq!(parse_cron(ok), Ok(()), "{ok}");
        }
        assert_eq!(
            parse_cron("* * *"),
            Err("expected exactly 5 fields, found 3: [* * *]".to_owned())
        );
        assert_eq!(
            parse_cron("61 * * * *"),
            Err("end of range (61) above maximum (59): 61".to_owned())
        );
    }
}
