//! Small parts without a word of the domain.

mod button;
mod icon;
mod menu;
mod placed;
mod shared;
mod sheet;
mod tabs;

pub use button::Button;
pub use icon::{icon, icon_as};
pub use menu::Menu;
pub use placed::Placed;
pub use shared::Shared;
pub use sheet::Sheet;
pub use tabs::Tabs;
