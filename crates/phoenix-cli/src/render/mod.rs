//! What comes back, as texts for people and as JSON for programs.

mod catalog;
mod deploy;
mod diff;
mod findings;
mod history;
mod plan;
mod status;

use serde::Serialize;
use service::deploy::ProblemCode;

pub(crate) use catalog::{commits, file_changes, import, secrets};
pub(crate) use deploy::{Applied, applied, moved};
pub(crate) use diff::proposal;
pub(crate) use findings::findings;
pub(crate) use history::{ApplyJson, SummaryJson, apply, history, revisions};
pub(crate) use plan::{plan, removals};
pub(crate) use status::{drift, status};

use crate::{
    failure::Failure,
    terminal::{Terminal, Tone},
};

/// The version of the form of everything that is written as JSON. It rises when something is taken away or means something else;
/// what is added does not raise it.
pub(crate) const FORMAT: u32 = 1;

/// Says why a command did not do what it was asked to: to people on standard error, to programs on standard output.
pub(crate) fn failure(terminal: &Terminal, failure: &Failure) {
    #[derive(Serialize)]
    struct Body<'a> {
        code: ProblemCode,
        message: String,
        exit: u8,
        #[serde(skip_serializing_if = "Option::is_none")]
        fresh: Option<&'a service::deploy::model::Plan>,
    }
    if matches!(failure, Failure::OutputClosed) {
        return;
    }
    let message = failure.to_string();
    let paint = terminal.paint_err();
    if let Failure::Moved(fresh) = failure
        && !terminal.is_json()
    {
        terminal.say(&plan(fresh, paint));
    }
    if terminal.is_json() {
        let (code, fresh) = match failure {
            Failure::Failed { code, .. } => (*code, None),
            Failure::Moved(fresh) => (ProblemCode::Conflict, Some(&**fresh)),
            _ => (ProblemCode::Conflict, None),
        };
        // Standard error has it in any case.
        let _ = terminal.json("error", &Body { code, message: message.clone(), exit: failure.exit().code(), fresh });
    }
    terminal.complain(&format!("{} {message}", paint.paint(Tone::Bad, "phoenix-cli:")));
}

/// `1 step`, `2 steps`.
pub(crate) fn count(number: usize, one: &str, more: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { more })
}

/// Lines moved to the right.
pub(crate) fn indented(text: &str, by: usize) -> String {
    text.lines().map(|line| format!("{:by$}{line}\n", "")).collect()
}
