//! The web side.

pub(crate) mod accept;
mod api;
pub(crate) mod api_v1;
mod aside;
mod downloads;
pub(crate) mod facts;
mod forms;
mod health;
pub(crate) mod lines;
mod logs;
mod metrics;
pub(crate) mod middleware;
mod pages;
mod palette;
pub(crate) mod problem;
pub(crate) mod router;
pub(crate) mod statics;
mod streams;
pub(crate) mod table;
mod working;
