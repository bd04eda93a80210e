//! Making the start of a session: the cluster of a preset, with its history, at rest.

use crate::console;
use crate::presets;
use crate::start::Start;
use rollout_api::SortedMap;
use rollout_engine::{ClusterConfig, Engine, Millis, NodeSpec, SimTime};

/// How long before the session a preset was applied, or each of its releases.
const RELEASE_MS: u64 = 600_000;

/// A cluster that is ready for the learner.
pub struct Prepared {
    /// At the moment where the session's time is zero.
    pub engine: Engine,
    /// The editor's documents.
    pub files: SortedMap<String, String>,
}

/// The name that a document of the editor gets: that of its first Deployment, or of its first object.
pub fn file_name(text: &str) -> String {
    let mut name = None;
    let mut kind = "";
    let mut in_metadata = false;
    for line in text.lines() {
        if let Some(k) = line.strip_prefix("kind:") {
            kind = k.trim();
        }
        if !line.starts_with([' ', '\t', '#', '-']) {
            in_metadata = line.starts_with("metadata:");
        }
        if in_metadata && let Some(n) = line.strip_prefix("  name:") {
            let n = n
                .split('#')
                .next()
                .unwrap_or("")
                .trim()
                .trim_matches(['"', '\'']);
            if kind == "Deployment" {
                name = Some(n);
                break;
            }
            name = name.or(Some(n));
        }
    }
    let safe = |n: &&str| {
        !n.is_empty()
            && n.len() <= 80
            && n.bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
    };
    format!("{}.yaml", name.filter(safe).unwrap_or("deployment"))
}

/// The manifest that the start itself brings.
pub fn start_text(start: &Start) -> Option<&str> {
    match (&start.manifest, &start.preset) {
        (Some(text), _) => Some(text),
        (None, Some(preset)) => Some(presets::find(preset)?.yaml),
        (None, None) => None,
    }
}

/// The text of a file that the start itself brings.
pub fn start_file<'a>(start: &'a Start, file: &str) -> Option<&'a str> {
    start_text(start).filter(|text| file_name(text) == file)
}

/// Makes the cluster of a start.
pub fn prepare(start: &Start) -> Prepared {
    let preset = start.preset.as_deref().and_then(presets::find);
    let mut config = ClusterConfig {
        seed: start.seed,
        version: start.version,
        ..ClusterConfig::default()
    };
    if let Some(preset) = preset {
        config.nodes.truncate(0);
        config.nodes.extend((1..=preset.nodes.0).map(|i| NodeSpec {
            name: format!("node-{i}").into(),
            cpu: "4".into(),
            memory: preset.nodes.1.into(),
            pods: 110,
        }));
    }
    let Some(text) = start.manifest.as_deref().or(preset.map(|p| p.yaml)) else {
        let mut engine = Engine::new(config);
        let own = start.images.iter().map(String::as_str);
        for line in presets::NOT_THERE.into_iter().chain(own) {
            run(&mut engine, &SortedMap::new(), line);
        }
        // Moments of rules count from the start of the session, which is now.
        return Prepared {
            engine,
            files: SortedMap::new(),
        };
    };
    let history: &[(&str, &str)] = preset.map_or(&[], |p| p.history);
    let releases = history.len().max(1) as u64;
    config.start.0 -= (releases * RELEASE_MS / 1000) as i64;
    let mut engine = Engine::new(config);
    let file = file_name(text);
    let files = SortedMap::from([(file.clone(), text.to_owned())]);
    // Moments of rules count from the start of the session, not from that of its history.
    let zero = SimTime(releases * RELEASE_MS);
    engine.act("start", |c| c.world_mut().set_rules_zero(zero));
    let own = preset.map_or(&[][..], |p| p.images);
    for line in own.iter().filter(|l| l.starts_with("image ")) {
        run(&mut engine, &files, line);
    }
    let (images, others): (Vec<&String>, Vec<&String>) =
        start.images.iter().partition(|l| l.starts_with("image "));
    for line in images {
        run(&mut engine, &files, line);
    }
    run(&mut engine, &files, &format!("kubectl apply -f {file}"));
    for line in own.iter().filter(|l| !l.starts_with("image ")) {
        run(&mut engine, &files, line);
    }
    let target = deployment(&engine);
    for (i, (image, cause)) in history.iter().enumerate() {
        let Some((name, container)) = &target else {
            break;
        };
        if i > 0 {
            run(
                &mut engine,
                &files,
                &format!("kubectl set image deployment/{name} {container}={image}"),
            );
        }
        run(
            &mut engine,
            &files,
            &format!(
                "kubectl annotate deployment/{name} kubernetes.io/change-cause='{cause}' --overwrite"
            ),
        );
        let next = engine.now() + Millis(RELEASE_MS);
        engine.advance_to(next);
    }
    if history.is_empty() {
        let next = engine.now() + Millis(RELEASE_MS);
        engine.advance_to(next);
    }
    if let Some(preset) = preset {
        start_traffic(&mut engine, &files, preset.name);
    }
    for line in others {
        run(&mut engine, &files, line);
    }
    Prepared { engine, files }
}

/// Presets have clients: of their Service, or of their Deployment as if one stood in front of it.
fn start_traffic(engine: &mut Engine, files: &SortedMap<String, String>, preset: &str) {
    let own = |o: &&std::rc::Rc<rollout_engine::Object>| {
        o.meta.namespace.as_str() == "default" && o.meta.name.as_str() != "kubernetes"
    };
    let name = |kind| engine.list(kind).find(own).map(|o| o.meta.name.clone());
    let target = match (
        name(rollout_api::Kind::SERVICE),
        name(rollout_api::Kind::DEPLOYMENT),
    ) {
        (Some(service), _) => format!("service/{service}"),
        (None, Some(deployment)) => format!("deployment/{deployment}"),
        (None, None) => return,
    };
    let rate = if preset.starts_with("shop") {
        "20/s"
    } else {
        "8/s"
    };
    run(engine, files, &format!("traffic {target} {rate}"));
}

fn run(engine: &mut Engine, files: &SortedMap<String, String>, line: &str) {
    let before = console::Before {
        env: &rollout_shell::Env::default(),
        files,
        version: engine.config().version,
        at: 0,
        history: [].into(),
    };
    engine.act("kubectl", |client| console::execute(line, &before, client));
}

/// Name and first container of the first Deployment.
fn deployment(engine: &Engine) -> Option<(String, String)> {
    let d = engine.list(rollout_api::Kind::DEPLOYMENT).next()?;
    Some((
        d.meta.name.to_string(),
        d.value
            .str_at("spec.template.spec.containers.0.name")
            .to_owned(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_after_the_deployment() {
        for preset in presets::PRESETS {
            assert!(
                file_name(preset.yaml).len() > "x.yaml".len(),
                "{}",
                preset.name
            );
        }
        assert_eq!(
            file_name(
                "kind: Service\nmetadata:\n  name: s\n---\nkind: Deployment\nmetadata:\n  name: d\n"
            ),
            "d.yaml"
        );
        assert_eq!(
            file_name("metadata:\n  labels:\n    name: x\n"),
            "deployment.yaml"
        );
        assert_eq!(
            file_name("kind: Deployment\nmetadata:\n  name: ../../etc\n"),
            "deployment.yaml"
        );
    }
}
