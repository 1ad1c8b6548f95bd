//! Looking after the house.

pub mod deploy;
pub mod people;
