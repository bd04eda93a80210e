//! What happens to stored objects: patches of all kinds, second applies, replaces. Texts as a real 1.32.5 prints them.
#![allow(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use rollout_api::{Minor, Value};
use rollout_engine::{ClusterConfig, Engine, NodeSide};
use rollout_kubectl::{Io, Outcome, run};

struct Cluster(Engine);

impl Cluster {
    fn new() -> Cluster {
        Cluster(Engine::new(ClusterConfig {
            version: Minor::V1_32,
            node_side: NodeSide::Nobody,
            ..ClusterConfig::default()
        }))
    }
    /// What a line prints: stdout, stderr.
    fn say(&mut self, words: &[&str], file: &str) -> String {
        let words: Vec<String> = words.iter().map(|w| (*w).to_owned()).collect();
        let io = Io {
            version: Minor::V1_32,
            files: [("f.yaml".to_owned(), file.to_owned())].into(),
            ..Io::default()
        };
        let Outcome::Done(said) = self.0.act("kubectl", |c| run(&words, &io, c)).0 else {
            panic!("{words:?} goes on")
        };
        let _ = self.0.settle();
        said.stdout + &said.stderr
    }
    fn apply(&mut self, file: &str) -> String {
        self.say(&["apply", "-f", "f.yaml"], file)
    }
    fn get(&mut self, what: &str) -> Value {
        rollout_api::json::from_json(&self.say(&["get", what, "-o", "json"], "")).unwrap()
    }
}

const MAP: &str =
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: nn, labels: {a: x}}\ndata: {l: v}\n";
const WEB: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: nn}\nspec:\n  selector: {matchLabels: {a: x}}\n  template:\n    metadata: {labels: {a: x}}\n    spec:\n      containers: [{name: a, image: b}]\n";

#[test]
fn patches_that_are_none_or_odd() {
    let invalid =
        "The request is invalid: the server rejected our request due to an error in our request\n";
    for (kind, patch, want) in [
        (
            "json",
            "{}",
            "Error from server (BadRequest): error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp\n",
        ),
        (
            "json",
            "[1]",
            "Error from server (BadRequest): error decoding patch: json: cannot unmarshal number into Go value of type handlers.jsonPatchOp\n",
        ),
        (
            "json",
            r#"[{"op":"add","path":5}]"#,
            "Error from server (BadRequest): error decoding patch: json: cannot unmarshal number into Go struct field jsonPatchOp.path of type string\n",
        ),
        ("json", "[null]", invalid),
        ("json", r#"[{"path":"/data/x"}]"#, invalid),
        ("json", r#"[{"op":"add","path":"x","value":1}]"#, invalid),
        ("json", r#"[{"op":"add","path":"","value":1}]"#, invalid),
        (
            "json",
            r#"[{"op":"replace","path":"","value":5}]"#,
            "configmap/nn patched (no change)\n",
        ),
        (
            "json",
            r#"[{"op":"add","path":"data/q","value":"v"}]"#,
            "configmap/nn patched (no change)\nWarning: unknown field \"q\"\n",
        ),
        (
            "json",
            r#"[{"op":"replace","path":"/data/new","value":"v"}]"#,
            "configmap/nn patched\n",
        ),
        (
            "json",
            r#"[{"op":"add","path":"/data/x","value":"1","foo":2}]"#,
            "configmap/nn patched\nWarning: json patch unknown field \"[0].foo\"\n",
        ),
        (
            "json",
            r#"[{"op":"remove","path":"/metadata"}]"#,
            "Error from server (BadRequest): the name of the object (nn based on URL) was undeterminable: name must be provided\n",
        ),
        (
            "json",
            r#"[{"op":"replace","path":"/metadata/name","value":"z"}]"#,
            "Error from server (BadRequest): the name of the object (z) does not match the name on the URL (nn)\n",
        ),
        (
            "json",
            r#"[{"op":"remove","path":"/kind"}]"#,
            "configmap/nn patched (no change)\n",
        ),
        (
            "json",
            "{",
            "Error from server (BadRequest): error decoding patch: unexpected end of JSON input\n",
        ),
        (
            "strategic",
            "{",
            "Error from server (BadRequest): unexpected end of JSON input\n",
        ),
        (
            "merge",
            "null",
            "Error from server (BadRequest): Invalid JSON Patch\n",
        ),
        ("strategic", "null", "configmap/nn patched (no change)\n"),
        (
            "merge",
            "[]",
            "Error from server (BadRequest): error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}\n",
        ),
        (
            "strategic",
            "5",
            "Error from server (BadRequest): json: cannot unmarshal number into Go value of type map[string]interface {}\n",
        ),
        (
            "strategic",
            r#"{"kind":"Secret"}"#,
            "configmap/nn patched (no change)\n",
        ),
        (
            "merge",
            r#"{"metadata":{"namespace":"other"}}"#,
            "Error from server (BadRequest): the namespace of the provided object does not match the namespace sent on the request\n",
        ),
        (
            "strategic",
            r#"{"$patch":"replace","metadata":{"name":"nn"}}"#,
            "configmap/nn patched\n",
        ),
        (
            "strategic",
            r#"{"data":{"$patch":"bogus"}}"#,
            "Error from server: unknown patch type: bogus in map: map[$patch:bogus]\n",
        ),
        (
            "strategic",
            r#"{"data":{"$patch":5}}"#,
            "Error from server: unknown patch type: %!s(int64=5) in map: map[$patch:5]\n",
        ),
        (
            "merge",
            r#"{"metadata":{"ownerReferences":[{"name":"a"}]}}"#,
            "The ConfigMap \"nn\" is invalid: \n* metadata.ownerReferences.apiVersion: Invalid value: \"\": version must not be empty\n* metadata.ownerReferences.kind: Invalid value: \"\": kind must not be empty\n* metadata.ownerReferences.uid: Invalid value: \"\": uid must not be empty\n",
        ),
    ] {
        let mut c = Cluster::new();
        c.apply(MAP);
        let said = c.say(&["patch", "cm", "nn", "--type", kind, "-p", patch], "");
        assert!(said == want, "{kind} {patch}\n got {said}\nwant {want}");
    }
}

#[test]
fn patches_whose_result_cannot_be_read() {
    for (kind, patch, want) in [
        (
            "strategic",
            r#"{"spec":{"strategy":{"rollingUpdate":{"maxSurge":1.5}}}}"#,
            "\"map[spec:map[strategy:map[rollingUpdate:map[maxSurge:1.5]]]]\": json: cannot unmarshal number 1.5 into Go value of type int32\n",
        ),
        (
            "strategic",
            r#"{"spec":{"template":{"spec":{"nodeSelector":{"a":1,"b":null}}}}}"#,
            "\"map[spec:map[template:map[spec:map[nodeSelector:map[a:1]]]]]\": cannot convert int64 to string\n",
        ),
        (
            "strategic",
            r#"{"spec":{"template":{"spec":{"$setElementOrder/containers":[{"name":"a"}],"containers":[{"name":"a","image":1}]}}}}"#,
            "\"map[spec:map[template:map[spec:map[]]]]\": cannot convert int64 to string\n",
        ),
    ] {
        let mut c = Cluster::new();
        c.apply(WEB);
        let said = c.say(
            &["patch", "deployment", "nn", "--type", kind, "-p", patch],
            "",
        );
        let want = format!("The request is invalid: patch: Invalid value: {want}");
        assert!(said == want, "{kind} {patch}\n got {said}\nwant {want}");
    }
    // Warnings come with a refusal, too.
    let mut c = Cluster::new();
    c.apply(WEB);
    let patch = r#"{"spec":{"strategy":{"$retainKeys":["type"],"type":"Recreate"}}}"#;
    assert_eq!(
        c.say(
            &["patch", "deployment", "nn", "--type", "merge", "-p", patch],
            ""
        ),
        "Warning: unknown field \"spec.strategy.$retainKeys\"\nThe Deployment \"nn\" is invalid: spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'\n"
    );
}

#[test]
fn a_patch_that_apply_cannot_make() {
    let mut c = Cluster::new();
    c.apply(WEB);
    let said = c.apply(&WEB.replace("name: a, ", ""));
    let why = "map: map[image:b] does not contain declared merge key: name";
    let begin = format!(
        "warning: error calculating patch from openapi v3 spec: {why}\nwarning: error calculating patch from openapi spec: {why}\nerror: error when applying patch:\n\nto:\nResource: \"apps/v1, Resource=deployments\", GroupVersionKind: \"apps/v1, Kind=Deployment\"\nName: \"nn\", Namespace: \"default\"\nfor: \"f.yaml\": error when patching \"f.yaml\": creating patch with:\noriginal:\n{{\"apiVersion\""
    );
    assert!(said.starts_with(&begin), "{said}");
    assert!(said.ends_with(&format!("\n\nfor:: {why}\n")), "{said}");
}

#[test]
fn selectors_that_lost_their_labels() {
    let mut c = Cluster::new();
    c.apply(WEB);
    let empty = "v1.LabelSelector{MatchLabels:map[string]string{}, MatchExpressions:[]v1.LabelSelectorRequirement(nil)}";
    assert_eq!(
        c.apply(&WEB.replace("matchLabels: {a: x}", "matchLabels: {}")),
        format!(
            "The Deployment \"nn\" is invalid: \n* spec.selector: Invalid value: {empty}: empty selector is invalid for deployment\n* spec.selector: Invalid value: {empty}: field is immutable\n"
        )
    );
}

#[test]
fn nulls_in_maps_are_empty() {
    let mut c = Cluster::new();
    c.say(
        &["create", "-f", "f.yaml"],
        &MAP.replace("l: v", "l: v, k: null"),
    );
    assert_eq!(c.get("cm/nn").at("data.k"), Some(&Value::from("")));
    // Apply leaves them out.
    let mut c = Cluster::new();
    c.apply(&MAP.replace("l: v", "l: v, k: null"));
    assert_eq!(c.get("cm/nn").at("data.k"), None);
}

#[test]
fn labels_that_were_not_there() {
    let mut c = Cluster::new();
    c.apply(WEB);
    let mut say = |words: &[&str]| c.say(&[&["label", "deployment", "nn"], words].concat(), "");
    assert_eq!(
        say(&["x-"]),
        "label \"x\" not found.\ndeployment.apps/nn labeled\n"
    );
    assert_eq!(say(&["long=label", "b=c"]), "deployment.apps/nn labeled\n");
    assert_eq!(
        say(&["x-"]),
        "label \"x\" not found.\ndeployment.apps/nn not labeled\n"
    );
    assert_eq!(say(&["long-", "d=e"]), "deployment.apps/nn unlabeled\n");
    assert_eq!(say(&["b-", "--overwrite"]), "deployment.apps/nn labeled\n");
}

#[test]
fn services_keep_what_they_have() {
    let mut c = Cluster::new();
    let service = |spec: &str| {
        format!("apiVersion: v1\nkind: Service\nmetadata: {{name: s}}\nspec: {spec}\n")
    };
    c.apply(&service(
        "{clusterIP: None, selector: {a: x}, ports: [{port: 80}]}",
    ));
    // Without an address it stays without one, and needs no ports.
    assert_eq!(
        c.apply(&service("{selector: {a: x}}")),
        "service/s configured\n"
    );
    assert_eq!(c.get("service/s").str_at("spec.clusterIP"), "None");
    // A node port belongs to the name of a port, not to its number.
    let mut c = Cluster::new();
    c.apply(&service(
        "{type: NodePort, selector: {a: x}, ports: [{port: 80}]}",
    ));
    let before = c.get("service/s").list_at("spec.ports")[0].int_at("nodePort");
    c.apply(&service(
        "{type: NodePort, selector: {a: x}, ports: [{port: 81}]}",
    ));
    let after = c.get("service/s").list_at("spec.ports")[0].clone();
    assert_eq!(
        (after.int_at("port"), after.int_at("nodePort")),
        (Some(81), before)
    );
}

#[test]
fn templates_of_daemon_sets_are_counted() {
    let mut c = Cluster::new();
    let set = WEB.replace("Deployment", "DaemonSet");
    c.apply(&set);
    c.apply(&set.replace("image: b", "image: c"));
    let count = |v: Value| {
        let annotations = v.at("metadata.annotations").unwrap().clone();
        annotations
            .get("deprecated.daemonset.template.generation")
            .cloned()
    };
    assert_eq!(count(c.get("daemonset/nn")), Some(Value::from("2")));
    c.apply(&set.replace("image: b", "image: c").replace(
        "spec:\n  selector",
        "spec:\n  minReadySeconds: 3\n  selector",
    ));
    assert_eq!(count(c.get("daemonset/nn")), Some(Value::from("2")));
}

#[test]
fn budgets_and_routes() {
    let mut c = Cluster::new();
    c.apply("apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: b}\nspec: {selector: {}}\n");
    assert_eq!(c.get("pdb/b").at("spec.minAvailable"), None);
    let paths = "{http: {paths: [{backend: {}}]}}";
    let said = c.apply(&format!(
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: i}}\nspec: {{rules: [{paths}, {paths}]}}\n"
    ));
    assert_eq!(
        said,
        "The Ingress \"i\" is invalid: \n* spec.rules[0].http.paths[0].pathType: Required value: pathType must be specified\n* spec.rules[1].http.paths[0].pathType: Required value: pathType must be specified\n"
    );
}

#[test]
fn the_client_takes_every_scalar_for_a_text() {
    let list = |labels: &str| {
        let item = WEB.replace("\n", "\n  ").replace(
            "    metadata: {labels: {a: x}}",
            &format!("    metadata: {{labels: {labels}}}"),
        );
        format!(
            "apiVersion: apps/v1\nkind: DeploymentList\nitems:\n- {}",
            item.trim_end()
        )
    };
    let mut c = Cluster::new();
    let said = c.apply(&list("{a: true}"));
    assert!(
        said.starts_with("Error from server (BadRequest): error when creating"),
        "{said}"
    );
    let said = c.apply(&list("{a: [b]}"));
    assert!(
        said.contains("got \"array\", expected \"string\""),
        "{said}"
    );
}

#[test]
fn bindings_of_the_whole_cluster_are_checked() {
    let mut c = Cluster::new();
    let said = c.apply("apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: b}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: x}\n");
    assert_eq!(
        said,
        "The ClusterRoleBinding \"b\" is invalid: roleRef.kind: Unsupported value: \"Role\": supported values: \"ClusterRole\"\n"
    );
}

#[test]
fn rules_that_few_manifests_meet() {
    let mut c = Cluster::new();
    for (file, want) in [
        (
            "apiVersion: apps/v1\nkind: ReplicaSet\nmetadata: {name: r}\nspec: {replicas: -1, selector: {matchLabels: {a: x}}, template: {metadata: {labels: {a: z}}, spec: {containers: [{name: a, image: b}]}}}\n",
            "The ReplicaSet \"r\" is invalid: \n* spec.replicas: Invalid value: -1: must be greater than or equal to 0\n* spec.template.metadata.labels: Invalid value: map[string]string{\"a\":\"z\"}: `selector` does not match template `labels`\n",
        ),
        (
            "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: j}\nspec: {schedule: '@every soon', jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: b}]}}}}}\n",
            "The CronJob \"j\" is invalid: spec.schedule: Invalid value: \"@every soon\": failed to parse duration @every soon: time: invalid duration \"soon\"\n",
        ),
    ] {
        assert_eq!(c.apply(file), want);
    }
    // A megabyte is allowed, a byte more is not.
    let map = |n: usize| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: big}}\ndata: {{k: {}}}\n",
            "x".repeat(n)
        )
    };
    let mut create = |n: usize| c.say(&["create", "-f", "f.yaml"], &map(n));
    assert_eq!(create(1024 * 1024), "configmap/big created\n");
    assert!(create(1024 * 1024 + 1).contains("Too long"));
}

#[test]
fn stateful_sets_change_little() {
    let mut c = Cluster::new();
    let set = WEB
        .replace("Deployment", "StatefulSet")
        .replace("spec:\n  selector", "spec:\n  serviceName: s\n  selector");
    c.apply(&set);
    assert_eq!(
        c.apply(&set.replace("image: b", "image: c")),
        "statefulset.apps/nn configured\n"
    );
    let said = c.apply(&set.replace("serviceName: s", "serviceName: t"));
    assert!(
        said.contains("spec: Forbidden: updates to statefulset spec for fields other than"),
        "{said}"
    );
}

#[test]
fn an_autoscaler_of_the_older_version() {
    let mut c = Cluster::new();
    let file = "apiVersion: autoscaling/v1\nkind: HorizontalPodAutoscaler\nmetadata: {name: h}\nspec: {maxReplicas: 5, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, targetCPUUtilizationPercentage: 70}\n";
    let said = |verb| format!("horizontalpodautoscaler.autoscaling/h {verb}\n");
    assert_eq!(c.apply(file), said("created"));
    assert_eq!(c.apply(file), said("unchanged"));
    let target = |c: &mut Cluster| {
        let metrics = c.get("hpa/h").list_at("spec.metrics").to_vec();
        metrics[0].at("resource.target.averageUtilization").cloned()
    };
    assert_eq!(c.apply(&file.replace("70", "60")), said("configured"));
    assert_eq!(target(&mut c), Some(Value::from(60)));
    // Without a target there is one of 80.
    assert_eq!(
        c.apply(&file.replace(", targetCPUUtilizationPercentage: 70", "")),
        said("configured")
    );
    assert_eq!(target(&mut c), Some(Value::from(80)));
    let shown = c.say(
        &[
            "get",
            "-f",
            "f.yaml",
            "-o",
            "jsonpath={.apiVersion} {.spec.targetCPUUtilizationPercentage}",
        ],
        file,
    );
    assert_eq!(shown, "autoscaling/v1 80");
}

/// Only the last line of what a refused patch prints is compared: before it stands the object.
#[test]
fn patches_of_numbers_versions_and_double_keys() {
    let whole = "json: cannot unmarshal number 2.0 into Go struct field DeploymentSpec.spec.replicas of type int32\n";
    for (kind, patch, want) in [
        ("merge", r#"{"spec":{"replicas":2.0}}"#, whole),
        (
            "strategic",
            r#"{"spec":{"replicas":2.0}}"#,
            "deployment.apps/nn patched\n",
        ),
        (
            "merge",
            r#"{"spec":{"replicas":2,"replicas":3}}"#,
            "deployment.apps/nn patched\nWarning: duplicate field \"spec.replicas\"\n",
        ),
        (
            "strategic",
            r#"{"spec":{"foo":1,"foo":2}}"#,
            "deployment.apps/nn patched (no change)\nWarning: duplicate field \"spec.foo\"\nWarning: unknown field \"spec.foo\"\n",
        ),
        (
            "merge",
            r#"{"metadata":{"resourceVersion":"abc"}}"#,
            "Error from server: strconv.ParseUint: parsing \"abc\": invalid syntax\n",
        ),
        (
            "json",
            r#"[{"op":"add","path":"/metadata/resourceVersion","value":"-1"}]"#,
            "Error from server: strconv.ParseUint: parsing \"-1\": invalid syntax\n",
        ),
        (
            "merge",
            r#"{"metadata":{"resourceVersion":"99999999999999999999"}}"#,
            "Error from server: strconv.ParseUint: parsing \"99999999999999999999\": value out of range\n",
        ),
        (
            "merge",
            r#"{"metadata":{"resourceVersion":"0"}}"#,
            "deployment.apps/nn patched (no change)\n",
        ),
        (
            "merge",
            r#"{"metadata":{"resourceVersion":"999999999"}}"#,
            "Error from server (Conflict): Operation cannot be fulfilled on deployments.apps \"nn\": the object has been modified; please apply your changes to the latest version and try again\n",
        ),
    ] {
        let mut cluster = Cluster::new();
        cluster.apply(WEB);
        let words = ["patch", "deployment", "nn", "--type", kind, "-p", patch];
        let said = cluster.say(&words, "");
        assert!(said.ends_with(want), "{kind} {patch}: {said}");
        assert!(
            said == want || said.starts_with("The request is invalid"),
            "{kind} {patch}: {said}"
        );
    }
}
