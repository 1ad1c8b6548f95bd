#![doc = include_str!("README.md")]

mod apply;
pub mod diff;
mod drift;
pub mod model;
pub mod names;
mod observe;
mod overview;
mod plan;
pub mod ports;
pub mod revisions;
pub mod wire;

pub use apply::{ApplyError, Cancel, Control, Pace, Redactor, apply, resume};
pub use drift::{Drift, drift};
pub use observe::observe;
pub use overview::{
    ContainerOverview, EnvironmentOverview, Overview, PinOverview, StackOverview, StackState, overview,
};
pub use plan::plan;
