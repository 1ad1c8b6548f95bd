//! Looking after the house.

pub mod audit;
pub mod deploy;
pub mod people;
