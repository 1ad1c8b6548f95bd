//! Why the server could not start, in words for the one who starts it.

use std::{io, net::SocketAddr, path::PathBuf};

use service::ServiceError;
use store::StoreError;
use upstream::phoenix::PhoenixError;

/// The server could not start or had to end.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The settings.
    #[error(transparent)]
    Config(#[from] config::ConfigError),
    /// Settings that do not go together, or an order that can't be followed.
    #[error("{0}")]
    Refused(String),
    /// The address to listen on.
    #[error("can't listen on {addr} (THINKHEADS_ADDR): {cause}")]
    Listen {
        /// Which address.
        addr: SocketAddr,
        /// What the system said.
        cause: io::Error,
    },
    /// A folder.
    #[error("can't use the folder {}: {cause}", path.display())]
    Folder {
        /// Which folder.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// The database.
    #[error("the database can't be used: {0}")]
    Store(#[from] StoreError),
    /// The inference service's settings.
    #[error("PHOENIX_URL or PHOENIX_API_KEY can't be used: {}", .0.message())]
    Phoenix(PhoenixError),
    /// The use cases.
    #[error("the server can't be built: {}", crate::http::problem::chain(.0))]
    Service(#[from] ServiceError),
    /// The system gives no more threads or timers.
    #[error("can't start the thread of the connections: {0}")]
    Threads(io::Error),
    /// A part that should run as long as the server ended.
    #[error("{0}")]
    Ended(&'static str),
}
