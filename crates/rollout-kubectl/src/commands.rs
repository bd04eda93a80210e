//! The commands of kubectl: names, usage, flags; finding the one that a line means; suggestions.

use crate::flags::{self, Flag, GLOBAL};

/// A command or subcommand.
#[derive(Debug, PartialEq, Eq)]
pub struct Command {
    /// Path without `kubectl`: `rollout status`.
    pub path: &'static str,
    /// Other names of the last word.
    pub aliases: &'static [&'static str],
    /// What the usage line says after `kubectl `.
    pub usage: &'static str,
    /// Entries of the flag dictionary.
    pub flags: &'static str,
    /// Has examples.
    pub examples: bool,
    /// One line.
    pub short: &'static str,
}

const fn c(
    path: &'static str,
    usage: &'static str,
    flags: &'static str,
    short: &'static str,
) -> Command {
    Command {
        path,
        aliases: &[],
        usage,
        flags,
        examples: true,
        short,
    }
}
const fn plain(
    path: &'static str,
    usage: &'static str,
    flags: &'static str,
    short: &'static str,
) -> Command {
    Command {
        path,
        aliases: &[],
        usage,
        flags,
        examples: false,
        short,
    }
}
const fn alias(
    path: &'static str,
    aliases: &'static [&'static str],
    usage: &'static str,
    flags: &'static str,
    short: &'static str,
) -> Command {
    Command {
        path,
        aliases,
        usage,
        flags,
        examples: true,
        short,
    }
}

/// Headings of `kubectl --help` with their commands.
pub const GROUPS: [(&str, &str); 8] = [
    ("Basic Commands (Beginner):", "create expose run set"),
    ("Basic Commands (Intermediate):", "explain get edit delete"),
    ("Deploy Commands:", "rollout scale autoscale"),
    (
        "Cluster Management Commands:",
        "certificate cluster-info top cordon uncordon drain taint",
    ),
    (
        "Troubleshooting and Debugging Commands:",
        "describe logs attach exec port-forward proxy cp auth debug events",
    ),
    (
        "Advanced Commands:",
        "diff apply patch replace wait kustomize",
    ),
    ("Settings Commands:", "label annotate completion"),
    (
        "Other Commands:",
        "api-resources api-versions config plugin version",
    ),
];

const CREATE: &str = "$print dry-run field-manager='kubectl-create' save-config validate";
const GET_USAGE: &str = "get [(-o|--output=)json|yaml|name|go-template|go-template-file|template|templatefile|jsonpath|jsonpath-as-json|jsonpath-file|custom-columns|custom-columns-file|wide] (TYPE[.VERSION][.GROUP] [NAME | -l label] | TYPE[.VERSION][.GROUP]/NAME ...) [flags]";

/// Every command.
pub const COMMANDS: &[Command] = &[
    c(
        "create",
        "create -f FILENAME",
        "$print $file dry-run edit field-manager='kubectl-create' raw record save-config selector validate windows-line-endings",
        "Create a resource from a file or from stdin",
    ),
    c(
        "create clusterrole",
        "create clusterrole NAME --verb=verb --resource=resource.group [--resource-name=resourcename] [--dry-run=server|client|none]",
        "$print dry-run field-manager='kubectl-create' save-config validate aggregation-rule non-resource-url resource resource-name verb",
        "Create a cluster role",
    ),
    c(
        "create clusterrolebinding",
        "create clusterrolebinding NAME --clusterrole=NAME [--user=username] [--group=groupname] [--serviceaccount=namespace:serviceaccountname] [--dry-run=server|client|none]",
        "$print dry-run field-manager='kubectl-create' save-config validate clusterrole group serviceaccount user^=[]",
        "Create a cluster role binding",
    ),
    alias(
        "create configmap",
        &["cm"],
        "create configmap NAME [--from-file=[key=]source] [--from-literal=key1=value1] [--dry-run=server|client|none]",
        "$print append-hash dry-run field-manager='kubectl-create' from-env-file from-file from-literal save-config validate",
        "Create a config map",
    ),
    alias(
        "create cronjob",
        &["cj"],
        "create cronjob NAME --image=image --schedule='0/5 * * * ?' -- [COMMAND] [args...] [flags]",
        "$print dry-run field-manager='kubectl-create' save-config validate image~='' restart='' schedule",
        "Create a cron job",
    ),
    alias(
        "create deployment",
        &["deploy"],
        "create deployment NAME --image=image -- [COMMAND] [args...]",
        "$print dry-run field-manager='kubectl-create' image port+=-1 r:replicas=1 save-config validate",
        "Create a deployment",
    ),
    alias(
        "create ingress",
        &["ing"],
        "create ingress NAME --rule=host/path=service:port[,tls[=secret]] ",
        "$print dry-run field-manager='kubectl-create' save-config validate annotation class default-backend rule",
        "Create an ingress",
    ),
    c(
        "create job",
        "create job NAME --image=image [--from=cronjob/name] -- [COMMAND] [args...]",
        "$print dry-run field-manager='kubectl-create' save-config validate from image~=''",
        "Create a job",
    ),
    alias(
        "create namespace",
        &["ns"],
        "create namespace NAME [--dry-run=server|client|none]",
        CREATE,
        "Create a namespace",
    ),
    alias(
        "create poddisruptionbudget",
        &["pdb"],
        "create poddisruptionbudget NAME --selector=SELECTOR --min-available=N [--dry-run=server|client|none]",
        "$print dry-run field-manager='kubectl-create' max-unavailable min-available save-config -:selector validate",
        "Create a pod disruption budget",
    ),
    alias(
        "create priorityclass",
        &["pc"],
        "create priorityclass NAME --value=VALUE --global-default=BOOL [--dry-run=server|client|none]",
        "$print dry-run field-manager='kubectl-create' save-config validate description global-default preemption-policy='PreemptLowerPriority' value",
        "Create a priority class",
    ),
    alias(
        "create quota",
        &["resourcequota"],
        "create quota NAME [--hard=key1=value1,key2=value2] [--scopes=Scope1,Scope2] [--dry-run=server|client|none]",
        "$print dry-run field-manager='kubectl-create' hard save-config scopes validate",
        "Create a quota",
    ),
    c(
        "create role",
        "create role NAME --verb=verb --resource=resource.group/subresource [--resource-name=resourcename] [--dry-run=server|client|none]",
        "$print dry-run field-manager='kubectl-create' save-config validate resource resource-name verb",
        "Create a role",
    ),
    c(
        "create rolebinding",
        "create rolebinding NAME --clusterrole=NAME|--role=NAME [--user=username] [--group=groupname] [--serviceaccount=namespace:serviceaccountname] [--dry-run=server|client|none]",
        "$print dry-run field-manager='kubectl-create' save-config validate clusterrole group role serviceaccount user^=[]",
        "Create a role binding",
    ),
    plain(
        "create secret",
        "create secret (docker-registry | generic | tls)",
        "",
        "Create a secret",
    ),
    c(
        "create secret docker-registry",
        "create secret docker-registry NAME --docker-username=user --docker-password=password --docker-email=email [--docker-server=string] [--from-file=[key=]source] [--dry-run=server|client|none]",
        "$print dry-run field-manager='kubectl-create' save-config validate append-hash docker-email docker-password docker-server='https://index.docker.io/v1/' docker-username from-file",
        "Create a secret for an image registry",
    ),
    c(
        "create secret generic",
        "create secret generic NAME [--type=string] [--from-file=[key=]source] [--from-literal=key1=value1] [--dry-run=server|client|none]",
        "$print append-hash dry-run field-manager='kubectl-create' from-env-file from-file from-literal save-config type validate",
        "Create a secret from literals or files",
    ),
    c(
        "create secret tls",
        "create secret tls NAME --cert=path/to/cert/file --key=path/to/key/file [--dry-run=server|client|none]",
        "$print dry-run field-manager='kubectl-create' save-config validate append-hash cert key",
        "Create a TLS secret",
    ),
    Command {
        path: "create service",
        aliases: &["svc"],
        usage: "create service [flags]",
        flags: "",
        examples: false,
        short: "Create a service",
    },
    c(
        "create service clusterip",
        "create service clusterip NAME [--tcp=<port>:<targetPort>] [--dry-run=server|client|none]",
        "$print clusterip dry-run field-manager='kubectl-create' save-config tcp validate",
        "Create a service inside the cluster",
    ),
    c(
        "create service externalname",
        "create service externalname NAME --external-name external.name [--dry-run=server|client|none]",
        "$print dry-run external-name field-manager='kubectl-create' save-config tcp validate",
        "Create a service that stands for a name",
    ),
    c(
        "create service loadbalancer",
        "create service loadbalancer NAME [--tcp=port:targetPort] [--dry-run=server|client|none]",
        "$print dry-run field-manager='kubectl-create' save-config tcp validate",
        "Create a service with a load balancer",
    ),
    c(
        "create service nodeport",
        "create service nodeport NAME [--tcp=port:targetPort] [--dry-run=server|client|none]",
        "$print dry-run field-manager='kubectl-create' node-port save-config tcp validate",
        "Create a service on the nodes' ports",
    ),
    alias(
        "create serviceaccount",
        &["sa"],
        "create serviceaccount NAME [--dry-run=server|client|none]",
        CREATE,
        "Create a service account",
    ),
    c(
        "create token",
        "create token SERVICE_ACCOUNT_NAME",
        "$print audience bound-object-kind bound-object-name bound-object-uid duration",
        "Ask for a token of a service account",
    ),
    c(
        "expose",
        "expose (-f FILENAME | TYPE NAME) [--port=port] [--protocol=TCP|UDP|SCTP] [--target-port=number-or-name] [--name=name] [--external-ip=external-ip-of-service] [--type=type]",
        "$print $file cluster-ip dry-run external-ip field-manager='kubectl-expose' labels load-balancer-ip name override-type overrides port protocol record save-config -:selector session-affinity target-port type",
        "Make a service for a resource",
    ),
    c(
        "run",
        "run NAME --image=image [--env=\"key=value\"] [--port=port] [--dry-run=server|client] [--overrides=inline-json] [--command] -- [COMMAND] [args...]",
        "$print $file annotations attach cascade='background' command dry-run env expose field-manager='kubectl-run' force grace-period image=''  image-pull-policy labels leave-stdin-open override-type overrides pod-running-timeout=1m0s port privileged quiet restart rm save-config stdin timeout tty wait=false",
        "Run an image in a pod",
    ),
    plain("set", "set SUBCOMMAND", "", "Change fields of objects"),
    c(
        "set env",
        "set env RESOURCE/NAME KEY_1=VAL_1 ... KEY_N=VAL_N",
        "$print $file all containers dry-run e:env field-manager='kubectl-set' from keys list local overwrite prefix~='' resolve selector",
        "Change environment variables of a pod template",
    ),
    c(
        "set image",
        "set image (-f FILENAME | TYPE NAME) CONTAINER_NAME_1=CONTAINER_IMAGE_1 ... CONTAINER_NAME_N=CONTAINER_IMAGE_N",
        "$print $file all dry-run field-manager='kubectl-set' local record selector",
        "Change the image of a pod template",
    ),
    c(
        "set resources",
        "set resources (-f FILENAME | TYPE NAME)  ([--limits=LIMITS & --requests=REQUESTS]",
        "$print $file all containers dry-run field-manager='kubectl-set' limits local record requests selector",
        "Change requests and limits of a pod template",
    ),
    c(
        "set selector",
        "set selector (-f FILENAME | TYPE NAME) EXPRESSIONS [--resource-version=version]",
        "$print all dry-run field-manager='kubectl-set' filename local record recursive=true resource-version",
        "Change the selector of a service",
    ),
    alias(
        "set serviceaccount",
        &["sa"],
        "set serviceaccount (-f FILENAME | TYPE NAME) SERVICE_ACCOUNT",
        "$print $file all dry-run field-manager='kubectl-set' local record",
        "Change the service account of a pod template",
    ),
    c(
        "set subject",
        "set subject (-f FILENAME | TYPE NAME) [--user=username] [--group=groupname] [--serviceaccount=namespace:serviceaccountname] [--dry-run=server|client|none]",
        "$print $file all dry-run field-manager='kubectl-set' local selector",
        "Change who a role binding is for",
    ),
    c(
        "explain",
        "explain TYPE [--recursive=FALSE|TRUE] [--api-version=api-version-group] [-o|--output=plaintext|plaintext-openapiv2]",
        "api-version output='plaintext' -:recursive",
        "Describe fields of resources",
    ),
    c(
        "get",
        GET_USAGE,
        "$print $file all-namespaces chunk-size field-selector ignore-not-found label-columns no-headers output-watch-events raw selector server-print show-kind show-labels sort-by subresource watch watch-only",
        "Show resources",
    ),
    c(
        "edit",
        "edit (RESOURCE/NAME | -f FILENAME)",
        "$print $file field-manager='kubectl-edit' output-patch record save-config subresource validate windows-line-endings",
        "Edit a resource on the server",
    ),
    c(
        "delete",
        "delete ([-f FILENAME] | [-k DIRECTORY] | TYPE [(NAME | -l label | --all)])",
        "$file all all-namespaces cascade dry-run field-selector force grace-period ignore-not-found interactive now output raw selector timeout wait",
        "Delete resources",
    ),
    c(
        "rollout",
        "rollout SUBCOMMAND",
        "",
        "Manage the rollout of a resource",
    ),
    c(
        "rollout history",
        "rollout history (TYPE NAME | TYPE/NAME) [flags]",
        "$print $file revision selector",
        "Show the history of a rollout",
    ),
    c(
        "rollout pause",
        "rollout pause RESOURCE",
        "$print $file field-manager='kubectl-rollout' selector",
        "Pause a rollout",
    ),
    c(
        "rollout restart",
        "rollout restart RESOURCE",
        "$print $file field-manager='kubectl-rollout' selector",
        "Restart a resource's pods",
    ),
    c(
        "rollout resume",
        "rollout resume RESOURCE",
        "$print $file field-manager='kubectl-rollout' selector",
        "Resume a paused rollout",
    ),
    c(
        "rollout status",
        "rollout status (TYPE NAME | TYPE/NAME) [flags]",
        "$file revision selector timeout watch=true",
        "Show the status of a rollout",
    ),
    c(
        "rollout undo",
        "rollout undo (TYPE NAME | TYPE/NAME) [flags]",
        "$print $file dry-run selector to-revision",
        "Undo a rollout",
    ),
    c(
        "scale",
        "scale [--resource-version=version] [--current-replicas=count] --replicas=COUNT (-f FILENAME | TYPE NAME)",
        "$print $file all current-replicas dry-run record replicas resource-version selector timeout",
        "Change the size of a resource",
    ),
    c(
        "autoscale",
        "autoscale (-f FILENAME | TYPE NAME | TYPE/NAME) [--min=MINPODS] --max=MAXPODS [--cpu-percent=CPU]",
        "$print $file cpu-percent dry-run field-manager='kubectl-autoscale' max min name record save-config",
        "Scale a resource by its load",
    ),
    plain(
        "certificate",
        "certificate SUBCOMMAND",
        "",
        "Change certificate requests",
    ),
    c(
        "cluster-info",
        "cluster-info [flags]",
        "",
        "Show the cluster's addresses",
    ),
    plain("top", "top [flags]", "", "Show resource usage"),
    alias(
        "top node",
        &["nodes", "no"],
        "top node [NAME | -l label]",
        "no-headers selector show-capacity sort-by use-protocol-buffers",
        "Show usage of nodes",
    ),
    alias(
        "top pod",
        &["pods", "po"],
        "top pod [NAME | -l label]",
        "all-namespaces -:containers!=false field-selector no-headers selector sort-by sum use-protocol-buffers",
        "Show usage of pods",
    ),
    c(
        "cordon",
        "cordon NODE",
        "dry-run selector",
        "Take no more pods on a node",
    ),
    c(
        "uncordon",
        "uncordon NODE",
        "dry-run selector",
        "Take pods on a node again",
    ),
    c(
        "drain",
        "drain NODE",
        "chunk-size delete-emptydir-data disable-eviction dry-run force grace-period ignore-daemonsets pod-selector selector skip-wait-for-delete-timeout timeout",
        "Move pods away from a node",
    ),
    c(
        "taint",
        "taint NODE NAME KEY_1=VAL_1:TAINT_EFFECT_1 ... KEY_N=VAL_N:TAINT_EFFECT_N",
        "$print all dry-run field-manager='kubectl-taint' overwrite=false selector validate",
        "Change taints of nodes",
    ),
    c(
        "describe",
        "describe (-f FILENAME | TYPE [NAME_PREFIX | -l label] | TYPE/NAME)",
        "$file all-namespaces chunk-size selector show-events",
        "Show details of resources",
    ),
    c(
        "logs",
        "logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]",
        "all-containers all-pods container follow ignore-errors insecure-skip-tls-verify-backend limit-bytes max-log-requests pod-running-timeout prefix previous selector since since-time tail timestamps",
        "Print the logs of a container",
    ),
    c(
        "attach",
        "attach (POD | TYPE/NAME) -c CONTAINER",
        "container pod-running-timeout=1m0s quiet stdin tty",
        "Attach to a container",
    ),
    c(
        "exec",
        "exec (POD | TYPE/NAME) [-c CONTAINER] [flags] -- COMMAND [args...]",
        "container filename pod-running-timeout=1m0s quiet stdin tty",
        "Run a command in a container",
    ),
    c(
        "port-forward",
        "port-forward TYPE/NAME [options] [LOCAL_PORT:]REMOTE_PORT [...[LOCAL_PORT_N:]REMOTE_PORT_N]",
        "pod-running-timeout=1m0s",
        "Forward local ports to a pod",
    ),
    c(
        "proxy",
        "proxy [--port=PORT] [--www=static-dir] [--www-prefix=prefix] [--api-prefix=prefix]",
        "port+",
        "Serve the API locally",
    ),
    c(
        "cp",
        "cp <file-spec-src> <file-spec-dest>",
        "container",
        "Copy files to and from containers",
    ),
    plain("auth", "auth [flags]", "", "Look into authorization"),
    c(
        "auth can-i",
        "auth can-i VERB [TYPE | TYPE/NAME | NONRESOURCEURL]",
        "all-namespaces list no-headers quiet subresource",
        "May I do this?",
    ),
    c("auth whoami", "auth whoami", "$print", "Who am I?"),
    c(
        "debug",
        "debug (POD | TYPE[[.VERSION].GROUP]/NAME) [ -- COMMAND [args...] ]",
        "container image='' stdin tty",
        "Start a debugging container",
    ),
    c(
        "events",
        "events [(-o|--output=)json|yaml|name|go-template|go-template-file|template|templatefile|jsonpath|jsonpath-as-json|jsonpath-file] [--for TYPE/NAME] [--watch] [--types=Normal,Warning]",
        "$print all-namespaces chunk-size for no-headers types watch",
        "List events",
    ),
    c(
        "diff",
        "diff -f FILENAME",
        "$file concurrency field-manager='kubectl-client-side-apply' force-conflicts prune prune-allowlist selector server-side show-managed-fields",
        "Compare files with the cluster",
    ),
    c(
        "apply",
        "apply (-f FILENAME | -k DIRECTORY)",
        "$print $file all cascade dry-run field-manager='kubectl-client-side-apply' force force-conflicts grace-period openapi-patch overwrite prune prune-allowlist record selector server-side subresource timeout validate wait=false",
        "Apply a configuration",
    ),
    c(
        "apply edit-last-applied",
        "apply edit-last-applied (RESOURCE/NAME | -f FILENAME)",
        "$print $file field-manager='kubectl-client-side-apply' record validate windows-line-endings",
        "Edit the last applied configuration",
    ),
    c(
        "apply set-last-applied",
        "apply set-last-applied -f FILENAME",
        "$print create-annotation dry-run filename",
        "Set the last applied configuration",
    ),
    c(
        "apply view-last-applied",
        "apply view-last-applied (TYPE [NAME | -l label] | TYPE/NAME | -f FILENAME)",
        "$file all output='yaml' selector",
        "Show the last applied configuration",
    ),
    c(
        "patch",
        "patch (-f FILENAME | TYPE NAME) [-p PATCH|--patch-file FILE]",
        "$print $file dry-run field-manager='kubectl-patch' local patch patch-file record subresource type='strategic'",
        "Change fields of a resource",
    ),
    c(
        "replace",
        "replace -f FILENAME",
        "$print $file cascade dry-run field-manager='kubectl-replace' force grace-period raw save-config subresource timeout validate wait=false",
        "Replace a resource",
    ),
    c(
        "wait",
        "wait ([-f FILENAME] | resource.group/resource.name | resource.group [(-l label | --all)]) [--for=create|--for=delete|--for condition=available|--for=jsonpath='{}'[=value]]",
        "$print all all-namespaces field-selector filename for local recursive=true selector timeout=30s",
        "Wait for a condition",
    ),
    c(
        "kustomize",
        "kustomize DIR",
        "output",
        "Build a kustomization",
    ),
    c(
        "label",
        "label [--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N [--resource-version=version]",
        "$print $file all all-namespaces dry-run field-manager='kubectl-label' field-selector list local overwrite=false record resource-version selector",
        "Change labels",
    ),
    c(
        "annotate",
        "annotate [--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N [--resource-version=version]",
        "$print $file all all-namespaces dry-run field-manager='kubectl-annotate' field-selector list local overwrite=false record resource-version selector",
        "Change annotations",
    ),
    c(
        "completion",
        "completion SHELL",
        "",
        "Print completion code of a shell",
    ),
    c(
        "api-resources",
        "api-resources [flags]",
        "api-group cached categories namespaced no-headers output sort-by verbs",
        "List the resources of the server",
    ),
    c(
        "api-versions",
        "api-versions",
        "",
        "List the API versions of the server",
    ),
    plain(
        "config",
        "config SUBCOMMAND",
        "",
        "Change the configuration",
    ),
    c(
        "config current-context",
        "config current-context [flags]",
        "",
        "Show the current context",
    ),
    c(
        "config delete-cluster",
        "config delete-cluster NAME",
        "",
        "Delete a cluster",
    ),
    c(
        "config delete-context",
        "config delete-context NAME",
        "",
        "Delete a context",
    ),
    c(
        "config delete-user",
        "config delete-user NAME",
        "",
        "Delete a user",
    ),
    c(
        "config get-clusters",
        "config get-clusters [flags]",
        "",
        "List clusters",
    ),
    c(
        "config get-contexts",
        "config get-contexts [(-o|--output=)name)]",
        "no-headers output",
        "List contexts",
    ),
    c(
        "config get-users",
        "config get-users [flags]",
        "",
        "List users",
    ),
    c(
        "config rename-context",
        "config rename-context CONTEXT_NAME NEW_NAME",
        "",
        "Rename a context",
    ),
    c(
        "config set",
        "config set PROPERTY_NAME PROPERTY_VALUE",
        "",
        "Set a value",
    ),
    c(
        "config set-cluster",
        "config set-cluster NAME",
        "",
        "Set a cluster",
    ),
    c(
        "config set-context",
        "config set-context [NAME | --current] [--cluster=cluster_nickname] [--user=user_nickname] [--namespace=namespace]",
        "current",
        "Set a context",
    ),
    c(
        "config set-credentials",
        "config set-credentials NAME",
        "",
        "Set a user",
    ),
    c(
        "config unset",
        "config unset PROPERTY_NAME",
        "",
        "Unset a value",
    ),
    alias(
        "config use-context",
        &["use"],
        "config use-context CONTEXT_NAME",
        "",
        "Choose the current context",
    ),
    c(
        "config view",
        "config view [flags]",
        "$print flatten merge minify raw!=false",
        "Show the configuration",
    ),
    plain("plugin", "plugin [flags]", "", "Work with plugins"),
    c(
        "plugin list",
        "plugin list [flags]",
        "name-only",
        "List plugins",
    ),
    c(
        "version",
        "version [flags]",
        "client output",
        "Print versions",
    ),
    plain("options", "options", "", "Print flags of all commands"),
    plain("help", "help [command]", "", "Help for any command"),
];

impl Command {
    /// The last word of its path.
    pub fn name(&self) -> &'static str {
        self.path.rsplit(' ').next().unwrap_or(self.path)
    }
    /// `kubectl rollout status`.
    pub fn full(&self) -> String {
        format!("kubectl {}", self.path)
    }
    /// Its own flags and those of every command.
    pub fn all_flags(&self) -> Vec<Flag> {
        let mut all = flags::flags_of(self.flags);
        all.extend(
            flags::flags_of(GLOBAL)
                .into_iter()
                .filter(|g| !all.iter().any(|f| f.name == g.name))
                .collect::<Vec<_>>(),
        );
        all.extend(flags::flag("help"));
        all
    }
    /// Its subcommands, in the order of help.
    pub fn children(&self) -> impl Iterator<Item = &'static Command> {
        children(self.path)
    }
}

/// The commands below a path (`""`: the first level).
pub fn children(path: &str) -> impl Iterator<Item = &'static Command> {
    COMMANDS
        .iter()
        .filter(move |c| match c.path.rsplit_once(' ') {
            Some((parent, _)) => parent == path,
            None => path.is_empty(),
        })
}

/// The command at a path.
pub fn at(path: &str) -> Option<&'static Command> {
    COMMANDS.iter().find(|c| c.path == path)
}

/// Finds the command of a line: the command (none: `kubectl` itself) and the arguments that are left, in their order.
pub fn find(args: &[String]) -> (Option<&'static Command>, Vec<String>) {
    let mut command: Option<&'static Command> = None;
    let mut rest: Vec<String> = args.to_vec();
    loop {
        let known = command.map_or_else(|| flags::flags_of(GLOBAL), Command::all_flags);
        let Some(at) = first_word(&rest, &known) else {
            return (command, rest);
        };
        let path = command.map_or("", |c| c.path);
        let word = rest[at].clone();
        let Some(child) =
            children(path).find(|c| c.name() == word || c.aliases.contains(&word.as_str()))
        else {
            return (command, rest);
        };
        rest.remove(at);
        command = Some(child);
    }
}

/// Where the first argument stands that is neither a flag nor a flag's value.
fn first_word(args: &[String], known: &[Flag]) -> Option<usize> {
    let mut i = 0;
    while i < args.len() {
        let a = args[i].as_str();
        if a == "--" {
            return None;
        }
        if let Some(long) = a.strip_prefix("--") {
            let bare = long.contains('=')
                || known.iter().any(|f| f.name == long && f.bare.is_some())
                || long == "help";
            i += if bare { 1 } else { 2 };
        } else if a.len() > 1 && a.starts_with('-') {
            let last = a.chars().last();
            let single = a.chars().count() == 2
                && !known.iter().any(|f| f.short == last && f.bare.is_some())
                && a != "-h";
            i += if single && !a.contains('=') { 2 } else { 1 };
        } else if a.is_empty() {
            i += 1;
        } else {
            return Some(i);
        }
    }
    None
}

/// Names of the first level that may have been meant.
pub fn suggestions(typed: &str) -> Vec<&'static str> {
    let lower = typed.to_lowercase();
    children("")
        .map(Command::name)
        .filter(|name| levenshtein(&lower, name) <= 2 || name.starts_with(&lower))
        .collect()
}

fn levenshtein(a: &str, b: &str) -> usize {
    if a.len() > 64 {
        return a.len();
    }
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let cost = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = cost.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(s: &str) -> Vec<String> {
        s.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn finds_commands_behind_flags() {
        for (text, path, left) in [
            ("get pods", Some("get"), "pods"),
            ("-n dev get pods", Some("get"), "-n dev pods"),
            (
                "rollout --timeout=5s status deploy/web",
                Some("rollout status"),
                "--timeout=5s deploy/web",
            ),
            (
                "create svc clusterip a",
                Some("create service clusterip"),
                "a",
            ),
            ("nope", None, "nope"),
            ("rollout stauts", Some("rollout"), "stauts"),
        ] {
            let (c, rest) = find(&line(text));
            assert_eq!(c.map(|c| c.path), path, "{text}");
            assert_eq!(rest.join(" "), left, "{text}");
        }
    }

    #[test]
    fn every_flag_of_every_command_is_in_the_dictionary() {
        for c in COMMANDS {
            for word in c.flags.split_whitespace().filter(|w| !w.starts_with('$')) {
                assert!(crate::flags::flag(word).is_some(), "{}: {word}", c.path);
            }
        }
    }

    #[test]
    fn suggests() {
        assert_eq!(suggestions("gte"), ["get"]);
        assert_eq!(suggestions("creat"), ["create"]);
        assert!(suggestions("kubectl").is_empty());
    }
}
