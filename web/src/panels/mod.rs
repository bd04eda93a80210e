//! One file or folder per panel. A panel draws its view model and sends messages.

pub mod actions;
pub mod ask;
pub mod bench;
pub mod branches;
pub mod breakage;
pub mod check;
pub mod compare;
pub mod console;
pub mod editor;
pub mod header;
pub mod images;
pub mod keys;
pub mod names;
pub mod pasted;
pub mod plans;
pub mod pod_card;
pub mod readout;
pub mod scene;
pub mod share;
pub mod spans;
pub mod sums;
pub mod timeline;
pub mod traffic;
pub mod transport;
pub mod version;
pub mod why;
