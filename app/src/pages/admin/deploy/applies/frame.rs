//! What follows an apply sees: the parts of its page that are new.

use serde::{Deserialize, Serialize};

/// One event of the stream. Whoever loses the line asks again from the last number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    /// The journal's last entry in it.
    pub n: u64,
    /// The parts that look otherwise than before.
    pub parts: Vec<Part>,
    /// Whether nothing more will come.
    pub ended: bool,
}

/// A part of the page, rendered by the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The id of the element it is the content of.
    pub id: String,
    /// Its content.
    pub html: String,
}
