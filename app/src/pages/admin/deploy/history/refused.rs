//! A change of the catalog that was refused: why, and what others did meanwhile.

use leptos::prelude::*;
use types::{Problem, ProblemCode, catalog::FileChange};

use super::changes::file_changes;
use crate::ui::{Notice, Tone};

/// Why nothing was `done`, and what others changed since the page was opened. What the change would do now stands below it.
pub(in super::super) fn refused(problem: Problem, theirs: &[FileChange], done: &'static str) -> impl IntoView + use<> {
    let title = match problem.code {
        ProblemCode::Conflict => format!("The catalog moved meanwhile; nothing was {done}"),
        _ => format!("Nothing was {done}"),
    };
    let meanwhile = (!theirs.is_empty()).then(|| {
        view! {
            <section aria-labelledby="meanwhile">
                <div class="block-head"><h2 id="meanwhile">"What others changed since you opened this page"</h2></div>
                {file_changes(theirs)}
            </section>
        }
    });
    view! {
        <Notice tone=Tone::Bad title><p>{problem.message}" What it would do now stands below."</p></Notice>
        {meanwhile}
    }
}
