//! Takes up an apply that was broken off.

use super::{ApplyError, Control, environments, leases::Leases, session::Session};
use crate::{
    model::{ApplyReport, Unfinished},
    ports::Ports,
};

/// Finishes an apply whose process died, or backs out of it.
///
/// Steps with a receipt stand. The step that was under way is taken up at its last intent: the engine looks, for as long as a
/// server may still be working on it, whether the call shows an effect, and only then makes it again. Steps that were not begun
/// are begun if what they found when the plan was made still holds.
///
/// # Errors
/// [`ApplyError::Locked`] while the process that began it may still be alive, [`ApplyError::Ended`] if it was finished meanwhile.
pub async fn resume(unfinished: &Unfinished, ports: Ports<'_>, control: &Control) -> Result<ApplyReport, ApplyError> {
    let leases = Leases::acquire(ports, environments(&unfinished.record.plan), control).await?;
    let result = leases.keeping(locked(unfinished, ports, control, &leases)).await;
    leases.release().await;
    result
}

async fn locked(
    unfinished: &Unfinished,
    ports: Ports<'_>,
    control: &Control,
    leases: &Leases<'_>,
) -> Result<ApplyReport, ApplyError> {
    // What was handed in may be old: another process may have gone on, or ended it, before the lock was had.
    let all = ports.journal.unfinished().await.map_err(ApplyError::Journal)?;
    let id = &unfinished.record.id;
    let Some(now) = all.into_iter().find(|one| one.record.id == *id) else {
        return Err(ApplyError::Ended { apply: id.clone() });
    };
    Session::new(ports, control, &now.record, leases).run(true, &now.receipts, &now.intents).await
}
