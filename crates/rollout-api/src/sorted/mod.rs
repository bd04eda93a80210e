//! Maps, sets and sorting for few bytes of code: what the page would otherwise hold once for each type, some kilobytes a time.
//!
//! [`SortedMap`] and [`SortedSet`] stand where std's B-trees would, [`Order`] where `slice::sort` would. A clone of a map
//! shares its chunks until one of the two writes to them, so checkpoints hold only what changed.

mod iter;
mod map;
mod order;
mod set;

pub use iter::{IntoIter, Iter};
pub use map::{Entry, SortedMap};
pub use order::Order;
pub use set::SortedSet;
