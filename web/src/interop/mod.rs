//! The browser: the only modules that use web_sys.

pub mod clipboard;
pub mod clock;
pub mod dom;
pub mod location;
pub mod page;
pub mod storage;
pub mod worker;
