//! `curl`: who answers behind a Service, a cluster IP, a node port or a pod, what it says and how long that takes.
//!
//! Whether and how a pod answers is the engine's traffic: the same as for the requests that are drawn. An answer that takes
//! long is waited for in simulated time.

use crate::builtins::Did;
use crate::env::file_name;
use crate::interpreter::{Late, Scope, Shell};
use crate::words::seconds;
use rollout_api::{Kind, ObjectKey, Order, Str, Value};
use rollout_engine::Client;
use rollout_engine::traffic::{Cause, Outcome};

/// What was asked for.
#[derive(Default)]
struct Asked {
    url: String,
    silent: bool,
    show_errors: bool,
    fail: bool,
    head: bool,
    with_head: bool,
    output: Option<String>,
    write_out: Option<String>,
    /// Milliseconds for all of it, and for the connection.
    most: Option<u64>,
    connect: Option<u64>,
}

/// An answer.
struct Answer {
    code: u16,
    server: &'static str,
    body: String,
    /// Milliseconds.
    took: u64,
}

/// No answer: curl's number, its text, milliseconds until it gives up.
struct Failure {
    status: i32,
    why: String,
    took: u64,
}

/// Answers that are faster take no time here: a line of many requests stays at its moment.
const NOTICED: u64 = 100;
/// How long a connection is tried that nobody refuses.
const SYN_RETRIES: u64 = 130_000;

const PLAIN: &[&str] = &[
    "-k",
    "-L",
    "-v",
    "--insecure",
    "--location",
    "--verbose",
    "-g",
    "--compressed",
    "-4",
    "-N",
    "--no-buffer",
];
const VALUED: &[&str] = &[
    "-H",
    "--header",
    "-X",
    "--request",
    "-d",
    "--data",
    "--retry",
    "-u",
    "-A",
    "--retry-delay",
];

fn unknown_option(option: &str) -> String {
    format!(
        "curl: option {option}: is unknown\ncurl: try 'curl --help' or 'curl --manual' for more information\n"
    )
}

fn read(name: &str, args: &[String]) -> Result<Asked, (String, i32)> {
    let mut asked = Asked {
        silent: name == "wget",
        ..Asked::default()
    };
    let mut it = args.iter();
    while let Some(arg) = it.next() {
        let mut value = || {
            it.next()
                .cloned()
                .ok_or_else(|| (format!("curl: option {arg}: requires parameter\n"), 2))
        };
        match arg.as_str() {
            "-s" | "--silent" | "-q" => asked.silent = true,
            "-S" | "--show-error" => asked.show_errors = true,
            "-f" | "--fail" => asked.fail = true,
            "-I" | "--head" => asked.head = true,
            "-i" | "--include" => asked.with_head = true,
            "-o" | "--output" | "-O" if name == "curl" || arg == "-O" => {
                asked.output = Some(value()?)
            }
            "-w" | "--write-out" => asked.write_out = Some(value()?),
            "--url" => asked.url = value()?,
            "-m" | "--max-time" | "-T" if name == "curl" || arg == "-T" => {
                asked.most = seconds(&value()?).filter(|ms| *ms > 0);
            }
            "--connect-timeout" => asked.connect = seconds(&value()?).filter(|ms| *ms > 0),
            a if PLAIN.contains(&a) => {}
            a if VALUED.contains(&a) => drop(value()?),
            a if a.starts_with("--") && a.contains('=') => {}
            a if a.starts_with('-') && a.len() > 2 && !a.starts_with("--") => {
                // Several letters: the rest behind one that takes a value is its value.
                let letters = &a[1..];
                for (i, c) in letters.char_indices() {
                    let mut rest = || match &letters[i + c.len_utf8()..] {
                        "" => value(),
                        rest => Ok(rest.to_owned()),
                    };
                    match c {
                        's' | 'q' => asked.silent = true,
                        'S' => asked.show_errors = true,
                        'f' => asked.fail = true,
                        'I' => asked.head = true,
                        'i' => asked.with_head = true,
                        'L' | 'k' | 'v' | 'N' | 'g' => {}
                        'o' | 'O' => {
                            asked.output = Some(rest()?);
                            break;
                        }
                        'w' => {
                            asked.write_out = Some(rest()?);
                            break;
                        }
                        'm' | 'T' => {
                            asked.most = seconds(&rest()?).filter(|ms| *ms > 0);
                            break;
                        }
                        'H' | 'X' | 'd' | 'u' | 'A' => {
                            rest()?;
                            break;
                        }
                        _ => return Err((unknown_option(a), 2)),
                    }
                }
            }
            a if a.starts_with('-') && a.len() > 1 => return Err((unknown_option(a), 2)),
            _ => asked.url = arg.clone(),
        }
    }
    if asked.output.as_deref() == Some("-") {
        asked.output = None;
    }
    if asked.url.is_empty() {
        return Err((
            format!(
                "{name}: no URL specified!\n{name}: try '{name} --help' for more information\n"
            ),
            2,
        ));
    }
    Ok(asked)
}

/// Runs `curl …` (or `wget`).
pub(crate) fn run(
    shell: &mut Shell,
    name: &str,
    args: &[String],
    scope: &mut Scope<'_, '_>,
) -> Did {
    let asked = match read(name, args) {
        Ok(asked) => asked,
        Err((why, code)) => {
            shell.print_error(&why);
            return Did::Ended(code);
        }
    };
    let turn = shell.env.requests;
    shell.env.requests += 1;
    let answer = in_time(answer(&asked.url, turn, scope.client), &asked);
    let mut late = Late::default();
    let (code, took) = match answer {
        Ok(answer) => {
            let refused = answer.code >= 400 && (asked.fail || name == "wget");
            if asked.head || asked.with_head {
                late.out = format!(
                    "HTTP/1.1 {} {}\r\nServer: {}\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n",
                    answer.code,
                    reason(answer.code),
                    answer.server,
                    answer.body.len()
                );
            }
            if !asked.head && !refused {
                late.out.push_str(&answer.body);
            }
            if refused && name == "wget" {
                let (code, reason) = (answer.code, reason(answer.code));
                late.err = format!("wget: server returned error: HTTP/1.1 {code} {reason}\n");
                late.status = 1;
            } else if refused {
                if !asked.silent || asked.show_errors {
                    late.err = format!(
                        "curl: (22) The requested URL returned error: {}\n",
                        answer.code
                    );
                }
                late.status = 22;
            }
            (answer.code, answer.took)
        }
        Err(failure) if name == "wget" => {
            late.err = match failure.status {
                28 => "wget: download timed out\n".to_owned(),
                6 => format!("wget: bad address '{}'\n", host_of(&asked.url)),
                7 => format!(
                    "wget: can't connect to remote host ({}): Connection refused\n",
                    host_of(&asked.url)
                ),
                _ => format!("wget: {}\n", failure.why),
            };
            late.status = 1;
            (0, failure.took)
        }
        Err(failure) => {
            if !asked.silent || asked.show_errors {
                late.err = format!("curl: ({}) {}\n", failure.status, failure.why);
            }
            late.status = failure.status;
            (0, failure.took)
        }
    };
    match asked.output.as_deref() {
        None => {}
        Some("/dev/null") => late.out.clear(),
        Some(file) => {
            let text = std::mem::take(&mut late.out);
            let file = file_name(file).to_owned();
            shell.env.written.insert(file, Some(text));
        }
    }
    if let Some(format) = &asked.write_out {
        let out = crate::builtins::escaped(format)
            .replace("%{http_code}", &format!("{code:03}"))
            .replace("%{response_code}", &format!("{code:03}"))
            .replace(
                "%{time_total}",
                &format!("{}.{:03}000", took / 1000, took % 1000),
            )
            .replace("%{exitcode}", &late.status.to_string());
        late.out.push_str(&out);
    }
    let took = if took < NOTICED { 0 } else { took };
    Did::Says(scope.at + took, Box::new(late))
}

/// The words beside a status code.
fn reason(code: u16) -> &'static str {
    match code {
        404 => "Not Found",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "OK",
    }
}

/// The same with curl's patience.
fn in_time(answer: Result<Answer, Failure>, asked: &Asked) -> Result<Answer, Failure> {
    let late = |why: String, took: u64| {
        let status = 28;
        Err(Failure { status, why, took })
    };
    match answer {
        Ok(answer) => match asked.most.filter(|most| answer.took > *most) {
            Some(most) => late(
                format!("Operation timed out after {most} milliseconds with 0 bytes received"),
                most,
            ),
            None => Ok(answer),
        },
        // Nobody refuses the connection, and nobody takes it.
        Err(failure) if failure.status == 28 => {
            let (most, connect) = (asked.most, asked.connect);
            match (most, connect) {
                (Some(most), _) if connect.is_none_or(|c| most <= c) => late(
                    format!("Connection timed out after {most} milliseconds"),
                    most,
                ),
                (_, Some(connect)) => {
                    let why = failure.why.replace("130000 ms", &format!("{connect} ms"));
                    late(
                        why.replace("Couldn't connect to server", "Timeout was reached"),
                        connect,
                    )
                }
                _ => Err(failure),
            }
        }
        Err(failure) => Err(failure),
    }
}

fn failed(status: i32, why: impl Into<String>) -> Failure {
    Failure {
        status,
        why: why.into(),
        took: 0,
    }
}

fn connection_refused(host: &str, port: i64) -> Failure {
    failed(
        7,
        format!("Failed to connect to {host} port {port} after 0 ms: Couldn't connect to server"),
    )
}

fn no_answer(host: &str, port: i64) -> Failure {
    Failure {
        took: SYN_RETRIES,
        ..failed(
            28,
            format!(
                "Failed to connect to {host} port {port} after {SYN_RETRIES} ms: Couldn't connect to server"
            ),
        )
    }
}

fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#', ':']).next().unwrap_or("")
}

/// Who answers a request, or curl's number and text.
fn answer(url: &str, turn: u64, client: &Client<'_>) -> Result<Answer, Failure> {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    if !matches!(scheme, "http" | "https") {
        return Err(failed(1, format!("Protocol \"{scheme}\" not supported")));
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
    let path = &rest[authority.len()..];
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) => match port.parse::<u16>() {
            Ok(port) => (host, i64::from(port)),
            Err(_) => {
                return Err(failed(
                    3,
                    "URL rejected: Port number was not a decimal number between 0 and 65535",
                ));
            }
        },
        None => (authority, if scheme == "https" { 443 } else { 80 }),
    };
    if host.is_empty() {
        return Err(failed(3, "URL rejected: No host part in the URL"));
    }
    let nodes = client.list(Kind::NODE, None);
    let is_node = host == "localhost"
        || host == "127.0.0.1"
        || nodes.iter().any(|n| {
            n.str_at("metadata.name") == host
                || n.list_at("status.addresses")
                    .iter()
                    .any(|a| a.str_at("address") == host)
        });
    let services = client.list(Kind::SERVICE, None);
    let mut labels = host.split('.');
    let (name, namespace) = (
        labels.next().unwrap_or(""),
        labels.next().unwrap_or("default"),
    );
    let is_ip = host.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let found = services.iter().find_map(|s| {
        let here = if is_node {
            None
        } else if is_ip {
            let external = s
                .list_at("status.loadBalancer.ingress")
                .iter()
                .any(|i| i.str_at("ip") == host);
            (s.str_at("spec.clusterIP") == host || external).then_some(())
        } else {
            (s.str_at("metadata.name") == name && s.str_at("metadata.namespace") == namespace)
                .then_some(())
        };
        let ports = s.list_at("spec.ports");
        let port = if is_node {
            ports.iter().find(|p| p.int_at("nodePort") == Some(port))
        } else {
            here?;
            ports.iter().find(|p| p.int_at("port") == Some(port))
        };
        match (is_node, port) {
            (true, None) => None,
            (_, port) => Some((s, port)),
        }
    });
    if let Some((service, wanted)) = found {
        let Some(wanted) = wanted else {
            return Err(no_answer(host, port));
        };
        let backends = backends(service, wanted, client);
        if backends.is_empty() {
            return Err(connection_refused(host, port));
        }
        // Not in turn: as kube-proxy spreads, but the same in every run.
        let mixed = (turn + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33;
        let port_asked = port;
        let (pod, port) = &backends[(mixed % backends.len() as u64) as usize];
        return pod_answer(pod, *port, path, turn, client, (host, port_asked));
    }
    let pods = client.list(Kind::POD, None);
    if let Some(pod) = pods
        .iter()
        .find(|p| is_ip && p.str_at("status.podIP") == host)
    {
        return pod_answer(pod, port, path, turn, client, (host, port));
    }
    if is_ip || is_node {
        return Err(connection_refused(host, port));
    }
    Err(failed(6, format!("Could not resolve host: {host}")))
}

/// Pods behind a port of a Service as clients know them, with the port that they are asked at: ready ones, or if there is none
/// those that still serve.
fn backends(service: &Value, wanted: &Value, client: &Client<'_>) -> Vec<(Value, i64)> {
    let namespace = service.str_at("metadata.namespace");
    let name = service.str_at("metadata.name");
    let pods = client.list(Kind::POD, Some(namespace));
    let world = client.world();
    let key = ObjectKey::new(Kind::SERVICE, Str::copy(namespace), Str::copy(name));
    let known = world.traffic.known_to_clients(&key, world.now);
    let mut out = Vec::new();
    let mut serving = Vec::new();
    for slice in client.list(Kind("EndpointSlice"), Some(namespace)) {
        let of = slice.get("metadata").and_then(|m| m.get("labels"));
        let of = of
            .and_then(|l| l.get("kubernetes.io/service-name"))
            .and_then(Value::as_str);
        if of != Some(name) {
            continue;
        }
        let ports = slice.list_at("ports");
        let port = ports
            .iter()
            .find(|p| p.str_at("name") == wanted.str_at("name"));
        let Some(port) = port.and_then(|p| p.int_at("port")) else {
            continue;
        };
        if let Some(known) = &known {
            let listed = |p: &&Value| {
                let uid = p.shared_str_at("metadata.uid");
                uid.is_some_and(|uid| known.contains(&uid))
            };
            out.extend(pods.iter().filter(listed).map(|p| (p.clone(), port)));
            break;
        }
        for endpoint in slice.list_at("endpoints") {
            let ready = endpoint.bool_at("conditions.ready");
            if !ready && !endpoint.bool_at("conditions.serving") {
                continue;
            }
            let pod = pods
                .iter()
                .find(|p| p.str_at("metadata.name") == endpoint.str_at("targetRef.name"));
            let list = if ready { &mut out } else { &mut serving };
            list.extend(pod.map(|p| (p.clone(), port)));
        }
    }
    if out.is_empty() {
        out = serving;
    }
    out.order_by(|a, b| a.0.str_at("metadata.name").cmp(b.0.str_at("metadata.name")));
    out
}

/// What a pod's container says at a port.
fn pod_answer(
    pod: &Value,
    port: i64,
    path: &str,
    turn: u64,
    client: &Client<'_>,
    (host, asked): (&str, i64),
) -> Result<Answer, Failure> {
    let refused = || connection_refused(host, asked);
    let containers = pod.list_at("spec.containers");
    let named = containers.iter().find(|c| {
        c.list_at("ports")
            .iter()
            .any(|p| p.int_at("containerPort") == Some(port))
    });
    let container = named.or(containers.first()).ok_or_else(refused)?;
    let statuses = pod.list_at("status.containerStatuses").iter();
    let own = statuses
        .into_iter()
        .find(|s| s.str_at("name") == container.str_at("name"));
    if own.is_none_or(|s| s.at("state.running").is_none()) {
        return Err(refused());
    }
    let first = containers.first().map(|c| c.str_at("name"));
    let world = client.world();
    let port16 = u16::try_from(port).unwrap_or(0);
    let mut knows = true;
    let outcome = match pod.shared_str_at("metadata.uid") {
        // The engine keeps what the first container does.
        Some(uid) if first == Some(container.str_at("name")) => {
            knows = world.traffic.knows_path(&uid, path, world.now);
            world.traffic.ask_pod(&uid, port16, turn, world.now)
        }
        _ => Outcome::Waiting,
    };
    let said = |code: u16, body: &str| Answer {
        code,
        server: "app",
        body: body.to_owned(),
        took: 0,
    };
    let took = match outcome {
        Outcome::Ok { latency } => latency.0,
        Outcome::Waiting => 0,
        Outcome::Failed(Cause::Unhealthy) => return Ok(said(503, "not ready\n")),
        Outcome::Failed(Cause::Error) => return Ok(said(500, "internal server error\n")),
        Outcome::Failed(Cause::Schema) => {
            return Ok(said(500, "the database has another schema\n"));
        }
        Outcome::Failed(Cause::Unreachable | Cause::Timeout) => return Err(no_answer(host, asked)),
        Outcome::Failed(_) => return Err(refused()),
    };
    let image = container.str_at("image");
    let base = image.rsplit('/').next().unwrap_or(image);
    let (base, tag) = base.split_once(':').unwrap_or((base, "latest"));
    let pod_name = pod.str_at("metadata.name");
    let missing = |server: &'static str| {
        Answer {
        code: 404,
        took,
        server,
        body: "<html>\n<head><title>404 Not Found</title></head>\n<body>\n<center><h1>404 Not Found</h1></center>\n</body>\n</html>\n".to_owned(),
    }
    };
    let ok = |server: &'static str, body: String| Answer {
        code: 200,
        server,
        body,
        took,
    };
    if !knows {
        return Ok(match base {
            b if b.contains("nginx") => missing("nginx"),
            b if b.contains("httpd") => missing("Apache"),
            _ => said(404, "404 page not found\n"),
        });
    }
    let front = matches!(path, "" | "/" | "/index.html");
    Ok(match base {
        b if b.contains("nginx") && front => ok(
            "nginx",
            "<!DOCTYPE html>\n<html>\n<head>\n<title>Welcome to nginx!</title>\n</head>\n<body>\n<h1>Welcome to nginx!</h1>\n</body>\n</html>\n".to_owned(),
        ),
        b if b.contains("nginx") => missing("nginx"),
        b if b.contains("httpd") && front => ok("Apache", "<html><body><h1>It works!</h1></body></html>\n".to_owned()),
        b if b.contains("httpd") => missing("Apache"),
        b if b.contains("bootcamp") => {
            let version = tag.trim_start_matches('v');
            ok("bootcamp", format!("Hello Kubernetes bootcamp! | Running on: {pod_name} | v={version}\n"))
        }
        _ => ok("app", format!("Hello from {pod_name} ({image})\n")),
    })
}
