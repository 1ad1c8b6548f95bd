//! What this person can use, and its state.

pub mod page;
