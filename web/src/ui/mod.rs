//! Small parts without a word of the domain.

mod button;
mod icon;
mod menu;
mod sheet;
mod tabs;

pub use button::Button;
pub use icon::Icon;
pub use menu::Menu;
pub use sheet::Sheet;
pub use tabs::Tabs;
