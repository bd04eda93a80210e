//! `minikube`: friendly stand-ins. The cluster of this page is there from the start.

use crate::interpreter::{Scope, Shell};
use rollout_api::Kind;

/// Runs `minikube …`: its exit code.
pub(crate) fn run(shell: &mut Shell, args: &[String], scope: &mut Scope<'_, '_>) -> i32 {
    let nodes = scope.client.list(Kind::NODE, None);
    let ip = nodes
        .iter()
        .flat_map(|n| n.list_at("status.addresses"))
        .find(|a| a.str_at("type") == "InternalIP")
        .map_or("192.168.49.2", |a| a.str_at("address"))
        .to_owned();
    let words: Vec<&str> = args
        .iter()
        .map(String::as_str)
        .filter(|a| !a.starts_with('-'))
        .collect();
    let text = match words.as_slice() {
        ["ip", ..] => format!("{ip}\n"),
        ["start", ..] => "* The cluster of this playground is running already.\n* Done! kubectl is now configured to use \"minikube\" cluster and \"default\" namespace by default\n".to_owned(),
        ["stop", ..] => "* The cluster of this playground goes on: time stands still whenever you stop it below the scene.\n".to_owned(),
        ["delete", ..] => "* Nothing is deleted here. To begin anew, press Reset.\n".to_owned(),
        ["status", ..] => "minikube\ntype: Control Plane\nhost: Running\nkubelet: Running\napiserver: Running\nkubeconfig: Configured\n\n".to_owned(),
        ["dashboard", ..] => "* The scene of this page is the dashboard.\n".to_owned(),
        ["version", ..] => "minikube version: playground\n".to_owned(),
        ["addons", ..] => "* Add-ons are not available in this playground.\n".to_owned(),
        ["tunnel", ..] => "* No tunnel is needed here: curl reaches every Service.\n".to_owned(),
        ["kubectl", ..] => {
            let rest = args.iter().skip_while(|a| *a != "kubectl").skip(1).filter(|a| *a != "--");
            let line: Vec<String> = rest.map(|w| crate::builtins::quoted(w)).collect();
            shell.call_text(&format!("kubectl {}", line.join(" ")), Vec::new(), true, None);
            return 0;
        }
        ["service", name, ..] => {
            let namespace = args
                .iter()
                .position(|a| a == "-n" || a == "--namespace")
                .and_then(|i| args.get(i + 1))
                .map_or("default", String::as_str);
            let Ok(service) = scope.client.get(Kind::SERVICE, namespace, name) else {
                let why = format!("X Exiting due to SVC_NOT_FOUND: Service '{name}' was not found in '{namespace}' namespace.\n");
                shell.print_error(&why);
                return 115;
            };
            let ports: Vec<i64> = service.list_at("spec.ports").iter().filter_map(|p| p.int_at("nodePort")).collect();
            if ports.is_empty() {
                shell.print_error(&format!("* service {namespace}/{name} has no node port\n"));
                return 0;
            }
            let urls: Vec<String> = ports.iter().map(|p| format!("http://{ip}:{p}\n")).collect();
            urls.concat()
        }
        ["service"] => {
            shell.print_error("X Exiting due to MK_USAGE: You must specify a service name\n");
            return 14;
        }
        [] => "minikube: ip, service NAME --url, status, start, stop, delete, dashboard\n".to_owned(),
        [other, ..] => {
            shell.print_error(&format!("Error: unknown command \"{other}\" for \"minikube\"\n"));
            return 64;
        }
    };
    shell.print(&text);
    0
}
