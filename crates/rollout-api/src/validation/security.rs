//! Security contexts. Mirrors `ValidateSecurityContext` and `validatePodSpecSecurityContext`, pkg/apis/core/validation/validation.go.

use super::errors::Errors;
use super::meta::{flag, int, items, sub, text};
use super::mounts::validate_local_descending_path;
use super::names::{self, inclusive_range};
use super::path::Path;
use super::shown::{Shown, Tree, field};
use crate::value::Value;

const MAX_ID: i64 = 2_147_483_647;

fn validate_id(v: &Value, key: &str, path: &Path<'_>, e: &mut Errors) {
    if let Some(id) = int(v, key)
        && !(0..=MAX_ID).contains(&id)
    {
        e.invalid(&path.child(key), id, inclusive_range(0, MAX_ID));
    }
}

fn validate_choice(v: &Value, key: &str, choices: &[&str], path: &Path<'_>, e: &mut Errors) {
    if let Some(value) = sub(v, key).and_then(Value::as_str)
        && !choices.contains(&value)
    {
        e.not_supported(&path.child(key), Shown::typed(value), choices);
    }
}

/// Mirrors `ValidateSecurityContext`.
pub fn validate_security_context(sc: &Value, host_users: bool, path: &Path<'_>, e: &mut Errors) {
    validate_id(sc, "runAsUser", path, e);
    validate_id(sc, "runAsGroup", path, e);
    if let Some(mount) = sub(sc, "procMount").and_then(Value::as_str) {
        validate_choice(sc, "procMount", &["Default", "Unmasked"], path, e);
        if host_users && mount == "Unmasked" {
            let at = path.child("procMount");
            e.invalid(
                &at,
                Shown::typed(mount),
                "`hostUsers` must be false to use `Unmasked`",
            );
        }
    }
    validate_seccomp_profile(sub(sc, "seccompProfile"), &path.child("seccompProfile"), e);
    if flag(sc, "allowPrivilegeEscalation") == Some(false) {
        if flag(sc, "privileged") == Some(true) {
            let detail = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true";
            e.invalid(path, security_context(sc), detail);
        }
        for capability in sc.list_at("capabilities.add") {
            if capability.as_str() == Some("CAP_SYS_ADMIN") {
                let detail = "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN";
                e.invalid(path, security_context(sc), detail);
            }
        }
    }
    validate_windows_options(sub(sc, "windowsOptions"), &path.child("windowsOptions"), e);
    validate_app_armor_profile(
        sub(sc, "appArmorProfile"),
        &path.child("appArmorProfile"),
        e,
    );
}

/// `core.SecurityContext`
fn security_context(sc: &Value) -> Tree {
    let texts = |ty, keys: &'static [(&'static str, &'static str)]| {
        move |v: &Value| {
            let fields = keys
                .iter()
                .map(|(go, key)| field(go, Tree::text(v.get(key))));
            Tree::Struct(ty, fields.collect())
        }
    };
    let capabilities = |v: &Value| {
        Tree::Struct(
            "core.Capabilities",
            vec![
                field("Add", Tree::scalars("[]core.Capability", v.get("add"))),
                field("Drop", Tree::scalars("[]core.Capability", v.get("drop"))),
            ],
        )
    };
    let windows = |v: &Value| {
        Tree::Struct(
            "core.WindowsSecurityContextOptions",
            vec![
                field(
                    "GMSACredentialSpecName",
                    Tree::scalar_pointer("string", v.get("gmsaCredentialSpecName")),
                ),
                field(
                    "GMSACredentialSpec",
                    Tree::scalar_pointer("string", v.get("gmsaCredentialSpec")),
                ),
                field(
                    "RunAsUserName",
                    Tree::scalar_pointer("string", v.get("runAsUserName")),
                ),
                field(
                    "HostProcess",
                    Tree::scalar_pointer("bool", v.get("hostProcess")),
                ),
            ],
        )
    };
    let se_linux = texts(
        "core.SELinuxOptions",
        &[
            ("User", "user"),
            ("Role", "role"),
            ("Type", "type"),
            ("Level", "level"),
        ],
    );
    let pointer = |ty, key| Tree::scalar_pointer(ty, sc.get(key));
    Tree::Struct(
        "core.SecurityContext",
        vec![
            field(
                "Capabilities",
                Tree::pointer("core.Capabilities", sc.get("capabilities"), capabilities),
            ),
            field("Privileged", pointer("bool", "privileged")),
            field(
                "SELinuxOptions",
                Tree::pointer("core.SELinuxOptions", sc.get("seLinuxOptions"), se_linux),
            ),
            field(
                "WindowsOptions",
                Tree::pointer(
                    "core.WindowsSecurityContextOptions",
                    sc.get("windowsOptions"),
                    windows,
                ),
            ),
            field("RunAsUser", pointer("int64", "runAsUser")),
            field("RunAsGroup", pointer("int64", "runAsGroup")),
            field("RunAsNonRoot", pointer("bool", "runAsNonRoot")),
            field(
                "ReadOnlyRootFilesystem",
                pointer("bool", "readOnlyRootFilesystem"),
            ),
            field(
                "AllowPrivilegeEscalation",
                pointer("bool", "allowPrivilegeEscalation"),
            ),
            field("ProcMount", pointer("core.ProcMountType", "procMount")),
            field(
                "SeccompProfile",
                Tree::pointer("core.SeccompProfile", sc.get("seccompProfile"), |v| {
                    profile("core.SeccompProfile", v)
                }),
            ),
            field(
                "AppArmorProfile",
                Tree::pointer("core.AppArmorProfile", sc.get("appArmorProfile"), |v| {
                    profile("core.AppArmorProfile", v)
                }),
            ),
        ],
    )
}

fn profile(ty: &'static str, v: &Value) -> Tree {
    Tree::Struct(
        ty,
        vec![
            field("Type", Tree::text(v.get("type"))),
            field(
                "LocalhostProfile",
                Tree::scalar_pointer("string", v.get("localhostProfile")),
            ),
        ],
    )
}

const PROFILE_TYPES: &[&str] = &["Localhost", "RuntimeDefault", "Unconfined"];

fn validate_seccomp_profile(sp: Option<&Value>, path: &Path<'_>, e: &mut Errors) {
    let Some(sp) = sp else { return };
    let ty = text(sp, "type");
    if ty.is_empty() {
        e.required(
            &path.child("type"),
            "type is required when seccompProfile is set",
        );
    } else if !PROFILE_TYPES.contains(&ty) {
        e.not_supported(&path.child("type"), Shown::typed(ty), PROFILE_TYPES);
    }
    let at = path.child("localhostProfile");
    let local = sub(sp, "localhostProfile").and_then(Value::as_str);
    match (ty == "Localhost", local) {
        (true, None) => e.required(&at, "must be set when seccomp type is Localhost"),
        (true, Some(local)) => validate_local_descending_path(local, &at, e),
        (false, Some(_)) => {
            e.invalid(
                &at,
                profile("core.SeccompProfile", sp),
                "can only be set when seccomp type is Localhost",
            );
        }
        (false, None) => {}
    }
}

fn validate_app_armor_profile(profile: Option<&Value>, path: &Path<'_>, e: &mut Errors) {
    let Some(profile) = profile else { return };
    let at = path.child("localhostProfile");
    let local = sub(profile, "localhostProfile").and_then(Value::as_str);
    let must = "must be set when AppArmor type is Localhost";
    match text(profile, "type") {
        "Localhost" => match local {
            None => e.required(&at, must),
            Some(local) => {
                if local.trim() != local {
                    e.invalid(&at, local, "must not be padded with whitespace");
                } else if local.is_empty() {
                    e.required(&at, must);
                }
                if local.len() > 4095 {
                    e.too_long(&at, 4095);
                }
            }
        },
        "RuntimeDefault" | "Unconfined" => {
            if let Some(local) = local {
                e.invalid(
                    &at,
                    local,
                    "can only be set when AppArmor type is Localhost",
                );
            }
        }
        "" => e.required(
            &path.child("type"),
            "type is required when appArmorProfile is set",
        ),
        other => e.not_supported(&path.child("type"), Shown::typed(other), PROFILE_TYPES),
    }
}

/// Mirrors `validatePodSpecSecurityContext`; host namespaces are fields of the pod spec outside of the server.
pub fn validate_pod_security_context(spec: &Value, path: &Path<'_>, e: &mut Errors) {
    let none = Value::object();
    let sc = sub(spec, "securityContext").unwrap_or(&none);
    for key in ["fsGroup", "runAsUser", "runAsGroup"] {
        validate_id(sc, key, path, e);
    }
    let groups_at = path.child("supplementalGroups");
    for (i, gid) in items(sc, "supplementalGroups").iter().enumerate() {
        let gid = gid.as_int().unwrap_or(0);
        if !(0..=MAX_ID).contains(&gid) {
            e.invalid(&groups_at.index(i), gid, inclusive_range(0, MAX_ID));
        }
    }
    if flag(spec, "shareProcessNamespace") == Some(true) && flag(spec, "hostPID") == Some(true) {
        let at = path.child("shareProcessNamespace");
        e.invalid(
            &at,
            true,
            "ShareProcessNamespace and HostPID cannot both be enabled",
        );
    }
    validate_sysctls(spec, items(sc, "sysctls"), &path.child("sysctls"), e);
    validate_choice(
        sc,
        "fsGroupChangePolicy",
        &["Always", "OnRootMismatch"],
        path,
        e,
    );
    validate_seccomp_profile(sub(sc, "seccompProfile"), &path.child("seccompProfile"), e);
    validate_windows_options(sub(sc, "windowsOptions"), &path.child("windowsOptions"), e);
    validate_app_armor_profile(
        sub(sc, "appArmorProfile"),
        &path.child("appArmorProfile"),
        e,
    );
    validate_choice(
        sc,
        "supplementalGroupsPolicy",
        &["Merge", "Strict"],
        path,
        e,
    );
    validate_choice(
        sc,
        "seLinuxChangePolicy",
        &["MountOption", "Recursive"],
        path,
        e,
    );
}

fn is_sysctl_name(name: &str) -> bool {
    let segment = |s: &str| {
        let end = |c: &u8| c.is_ascii_lowercase() || c.is_ascii_digit();
        let b = s.as_bytes();
        matches!((b.first(), b.last()), (Some(f), Some(l)) if end(f) && end(l))
            && b.iter().all(|c| end(c) || *c == b'-' || *c == b'_')
    };
    name.len() <= 253 && name.split(['.', '/']).all(segment)
}

fn validate_sysctls(spec: &Value, sysctls: &[Value], path: &Path<'_>, e: &mut Errors) {
    let mut seen: Vec<&str> = Vec::new();
    for (i, s) in sysctls.iter().enumerate() {
        let entry = path.index(i);
        let at = entry.child("name");
        let name = text(s, "name");
        if name.is_empty() {
            e.required(&at, "");
        } else if !is_sysctl_name(name) {
            let regex = r"^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$";
            e.invalid(
                &at,
                name,
                format!("must have at most 253 characters and match regex {regex}"),
            );
        } else if seen.contains(&name) {
            e.duplicate(&at, name);
        }
        let dotted = name.replace('/', ".");
        let ipc = ["kernel.sem", "kernel.shm", "kernel.msg", "fs.mqueue."]
            .iter()
            .any(|p| {
                if *p == "kernel.sem" {
                    dotted == *p
                } else {
                    dotted.starts_with(p)
                }
            });
        if flag(spec, "hostNetwork") == Some(true) && dotted.starts_with("net.") {
            e.invalid(&at, name, "may not be specified when 'hostNetwork' is true");
        } else if flag(spec, "hostIPC") == Some(true) && ipc {
            e.invalid(&at, name, "may not be specified when 'hostIPC' is true");
        }
        seen.push(name);
    }
}

fn validate_windows_options(options: Option<&Value>, path: &Path<'_>, e: &mut Errors) {
    let Some(options) = options else { return };
    let value = |key| sub(options, key).and_then(Value::as_str);
    if let Some(name) = value("gmsaCredentialSpecName") {
        e.invalid_each(
            &path.child("gmsaCredentialSpecName"),
            name,
            names::is_dns1123_subdomain(name),
        );
    }
    if let Some(spec) = value("gmsaCredentialSpec") {
        let at = path.child("gmsaCredentialSpec");
        if spec.is_empty() {
            e.invalid(&at, spec, "gmsaCredentialSpec cannot be an empty string");
        } else if spec.len() > 64 * 1024 {
            e.invalid(&at, spec, "gmsaCredentialSpec size must be under 64 KiB");
        }
    }
    if let Some(name) = value("runAsUserName") {
        validate_run_as_user_name(name, &path.child("runAsUserName"), e);
    }
}

fn validate_run_as_user_name(name: &str, at: &Path<'_>, e: &mut Errors) {
    if name.is_empty() {
        return e.invalid(at, name, "runAsUserName cannot be an empty string");
    }
    if name.bytes().any(|c| c.is_ascii_control()) {
        return e.invalid(at, name, "runAsUserName cannot contain control characters");
    }
    let parts: Vec<&str> = name.split('\\').collect();
    let (domain, user) = match parts.as_slice() {
        [user] => (None, *user),
        [domain, user] => (Some(*domain), *user),
        _ => {
            return e.invalid(
                at,
                name,
                "runAsUserName cannot contain more than one backslash",
            );
        }
    };
    if let Some(domain) = domain {
        if domain.len() >= 256 {
            e.invalid(
                at,
                name,
                "runAsUserName's Domain length must be under 256 characters",
            );
        }
        let bios = (1..=15).contains(&domain.chars().count())
            && !domain.starts_with('.')
            && !domain.contains(|c| "\\/:*?\"<>|".contains(c));
        let label = |l: &str| {
            let b = l.as_bytes();
            (1..=63).contains(&b.len())
                && b.iter().all(|c| c.is_ascii_alphanumeric() || *c == b'-')
                && b[0] != b'-'
                && b[b.len() - 1] != b'-'
        };
        if !bios && !domain.split('.').all(label) {
            e.invalid(
                at,
                name,
                "runAsUserName's Domain doesn't match the NetBios nor the DNS format",
            );
        }
    }
    if user.is_empty() {
        e.invalid(at, name, "runAsUserName's User cannot be empty");
    } else if user.len() > 104 {
        e.invalid(
            at,
            name,
            "runAsUserName's User length must not be longer than 104 characters",
        );
    }
    if !user.is_empty() && user.chars().all(|c| c == '.' || c == ' ') {
        e.invalid(
            at,
            name,
            "runAsUserName's User cannot contain only periods or spaces",
        );
    }
    if user.contains(|c| "\"/\\:;|=,+*?<>@[]".contains(c)) {
        let detail =
            r#"runAsUserName's User cannot contain the following characters: "/\:;|=,+*?<>@[]"#;
        e.invalid(at, name, detail);
    }
}
