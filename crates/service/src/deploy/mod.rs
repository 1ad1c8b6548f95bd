//! Deploying: what the engine in `reconcile` needs of the world, over our store and upstreams.

mod memory;

pub use memory::Memory;
