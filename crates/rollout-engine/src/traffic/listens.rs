//! Where the processes of a pod are expected to listen, as far as its manifest and its image say.

use rollout_api::Value;

/// Images that listen on a port of their own, whatever the manifest declares.
const KNOWN: &[(&str, u16)] = &[("nginx", 80), ("httpd", 80), ("redis", 6379)];

fn number(port: Option<i64>) -> Option<u16> {
    u16::try_from(port?).ok().filter(|p| *p > 0)
}

/// The port of an image that is known for it.
fn of_image(image: &str) -> Option<u16> {
    let base = image.rsplit('/').next()?;
    let base = base.split(['@', ':']).next()?;
    KNOWN.iter().find(|(name, _)| *name == base).map(|k| k.1)
}

/// The ports one container speaks at: those its probes ask, those it declares, the one its image is known for.
fn of_container(container: &Value, out: &mut Vec<u16>) {
    let mut add = |port: Option<u16>| {
        if let Some(port) = port.filter(|p| !out.contains(p)) {
            out.push(port);
        }
    };
    for probe in ["readinessProbe", "livenessProbe", "startupProbe"] {
        let probe = container.get(probe).unwrap_or(&Value::Null);
        for handler in ["httpGet.port", "tcpSocket.port", "grpc.port"] {
            add(number(probe.int_at(handler)));
        }
    }
    for port in container.list_at("ports") {
        if !matches!(port.str_at("protocol"), "UDP" | "SCTP") {
            add(number(port.int_at("containerPort")));
        }
    }
    add(of_image(container.str_at("image")));
}

/// The ports of a pod's containers, the first container's first. Empty: nothing is known of that one, and it may listen
/// anywhere.
pub fn listens(spec: &Value) -> Vec<u16> {
    let mut out = Vec::new();
    for container in spec.list_at("containers") {
        of_container(container, &mut out);
        if out.is_empty() {
            return out;
        }
    }
    for container in spec.list_at("initContainers") {
        if container.str_at("restartPolicy") == "Always" {
            of_container(container, &mut out);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollout_api::json::from_json;

    #[test]
    fn ports_of_a_pod() {
        for (spec, expected) in [
            (r#"{"containers":[{"image":"web:v1"}]}"#, &[][..]),
            (
                r#"{"containers":[{"image":"docker.io/library/nginx@sha256:aa"}]}"#,
                &[80],
            ),
            (
                r#"{"containers":[{"image":"web","ports":[{"containerPort":8080},{"containerPort":53,"protocol":"UDP"}]}]}"#,
                &[8080],
            ),
            (
                r#"{"containers":[{"image":"web","ports":[{"containerPort":8080}],"readinessProbe":{"httpGet":{"port":9090}},"livenessProbe":{"tcpSocket":{"port":"web"}}}]}"#,
                &[9090, 8080],
            ),
            (
                r#"{"containers":[{"image":"web"},{"image":"proxy","ports":[{"containerPort":15001}]}]}"#,
                &[],
            ),
            (
                r#"{"containers":[{"image":"web","ports":[{"containerPort":80}]},{"image":"proxy","ports":[{"containerPort":15001}]}],"initContainers":[{"image":"redis"},{"image":"redis","restartPolicy":"Always"}]}"#,
                &[80, 15001, 6379],
            ),
        ] {
            let spec = from_json(spec).expect("JSON");
            assert_eq!(listens(&spec), expected, "{spec:?}");
        }
    }
}
