//! What every request passes on its way to a handler. The order is written down in [`super::router`].

pub(crate) mod bearer;
pub(crate) mod border;
pub(crate) mod client_ip;
pub(crate) mod compression;
pub(crate) mod host;
pub(crate) mod limits;
pub(crate) mod origin;
pub(crate) mod panics;
pub(crate) mod security;
pub(crate) mod session;
pub(crate) mod trace;
pub(crate) mod viewer;
