//! Through a running server: it has the catalog, the database and Portainer, and checks the token's owner.

use std::{num::NonZeroU32, time::Duration};

use async_trait::async_trait;
use config::{Config, ExposeSecret as _, SecretString};
use service::deploy::{
    Also, ApplyState, ApplySummary, ApplyView, CatalogContents, DriftReading, ImportPlan, Overview, ProblemCode,
    Proposal, Rekeyed, Saved, SecretText, Synced, Watched,
    catalog_types::{CatalogVersion, Diagnostic, FileChange, Revision as Commit, SecretInfo, SecretName},
    environments::{CreateEvent, Tell},
    model::{ApplyId, OnFailure, Pin, Plan, PlanOptions, Revision, StackRef},
    wire::WatchEvent,
};
use upstream::portal::{Portal as _, PortalClient, PortalConfig, PortalError, Watcher};

use super::{Follow, Front};
use crate::{args::Global, failure::Failure};

/// How long a server may take to notice that an apply was broken off: its lock lapses, and it looks every quarter of a minute.
const PATIENCE: Duration = Duration::from_secs(75);

/// See the module.
pub(crate) struct There(PortalClient);

impl There {
    /// Prepares the client, if the command line or the settings name a server. Connects to nothing yet.
    pub(crate) fn open(global: &Global, config: &Config) -> Result<Option<Self>, Failure> {
        let url = match (&global.server, &config.portal.server) {
            (Some(text), _) => text.parse().map_err(|_| {
                Failure::invalid(format!("“{text}” is no URL of a server. Write one such as https://example.org."))
            })?,
            (None, Some(url)) => url.clone(),
            (None, None) => return Ok(None),
        };
        let token = global.token.as_ref().map(|text| SecretString::from(text.as_str()));
        let token = token.or_else(|| config.portal.token.clone()).ok_or_else(|| {
            Failure::invalid(
                "A server wants an API token. Make one on its account page and put it into THINKHEADS_TOKEN, or its file into \
                 THINKHEADS_TOKEN_FILE.",
            )
        })?;
        let settings = PortalConfig { ca: config.portal.ca.clone(), ..PortalConfig::new(url, token) };
        Ok(Some(Self(PortalClient::new(settings)?)))
    }
}

impl From<PortalError> for Failure {
    fn from(error: PortalError) -> Self {
        let code = match &error {
            PortalError::Moved(_) | PortalError::Conflict(_) => ProblemCode::Conflict,
            PortalError::Refused(problem) => problem.code,
            PortalError::Unauthorised => ProblemCode::SignInRequired,
            PortalError::Forbidden { .. } => ProblemCode::Forbidden,
            PortalError::Misconfigured { .. } => ProblemCode::Invalid,
            PortalError::Unreachable
            | PortalError::ConnectTimeout
            | PortalError::NoAnswer { .. }
            | PortalError::Gateway { .. } => ProblemCode::UpstreamUnavailable,
            PortalError::UntrustedCertificate { .. }
            | PortalError::NotThinkHeads { .. }
            | PortalError::OtherVersion { .. }
            | PortalError::NotUnderstood { .. } => ProblemCode::UpstreamRefused,
        };
        match error {
            PortalError::Moved(fresh) => Self::Moved(fresh),
            other => Self::failed(code, other.message()),
        }
    }
}

#[async_trait]
impl Follow for Watcher {
    async fn next(&mut self) -> Result<Option<Watched>, Failure> {
        loop {
            return Ok(match Self::next(self).await? {
                None => None,
                Some(WatchEvent::Open { .. }) => continue,
                Some(WatchEvent::Event { number, event }) => Some(Watched::Event(number, event)),
                Some(WatchEvent::Receipt { number, receipt }) => Some(Watched::Receipt(number, receipt)),
                Some(WatchEvent::Ended { verdict, .. }) => Some(Watched::Ended(verdict)),
            });
        }
    }
}

#[async_trait]
impl Front for There {
    async fn validate(&self, deep: bool) -> Result<Vec<Diagnostic>, Failure> {
        Ok(self.0.findings(deep).await?)
    }

    async fn catalog(&self) -> Result<CatalogContents, Failure> {
        Ok(self.0.catalog().await?)
    }

    async fn plan(&self, options: &PlanOptions) -> Result<Plan, Failure> {
        Ok(self.0.plan(options).await?.plan)
    }

    async fn create(&self, guest: &str, tell: Tell<'_, CreateEvent>) -> Result<Plan, Failure> {
        let created = self.0.create(guest).await?;
        // What a newer server tells and this program does not know is left out; the plan has it all.
        created.told.into_iter().filter_map(|event| serde_json::from_value(event).ok()).for_each(|event| tell(&event));
        Ok(created.plan)
    }

    async fn status(&self) -> Result<Overview, Failure> {
        Ok(self.0.look().await?)
    }

    async fn drift(&self) -> Result<DriftReading, Failure> {
        Ok(self.0.drift().await?)
    }

    async fn propose(&self, also: &Also, on_failure: OnFailure) -> Result<Proposal, Failure> {
        Ok(self.0.propose(also, on_failure).await?)
    }

    async fn apply(&self, plan: Plan, also: Option<&Also>) -> Result<ApplyId, Failure> {
        Ok(self.0.apply(&plan, also).await?)
    }

    async fn follow(&self, id: &ApplyId, after: u64) -> Result<Box<dyn Follow>, Failure> {
        Ok(Box::new(self.0.watch(id, after)))
    }

    async fn cancel(&self, id: &ApplyId) -> Result<(), Failure> {
        Ok(self.0.cancel(id).await?)
    }

    async fn running(&self) -> Result<Vec<ApplySummary>, Failure> {
        Ok(self.0.running().await?)
    }

    /// The server takes up by itself what was broken off: until it has, somebody may be at work.
    async fn take_up(&self, id: &ApplyId) -> Result<(), Failure> {
        match self.0.apply_view(id).await?.summary.state {
            ApplyState::Running => {
                Err(Failure::failed(ProblemCode::Conflict, format!("The apply {id} has not ended.")))
            }
            ApplyState::Succeeded | ApplyState::Cancelled | ApplyState::Failed => Ok(()),
        }
    }

    fn lock_patience(&self) -> Duration {
        PATIENCE
    }

    async fn history(&self, environment: Option<&str>, limit: u32) -> Result<Vec<ApplySummary>, Failure> {
        Ok(self.0.applies(environment, None, NonZeroU32::new(limit)).await?)
    }

    async fn apply_view(&self, id: &ApplyId) -> Result<ApplyView, Failure> {
        Ok(self.0.apply_view(id).await?)
    }

    async fn revisions(&self, stack: &StackRef) -> Result<Vec<Revision>, Failure> {
        Ok(self.0.revisions(stack).await?)
    }

    async fn pin(&self, stack: &StackRef) -> Result<Option<Pin>, Failure> {
        Ok(self.0.pins().await?.into_iter().find(|one| one.stack == *stack).map(|one| one.pin))
    }

    async fn release(&self, stack: &StackRef) -> Result<(), Failure> {
        Ok(self.0.release(stack).await?)
    }

    async fn commits(&self, file: Option<&str>, limit: u32) -> Result<Vec<Commit>, Failure> {
        Ok(self.0.history(file, NonZeroU32::new(limit)).await?)
    }

    async fn difference(&self, from: &CatalogVersion, to: &CatalogVersion) -> Result<Vec<FileChange>, Failure> {
        Ok(self.0.difference(from, to).await?)
    }

    async fn plan_import(&self) -> Result<ImportPlan, Failure> {
        Ok(self.0.plan_import().await?)
    }

    async fn import(&self, base: &CatalogVersion) -> Result<Saved, Failure> {
        Ok(self.0.import(base).await?)
    }

    async fn sync(&self) -> Result<Synced, Failure> {
        Ok(self.0.sync().await?)
    }

    async fn secrets(&self) -> Result<Vec<SecretInfo>, Failure> {
        Ok(self.0.secrets().await?)
    }

    async fn set_secret(
        &self,
        name: &SecretName,
        value: &SecretString,
        must_exist: bool,
    ) -> Result<SecretInfo, Failure> {
        let value = SecretText::new(value.expose_secret());
        Ok(match must_exist {
            true => self.0.rotate_secret(name, &value).await?,
            false => self.0.set_secret(name, &value).await?,
        })
    }

    async fn remove_secret(&self, name: &SecretName) -> Result<(), Failure> {
        Ok(self.0.remove_secret(name).await?)
    }

    async fn adopt_secret(&self, file: &str, pointer: &str, name: &SecretName) -> Result<SecretInfo, Failure> {
        Ok(self.0.adopt_secret(file, pointer, name).await?)
    }

    async fn rekey(&self, new: Option<&SecretString>) -> Result<Rekeyed, Failure> {
        let new = new.map(|key| SecretText::new(key.expose_secret()));
        Ok(self.0.rekey(new.as_ref()).await?)
    }

    async fn close(&self) {}
}
