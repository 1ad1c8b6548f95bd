//! Updates by webhook and by polling: in the background, and only when the commit changed.

use std::sync::Arc;

use axum::extract::{Path, State as Extract};

use super::super::{
    Generation, Shared,
    answer::{Error, Outcome, no_content},
    deploy::{Deployment, deploy},
    gate::Cx,
    git,
};

pub(super) async fn webhook(Extract(cx): Extract<Cx>, Path(webhook): Path<String>) -> Outcome {
    if uuid::Uuid::parse_str(&webhook).is_err() {
        return Err(Error::new(400, "Invalid Webhook ID", "invalid UUID length"));
    }
    let found = {
        let state = cx.shared.state();
        let mut rows = state.stacks.iter();
        let row = rows.find(|row| row.auto_update.as_ref().is_some_and(|update| update.webhook == webhook));
        let row = row.ok_or_else(|| Error::not_found("the stack by webhook ID"))?;
        let author = if row.updated_by.is_empty() { &row.created_by } else { &row.updated_by };
        state.users.iter().any(|user| user.name == *author).then_some(row.id)
    };
    let stack = found.ok_or_else(|| Error::plain(409, "Autoupdate for the stack isn't available"))?;
    let shared = Arc::clone(&cx.shared);
    tokio::spawn(async move { refresh(&shared, stack).await });
    no_content()
}

/// All stacks with an interval, as their jobs would.
pub(in crate::portainer::fake) async fn poll_repositories(shared: &Arc<Shared>) {
    if shared.config.generation == Generation::Newer {
        return;
    }
    let stacks: Vec<i64> = {
        let state = shared.state();
        let polled = state.stacks.iter().filter(|row| {
            row.status == 1 && row.auto_update.as_ref().is_some_and(|update| !update.interval.is_empty())
        });
        polled.map(|row| row.id).collect()
    };
    for stack in stacks {
        refresh(shared, stack).await;
    }
}

/// Whatever comes of it is not to be seen in any answer.
async fn refresh(shared: &Shared, stack: i64) {
    if let Err(error) = try_refresh(shared, stack).await {
        tracing::debug!(stack, error, "an update by webhook or polling failed");
    }
    shared.edit(|state| state.counts.auto_updates_done += 1);
}

async fn try_refresh(shared: &Shared, stack: i64) -> Result<(), String> {
    let row = shared.state().stack(stack).cloned();
    let Some(mut row) = row.filter(|row| !row.from_template) else { return Ok(()) };
    let Some(git) = &mut row.git else { return Ok(()) };
    let commit = git::commit(shared, &git.url, &git.reference, git.login.as_ref()).await;
    let commit = commit.map_err(|error| format!("{error:?}"))?;
    if commit == git.commit {
        return Ok(());
    }
    let wanted: Vec<String> =
        std::iter::once(row.entry_point.clone()).chain(row.additional_files.iter().flatten().cloned()).collect();
    let cloned = git::clone(shared, &git.url, &git.reference, git.login.as_ref(), &wanted).await;
    let cloned = cloned.map_err(|error| format!("{error:?}"))?;
    git.commit = cloned.commit;
    row.files = cloned.files;
    row.status = 1;
    deploy(shared, &Deployment { pull: true, ..Deployment::of(&row) }).await?;
    row.updated = shared.now_s();
    shared.edit(|state| {
        if let Some(old) = state.stack_mut(stack) {
            *old = row;
        }
    });
    Ok(())
}
