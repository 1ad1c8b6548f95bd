#![doc = include_str!("README.md")]

pub mod dotenv;
pub mod model;
pub mod names;
mod plan;
pub mod ports;

pub use plan::plan;
