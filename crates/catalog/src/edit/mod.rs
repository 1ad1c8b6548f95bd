//! Changes to the catalog, applied to the texts of its files so that everything else in them survives to the byte.

mod assign;
mod copy;
mod difference;
mod guest;
mod portainer;
mod raw;
mod rebase;
mod stack;

use std::collections::BTreeMap;

pub use raw::StackText;
pub use rebase::{Clash, Part, Rebased, Side, changed_parts, changed_stacks, rebase};
use serde::{Deserialize, Serialize};
use types::catalog::{
    Assignment, GuestPlace, NameError, PortainerSettings, SecretName, Stack, Variable, check_stack_name,
};

use crate::{
    hide,
    json::{Json, SyntaxError, Want, apply},
    read::Docs,
    snapshot::{Content, Snapshot, is_catalog_path},
};

/// One change. On the wire `kind` names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Edit {
    /// Adds a stack, or makes the one of this name be so. What older forms say and is not applied (files, labels, firewall
    /// rules, placement constraints) is left as it stands.
    SetStack(Box<Stack>),
    /// Takes a stack away. Refused while a machine runs it or a stack depends on it.
    RemoveStack {
        /// Its name.
        name: String,
    },
    /// Gives a stack another name, wherever it is named.
    RenameStack {
        /// What it is called.
        from: String,
        /// What it is to be called.
        to: String,
    },
    /// Sets a variable of a stack, everywhere or on one environment.
    SetVariable {
        /// The stack.
        stack: String,
        /// The environment; none is everywhere.
        environment: Option<String>,
        /// The variable.
        variable: Variable,
    },
    /// Takes a variable away.
    RemoveVariable {
        /// The stack.
        stack: String,
        /// The environment; none is everywhere.
        environment: Option<String>,
        /// The variable's name.
        name: String,
    },
    /// Lets a machine run a stack, or changes whose settings it takes.
    Assign {
        /// The machine's name.
        guest: String,
        /// The stack, and whose settings it takes.
        assignment: Assignment,
    },
    /// Lets a machine no longer run a stack.
    Unassign {
        /// The machine's name.
        guest: String,
        /// The stack's name.
        stack: String,
    },
    /// Adds a machine that is to be an environment.
    AddGuest(Box<GuestPlace>),
    /// Says which environment a machine is in Portainer, and where its agent listens. Its stacks and all else of it stay.
    PlaceGuest {
        /// The machine's name.
        guest: String,
        /// The environment's name in Portainer.
        environment: String,
        /// Host name or IP address of its agent, with `:PORT` if it is not the usual one.
        agent_host: String,
    },
    /// Puts a reference to the vault where a secret stands in plain text. [`Snapshot::plain_secret`] gives the value to put into
    /// the vault in the same commit. Older commits still hold it: it should be changed at its origin too.
    AdoptSecret {
        /// The file.
        file: String,
        /// JSON pointer to the text that is the secret.
        pointer: String,
        /// Its name in the vault.
        secret: SecretName,
    },
    /// The text of one stack's entry, as [`Snapshot::stack_text`] gives it: adds the stack, or makes its entry say this. All else
    /// in the file stays. The name must stay too.
    SetStackText {
        /// The stack.
        name: String,
        /// The text: one JSON object, whatever is in it.
        text: String,
    },
    /// Makes `portainer_api` say how Portainer is reached, whatever form it had. A secret that is
    /// [`SecretSource::Plain`](types::catalog::SecretSource::Plain) stays as it stands; one that is none is taken away. The agents'
    /// port stands under `network` and is left alone.
    SetPortainer(Box<PortainerSettings>),
    /// The whole text of a file; none removes it. Secrets that were hidden in what the editor saw are put back.
    SetText {
        /// Its path in the repository.
        path: String,
        /// Its text.
        text: Option<String>,
    },
}

/// Why a change cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The stack does not exist.
    #[error("There is no stack “{0}”.")]
    UnknownStack(String),
    /// A stack of this name exists already.
    #[error("There is a stack “{0}” already. Choose another name.")]
    StackExists(String),
    /// The machine does not exist.
    #[error("There is no machine “{0}”.")]
    UnknownGuest(String),
    /// A machine of this name exists already.
    #[error("There is a machine “{0}” already. Choose another name, or bind the one there is.")]
    GuestExists(String),
    /// The stack is needed.
    #[error("“{stack}” is still needed by {}. Take it away there first.", by.join(", "))]
    InUse {
        /// The stack.
        stack: String,
        /// Machines and stacks.
        by: Vec<String>,
    },
    /// The name cannot be used.
    #[error("The name “{name}” {problem}.")]
    BadName {
        /// The name.
        name: String,
        /// Why.
        problem: NameError,
    },
    /// A hand edit broke the file, so that only its whole text can be changed.
    #[error("{file} is no JSON ({error}) Mend its text first.")]
    Broken {
        /// The file.
        file: String,
        /// What is wrong.
        error: String,
    },
    /// The file has another form at this place.
    #[error("{file} has another form at “{pointer}” than this change needs. Change its text instead.")]
    Shape {
        /// The file.
        file: String,
        /// JSON pointer.
        pointer: String,
    },
    /// The new text is no JSON.
    #[error("The new text of {file} is no JSON: {error}")]
    NotJson {
        /// The file.
        file: String,
        /// What is wrong, and where.
        error: String,
    },
    /// What was typed for a stack's entry is no such entry.
    #[error("Line {line}, column {column}: {message}")]
    StackText {
        /// Line in the typed text, from 1.
        line: u32,
        /// Column in characters, from 1.
        column: u32,
        /// What is wrong.
        message: String,
    },
    /// The path is none of the catalog's.
    #[error(
        "“{0}” is no file of the catalog: those are phoenix_*.json, what is under stacks/, and *.yml or *.yaml files."
    )]
    BadPath(String),
    /// There is no secret in plain text at this place.
    #[error("{file} has no secret in plain text at “{pointer}”.")]
    NoPlainSecret {
        /// The file.
        file: String,
        /// JSON pointer.
        pointer: String,
    },
    /// The new text has a hidden secret where the old one has none.
    #[error(
        "The secret hidden at “{pointer}” does not stand there in {file}. Write the value or a reference to the vault."
    )]
    HiddenSecret {
        /// The file.
        file: String,
        /// JSON pointer.
        pointer: String,
    },
}

/// The files a change touches, with their new texts; none is "removed".
pub type Changes = BTreeMap<String, Option<String>>;

/// Applies changes one after the other. Files that end up as they were are not among the result.
///
/// # Errors
/// [`EditError`] of the first change that cannot be made; then none is.
pub fn apply_edits(snapshot: &Snapshot, edits: &[Edit]) -> Result<Changes, EditError> {
    let mut draft = Draft { snapshot: snapshot.clone() };
    for edit in edits {
        draft.apply(edit)?;
    }
    let mut changes = Changes::new();
    for path in snapshot.paths().chain(draft.snapshot.paths()) {
        let (before, after) = (snapshot.content(path), draft.snapshot.content(path));
        if before != after {
            changes.insert(path.to_owned(), draft.snapshot.text(path).map(str::to_owned));
        }
    }
    Ok(changes)
}

/// A snapshot being changed.
struct Draft {
    snapshot: Snapshot,
}

impl Draft {
    fn apply(&mut self, edit: &Edit) -> Result<(), EditError> {
        match edit {
            Edit::SetStack(stack) => self.set_stack(stack),
            Edit::RemoveStack { name } => self.remove_stack(name),
            Edit::RenameStack { from, to } => self.rename_stack(from, to),
            Edit::SetVariable { stack, environment, variable } => {
                self.change_variable(stack, environment.as_deref(), &variable.name, Some(variable))
            }
            Edit::RemoveVariable { stack, environment, name } => {
                self.change_variable(stack, environment.as_deref(), name, None)
            }
            Edit::Assign { guest, assignment } => self.assign(guest, assignment),
            Edit::Unassign { guest, stack } => self.unassign(guest, stack),
            Edit::AddGuest(place) => self.add_guest(place),
            Edit::PlaceGuest { guest, environment, agent_host } => self.place_guest(guest, environment, agent_host),
            Edit::AdoptSecret { file, pointer, secret } => self.adopt(file, pointer, secret),
            Edit::SetStackText { name, text } => self.set_stack_text(name, text),
            Edit::SetPortainer(settings) => self.set_portainer(settings),
            Edit::SetText { path, text } => self.set_text(path, text.as_deref()),
        }
    }

    /// The files as they are now, parsed.
    fn docs(&self) -> Docs {
        Docs::of(&self.snapshot)
    }

    /// Changes a value in a file.
    fn want(&mut self, file: &str, pointer: &str, want: &Want) -> Result<(), EditError> {
        let docs = self.docs();
        writable(&docs, &self.snapshot, file)?;
        let shape = || EditError::Shape { file: file.to_owned(), pointer: pointer.to_owned() };
        let doc = docs.get(file).ok_or_else(shape)?;
        let text = apply(doc, pointer, want).ok_or_else(shape)?;
        self.snapshot.set(file, Content::Text(text));
        Ok(())
    }

    fn set_text(&mut self, path: &str, text: Option<&str>) -> Result<(), EditError> {
        if !is_catalog_path(path) {
            return Err(EditError::BadPath(path.to_owned()));
        }
        match text {
            None => self.snapshot.remove(path),
            Some(text) => {
                if path.ends_with(".json")
                    && let Err(error) = crate::json::Doc::parse(text)
                {
                    return Err(EditError::NotJson { file: path.to_owned(), error: error.to_string() });
                }
                let text = hide::restore(path, text, self.snapshot.text(path))
                    .map_err(|pointer| EditError::HiddenSecret { file: path.to_owned(), pointer })?;
                self.snapshot.set(path, Content::Text(text));
            }
        }
        Ok(())
    }

    fn adopt(&mut self, file: &str, pointer: &str, secret: &SecretName) -> Result<(), EditError> {
        if self.snapshot.plain_secret(file, pointer).is_none() {
            return Err(EditError::NoPlainSecret { file: file.to_owned(), pointer: pointer.to_owned() });
        }
        let reference = Json::String(secret.reference());
        // A variable's value moves to another key; a setting's stays where it is.
        match pointer.strip_suffix("/value") {
            Some(variable) => {
                let want = Want::Members(vec![("value".into(), Want::Gone), ("secret".into(), Want::Is(reference))]);
                self.want(file, variable, &want)
            }
            None => self.want(file, pointer, &Want::Is(reference)),
        }
    }
}

/// Refuses to edit in place what a hand edit broke.
fn writable(docs: &Docs, snapshot: &Snapshot, file: &str) -> Result<(), EditError> {
    if !docs.is_broken(file) {
        return Ok(());
    }
    let error = match snapshot.content(file) {
        Some(Content::Text(text)) => {
            crate::json::Doc::parse(text.as_str()).err().as_ref().map(SyntaxError::to_string).unwrap_or_default()
        }
        Some(Content::Unreadable(reason)) => reason.clone(),
        None => String::new(),
    };
    Err(EditError::Broken { file: file.to_owned(), error })
}

fn good_name(name: &str) -> Result<(), EditError> {
    check_stack_name(name).map_err(|problem| EditError::BadName { name: name.to_owned(), problem })
}
