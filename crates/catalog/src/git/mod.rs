//! git
mod address;
pub use address::{Address, AddressError, check_reference};
