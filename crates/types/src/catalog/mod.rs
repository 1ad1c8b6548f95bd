//! The stack catalog: what is desired. Read from and written to the `phoenix_*.json` files by the `catalog` crate; spoken by
//! the engine, the pages and the terminal alike.
//!
//! Nothing here holds a secret's value: variables and credentials name an entry of the vault.

mod credential;
mod diagnostic;
mod dotenv;
mod effective;
mod file;
mod guest;
mod image;
mod names;
mod revision;
#[cfg(feature = "schema")]
mod schema;
mod stack;

pub use credential::{GIT_TOKEN_USER, git_login};
pub use diagnostic::{Diagnostic, DiagnosticCode, Severity};
pub use dotenv::{DotenvHazard, dotenv_form, dotenv_seen, is_variable_name, variable_form, variable_seen};
pub use effective::{Effective, same_environment};
pub use file::{
    AssignmentEntry, EnvironmentEntry, GuestEntry, GuestsFile, HealthEntry, HypervisorFile, PortainerEntry,
    SecretRecord, SecretsFile, StackEntry, StacksFile, VariableEntry,
};
pub use guest::{Assignment, Guest, GuestKind, GuestPlace, PortainerRole, PortainerSettings, SecretSource};
pub use image::ImageName;
pub use names::{NameError, SecretName, check_stack_name, looks_secret, normalise_name};
pub use revision::{CatalogVersion, Divergence, FileChange, Revision, SecretInfo};
#[cfg(feature = "schema")]
pub use schema::schemas;
pub use stack::{
    Catalog, FileMount, FirewallRule, Health, Override, Publish, Stack, StackSource, Variable, VariableValue,
};
