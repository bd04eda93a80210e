//! The `fault` command: break the cluster itself, and what is broken at the cursor.

use crate::action::Action;
use crate::session::Session;
use rollout_api::Order;
use rollout_engine::Client;
use rollout_engine::faults::{Fault, Faults};
use rollout_engine::{Millis, SimTime};
use rollout_shell::words;

/// How to say it.
pub const USAGE: &str = "\
fault node NAME lost|back [for=5m]          a node without network
fault registry [HOST] down|up [reason=refused|timeout|dns|ratelimit|denied] [for=5m]
fault api slow|normal [delay=2s] [for=5m]   news from the API server come late
fault endpoints slow|normal [delay=5s]      changes of endpoints reach the clients late
fault webhook deny|off [image=PATTERN] [label=KEY[=VALUE]] [missing=KEY] [on=pods|deployments] [message=TEXT]
fault controllers down|up|restart [for=5m]  the controller manager
fault schema NUMBER                         the schema of the database
fault off                                   everything is mended
";

/// Runs `fault …`; answers with what is printed and whether something changed.
pub fn command(args: &[String], client: &mut Client<'_>) -> Result<(String, bool), String> {
    if args.is_empty() {
        let list = client.world().faults.list();
        let mut text: String = list.iter().map(|f| format!("{f}\n")).collect();
        if list.is_empty() {
            text.push_str("nothing is broken\n\n");
            text.push_str(USAGE);
        }
        return Ok((text, false));
    }
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let (fault, lasting) = Fault::read(&words).map_err(|e| format!("error: {e}"))?;
    if !client.world().knows_node(&fault) {
        let name = match &fault {
            Fault::NodeLost(node) | Fault::NodeBack(node) => node.as_str(),
            _ => "",
        };
        return Err(format!(
            "Error from server (NotFound): nodes \"{name}\" not found"
        ));
    }
    client.world_mut().break_it(&fault, lasting);
    Ok((String::new(), true))
}

impl Session {
    /// What is broken at the cursor: what was broken at the start, and what was done on this branch up to here.
    pub fn faults(&self) -> Faults {
        let mut faults = (*self.base_world().faults).clone();
        let now = self.engine_time(self.at());
        let branch = self.branch();
        let mut done: Vec<(SimTime, usize, Fault)> = Vec::new();
        for (i, (entry, made)) in branch.log.iter().zip(&branch.made).enumerate() {
            if *made == 0 || entry.step + made > self.position() {
                continue;
            }
            let Action::Line(line) = &entry.action else {
                continue;
            };
            let at = self.engine_time(entry.at);
            let Some((fault, lasting)) = read_line(line) else {
                continue;
            };
            if let (Some(after), Some(mended)) = (lasting, fault.mended()) {
                done.push((at + after, i, mended));
            }
            done.push((at, i, fault));
        }
        done.order_by_key(|(at, i, _)| (*at, *i));
        for (at, _, fault) in done.iter().filter(|(at, ..)| *at <= now) {
            faults.apply(fault, *at);
        }
        faults
    }
}

/// The fault of a console line.
fn read_line(line: &str) -> Option<(Fault, Option<Millis>)> {
    let args = words::split(line).ok()?.args;
    let mut args = args.iter().map(String::as_str).peekable();
    args.next_if_eq(&"$");
    if args.next() != Some("fault") {
        return None;
    }
    let words: Vec<&str> = args.collect();
    Fault::read(&words).ok()
}
