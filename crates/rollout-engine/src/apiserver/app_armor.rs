//! AppArmor profiles of Pods, as annotation and as field. Mirrors `applyAppArmorVersionSkew`, pkg/registry/core/pod/strategy.go.

use rollout_api::{Minor, Str, Value, object};

const KEY: &str = "container.apparmor.security.beta.kubernetes.io/";

/// The field came with this version.
const FIELD: Minor = Minor(30);

fn annotation_for(field: &Value) -> Option<String> {
    match field.str_at("type") {
        "Unconfined" => Some("unconfined".to_owned()),
        "RuntimeDefault" => Some("runtime/default".to_owned()),
        "Localhost" => {
            let profile = field.get("localhostProfile")?.as_str()?;
            Some(format!("localhost/{profile}"))
        }
        _ => None,
    }
}

fn field_for(annotation: &str) -> Option<Value> {
    match annotation {
        "unconfined" => Some(object! { "type" => "Unconfined" }),
        "runtime/default" => Some(object! { "type" => "RuntimeDefault" }),
        _ => {
            let profile = annotation.strip_prefix("localhost/")?;
            (!profile.is_empty()).then(
                || object! { "type" => "Localhost", "localhostProfile" => Str::copy(profile) },
            )
        }
    }
}

/// Writes one from the other where only one is there. What the server warns about.
pub(super) fn sync(pod: &mut Value, minor: Minor) -> Vec<String> {
    let mut warnings = Vec::new();
    if minor < FIELD || pod.str_at("spec.os.name") == "windows" {
        return warnings;
    }
    let of_pod = pod.at("spec.securityContext.appArmorProfile").cloned();
    let annotations = pod.at("metadata.annotations").cloned().unwrap_or_default();
    // Most pods have neither.
    let named = |text: &str| text.starts_with(KEY);
    let annotated = annotations
        .as_map()
        .is_some_and(|m| m.iter().any(|(k, _)| named(k)));
    let mut new: Vec<(String, String)> = Vec::new();
    for list in ["initContainers", "containers"] {
        let spec = pod.map_mut().entry("spec", Value::object).map_mut();
        let Some(containers) = spec.get_mut(list) else {
            continue;
        };
        for c in containers.list_mut() {
            let own = c.at("securityContext.appArmorProfile").cloned();
            if own.is_none() && of_pod.is_none() && !annotated {
                continue;
            }
            let key = format!("{KEY}{}", c.str_at("name"));
            let annotation = annotations.get(&key).and_then(Value::as_str);
            match (annotation, own) {
                (None, own) => {
                    let field = own.or_else(|| of_pod.clone());
                    if let Some(text) = field.as_ref().and_then(annotation_for) {
                        new.push((key, text));
                    }
                }
                (Some(text), None) => {
                    let field = field_for(text);
                    let copied = field.is_some() && field != of_pod;
                    if copied || field.is_none() {
                        warnings.push(format!(
                            "metadata.annotations[{key}]: deprecated since v1.30; use the \"appArmorProfile\" field instead"
                        ));
                    }
                    if let Some(field) = field.filter(|_| copied) {
                        c.set("securityContext.appArmorProfile", field);
                    }
                }
                (Some(_), Some(_)) => {}
            }
        }
    }
    for (key, text) in new {
        let metadata = super::write::metadata(pod);
        let annotations = metadata.entry("annotations", Value::object).map_mut();
        annotations.insert(key, text);
    }
    warnings
}
