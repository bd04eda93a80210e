//! The `load` command: how hard a Deployment is used, from now on.

use rollout_engine::Client;

/// Runs `load …`; answers with what is printed and whether a load changed.
pub fn command(args: &[String], client: &mut Client<'_>) -> Result<(String, bool), String> {
    if args.is_empty() {
        let mut text = String::new();
        for curve in &client.world().loads.curves {
            text.push_str(&curve.to_string());
            text.push('\n');
        }
        return Ok((text, false));
    }
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match client.world_mut().set_load_words(&words) {
        Ok(()) => Ok((String::new(), true)),
        Err(e) => Err(format!("error: {e}")),
    }
}
