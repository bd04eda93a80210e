//! The virtual clock: points and spans in milliseconds.

use rollout_api::Timestamp;
use std::fmt;
use std::ops::{Add, AddAssign, Sub};

/// A point: milliseconds since the start of the cluster.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct SimTime(pub u64);

/// A span in milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Millis(pub u64);

impl SimTime {
    /// The start.
    pub const ZERO: SimTime = SimTime(0);
    /// The wall clock's whole second at this point, in a cluster that started at `start`.
    pub fn timestamp(self, start: Timestamp) -> Timestamp {
        Timestamp(start.0 + (self.0 / 1000) as i64)
    }
    /// The span since an earlier point; zero if `earlier` is later.
    pub fn since(self, earlier: SimTime) -> Millis {
        Millis(self.0.saturating_sub(earlier.0))
    }
}
impl Millis {
    /// A span of whole seconds; a negative number counts as zero.
    pub fn from_secs(seconds: i64) -> Millis {
        Millis(u64::try_from(seconds).unwrap_or(0).saturating_mul(1000))
    }
}
impl Add<Millis> for SimTime {
    type Output = SimTime;
    fn add(self, span: Millis) -> SimTime {
        SimTime(self.0.saturating_add(span.0))
    }
}
impl AddAssign<Millis> for SimTime {
    fn add_assign(&mut self, span: Millis) {
        *self = *self + span;
    }
}
impl Add for Millis {
    type Output = Millis;
    fn add(self, other: Millis) -> Millis {
        Millis(self.0.saturating_add(other.0))
    }
}
impl Sub for Millis {
    type Output = Millis;
    fn sub(self, other: Millis) -> Millis {
        Millis(self.0.saturating_sub(other.0))
    }
}
impl fmt::Display for SimTime {
    /// Seconds with three decimals: `12.005`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}", self.0 / 1000, self.0 % 1000)
    }
}
