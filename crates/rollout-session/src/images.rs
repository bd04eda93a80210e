//! The `image` command: break or mend an image.

use rollout_engine::Client;

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
        .map_err(|e| e.to_string())?;
    Ok((String::new(), true))
}
