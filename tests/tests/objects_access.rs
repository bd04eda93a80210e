//! Roles and bindings: who may do what, and the server's words for what somebody may not.
#![allow(clippy::unwrap_used, reason = "a test")]

use rollout_session::{Session, Start};

const ROLES: &str = r#"apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: deployer, namespace: default}
rules:
- apiGroups: ["apps"]
  resources: ["deployments"]
  verbs: ["get", "list", "patch", "update"]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: deployer, namespace: default}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: deployer}
subjects:
- {kind: User, name: dora, apiGroup: rbac.authorization.k8s.io}
- {kind: ServiceAccount, name: robot, namespace: default}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: viewers, namespace: default}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects:
- {kind: User, name: viewer, apiGroup: rbac.authorization.k8s.io}
- {kind: Group, name: guests, apiGroup: rbac.authorization.k8s.io}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: broken, namespace: default}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: nobody}
subjects:
- {kind: User, name: lost, apiGroup: rbac.authorization.k8s.io}
"#;

fn session() -> Session {
    let mut s = Session::new(Start {
        preset: Some("safe-3".to_owned()),
        ..Start::default()
    });
    let ran = s.apply("roles.yaml", ROLES);
    assert_eq!(ran.exit, Some(0), "{}", ran.stderr);
    s
}

fn name(s: &mut Session) -> String {
    s.run("kubectl get deployments -o jsonpath={.items[0].metadata.name}")
        .stdout
}

#[test]
fn the_viewer_may_look_and_is_refused_the_rest_in_the_servers_words() {
    let mut s = session();
    let web = name(&mut s);
    for line in [
        "kubectl get deployments --as viewer",
        "kubectl get pods --as viewer",
        "kubectl rollout history deployment/NAME --as viewer",
        "kubectl get pods --as x --as-group guests",
    ] {
        let ran = s.run(&line.replace("NAME", &web));
        assert_eq!(ran.exit, Some(0), "{line}: {}", ran.stderr);
    }
    for (line, stderr) in [
        (
            "kubectl set image deployment/NAME *=x:v2 --as viewer",
            "error: failed to patch image update to pod template: deployments.apps \"NAME\" is forbidden: User \"viewer\" cannot patch resource \"deployments\" in API group \"apps\" in the namespace \"default\"\n",
        ),
        (
            "kubectl scale deployment/NAME --replicas=5 --as viewer",
            "Error from server (Forbidden): deployments.apps \"NAME\" is forbidden: User \"viewer\" cannot patch resource \"deployments/scale\" in API group \"apps\" in the namespace \"default\"\n",
        ),
        (
            "kubectl delete pod nothing --as viewer",
            "Error from server (Forbidden): pods \"nothing\" is forbidden: User \"viewer\" cannot delete resource \"pods\" in API group \"\" in the namespace \"default\"\n",
        ),
        (
            "kubectl get secrets --as viewer",
            "Error from server (Forbidden): secrets is forbidden: User \"viewer\" cannot list resource \"secrets\" in API group \"\" in the namespace \"default\"\n",
        ),
        (
            "kubectl get nodes --as viewer",
            "Error from server (Forbidden): nodes is forbidden: User \"viewer\" cannot list resource \"nodes\" in API group \"\" at the cluster scope\n",
        ),
        (
            "kubectl get pods -A --as viewer",
            "Error from server (Forbidden): pods is forbidden: User \"viewer\" cannot list resource \"pods\" in API group \"\" at the cluster scope\n",
        ),
        (
            "kubectl get deployment NAME -n kube-system --as viewer",
            "Error from server (Forbidden): deployments.apps \"NAME\" is forbidden: User \"viewer\" cannot get resource \"deployments\" in API group \"apps\" in the namespace \"kube-system\"\n",
        ),
        (
            "kubectl create configmap c --from-literal=a=b --as viewer",
            "error: failed to create configmap: configmaps is forbidden: User \"viewer\" cannot create resource \"configmaps\" in API group \"\" in the namespace \"default\"\n",
        ),
        (
            "kubectl get deployment NAME --as lost",
            "Error from server (Forbidden): deployments.apps \"NAME\" is forbidden: User \"lost\" cannot get resource \"deployments\" in API group \"apps\" in the namespace \"default\": RBAC: role.rbac.authorization.k8s.io \"nobody\" not found\n",
        ),
    ] {
        let ran = s.run(&line.replace("NAME", &web));
        assert_eq!(ran.exit, Some(1), "{line}");
        assert_eq!(ran.stderr, stderr.replace("NAME", &web), "{line}");
        assert_eq!(ran.stdout, "", "{line}");
    }
}

#[test]
fn the_deployer_may_change_deployments_and_nothing_else() {
    let mut s = session();
    let web = name(&mut s);
    for user in ["dora", "system:serviceaccount:default:robot"] {
        let ran = s.run(&format!(
            "kubectl rollout restart deployment/{web} --as {user}"
        ));
        assert_eq!(ran.exit, Some(0), "{user}: {}", ran.stderr);
        let at = s.at() + 5_000;
        s.play_to(at);
    }
    let ran = s.run("kubectl get pods --as dora");
    assert_eq!(
        ran.stderr,
        "Error from server (Forbidden): pods is forbidden: User \"dora\" cannot list resource \"pods\" in API group \"\" in the namespace \"default\"\n"
    );
    // Without a role nothing is allowed; the administrator is asked again afterwards.
    assert_eq!(s.run("kubectl get deployments --as nobody").exit, Some(1));
    assert_eq!(s.run("kubectl get deployments").exit, Some(0));
}

#[test]
fn apply_is_refused_where_it_reads_first() {
    let mut s = session();
    let ran = s.run("kubectl apply -f roles.yaml --as viewer");
    assert!(
        ran.stderr.starts_with(
            "Error from server (Forbidden): error when retrieving current configuration of:\nResource: \"rbac.authorization.k8s.io/v1, Resource=roles\", GroupVersionKind: \"rbac.authorization.k8s.io/v1, Kind=Role\"\nName: \"deployer\", Namespace: \"default\"\nfrom server for: \"roles.yaml\": roles.rbac.authorization.k8s.io \"deployer\" is forbidden: User \"viewer\" cannot get resource \"roles\" in API group \"rbac.authorization.k8s.io\" in the namespace \"default\"\n"
        ),
        "{}",
        ran.stderr
    );
}

#[test]
fn can_i_answers_for_the_acting_user() {
    let mut s = session();
    for (line, stdout, exit) in [
        ("kubectl auth can-i update deployments", "yes\n", 0),
        (
            "kubectl auth can-i update deployments --as viewer",
            "no\n",
            1,
        ),
        (
            "kubectl auth can-i list deployments --as viewer",
            "yes\n",
            0,
        ),
        (
            "kubectl auth can-i list deployments -n kube-system --as viewer",
            "no\n",
            1,
        ),
        (
            "kubectl auth can-i list deployments -A --as viewer",
            "no\n",
            1,
        ),
        (
            "kubectl auth can-i patch deployments/web --as dora",
            "yes\n",
            0,
        ),
        (
            "kubectl auth can-i patch deployments --subresource=scale --as dora",
            "no\n",
            1,
        ),
        ("kubectl auth can-i delete deployments --as dora", "no\n", 1),
        (
            "kubectl auth can-i get pods --as lost",
            "no - RBAC: role.rbac.authorization.k8s.io \"nobody\" not found\n",
            1,
        ),
        (
            "kubectl auth can-i update deployments -q --as viewer",
            "",
            1,
        ),
    ] {
        let ran = s.run(line);
        assert_eq!(
            (ran.stdout.as_str(), ran.exit),
            (stdout, Some(exit)),
            "{line}"
        );
    }
    assert_eq!(
        s.run("kubectl auth whoami --as viewer").stdout,
        "ATTRIBUTE   VALUE\nUsername    viewer\nGroups      [system:authenticated]\n"
    );
}
