//! From a container that should run to one that does: back-off, image, configuration, start.

use super::backoff::{go_millis, go_seconds};
use super::container_status::Run;
use super::decision::KubeletDecision;
use super::image_manager::{ImageError, PullDecision, ensure_image_exists, eval_cri_pull_err};
use super::plan::ConfigSource;
use super::pod::{Failure, Job, PodState, RunInfo};
use super::program;
use super::{Kubelet, KubeletEvent, config_data, report, texts};
use crate::files::Seen;
use crate::images::{Effects, Who};
use crate::sim_event::SimEvent;
use crate::time::Millis;
use crate::world::World;
use rollout_api::Str;

/// A process that ends at once runs at least this long.
const SHORTEST_RUN: u64 = 100;

impl PodState {
    /// What holds for a container's image now.
    pub(super) fn effects(&self, world: &World, container: usize) -> Effects {
        let who = Who {
            ordinal: self.containers[container].ordinal,
            node: &self.node,
        };
        world
            .images
            .effects(&self.plan.containers[container].full, &who, world.now)
    }

    fn fail(&mut self, container: usize, reason: &str, message: impl Into<Str>, failure: Failure) {
        self.containers[container].start_error = Some((Str::copy(reason), message.into()));
        self.failed = Some(match (self.failed, failure) {
            (Some(Failure::BackOff(a)), Failure::BackOff(b)) => Failure::BackOff(a.min(b)),
            (Some(Failure::Error), _) => Failure::Error,
            (_, f) => f,
        });
    }
}

impl Kubelet {
    /// Starts the next container of this sync, or ends the sync.
    pub(super) fn start_next(&mut self, world: &mut World, pod: &mut PodState) {
        while let Some(i) = pod.queue.pop() {
            if self.begin(world, pod, i) {
                return;
            }
        }
        self.end_sync(world, pod, false);
    }

    /// Begins with a container. True: the worker is busy with it now.
    fn begin(&mut self, world: &mut World, pod: &mut PodState, i: usize) -> bool {
        if self.do_back_off(world, pod, i) {
            return false;
        }
        let plan = pod.plan.clone();
        let c = &plan.containers[i];
        if let Err(error) = rollout_api::image::parse(&c.image) {
            let error = error.text(&c.image, world.version());
            let text = format!("Failed to apply default image tag \"{}\": {error}", c.image);
            pod.event(world, Some(i), "Warning", "InspectFailed", &text);
            self.refuse_image(
                world,
                pod,
                i,
                ImageError::InvalidImageName,
                text,
                Failure::Error,
            );
            return false;
        }
        let present = self.nodes.image(&pod.node, &c.full).is_some();
        match ensure_image_exists(Ok(present), c.pull, &pod.pulls, &c.image, world.now.0) {
            PullDecision::Present => {
                let job = Job::Image {
                    container: i,
                    pull: false,
                    since: world.now,
                };
                pod.set_job(world, job, self.timings.pull_cached);
                true
            }
            PullDecision::Pull => {
                let text = format!("Pulling image \"{}\"", c.image);
                pod.event(world, Some(i), "Normal", "Pulling", &text);
                let effects = pod.effects(world, i);
                let refused = world.faults.pull_error(&c.full);
                let took = if let Some((_, took)) = refused {
                    took.unwrap_or(self.timings.pull_failed)
                } else if effects.missing {
                    self.timings.pull_failed
                } else if self.nodes.image(&pod.node, &c.full) == Some(effects.digest) {
                    self.timings.pull_cached
                } else {
                    effects.pull.unwrap_or(self.timings.pull)
                };
                let job = Job::Image {
                    container: i,
                    pull: true,
                    since: world.now,
                };
                pod.set_job(world, job, took);
                let why = KubeletDecision::Pull {
                    image: c.image.clone(),
                    until: world.now + Millis(took),
                };
                world.decide((pod.key.clone(), why));
                true
            }
            PullDecision::Refuse(ImageError::ImagePullBackOff) => {
                let text = format!("Back-off pulling image \"{}\"", c.image);
                let told = pod.event(world, Some(i), "Normal", "BackOff", &text);
                let message =
                    texts::pull_backoff(world.version(), &c.image, &pod.containers[i].pull_error);
                let entry = pod.pulls.entry(&c.image);
                let end = entry.map_or(0, |e| e.last_update + e.backoff);
                if told {
                    let why = KubeletDecision::PullBackOff {
                        image: c.image.clone(),
                        window: Millis(entry.map_or(0, |e| e.backoff)),
                        until: crate::time::SimTime(end),
                    };
                    world.decide((pod.key.clone(), why));
                }
                let failure = Failure::BackOff(crate::time::SimTime(end));
                self.refuse_image(
                    world,
                    pod,
                    i,
                    ImageError::ImagePullBackOff,
                    message,
                    failure,
                );
                false
            }
            PullDecision::Refuse(error) => {
                let text = format!(
                    "Container image \"{}\" is not present with pull policy of Never",
                    c.image
                );
                pod.event(world, Some(i), "Warning", "ErrImageNeverPull", &text);
                self.refuse_image(world, pod, i, error, text, Failure::Error);
                false
            }
        }
    }

    fn refuse_image(
        &mut self,
        world: &mut World,
        pod: &mut PodState,
        i: usize,
        error: ImageError,
        message: String,
        failure: Failure,
    ) {
        let text = format!("Error: {}", error.reason());
        pod.event(world, Some(i), "Warning", "Failed", &text);
        pod.fail(i, error.reason(), message, failure);
    }

    /// Mirrors `doBackOff`, pkg/kubelet/kuberuntime/kuberuntime_manager.go. True: not yet.
    fn do_back_off(&mut self, world: &mut World, pod: &mut PodState, i: usize) -> bool {
        let now = world.now.0;
        let Some(Run::Exited(info, _)) = &pod.containers[i].newest else {
            return false;
        };
        let (finished, restarts) = (info.finished.0, info.number);
        let crashes = &mut pod.containers[i].crashes;
        if !crashes.is_in_back_off_since(&(), finished, now) {
            crashes.next((), finished, now);
            return false;
        }
        let length = crashes.get(&());
        let name = pod.plan.containers[i].name.clone();
        let full = pod.full_name();
        let text = format!("Back-off restarting failed container {name} in pod {full}");
        if pod.event(world, Some(i), "Warning", "BackOff", &text) {
            let why = KubeletDecision::CrashBackOff {
                container: name.clone(),
                restarts,
                window: Millis(length),
                until: crate::time::SimTime(finished + length),
            };
            world.decide((pod.key.clone(), why));
        }
        let message = format!(
            "back-off {} restarting failed container={name} pod={full}",
            go_seconds(length)
        );
        let failure = Failure::BackOff(crate::time::SimTime(finished + length));
        pod.fail(i, "CrashLoopBackOff", message, failure);
        true
    }

    /// What the worker was waiting for has come.
    pub(super) fn job_done(&mut self, world: &mut World, pod: &mut PodState) {
        match pod.job {
            Job::Image {
                container,
                pull,
                since,
            } => self.image_done(world, pod, container, pull, since),
            Job::Start { container } => self.start_container(world, pod, container),
            Job::PostStart { container } => {
                pod.containers[container].starting = false;
                self.started(world, pod, container);
            }
            Job::Terminate => self.sync_terminated_pod(world, pod),
            Job::Idle | Job::Kill => {}
        }
    }

    fn image_done(
        &mut self,
        world: &mut World,
        pod: &mut PodState,
        i: usize,
        pull: bool,
        since: crate::time::SimTime,
    ) {
        let plan = pod.plan.clone();
        let c = &plan.containers[i];
        let effects = pod.effects(world, i);
        if !pull {
            let text = texts::present(world.version(), &c.image);
            pod.event(world, Some(i), "Normal", "Pulled", &text);
        } else if let Some(said) = pull_error(world, &c.full, effects.missing) {
            let (error, message) = eval_cri_pull_err(&c.image, &said);
            let text = format!("Failed to pull image \"{}\": {message}", c.image);
            pod.event(world, Some(i), "Warning", "Failed", &text);
            pod.pulls.next(c.image.clone(), world.now.0, world.now.0);
            pod.containers[i].pull_error = Str::copy(&message);
            self.refuse_image(world, pod, i, error, message, Failure::Error);
            pod.job = Job::Idle;
            self.start_next(world, pod);
            return;
        } else {
            let took = go_millis(world.now.since(since).0);
            let bytes = effects
                .size
                .unwrap_or_else(|| 20_000_000 + report::scatter(&c.full, 9) % 180_000_000);
            let text = texts::pulled(world.version(), &c.image, &took, bytes);
            pod.event(world, Some(i), "Normal", "Pulled", &text);
            self.nodes
                .store_image(world, &pod.node, &c.full, effects.digest);
        }
        if let Err(text) = self.container_config(world, pod, i, &effects) {
            pod.event(
                world,
                Some(i),
                "Warning",
                "Failed",
                &format!("Error: {text}"),
            );
            pod.fail(i, "CreateContainerConfigError", text, Failure::Error);
            pod.job = Job::Idle;
            self.start_next(world, pod);
            return;
        }
        pod.set_job(world, Job::Start { container: i }, pod.start_delay);
        let why = KubeletDecision::Start {
            container: c.name.clone(),
            until: world.now + Millis(pod.start_delay),
        };
        world.decide((pod.key.clone(), why));
    }

    /// Mirrors `generateContainerConfig` as far as it can fail, pkg/kubelet/kuberuntime/kuberuntime_container.go.
    fn container_config(
        &self,
        world: &World,
        pod: &PodState,
        i: usize,
        effects: &Effects,
    ) -> Result<(), String> {
        let c = &pod.plan.containers[i];
        let whose = || format!("(pod: \"{}\", container: {})", pod.full_name(), c.name);
        if c.run_as_non_root {
            match c.run_as_user {
                Some(0) => {
                    return Err(format!(
                        "container's runAsUser breaks non-root policy {}",
                        whose()
                    ));
                }
                None if effects.needs_root => {
                    return Err(format!(
                        "container has runAsNonRoot and image will run as root {}",
                        whose()
                    ));
                }
                _ => {}
            }
        }
        let namespace = &pod.key.namespace;
        for source in c.env.iter().filter_map(|e| e.source.as_ref()) {
            let what = if source.secret { "secret" } else { "configmap" };
            let Some((data, _)) = config_data(world, namespace, source) else {
                return Err(format!("{what} \"{}\" not found", source.name));
            };
            if !source.key.is_empty() && data.get(&source.key).is_none() {
                return Err(missing_key(namespace, source, &source.key));
            }
        }
        // A key that comes from a ConfigMap or Secret and is not in it; a process without it at all ends by itself.
        if let Some(key) = missing_config(world, pod, i, effects)
            && let Some(source) = c.env.iter().filter_map(|e| e.source.as_ref()).next_back()
        {
            return Err(missing_key(namespace, source, &key));
        }
        Ok(())
    }

    /// Mirrors the second half of `startContainer`, pkg/kubelet/kuberuntime/kuberuntime_container.go.
    fn start_container(&mut self, world: &mut World, pod: &mut PodState, i: usize) {
        let plan = pod.plan.clone();
        let c = &plan.containers[i];
        let effects = pod.effects(world, i);
        let version = world.version();
        pod.event(
            world,
            Some(i),
            "Normal",
            "Created",
            &texts::created(version, &c.name),
        );
        pod.event(
            world,
            Some(i),
            "Normal",
            "Started",
            &texts::started(version, &c.name),
        );
        let digest = self.nodes.image(&pod.node, &c.full).unwrap_or(0);
        let salt = Str::concat(&[&c.full, "#", &Str::number(digest.into())]);
        let state = &mut pod.containers[i];
        let number = match &state.newest {
            Some(Run::Running(r) | Run::Created(r) | Run::Exited(r, _) | Run::Unknown(r)) => {
                r.number + 1
            }
            None => 0,
        };
        let info = RunInfo {
            number,
            id: report::container_id(&pod.uid, &c.name, number),
            started: world.now,
            finished: world.now,
            reason: "",
            image: c.full.clone(),
            image_id: Str::concat(&[&c.repository, "@sha256:", &report::hex64(&salt)]),
        };
        state.previous = state.newest.replace(Run::Running(info));
        state.start_error = None;
        state.stopping = false;
        if !c.reads.is_empty() {
            let see =
                |(secret, name): &(bool, Str)| Seen::now(world, &pod.key.namespace, *secret, name);
            let seen = c.reads.iter().map(see).collect();
            world.files.started(&pod.uid, &c.name, seen);
        }
        self.tell_traffic_of_start(world, pod, i);
        let missing = missing_config(world, pod, i, &effects);
        if let Some(end) = program::end_of(c, &effects, missing.is_some()) {
            let event = SimEvent::Kubelet(KubeletEvent::Exit(pod.key.clone(), i));
            let ticket = world.schedule(Millis(end.after.max(SHORTEST_RUN)), event);
            pod.containers[i].end = Some((ticket, end.code, end.reason));
        }
        let pod_name = Str::concat(&[&pod.key.namespace, "/", &pod.key.name]);
        world.logs.rotate(&pod_name, &c.name);
        for line in program::first_lines(c, &effects, missing.as_deref()) {
            pod.log(world, i, line);
        }
        match c.post_start {
            Some(wait) => {
                pod.containers[i].starting = true;
                pod.set_job(world, Job::PostStart { container: i }, wait);
            }
            None => self.started(world, pod, i),
        }
    }

    /// The container is up: the rest of the sync, then its probes.
    fn started(&mut self, world: &mut World, pod: &mut PodState, i: usize) {
        pod.job = Job::Idle;
        // Probes see the container at the sync that follows.
        while let Some(next) = pod.queue.pop() {
            if self.begin(world, pod, next) {
                self.adopt_probes(world, pod, i);
                return;
            }
        }
        self.adopt_probes(world, pod, i);
        self.end_sync(world, pod, true);
    }
}

/// What the runtime says of a pull that fails.
fn pull_error(world: &World, full: &str, missing: bool) -> Option<String> {
    match world.faults.pull_error(full) {
        Some((said, _)) => Some(said),
        None => missing.then(|| texts::not_found(full)),
    }
}

fn missing_key(namespace: &str, source: &ConfigSource, key: &str) -> String {
    let what = if source.secret { "Secret" } else { "ConfigMap" };
    format!(
        "couldn't find key {key} in {what} {namespace}/{}",
        source.name
    )
}

/// The first key that the image needs and nobody gives it.
fn missing_config(world: &World, pod: &PodState, i: usize, effects: &Effects) -> Option<Str> {
    let data = |source: &ConfigSource| {
        config_data(world, &pod.key.namespace, source).map(|(data, _)| data)
    };
    let given = |key: &Str| program::has_key(&pod.plan.containers[i], key, data);
    effects.needs_config.iter().find(|key| !given(key)).cloned()
}
