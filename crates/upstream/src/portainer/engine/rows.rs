//! Portainer's rows as the engine knows them.

use futures::future::try_join_all;
use reconcile::model::{
    AutoUpdate, Digest, Disclosure, ObservedSource, ObservedStack, ObservedValue, RowStatus, StackKind,
};

use super::{
    super::{
        PortainerError, StackId,
        stacks::{self, Stack, StackStatus},
    },
    PortainerTarget,
    containers::{Groups, Project},
};

/// What Portainer says when a stack's file is no longer on its disk.
const FILE_GONE: &str = "Unable to retrieve Compose file";

/// A row and its text; none for a row from a repository, or if the file is gone.
pub(super) struct Row {
    stack: Stack,
    text: Option<String>,
}

impl Row {
    /// The project that its containers belong to.
    pub(super) fn project(&self) -> Project {
        Project { name: self.stack.name.clone(), swarm: self.stack.kind == stacks::StackKind::Swarm }
    }
}

/// Whether Docker runs it: Portainer also has rows for Kubernetes.
pub(super) fn is_docker(stack: &Stack) -> bool {
    matches!(stack.kind, stacks::StackKind::Swarm | stacks::StackKind::Compose)
}

impl PortainerTarget {
    /// Reads the texts of these rows.
    pub(super) async fn with_texts(&self, rows: Vec<Stack>) -> Result<Vec<Row>, PortainerError> {
        try_join_all(rows.into_iter().map(|stack| async move {
            let text = if stack.git.is_some() { None } else { self.text(stack.id).await? };
            Ok(Row { stack, text })
        }))
        .await
    }

    async fn text(&self, id: StackId) -> Result<Option<String>, PortainerError> {
        match self.read(self.portainer.stack_file(id)).await {
            Ok(text) => Ok(Some(text)),
            // A row without its file is mended by a new text; so is a row that went away, by what comes after.
            Err(PortainerError::NotFound { .. }) => Ok(None),
            Err(PortainerError::ServerError { detail, .. }) if detail.contains(FILE_GONE) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The row with its containers, values as digests unless they may be shown.
    pub(super) fn observed_row(
        &self,
        environment: &str,
        row: Row,
        groups: &Groups,
        disclosure: &Disclosure,
    ) -> ObservedStack {
        let project = row.project();
        let group = groups.get(&project).cloned().unwrap_or_default();
        let Row { stack, text } = row;
        let variables = stack.variables.into_iter().map(|variable| {
            let digest = (self.digest)(&variable.value);
            let open = disclosure.allows(environment, &stack.name, &variable.name);
            (variable.name, ObservedValue { digest, plain: open.then_some(variable.value) })
        });
        ObservedStack {
            id: stack.id.0,
            variables: variables.collect(),
            kind: if project.swarm { StackKind::Swarm } else { StackKind::Compose },
            status: status(stack.status),
            source: match stack.git {
                Some(git) => ObservedSource::Git {
                    url: git.url,
                    reference: git.reference,
                    commit: git.commit,
                    compose_file: git.config_file,
                    additional_files: stack.additional_files,
                    auto_update: stack.auto_update.and_then(auto_update),
                },
                None => ObservedSource::Text {
                    // No text has this digest, so that a lost file counts as changed.
                    digest: text
                        .as_ref()
                        .map_or_else(|| Digest::from_text(""), |text| Digest::of_bytes(text.as_bytes())),
                    text,
                },
            },
            containers: group.containers,
            protected: group.protected || self.protected.holds_project(&stack.name),
            name: stack.name,
        }
    }
}

fn auto_update(auto_update: stacks::AutoUpdate) -> Option<AutoUpdate> {
    let found = AutoUpdate { webhook: auto_update.webhook.is_some(), interval: auto_update.interval };
    (found.webhook || found.interval.is_some()).then_some(found)
}

const fn status(status: StackStatus) -> RowStatus {
    match status {
        StackStatus::Active => RowStatus::Active,
        StackStatus::Inactive => RowStatus::Inactive,
        StackStatus::Deploying => RowStatus::Deploying,
        StackStatus::Error => RowStatus::Error,
        StackStatus::Unknown(number) => RowStatus::Unknown(number),
    }
}
