//! Lines that are wrong: kubectl's texts and exit codes. And random lines, which never panic.

#![allow(clippy::unwrap_used, reason = "the recording is there")]

use proptest::prelude::*;
use rollout_api::Value;
use rollout_api::json::from_json;
use rollout_kubectl::cases::{cluster, run_on};
use rollout_kubectl::{Io, Output, run};

/// A cluster with one Deployment, its ReplicaSet and three pods, two Services, three nodes.
fn state() -> Value {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/data/kubectl-golden/fresh-complete.json"
    );
    from_json(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn kubectl(file: &Value, words: &[String]) -> Output {
    let mut engine = cluster(file);
    let io = Io {
        version: rollout_api::Minor(32),
        ..Io::default()
    };
    let (outcome, _) = engine.act("kubectl", |client| run(words, &io, client));
    run_on(&mut engine, &io, outcome, &[], false, &mut |_| {
        Default::default()
    })
}

/// `line|stderr` (`\n` is a line end); every one ends with exit code 1 and prints nothing on stdout.
const BAD: &str = r#"
get --nope|error: unknown flag: --nope\nSee 'kubectl get --help' for usage.
get -Z|error: unknown shorthand flag: 'Z' in -Z\nSee 'kubectl get --help' for usage.
get pods -o|error: flag needs an argument: 'o' in -o\nSee 'kubectl get --help' for usage.
get pods --sort-by|error: flag needs an argument: --sort-by\nSee 'kubectl get --help' for usage.
get pods --chunk-size=x|error: invalid argument "x" for "--chunk-size" flag: strconv.ParseInt: parsing "x": invalid syntax\nSee 'kubectl get --help' for usage.
get pods --watch=maybe|error: invalid argument "maybe" for "-w, --watch" flag: strconv.ParseBool: parsing "maybe": invalid syntax\nSee 'kubectl get --help' for usage.
get foo|error: the server doesn't have a resource type "foo"
get pods nope|Error from server (NotFound): pods "nope" not found
get pods x -l app=web|error: name cannot be provided when a selector is specified
get pods -l =|Error from server (BadRequest): Unable to find "/v1, Resource=pods" that match label selector "=", field selector "": found '=', expected: !, identifier, or 'end of string'
get deploy,svc -w|error: you may only specify a single resource type
get pods -o jsonpath={|error: error parsing jsonpath {, unclosed action
get pods -o custom-columns=A|error: unexpected custom-columns spec: A, expected <header>:<json-path-expr>
get deploy web -A|error: a resource cannot be retrieved by name across all namespaces
describe foo|error: the server doesn't have a resource type "foo"
describe pod nope|Error from server (NotFound): pods "nope" not found
describe --nope|error: unknown flag: --nope\nSee 'kubectl describe --help' for usage.
rollout status|error: required resource not specified
rollout status pod/web-69dc969cbd-lpwt8|error: no status viewer has been implemented for Pod
rollout status rs/web-69dc969cbd|error: no status viewer has been implemented for ReplicaSet.apps
rollout status deploy/web --timeout=x|error: invalid argument "x" for "--timeout" flag: time: invalid duration "x"\nSee 'kubectl rollout status --help' for usage.
rollout history|error: required resource not specified
rollout undo deploy/web --to-revision=9|error: unable to find specified revision 9 in history
rollout undo svc/web|error: error retrieving rollbacker for "Service", no visitor method exists for { Service}
rollout pause svc/web|error: services "web" pausing is not supported
rollout resume deploy/web|error: deployments.apps "web" is not paused
rollout restart|error: required resource not specified
rollout nope|error: unknown command "nope"\nSee 'kubectl rollout -h' for help and examples
scale deploy/web|error: required flag(s) "replicas" not set
scale deploy/nope --replicas=1|error: no objects passed to scale deployments.apps "nope" not found
scale deploy --replicas=1|error: resource(s) were provided, but no name was specified
set image deploy/web|error: at least one image update is required
set image deploy/web a=b c|error: all resources must be specified before image changes: c
set image deploy/web x=y|error: unable to find container named "x"
set image deploy/web *=a b=c|error: all containers are already specified by *, but saw more than one container_name=container_image pairs
set resources deploy/web --limits=cpu|error: Invalid argument syntax cpu, expected <resource>=<value>
set env deploy/web 1=2|error: "1" is not a valid key name: a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit (e.g. 'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1', regex used for validation is '[-._a-zA-Z][-._a-zA-Z0-9]*')
label deploy web|error: at least one label update is required
label deploy web app=x|error: 'app' already has a value (web), and --overwrite is false
annotate|error: one or more resources must be specified as <resource> <name> or <resource>/<name>
patch deploy web|error: must specify --patch or --patch-file containing the contents of the patch
patch deploy web -p {} --patch-file f|error: cannot specify --patch and --patch-file together
patch deploy web -p {} --type=x|error: --type must be one of [json merge strategic], not "x"
edit deploy nope|Error from server (NotFound): deployments.apps "nope" not found
create|error: must specify one of -f and -k
create -f nope.yaml|error: the path "nope.yaml" does not exist
create deployment a|error: required flag(s) "image" not set
create deployment --image=x|error: exactly one NAME is required, got 0\nSee 'kubectl create deployment -h' for help and examples
create cm a --from-literal=b|error: invalid literal source b, expected key=value
create pdb a --selector=a=b|error: one of min-available or max-unavailable must be specified
create service clusterip a|error: at least one tcp port specifier must be provided
apply|error: must specify one of -f and -k
apply x|error: Unexpected args: [x]\nSee 'kubectl apply -h' for help and examples
apply -f nope --validate=x|error: invalid - validate option "x"; must be one of: strict (or true), warn, ignore (or false)
replace|error: must specify one of -f and -k
delete deploy|error: resource(s) were provided, but no name was specified
delete deploy web --cascade=x|error: invalid cascade value (x). Must be "background", "foreground", or "orphan"
delete deploy web --dry-run=x|error: Invalid dry-run value (x). Must be "none", "server", or "client".
delete deploy web --now --grace-period=3|error: --now and --grace-period cannot be specified together
expose node kind-worker --port=80|error: cannot expose a Node
autoscale deploy web|error: required flag(s) "max" not set
autoscale deploy web --min=6 --max=5|error: --max=MAXPODS must be larger or equal to --min=MINPODS, max: 5, min: 6
run a --image=b --restart=c|error: invalid restart policy: c\nSee 'kubectl run -h' for help and examples
wait deploy/web --for=x|error: unrecognized condition: "x"
wait --for=delete|error: You must provide one or more resources by argument or filename.\nExample resource specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'\n   '<resource> <name>'\n   '<resource>'
logs nope|error: error from server (NotFound): pods "nope" not found in namespace "default"
logs web-69dc969cbd-lpwt8 -c x|error: container x is not valid for pod web-69dc969cbd-lpwt8
cordon|error: USAGE: cordon NODE [flags]\nSee 'kubectl cordon -h' for help and examples
drain nope|Error from server (NotFound): nodes "nope" not found
taint nodes kind-worker|error: at least one taint update is required
exec web-69dc969cbd-lpwt8|error: you must specify at least one command for the container
top pods|error: Metrics API not available
config use-context x|error: no context exists with the name: "x"
version -o x|error: --output must be 'yaml' or 'json'
completion|error: Shell not specified.\nSee 'kubectl completion -h' for help and examples
qwertz|error: unknown command "qwertz" for "kubectl"
--nope|error: unknown flag: --nope\nSee 'kubectl --help' for usage.
"#;

#[test]
fn wrong_lines() {
    let file = state();
    let mut wrong = Vec::new();
    for row in BAD.lines().filter(|l| !l.is_empty()) {
        let (line, want) = row.split_once('|').unwrap();
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let out = kubectl(&file, &words);
        let want = format!("{}\n", want.replace("\\n", "\n"));
        if out.stderr != want || out.exit != 1 || !out.stdout.is_empty() {
            wrong.push(format!(
                "{line}\n  exit {} stdout {:?}\n  got  {:?}\n  want {want:?}",
                out.exit, out.stdout, out.stderr
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_line_of_a_megabyte_is_refused() {
    let out = kubectl(&state(), &["get".to_owned(), "x".repeat(1 << 20)]);
    assert_eq!(
        (out.stderr.as_str(), out.exit),
        ("error: the command line is too long\n", 1)
    );
}

const WORDS: &[&str] = &[
    "get",
    "describe",
    "rollout",
    "status",
    "history",
    "undo",
    "pause",
    "restart",
    "scale",
    "set",
    "image",
    "env",
    "resources",
    "label",
    "annotate",
    "patch",
    "edit",
    "create",
    "deployment",
    "service",
    "clusterip",
    "configmap",
    "apply",
    "replace",
    "delete",
    "expose",
    "autoscale",
    "run",
    "logs",
    "events",
    "wait",
    "diff",
    "drain",
    "cordon",
    "taint",
    "top",
    "explain",
    "api-resources",
    "auth",
    "can-i",
    "version",
    "config",
    "view",
    "completion",
    "help",
    "exec",
    "options",
    "pods",
    "deploy",
    "svc",
    "nodes",
    "all",
    "rs",
    "ns",
    "ev",
    "web",
    "deploy/web",
    "svc/web",
    "pod/x",
    "a/b/c",
    "nginx=nginx:1.28",
    "app=x",
    "app-",
    "A=b",
    "-f",
    "-",
    "f.yaml",
    "-o",
    "json",
    "yaml",
    "wide",
    "name",
    "jsonpath={.metadata.name}",
    "jsonpath={..}",
    "jsonpath={range",
    "go-template={{.}}",
    "go-template={{range",
    "custom-columns=A:.b",
    "-l",
    "app in (web)",
    "app=web,",
    "-A",
    "-w",
    "-n",
    "dev",
    "--all",
    "--replicas=2",
    "--replicas=-1",
    "--to-revision=1",
    "--revision=1",
    "--timeout=1s",
    "--timeout=-1s",
    "--for=delete",
    "--for=condition=available",
    "--for=jsonpath={.a}=b",
    "--dry-run=client",
    "--dry-run=server",
    "--dry-run",
    "--",
    "-p",
    "{}",
    "[]",
    "{\"spec\":{\"replicas\":4}}",
    "--type=json",
    "--type=merge",
    "--image=nginx",
    "--port=80",
    "--port=x",
    "--max=3",
    "--force",
    "--grace-period=0",
    "--cascade=foreground",
    "--sort-by=.metadata.name",
    "--sort-by={",
    "--show-labels",
    "-L",
    "--field-selector=metadata.name=web",
    "--raw",
    "/version",
    "a=b:NoSchedule",
    "kind-worker",
    "--help",
    "-h",
    "-it",
    "",
    "--tail=1",
    "--since=1h",
    "--previous",
    "-c",
    "nginx",
    "\u{1F600}",
    "--output=",
    "=",
    "--=x",
    "-o=",
    "--record",
    "--overwrite",
    "--list",
    "--local",
    "--limits=cpu=1",
    "--subresource=scale",
    "--watch=false",
];

proptest! {
    #![proptest_config(rollout_tests::random::cases(400))]
    #[test]
    fn random_lines_never_panic(picks in proptest::collection::vec(0..WORDS.len(), 0..9), noise in "\\PC{0,12}", minor in prop_oneof![Just(32u8), Just(36u8)]) {
        let mut words: Vec<String> = picks.iter().map(|i| WORDS[*i].to_owned()).collect();
        if noise.len() % 3 == 0 {
            words.push(noise);
        }
        thread_local!(static FILE: Value = state());
        FILE.with(|file| {
            let mut engine = cluster(file);
            let mut io = Io { version: rollout_api::Minor(minor), stdin: "kind: Pod".to_owned(), ..Io::default() };
            io.files.insert("f.yaml".to_owned(), "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec: {}\n".to_owned());
            let (outcome, _) = engine.act("kubectl", |client| run(&words, &io, client));
            let out = run_on(&mut engine, &io, outcome, &[], false, &mut |_| Default::default());
            // A container may end with another, and diff has one for what it can't compare.
            assert!((0..128).contains(&out.exit), "{words:?}: {}", out.exit);
        });
    }
}
