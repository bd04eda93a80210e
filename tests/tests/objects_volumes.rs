//! Claims, volumes and classes: binding, provisioning, attaching, protection, and what a rollout makes of them.
#![allow(clippy::unwrap_used, reason = "a test")]

mod typed;

use rollout_session::Session;
use typed::{after, ok, session};

fn claim(name: &str, more: &str) -> String {
    format!(
        "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata:\n  name: {name}\nspec:\n  accessModes: [ReadWriteOnce]\n  resources:\n    requests:\n      storage: 1Gi\n{more}"
    )
}

fn pod(name: &str, claim: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {name}\nspec:\n  containers:\n  - name: app\n    image: app:v1\n    volumeMounts:\n    - {{name: data, mountPath: /data}}\n  volumes:\n  - name: data\n    persistentVolumeClaim: {{claimName: {claim}}}\n"
    )
}

/// Reasons of the events about an object, in order.
fn reasons(s: &mut Session, object: &str) -> Vec<String> {
    let line = format!("kubectl events --for {object} --no-headers");
    ok(s, &line)
        .lines()
        .map(|l| l.split_whitespace().nth(2).unwrap().to_owned())
        .collect()
}

fn has(text: &str, line: &str) {
    assert!(text.contains(line), "{line}\n--- in\n{text}");
}

#[test]
fn the_default_class_waits_for_the_first_consumer_and_then_makes_the_volume() {
    let mut s = session(None);
    assert_eq!(
        ok(&mut s, "kubectl get storageclass"),
        "NAME                 PROVISIONER            RECLAIMPOLICY   VOLUMEBINDINGMODE      ALLOWVOLUMEEXPANSION   AGE\n\
         standard (default)   disk.csi.example.com   Delete          WaitForFirstConsumer   true                   12d\n"
    );
    s.apply("claim.yaml", &claim("data", ""));
    after(&mut s, 60);
    let row = ok(&mut s, "kubectl get pvc data --no-headers");
    assert_eq!(
        row.split_whitespace().collect::<Vec<_>>(),
        ["data", "Pending", "standard", "<unset>", "60s"]
    );
    let text = ok(&mut s, "kubectl describe pvc data");
    has(
        &text,
        "Normal  WaitForFirstConsumer  60s   persistentvolume-controller  waiting for first consumer to be created before binding",
    );
    s.apply("pod.yaml", &pod("p", "data"));
    after(&mut s, 20);
    let text = ok(&mut s, "kubectl describe pvc data");
    for line in [
        "Status:        Bound",
        "Capacity:      1Gi",
        "Access Modes:  RWO",
        "pv.kubernetes.io/bind-completed: yes",
        "pv.kubernetes.io/bound-by-controller: yes",
        "volume.kubernetes.io/selected-node: node-",
        "volume.kubernetes.io/storage-provisioner: disk.csi.example.com",
        "Waiting for a volume to be created either by the external provisioner 'disk.csi.example.com' or manually by the system administrator.",
        "External provisioner is provisioning volume for claim \"default/data\"",
        "Successfully provisioned volume pvc-",
        "Used By:       p",
    ] {
        has(&text, line);
    }
    let text = ok(&mut s, "kubectl describe pv");
    for line in [
        "Finalizers:      [kubernetes.io/pv-protection]",
        "Status:          Bound",
        "Claim:           default/data",
        "Reclaim Policy:  Delete",
        "Node Affinity:   <none>",
        "    Type:              CSI (a Container Storage Interface (CSI) volume source)",
        "    VolumeAttributes:  <none>",
    ] {
        has(&text, line);
    }
    assert_eq!(
        reasons(&mut s, "pod/p"),
        [
            "Scheduled",
            "SuccessfulAttachVolume",
            "Pulling",
            "Pulled",
            "Created",
            "Started"
        ]
    );
    let text = ok(&mut s, "kubectl describe pod p");
    has(&text, "AttachVolume.Attach succeeded for volume \"pvc-");
}

#[test]
fn what_the_scheduler_says_about_claims() {
    let mut s = session(None);
    s.apply("pod.yaml", &pod("p", "data"));
    after(&mut s, 5);
    has(
        &ok(&mut s, "kubectl describe pod p"),
        "0/3 nodes are available: persistentvolumeclaim \"data\" not found. preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.",
    );
    // No class: nothing can make a volume.
    s.apply("claim.yaml", &claim("data", "  storageClassName: \"\"\n"));
    after(&mut s, 15);
    has(
        &ok(&mut s, "kubectl describe pod p"),
        "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims. preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.",
    );
    has(
        &ok(&mut s, "kubectl describe pvc data"),
        "no persistent volumes available for this claim and no storage class is set",
    );
    // A volume by hand: bound at once, and the pod starts.
    s.apply(
        "pv.yaml",
        "apiVersion: v1\nkind: PersistentVolume\nmetadata:\n  name: hand\nspec:\n  capacity: {storage: 2Gi}\n  accessModes: [ReadWriteOnce]\n  hostPath: {path: /tmp/hand}\n",
    );
    after(&mut s, 30);
    let row = ok(&mut s, "kubectl get pvc data --no-headers");
    assert_eq!(
        row.split_whitespace().take(5).collect::<Vec<_>>(),
        ["data", "Bound", "hand", "2Gi", "RWO"]
    );
    has(&ok(&mut s, "kubectl get pod p --no-headers"), "Running");
    s.apply("claim2.yaml", &claim("fast", "  storageClassName: fast\n"));
    s.settle();
    has(
        &ok(&mut s, "kubectl describe pvc fast"),
        "Warning  ProvisioningFailed  0s    persistentvolume-controller  storageclass.storage.k8s.io \"fast\" not found",
    );
    // The class comes: its provisioner does not run here.
    s.apply(
        "class.yaml",
        "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: fast}\nprovisioner: ebs.csi.aws.com\n",
    );
    after(&mut s, 60);
    has(
        &ok(&mut s, "kubectl describe pvc fast"),
        "Waiting for a volume to be created either by the external provisioner 'ebs.csi.aws.com' or manually",
    );
    has(&ok(&mut s, "kubectl get pvc fast --no-headers"), "Pending");
}

#[test]
fn immediate_classes_make_the_volume_without_a_pod() {
    let mut s = session(None);
    s.apply(
        "class.yaml",
        "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: now}\nprovisioner: disk.csi.example.com\n",
    );
    s.apply("claim.yaml", &claim("data", "  storageClassName: now\n"));
    after(&mut s, 5);
    assert_eq!(
        reasons(&mut s, "pvc/data"),
        [
            "ExternalProvisioning",
            "Provisioning",
            "ProvisioningSucceeded"
        ]
    );
    has(&ok(&mut s, "kubectl get pvc data --no-headers"), "Bound");
}

fn update(s: &mut Session) {
    ok(s, "kubectl set image deployment/disk app=disk:v2");
    after(s, 200);
}

fn ready(s: &mut Session) -> String {
    ok(s, "kubectl get deployment disk --no-headers")
        .split_whitespace()
        .skip(1)
        .take(3)
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn two_pods_one_disk() {
    // RollingUpdate on two nodes: the new pod waits for a disk that the old one has.
    let mut s = session(Some("disk-1"));
    assert_eq!(ready(&mut s), "1/1 1 1");
    update(&mut s);
    assert_eq!(
        ready(&mut s),
        "1/1 1 1",
        "the old pod serves, the new one waits"
    );
    let text = ok(&mut s, "kubectl get pods --no-headers");
    has(&text, "0/1   ContainerCreating");
    let events = ok(&mut s, "kubectl get events");
    has(&events, "FailedAttachVolume");
    has(&events, "Multi-Attach error for volume \"pvc-");
    has(&events, "Volume is already used by pod(s) disk-");
    has(&ok(&mut s, "kubectl get pvc data --no-headers"), "Bound");

    // Recreate: the disk is free before the new pod comes.
    let mut s = session(Some("disk-1"));
    ok(
        &mut s,
        "kubectl patch deployment disk -p '{\"spec\":{\"strategy\":{\"type\":\"Recreate\",\"rollingUpdate\":null}}}'",
    );
    update(&mut s);
    assert_eq!(ready(&mut s), "1/1 1 1");
    has(
        &ok(
            &mut s,
            "kubectl get pods -o jsonpath={.items[*].spec.containers[0].image}",
        ),
        "disk:v2",
    );
    assert!(!ok(&mut s, "kubectl get events").contains("FailedAttachVolume"));

    // surge 0, unavailable 1: the old pod goes first; the disk follows it.
    let mut s = session(Some("disk-1"));
    ok(
        &mut s,
        "kubectl patch deployment disk -p '{\"spec\":{\"strategy\":{\"rollingUpdate\":{\"maxSurge\":0,\"maxUnavailable\":1}}}}'",
    );
    update(&mut s);
    assert_eq!(
        ok(
            &mut s,
            "kubectl get pods -o jsonpath={.items[*].spec.containers[0].image}"
        ),
        "disk:v2"
    );
    assert_eq!(ready(&mut s), "1/1 1 1");

    // On one node both pods have the disk.
    let mut s = session(Some("disk-1"));
    let node = ok(
        &mut s,
        "kubectl get pods -o jsonpath={.items[0].spec.nodeName}",
    );
    let other = if node == "node-1" { "node-2" } else { "node-1" };
    ok(&mut s, &format!("kubectl cordon {other}"));
    update(&mut s);
    assert_eq!(
        ok(
            &mut s,
            "kubectl get pods -o jsonpath={.items[*].spec.containers[0].image}"
        ),
        "disk:v2"
    );
    assert!(!ok(&mut s, "kubectl get events").contains("FailedAttachVolume"));
}

#[test]
fn read_write_many_is_on_both_nodes() {
    let mut s = session(None);
    let text = rollout_session::presets::find("disk-1").unwrap().yaml;
    s.apply("disk.yaml", &text.replace("ReadWriteOnce", "ReadWriteMany"));
    after(&mut s, 60);
    update(&mut s);
    assert_eq!(
        ok(
            &mut s,
            "kubectl get pods -o jsonpath={.items[*].spec.containers[0].image}"
        ),
        "disk:v2"
    );
    assert!(!ok(&mut s, "kubectl get events").contains("FailedAttachVolume"));
}

#[test]
fn one_pod_at_a_time_is_a_matter_of_the_scheduler() {
    let mut s = session(None);
    s.apply(
        "claim.yaml",
        &claim("data", "").replace("ReadWriteOnce", "ReadWriteOncePod"),
    );
    s.apply("one.yaml", &pod("one", "data"));
    after(&mut s, 20);
    s.apply("two.yaml", &pod("two", "data"));
    after(&mut s, 5);
    has(
        &ok(&mut s, "kubectl describe pod two"),
        "0/3 nodes are available: 3 node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode.",
    );
    ok(&mut s, "kubectl delete pod one");
    after(&mut s, 30);
    has(&ok(&mut s, "kubectl get pod two --no-headers"), "Running");
}

#[test]
fn a_claim_in_use_is_protected_and_its_volume_goes_with_it() {
    let mut s = session(None);
    s.apply("claim.yaml", &claim("data", ""));
    s.apply("pod.yaml", &pod("p", "data"));
    after(&mut s, 20);
    ok(&mut s, "kubectl delete pvc data --wait=false");
    after(&mut s, 30);
    has(
        &ok(&mut s, "kubectl get pvc data --no-headers"),
        "Terminating",
    );
    has(
        &ok(&mut s, "kubectl describe pvc data"),
        "Finalizers:    [kubernetes.io/pvc-protection]",
    );
    ok(&mut s, "kubectl delete pod p");
    after(&mut s, 10);
    assert_eq!(
        s.run("kubectl get pvc").stderr,
        "No resources found in default namespace.\n"
    );
    assert_eq!(s.run("kubectl get pv").stderr, "No resources found\n");
}

#[test]
fn a_retained_volume_stays_and_is_not_given_to_another_claim() {
    let mut s = session(None);
    s.apply(
        "class.yaml",
        "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: keep}\nprovisioner: disk.csi.example.com\nreclaimPolicy: Retain\n",
    );
    s.apply("claim.yaml", &claim("data", "  storageClassName: keep\n"));
    after(&mut s, 5);
    ok(&mut s, "kubectl delete pvc data");
    after(&mut s, 5);
    let row = ok(&mut s, "kubectl get pv --no-headers");
    has(&row, "Retain   Released   default/data");
    s.apply("claim.yaml", &claim("data", "  storageClassName: keep\n"));
    after(&mut s, 5);
    assert_eq!(ok(&mut s, "kubectl get pv --no-headers").lines().count(), 2);
}

#[test]
fn local_volumes_hold_their_pods_on_their_node() {
    let mut s = session(None);
    s.apply(
        "class.yaml",
        "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: local}\nprovisioner: rancher.io/local-path\nvolumeBindingMode: WaitForFirstConsumer\n",
    );
    s.apply("claim.yaml", &claim("data", "  storageClassName: local\n"));
    s.apply("pod.yaml", &pod("p", "data"));
    after(&mut s, 20);
    let node = ok(&mut s, "kubectl get pod p -o jsonpath={.spec.nodeName}");
    has(
        &ok(&mut s, "kubectl describe pv"),
        &format!("Term 0:        kubernetes.io/hostname in [{node}]"),
    );
    ok(&mut s, "kubectl delete pod p");
    ok(&mut s, &format!("kubectl cordon {node}"));
    s.apply("pod.yaml", &pod("p", "data"));
    after(&mut s, 5);
    has(
        &ok(&mut s, "kubectl describe pod p"),
        "0/3 nodes are available: 1 node(s) were unschedulable, 2 node(s) didn't match PersistentVolume's node affinity. preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.",
    );
}

#[test]
fn missing_keys_of_mounted_objects_hold_the_pod() {
    let mut s = session(None);
    let pod = |volume: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\nspec:\n  containers:\n  - {{name: app, image: 'app:v1', volumeMounts: [{{name: cfg, mountPath: /cfg}}]}}\n  volumes:\n  - name: cfg\n    {volume}\n"
        )
    };
    s.apply(
        "p.yaml",
        &pod("configMap: {name: c, items: [{key: app.yaml, path: app.yaml}]}"),
    );
    after(&mut s, 5);
    has(
        &ok(&mut s, "kubectl describe pod p"),
        "MountVolume.SetUp failed for volume \"cfg\" : configmap \"c\" not found",
    );
    ok(&mut s, "kubectl create configmap c --from-literal=a=b");
    after(&mut s, 30);
    has(
        &ok(&mut s, "kubectl describe pod p"),
        "MountVolume.SetUp failed for volume \"cfg\" : configmap references non-existent config key: app.yaml",
    );
    has(
        &ok(&mut s, "kubectl get pod p --no-headers"),
        "ContainerCreating",
    );
    ok(
        &mut s,
        "kubectl patch configmap c -p '{\"data\":{\"app.yaml\":\"x\"}}'",
    );
    after(&mut s, 120);
    has(&ok(&mut s, "kubectl get pod p --no-headers"), "Running");
    ok(&mut s, "kubectl delete pod p");
    s.apply("p.yaml", &pod("configMap: {name: none, optional: true}"));
    after(&mut s, 20);
    has(&ok(&mut s, "kubectl get pod p --no-headers"), "Running");
}

#[test]
fn without_controllers_claims_and_disks_wait() {
    let mut s = session(None);
    ok(&mut s, "fault controllers down");
    s.apply("claim.yaml", &claim("data", ""));
    s.apply("pod.yaml", &pod("one", "data"));
    after(&mut s, 120);
    let seen = ok(&mut s, "kubectl get pvc data --no-headers");
    has(&seen, "Pending");
    assert!(!ok(&mut s, "kubectl get events").contains("ProvisioningSucceeded"));
    ok(&mut s, "fault controllers up");
    after(&mut s, 60);
    has(&ok(&mut s, "kubectl get pvc data --no-headers"), "Bound");
    has(&ok(&mut s, "kubectl get pod one --no-headers"), "Running");
    // A pod that is gone gives its disk back only when somebody looks.
    ok(&mut s, "fault controllers down");
    ok(&mut s, "kubectl delete pod one");
    let held = |s: &Session| s.head().world().attachments.0.len();
    assert_eq!(held(&s), 1);
    after(&mut s, 60);
    assert_eq!(held(&s), 1);
    ok(&mut s, "fault controllers up");
    after(&mut s, 30);
    assert_eq!(held(&s), 0);
}

#[test]
fn a_disk_stays_attached_for_a_second_pod_of_the_node() {
    let mut s = session(None);
    s.apply("claim.yaml", &claim("data", ""));
    s.apply("p.yaml", &pod("p", "data"));
    after(&mut s, 60);
    let node = ok(&mut s, "kubectl get pod p -o jsonpath={.spec.nodeName}");
    let second = pod("q", "data").replace("spec:\n", &format!("spec:\n  nodeName: {node}\n"));
    s.apply("q.yaml", &second);
    after(&mut s, 60);
    assert_eq!(
        reasons(&mut s, "pod/q"),
        ["Pulled", "Created", "Started"],
        "nothing is attached again"
    );
    assert_eq!(
        reasons(&mut s, "pod/p")
            .iter()
            .filter(|r| *r == "SuccessfulAttachVolume")
            .count(),
        1
    );
    // Both go: only the last one takes the disk away, and a third one gets it again.
    ok(&mut s, "kubectl delete pod p");
    after(&mut s, 60);
    let third = second.replace("name: q", "name: r");
    s.apply("r.yaml", &third);
    after(&mut s, 20);
    assert_eq!(reasons(&mut s, "pod/r"), ["Pulled", "Created", "Started"]);
}

#[test]
fn a_claim_names_the_pods_it_waits_for() {
    let mut s = session(None);
    let nowhere = |text: String| {
        text.replace(
            "spec:\n  containers",
            "spec:\n  nodeSelector: {disk: none}\n  containers",
        )
    };
    s.apply("p.yaml", &nowhere(pod("p", "data")));
    // Another pod that waits, for another claim.
    s.apply("other.yaml", &nowhere(pod("other", "else")));
    s.apply("claim.yaml", &claim("data", ""));
    s.apply("else.yaml", &claim("else", ""));
    after(&mut s, 60);
    let text = ok(&mut s, "kubectl describe pvc data");
    has(
        &text,
        "persistentvolume-controller  waiting for pod p to be scheduled",
    );
}

#[test]
fn provisioners_sign_their_events() {
    let mut s = session(None);
    s.apply("class.yaml", "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: local}\nprovisioner: rancher.io/local-path\n");
    s.apply("a.yaml", &claim("a", ""));
    s.apply("b.yaml", &claim("b", "  storageClassName: local\n"));
    s.apply("p.yaml", &pod("p", "a"));
    s.apply("q.yaml", &pod("q", "b"));
    after(&mut s, 30);
    let sources = |s: &mut Session, claim: &str| {
        ok(
            s,
            &format!(
                "kubectl get events --field-selector involvedObject.name={claim},reason=ProvisioningSucceeded -o jsonpath={{.items[*].source.component}}"
            ),
        )
    };
    assert!(sources(&mut s, "a").starts_with("disk.csi.example.com_csi-provisioner-0_"));
    assert!(sources(&mut s, "b").starts_with("rancher.io/local-path_local-path-provisioner-"));
    // A disk of a node is attached by nobody.
    let attached = |s: &mut Session, pod: &str| {
        let reasons = reasons(s, pod);
        reasons.iter().any(|r| r == "SuccessfulAttachVolume")
    };
    assert!(attached(&mut s, "pod/p") && !attached(&mut s, "pod/q"));
}
