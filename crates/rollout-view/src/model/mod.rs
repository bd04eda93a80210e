//! The structs that a page draws: one file per part of the page.

mod ask;
mod bench;
mod breakage;
mod compare;
mod editor;
mod heat;
mod page;
mod scene;
mod timeline;
mod why;

pub use ask::*;
pub use bench::*;
pub use breakage::*;
pub use compare::*;
pub use editor::*;
pub use heat::*;
pub use page::*;
pub use scene::*;
pub use timeline::*;
pub use why::*;
