//! `kubectl exec`: what a container of an image can answer: its environment, its mounted files, itself.

use crate::Next;
use crate::builder;
use crate::context::Ctx;
use crate::error::{Failure, Res};
use crate::flags::quoted;
use rollout_api::kinds;
use rollout_api::{Kind, Order, Str, Timestamp, Value};
use rollout_engine::Client;
use rollout_engine::files::{FileChange, FileError, Look};

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
    if ctx.flags.dash.is_none() && args.len() > 1 {
        return Err(ctx.usage(
            "exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead",
        ));
    }
    let command: Vec<String> = args[words..].to_vec();
    if command.is_empty() {
        return Err(Failure::text(
            "you must specify at least one command for the container",
        ));
    }
    let namespace = ctx.namespace.clone();
    let pod = if target.contains('/') {
        // Unlike logs, it does not tell which pod it takes.
        let said = ctx.out.stderr.len();
        let pod = pod_of(ctx, target)?;
        ctx.out.stderr.truncate(said);
        pod
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
        return Err(rollout_api::status_error::ApiError::bad_request(format!(
            "container {chosen} is not valid for pod {name}"
        ))
        .into());
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
    let ran = inside.run(ctx.client, &command, 0);
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

/// The pod behind `TYPE/NAME`; a missing object is the server's own refusal.
pub(crate) fn pod_of(ctx: &mut Ctx<'_, '_>, target: &str) -> Res<Value> {
    if let Some((kind, name)) = target.split_once('/') {
        if name.contains('/') {
            return Err(Failure::text(
                "arguments in resource/name form may not have more than one slash",
            ));
        }
        let resource = builder::resource_of(kind, ctx.minor())?;
        let namespace = ctx.namespace_for(resource);
        builder::get(ctx, resource, &namespace, name)?;
    }
    super::logs::pod_for(ctx, target)
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
        let name = pod.str_at("metadata.name");
        let own = ctx.client.world();
        let own = own.environment(&namespace, name, container.str_at("name"));
        env.extend(own.iter().map(|(k, v)| (k.to_string(), v.to_string())));
        if let Ok(api) = ctx.client.get(Kind::SERVICE, "default", "kubernetes") {
            let ip = api.str_at("spec.clusterIP").to_owned();
            env.push(("KUBERNETES_SERVICE_HOST".to_owned(), ip));
            env.push(("KUBERNETES_SERVICE_PORT".to_owned(), "443".to_owned()));
        }
        let ip = pod.str_at("status.podIP");
        let host = pod.str_at("metadata.name");
        let files = vec![
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

    fn run(&self, client: &mut Client<'_>, words: &[String], depth: usize) -> Ran {
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
                    let why = match self.look(client, path) {
                        Look::File(text) => {
                            ran.out.push_str(&text);
                            continue;
                        }
                        Look::Directory(_) => FileError::IsDirectory,
                        Look::Nothing => FileError::NotFound,
                    };
                    ran.err.push_str(&format!("cat: {path}: {}\n", why.text()));
                    ran.code = 1;
                }
                ran
            }
            "touch" | "rm" => {
                let mut ran = Ran::default();
                for path in plain {
                    let found = self.look(client, path);
                    let change = match (name, &found) {
                        ("touch", Look::File(_) | Look::Directory(_)) => continue,
                        ("touch", Look::Nothing) => FileChange::Write(""),
                        _ => FileChange::Remove,
                    };
                    if let Err(why) = self.change(client, path, change) {
                        let text = match name {
                            "touch" => format!("touch: {path}: {}\n", why.text()),
                            _ if why == FileError::NotFound && rest.iter().any(|a| a.starts_with('-') && a.contains('f')) => continue,
                            _ => format!("rm: can't remove '{path}': {}\n", why.text()),
                        };
                        ran.err.push_str(&text);
                        ran.code = 1;
                    }
                }
                ran
            }
            "test" | "[" => {
                let there = match plain.first().map(|p| self.look(client, p)) {
                    Some(Look::File(_)) => !rest.iter().any(|a| a == "-d"),
                    Some(Look::Directory(_)) => !rest.iter().any(|a| a == "-f"),
                    Some(Look::Nothing) | None => false,
                };
                fail(String::new(), i32::from(!there))
            }
            "ls" => self.list(client, plain.first().map_or("/", |p| p.as_str())),
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
                Some(at) if at + 1 < rest.len() && depth < 3 => self.script(client, &rest[at + 1], depth),
                _ => fail(
                    "there is no terminal inside containers here: put the command behind --, like -- sh -c 'env | grep HOST'\n".to_owned(),
                    1,
                ),
            },
            _ => Ran { code: -1, ..Ran::default() },
        }
    }

    /// What stands at a path: the files that every container has, then volumes and what was written.
    fn look(&self, client: &Client<'_>, path: &str) -> Look {
        if let Some((_, text)) = self.files.iter().find(|(f, _)| f == path) {
            return Look::File(text.as_str().to_owned().into());
        }
        let (namespace, pod) = self.pod_name();
        let container = self.container.str_at("name");
        let found = client.world().look_at(namespace, pod, container, path);
        let folder = format!("{}/", path.trim_end_matches('/'));
        let mut names: Vec<Str> = Vec::new();
        for (file, _) in &self.files {
            let inner = file.strip_prefix(&folder).and_then(|r| r.split('/').next());
            names.extend(inner.map(Str::copy));
        }
        match found.unwrap_or(Look::Nothing) {
            Look::Nothing if names.is_empty() => Look::Nothing,
            Look::File(text) => Look::File(text),
            Look::Nothing => Look::Directory(names),
            Look::Directory(more) => {
                names.extend(more);
                names.order();
                names.dedup();
                Look::Directory(names)
            }
        }
    }

    fn pod_name(&self) -> (&str, &str) {
        let namespace = self.pod.str_at("metadata.namespace");
        (namespace, self.pod.str_at("metadata.name"))
    }

    fn change(
        &self,
        client: &mut Client<'_>,
        path: &str,
        change: FileChange<'_>,
    ) -> Result<(), FileError> {
        let (namespace, pod) = self.pod_name();
        let container = self.container.str_at("name");
        let world = client.world_mut();
        world.change_file(namespace, pod, container, path, change)
    }

    /// `sh -c`: simple commands behind each other, with variables and with output into a file.
    fn script(&self, client: &mut Client<'_>, text: &str, depth: usize) -> Ran {
        let mut all = Ran::default();
        let parts = text
            .split([';', '\n'])
            .flat_map(|p| p.split("&&").enumerate());
        for (i, (and, part)) in parts.enumerate() {
            if i > 200 {
                break;
            }
            if and > 0 && all.code != 0 {
                continue;
            }
            let (part, file) = redirected(part);
            let mut words: Vec<String> = Vec::new();
            for word in part.split_whitespace() {
                let word = word.trim_matches(['"', '\'']);
                let value = word.strip_prefix('$').map(|n| n.trim_matches(['{', '}']));
                let value = value.and_then(|n| self.env.iter().rev().find(|(k, _)| k == n));
                words.push(value.map_or_else(|| word.to_owned(), |(_, v)| v.clone()));
            }
            let mut ran = match words.first() {
                None if file.is_none() => continue,
                None => Ran::default(),
                Some(first) if first == "exit" => {
                    all.code = words.get(1).and_then(|n| n.parse().ok()).unwrap_or(0);
                    return all;
                }
                Some(_) => self.run(client, &words, depth + 1),
            };
            if let Some((file, more)) = file {
                let change = if more {
                    FileChange::Append(&ran.out)
                } else {
                    FileChange::Write(&ran.out)
                };
                match self.change(client, file, change) {
                    Ok(()) => ran.out.clear(),
                    Err(why) => {
                        let why = why.text();
                        all.err
                            .push_str(&format!("sh: 1: cannot create {file}: {why}\n"));
                        all.code = 2;
                        continue;
                    }
                }
            }
            all.out.push_str(&ran.out);
            all.err.push_str(&ran.err);
            all.code = ran.code;
            if ran.code == -1 {
                all.err
                    .push_str(&format!("sh: 1: {}: not found\n", words[0]));
                all.code = 127;
            }
        }
        all
    }

    fn list(&self, client: &Client<'_>, path: &str) -> Ran {
        match self.look(client, path) {
            Look::File(_) => Ran {
                out: format!("{path}\n"),
                ..Ran::default()
            },
            Look::Directory(names) => Ran {
                out: names.iter().map(|n| format!("{n}\n")).collect(),
                ..Ran::default()
            },
            Look::Nothing => Ran {
                err: format!("ls: cannot access '{path}': No such file or directory\n"),
                code: 2,
                ..Ran::default()
            },
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

/// A command and the file into which its output goes; whether it is added there.
fn redirected(part: &str) -> (&str, Option<(&str, bool)>) {
    let Some((command, file)) = part.split_once('>') else {
        return (part, None);
    };
    // `2>file` is not what the command prints.
    let more = file.starts_with('>');
    let file = file
        .trim_start_matches('>')
        .trim()
        .trim_matches(['"', '\'']);
    match file.split_whitespace().next() {
        Some(_) if command.ends_with(['2', '&']) => (command.trim_end_matches(['2', '&']), None),
        Some("/dev/null") => (command, None),
        Some(file) => (command, Some((file, more))),
        None => (command, None),
    }
}
