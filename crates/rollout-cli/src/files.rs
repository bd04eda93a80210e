//! `-f FILE` options of our own subcommands.

use std::io::Read;

/// The files named by `-f` or `--filename`, and what else was given.
pub(crate) struct Files {
    /// Names, in order; `-` is stdin.
    pub(crate) names: Vec<String>,
    /// The other arguments.
    pub(crate) rest: Vec<String>,
}

/// Takes `-f FILE`, `-f=FILE`, `--filename FILE` and `--filename=FILE` out of the arguments.
pub(crate) fn take(args: &[String]) -> Result<Files, String> {
    let mut files = Files {
        names: Vec::new(),
        rest: Vec::new(),
    };
    let mut it = args.iter();
    while let Some(arg) = it.next() {
        let inline = ["-f=", "--filename="]
            .iter()
            .find_map(|p| arg.strip_prefix(p));
        match (inline, arg.as_str()) {
            (Some(name), _) => files.names.push(name.to_owned()),
            (None, "-f" | "--filename") => files.names.push(
                it.next()
                    .ok_or_else(|| format!("{arg} needs a file"))?
                    .clone(),
            ),
            _ => files.rest.push(arg.clone()),
        }
    }
    Ok(files)
}

/// The bytes of a file, or of stdin for `-`.
pub(crate) fn read(name: &str) -> Result<Vec<u8>, String> {
    if name == "-" {
        let mut bytes = Vec::new();
        std::io::stdin()
            .read_to_end(&mut bytes)
            .map_err(|e| format!("stdin: {e}"))?;
        return Ok(bytes);
    }
    std::fs::read(name).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => format!("the path {name:?} does not exist"),
        _ => format!("{name}: {e}"),
    })
}
