//! Which nodes can take a pod, and what to say about those that cannot.

use super::resources::{Amounts, scalars_of_node, scalars_of_pod};
use rollout_api::views::Object;
use rollout_api::{Map, Minor, Str, Value};
use rollout_api::{SortedMap, SortedSet};
use std::rc::Rc;

/// What the scheduler knows of a node.
#[derive(Clone, Debug)]
pub struct NodeInfo {
    /// The node.
    pub value: Value,
    /// `spec.unschedulable`.
    pub unschedulable: bool,
    /// Key, value and effect of its taints.
    pub taints: Vec<(Str, Str, Str)>,
    /// What it has.
    pub allocatable: Amounts,
    /// How many pods it takes.
    pub max_pods: i64,
    /// What its pods ask for.
    pub used: Amounts,
    /// The same with a minimum per pod, for scores.
    pub used_nonzero: Amounts,
    /// Its pods, terminating ones included.
    pub pods: i64,
    /// Its pods by controller uid, without those that are being deleted.
    pub by_owner: SortedMap<Str, i64>,
    /// Its pods with a required anti-affinity of their own.
    pub choosy: i64,
    /// Host ports in use: protocol and number.
    pub ports: SortedMap<(Str, i64), i64>,
    /// What it has of devices and huge pages.
    pub scalars: Vec<(Str, i64)>,
    /// What its pods ask for of them.
    pub scalars_used: SortedMap<Str, i64>,
    /// How many of its pods have which priority.
    pub priorities: SortedMap<i64, i64>,
}

impl NodeInfo {
    pub(super) fn new(value: Value) -> NodeInfo {
        let max_pods = value
            .at("status.allocatable.pods")
            .and_then(|v| v.as_int().or_else(|| v.as_str()?.parse().ok()))
            .unwrap_or(110);
        let taint = |t: &Value| {
            let part = |key: &str| t.shared_str_at(key).unwrap_or_default();
            (part("key"), part("value"), part("effect"))
        };
        NodeInfo {
            unschedulable: value.bool_at("spec.unschedulable"),
            taints: value.list_at("spec.taints").iter().map(taint).collect(),
            allocatable: Amounts::allocatable(&value),
            max_pods,
            scalars: scalars_of_node(&value),
            scalars_used: SortedMap::new(),
            value,
            used: Amounts::default(),
            used_nonzero: Amounts::default(),
            pods: 0,
            by_owner: SortedMap::new(),
            choosy: 0,
            ports: SortedMap::new(),
            priorities: SortedMap::new(),
        }
    }
    /// A label's value.
    pub(super) fn label(&self, key: &str) -> Option<&str> {
        self.value
            .get("metadata")?
            .get("labels")?
            .get(key)?
            .as_str()
    }
}

/// A pod that looks for a node, with what filters and scores read of it for every node.
pub struct Candidate<'a> {
    /// The pod.
    pub pod: &'a Object,
    /// What it asks for.
    pub request: Amounts,
    /// What it asks for of devices and huge pages.
    pub scalars: Vec<(Str, i64)>,
    /// Its spec has affinities or spread constraints.
    pub relations: bool,
    spec: &'a Value,
    tolerations: &'a [Value],
    selector: Option<&'a Map>,
    required: Option<&'a Value>,
    preferred: &'a [Value],
    ports: Vec<(Str, i64)>,
}

impl<'a> Candidate<'a> {
    pub(super) fn new(pod: &'a Object) -> Candidate<'a> {
        // A pod without a spec has nothing in it either way.
        let spec = pod.value.get("spec").unwrap_or(&pod.value);
        let has = |key: &str| spec.get(key).is_some_and(|v| !v.is_empty());
        let affinity = spec.at("affinity.nodeAffinity");
        Candidate {
            pod,
            request: Amounts::of_pod(&pod.value),
            scalars: scalars_of_pod(&pod.value),
            relations: has("affinity") || has("topologySpreadConstraints"),
            spec,
            tolerations: spec.list_at("tolerations"),
            selector: spec.get("nodeSelector").and_then(Value::as_map),
            required: affinity
                .and_then(|a| a.get("requiredDuringSchedulingIgnoredDuringExecution")),
            preferred: affinity.map_or(&[][..], |a| {
                a.list_at("preferredDuringSchedulingIgnoredDuringExecution")
            }),
            ports: host_ports(&pod.value).collect(),
        }
    }
    fn spec(&self) -> &Value {
        self.spec
    }
}

/// Why a node cannot take a pod.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Refusal {
    /// Texts, each counted on its own.
    pub reasons: Vec<Str>,
    /// Removing pods from the node would not help.
    pub unresolvable: bool,
}

pub(super) fn refuse(reason: impl Into<Str>, unresolvable: bool) -> Result<(), Refusal> {
    Err(Refusal {
        reasons: vec![reason.into()],
        unresolvable,
    })
}

/// Host ports a pod wants.
pub(super) fn host_ports(pod: &Value) -> impl Iterator<Item = (Str, i64)> + '_ {
    pod.list_at("spec.containers")
        .iter()
        .flat_map(|c| c.list_at("ports"))
        .filter_map(|p| {
            let port = p.int_at("hostPort").filter(|n| *n > 0)?;
            let protocol = p.shared_str_at("protocol").unwrap_or(Str::Static("TCP"));
            Some((protocol, port))
        })
}

/// Mirrors the filter plugins in their order, pkg/scheduler/framework/plugins: the first that refuses ends the round.
pub(super) fn filter(c: &Candidate<'_>, node: &NodeInfo, version: Minor) -> Result<(), Refusal> {
    if node.unschedulable
        && !tolerated(
            "node.kubernetes.io/unschedulable",
            "",
            "NoSchedule",
            c.tolerations,
        )
    {
        return refuse("node(s) were unschedulable", true);
    }
    for (key, value, effect) in &node.taints {
        if matches!(effect.as_str(), "NoSchedule" | "NoExecute")
            && !tolerated(key, value, effect, c.tolerations)
        {
            return if version >= Minor(35) {
                refuse("node(s) had untolerated taint(s)", true)
            } else {
                refuse(
                    format!("node(s) had untolerated taint {{{key}: {value}}}"),
                    true,
                )
            };
        }
    }
    if !matches_node(c, node) {
        return refuse("node(s) didn't match Pod's node affinity/selector", true);
    }
    if c.ports.iter().any(|p| node.ports.contains_key(p)) {
        return refuse(
            "node(s) didn't have free ports for the requested pod ports",
            false,
        );
    }
    fits(&c.request, &c.scalars, node)
}

/// Mirrors `fitsRequest`, pkg/scheduler/framework/plugins/noderesources/fit.go.
fn fits(request: &Amounts, scalars: &[(Str, i64)], node: &NodeInfo) -> Result<(), Refusal> {
    let mut reasons = Vec::new();
    if node.pods + 1 > node.max_pods {
        reasons.push(Str::Static("Too many pods"));
    }
    for (want, used, have, text) in [
        (
            request.cpu,
            node.used.cpu,
            node.allocatable.cpu,
            "Insufficient cpu",
        ),
        (
            request.memory,
            node.used.memory,
            node.allocatable.memory,
            "Insufficient memory",
        ),
        (
            request.storage,
            node.used.storage,
            node.allocatable.storage,
            "Insufficient ephemeral-storage",
        ),
    ] {
        if want > 0 && want > have.saturating_sub(used) {
            reasons.push(Str::Static(text));
        }
    }
    for (name, want) in scalars {
        let have = node.scalars.iter().find(|(n, _)| n == name);
        let used = node.scalars_used.get(name).copied().unwrap_or(0);
        if *want > 0 && *want > have.map_or(0, |(_, n)| *n).saturating_sub(used) {
            reasons.push(Str::concat(&["Insufficient ", name]));
        }
    }
    if reasons.is_empty() {
        Ok(())
    } else {
        Err(Refusal {
            reasons,
            unresolvable: false,
        })
    }
}

/// Mirrors `Toleration.ToleratesTaint`, staging/src/k8s.io/api/core/v1/toleration.go.
fn tolerated(key: &str, value: &str, effect: &str, tolerations: &[Value]) -> bool {
    tolerations.iter().any(|t| {
        let (tk, te) = (t.str_at("key"), t.str_at("effect"));
        (te.is_empty() || te == effect)
            && (tk.is_empty() || tk == key)
            && match t.str_at("operator") {
                "Exists" => true,
                "" | "Equal" => !tk.is_empty() && t.str_at("value") == value,
                _ => false,
            }
    })
}

/// How many `PreferNoSchedule` taints a pod does not tolerate.
pub(super) fn disliked_taints(c: &Candidate<'_>, node: &NodeInfo) -> i64 {
    let disliked = |(key, value, effect): &&(Str, Str, Str)| {
        *effect == "PreferNoSchedule" && !tolerated(key, value, effect, c.tolerations)
    };
    node.taints.iter().filter(disliked).count() as i64
}

/// Node selector and required node affinity.
fn matches_node(c: &Candidate<'_>, node: &NodeInfo) -> bool {
    let unequal = |m: &Map| m.iter().any(|(k, v)| node.label(k) != v.as_str());
    if c.selector.is_some_and(unequal) {
        return false;
    }
    let terms = |required: &Value| {
        required
            .list_at("nodeSelectorTerms")
            .iter()
            .any(|term| node_term_matches(term, node))
    };
    c.required.is_none_or(terms)
}

pub(super) fn node_term_matches(term: &Value, node: &NodeInfo) -> bool {
    let (labels, fields) = (
        term.list_at("matchExpressions"),
        term.list_at("matchFields"),
    );
    if labels.is_empty() && fields.is_empty() {
        return false;
    }
    labels
        .iter()
        .all(|e| requirement(e, node.label(e.str_at("key"))))
        && fields
            .iter()
            .all(|e| requirement(e, Some(node.value.str_at("metadata.name"))))
}

/// Sum of the weights of the preferred node affinities that match.
pub(super) fn preferred_nodes(c: &Candidate<'_>, node: &NodeInfo) -> i64 {
    c.preferred
        .iter()
        .filter(|p| {
            p.get("preference")
                .is_some_and(|t| node_term_matches(t, node))
        })
        .map(|p| p.int_at("weight").unwrap_or(0))
        .sum()
}

fn requirement(e: &Value, value: Option<&str>) -> bool {
    let values = e.list_at("values");
    let listed = || values.iter().any(|v| v.as_str() == value);
    let number = |t: Option<&str>| t.and_then(|t| t.parse::<i64>().ok());
    let limit = number(values.first().and_then(Value::as_str));
    match e.str_at("operator") {
        "In" => value.is_some() && listed(),
        "NotIn" => value.is_none() || !listed(),
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        "Gt" => matches!((number(value), limit), (Some(v), Some(l)) if v > l),
        "Lt" => matches!((number(value), limit), (Some(v), Some(l)) if v < l),
        _ => false,
    }
}

/// Mirrors `LabelSelectorAsSelector`: a missing selector matches nothing, an empty one everything.
pub(super) fn selector_matches(selector: Option<&Value>, labels: &Value) -> bool {
    let Some(selector) = selector else {
        return false;
    };
    let label = |key: &str| labels.get(key).and_then(Value::as_str);
    let equal = selector.get("matchLabels").and_then(Value::as_map);
    equal.is_none_or(|m| {
        m.iter()
            .all(|(k, v)| v.as_str().is_some() && label(k) == v.as_str())
    }) && selector
        .list_at("matchExpressions")
        .iter()
        .all(|e| requirement(e, label(e.str_at("key"))))
}

/// A pod that is already on a node.
pub struct Placed<'a> {
    /// The pod.
    pub pod: &'a Rc<Object>,
    /// Its node.
    pub node: &'a NodeInfo,
}

/// What affinities and spread constraints say about each node: counted once per attempt.
pub struct Relations<'a> {
    me: &'a Candidate<'a>,
    placed: Vec<Placed<'a>>,
    nodes: Vec<&'a NodeInfo>,
}

impl<'a> Relations<'a> {
    pub(super) fn new(
        c: &'a Candidate<'a>,
        placed: Vec<Placed<'a>>,
        nodes: Vec<&'a NodeInfo>,
    ) -> Self {
        Relations {
            me: c,
            placed,
            nodes,
        }
    }

    fn term_matches(&self, term: &Value, owner: &Object, other: &Object) -> bool {
        let namespaces = term.list_at("namespaces");
        let same = if namespaces.is_empty() && term.get("namespaceSelector").is_none() {
            owner.meta.namespace == other.meta.namespace
        } else {
            namespaces
                .iter()
                .any(|n| n.as_str() == Some(other.meta.namespace.as_str()))
                || term.get("namespaceSelector").is_some_and(Value::is_empty)
        };
        same && selector_matches(term.get("labelSelector"), &other.meta.labels)
            && match_label_keys(term, owner, other)
    }

    /// Mirrors the filters of PodTopologySpread and InterPodAffinity.
    pub(super) fn filter(&self, node: &NodeInfo) -> Result<(), Refusal> {
        self.spread(node)?;
        self.affinity(node)
    }

    fn spread(&self, node: &NodeInfo) -> Result<(), Refusal> {
        let me = self.me;
        let text = "node(s) didn't match pod topology spread constraints";
        for rule in me.spec().list_at("topologySpreadConstraints") {
            if rule.str_at("whenUnsatisfiable") == "ScheduleAnyway" {
                continue;
            }
            let key = rule.str_at("topologyKey");
            let Some(domain) = node.label(key) else {
                return refuse(format!("{text} (missing required label)"), true);
            };
            let mut counts: SortedMap<&str, i64> = SortedMap::new();
            for n in self.nodes.iter().filter(|n| matches_node(me, n)) {
                if let Some(d) = n.label(key) {
                    counts.entry(d).or_insert(0);
                }
            }
            for p in &self.placed {
                let counted = !p.pod.meta.is_terminating()
                    && p.pod.meta.namespace == me.pod.meta.namespace
                    && selector_matches(rule.get("labelSelector"), &p.pod.meta.labels)
                    && match_label_keys(rule, me.pod, p.pod);
                if counted && let Some(n) = p.node.label(key).and_then(|d| counts.get_mut(d)) {
                    *n += 1;
                }
            }
            let mut min = counts.values().copied().min().unwrap_or(0);
            if rule
                .int_at("minDomains")
                .is_some_and(|m| (counts.len() as i64) < m)
            {
                min = 0;
            }
            let own = i64::from(selector_matches(
                rule.get("labelSelector"),
                &me.pod.meta.labels,
            ));
            let here = counts.get(domain).copied().unwrap_or(0);
            if here + own - min > rule.int_at("maxSkew").unwrap_or(1) {
                return refuse(text, false);
            }
        }
        Ok(())
    }

    fn affinity(&self, node: &NodeInfo) -> Result<(), Refusal> {
        const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
        let me = self.me;
        let affinity = me.spec().get("affinity");
        let terms = |kind: &str| {
            affinity
                .and_then(|a| a.get(kind))
                .map_or(&[][..], |a| a.list_at(REQUIRED))
        };
        let same_domain = |term: &Value, other: &NodeInfo| {
            let key = term.str_at("topologyKey");
            node.label(key).is_some() && node.label(key) == other.label(key)
        };
        for term in terms("podAffinity") {
            let matching = || {
                self.placed
                    .iter()
                    .filter(|p| self.term_matches(term, me.pod, p.pod))
            };
            let first = matching().next().is_none() && self.term_matches(term, me.pod, me.pod);
            let known = node.label(term.str_at("topologyKey")).is_some();
            if !(known && (first || matching().any(|p| same_domain(term, p.node)))) {
                return refuse("node(s) didn't match pod affinity rules", true);
            }
        }
        for term in terms("podAntiAffinity") {
            let clash = |p: &Placed<'_>| {
                self.term_matches(term, me.pod, p.pod) && same_domain(term, p.node)
            };
            if self.placed.iter().any(clash) {
                return refuse("node(s) didn't match pod anti-affinity rules", false);
            }
        }
        for p in &self.placed {
            let theirs = p
                .pod
                .value
                .at("spec.affinity.podAntiAffinity")
                .map_or(&[][..], |a| a.list_at(REQUIRED));
            if theirs
                .iter()
                .any(|t| self.term_matches(t, p.pod, me.pod) && same_domain(t, p.node))
            {
                return refuse(
                    "node(s) didn't satisfy existing pods anti-affinity rules",
                    false,
                );
            }
        }
        Ok(())
    }

    /// Preferred pod affinities minus preferred anti-affinities that hold on a node, by weight.
    pub(super) fn preferred(&self, node: &NodeInfo) -> i64 {
        const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";
        let me = self.me;
        let Some(affinity) = me.spec().get("affinity") else {
            return 0;
        };
        let sum = |kind: &str| -> i64 {
            let terms = affinity.get(kind).map_or(&[][..], |a| a.list_at(PREFERRED));
            terms
                .iter()
                .filter_map(|t| Some((t.get("podAffinityTerm")?, t.int_at("weight").unwrap_or(0))))
                .map(|(term, weight)| {
                    let key = term.str_at("topologyKey");
                    let here = |p: &&Placed<'_>| {
                        node.label(key).is_some()
                            && node.label(key) == p.node.label(key)
                            && self.term_matches(term, me.pod, p.pod)
                    };
                    weight * self.placed.iter().filter(here).count() as i64
                })
                .sum()
        };
        sum("podAffinity") - sum("podAntiAffinity")
    }
}

fn match_label_keys(rule: &Value, owner: &Object, other: &Object) -> bool {
    rule.list_at("matchLabelKeys")
        .iter()
        .filter_map(Value::as_str)
        .all(|k| {
            owner
                .meta
                .label(k)
                .is_none_or(|v| other.meta.label(k) == Some(v))
        })
}

/// The same when something about the pod itself refuses all nodes. Mirrors `FitError.Error` with a `PreFilterMsg`.
pub(super) fn pre_filter_error(all: usize, why: &str) -> String {
    format!(
        "0/{all} nodes are available: {why}. preemption: 0/{all} nodes are available: {all} Preemption is not helpful for scheduling."
    )
}

/// Reasons with how often they occur, sorted as texts.
pub(super) fn counted<'a>(reasons: impl Iterator<Item = &'a Str>) -> String {
    let mut counts: SortedMap<&str, usize> = SortedMap::new();
    for r in reasons {
        *counts.entry(r.as_str()).or_insert(0) += 1;
    }
    let texts: SortedSet<String> = counts
        .iter()
        .map(|(text, n)| format!("{n} {text}"))
        .collect();
    texts.into_iter().collect::<Vec<_>>().join(", ")
}

/// Mirrors `FitError.Error`, pkg/scheduler/framework/types.go, with what preemption says, if it says anything.
pub(super) fn fit_error(refusals: &[Refusal], preemption: &str) -> String {
    if refusals.is_empty() {
        return "no nodes available to schedule pods".to_owned();
    }
    let all = refusals.len();
    let why = counted(refusals.iter().flat_map(|r| &r.reasons));
    let mut out = format!("0/{all} nodes are available: {why}.");
    if !preemption.is_empty() {
        out.push_str(" preemption: ");
        out.push_str(preemption);
    }
    out
}
