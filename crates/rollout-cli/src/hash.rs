//! `rollout hash -f FILE`: the name a cluster gives each Deployment's ReplicaSet.

use crate::{Common, Exit, files, print, print_error};
use rollout_api::{Value, decode, defaults, hash, kinds};

/// One line for each Deployment: `NAME-HASH`. A manifest that a cluster would refuse is refused.
pub(crate) fn run(common: &Common, args: &[String]) -> Exit {
    let files = match files::take(args) {
        Ok(files) if !files.names.is_empty() && files.rest.is_empty() => files,
        Ok(_) => return usage("usage: rollout hash -f FILE… [--kubernetes MINOR]"),
        Err(e) => return usage(&e),
    };
    let mut exit = Exit(0);
    for name in &files.names {
        let result = files::read(name).and_then(|bytes| names(common, name, &bytes));
        match result {
            Ok(lines) => print(&lines),
            Err(e) => {
                print_error(&format!("error: {e}\n"));
                exit = Exit(1);
            }
        }
    }
    exit
}

fn usage(text: &str) -> Exit {
    print_error(&format!("{text}\n"));
    Exit(2)
}

fn names(common: &Common, file: &str, bytes: &[u8]) -> Result<String, String> {
    let mut lines = String::new();
    for document in rollout_manifest::documents::objects(bytes, common.version) {
        let value = document
            .content
            .map_err(|e| format!("error parsing {file}: {}", e.message))?
            .value;
        let items = value.list_at("items");
        let objects = if value.str_at("kind") == "List" {
            items
        } else {
            std::slice::from_ref(&value)
        };
        for object in objects.iter().filter(|o| o.str_at("kind") == "Deployment") {
            lines.push_str(&replica_set_name(common, object)?);
            lines.push('\n');
        }
    }
    if lines.is_empty() {
        Err(format!("{file}: no Deployment"))
    } else {
        Ok(lines)
    }
}

fn replica_set_name(common: &Common, object: &Value) -> Result<String, String> {
    let resource =
        kinds::of_kind(rollout_api::Kind::DEPLOYMENT).ok_or("no Deployments in this version")?;
    // As `kubectl apply` sends it.
    let object = &rollout_api::patch::without_nulls(object);
    let decoded = decode::decode(object, "apps/v1", "Deployment", common.version)
        .ok_or("no Deployments in this version")?;
    if let Some(problem) = decoded.error {
        return Err(format!(
            "Deployment in version \"v1\" cannot be handled as a Deployment: {}",
            problem.text
        ));
    }
    let mut stored = decoded.value;
    defaults::complete(&mut stored, resource, common.version);
    let template = stored.at("spec.template").cloned().unwrap_or_default();
    Ok(format!(
        "{}-{}",
        stored.str_at("metadata.name"),
        hash::pod_template_hash(&template, common.version, None)
    ))
}
