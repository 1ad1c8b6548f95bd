//! Deployments: what is desired, what runs, what would be done, and what is being done.

#[cfg(feature = "ssr")]
mod acts;
pub mod api;
pub mod applies;
pub mod assignments;
pub mod bind;
pub mod connect;
pub mod container;
#[cfg(feature = "ssr")]
mod containers;
pub mod editor;
#[cfg(feature = "ssr")]
pub mod environments;
#[cfg(feature = "ssr")]
mod findings;
pub mod history;
#[cfg(feature = "ssr")]
mod hosts;
pub mod import;
#[cfg(feature = "ssr")]
pub mod overview;
#[cfg(feature = "ssr")]
mod parts;
#[cfg(feature = "ssr")]
pub(crate) mod places;
#[cfg(feature = "ssr")]
pub mod plan;
#[cfg(feature = "ssr")]
mod reading;
#[cfg(feature = "ssr")]
pub mod stack;
#[cfg(feature = "ssr")]
pub mod stacks;
#[cfg(feature = "ssr")]
mod standing;
#[cfg(feature = "ssr")]
pub(crate) mod summary;
