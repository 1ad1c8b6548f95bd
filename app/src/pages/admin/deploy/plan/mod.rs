//! The plan, as somebody reads it before it is carried out.

mod ask;
mod carry_out;
mod differences;
mod moved;
pub mod page;
mod steps;

pub(super) use ask::prune_key;
