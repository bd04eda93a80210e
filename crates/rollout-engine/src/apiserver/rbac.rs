//! Who may do what: roles, bindings and the four roles that every cluster has.
//!
//! Mirrors plugin/pkg/auth/authorizer/rbac and staging/src/k8s.io/apiserver/pkg/endpoints/handlers/responsewriters/errors.go.
//! Differs: rules of roles that aggregate others are not collected; the server's own roles are not objects here; who may
//! bind a role is not checked.

use super::group_resource;
use crate::world::World;
use rollout_api::status_error::ApiError;
use rollout_api::{Kind, ObjectKey, Str, Value};

/// The user that a cluster begins with: a member of `system:masters`.
pub const ADMIN: &str = "kubernetes-admin";

/// Who asks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct User {
    /// `viewer`, `system:serviceaccount:default:robot`.
    pub name: Str,
    /// Groups, the implied ones included.
    pub groups: Vec<Str>,
}

impl User {
    /// Somebody whom the administrator impersonates. Mirrors `WithImpersonation`.
    pub fn impersonated(name: &str, groups: &[String]) -> User {
        let mut all: Vec<Str> = groups.iter().map(|g| Str::copy(g)).collect();
        if let Some((namespace, _)) = name
            .strip_prefix("system:serviceaccount:")
            .and_then(|rest| rest.split_once(':'))
            && groups.is_empty()
        {
            all.push("system:serviceaccounts".into());
            all.push(Str::concat(&["system:serviceaccounts:", namespace]));
        }
        let known = if name == "system:anonymous" {
            "system:unauthenticated"
        } else {
            "system:authenticated"
        };
        if !all.iter().any(|g| *g == *known) {
            all.push(known.into());
        }
        User {
            name: Str::copy(name),
            groups: all,
        }
    }

    fn is_master(&self) -> bool {
        self.groups.iter().any(|g| *g == *"system:masters")
    }
}

/// A request as rules see it.
#[derive(Clone, Copy, Debug)]
pub struct Attributes<'a> {
    /// `get`, `list`, `create` …
    pub verb: &'a str,
    /// `apps`; empty: the core group.
    pub group: &'a str,
    /// `deployments`, `deployments/scale`.
    pub resource: &'a str,
    /// Empty: cluster scope.
    pub namespace: &'a str,
    /// Empty: none.
    pub name: &'a str,
}

fn has(list: &[Value], word: &str) -> bool {
    list.iter()
        .filter_map(Value::as_str)
        .any(|w| w == word || w == "*")
}

/// Mirrors `RuleAllows`.
fn rule_allows(rule: &Value, a: &Attributes<'_>) -> bool {
    let resources = rule.list_at("resources");
    let sub = a.resource.split_once('/').map(|(_, sub)| sub);
    let below = |w: &Value| {
        let all = w.as_str().and_then(|w| w.strip_prefix("*/"));
        all.is_some() && all == sub
    };
    let names = rule.list_at("resourceNames");
    has(rule.list_at("verbs"), a.verb)
        && has(rule.list_at("apiGroups"), a.group)
        && (has(resources, a.resource) || resources.iter().any(below))
        && (names.is_empty() || names.iter().any(|n| n.as_str() == Some(a.name)))
}

const READ: [&str; 3] = ["get", "list", "watch"];
const WRITE: [&str; 5] = ["create", "delete", "deletecollection", "patch", "update"];

/// What `view` shows and `edit` changes, by group.
const WORKLOADS: &[(&str, &str)] = &[
    (
        "",
        "configmaps endpoints persistentvolumeclaims pods replicationcontrollers replicationcontrollers/scale serviceaccounts services",
    ),
    (
        "apps",
        "daemonsets deployments deployments/rollback deployments/scale replicasets replicasets/scale statefulsets statefulsets/scale",
    ),
    ("autoscaling", "horizontalpodautoscalers"),
    ("batch", "cronjobs jobs"),
    ("policy", "poddisruptionbudgets"),
    ("networking.k8s.io", "ingresses networkpolicies"),
];
/// What both only show.
const SHOWN: &[(&str, &str)] = &[
    (
        "",
        "bindings events limitranges namespaces namespaces/status persistentvolumeclaims/status pods/log pods/status replicationcontrollers/status resourcequotas resourcequotas/status services/status",
    ),
    (
        "apps",
        "controllerrevisions daemonsets/status deployments/status replicasets/status statefulsets/status",
    ),
    ("autoscaling", "horizontalpodautoscalers/status"),
    ("batch", "cronjobs/status jobs/status"),
    ("discovery.k8s.io", "endpointslices"),
    ("policy", "poddisruptionbudgets/status"),
    ("networking.k8s.io", "ingresses/status"),
    ("metrics.k8s.io", "pods nodes"),
];

fn lists(table: &[(&str, &str)], a: &Attributes<'_>) -> bool {
    table.iter().any(|(group, resources)| {
        *group == a.group && resources.split(' ').any(|r| r == a.resource)
    })
}

/// The roles of every cluster; nothing for another name. Mirrors plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go.
fn builtin(role: &str, a: &Attributes<'_>) -> Option<bool> {
    let (read, write) = (READ.contains(&a.verb), WRITE.contains(&a.verb));
    let view = || read && (lists(WORKLOADS, a) || lists(SHOWN, a));
    let edit = || {
        let pod = a.group.is_empty()
            && matches!(
                a.resource,
                "pods/attach" | "pods/exec" | "pods/portforward" | "pods/proxy" | "services/proxy"
            );
        let secret = a.group.is_empty() && a.resource == "secrets";
        let evict = a.resource == "pods/eviction" && a.verb == "create";
        view()
            || (write && lists(WORKLOADS, a))
            || ((read || write) && (pod || secret))
            || (evict && a.group.is_empty())
    };
    let admin = || {
        let roles = a.group == "rbac.authorization.k8s.io"
            && matches!(a.resource, "roles" | "rolebindings");
        let reviews = a.resource == "localsubjectaccessreviews" && a.verb == "create";
        edit() || reviews || ((read || write) && roles)
    };
    match role {
        "cluster-admin" => Some(true),
        "admin" => Some(admin()),
        "edit" => Some(edit()),
        "view" => Some(view()),
        _ => None,
    }
}

/// Mirrors `appliesToUser`.
fn applies(subject: &Value, namespace: &str, user: &User) -> bool {
    let name = subject.str_at("name");
    match subject.str_at("kind") {
        "User" => user.name == *name,
        "Group" => user.groups.iter().any(|g| *g == *name),
        "ServiceAccount" => {
            let own = subject.str_at("namespace");
            let namespace = if own.is_empty() { namespace } else { own };
            user.name
                .strip_prefix("system:serviceaccount:")
                .and_then(|rest| rest.split_once(':'))
                == Some((namespace, name))
        }
        _ => false,
    }
}

/// Does the role of a binding allow it? The error: there is no such role.
fn role_allows(
    world: &World,
    binding: &Value,
    namespace: &str,
    a: &Attributes<'_>,
) -> Result<bool, String> {
    let name = binding.str_at("roleRef.name");
    let cluster = binding.str_at("roleRef.kind") == "ClusterRole";
    let (kind, place, word) = if cluster {
        (Kind("ClusterRole"), "", "clusterrole")
    } else {
        (Kind("Role"), namespace, "role")
    };
    let key = ObjectKey::new(kind, Str::copy(place), Str::copy(name));
    if let Some(role) = world.store.get(&key) {
        return Ok(role
            .value
            .list_at("rules")
            .iter()
            .any(|r| rule_allows(r, a)));
    }
    match builtin(name, a).filter(|_| cluster) {
        Some(allowed) => Ok(allowed),
        None => Err(format!(
            "{word}.rbac.authorization.k8s.io \"{name}\" not found"
        )),
    }
}

impl World {
    /// May a user do it? The error: what was wrong with bindings on the way.
    ///
    /// Mirrors `RBACAuthorizer.Authorize`.
    pub fn authorize(&self, user: &User, a: &Attributes<'_>) -> Result<(), Vec<String>> {
        if user.is_master() {
            return Ok(());
        }
        // Everybody who is known may ask what he may do.
        if a.group == "authorization.k8s.io" && a.resource.starts_with("selfsubject") {
            return Ok(());
        }
        let mut problems = Vec::new();
        let clusters = self.store.list(Kind("ClusterRoleBinding"));
        let own = self
            .store
            .list_in(Kind("RoleBinding"), a.namespace)
            .filter(|_| !a.namespace.is_empty());
        for binding in clusters.chain(own) {
            let namespace = &binding.meta.namespace;
            let subjects = binding.value.list_at("subjects");
            if !subjects.iter().any(|s| applies(s, namespace, user)) {
                continue;
            }
            match role_allows(self, &binding.value, namespace, a) {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                Err(problem) => {
                    if !problems.contains(&problem) {
                        problems.push(problem);
                    }
                }
            }
        }
        Err(problems)
    }

    /// The rules of the roles that a user has in a namespace; those of every cluster's own roles are not written down.
    pub fn rules_of(&self, user: &User, namespace: &str) -> Vec<Value> {
        let clusters = self.store.list(Kind("ClusterRoleBinding"));
        let own = self.store.list_in(Kind("RoleBinding"), namespace);
        let mut out = Vec::new();
        for binding in clusters.chain(own) {
            let subjects = binding.value.list_at("subjects");
            let at = &binding.meta.namespace;
            if !subjects.iter().any(|s| applies(s, at, user)) {
                continue;
            }
            let (kind, place) = match binding.value.str_at("roleRef.kind") {
                "Role" => (Kind("Role"), namespace),
                _ => (Kind("ClusterRole"), ""),
            };
            let name = Str::copy(binding.value.str_at("roleRef.name"));
            let role = self
                .store
                .get(&ObjectKey::new(kind, Str::copy(place), name));
            out.extend(
                role.iter()
                    .flat_map(|r| r.value.list_at("rules").iter().cloned()),
            );
        }
        out
    }

    /// The refusal of a request. Mirrors `forbiddenMessage`.
    pub(crate) fn refuse(user: &User, a: &Attributes<'_>, problems: &[String]) -> ApiError {
        let place = if a.namespace.is_empty() {
            "at the cluster scope".to_owned()
        } else {
            format!("in the namespace \"{}\"", a.namespace)
        };
        let mut why = format!(
            "User \"{}\" cannot {} resource \"{}\" in API group \"{}\" {place}",
            user.name, a.verb, a.resource, a.group
        );
        why.push_str(&reason(problems));
        let plain = a.resource.split('/').next().unwrap_or("");
        ApiError::forbidden(a.group, plain, a.name, &why)
    }
}

/// `: RBAC: role.rbac.authorization.k8s.io "x" not found`, or nothing.
pub fn reason(problems: &[String]) -> String {
    match problems {
        [] => String::new(),
        [one] => format!(": RBAC: {one}"),
        many => format!(": RBAC: [{}]", many.join(", ")),
    }
}

/// The attributes of a request for objects of a kind.
pub(crate) fn attributes<'a>(
    verb: &'a str,
    kind: Kind,
    namespace: &'a str,
    name: &'a str,
) -> Attributes<'a> {
    let (group, resource) = group_resource(kind);
    Attributes {
        verb,
        group,
        resource,
        namespace,
        name,
    }
}
