//! Flags of a command line, read as kubectl reads them (pflag), and the dictionary of all flags.

use crate::error::Failure;
use rollout_api::Order;
use rollout_api::SortedMap;
use std::sync::OnceLock;

/// What a flag takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Takes {
    /// Nothing, `true` or `false`.
    Bool,
    /// A text.
    Text,
    /// Texts, each occurrence split at commas.
    Slice,
    /// Texts, one per occurrence.
    Array,
    /// A whole number of 32 or 64 bits.
    Int,
    /// A duration like `5s`.
    Duration,
}

/// One flag of one command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Flag {
    /// Long name.
    pub name: &'static str,
    /// Short name, or none.
    pub short: Option<char>,
    /// What it takes.
    pub takes: Takes,
    /// The default as help shows it: `''`, `[]`, `false`, `30s`.
    pub default: &'static str,
    /// The value of the flag without a value.
    pub bare: Option<&'static str>,
    /// One line for the help text.
    pub help: &'static str,
}

/// All flags: `[short:]name|type|default|value when bare|help`. Commands name them, with another default or short name where needed.
const DICTIONARY: &str = "\
A:all-namespaces|b|false||Look in all namespaces.
all|b|false||Take all resources of the kind.
all-containers|b|false||All containers of the pod.
all-pods|b|false||All pods of the workload.
allow-missing-template-keys|b|true||Missing fields of a template are no error.
annotations|a|[]||Annotations of the pod.
api-group|s|''||Only this API group.
api-version|s|''||Describe this version.
attach|b|false||Attach to the pod once it runs.
cached|b|false||Use a cached list.
cascade|s|'background'|background|What happens to dependents: background, orphan or foreground.
categories|l|[]||Only resources of these categories.
chunk-size|i|500||Objects per request.
client|b|false||Only the client's version.
cluster-ip|s|''||Address of the service, None for a headless one.
clusterip|s|''||Address of the service, None for a headless one.
command|b|false||The arguments are the command, not its arguments.
concurrency|i|1||Objects compared at once.
c:container|s|''||Name of the container.
c:containers|s|'*'||Containers to change; wildcards allowed.
context|s|''||Name of the context.
containers|b|false||Show containers.
cpu|s|||CPU utilisation to aim at.
cpu-percent|i|-1||CPU utilisation to aim at, in percent of the request.
current|b|false||The current context.
current-replicas|i|-1||Scale only if this is the present size.
delete-emptydir-data|b|false||Go on although pods have local data.
disable-eviction|b|false||Delete pods instead of evicting them.
dry-run|s|'none'|unchanged|none, server or client: show what would be done.
edit|b|false||Edit before creating.
env|a|[]||Environment variables of the container.
expose|b|false||Create a service for the port too.
external-ip|s|''||Additional address of the service.
external-name|s|''||Name the service stands for.
field-manager|s|'kubectl'||Name of the owner of the fields.
field-selector|s|''||Selector on fields.
f:filename|l|[]||Files that name the resources.
flatten|b|false||One file without references.
f:follow|b|false||Go on printing as lines come.
for|s|''||What to wait for.
force|b|false||Act without waiting.
force-conflicts|b|false||Take fields from other owners.
from|s|''||Take variables from this resource.
from-env-file|l|[]||File of KEY=VALUE lines.
from-file|l|[]||File that becomes a key.
from-literal|a|[]||key=value.
grace-period|i|-1||Seconds for an orderly end; negative: as the object says.
hard|s|''||Limits of the quota.
hostport|i|-1||Port of the node.
ignore-daemonsets|b|false||Leave pods of DaemonSets.
ignore-errors|b|false||Go on after an error.
ignore-not-found|b|false||A missing resource is no error.
image|l|[]||Image of the container.
image-pull-policy|s|''||When the image is pulled.
insecure-skip-tls-verify-backend|b|false||
i:interactive|b|false||Ask before deleting.
keys|l|[]||Keys to take.
k:kustomize|s|''||Directory with a kustomization.
l:labels|s|''||Labels of the object.
L:label-columns|l|[]||Labels shown as columns.
leave-stdin-open|b|false||
limit-bytes|i|0||At most so many bytes.
limits|s|''||Upper limits, like cpu=200m,memory=512Mi.
list|b|false||List instead of changing.
load-balancer-ip|s|''||Address of the load balancer.
local|b|false||Work on the files only, ask no server.
max|i|-1||Most replicas.
max-log-requests|i|5||Logs read at once.
max-unavailable|s|''||How many pods may be missing.
memory|s|||Memory utilisation to aim at.
merge|b|true||Merge the configuration files.
min|i|-1||Fewest replicas.
min-available|s|''||How many pods must stay.
minify|b|false||Only the current context.
name|s|''||Name of the new object.
namespaced|b|true||Namespaced resources, or those of the cluster.
no-headers|b|false||Leave out the header.
node-port|i|0||Port of the nodes.
now|b|false||Grace period of one second.
openapi-patch|b|true||Use the server's schema for the patch.
o:output|s|''||Output format.
output-patch|b|false||Show the patch.
output-watch-events|b|false||Show the kind of each change.
override-type|s|'merge'||
overrides|s|''||JSON that overrides the generated object.
overwrite|b|true||Existing values may change.
p:patch|s|''||The patch.
patch-file|s|''||File with the patch.
pod-running-timeout|u|20s||How long to wait for a running pod.
pod-selector|s|''||Only these pods.
port|s|''||Port.
create-annotation|b|false||Create the annotation if it is missing.
prefix|b|false||Each line with its pod and container.
p:previous|b|false||The run before the present one.
privileged|b|false||Run with all privileges.
protocol|s|''||Protocol of the port.
prune|b|false||Delete what the files do not name any more.
prune-allowlist|a|[]||Kinds to prune.
q:quiet|b|false||No messages.
raw|s|''||Path of a raw request.
record|b|false||Keep the command line in the annotation kubernetes.io/change-cause.
R:recursive|b|false||Directories with their subdirectories.
replicas|i|0||Number of pods.
requests|s|''||Requests, like cpu=100m,memory=256Mi.
resolve|b|false||Show the values behind references.
resource-version|s|''||Only if this is the present version.
restart|s|'Always'||Restart policy: Always, OnFailure or Never.
revision|i|0||The revision.
rm|b|false||Delete the pod afterwards.
save-config|b|false||Keep the configuration as annotation for apply.
l:selector|s|''||Selector on labels.
server-print|b|true||Let the server make the table.
server-side|b|false||Let the server merge.
session-affinity|s|''||None or ClientIP.
show-capacity|b|false||
show-events|b|true||Show events too.
show-kind|b|false||Show kinds.
show-labels|b|false||Show labels as the last column.
show-managed-fields|b|false||Keep managedFields.
since|u|0s||Only lines younger than this.
since-time|s|''||Only lines after this time.
skip-wait-for-delete-timeout|i|0||
sort-by|s|''||Order by this field.
i:stdin|b|false||Keep stdin open.
subresource|s|''||Work on this subresource.
sum|b|false||
tail|i|-1||So many of the last lines.
target-port|s|''||Port of the containers.
tcp|l|[]||Port pairs, PORT:TARGETPORT.
template|s|''||Template, or its file.
timeout|u|0s||How long to wait.
timestamps|b|false||Each line with its time.
to-revision|i|0||The revision to go back to.
t:tty|b|false||Give the container a terminal.
type|s|''||Type.
name-only|b|false||Names without their folders.
types|l|[]||Types of events.
use-protocol-buffers|b|true||
validate|s|'strict'|strict|strict (true), warn or ignore (false).
verbs|l|[]||Only resources with these verbs.
wait|b|true||Wait until it is gone.
w:watch|b|false||Go on printing as changes come.
watch-only|b|false||Only changes, no list first.
windows-line-endings|b|false||Use CRLF in the editor.
aggregation-rule|s|||Labels of the cluster roles to put together.
audience|l|[]||Who the token is for.
bound-object-kind|s|''||Kind of the object the token lives with.
bound-object-name|s|''||Name of the object the token lives with.
bound-object-uid|s|''||UID of the object the token lives with.
cert|s|''||File with the certificate.
clusterrole|s|''||The cluster role.
default-backend|s|''||SERVICE:PORT for everything else.
description|s|''||What the class is for.
docker-email|s|''||Mail address at the registry.
docker-password|s|''||Password at the registry.
docker-server|s|''||Address of the registry.
docker-username|s|''||Name at the registry.
duration|u|0s||How long the token is good.
global-default|b|false||Pods without a class get this one.
group|a|[]||Groups that are bound.
key|s|''||File with the key.
non-resource-url|l|[]||Paths that are no resources.
preemption-policy|s|''||May pods of less importance be removed?
resource|l|[]||Resources of the rule.
resource-name|a|[]||Names the rule is limited to.
role|s|''||The role.
rule|a|[]||host/path=service:port.
schedule|s|''||When it runs, in the form of cron.
scopes|s|''||Scopes of the quota.
serviceaccount|a|[]||Service accounts that are bound.
value|i|0||The importance.
verb|l|[]||What may be done.
annotation|a|[]||
class|s|''||
append-hash|b|false||Append a hash of the content to the name.
as|s|''||Act as this user.
as-group|a|[]||Act as these groups.
as-uid|s|''||Act as this UID.
as-user-extra|a|[]||Extra attributes of the user.
cache-dir|s|'/home/user/.kube/cache'||Directory of the cache.
certificate-authority|s|''||File of the authority's certificate.
client-certificate|s|''||File of the client's certificate.
client-key|s|''||File of the client's key.
cluster|s|''||Name of the cluster.
disable-compression|b|false||Answers are not compressed.
insecure-skip-tls-verify|b|false||The server's certificate is not checked.
kubeconfig|s|''||File of the configuration.
kuberc|s|''||File of preferences.
log-flush-frequency|u|5s||How often logs are flushed.
match-server-version|b|false||Client and server must have the same version.
n:namespace|s|''||The namespace of the request.
password|s|''||Password.
profile|s|'none'||Profile to record.
profile-output|s|'profile.pprof'||File of the profile.
request-timeout|s|'0'||How long one request may take.
s:server|s|''||Address of the server.
tls-server-name|s|''||Name in the server's certificate.
token|s|''||Bearer token.
user|s|''||Name of the user.
username|s|''||User name.
v:v|i|0||Level of detail of logs.
vmodule|s|||Levels by file.
warnings-as-errors|b|false||Warnings end with an error.
h:help|b|false||Help for the command.
";

/// Flags that every command takes, for 1.32; see `kubectl options`.
pub const GLOBAL: &str = "as as-group as-uid cache-dir certificate-authority client-certificate client-key cluster context disable-compression \
    insecure-skip-tls-verify kubeconfig log-flush-frequency match-server-version namespace password profile profile-output request-timeout \
    server tls-server-name token user username v vmodule warnings-as-errors";

/// One flag by its entry in a command's list: `name`, `name=default`, `p:name` (short name), `-:name` (none), and a
/// mark behind the name where it takes something else than usual: `+` number, `*` list, `^` array, `~` text, `!` nothing.
pub fn flag(entry: &'static str) -> Option<Flag> {
    let (name, default) = match entry.split_once('=') {
        Some((n, d)) => (n, Some(d)),
        None => (entry, None),
    };
    let (short, name) = match name.split_once(':') {
        Some((s, n)) => (Some(s), n),
        None => (None, name),
    };
    let (name, takes) = match name.strip_suffix('+') {
        Some(n) => (n, Some(Takes::Int)),
        None => match name.strip_suffix('*') {
            Some(n) => (n, Some(Takes::Slice)),
            None => match (name.strip_suffix('~'), name.strip_suffix('!')) {
                (Some(n), _) => (n, Some(Takes::Text)),
                (_, Some(n)) => (n, Some(Takes::Bool)),
                _ => match name.strip_suffix('^') {
                    Some(n) => (n, Some(Takes::Array)),
                    None => (name, None),
                },
            },
        },
    };
    let own = dictionary().iter().find(|f| f.name == name)?;
    let takes = takes.unwrap_or(own.takes);
    Some(Flag {
        short: match short {
            Some(s) => s.chars().next().filter(|c| *c != '-'),
            None => own.short,
        },
        takes,
        default: default.unwrap_or(own.default),
        bare: match (takes, own.takes) {
            (Takes::Bool, _) => Some("true"),
            (_, Takes::Bool) => None,
            _ => own.bare,
        },
        ..own.clone()
    })
}

/// The dictionary, read at first use.
fn dictionary() -> &'static [Flag] {
    static READ: OnceLock<Vec<Flag>> = OnceLock::new();
    READ.get_or_init(|| {
        let row = |line: &'static str| {
            let mut parts = line.split('|');
            let head = parts.next()?;
            let (short, name) = head.split_once(':').unwrap_or(("", head));
            let takes = match parts.next()? {
                "b" => Takes::Bool,
                "l" => Takes::Slice,
                "a" => Takes::Array,
                "i" => Takes::Int,
                "u" => Takes::Duration,
                _ => Takes::Text,
            };
            Some(Flag {
                name,
                short: short.chars().next(),
                takes,
                default: parts.next()?,
                bare: parts.next().filter(|b| !b.is_empty()),
                help: parts.next().unwrap_or(""),
            })
        };
        DICTIONARY.lines().filter_map(row).collect()
    })
}

/// The flags a list of names stands for, by name. `$print` and `$file` are the groups most commands have.
pub fn flags_of(list: &'static str) -> Vec<Flag> {
    let mut all: Vec<Flag> = Vec::new();
    for word in list.split_whitespace() {
        match word {
            "$print" => all.extend(
                "allow-missing-template-keys output show-managed-fields template"
                    .split(' ')
                    .filter_map(flag),
            ),
            "$file" => all.extend("filename kustomize recursive".split(' ').filter_map(flag)),
            word => all.extend(flag(word)),
        }
    }
    all.order_by(|a, b| a.name.cmp(b.name));
    all
}

/// A read command line.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    values: SortedMap<&'static str, Vec<String>>,
    /// Arguments that are no flags.
    pub args: Vec<String>,
    /// How many arguments stood before `--`, if it was there.
    pub dash: Option<usize>,
}

impl Parsed {
    /// Was the flag on the line?
    pub fn changed(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }
    /// The last text given.
    pub fn text(&self, name: &str) -> &str {
        self.values
            .get(name)
            .and_then(|v| v.last())
            .map_or("", String::as_str)
    }
    /// The last text given, or this.
    pub fn text_or<'a>(&'a self, name: &str, default: &'a str) -> &'a str {
        if self.changed(name) {
            self.text(name)
        } else {
            default
        }
    }
    /// All texts given.
    pub fn texts(&self, name: &str) -> &[String] {
        self.values.get(name).map_or(&[], Vec::as_slice)
    }
    /// A flag without value, false by default.
    pub fn on(&self, name: &str) -> bool {
        self.on_or(name, false)
    }
    /// A flag without value.
    pub fn on_or(&self, name: &str, default: bool) -> bool {
        match self.values.get(name).and_then(|v| v.last()) {
            Some(v) => parse_bool(v).unwrap_or(default),
            None => default,
        }
    }
    /// A number.
    pub fn int_or(&self, name: &str, default: i64) -> i64 {
        self.values
            .get(name)
            .and_then(|v| v.last())
            .and_then(|v| parse_int(v).ok())
            .unwrap_or(default)
    }
    /// A duration in milliseconds.
    pub fn millis(&self, name: &str) -> Option<i64> {
        self.values
            .get(name)
            .and_then(|v| v.last())
            .and_then(|v| crate::duration::parse(v))
    }
}

/// Go's `strconv.ParseBool`.
pub fn parse_bool(v: &str) -> Option<bool> {
    match v {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

/// Go's `strconv.ParseInt(v, 0, 64)`; the error is its reason.
pub fn parse_int(v: &str) -> Result<i64, &'static str> {
    let (negative, digits) = match v.as_bytes().first() {
        Some(b'-') => (true, &v[1..]),
        Some(b'+') => (false, &v[1..]),
        _ => (false, v),
    };
    let lower = digits.to_ascii_lowercase();
    let (radix, body) = if let Some(b) = lower.strip_prefix("0x") {
        (16, b)
    } else if let Some(b) = lower.strip_prefix("0b") {
        (2, b)
    } else if let Some(b) = lower.strip_prefix("0o") {
        (8, b)
    } else if lower.len() > 1 && lower.starts_with('0') {
        (8, &lower[1..])
    } else {
        (10, lower.as_str())
    };
    if body.is_empty() || !body.chars().all(|c| c.is_digit(radix)) {
        return Err("invalid syntax");
    }
    let value = i128::from_str_radix(body, radix).map_err(|_| "value out of range")?;
    let value = if negative { -value } else { value };
    i64::try_from(value).map_err(|_| "value out of range")
}

/// Reads the arguments after a command's name.
pub fn parse(args: &[String], known: &[Flag], command: &str) -> Result<Parsed, Failure> {
    let usage = |text: String| Failure::text(format!("{text}\nSee '{command} --help' for usage."));
    let mut p = Parsed::default();
    let mut i = 0;
    while i < args.len() {
        let arg = &args[i];
        i += 1;
        if arg == "--" {
            p.dash = Some(p.args.len());
            p.args.extend(args[i..].iter().cloned());
            break;
        }
        if let Some(long) = arg.strip_prefix("--") {
            let (name, value) = match long.split_once('=') {
                Some((n, v)) => (n, Some(v.to_owned())),
                None => (long, None),
            };
            if name.is_empty() || name.starts_with('-') {
                return Err(usage(format!("bad flag syntax: {arg}")));
            }
            let Some(flag) = known.iter().find(|f| f.name == name) else {
                return Err(usage(format!("unknown flag: --{name}")));
            };
            let value = match (value, flag.bare) {
                (Some(v), _) => v,
                (None, Some(bare)) => bare.to_owned(),
                (None, None) => {
                    let Some(next) = args.get(i) else {
                        return Err(usage(format!("flag needs an argument: {arg}")));
                    };
                    i += 1;
                    next.clone()
                }
            };
            p.put(flag, value).map_err(usage)?;
        } else if arg.len() > 1 && arg.starts_with('-') {
            let cluster = &arg[1..];
            for (at, c) in cluster.char_indices() {
                let Some(flag) = known.iter().find(|f| f.short == Some(c)) else {
                    return Err(usage(format!(
                        "unknown shorthand flag: '{c}' in -{}",
                        &cluster[at..]
                    )));
                };
                let rest = &cluster[at + c.len_utf8()..];
                let value = if let Some(v) = rest.strip_prefix('=') {
                    v.to_owned()
                } else if let Some(bare) = flag.bare {
                    p.put(flag, bare.to_owned()).map_err(usage)?;
                    continue;
                } else if !rest.is_empty() {
                    rest.to_owned()
                } else {
                    let Some(next) = args.get(i) else {
                        return Err(usage(format!(
                            "flag needs an argument: '{c}' in -{}",
                            &cluster[at..]
                        )));
                    };
                    i += 1;
                    next.clone()
                };
                p.put(flag, value).map_err(usage)?;
                break;
            }
        } else {
            p.args.push(arg.clone());
        }
    }
    Ok(p)
}

impl Parsed {
    fn put(&mut self, flag: &Flag, value: String) -> Result<(), String> {
        let reason = match flag.takes {
            Takes::Bool if parse_bool(&value).is_none() => Some(format!(
                "strconv.ParseBool: parsing {}: invalid syntax",
                quoted(&value)
            )),
            Takes::Int => parse_int(&value)
                .err()
                .map(|e| format!("strconv.ParseInt: parsing {}: {e}", quoted(&value))),
            Takes::Duration if crate::duration::parse(&value).is_none() => {
                Some(crate::duration::parse_error(&value))
            }
            _ => None,
        };
        if let Some(reason) = reason {
            let name = match flag.short {
                Some(c) => format!("-{c}, --{}", flag.name),
                None => format!("--{}", flag.name),
            };
            return Err(format!(
                "invalid argument {} for \"{name}\" flag: {reason}",
                quoted(&value)
            ));
        }
        let list = self.values.entry(flag.name).or_default();
        match flag.takes {
            Takes::Slice => list.extend(
                value
                    .split(',')
                    .filter(|v| !v.is_empty())
                    .map(str::to_owned),
            ),
            _ => list.push(value),
        }
        Ok(())
    }
}

/// Go's `%q`.
pub fn quoted(s: &str) -> String {
    let mut out = String::with_capacity(s.len() + 2);
    out.push('"');
    for c in s.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if (c as u32) < 0x20 || c as u32 == 0x7f => {
                out.push_str("\\x");
                let hex = b"0123456789abcdef";
                out.push(hex[(c as usize) >> 4] as char);
                out.push(hex[(c as usize) & 15] as char);
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
