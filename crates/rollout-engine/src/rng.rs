//! Seeded randomness: one stream per purpose, so that one more draw here changes nothing there.

use rollout_api::Str;

/// What a random number is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(usize)]
pub enum Stream {
    /// Suffixes of generated names.
    Name,
    /// UIDs of objects.
    Uid,
    /// How long a container takes to start.
    Start,
    /// Jitter of the kubelet's sync.
    KubeletJitter,
    /// Pull durations.
    Pull,
    /// Ties of the scheduler.
    Scheduler,
    /// Cluster IPs and node ports.
    Address,
    /// Requests of the traffic stream.
    Traffic,
    /// Anything else.
    Other,
}

const STREAMS: usize = Stream::Other as usize + 1;
/// No vowels and none of 0, 1, 3: apimachinery's alphabet of generated names.
pub const NAME_ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

/// The state of all streams (SplitMix64 each).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SimRng {
    states: [u64; STREAMS],
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl SimRng {
    /// All streams of a seed.
    pub fn new(seed: u64) -> SimRng {
        let mut states = [0; STREAMS];
        for (i, s) in states.iter_mut().enumerate() {
            *s = mix(seed ^ mix(i as u64 + 1));
        }
        SimRng { states }
    }
    /// The next 64 random bits of a stream.
    pub fn next(&mut self, stream: Stream) -> u64 {
        let s = &mut self.states[stream as usize];
        *s = s.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(*s)
    }
    /// A number from 0 to `n` − 1; 0 if `n` is 0.
    pub fn below(&mut self, stream: Stream, n: u64) -> u64 {
        if n == 0 {
            0
        } else {
            ((u128::from(self.next(stream)) * u128::from(n)) >> 64) as u64
        }
    }
    /// A suffix of `n` characters as Kubernetes generates them.
    pub fn suffix(&mut self, n: usize) -> String {
        (0..n)
            .map(|_| char::from(NAME_ALPHABET[self.below(Stream::Name, 27) as usize]))
            .collect()
    }
    /// A version-4 UID.
    pub fn uid(&mut self) -> Str {
        let a = self.next(Stream::Uid);
        let b = self.next(Stream::Uid);
        // Version 4, variant 10.
        let high = (a & 0xffff_ffff_ffff_0fff) | 0x4000;
        let low = (b & 0x3fff_ffff_ffff_ffff) | 0x8000_0000_0000_0000;
        let mut text = [b'-'; 36];
        let mut at = 0;
        for i in 0..32u32 {
            if matches!(i, 8 | 12 | 16 | 20) {
                at += 1;
            }
            let part = if i < 16 { high } else { low };
            text[at] = b"0123456789abcdef"[((part >> (60 - 4 * (i % 16))) & 15) as usize];
            at += 1;
        }
        Str::copy(std::str::from_utf8(&text).unwrap_or(""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_do_not_disturb_each_other() {
        let mut a = SimRng::new(1);
        let mut b = SimRng::new(1);
        for _ in 0..10 {
            b.next(Stream::Start);
        }
        assert_eq!(a.suffix(5), b.suffix(5));
        assert_eq!(a.uid().len(), 36);
        assert!((0..1000).all(|_| a.below(Stream::Other, 7) < 7));
    }
}
