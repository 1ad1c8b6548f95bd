//! What the process says of itself: logs and metrics.

mod log;
pub(crate) mod metrics;

pub use log::init as init_log;
