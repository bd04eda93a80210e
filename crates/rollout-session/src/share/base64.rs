//! base64url without padding (RFC 4648, section 5).

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Writes bytes.
pub fn encode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let n = chunk.iter().fold(0u32, |n, b| n << 8 | u32::from(*b)) << (8 * (3 - chunk.len()));
        for i in 0..=chunk.len() {
            out.push(ALPHABET[(n >> (18 - 6 * i) & 63) as usize] as char);
        }
    }
    out
}

/// Reads text; trailing `=` is allowed, anything else that is not in the alphabet is not.
/// The error is the position of the first character that cannot be read.
pub fn decode(text: &str) -> Result<Vec<u8>, usize> {
    let trimmed = text.trim_end_matches('=').as_bytes();
    let mut out = Vec::with_capacity(trimmed.len() * 3 / 4);
    for (c, chunk) in trimmed.chunks(4).enumerate() {
        let mut n = 0u32;
        for (i, b) in chunk.iter().enumerate() {
            let Some(digit) = ALPHABET.iter().position(|a| a == b) else {
                return Err(c * 4 + i);
            };
            n = n << 6 | digit as u32;
        }
        if chunk.len() == 1 {
            return Err(c * 4);
        }
        n <<= 6 * (4 - chunk.len());
        for i in 0..chunk.len() - 1 {
            out.push((n >> (16 - 8 * i)) as u8);
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trips_every_length_and_byte() {
        let all: Vec<u8> = (0..=255).collect();
        for n in 0..all.len() {
            assert_eq!(decode(&encode(&all[..n])).unwrap(), &all[..n]);
        }
        assert_eq!(encode(b"\xfb\xff"), "-_8");
        assert_eq!(decode("-_8=").unwrap(), b"\xfb\xff");
    }

    #[test]
    fn names_the_place_that_is_damaged() {
        assert_eq!(decode("AAAA+AAA"), Err(4));
        assert_eq!(decode("AAAAA"), Err(4));
        assert_eq!(decode("ä"), Err(0));
    }
}
