//! The `image` command: break or mend an image, and the rules that hold at the cursor.

use crate::action::Action;
use crate::session::Session;
use crate::words;
use rollout_engine::Client;
use rollout_engine::images::ImageRules;

/// Runs `image …`; answers with what is printed and whether a rule changed.
pub fn command(args: &[String], client: &mut Client<'_>) -> Result<(String, bool), String> {
    if args.is_empty() {
        let rules: String = client
            .world()
            .images
            .iter()
            .map(|r| format!("{r}\n"))
            .collect();
        return Ok((rules, false));
    }
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    client
        .world_mut()
        .set_image_rule_words(&words)
        .map_err(|e| format!("error: {e}"))?;
    Ok((String::new(), true))
}

impl Session {
    /// The rules of images at the cursor: those of the start, and what was done on this branch up to here.
    pub fn image_rules(&self) -> ImageRules {
        let mut rules = self.base_rules().clone();
        let branch = self.branch();
        let done = branch
            .log
            .iter()
            .zip(&branch.made)
            .filter(|(e, made)| **made > 0 && e.step + **made <= self.position());
        for (entry, _) in done {
            let Action::Line(line) = &entry.action else {
                continue;
            };
            let args = words::split(line).map(|w| w.args).unwrap_or_default();
            let mut args = args.iter().map(String::as_str).peekable();
            args.next_if_eq(&"$");
            if args.next() == Some("image") {
                let words: Vec<&str> = args.collect();
                // A line that made a step was understood.
                let _understood = rules.set_words(&words);
            }
        }
        rules
    }
}
