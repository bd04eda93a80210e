//! Base64 as Go's `base64.StdEncoding` reads and writes it.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Writes with padding.
pub fn encode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let at = |i: usize| u32::from(chunk.get(i).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for i in 0..4 {
            let six = (bits >> (18 - 6 * i)) & 63;
            out.push(if i <= chunk.len() {
                char::from(ALPHABET[six as usize])
            } else {
                '='
            });
        }
    }
    out
}

/// Reads; newlines are skipped. The error is Go's offset of the offending byte.
pub fn decode(text: &str) -> Result<Vec<u8>, usize> {
    let src = text.as_bytes();
    let mut out = Vec::with_capacity(src.len() / 4 * 3);
    let mut group = [0u32; 4];
    let mut n = 0;
    let mut at = 0;
    while at < src.len() {
        let byte = src[at];
        at += 1;
        if matches!(byte, b'\n' | b'\r') {
            continue;
        }
        if byte == b'=' {
            return padding(src, at, n, &group, out);
        }
        let Some(six) = ALPHABET.iter().position(|a| *a == byte) else {
            return Err(at - 1);
        };
        group[n] = six as u32;
        n += 1;
        if n == 4 {
            let bits = group[0] << 18 | group[1] << 12 | group[2] << 6 | group[3];
            out.extend([(bits >> 16) as u8, (bits >> 8) as u8, bits as u8]);
            n = 0;
        }
    }
    if n > 0 { Err(src.len() - n) } else { Ok(out) }
}

/// The end of a text with padding: `at` is behind the first `=`, `n` characters of the group were read.
fn padding(
    src: &[u8],
    mut at: usize,
    n: usize,
    group: &[u32; 4],
    mut out: Vec<u8>,
) -> Result<Vec<u8>, usize> {
    let skip = |at: &mut usize| {
        while matches!(src.get(*at), Some(b'\n' | b'\r')) {
            *at += 1;
        }
    };
    if n < 2 {
        return Err(at - 1);
    }
    skip(&mut at);
    if n == 2 {
        match src.get(at) {
            None => return Err(src.len()),
            Some(b'=') => at += 1,
            Some(_) => return Err(at - 1),
        }
        skip(&mut at);
    }
    if at < src.len() {
        return Err(at);
    }
    let bits = group[0] << 18 | group[1] << 12 | if n == 3 { group[2] << 6 } else { 0 };
    out.push((bits >> 16) as u8);
    if n == 3 {
        out.push((bits >> 8) as u8);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trips() {
        for text in ["", "f", "fo", "foo", "foob", "größe"] {
            assert_eq!(decode(&encode(text.as_bytes())).unwrap(), text.as_bytes());
        }
        assert_eq!(encode(b"fo"), "Zm8=");
        assert_eq!(decode("Zm\n8=\n").unwrap(), b"fo");
    }

    #[test]
    fn offsets_of_errors() {
        for (text, at) in [
            ("a", 0),
            ("Zm8", 0),
            ("Zm9vY", 4),
            ("Zm9v!", 4),
            ("=", 0),
            ("Zm=", 3),
            ("Zm8=x", 4),
            ("Zm=8", 2),
        ] {
            assert_eq!(decode(text), Err(at), "{text}");
        }
    }
}
