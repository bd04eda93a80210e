//! `kubectl exec`: what a container of an image can answer: its environment, its mounted files, itself.

use crate::Next;
use crate::builder;
use crate::context::Ctx;
use crate::error::{Failure, Res};
use crate::flags::quoted;
use rollout_api::kinds;
use rollout_api::{Kind, Timestamp, Value};

/// A command inside a container: what it prints.
#[derive(Default)]
struct Ran {
    out: String,
    err: String,
    code: i32,
}

struct Inside {
    pod: Value,
    container: Value,
    env: Vec<(String, String)>,
    files: Vec<(String, String)>,
    now: String,
}

/// `exec`.
pub(crate) fn run(ctx: &mut Ctx<'_, '_>) -> Res<Next> {
    let args = ctx.flags.args.clone();
    let words = ctx.flags.dash.map_or(args.len().min(1), |d| d);
    let Some(target) = args.first().filter(|_| words > 0) else {
        return Err(Failure::text(
            "pod, type/name or --filename must be specified",
        ));
    };
    let command: Vec<String> = args[words..].to_vec();
    if command.is_empty() {
        return Err(Failure::text(
            "you must specify at least one command for the container",
        ));
    }
    let namespace = ctx.namespace.clone();
    let pod = if target.contains('/') {
        super::logs::pod_for(ctx, target)?
    } else {
        let pods = kinds::of_kind(Kind::POD).ok_or(Failure::Silent)?;
        builder::get(ctx, pods, &namespace, target)?
    };
    let name = pod.str_at("metadata.name").to_owned();
    ctx.client
        .may("create", Kind::POD, "exec", &namespace, &name)?;
    if matches!(pod.str_at("status.phase"), "Succeeded" | "Failed") {
        return Err(Failure::text(format!(
            "cannot exec into a container in a completed pod; current phase is {}",
            pod.str_at("status.phase")
        )));
    }
    let chosen = ctx.flags.text("container").to_owned();
    let containers = pod.list_at("spec.containers").to_vec();
    if chosen.is_empty() && containers.len() > 1 && !ctx.flags.on("quiet") {
        let names: Vec<&str> = containers.iter().map(|c| c.str_at("name")).collect();
        let inits = pod.list_at("spec.initContainers").iter();
        let inits: String = inits
            .map(|c| format!(", {} (init)", c.str_at("name")))
            .collect();
        let text = format!(
            "Defaulted container \"{}\" out of: {}{inits}",
            names[0],
            names.join(", ")
        );
        ctx.warn(text);
    }
    let found = containers
        .iter()
        .find(|c| chosen.is_empty() || c.str_at("name") == chosen)
        .cloned();
    let Some(container) = found else {
        return Err(Failure::text(format!(
            "container {chosen} is not valid for pod {name}"
        )));
    };
    let statuses = pod.list_at("status.containerStatuses");
    let status = statuses
        .iter()
        .find(|s| s.str_at("name") == container.str_at("name"));
    let running = status.is_some_and(|s| s.at("state.running").is_some());
    if !running && !statuses.is_empty() {
        return Err(Failure::text(format!(
            "Internal error occurred: unable to upgrade connection: container not found ({})",
            quoted(container.str_at("name"))
        )));
    }
    if statuses.is_empty() && pod.str_at("spec.nodeName").is_empty() {
        return Err(Failure::text(format!(
            "pod {name} does not have a host assigned"
        )));
    }
    let inside = Inside::of(ctx, pod, container);
    let ran = inside.run(&command, 0);
    ctx.print(&ran.out);
    ctx.out.stderr.push_str(&ran.err);
    match ran.code {
        0 => Ok(Next::Done),
        -1 => Err(Failure::text(format!(
            "Internal error occurred: error executing command in container: failed to exec in container: failed to start exec: OCI runtime exec failed: exec failed: unable to start container process: exec: {}: executable file not found in $PATH: unknown",
            quoted(&command[0])
        ))),
        code => {
            ctx.warn(format!("command terminated with exit code {code}"));
            Ok(Next::Exit(code))
        }
    }
}

/// As `date` prints it: `Tue Jun 10 12:00:00 UTC 2025`.
fn date(now: Timestamp) -> String {
    let text = now.rfc1123z();
    let parts: Vec<&str> = text.split(' ').collect();
    let [week, day, month, year, time, _] = parts.as_slice() else {
        return text;
    };
    let (week, day) = (week.trim_end_matches(','), day.trim_start_matches('0'));
    format!("{week} {month} {day:>2} {time} UTC {year}\n")
}

impl Inside {
    fn of(ctx: &Ctx<'_, '_>, pod: Value, container: Value) -> Inside {
        let namespace = pod.str_at("metadata.namespace").to_owned();
        let data = |kind: Kind, name: &str| -> Vec<(String, String)> {
            let Ok(object) = ctx.client.get(kind, &namespace, name) else {
                return Vec::new();
            };
            let map = object
                .get("data")
                .and_then(Value::as_map)
                .cloned()
                .unwrap_or_default();
            let decoded = |v: &Value| {
                let text = v.as_str().unwrap_or("");
                if kind == Kind("Secret") {
                    let bytes = rollout_api::base64::decode(text).unwrap_or_default();
                    String::from_utf8_lossy(&bytes).into_owned()
                } else {
                    text.to_owned()
                }
            };
            map.iter()
                .map(|(k, v)| (k.to_string(), decoded(v)))
                .collect()
        };
        let (config, secret) = (Kind("ConfigMap"), Kind("Secret"));
        let mut env = vec![
            (
                "PATH".to_owned(),
                "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned(),
            ),
            (
                "HOSTNAME".to_owned(),
                pod.str_at("metadata.name").to_owned(),
            ),
        ];
        for from in container.list_at("envFrom") {
            let prefix = from.str_at("prefix");
            let mut all = data(config, from.str_at("configMapRef.name"));
            all.extend(data(secret, from.str_at("secretRef.name")));
            env.extend(all.into_iter().map(|(k, v)| (format!("{prefix}{k}"), v)));
        }
        for e in container.list_at("env") {
            let key = |kind, path: &str| {
                let of = data(kind, e.str_at(&format!("valueFrom.{path}.name")));
                let key = e.str_at(&format!("valueFrom.{path}.key")).to_owned();
                of.into_iter().find(|(k, _)| *k == key).map(|(_, v)| v)
            };
            let field = e.str_at("valueFrom.fieldRef.fieldPath");
            let value = if !field.is_empty() {
                Some(pod.str_at(field).to_owned())
            } else {
                key(config, "configMapKeyRef").or_else(|| key(secret, "secretKeyRef"))
            };
            let value = value.unwrap_or_else(|| e.str_at("value").to_owned());
            env.push((e.str_at("name").to_owned(), value));
        }
        if let Ok(api) = ctx.client.get(Kind::SERVICE, "default", "kubernetes") {
            let ip = api.str_at("spec.clusterIP").to_owned();
            env.push(("KUBERNETES_SERVICE_HOST".to_owned(), ip));
            env.push(("KUBERNETES_SERVICE_PORT".to_owned(), "443".to_owned()));
        }
        let ip = pod.str_at("status.podIP");
        let host = pod.str_at("metadata.name");
        let mut files = vec![
            ("/etc/hostname".to_owned(), format!("{host}\n")),
            (
                "/etc/hosts".to_owned(),
                format!("# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n{ip}\t{host}\n"),
            ),
            (
                "/etc/resolv.conf".to_owned(),
                format!(
                    "search {namespace}.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n"
                ),
            ),
            (
                "/var/run/secrets/kubernetes.io/serviceaccount/namespace".to_owned(),
                namespace.clone(),
            ),
        ];
        for mount in container.list_at("volumeMounts") {
            let volumes = pod.list_at("spec.volumes").iter();
            let Some(volume) = volumes
                .clone()
                .find(|v| v.str_at("name") == mount.str_at("name"))
            else {
                continue;
            };
            let mut all = data(config, volume.str_at("configMap.name"));
            all.extend(data(secret, volume.str_at("secret.secretName")));
            let path = mount.str_at("mountPath").trim_end_matches('/');
            let part = mount.str_at("subPath");
            for (key, text) in all {
                if part.is_empty() {
                    files.push((format!("{path}/{key}"), text));
                } else if part == key {
                    files.push((path.to_owned(), text));
                }
            }
        }
        Inside {
            pod,
            container,
            env,
            files,
            now: date(ctx.now()),
        }
    }

    fn image(&self) -> (&str, &str) {
        let image = self.container.str_at("image");
        let last = image.rsplit('/').next().unwrap_or(image);
        last.split_once(':').unwrap_or((last, "latest"))
    }

    fn run(&self, words: &[String], depth: usize) -> Ran {
        let say = |out: String| Ran {
            out,
            ..Ran::default()
        };
        let fail = |err: String, code: i32| Ran {
            err,
            code,
            ..Ran::default()
        };
        let name = words[0].rsplit('/').next().unwrap_or("");
        let rest = &words[1..];
        let plain: Vec<&String> = rest.iter().filter(|a| !a.starts_with('-')).collect();
        match name {
            "hostname" => say(format!("{}\n", self.pod.str_at("metadata.name"))),
            "env" | "printenv" if plain.is_empty() => {
                say(self.env.iter().map(|(k, v)| format!("{k}={v}\n")).collect())
            }
            "printenv" => match self.env.iter().rev().find(|(k, _)| k == plain[0]) {
                Some((_, v)) => say(format!("{v}\n")),
                None => fail(String::new(), 1),
            },
            "true" => Ran::default(),
            "false" => fail(String::new(), 1),
            "echo" => say(format!("{}\n", rest.join(" "))),
            "whoami" => say("root\n".to_owned()),
            "id" => say("uid=0(root) gid=0(root) groups=0(root)\n".to_owned()),
            "pwd" => say("/\n".to_owned()),
            "date" => say(self.now.clone()),
            "sleep" => Ran::default(),
            "ps" => say(format!("PID   USER     TIME  COMMAND\n    1 root      0:00 {}\n", self.image().0)),
            "uname" => say("Linux\n".to_owned()),
            "cat" => {
                let mut ran = Ran::default();
                for path in plain {
                    match self.files.iter().find(|(f, _)| f == path) {
                        Some((_, text)) => ran.out.push_str(text),
                        None => {
                            ran.err.push_str(&format!("cat: {path}: No such file or directory\n"));
                            ran.code = 1;
                        }
                    }
                }
                ran
            }
            "ls" => self.list(plain.first().map_or("/", |p| p.as_str())),
            "nginx" if self.image().0.contains("nginx") && rest.iter().any(|a| a == "-v") => {
                let version = self.image().1.split('-').next().unwrap_or("");
                let version = if version.starts_with(|c: char| c.is_ascii_digit()) { version } else { "1.27.5" };
                fail(format!("nginx version: nginx/{version}\n"), 0)
            }
            "nginx" if self.image().0.contains("nginx") && rest.iter().any(|a| a == "-t") => fail(
                "nginx: the configuration file /etc/nginx/nginx.conf syntax is ok\nnginx: configuration file /etc/nginx/nginx.conf test is successful\n".to_owned(),
                0,
            ),
            "httpd" | "apachectl" if self.image().0.contains("httpd") => {
                say("Server version: Apache/2.4.63 (Unix)\n".to_owned())
            }
            "curl" | "wget" => self.ask(name, &plain),
            "sh" | "bash" | "ash" => match rest.iter().position(|a| a.ends_with('c') && a.starts_with('-')) {
                Some(at) if at + 1 < rest.len() && depth < 3 => self.script(&rest[at + 1], depth),
                _ => fail(
                    "there is no terminal inside containers here: put the command behind --, like -- sh -c 'env | grep HOST'\n".to_owned(),
                    1,
                ),
            },
            _ => Ran { code: -1, ..Ran::default() },
        }
    }

    /// `sh -c`: simple commands behind each other, with variables.
    fn script(&self, text: &str, depth: usize) -> Ran {
        let mut all = Ran::default();
        for (i, part) in text
            .split([';', '\n'])
            .flat_map(|p| p.split("&&"))
            .enumerate()
        {
            let mut words: Vec<String> = Vec::new();
            for word in part.split_whitespace() {
                let word = word.trim_matches(['"', '\'']);
                let value = word.strip_prefix('$').map(|n| n.trim_matches(['{', '}']));
                let value = value.and_then(|n| self.env.iter().rev().find(|(k, _)| k == n));
                words.push(value.map_or_else(|| word.to_owned(), |(_, v)| v.clone()));
            }
            let Some(first) = words.first() else { continue };
            if i > 200 {
                break;
            }
            if first == "exit" {
                all.code = words.get(1).and_then(|n| n.parse().ok()).unwrap_or(0);
                return all;
            }
            let ran = self.run(&words, depth + 1);
            all.out.push_str(&ran.out);
            all.err.push_str(&ran.err);
            all.code = ran.code;
            if ran.code == -1 {
                all.err.push_str(&format!("sh: 1: {first}: not found\n"));
                all.code = 127;
            }
        }
        all
    }

    fn list(&self, path: &str) -> Ran {
        const ROOT: &str = "bin\nboot\ndev\netc\nhome\nlib\nmedia\nmnt\nopt\nproc\nroot\nrun\nsbin\nsrv\nsys\ntmp\nusr\nvar\n";
        let folder = format!("{}/", path.trim_end_matches('/'));
        let mut names: Vec<&str> = Vec::new();
        for (file, _) in &self.files {
            if file == path {
                return Ran {
                    out: format!("{path}\n"),
                    ..Ran::default()
                };
            }
            let inner = file.strip_prefix(&folder).and_then(|r| r.split('/').next());
            if let Some(inner) = inner.filter(|n| !names.contains(n)) {
                names.push(inner);
            }
        }
        if folder == "/" {
            return Ran {
                out: ROOT.to_owned(),
                ..Ran::default()
            };
        }
        if names.is_empty() {
            let known = ROOT.lines().any(|d| folder == format!("/{d}/"));
            return match known {
                true => Ran::default(),
                false => Ran {
                    err: format!("ls: cannot access '{path}': No such file or directory\n"),
                    code: 2,
                    ..Ran::default()
                },
            };
        }
        rollout_api::Order::order(&mut names[..]);
        Ran {
            out: names.iter().map(|n| format!("{n}\n")).collect(),
            ..Ran::default()
        }
    }

    fn ask(&self, name: &str, plain: &[&String]) -> Ran {
        let url = plain
            .iter()
            .map(|u| u.as_str())
            .find(|u| *u != "-")
            .unwrap_or("");
        let host = url
            .trim_start_matches("http://")
            .split(['/', ':'])
            .next()
            .unwrap_or("");
        if !matches!(host, "localhost" | "127.0.0.1") {
            return Ran {
                err: format!(
                    "{name}: from inside a container only localhost answers here; curl at the prompt asks Services\n"
                ),
                code: 6,
                ..Ran::default()
            };
        }
        let body = match self.image().0 {
            i if i.contains("nginx") => "<!DOCTYPE html>\n<html>\n<head>\n<title>Welcome to nginx!</title>\n</head>\n<body>\n<h1>Welcome to nginx!</h1>\n</body>\n</html>\n".to_owned(),
            i if i.contains("httpd") => "<html><body><h1>It works!</h1></body></html>\n".to_owned(),
            _ => format!("Hello from {} ({})\n", self.pod.str_at("metadata.name"), self.container.str_at("image")),
        };
        Ran {
            out: body,
            ..Ran::default()
        }
    }
}
