//! Links: `#s=1d.<payload>`. A link holds what cannot be computed: the start, the actions and the position.
//!
//! `1` is the format, `d` raw deflate, `j` plain JSON; both base64url. Every format ever published stays readable.
//! Decoding is bounded in size, depth and counts, and runs nothing.

mod base64;
mod wire_v1;

use rollout_api::json;

/// Longest payload that is read, in characters.
pub const MAX_LINK: usize = 256 * 1024;
/// Most bytes a payload may unfold to.
pub const MAX_UNFOLDED: usize = 2 * 1024 * 1024;
/// Deepest nesting of the JSON in a link.
pub const MAX_LINK_DEPTH: usize = 8;
/// Most actions in a link.
pub const MAX_ACTIONS: usize = 2_000;
/// A link longer than this is worth a warning.
pub const WARN_ABOVE: usize = 2_000;
/// Above this a file is the better way to share.
pub const FILE_ABOVE: usize = 8_000;

/// Everything that a link holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shared {
    /// Where the session began.
    pub start: crate::Start,
    /// What the learner did.
    pub log: Vec<crate::LogEntry>,
    /// Where the learner looks: step and time.
    pub step: usize,
    /// Milliseconds since the start.
    pub at: u64,
    /// Text of the editor that was not applied.
    pub draft: Option<String>,
}

/// Why a link cannot be opened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LinkError {
    /// The part in front of the dot is of no known format.
    UnknownFormat(String),
    /// A character that cannot stand in a link, with its position.
    Character(usize),
    /// Too long, or unfolds to too much.
    TooLarge,
    /// The compressed part is damaged.
    Compression,
    /// No UTF-8 or no JSON.
    Text(String),
    /// The JSON says something that it must not: which part and why.
    Content(String),
}

impl std::fmt::Display for LinkError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            LinkError::UnknownFormat(format) => write!(
                f,
                "the link has the format {format:?}, which is not known here"
            ),
            LinkError::Character(at) => {
                write!(f, "character {} of the link cannot be read", at + 1)
            }
            LinkError::TooLarge => f.write_str("the link is too large"),
            LinkError::Compression => {
                f.write_str("the compressed part of the link is damaged or cut off")
            }
            LinkError::Text(e) => write!(f, "the link does not hold what it should: {e}"),
            LinkError::Content(e) => write!(f, "the link holds something wrong: {e}"),
        }
    }
}
impl std::error::Error for LinkError {}

/// How a payload is packed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Packing {
    /// `1d`: raw deflate.
    Deflate,
    /// `1j`: plain JSON, for debugging.
    Json,
}

/// The part of a link after `#s=`.
pub fn encode(shared: &Shared, packing: Packing) -> String {
    let text = json::to_json(&wire_v1::write(shared));
    match packing {
        Packing::Deflate => format!(
            "1d.{}",
            base64::encode(&miniz_oxide::deflate::compress_to_vec(text.as_bytes(), 9))
        ),
        Packing::Json => format!("1j.{}", base64::encode(text.as_bytes())),
    }
}

/// Reads the part of a link after `#s=`; a whole fragment (`#s=…`) is taken as well.
pub fn decode(payload: &str) -> Result<Shared, LinkError> {
    let payload = payload.trim();
    let payload = payload.rsplit_once("s=").map_or(payload, |(_, p)| p);
    if payload.len() > MAX_LINK {
        return Err(LinkError::TooLarge);
    }
    let (format, body) = payload.split_once('.').unwrap_or((payload, ""));
    let packing = match format {
        "1d" => Packing::Deflate,
        "1j" => Packing::Json,
        other => return Err(LinkError::UnknownFormat(other.chars().take(20).collect())),
    };
    let bytes = base64::decode(body).map_err(|at| LinkError::Character(at + format.len() + 1))?;
    let bytes = match packing {
        Packing::Json => bytes,
        Packing::Deflate => {
            miniz_oxide::inflate::decompress_to_vec_with_limit(&bytes, MAX_UNFOLDED).map_err(
                |e| {
                    if e.status == miniz_oxide::inflate::TINFLStatus::HasMoreOutput {
                        LinkError::TooLarge
                    } else {
                        LinkError::Compression
                    }
                },
            )?
        }
    };
    let text =
        std::str::from_utf8(&bytes).map_err(|_| LinkError::Text("it is no text".to_owned()))?;
    if nesting(text) > MAX_LINK_DEPTH {
        return Err(LinkError::Content("it is nested too deeply".to_owned()));
    }
    let value = json::from_json(text).map_err(|e| LinkError::Text(e.to_string()))?;
    wire_v1::read(&value).map_err(LinkError::Content)
}

/// Deepest nesting of brackets outside strings.
fn nesting(text: &str) -> usize {
    let (mut depth, mut deepest, mut quoted, mut escaped) = (0usize, 0usize, false, false);
    for b in text.bytes() {
        match b {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'[' | b'{' if !quoted => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}
