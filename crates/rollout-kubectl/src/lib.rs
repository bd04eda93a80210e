//! LINE → REQUEST → TEXT: kubectl's commands and printers.
