//! The `image` command: break or mend an image, and the rules that hold at the cursor.

use crate::session::Session;
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
        let changed = self.branch().rules.iter().rev();
        let mut before = changed.filter(|(step, _)| *step <= self.position());
        before
            .next()
            .map_or_else(|| self.base_rules().clone(), |(_, r)| (**r).clone())
    }
}
