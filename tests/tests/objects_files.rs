//! Files of containers: mounted objects are late, environments and `subPath` mounts stay, markers live as long as their volume.
#![allow(clippy::unwrap_used, reason = "a test")]

use rollout_engine::files::{FileChange, FileError, Look};
use rollout_session::{Session, Start};

fn ok(s: &mut Session, line: &str) -> String {
    let ran = s.run_to_end(line, 120_000);
    assert_eq!(ran.exit, Some(0), "{line}: {}", ran.stderr);
    ran.stdout
}

const MANIFEST: &str = "\
apiVersion: v1
kind: ConfigMap
metadata: {name: conf}
data: {mode: a, more: x}
---
apiVersion: v1
kind: Secret
metadata: {name: key}
stringData: {token: one}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: web:v1
        env:
        - {name: MODE, valueFrom: {configMapKeyRef: {name: conf, key: mode}}}
        - {name: MAYBE, valueFrom: {configMapKeyRef: {name: conf, key: later, optional: true}}}
        - {name: ME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
        - {name: PLAIN, value: p}
        - {name: CPU, valueFrom: {resourceFieldRef: {resource: limits.cpu}}}
        - {name: MILLI, valueFrom: {resourceFieldRef: {resource: requests.cpu, divisor: 1m}}}
        - {name: MEMORY, valueFrom: {resourceFieldRef: {resource: limits.memory, divisor: 1Mi}}}
        - {name: OTHER, valueFrom: {resourceFieldRef: {containerName: web, resource: limits.ephemeral-storage, divisor: 1Gi}}}
        resources: {requests: {cpu: 250m}, limits: {memory: 100M}}
        envFrom:
        - {prefix: S_, secretRef: {name: key}}
        volumeMounts:
        - {name: conf, mountPath: /etc/conf}
        - {name: conf, mountPath: /etc/one/mode, subPath: mode}
        - {name: all, mountPath: /all}
        - {name: tmp, mountPath: /cache}
        - {name: down, mountPath: /down}
      volumes:
      - {name: conf, configMap: {name: conf}}
      - {name: all, projected: {sources: [{secret: {name: key, items: [{key: token, path: s/t}]}}, {configMap: {name: conf, items: [{key: mode, path: m}]}}]}}
      - {name: tmp, emptyDir: {}}
      - {name: down, downwardAPI: {items: [{path: cpu, resourceFieldRef: {containerName: web, resource: requests.cpu, divisor: 1m}}, {path: name, fieldRef: {fieldPath: metadata.name}}]}}
";

fn open() -> Session {
    let mut s = Session::new(Start {
        manifest: Some(MANIFEST.to_owned()),
        ..Start::empty()
    });
    let at = s.at() + 20_000;
    s.play_to(at);
    s
}

fn pods(s: &Session) -> Vec<String> {
    let pods = s.store().list(rollout_api::Kind::POD);
    pods.map(|p| p.meta.name.to_string()).collect()
}

fn read(s: &Session, pod: &str, path: &str) -> String {
    match s.head().world().look_at("default", pod, "", path) {
        Some(Look::File(text)) => text.to_string(),
        other => format!("{other:?}"),
    }
}

fn env(s: &Session, pod: &str, name: &str) -> Option<String> {
    let all = s.head().world().environment("default", pod, "web");
    all.into_iter()
        .find(|(n, _)| n == name)
        .map(|(_, v)| v.to_string())
}

const PATCH: &str =
    "kubectl patch configmap conf --type=merge -p '{\"data\":{\"mode\":\"b\",\"later\":\"now\"}}'";

#[test]
fn a_mounted_object_changes_at_the_kubelets_next_look_and_nothing_else_does() {
    let mut s = open();
    let pods = pods(&s);
    let both = |s: &Session, path: &str| [read(s, &pods[0], path), read(s, &pods[1], path)];
    assert_eq!(both(&s, "/etc/conf/mode"), ["a", "a"]);
    assert_eq!(both(&s, "/etc/one/mode"), ["a", "a"]);
    assert_eq!(both(&s, "/all/s/t"), ["one", "one"]);
    assert_eq!(both(&s, "/all/m"), ["a", "a"]);
    let names = read(&s, &pods[0], "/etc/conf");
    assert!(names.contains("mode") && names.contains("more"), "{names}");
    assert_eq!(env(&s, &pods[0], "MODE").as_deref(), Some("a"));
    assert_eq!(env(&s, &pods[0], "MAYBE"), None);
    assert_eq!(env(&s, &pods[0], "ME").as_deref(), Some(pods[0].as_str()));
    assert_eq!(env(&s, &pods[0], "PLAIN").as_deref(), Some("p"));
    // Rounded up; without a limit it is what the node has to give.
    for (name, value) in [
        ("CPU", "4"),
        ("MILLI", "250"),
        ("MEMORY", "96"),
        ("OTHER", "59"),
    ] {
        assert_eq!(env(&s, &pods[0], name).as_deref(), Some(value), "{name}");
    }
    assert_eq!(both(&s, "/down/cpu"), ["250", "250"]);
    assert_eq!(env(&s, &pods[0], "S_token").as_deref(), Some("one"));

    ok(&mut s, PATCH);
    let changed = s.at();
    assert_eq!(both(&s, "/etc/conf/mode"), ["a", "a"], "not at once");
    let mut seen: [Option<u64>; 2] = [None, None];
    while seen.contains(&None) && s.at() < changed + 200_000 {
        let at = s.at() + 500;
        s.play_to(at);
        for (i, text) in both(&s, "/etc/conf/mode").iter().enumerate() {
            if text == "b" && seen[i].is_none() {
                seen[i] = Some(s.at() - changed);
            }
        }
    }
    let [a, b] = seen.map(|t| t.expect("the new content comes"));
    assert!(a <= 90_000 && b <= 90_000 && a != b, "{a} {b}");
    assert_eq!(both(&s, "/all/m"), ["b", "b"]);
    assert_eq!(both(&s, "/etc/conf/later"), ["now", "now"]);
    assert_eq!(both(&s, "/etc/one/mode"), ["a", "a"], "subPath stays");
    assert_eq!(env(&s, &pods[0], "MODE").as_deref(), Some("a"));
    assert_eq!(env(&s, &pods[0], "MAYBE"), None);
    let told: Vec<String> = s
        .steps()
        .iter()
        .flat_map(|step| &step.record.decisions)
        .map(|d| format!("{:?}", d.what))
        .filter(|t| t.contains("Refresh"))
        .collect();
    assert_eq!(told.len(), 4, "two volumes in two pods: {told:#?}");
    // The cluster rests, and nothing was rolled out.
    s.settle();
    assert_eq!(s.next_at(), None);
    let revision = "kubectl rollout history deployment/web";
    assert!(!ok(&mut s, revision).contains("\n2 "));
}

#[test]
fn a_container_that_starts_anew_reads_anew_and_new_pods_have_the_new_content() {
    let mut s = open();
    ok(&mut s, PATCH);
    // Killed at once, before the kubelet's next look: the sync that starts it brings everything.
    let now = s.at() / 1000;
    ok(
        &mut s,
        &format!("image web:v1 crash after=1s from={now} to={}", now + 3),
    );
    ok(&mut s, "kubectl rollout restart deployment/web");
    let at = s.at() + 60_000;
    s.play_to(at);
    for pod in pods(&s) {
        assert_eq!(read(&s, &pod, "/etc/conf/mode"), "b");
        assert_eq!(read(&s, &pod, "/etc/one/mode"), "b");
        assert_eq!(env(&s, &pod, "MODE").as_deref(), Some("b"));
        assert_eq!(env(&s, &pod, "MAYBE").as_deref(), Some("now"));
    }
}

#[test]
fn an_object_that_is_gone_leaves_its_files_and_is_missed() {
    let mut s = open();
    let pod = pods(&s)[0].clone();
    ok(&mut s, "kubectl delete configmap conf");
    let at = s.at() + 100_000;
    s.play_to(at);
    assert_eq!(read(&s, &pod, "/etc/conf/mode"), "a");
    let events = ok(&mut s, "kubectl get events");
    let text = "MountVolume.SetUp failed for volume \"conf\" : configmap \"conf\" not found";
    assert!(events.contains(text), "{events}");
    assert!(ok(&mut s, "kubectl get deployment web").contains("2/2"));
    // It is back, with other content: that comes with a try, and the tries end.
    ok(
        &mut s,
        "kubectl create configmap conf --from-literal=mode=c",
    );
    let at = s.at() + 130_000;
    s.play_to(at);
    assert_eq!(read(&s, &pod, "/etc/conf/mode"), "c");
    s.settle();
    assert_eq!(s.next_at(), None);
}

/// Writes a file as a command in a container does.
fn write(
    s: &Session,
    pod: &str,
    path: &str,
    change: FileChange<'_>,
) -> (Result<(), FileError>, Look) {
    let mut engine = s.head().clone();
    let (done, _) = engine.act("test", |client| {
        client
            .world_mut()
            .change_file("default", pod, "", path, change)
    });
    let look = engine.world().look_at("default", pod, "", path).unwrap();
    (done, look)
}

#[test]
fn what_can_be_written_and_what_not() {
    let s = open();
    let pod = pods(&s)[0].clone();
    let file = |t: &'static str| Look::File(t.into());
    let cases: &[(&str, FileChange<'_>, Result<(), FileError>, Look)] = &[
        (
            "/cache/marker",
            FileChange::Write("x\n"),
            Ok(()),
            file("x\n"),
        ),
        ("/tmp/marker", FileChange::Append("x"), Ok(()), file("x")),
        (
            "/etc/conf/mode",
            FileChange::Write("x"),
            Err(FileError::ReadOnly),
            file("a"),
        ),
        (
            "/all/s/t",
            FileChange::Remove,
            Err(FileError::ReadOnly),
            file("one"),
        ),
        (
            "/nowhere/x",
            FileChange::Write("x"),
            Err(FileError::NotFound),
            Look::Nothing,
        ),
        (
            "/cache/x",
            FileChange::Remove,
            Err(FileError::NotFound),
            Look::Nothing,
        ),
        (
            "/cache",
            FileChange::Write("x"),
            Err(FileError::IsDirectory),
            Look::Directory(vec![]),
        ),
    ];
    for (path, change, done, look) in cases {
        assert_eq!(
            write(&s, &pod, path, *change),
            (*done, look.clone()),
            "{path}"
        );
    }
    let root = s.head().world().look_at("default", &pod, "", "/").unwrap();
    let Look::Directory(names) = root else {
        panic!("{root:?}");
    };
    for name in ["all", "cache", "etc", "tmp"] {
        assert!(names.iter().any(|n| n == name), "{name} in {names:?}");
    }
    assert_eq!(s.head().world().look_at("default", "nobody", "", "/"), None);
}

#[test]
fn commands_in_containers_see_and_write_files() {
    let mut s = open();
    let pod = pods(&s)[0].clone();
    let run = |s: &mut Session, line: &str| {
        let ran = s.run_to_end(&format!("kubectl exec {pod} -- {line}"), 1_000);
        (ran.stdout, ran.stderr, ran.exit.unwrap())
    };
    let cases: &[(&str, &str, &str, i32)] = &[
        ("cat /etc/conf/mode", "a", "", 0),
        ("ls /etc/conf", "mode\nmore\n", "", 0),
        ("printenv MODE", "a\n", "", 0),
        (
            "sh -c 'echo kept > /cache/marker && cat /cache/marker'",
            "kept\n",
            "",
            0,
        ),
        ("cat /cache/marker", "kept\n", "", 0),
        ("sh -c 'echo more >> /cache/marker'", "", "", 0),
        ("cat /cache/marker", "kept\nmore\n", "", 0),
        ("rm /cache/marker", "", "", 0),
        (
            "cat /cache/marker",
            "",
            "cat: /cache/marker: No such file or directory\ncommand terminated with exit code 1\n",
            1,
        ),
        ("touch /tmp/x /cache/y", "", "", 0),
        ("ls /cache", "y\n", "", 0),
        (
            "touch /etc/conf/x",
            "",
            "touch: /etc/conf/x: Read-only file system\ncommand terminated with exit code 1\n",
            1,
        ),
        (
            "sh -c 'echo x > /etc/conf/mode'",
            "",
            "sh: 1: cannot create /etc/conf/mode: Read-only file system\ncommand terminated with exit code 2\n",
            2,
        ),
        (
            "sh -c 'cat /nope 2>/dev/null; echo on'",
            "on\n",
            "cat: /nope: No such file or directory\n",
            0,
        ),
    ];
    for (line, out, err, code) in cases {
        let want = ((*out).to_owned(), (*err).to_owned(), *code);
        assert_eq!(run(&mut s, line), want, "{line}");
    }
    // A step like any other: back before it the file is not there, forward it is.
    let before = s.position();
    run(&mut s, "touch /cache/z");
    assert_eq!(s.position(), before + 1);
    s.seek(before);
    assert_eq!(run(&mut s, "ls /cache").0, "y\n");
    s.seek(before + 1);
    assert_eq!(run(&mut s, "ls /cache").0, "y\nz\n");
}
