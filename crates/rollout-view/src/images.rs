//! Images and their behaviours, for the table and its picker.

use crate::bench::{images_in_use, images_of};
use crate::model::*;
use rollout_api::Kind;
use rollout_engine::images::{Behaviour, ImageName, ImageRule, Scope};
use rollout_session::Session;

/// The table at the cursor: images in use, then the others that have a rule.
pub fn images(session: &Session) -> ImagesView {
    let rules = session.image_rules();
    let rules: Vec<(String, &ImageRule)> = rules
        .iter()
        .map(|r| (ImageName::of(&r.image).full(), r))
        .collect();
    let mut seen = Vec::new();
    let mut rows = Vec::new();
    let templates = images_of(session, Kind::DEPLOYMENT);
    let all = images_in_use(session).into_iter();
    let named = all.map(|i| {
        let now = templates.contains(&i);
        (i, now)
    });
    let others = rules.iter().map(|(_, r)| (r.image.to_string(), false));
    for (image, in_use) in named.chain(others) {
        let full = ImageName::of(&image).full();
        if seen.contains(&full) && !in_use {
            continue;
        }
        let of_image: Vec<&ImageRule> = rules
            .iter()
            .filter(|(name, _)| *name == full)
            .map(|(_, r)| *r)
            .collect();
        seen.push(full);
        rows.push(row(image, in_use, &of_image));
    }
    let behaviours = Behaviour::names()
        .iter()
        .map(|key| BehaviourView {
            key,
            name: key.replace('-', " "),
            words: words(key).to_owned(),
            numbers: numbers(key, session),
        })
        .collect();
    ImagesView { rows, behaviours }
}

/// One row. The picker shows the rule that holds everywhere, if there is one.
fn row(image: String, in_use: bool, rules: &[&ImageRule]) -> ImageRow {
    let shown = rules
        .iter()
        .find(|r| r.scope == Scope::default())
        .or(rules.first())
        .and_then(|r| r.behaviours.first());
    let all: Vec<String> = rules.iter().map(|r| rule_words(r)).collect();
    ImageRow {
        image,
        behaviour: shown.map_or("good", Behaviour::name).to_owned(),
        words: if all.is_empty() {
            words("good").to_owned()
        } else {
            all.join("; ")
        },
        in_use,
    }
}

/// What a rule does, and where: in plain words where the numbers are the usual ones.
fn rule_words(rule: &ImageRule) -> String {
    let each = rule.behaviours.iter().map(|b| {
        if Behaviour::by_name(b.name()).as_ref() == Some(b) {
            words(b.name()).to_owned()
        } else {
            b.to_string()
        }
    });
    let text = each.collect::<Vec<_>>().join(", ");
    let place = ImageRule {
        image: "".into(),
        behaviours: Vec::new(),
        scope: rule.scope.clone(),
    }
    .to_string();
    if place.is_empty() {
        text
    } else {
        format!("{text} ({})", place.trim())
    }
}

/// The numbers a behaviour is chosen with, as the command has them; those it needs come from the manifest that is shown.
fn numbers(key: &str, session: &Session) -> String {
    match key {
        "needs-config" => "key=API_KEY".to_owned(),
        "needs-schema" => "schema=2".to_owned(),
        "serves" => serves(session),
        _ => {
            let usual = Behaviour::by_name(key).map_or(String::new(), |b| b.to_string());
            usual
                .strip_prefix(key)
                .map_or("", str::trim_start)
                .to_owned()
        }
    }
}

/// Port and path that the first readiness probe of a Deployment asks.
fn serves(session: &Session) -> String {
    let mut out = String::new();
    let mut list = session.store().list(Kind::DEPLOYMENT);
    if let Some(spec) = list.next().and_then(|d| d.value.at("spec.template.spec")) {
        if let Some(port) = rollout_engine::traffic::listens(spec).first() {
            out.push_str("port=");
            out.push_str(&port.to_string());
        }
        let path = spec.shared_str_at("containers.0.readinessProbe.httpGet.path");
        if let Some(path) = path.filter(|p| p.starts_with('/')) {
            out.push_str(" path=");
            out.push_str(&path);
        }
    }
    if out.is_empty() {
        out.push_str("port=8080");
    }
    out.trim_start().to_owned()
}

/// What a behaviour does, in a few words.
pub fn words(name: &str) -> &'static str {
    match name {
        "good" => "becomes ready after start and probe",
        "missing" => "the pull fails",
        "late" => "the pull fails until a moment, then it works",
        "crash" => "the process ends after a second, again and again",
        "never-ready" => "runs, but its probe fails, unless that only connects",
        "flapping" => "ready and not ready in turns",
        "slow-start" => "answers 30 s after its start",
        "slow-pull" => "the pull takes 30 s",
        "slow-answers" => "every answer takes 2 s",
        "errors" => "fails a share of the requests",
        "oom" => "its memory grows until its memory limit kills it",
        "needs-config" => "does not run without a key of its configuration",
        "needs-schema" => "fails unless the database has its schema",
        "wrong-port" => "listens on another port than the probe asks",
        "wrong-path" => "knows another path than the probe asks",
        "serves" => "listens on its port and knows its path only",
        "ignores-stop" => "runs until the grace period ends",
        "needs-write" => "fails with a read-only root",
        "needs-root" => "is refused with run-as-non-root",
        "advisory" => "healthy, with a security advisory",
        "moved-tag" => "the same tag with new content",
        _ => "",
    }
}
