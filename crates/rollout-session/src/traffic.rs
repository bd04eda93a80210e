//! The `traffic` command: a stream of requests, and what became of it.

use crate::session::Session;
use rollout_api::Order;
use rollout_api::{Kind, ObjectKey};
use rollout_engine::traffic::{Cause, Command, Tally, Traffic};
use rollout_engine::{Client, SimTime};

/// Runs `traffic …`; answers with what is printed and whether a stream changed.
pub fn command(args: &[String], client: &mut Client<'_>) -> Result<(String, bool), String> {
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match Command::read(&words, "default").map_err(|e| format!("error: {e}"))? {
        Command::Show => {
            let now = client.world().elapsed();
            Ok((report(&client.world().traffic, now), false))
        }
        Command::Set(target, setting) => {
            let known = client.world().store.get(&target).is_some();
            if !known && client.world().traffic.stream(&target).is_none() {
                let plural = match target.kind {
                    Kind::SERVICE => "services",
                    _ => "deployments.apps",
                };
                return Err(format!(
                    "Error from server (NotFound): {plural} \"{}\" not found",
                    target.name
                ));
            }
            client.world_mut().set_traffic(&target, setting);
            let text = match setting.rate {
                0 => format!("no more requests to {}\n", target_text(&target)),
                _ => format!("requests to {}: {setting}\n", target_text(&target)),
            };
            Ok((text, true))
        }
    }
}

/// `service/web`, with the namespace if it is another than the usual one.
pub fn target_text(target: &ObjectKey) -> String {
    let kind = match target.kind {
        Kind::SERVICE => "service",
        _ => "deployment",
    };
    match target.namespace.as_str() {
        "default" => format!("{kind}/{}", target.name),
        namespace => format!("{kind}/{} -n {namespace}", target.name),
    }
}

/// What became of all streams until now, in plain lines.
fn report(traffic: &Traffic, now: SimTime) -> String {
    let mut out = String::new();
    for (target, stream) in traffic.streams() {
        let Some(setting) = stream.setting(now) else {
            continue;
        };
        let tally = traffic.total(target, now);
        out.push_str(&format!("{}  {setting}\n", target_text(target)));
        out.push_str(&format!("  {}\n", sentence(&tally)));
        for (version, text) in by_version(traffic, &tally) {
            out.push_str(&format!("  {}  {text}\n", version.trim()));
        }
        let burnt = tally.budget_burnt(setting.objective);
        out.push_str(&format!(
            "  availability {}, {burnt}% of the error budget burnt\n",
            percent(tally.availability())
        ));
    }
    if out.is_empty() {
        out.push_str("no traffic; traffic service/NAME 20/s starts it\n");
    }
    out
}

/// `120 requests: 110 answered, 10 failed (8 at pods that had stopped, 2 no endpoint)`.
pub fn sentence(tally: &Tally) -> String {
    let mut text = format!(
        "{} requests: {} answered, {} failed",
        tally.total(),
        tally.ok(),
        tally.failed()
    );
    let causes: Vec<String> = Cause::ALL
        .iter()
        .map(|c| (tally.failed_by(*c), c.words()))
        .filter(|(n, _)| *n > 0)
        .map(|(n, words)| format!("{n} {words}"))
        .collect();
    if !causes.is_empty() {
        text.push_str(&format!(" ({})", causes.join(", ")));
    }
    text
}

fn by_version(traffic: &Traffic, tally: &Tally) -> Vec<(String, String)> {
    let mut ids: Vec<u32> = tally.parts.iter().filter_map(|p| p.version).collect();
    ids.dedup();
    ids.iter()
        .map(|id| {
            let version = traffic.version(*id);
            let name = version.map_or_else(String::new, |v| format!("{} {}", v.owner, v.image));
            let of = |failed: bool| {
                let parts = tally.parts.iter();
                let of = parts.filter(|p| p.version == Some(*id) && p.cause.is_some() == failed);
                of.map(|p| p.count).sum::<u64>()
            };
            (name, format!("{} answered, {} failed", of(false), of(true)))
        })
        .collect()
}

/// `99.95%` of parts of 100 000.
pub fn percent(share: u32) -> String {
    let text = format!("{}.{:03}", share / 1000, share % 1000);
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
}

/// How many requests of all streams failed; none: there was no stream.
pub fn failed(traffic: &Traffic, now: SimTime) -> Option<u64> {
    let mut streams = traffic.streams().map(|(target, _)| target).peekable();
    streams.peek()?;
    Some(streams.map(|t| traffic.total(t, now).failed()).sum())
}

impl Session {
    /// The traffic model of the branch that is shown. It knows more than the cursor: ask it with the cursor's time.
    pub fn traffic(&self) -> &Traffic {
        &self.head().world().traffic
    }

    /// What became of a target's requests until the cursor.
    pub fn requests_so_far(&self, target: &ObjectKey) -> Tally {
        self.traffic().total(target, self.engine_time(self.at()))
    }

    /// How many requests failed until the end of what is recorded, of all streams; none: there was no stream.
    pub fn requests_failed_in_record(&self) -> Option<u64> {
        failed(self.traffic(), self.engine_time(self.recorded_ms()))
    }

    /// The stream that leads to a Deployment's pods at the cursor: to itself, or to a Service that selects them. The first
    /// that was started, if there are several.
    pub fn stream_of(&self, deployment: &ObjectKey) -> Option<ObjectKey> {
        let now = self.engine_time(self.at());
        let labels = self
            .store()
            .get(deployment)
            .and_then(|d| d.value.at("spec.template.metadata.labels").cloned());
        let streams = self.traffic().streams();
        let mut begun: Vec<(SimTime, &ObjectKey)> = streams
            .filter_map(|(k, s)| Some((s.began().filter(|b| *b <= now)?, k)))
            .filter(|(_, k)| k.namespace == deployment.namespace)
            .filter(|(_, k)| {
                if k.kind == Kind::DEPLOYMENT {
                    return *k == deployment;
                }
                let service = self.store().get(k).and_then(|o| o.service().cloned());
                let (Some(service), Some(labels)) = (service, &labels) else {
                    return true;
                };
                rollout_engine::controllers::selector::map_selector_matches(
                    &service.selector,
                    labels,
                )
            })
            .collect();
        begun.order();
        begun.first().map(|(_, k)| (*k).clone())
    }
}
