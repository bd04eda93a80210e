//! The few fields of a manifest on which a rollout turns: steppers for touch, limits that are dragged, and what a change of
//! them would move.

use crate::catalogue::{Msg, counted, plain};
use crate::cluster::{Limits, Rollout};
use crate::model::{FieldView, LimitView, ProposalView, Quantity};
use rollout_api::intstr::IntOrString;
use rollout_api::views::DeploymentView;
use rollout_api::{Minor, Value};
use rollout_manifest::documents::{Document, documents};
use rollout_manifest::edit;

const REPLICAS: &str = "spec.replicas";
const SURGE: &str = "spec.strategy.rollingUpdate.maxSurge";
const UNAVAILABLE: &str = "spec.strategy.rollingUpdate.maxUnavailable";
/// One touch changes a percentage by so much.
const PER_CENT: i32 = 5;
/// Most pods that a stepper asks for.
const MOST: i32 = 1000;

/// Numbers and images of a Deployment's document. Nothing of a document whose numbers cannot be read.
pub fn fields(number: usize, value: &Value, limits: &Limits) -> Vec<FieldView> {
    let mut out = Vec::new();
    let desired = i32::try_from(limits.desired).unwrap_or(i32::MAX);
    let mut step = |path: &str, name, default: &str, quantity, most: i32, note: String| {
        let written = value.at(path).filter(|v| !v.is_null());
        let now = IntOrString::of(written)
            .unwrap_or_else(|| IntOrString::Str(rollout_api::Str::copy(default)));
        let (n, per_cent) = match now.value_and_percent() {
            Some((n, per_cent)) => (n, per_cent),
            None => match now {
                IntOrString::Int(n) => (n, false),
                IntOrString::Str(s) => match s.parse() {
                    Ok(n) => (n, false),
                    Err(_) => return,
                },
            },
        };
        let by = if per_cent { PER_CENT } else { 1 };
        let most = if per_cent { 100 } else { most };
        let text = |n: i32| format!("{n}{}", if per_cent { "%" } else { "" });
        out.push(FieldView {
            document: number,
            path: path.to_owned(),
            name,
            value: text(n),
            note,
            quantity: Some(quantity),
            less: (n > 0).then(|| text((n - by).max(0))),
            more: (n < most).then(|| text((n.saturating_add(by)).min(most))),
        });
    };
    step(
        REPLICAS,
        "replicas",
        "1",
        Quantity::Desired,
        MOST,
        "desired".to_owned(),
    );
    if limits.rolling {
        let ceiling = format!("ceiling {}", limits.ceiling());
        let floor = format!("floor {}", limits.floor());
        step(SURGE, "maxSurge", "25%", Quantity::Ceiling, MOST, ceiling);
        step(
            UNAVAILABLE,
            "maxUnavailable",
            "25%",
            Quantity::Floor,
            desired,
            floor,
        );
    }
    for (i, c) in value
        .list_at("spec.template.spec.containers")
        .iter()
        .enumerate()
    {
        out.push(FieldView {
            document: number,
            path: format!("spec.template.spec.containers.{i}.image"),
            name: "image",
            value: c.str_at("image").to_owned(),
            note: c.str_at("name").to_owned(),
            quantity: None,
            less: None,
            more: None,
        });
    }
    out
}

/// The text with another value of one field; layout and comments stay.
pub fn with_field(text: &str, document: usize, path: &str, value: &str) -> Option<String> {
    let value = match value.parse::<i64>() {
        Ok(n) => Value::Int(n),
        Err(_) => Value::text(value),
    };
    edit::set(text, document, &edit::steps(path), &value).ok()
}

/// The limits that a Deployment's document asks for, defaults filled in.
pub fn limits_of(value: &Value) -> Limits {
    let mut filled = value.clone();
    if value.str_at("spec.strategy.type") != "Recreate" {
        for path in [SURGE, UNAVAILABLE] {
            if filled.at(path).is_none_or(Value::is_null) {
                filled.set(path, "25%");
            }
        }
    }
    Limits::of(&DeploymentView::of(&filled))
}

fn find<'a>(docs: &'a [Document], name: &str) -> Option<(usize, &'a Value)> {
    docs.iter().enumerate().find_map(|(i, d)| {
        let value = d.value()?;
        let is = value.str_at("kind") == "Deployment" && value.str_at("metadata.name") == name;
        is.then_some((i, value))
    })
}

/// The text with the limit of a Deployment at another height: maxSurge or maxUnavailable as a number.
/// None: the text holds no such Deployment, or it has no such limit.
pub fn with_limit(text: &str, name: &str, quantity: Quantity, level: u32) -> Option<String> {
    let docs = documents(text.as_bytes(), Minor::default());
    let (number, value) = find(&docs, name)?;
    let limits = limits_of(value);
    if !limits.rolling {
        return None;
    }
    let (path, by) = match quantity {
        Quantity::Ceiling => (SURGE, i64::from(level) - limits.desired),
        Quantity::Floor => (UNAVAILABLE, limits.desired - i64::from(level)),
        _ => return None,
    };
    let most = match quantity {
        Quantity::Floor => limits.desired,
        _ => i64::from(MOST),
    };
    let by = by.clamp(0, most.max(0));
    edit::set(text, number, &edit::steps(path), &Value::Int(by)).ok()
}

/// What a text would change about the limits of the rollout that is shown.
pub fn proposal(value: &Value, r: &Rollout) -> Option<ProposalView> {
    let (now, then) = (&r.limits, limits_of(value));
    if *now == then || !then.rolling {
        return None;
    }
    let ghost = |quantity, name: &str, level: i64, sign: &str, by: i64| LimitView {
        quantity,
        level: u32::try_from(level).unwrap_or(0),
        plate: format!("{name} {level}?"),
        sum: format!("{} {sign} {by} = {level}", then.desired),
        label: format!("Proposed {name} {level}: {} {sign} {by}", then.desired),
    };
    let mut lines = Vec::new();
    let mut line = |msg, from: i64, to: i64, by: i64| {
        lines.push(plain(
            msg,
            &[
                ("from", counted(from, Quantity::Count)),
                ("to", counted(to, Quantity::Count)),
                ("desired", counted(then.desired, Quantity::Desired)),
                ("by", counted(by, Quantity::Count)),
            ],
        ));
    };
    let ceiling = (now.ceiling() != then.ceiling()).then(|| {
        line(
            Msg::ProposeCeiling,
            now.ceiling(),
            then.ceiling(),
            then.surge,
        );
        ghost(
            Quantity::Ceiling,
            "ceiling",
            then.ceiling(),
            "+",
            then.surge,
        )
    });
    let floor = (!now.rolling || now.floor() != then.floor()).then(|| {
        line(
            Msg::ProposeFloor,
            now.floor(),
            then.floor(),
            then.unavailable,
        );
        ghost(
            Quantity::Floor,
            "floor",
            then.floor(),
            "−",
            then.unavailable,
        )
    });
    if lines.is_empty() {
        return None;
    }
    Some(ProposalView {
        ceiling,
        floor,
        lines,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web # mine\nspec:\n  replicas: 10\n  strategy:\n    rollingUpdate:\n      maxSurge: 2\n      maxUnavailable: 20%\n  template:\n    spec:\n      containers:\n      - name: c\n        image: nginx\n";

    fn view(text: &str) -> Vec<FieldView> {
        let docs = documents(text.as_bytes(), Minor::default());
        let (number, value) = find(&docs, "web").expect("it is there");
        fields(number, value, &limits_of(value))
    }

    #[test]
    fn steppers_go_by_one_and_percentages_by_five() {
        let shown: Vec<_> = view(TEXT)
            .into_iter()
            .map(|f| (f.name, f.value, f.less, f.more, f.note))
            .collect();
        let some = |s: &str| Some(s.to_owned());
        let row = |name, value: &str, less, more, note: &str| {
            (name, value.to_owned(), less, more, note.to_owned())
        };
        assert_eq!(
            shown,
            [
                row("replicas", "10", some("9"), some("11"), "desired"),
                row("maxSurge", "2", some("1"), some("3"), "ceiling 12"),
                row("maxUnavailable", "20%", some("15%"), some("25%"), "floor 8"),
                row("image", "nginx", None, None, "c"),
            ]
        );
    }

    #[test]
    fn defaults_have_steppers_too() {
        let text = "kind: Deployment\nmetadata:\n  name: web\nspec:\n  template: {}\n";
        let shown = view(text);
        assert_eq!(
            shown.iter().map(|f| f.value.as_str()).collect::<Vec<_>>(),
            ["1", "25%", "25%"]
        );
        let edited = with_field(text, 0, &shown[1].path, "30%").expect("a place is made");
        assert_eq!(view(&edited)[1].value, "30%");
    }

    #[test]
    fn a_limit_is_dragged_to_a_number() {
        for (quantity, level, path, value) in [
            (Quantity::Ceiling, 14, SURGE, 4),
            (Quantity::Ceiling, 3, SURGE, 0),
            (Quantity::Floor, 10, UNAVAILABLE, 0),
            (Quantity::Floor, 0, UNAVAILABLE, 10),
            (Quantity::Floor, 99, UNAVAILABLE, 0),
        ] {
            let text = with_limit(TEXT, "web", quantity, level).expect("the text has it");
            assert!(text.contains("name: web # mine"), "comments stay");
            let docs = documents(text.as_bytes(), Minor::default());
            let (_, v) = find(&docs, "web").expect("it is there");
            assert_eq!(v.int_at(path), Some(value), "{level}");
        }
        assert_eq!(with_limit(TEXT, "other", Quantity::Floor, 1), None);
        assert_eq!(with_limit("{", "web", Quantity::Floor, 1), None);
    }
}
