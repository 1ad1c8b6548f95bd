//! Stories of the use cases on a real database.

mod acts;
mod drafts;
mod flood;
mod house;
mod joining;
mod repositories;
mod rights;
mod sequences;
mod sessions;
mod signing_in;
mod switches;
mod tokens;

pub(crate) use house::{House, lenient};
