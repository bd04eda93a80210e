//! The `image` command: break or mend an image.

use rollout_engine::Client;

/// Runs `image …`; answers with what is printed and whether a rule changed.
pub fn command(args: &[String], _client: &mut Client<'_>) -> Result<(String, bool), String> {
    let [_reference, _behaviour, _options @ ..] = args else {
        return Err("usage: image REFERENCE BEHAVIOUR [KEY=VALUE…]".to_owned());
    };
    Err("images cannot be changed yet".to_owned())
}
