//! What kubectl makes of a file before it asks the server: objects with their resource, or its complaint.
//!
//! Mirrors the stream visitor and `InfoForData`, k8s.io/cli-runtime/pkg/resource, and the checks of kubectl/pkg/validation.

use crate::documents::objects;
use crate::openapi::{validate_list, validate_model};
use rollout_api::gofmt::quote;
use rollout_api::kinds::{self, Resource};
use rollout_api::{Minor, Value, decode};

/// An object of a file.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The object.
    pub value: Value,
    /// What it is.
    pub resource: &'static Resource,
}

impl Sent {
    /// `apps/` names no version: kubectl finds the kind, but no server has that path.
    pub fn has_version(&self) -> bool {
        let version = self.value.str_at("apiVersion");
        !version.is_empty() && !version.ends_with('/')
    }
}

/// A file that was read.
#[derive(Clone, Debug, Default)]
pub struct Objects {
    /// The objects, in order. A document that cannot be parsed ends the file; one of an unknown kind is passed over.
    pub objects: Vec<Sent>,
    /// What is wrong with the others, in order.
    pub complaints: Vec<Complaint>,
}

/// What kubectl says of a document.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Complaint {
    /// About the document: printed after `error: ` where it is the only one.
    Document(String),
    /// About items of a list that no resource was found for: kubectl's aggregate, printed without `error: `.
    Items(Vec<String>),
}

impl Objects {
    /// The first complaint about a whole document.
    pub fn error(&self) -> Option<&str> {
        self.complaints.iter().find_map(|c| match c {
            Complaint::Document(text) => Some(text.as_str()),
            Complaint::Items(_) => None,
        })
    }
}

/// Reads a file; `name` is what kubectl calls it. `validate`: `--validate` is not off.
pub fn read(file: &[u8], name: &str, validate: bool, kubectl: Minor, server: Minor) -> Objects {
    let mut out = Objects::default();
    let complain = |out: &mut Objects, text: String| out.complaints.push(Complaint::Document(text));
    for document in objects(file, kubectl) {
        let value = match document.content {
            Ok(content) => content.value,
            Err(refusal) => {
                let text = format!("error parsing {name}: {}", refusal.message);
                complain(&mut out, text);
                break;
            }
        };
        if validate && let Err(problem) = validate_schema(&value, server) {
            let hint =
                "if you choose to ignore these errors, turn validation off with --validate=false";
            let text = format!(
                "error validating {}: error validating data: {problem}; {hint}",
                quote(name)
            );
            complain(&mut out, text);
            break;
        }
        // What no resource is found for is passed over: the documents behind it are sent.
        let mut items = Vec::new();
        if let Err(error) = add(value, name, server, &mut out, &mut items) {
            complain(&mut out, error);
        }
        if !items.is_empty() {
            out.complaints.push(Complaint::Items(items));
        }
    }
    out
}

/// Several complaints as Go's aggregate prints them.
fn aggregate(problems: Vec<String>) -> Result<(), String> {
    let mut once: Vec<String> = Vec::new();
    for p in problems {
        if !once.contains(&p) {
            once.push(p);
        }
    }
    match once.as_slice() {
        [] => Ok(()),
        [one] => Err(one.clone()),
        many => Err(format!("[{}]", many.join(", "))),
    }
}

/// Mirrors `ValidateBytes`: everything but lists is left to the server.
fn validate_schema(value: &Value, server: Minor) -> Result<(), String> {
    let kind = object_kind(value);
    if !kind.is_empty() {
        return aggregate(kind);
    }
    if value.str_at("apiVersion") != "v1" || value.str_at("kind") != "List" {
        return aggregate(validate_list(value, server));
    }
    let Some(Value::List(items)) = value.get("items") else {
        return Err("invalid object to validate".to_owned());
    };
    let mut problems = Vec::new();
    for item in items.iter() {
        let kind = object_kind(item);
        if kind.is_empty() {
            problems.extend(validate_model(item, server));
        } else {
            problems.extend(kind);
        }
    }
    aggregate(problems)
}

/// Mirrors `getObjectKind`.
fn object_kind(value: &Value) -> Vec<String> {
    let Value::Map(map) = value else {
        return vec!["invalid object to validate".to_owned()];
    };
    let mut out = Vec::new();
    match map.get("apiVersion") {
        None | Some(Value::Null) => out.push("apiVersion not set".to_owned()),
        Some(Value::String(s)) => {
            if s.matches('/').count() > 1 {
                out.push(format!("unexpected GroupVersion string: {s}"));
            }
        }
        Some(_) => out.push("apiVersion isn't string type".to_owned()),
    }
    match map.get("kind") {
        None | Some(Value::Null) => out.push("kind not set".to_owned()),
        Some(Value::String(_)) => {}
        Some(_) => out.push("kind isn't string type".to_owned()),
    }
    out
}

/// Adds an object, or the items of a list.
fn add(
    value: Value,
    name: &str,
    server: Minor,
    out: &mut Objects,
    unrecognized: &mut Vec<String>,
) -> Result<(), String> {
    let decode = |why: &str| format!("unable to decode {}: {why}", quote(name));
    let Value::Map(_) = value else {
        return Err(decode("Object 'Kind' is missing in the document"));
    };
    let (api_version, kind) = (value.str_at("apiVersion"), value.str_at("kind"));
    if kind.is_empty() {
        let json = rollout_api::json::to_json_go(&value);
        return Err(decode(&format!("Object 'Kind' is missing in '{json}'")));
    }
    if let Some(problem) = decode::check_metadata(&value, server) {
        return Err(decode(&problem.text));
    }
    if let Some(Value::List(items)) = value.get("items")
        && kinds::of_object(api_version, kind, server).is_none()
    {
        if !has_lists(api_version, kind, server) {
            return Err(no_match(&value, "", name));
        }
        for item in items.iter() {
            let mut item = item.clone();
            // Items of a typed list need not say what they are.
            if let Value::Map(_) = item
                && item.str_at("kind").is_empty()
                && kind != "List"
            {
                item.set("kind", kind.trim_end_matches("List").to_owned());
                item.set("apiVersion", api_version.to_owned());
            }
            if matches!(item, Value::Map(_)) && item.get("items").is_none() {
                let (v, k) = (item.str_at("apiVersion"), item.str_at("kind"));
                if !k.is_empty() && mapping(v, k, server).is_none() {
                    let why = format!("no matches for kind {} in version {}", quote(k), quote(v));
                    unrecognized.push(format!("unable to recognize {why}"));
                    continue;
                }
            }
            add(item, name, server, out, unrecognized)?;
        }
        return Ok(());
    }
    match mapping(api_version, kind, server) {
        Some(resource) => out.objects.push(Sent { value, resource }),
        None => return Err(no_match(&value, value.str_at("metadata.name"), name)),
    }
    Ok(())
}

fn no_match(value: &Value, object: &str, file: &str) -> String {
    let version = value.str_at("apiVersion");
    format!(
        "resource mapping not found for name: {} namespace: {} from {}: no matches for kind {} in version {}\nensure CRDs are installed first",
        quote(object),
        quote(value.str_at("metadata.namespace")),
        quote(file),
        quote(value.str_at("kind")),
        quote(version.strip_prefix('/').unwrap_or(version)),
    )
}

/// Does kubectl's mapper know this kind of list? Mirrors `NewDiscoveryRESTMapper`, client-go/restmapper: each version that is
/// served has `List`, each kind its own.
fn has_lists(api_version: &str, kind: &str, server: Minor) -> bool {
    match kind.strip_suffix("List") {
        Some("") => {
            let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
            let mut served = kinds::resources().iter();
            served.any(|r| r.group == group && r.versions(server).any(|v| v == version))
        }
        Some(of) => kinds::of_object(api_version, of, server).is_some(),
        None => false,
    }
}

fn mapping(api_version: &str, kind: &str, server: Minor) -> Option<&'static Resource> {
    let no_version = match api_version {
        "" => Some(""),
        v => v.strip_suffix('/'),
    };
    if let Some(group) = no_version {
        // No version: any will do.
        let served = kinds::resources()
            .iter()
            .filter(|r| r.version(server).is_some());
        return served
            .into_iter()
            .find(|r| r.group == group && r.kind.0 == kind);
    }
    kinds::of_object(api_version, kind, server).or_else(|| {
        // The mapper also knows each kind in small letters; the server does not.
        let mut all = kinds::resources().iter();
        let found = all.find(|r| r.kind.0 != kind && r.kind.0.to_ascii_lowercase() == kind)?;
        kinds::of_object(api_version, found.kind.0, server)
    })
}

/// What kubectl's client says of a name or namespace that is no part of a URL. Mirrors `Namespace` and `Name`, client-go/rest/request.go.
pub fn url_problem(namespace: &str, name: &str) -> Option<String> {
    use rollout_api::validation::names::is_valid_path_segment_name;
    let list = |text: &str| {
        let complaints = is_valid_path_segment_name(text);
        let list: Vec<&str> = complaints.iter().map(|c| c.as_str()).collect();
        (!list.is_empty()).then(|| format!("[{}]", list.join(" ")))
    };
    if let Some(complaints) = list(namespace) {
        return Some(format!(
            "invalid namespace {}: {complaints}",
            quote(namespace)
        ));
    }
    if name.is_empty() {
        return Some("resource name may not be empty".to_owned());
    }
    list(name).map(|complaints| format!("invalid resource name {}: {complaints}", quote(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const V: Minor = Minor(32);

    fn error(text: &str) -> String {
        read(text.as_bytes(), "f.yaml", true, V, V)
            .error()
            .unwrap_or_default()
            .to_owned()
    }

    #[test]
    fn complaints_about_the_kind() {
        assert!(error("spec: {}").contains("[apiVersion not set, kind not set]"));
        assert!(error("apiVersion: 1\nkind: Pod").contains("apiVersion isn't string type"));
        assert!(
            error("apiVersion: a/b/c\nkind: Pod").contains("unexpected GroupVersion string: a/b/c")
        );
        assert!(error("apiVersion: apps/v1\nkind: Pod\nmetadata: {name: x}").ends_with(
            "no matches for kind \"Pod\" in version \"apps/v1\"\nensure CRDs are installed first"
        ));
    }

    #[test]
    fn lists_are_checked_by_the_client() {
        let text = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: apps/v1, kind: Deployment, metadata: {name: x}, spec: {replica: 1}}\n";
        assert!(error(text).contains(
            "[ValidationError(Deployment.spec): unknown field \"replica\" in io.k8s.api.apps.v1.DeploymentSpec, ValidationError(Deployment.spec): missing required field \"selector\" in io.k8s.api.apps.v1.DeploymentSpec, ValidationError(Deployment.spec): missing required field \"template\" in io.k8s.api.apps.v1.DeploymentSpec]"
        ));
    }

    #[test]
    fn lists_of_one_kind_are_checked_too() {
        let text = "apiVersion: apps/v1\nkind: DeploymentList\nitems:\n- metadata: {name: x}\n  spec: {selector: x, Template: 1}\n";
        assert!(error(text).contains(
            "[ValidationError(DeploymentList.items[0].spec): unknown field \"Template\" in io.k8s.api.apps.v1.DeploymentSpec, ValidationError(DeploymentList.items[0].spec.selector): invalid type for io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector: got \"string\", expected \"map\""
        ), "{}", error(text));
        let text = "apiVersion: '10'\nkind: List\nitems: []\n";
        assert!(error(text).contains("no matches for kind \"List\" in version \"10\""));
    }

    #[test]
    fn items_without_a_resource_are_passed_over() {
        let text = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n- {apiVersion: ' apps/v1', kind: Deployment, metadata: {name: b}}\n- {apiVersion: v1, kind: Secret, metadata: {name: c}}\n";
        let read = read(text.as_bytes(), "f.yaml", true, V, V);
        assert_eq!(read.objects.len(), 2);
        let one = "unable to recognize no matches for kind \"Deployment\" in version \" apps/v1\"";
        assert_eq!(read.complaints, [Complaint::Items(vec![one.to_owned()])]);
    }

    #[test]
    fn what_stands_behind_an_unknown_kind_is_sent() {
        let doc = |version: &str, kind: &str, name: &str| {
            format!("apiVersion: {version}\nkind: {kind}\nmetadata: {{name: {name}}}\n---\n")
        };
        let text = [
            doc("argoproj.io/v1alpha1", "Rollout", "a"),
            doc("v1", "ConfigMap", "b"),
            doc("extensions/v1beta1", "Deployment", "c"),
            doc("v1", "Secret", "d"),
            "a: [\n---\n".to_owned(),
            doc("v1", "Secret", "e"),
        ];
        let read = read(text.concat().as_bytes(), "f.yaml", true, V, V);
        let names: Vec<&str> = read
            .objects
            .iter()
            .map(|o| o.value.str_at("metadata.name"))
            .collect();
        assert_eq!(names, ["b", "d"]);
        let said: Vec<String> = read.complaints.iter().map(|c| format!("{c:?}")).collect();
        assert_eq!(said.len(), 3, "{said:?}");
        for (text, part) in said.iter().zip([
            "kind \\\"Rollout",
            "extensions/v1beta1",
            "error parsing f.yaml",
        ]) {
            assert!(text.contains(part), "{text}");
        }
    }

    #[test]
    fn names_in_urls() {
        assert_eq!(
            url_problem("default", "team/app").as_deref(),
            Some("invalid resource name \"team/app\": [may not contain '/']")
        );
        assert_eq!(url_problem("default", "web"), None);
    }
}
