//! The console's shell: what tutorials type runs as bash runs it, waits in simulated time, and is taken back by a step back.

use rollout_session::{Session, Start};

fn session() -> Session {
    Session::new(Start {
        preset: Some("boot-4".to_owned()),
        ..Start::default()
    })
}

/// Runs lines one after the other: stdout, stderr and exit code of the last.
fn last(session: &mut Session, lines: &str) -> (String, String, i32) {
    let mut out = (String::new(), String::new(), 0);
    for line in lines.split("\n---\n") {
        let ran = session.run_to_end(line, 3_600_000);
        out = (ran.stdout, ran.stderr, ran.exit.unwrap_or(-1));
    }
    out
}

fn check(table: &[(&str, &str, i32)]) {
    let mut wrong = String::new();
    for (lines, want, exit) in table {
        let (stdout, stderr, code) = last(&mut session(), lines);
        let got = format!("{stdout}{stderr}");
        if got != *want || code != *exit {
            wrong.push_str(&format!(
                "{lines}\n  want {exit}: {want:?}\n  got  {code}: {got:?}\n"
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn words_variables_and_lists() {
    check(&[
        ("echo a  'b  c' \"d $X e\" # f", "a b  c d  e\n", 0),
        (
            "X=1\n---\necho $X ${X}2 \"$X\" '$X' \\$X",
            "1 12 1 $X $X\n",
            0,
        ),
        ("X=1; export Y=2\n---\nenv | grep ^Y", "Y=2\n", 0),
        ("echo a && echo b || echo c; echo d", "a\nb\nd\n", 0),
        ("false && echo b || echo c", "c\n", 0),
        ("false; echo $?", "1\n", 0),
        ("false\n---\necho $?", "1\n", 0),
        ("! true; echo $?", "1\n", 0),
        ("nope x", "bash: nope: command not found\n", 127),
        ("nope x\n---\necho $?", "127\n", 0),
        ("X=$(echo a b)\n---\necho \"$X\" `echo c`", "a b c\n", 0),
        ("echo $(false) $?", "1\n", 0),
        (
            "echo ${X:-none} ${X:=set} $X ${#X} ${X:+other}",
            "none set set 3 other\n",
            0,
        ),
        (
            "X=a/b/c.yaml\n---\necho ${X##*/} ${X%.yaml} ${X%%/*} ${X/b/z} ${X:2:3}",
            "c.yaml a/b/c a a/z/c.yaml b/c\n",
            0,
        ),
        ("echo $((1+2*3)) $(( (1+2)*3 ))", "7 9\n", 0),
        ("echo {1..3} a{b,c}d {x}", "1 2 3 abd acd {x}\n", 0),
        ("for x in a b; do echo \"<$x>\"; done", "<a>\n<b>\n", 0),
        (
            "for i in {1..5}; do if [ $i -eq 2 ]; then continue; fi; [ $i = 4 ] && break; echo $i; done",
            "1\n3\n",
            0,
        ),
        (
            "i=0; while [ $i -lt 3 ]; do echo $i; i=$((i+1)); done",
            "0\n1\n2\n",
            0,
        ),
        (
            "if false; then echo a; elif true; then echo b; else echo c; fi",
            "b\n",
            0,
        ),
        (
            "case web-1 in db*) echo db;; web*|app) echo web;; *) echo other;; esac",
            "web\n",
            0,
        ),
        (
            "f() { echo \"$1 and $2\"; return 3; }\n---\nf a b; echo $?",
            "a and b\n3\n",
            0,
        ),
        ("(X=2; echo $X); echo \"$X.\"", "2\n.\n", 0),
        ("{ echo a; echo b; } | wc -l", "2\n", 0),
        ("echo a; echo b >&2", "a\nb\n", 0),
        (
            "echo a > f; echo b >> f; cat f; ls f; rm f; cat f",
            "a\nb\nf\ncat: f: No such file or directory\n",
            1,
        ),
        ("cat <<EOF | tr a-z A-Z\nx $((1+1))\nEOF", "X 2\n", 0),
        ("cat <<'EOF'\n$X\nEOF", "$X\n", 0),
        ("cat <<-EOF\n\tx\n\tEOF", "x\n", 0),
        ("grep b <<< 'abc'", "abc\n", 0),
        ("echo a \\\n  b", "a b\n", 0),
        ("ls nope 2>/dev/null; echo $?", "2\n", 0),
        ("nope 2>&1 | grep -c found", "1\n", 0),
        ("A=1 env | grep ^A; echo \"[$A]\"", "A=1\n[]\n", 0),
        ("[[ abc == a* && -z $NOPE ]] && echo yes", "yes\n", 0),
        ("[[ v1.2 =~ ^v[0-9]+ ]] && echo yes", "yes\n", 0),
        (
            "echo 'a b' | while read x y; do echo \"$y $x\"; done",
            "b a\n",
            0,
        ),
        (
            "alias kg='kubectl get'\n---\nkg deploy -o name",
            "deployment.apps/bootcamp\n",
            0,
        ),
        ("$ echo pasted", "pasted\n", 0),
        ("$", "", 0),
        (
            "echo 'a",
            "bash: unexpected EOF while looking for matching `''\n",
            2,
        ),
        (
            "echo a |",
            "bash: syntax error: unexpected end of file\n",
            2,
        ),
        (
            "; echo",
            "bash: syntax error near unexpected token `;'\n",
            2,
        ),
        (
            "echo )",
            "bash: syntax error near unexpected token `)'\n",
            2,
        ),
        (
            "sleep x",
            "sleep: invalid time interval \u{2018}x\u{2019}\nTry 'sleep --help' for more information.\n",
            1,
        ),
        ("exit 3", "", 3),
        ("bash -c 'echo $0; exit 4'; echo $?", "bash\n4\n", 0),
        ("printf '%s-%03d\\n' a 7 b 8", "a-007\nb-008\n", 0),
        ("date", "Tue Jun 10 12:00:00 UTC 2025\n", 0),
    ]);
}

#[test]
fn text_tools() {
    check(&[
        ("printf 'b\\na\\nc\\n' | sort | head -2 | tail -1", "b\n", 0),
        ("printf 'b 2\\na 10\\n' | sort -k2 -n -r", "a 10\nb 2\n", 0),
        (
            "printf 'a\\na\\nb\\n' | uniq -c",
            "      2 a\n      1 b\n",
            0,
        ),
        ("echo a:b:c | cut -d: -f1,3", "a:c\n", 0),
        ("echo abcdef | cut -c2-4", "bcd\n", 0),
        ("echo 'a b  c' | awk '{print $3, NF}'", "c 3\n", 0),
        ("echo a:b | awk -F: '{print $2}'", "b\n", 0),
        (
            "printf 'n v\\nx 1\\ny 2.5\\n' | awk 'NR>1 {s+=$2} END {print s, s/2}'",
            "3.5 1.75\n",
            0,
        ),
        (
            "printf 'a R\\nb W\\nc R\\n' | awk '$2==\"R\" {c[$2]++} END {for (k in c) print k, c[k]}'",
            "R 2\n",
            0,
        ),
        (
            "printf 'x\\n' | awk '{printf \"%-4s|%5.1f\\n\", $1, 2.25}'",
            "x   |  2.3\n",
            0,
        ),
        ("echo aXbX | sed 's/X/-/g; s/a/[&]/'", "[a]-b-\n", 0),
        ("printf '1\\n2\\n3\\n' | sed -n '2,$p'", "2\n3\n", 0),
        ("printf 'a\\nb\\n' | sed '/a/d'", "b\n", 0),
        (
            "echo 'image: nginx:1.25' | sed -E 's/(nginx):[0-9.]+/\\1:1.26/'",
            "image: nginx:1.26\n",
            0,
        ),
        (
            "printf 'one\\ntwo\\nthree\\n' | grep -n -A1 one",
            "1:one\n2-two\n",
            0,
        ),
        ("printf 'one\\ntwo\\n' | grep -v one", "two\n", 0),
        ("printf 'one\\ntwo\\n' | grep -c -i O", "2\n", 0),
        ("printf 'a.b\\nacb\\n' | grep -F a.b", "a.b\n", 0),
        ("printf 'x1\\ny2\\n' | grep -oE '[0-9]'", "1\n2\n", 0),
        ("printf 'pod\\npods\\n' | grep -w pod", "pod\n", 0),
        ("echo a | grep b; echo $?", "1\n", 0),
        ("echo a | tr a-z A-Z | rev | tee f; cat f", "A\nA\n", 0),
        ("printf 'a 1\\nbbb 2\\n' | column -t", "a    1\nbbb  2\n", 0),
        (
            "echo 'a b c' | xargs -n1 echo got",
            "got a\ngot b\ngot c\n",
            0,
        ),
        (
            "printf 'a\\nb\\n' | xargs -I{} echo '<{}>'",
            "<a>\n<b>\n",
            0,
        ),
        ("seq 3 | xargs", "1 2 3\n", 0),
        (
            "echo '{\"a\":{\"b\":[1,{\"c\":\"x\"}]}}' | jq -r '.a.b[1].c'",
            "x\n",
            0,
        ),
        (
            "echo '{\"a\":[{\"n\":\"x\",\"v\":1},{\"n\":\"y\",\"v\":2}]}' | jq -r '.a[] | select(.v > 1) | \"\\(.n)=\\(.v)\"'",
            "y=2\n",
            0,
        ),
        (
            "echo '[3,1,2]' | jq -c 'sort, length, (map(.+1) | add)'",
            "[1,2,3]\n3\n9\n",
            0,
        ),
        ("echo '{}' | jq '.a // \"none\"'", "\"none\"\n", 0),
        (
            "echo '{\"a\":1}' | jq '.a.b'",
            "jq: error (at <stdin>:0): Cannot index number with \"b\"\n",
            5,
        ),
        (
            "kubectl get deploy bootcamp -o json | jq .spec.replicas",
            "4\n",
            0,
        ),
        ("kubectl get pods --no-headers | wc -l", "4\n", 0),
        (
            "kubectl get pods -o json | jq -r '.items[].spec.containers[0].image' | sort -u",
            "bootcamp:v2\n",
            0,
        ),
        (
            "N=$(kubectl get deploy -o jsonpath='{.items[0].metadata.name}')\n---\nkubectl get deploy $N -o jsonpath='{.spec.replicas}'",
            "4",
            0,
        ),
        (
            "kubectl get deploy bootcamp -o yaml > d.yaml\n---\nsed -i 's/x/y/' d.yaml; grep -c 'kind: Deployment' d.yaml",
            "1\n",
            0,
        ),
        (
            "for d in $(kubectl get deploy -o name); do kubectl scale $d --replicas=2; done",
            "deployment.apps/bootcamp scaled\n",
            0,
        ),
    ]);
}

#[test]
fn here_documents_reach_kubectl() {
    let line = "kubectl apply -f - <<EOF\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: $NAME\ndata:\n  a: b\nEOF";
    let mut s = session();
    s.run("NAME=settings");
    let (out, err, code) = last(&mut s, line);
    assert_eq!(
        (out.as_str(), err.as_str(), code),
        ("configmap/settings created\n", "", 0)
    );
    assert!(rollout_session::needs_more("kubectl apply -f - <<EOF"));
    assert!(rollout_session::needs_more("for x in a; do"));
    assert!(rollout_session::needs_more("echo 'a"));
    assert!(rollout_session::needs_more("echo a \\"));
    assert!(!rollout_session::needs_more("echo a"));
    assert!(!rollout_session::needs_more("echo )"));
}

#[test]
fn what_waits_waits_in_simulated_time() {
    let mut s = session();
    let before = s.at();
    let (out, _, code) = last(&mut s, "sleep 2; date +%S; sleep 0.5 && echo done");
    assert_eq!((out.as_str(), code), ("02\ndone\n", 0));
    assert_eq!(s.at() - before, 2_500);
    // A loop with an update between: what the cluster does at once is done before the next command.
    let (out, _, _) = last(
        &mut s,
        "kubectl set image deployment/bootcamp bootcamp=bootcamp:v3 && kubectl rollout status deployment/bootcamp | tail -1",
    );
    assert!(
        out.ends_with("deployment \"bootcamp\" successfully rolled out\n"),
        "{out}"
    );
    // What was written before it looked is no news: the command of the same line is not told again.
    let (out, _, _) = last(
        &mut s,
        "kubectl set image deployment/bootcamp bootcamp=bootcamp:v2 && kubectl rollout status deployment/bootcamp",
    );
    assert!(!out.contains("spec update"), "{out}");
    let (out, _, code) = last(
        &mut s,
        "X=$(kubectl rollout status deploy/bootcamp); echo \"[$X]\"",
    );
    assert_eq!(
        (out.as_str(), code),
        ("[deployment \"bootcamp\" successfully rolled out]\n", 0)
    );
    // A watch that has enough ends what it watches.
    s.run("kubectl scale deploy/bootcamp --replicas=6");
    let (out, _, code) = last(&mut s, "kubectl get deploy bootcamp -w | head -3");
    assert_eq!((out.lines().count(), code), (3, 0), "{out}");
    let (_, _, code) = last(&mut s, "timeout 5 kubectl get pods -w");
    assert_eq!(code, 124);
    // while, until and watch.
    let began = s.at();
    let (out, _, code) = last(
        &mut s,
        "n=0; until [ $n -ge 3 ]; do kubectl get deploy -o name; n=$((n+1)); sleep 1; done",
    );
    assert_eq!((out.lines().count(), code), (3, 0), "{out}");
    assert_eq!(s.at() - began, 3_000);
    let ran = s.run("watch -n 2 kubectl get deploy -o name");
    assert!(ran.exit.is_none());
    let end = s.at() + 5_000;
    s.play_to(end);
    let run = ran.running.unwrap();
    assert_eq!(
        s.branch().running[run]
            .stdout
            .matches("deployment.apps/bootcamp")
            .count(),
        3
    );
    s.interrupt();
    assert_eq!(s.branch().running[run].ended.map(|e| e.2), Some(130));
    assert_eq!(last(&mut s, "echo $?").0, "130\n");
    let (_, err, code) = last(&mut s, "sleep 4000");
    assert_eq!((err.as_str(), code), ("", 124));
}

#[test]
fn an_endless_loop_ends_and_a_long_line_is_refused() {
    let mut s = session();
    let ran = s.run("while true; do kubectl get deploy -o name; done");
    assert_eq!(ran.exit, None);
    let end = s.at() + 1_000;
    s.play_to(end);
    let printed = s.branch().running[ran.running.unwrap()]
        .stdout
        .lines()
        .count();
    assert!((9..=12).contains(&printed), "{printed}");
    s.interrupt();
    let (_, err, _) = last(&mut s, "f() { f; f; }\n---\nf");
    assert!(err.contains("too many calls"), "{err}");
    let (_, _, code) = last(
        &mut s,
        "x=aaaaaaaaaaaaaaaaaaaaaaaaaaaa; for i in {1..60}; do x=$x$x; done; echo $?",
    );
    assert_eq!(code, 0);
    let long = "x".repeat(1024 * 1024);
    let ran = s.run(&long);
    assert_eq!(
        (ran.stderr.as_str(), ran.exit),
        (
            "bash: this line has 1048576 characters; the console takes 65536\n",
            Some(2)
        )
    );
}

#[test]
fn steps_back_take_variables_files_and_lines_back() {
    let mut s = session();
    s.run("A=1");
    s.run("echo x > f");
    let (step, at) = (s.position(), s.at());
    s.run_to_end("kubectl scale deploy/bootcamp --replicas=5", 60_000);
    s.play_to(s.at() + 5_000);
    s.run("A=2; rm f");
    assert_eq!(s.run("echo $A").stdout, "2\n");
    while s.position() > step {
        s.back();
    }
    assert_eq!(s.at(), at);
    assert_eq!(s.run("echo $A; cat f").stdout, "1\nx\n");
    assert!(s.files_here().contains_key("f"));
    assert_eq!(s.branches().len(), 1);
    // Another value in the past leads away from the lines that had the old one.
    s.run("A=3");
    assert_eq!(s.branches().len(), 2);
    assert_eq!(s.run("echo $A").stdout, "3\n");
    s.open_branch(0);
    s.play_to(s.recorded_ms());
    assert_eq!(s.run("echo $A").stdout, "2\n");
}

#[test]
fn a_line_that_writes_later_makes_the_same_history_again() {
    let script = [
        "sleep 3; kubectl set image deployment/bootcamp bootcamp=bootcamp:v3; kubectl rollout status deployment/bootcamp",
        "for n in 5 6; do kubectl scale deployment/bootcamp --replicas=$n; sleep 2; done",
    ];
    let play = |s: &mut Session| {
        for line in script {
            s.run(line);
            let end = s.at() + 40_000;
            s.play_to(end);
        }
    };
    let (mut a, mut b) = (session(), session());
    play(&mut a);
    play(&mut b);
    assert_eq!(a.export_state(), b.export_state());
    let lines = a.branch().transcript.lines().to_vec();
    assert!(
        lines
            .iter()
            .any(|l| l.text.contains("successfully rolled out"))
    );
    // A link holds the lines alone.
    let shared = a.shared(None);
    let opened = Session::open(&shared).unwrap_or_else(|e| panic!("{e:?}"));
    assert_eq!(opened.export_state(), a.export_state());
    assert_eq!(opened.branch().transcript.lines(), lines);
    // From the start forward, and back again.
    let n = a.position();
    a.seek(0);
    let mut states = Vec::new();
    for _ in 0..n {
        states.push(a.export_state());
        a.step();
    }
    for _ in 0..n {
        a.back();
        assert_eq!(states.pop(), Some(a.export_state()));
    }
    // In the middle: acting makes a branch whose engine is the one that was.
    a.seek(n / 2);
    let here = a.export_state();
    a.run_to_end("kubectl annotate deployment/bootcamp a=b", 1_000);
    assert_eq!(a.branches().len(), 2);
    a.back();
    let mut c = Session::open(&shared).unwrap_or_else(|e| panic!("{e:?}"));
    c.seek(n / 2);
    assert_eq!(here, c.export_state());
}

#[test]
fn a_line_of_the_past_that_may_write_begins_a_branch() {
    let mut s = session();
    s.run_to_end(
        "kubectl set image deployment/bootcamp bootcamp=bootcamp:v3",
        1_000,
    );
    s.play_to(s.at() + 20_000);
    s.seek(5);
    s.run("sleep 1; kubectl get pods");
    assert_eq!(s.branches().len(), 1, "looking leads nowhere else");
    s.run("sleep 1; kubectl scale deployment/bootcamp --replicas=9");
    assert_eq!(s.branches().len(), 2);
    s.play_to(s.at() + 2_000);
    let want = last(
        &mut s,
        "kubectl get deploy bootcamp -o jsonpath='{.spec.replicas}'",
    )
    .0;
    assert_eq!(want, "9");
}

#[test]
fn curl_asks_who_is_there() {
    let mut s = session();
    let (out, err, code) = last(
        &mut s,
        "IP=$(minikube ip); PORT=$(kubectl get svc bootcamp -o jsonpath='{.spec.ports[0].nodePort}')\n---\nfor i in {1..8}; do curl -s http://$IP:$PORT; done",
    );
    assert_eq!((err.as_str(), code), ("", 0));
    let pods: std::collections::BTreeSet<&str> = out.lines().collect();
    assert!(out.lines().count() == 8 && pods.len() > 1, "{out}");
    check(&[
        ("curl nope", "curl: (6) Could not resolve host: nope\n", 6),
        ("curl -s http://10.9.9.9", "", 7),
        (
            "curl",
            "curl: no URL specified!\ncurl: try 'curl --help' for more information\n",
            2,
        ),
        (
            "kubectl scale deploy/bootcamp --replicas=0 && sleep 60; curl -sS http://bootcamp:8080; echo $?",
            "deployment.apps/bootcamp scaled\n7\ncurl: (7) Failed to connect to bootcamp port 8080 after 0 ms: Couldn't connect to server\n",
            0,
        ),
    ]);
}

#[test]
fn an_editor_of_one_line_and_the_end_of_an_hour() {
    check(&[
        (
            "KUBE_EDITOR='sed -i \"s/replicas: 4/replicas: 6/\"' kubectl edit deploy bootcamp; echo $KUBE_EDITOR; kubectl get deploy bootcamp -o jsonpath='{.spec.replicas}'",
            "deployment.apps/bootcamp edited\n\n6",
            0,
        ),
        (
            "export EDITOR=true; kubectl edit deploy bootcamp",
            "Edit cancelled, no changes made.\n",
            0,
        ),
        (
            "KUBE_EDITOR=nano kubectl edit deploy bootcamp",
            "error: there is no editor here: kubectl patch and kubectl apply change an object too\n",
            1,
        ),
        // The time of a line is over: what follows ends, the tools behind it print what they have.
        ("kubectl get pods -w | head -n 40 | wc -l", "5\n", 124),
        (
            "kubectl get pods -w --no-headers | sort -u | grep -c Running",
            "4\n",
            124,
        ),
    ]);
}

#[test]
fn a_watch_is_a_right_of_its_own() {
    let mut s = session();
    last(
        &mut s,
        "kubectl create role reader --verb=get,list --resource=deployments.apps\n---\nkubectl create rolebinding reader --role=reader --user=bob\n---\nkubectl create role watcher --verb=get,list,watch --resource=deployments.apps\n---\nkubectl create rolebinding watcher --role=watcher --user=zoe",
    );
    let (out, err, code) = last(
        &mut s,
        "kubectl get deploy bootcamp -w --as=bob --no-headers",
    );
    assert!(out.starts_with("bootcamp   4/4"), "{out}");
    assert_eq!(
        (err.as_str(), code),
        (
            "Error from server (Forbidden): deployments.apps \"bootcamp\" is forbidden: User \"bob\" cannot watch resource \"deployments\" in API group \"apps\" in the namespace \"default\"\n",
            1
        )
    );
    let table = [
        (
            "kubectl get deploy -w --as=zoe --request-timeout=2s | wc -l",
            "2\n",
            0,
        ),
        (
            "kubectl rollout status deploy/bootcamp --as=zoe",
            "deployment \"bootcamp\" successfully rolled out\n",
            0,
        ),
        (
            "kubectl drain node-1 --as=zoe; kubectl get nodes --as=zoe",
            "Error from server (Forbidden): nodes \"node-1\" is forbidden: User \"zoe\" cannot get resource \"nodes\" in API group \"\" at the cluster scope\nError from server (Forbidden): nodes is forbidden: User \"zoe\" cannot list resource \"nodes\" in API group \"\" at the cluster scope\n",
            1,
        ),
    ];
    for (line, want, exit) in table {
        let (out, err, code) = last(&mut s, line);
        assert_eq!(
            (format!("{out}{err}").as_str(), code),
            (want, exit),
            "{line}"
        );
    }
}
