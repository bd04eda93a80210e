//! `curl`: who answers behind a Service, a cluster IP, a node port or a pod, and what it says.

use crate::env::file_name;
use crate::interpreter::{Scope, Shell};
use rollout_api::{Kind, Order, Value};
use rollout_engine::Client;

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
}

/// An answer.
struct Answer {
    code: u16,
    server: &'static str,
    body: String,
}

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
    "-m",
    "--max-time",
    "--connect-timeout",
    "--retry",
    "-u",
    "-A",
    "--retry-delay",
    "-T",
];

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
            a if PLAIN.contains(&a) => {}
            a if VALUED.contains(&a) => drop(value()?),
            a if a.starts_with("--") && a.contains('=') => {}
            a if a.starts_with('-') && a.len() > 2 && !a.starts_with("--") => {
                for c in a[1..].chars() {
                    match c {
                        's' | 'q' => asked.silent = true,
                        'S' => asked.show_errors = true,
                        'f' => asked.fail = true,
                        'I' => asked.head = true,
                        'i' => asked.with_head = true,
                        'o' | 'O' => asked.output = Some(value()?),
                        'w' => asked.write_out = Some(value()?),
                        'L' | 'k' | 'v' | 'N' | 'g' => {}
                        _ => {
                            let text = format!(
                                "curl: option {a}: is unknown\ncurl: try 'curl --help' or 'curl --manual' for more information\n"
                            );
                            return Err((text, 2));
                        }
                    }
                }
            }
            a if a.starts_with('-') && a.len() > 1 => {
                let text = format!(
                    "curl: option {a}: is unknown\ncurl: try 'curl --help' or 'curl --manual' for more information\n"
                );
                return Err((text, 2));
            }
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

/// Runs `curl …` (or `wget`): its exit code.
pub(crate) fn run(
    shell: &mut Shell,
    name: &str,
    args: &[String],
    scope: &mut Scope<'_, '_>,
) -> i32 {
    let asked = match read(name, args) {
        Ok(asked) => asked,
        Err((why, code)) => {
            shell.print_error(&why);
            return code;
        }
    };
    let turn = shell.env.requests;
    shell.env.requests += 1;
    let (code, status, text) = match answer(&asked.url, turn, scope.client) {
        Ok(answer) => {
            let refused = asked.fail && answer.code >= 400;
            let mut text = String::new();
            if asked.head || asked.with_head {
                let word = if answer.code < 400 { "OK" } else { "Error" };
                text.push_str(&format!(
                    "HTTP/1.1 {} {word}\r\nServer: {}\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n",
                    answer.code,
                    answer.server,
                    answer.body.len()
                ));
            }
            if !asked.head && !refused {
                text.push_str(&answer.body);
            }
            if refused && (!asked.silent || asked.show_errors) {
                let why = format!(
                    "curl: (22) The requested URL returned error: {}\n",
                    answer.code
                );
                shell.print_error(&why);
            }
            (answer.code, if refused { 22 } else { 0 }, text)
        }
        Err((status, why)) => {
            if !asked.silent || asked.show_errors {
                shell.print_error(&format!("curl: ({status}) {why}\n"));
            }
            (0, status, String::new())
        }
    };
    match asked.output.as_deref() {
        None => shell.print(&text),
        Some("/dev/null") => {}
        Some(file) => drop(
            shell
                .env
                .written
                .insert(file_name(file).to_owned(), Some(text)),
        ),
    }
    if let Some(format) = &asked.write_out {
        let out = crate::builtins::escaped(format)
            .replace("%{http_code}", &format!("{code:03}"))
            .replace("%{response_code}", &format!("{code:03}"))
            .replace("%{time_total}", "0.001");
        shell.print(&out);
    }
    status
}

fn connection_refused(host: &str, port: i64) -> (i32, String) {
    (
        7,
        format!("Failed to connect to {host} port {port} after 0 ms: Couldn't connect to server"),
    )
}

/// Who answers a request, or curl's number and text.
fn answer(url: &str, turn: u64, client: &Client<'_>) -> Result<Answer, (i32, String)> {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    if !matches!(scheme, "http" | "https") {
        return Err((1, format!("Protocol \"{scheme}\" not supported")));
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
    let path = &rest[authority.len()..];
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) => match port.parse::<u16>() {
            Ok(port) => (host, i64::from(port)),
            Err(_) => {
                return Err((
                    3,
                    "URL rejected: Port number was not a decimal number between 0 and 65535"
                        .to_owned(),
                ));
            }
        },
        None => (authority, if scheme == "https" { 443 } else { 80 }),
    };
    if host.is_empty() {
        return Err((3, "URL rejected: No host part in the URL".to_owned()));
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
            return Err((
                28,
                format!(
                    "Failed to connect to {host} port {port} after 130000 ms: Couldn't connect to server"
                ),
            ));
        };
        let backends = backends(service, wanted, client);
        if backends.is_empty() {
            return Err(connection_refused(host, port));
        }
        // Not in turn: as kube-proxy spreads, but the same in every run.
        let mixed = (turn + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33;
        let (pod, port) = &backends[(mixed % backends.len() as u64) as usize];
        return pod_answer(pod, *port, path, client).map_err(|()| connection_refused(host, *port));
    }
    let pods = client.list(Kind::POD, None);
    if let Some(pod) = pods
        .iter()
        .find(|p| is_ip && p.str_at("status.podIP") == host)
    {
        return pod_answer(pod, port, path, client).map_err(|()| connection_refused(host, port));
    }
    if is_ip || is_node {
        return Err(connection_refused(host, port));
    }
    Err((6, format!("Could not resolve host: {host}")))
}

/// Ready pods behind a port of a Service, with the port that they are asked at.
fn backends(service: &Value, wanted: &Value, client: &Client<'_>) -> Vec<(Value, i64)> {
    let namespace = service.str_at("metadata.namespace");
    let pods = client.list(Kind::POD, Some(namespace));
    let mut out = Vec::new();
    for slice in client.list(Kind("EndpointSlice"), Some(namespace)) {
        let of = slice.get("metadata").and_then(|m| m.get("labels"));
        let of = of
            .and_then(|l| l.get("kubernetes.io/service-name"))
            .and_then(Value::as_str);
        if of != Some(service.str_at("metadata.name")) {
            continue;
        }
        let ports = slice.list_at("ports");
        let port = ports
            .iter()
            .find(|p| p.str_at("name") == wanted.str_at("name"));
        let Some(port) = port.and_then(|p| p.int_at("port")) else {
            continue;
        };
        for endpoint in slice
            .list_at("endpoints")
            .iter()
            .filter(|e| e.bool_at("conditions.ready"))
        {
            let pod = pods
                .iter()
                .find(|p| p.str_at("metadata.name") == endpoint.str_at("targetRef.name"));
            out.extend(pod.map(|p| (p.clone(), port)));
        }
    }
    out.order_by(|a, b| a.0.str_at("metadata.name").cmp(b.0.str_at("metadata.name")));
    out
}

/// What a pod's container says at a port.
fn pod_answer(pod: &Value, port: i64, path: &str, _: &Client<'_>) -> Result<Answer, ()> {
    let containers = pod.list_at("spec.containers");
    let named = containers.iter().find(|c| {
        c.list_at("ports")
            .iter()
            .any(|p| p.int_at("containerPort") == Some(port))
    });
    let container = named.or(containers.first()).ok_or(())?;
    let running = pod
        .list_at("status.containerStatuses")
        .iter()
        .any(|s| s.str_at("name") == container.str_at("name") && s.at("state.running").is_some());
    if !running {
        return Err(());
    }
    let image = container.str_at("image");
    let base = image.rsplit('/').next().unwrap_or(image);
    let (base, tag) = base.split_once(':').unwrap_or((base, "latest"));
    let pod_name = pod.str_at("metadata.name");
    let missing = |server: &'static str| {
        Answer {
        code: 404,
        server,
        body: "<html>\n<head><title>404 Not Found</title></head>\n<body>\n<center><h1>404 Not Found</h1></center>\n</body>\n</html>\n".to_owned(),
    }
    };
    let ok = |server: &'static str, body: String| Answer {
        code: 200,
        server,
        body,
    };
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
