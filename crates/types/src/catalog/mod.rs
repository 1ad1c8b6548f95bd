//! The stack catalog: what is desired. Read from and written to the `phoenix_*.json` files by the `catalog` crate; spoken by
//! the engine, the pages and the terminal alike.
//!
//! Nothing here holds a secret's value: variables and credentials name an entry of the vault.

mod diagnostic;
mod effective;
mod file;
mod guest;
mod names;
mod revision;
#[cfg(feature = "schema")]
mod schema;
mod stack;

pub use diagnostic::{Diagnostic, DiagnosticCode, Severity};
pub use effective::{Effective, same_environment};
pub use file::{
    AssignmentEntry, EnvironmentEntry, GuestEntry, GuestsFile, HealthEntry, HypervisorFile, PortainerEntry,
    SecretRecord, SecretsFile, StackEntry, StacksFile, VariableEntry,
};
pub use guest::{Assignment, Guest, GuestKind, PortainerRole, PortainerSettings, SecretSource};
pub use names::{
    DotenvHazard, NameError, SecretName, check_stack_name, dotenv_form, is_variable_name, looks_secret, normalise_name,
};
pub use revision::{CatalogVersion, Divergence, FileChange, Revision, SecretInfo};
#[cfg(feature = "schema")]
pub use schema::schemas;
pub use stack::{
    Catalog, FileMount, FirewallRule, Health, Override, Publish, Stack, StackSource, Variable, VariableValue,
};
