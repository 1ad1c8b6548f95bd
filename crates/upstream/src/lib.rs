//! Clients for the services ThinkHeads stands on. Only this crate builds HTTP clients.
//!
//! Each upstream is a folder with a trait, a client, its wire types, a typed error and (feature `fake`) a loopback stand-in.
//! `portal` has none: its server is our own.

pub mod hypervisor;
pub mod phoenix;
pub mod portainer;
pub mod portal;
