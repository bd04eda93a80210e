//! Help texts: kubectl's layout, own words.

use crate::commands::{self, Command, GROUPS};
use crate::flags::{self, Flag};
use rollout_api::Minor;
use rollout_api::Order;

fn flag_line(f: &Flag) -> String {
    let name = match f.short {
        Some(c) => format!("    -{c}, --{}={}", f.name, f.default),
        None => format!("    --{}={}", f.name, f.default),
    };
    format!("{name}:\n\t{}\n", f.help)
}

fn footer() -> &'static str {
    "Use \"kubectl options\" for a list of global command-line options (applies to all commands).\n"
}

/// Flags that help does not show.
fn hidden(command: &Command, f: &Flag) -> bool {
    let unused = [
        "cascade",
        "filename",
        "force",
        "grace-period",
        "kustomize",
        "recursive",
        "timeout",
        "wait",
    ];
    f.name == "record" || command.path == "run" && unused.contains(&f.name)
}

/// The help of a command.
pub fn of(command: &Command, minor: Minor) -> String {
    if command.path == "help" {
        return root(minor);
    }
    if command.path == "options" {
        return options(minor);
    }
    let mut out = format!("{}.\n\n", command.short);
    if !command.aliases.is_empty() {
        out.push_str(&format!(
            "Aliases:\n{}, {}\n\n",
            command.name(),
            command.aliases.join(", ")
        ));
    }
    if command.examples {
        out.push_str(&format!(
            "Examples:\n  # {}\n  kubectl {}\n\n",
            command.short, command.path
        ));
    }
    let kids: Vec<&Command> = command.children().collect();
    if !kids.is_empty() {
        out.push_str("Available Commands:\n");
        let width = kids.iter().map(|k| k.name().len()).max().unwrap_or(0) + 1;
        for k in &kids {
            out.push_str(&format!("  {:width$}{}\n", k.name(), k.short));
        }
        out.push('\n');
    }
    let mut own: Vec<Flag> = flags::flags_of(command.flags);
    own.retain(|f| !hidden(command, f));
    if command.path == "wait"
        && minor >= Minor::V1_36
        && let Some(f) = own.iter_mut().find(|f| f.name == "for")
    {
        f.default = "[]";
    }
    if !own.is_empty() {
        out.push_str("Options:\n");
        out.push_str(&own.iter().map(flag_line).collect::<Vec<_>>().join("\n"));
        out.push('\n');
    }
    let mut usage = command.usage.to_owned();
    if minor >= Minor::V1_36 && command.path == "get" {
        usage = usage.replacen("json|yaml|name", "json|yaml|kyaml|name", 1);
    }
    out.push_str(&format!("Usage:\n  kubectl {usage} [options]\n\n"));
    if !kids.is_empty() {
        out.push_str(&format!(
            "Use \"kubectl {} <command> --help\" for more information about a given command.\n",
            command.path
        ));
    }
    out.push_str(footer());
    out
}

/// `kubectl --help`.
pub fn root(minor: Minor) -> String {
    let mut out = String::from(
        "kubectl controls the Kubernetes cluster manager.\n\n Find more information at: https://kubernetes.io/docs/reference/kubectl/\n\n",
    );
    for (heading, names) in GROUPS {
        if heading.starts_with("Other") {
            out.push_str("Subcommands provided by plugins:\n\n");
        }
        out.push_str(heading);
        out.push('\n');
        let mut list: Vec<(&str, &str)> = names
            .split(' ')
            .map(|n| (n, commands::at(n).map_or("", |c| c.short)))
            .collect();
        if heading.starts_with("Other") && minor >= Minor::V1_36 {
            let at = list
                .iter()
                .position(|l| l.0 == "plugin")
                .unwrap_or(list.len());
            list.insert(at, ("kuberc", "Manage the file of preferences"));
        }
        let width = list.iter().map(|l| l.0.len()).max().unwrap_or(0) + 3;
        for (name, short) in list {
            out.push_str(&format!("  {name:width$}{short}\n"));
        }
        out.push('\n');
    }
    out.push_str("Usage:\n  kubectl [flags] [options]\n\nUse \"kubectl <command> --help\" for more information about a given command.\n");
    out.push_str(footer());
    out
}

/// `kubectl options`.
pub fn options(minor: Minor) -> String {
    let mut all = flags::flags_of(flags::GLOBAL);
    if minor >= Minor::V1_36 {
        all.extend(flags::flags_of("as-user-extra kuberc"));
        all.order_by(|a, b| a.name.cmp(b.name));
    }
    let lines: Vec<String> = all.iter().map(flag_line).collect();
    format!(
        "The following options can be passed to any command:\n\n{}",
        lines.join("\n")
    )
}
