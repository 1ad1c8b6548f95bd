//! What only administrators see.

pub mod people;
