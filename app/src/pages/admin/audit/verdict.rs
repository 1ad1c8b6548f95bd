//! What a look at the whole chain found.

use leptos::prelude::*;
use service::{AuditFault, AuditVerdict};

use crate::ui::{Notice, Tone};

/// Faults shown one by one.
const SHOWN: usize = 20;

/// The verdict.
pub(super) fn verdict(found: AuditVerdict) -> impl IntoView {
    let AuditVerdict { records, digest, faults } = found;
    if faults.is_empty() {
        let digest =
            (!digest.is_empty()).then(|| view! { <p>"Newest digest: "<code class="digest">{digest}</code></p> });
        return view! {
            <Notice tone=Tone::Good title=format!("Unbroken: {records} records")>
                <p>"No record was altered, taken out or put in since it was written."</p>
                {digest}
                <p class="muted">
                    "Keep the digest elsewhere: later, "<code>"thinkheads audit verify --since DIGEST"</code>
                    " shows whether what lies before it was rewritten as a whole."
                </p>
            </Notice>
        }
        .into_any();
    }
    let more = faults.len().saturating_sub(SHOWN);
    let lines = faults.iter().take(SHOWN).map(|fault| view! { <li>{words(fault)}</li> }).collect_view();
    view! {
        <Notice tone=Tone::Bad title="The chain is broken">
            <p>"Somebody changed the audit in the database itself. Compare it with a backup from before, and find out who may write there."</p>
            <ul>{lines}</ul>
            {(more > 0).then(|| view! { <p>{format!("and {more} more")}</p> })}
        </Notice>
    }
    .into_any()
}

fn words(fault: &AuditFault) -> String {
    match fault {
        AuditFault::Missing { from, to } if from == to => format!("Record {from} is missing."),
        AuditFault::Missing { from, to } => format!("Records {from} to {to} are missing."),
        AuditFault::Altered { seq, id } => format!("Record {seq} ({id}) is not what was written."),
        AuditFault::Unchained { id } => format!("Record {id} stands outside of the chain."),
        AuditFault::End { expected, found } => {
            format!("The chain should end at record {expected} and ends at {found}.")
        }
    }
}
