//! Why, for autoscalers and volumes: every variant of their decisions has a sentence of its own, sums that add up and a rule; and
//! no other component decides.
#![allow(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use rollout_api::{Kind, ObjectKey};
use rollout_engine::SimTime;
use rollout_engine::controllers::podautoscaler::decision::{
    AutoscalerDecision as A, Keep, Numbers,
};
use rollout_engine::controllers::volumes::decision::VolumeDecision as V;
use rollout_engine::decision::{Decision, What};
use rollout_view::{explain, plain_text};

fn numbers(assumed: i64) -> Numbers {
    Numbers {
        metric: "cpu resource utilization (percentage of request)".into(),
        measured: 150,
        target: 50,
        percent: true,
        counted: 3,
        assumed,
        from: 3,
        proposed: 9,
        stabilized: 9,
        min: 2,
        max: 12,
    }
}

fn autoscaler() -> Vec<A> {
    let kept = |why: Keep, assumed: i64| A::Kept {
        numbers: numbers(assumed),
        why,
    };
    let all = vec![
        A::Rescaled {
            numbers: numbers(0),
            to: 9,
            limited: None,
        },
        A::Rescaled {
            numbers: numbers(0),
            to: 6,
            limited: Some("ScaleUpLimit"),
        },
        kept(Keep::Tolerance, 0),
        kept(Keep::Tolerance, 1),
        kept(Keep::SameSize, 0),
        kept(Keep::Stabilized, 0),
        kept(Keep::Rate, 0),
        kept(Keep::Max, 0),
        kept(Keep::Min, 0),
        A::Bounds {
            from: 1,
            to: 2,
            min: 2,
            max: 12,
        },
        A::Off,
        A::Blind {
            error: "no metrics".into(),
        },
    ];
    // A new variant does not compile here before it has a case above.
    let place = |d: &A| match d {
        A::Rescaled { limited, .. } => usize::from(limited.is_some()),
        A::Kept { numbers, why } => match why {
            Keep::Tolerance => 2 + usize::from(numbers.assumed > 0),
            Keep::SameSize => 4,
            Keep::Stabilized => 5,
            Keep::Rate => 6,
            Keep::Max => 7,
            Keep::Min => 8,
        },
        A::Bounds { .. } => 9,
        A::Off => 10,
        A::Blind { .. } => 11,
    };
    for (i, d) in all.iter().enumerate() {
        assert_eq!(place(d), i);
    }
    all
}

fn volumes() -> Vec<V> {
    let provisioning = |absent: bool| V::Provisioning {
        provisioner: "k8s.io/minikube-hostpath".into(),
        size: "1Gi".into(),
        absent,
    };
    let all = vec![
        V::WaitsForConsumer,
        V::NoClass,
        V::NoSuchClass {
            class: "fast".into(),
        },
        provisioning(false),
        provisioning(true),
        V::Bound {
            volume: "pvc-1".into(),
        },
        V::MultiAttach {
            volume: "pvc-1".into(),
            node: "node-2".into(),
            holder: "node-1".into(),
        },
        V::Attached {
            volume: "pvc-1".into(),
            node: "node-2".into(),
        },
        V::Protected { pods: 2 },
        V::Released { deleted: true },
        V::Released { deleted: false },
    ];
    let place = |d: &V| match d {
        V::WaitsForConsumer => 0,
        V::NoClass => 1,
        V::NoSuchClass { .. } => 2,
        V::Provisioning { absent, .. } => 3 + usize::from(*absent),
        V::Bound { .. } => 5,
        V::MultiAttach { .. } => 6,
        V::Attached { .. } => 7,
        V::Protected { .. } => 8,
        V::Released { deleted } => 10 - usize::from(*deleted),
    };
    for (i, d) in all.iter().enumerate() {
        assert_eq!(place(d), i);
    }
    all
}

#[test]
fn every_decision_of_autoscalers_and_volumes_has_a_sentence_and_its_rule() {
    let all = autoscaler().into_iter().map(What::Autoscaler);
    let all: Vec<What> = all.chain(volumes().into_iter().map(What::Volume)).collect();
    let mut sentences: Vec<String> = Vec::new();
    for what in all {
        let name = format!("{what:?}");
        let on = ObjectKey::new(Kind::DEPLOYMENT, "default", "web");
        let e = explain::decision_sentence(&Decision { on, what }, SimTime(1_000), None);
        let text = plain_text(&e.headline);
        assert!(
            text.len() > 10 && !text.contains(['{', '}']),
            "{name}: {text}"
        );
        assert!(
            explain::reference(e.upstream.unwrap_or("")).is_some(),
            "{name}: {:?} stands in no table",
            e.upstream
        );
        let (mut sum, mut asked) = (0, None);
        for t in &e.terms {
            match t.operator {
                "×" => sum *= t.number.value,
                // The formula rounds up.
                "÷" => sum = (sum + t.number.value - 1) / t.number.value,
                "=" => asked = Some((t.number.value, sum)),
                "→" => {}
                _ => sum = t.number.value,
            }
        }
        if let Some((told, computed)) = asked {
            assert_eq!(told, computed, "{name}");
        }
        assert!(
            !sentences.contains(&text),
            "{name} says what another one says: {text}"
        );
        sentences.push(text);
    }
}

#[test]
fn whoever_decides_is_asked() {
    // Another component's decisions do not compile here before they have a test like those above and in explain.rs.
    let tested = |what: &What| match what {
        What::Plain(_)
        | What::Deployment(_)
        | What::ReplicaSet(_)
        | What::GarbageCollector(_)
        | What::Scheduler(_)
        | What::Kubelet(_) => "explain.rs",
        What::Autoscaler(_) | What::Volume(_) => "explain_objects.rs",
    };
    assert_eq!(tested(&What::Plain("x".into())), "explain.rs");
}
