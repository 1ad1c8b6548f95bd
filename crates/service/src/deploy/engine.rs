//! The engine's ports, for one plan or one apply.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use catalog::vault::Vault;
use reconcile::{
    model::{
        ApplyId, ApplyRecord, ApplyVerdict, Desired, Event, Intent, Pin, Receipt, Revision, Scope, SecretRef, StackRef,
        Unfinished,
    },
    ports::{Catalog, Clock, EventSink, Journal, Lease, PortError, Ports, Secrets, SecretsError},
};
use secrecy::SecretString;
use store::AuditEntry;
use tokio::sync::{mpsc, oneshot};
use types::{Millis, catalog::SecretName};
use upstream::portainer::engine::PortainerTarget;

use super::{DeployError, Memory, desired::wanted, facts::Pinner, home::Home, sources::Sources};
use crate::{ServiceError, World};

/// Older versions of the vault's file that are looked through for a version of a secret.
const OLDER_VAULTS: u32 = 500;

/// The ports. Cheap to make.
pub(super) struct Engine {
    pub(super) home: Arc<Home>,
    pub(super) sources: Arc<Sources>,
    pub(super) memory: Memory,
    pub(super) world: World,
    pub(super) target: Arc<PortainerTarget>,
    /// What is planned: repositories outside of it are not asked.
    pub(super) scope: Scope,
    /// Pins that are to be in force, beside those that are: a rollback as it would be.
    pub(super) pins: BTreeMap<StackRef, Option<Pin>>,
    /// Where events go; none for a mere look.
    pub(super) events: Option<mpsc::UnboundedSender<Event>>,
    /// What the audit is to hold when an apply begins.
    pub(super) audit: std::sync::Mutex<Option<AuditEntry>>,
    /// Told when an apply has begun.
    pub(super) begun: std::sync::Mutex<Option<oneshot::Sender<()>>>,
}

impl Engine {
    pub(super) fn ports(&self) -> Ports<'_> {
        Ports {
            target: &*self.target,
            catalog: self,
            journal: self,
            locks: &self.memory,
            secrets: self,
            clock: self,
            events: self,
            images: &Pinner,
        }
    }

    async fn read(&self) -> Result<Desired, DeployError> {
        let now = self.home.now().await?;
        let wanted = wanted(&self.home, &now, &self.sources, &self.scope).await?;
        let mut pins = self.memory.pins().await?;
        for (stack, pin) in &self.pins {
            match pin {
                Some(pin) => pins.insert(stack.clone(), pin.clone()),
                None => pins.remove(stack),
            };
        }
        Ok(wanted.desired.with_pins(&pins))
    }

    pub(super) async fn secret(&self, secret: &SecretRef) -> Result<SecretString, DeployError> {
        let name: SecretName = secret.name.parse().map_err(|problem| {
            DeployError::refused(types::ProblemCode::Invalid, format!("“{}” {problem}.", secret.name))
        })?;
        let key = self.home.key()?;
        let now = self.home.now().await?;
        let vault = now.vault?;
        if vault.get(&name).is_some_and(|info| u64::from(info.version) == secret.version) {
            return Ok(vault.reveal(&key, &name)?.value);
        }
        // A rollback asks for the version that was: the history has it.
        let repository = self.home.repository().await?;
        for revision in repository.history(Some(catalog::SECRETS_FILE), OLDER_VAULTS).await? {
            let then = repository.show(&types::catalog::CatalogVersion::commit(revision.commit)).await?;
            let Ok(vault) = Vault::of(&then) else { continue };
            if vault.get(&name).is_some_and(|info| u64::from(info.version) == secret.version) {
                return Ok(vault.reveal(&key, &name)?.value);
            }
        }
        Err(DeployError::refused(
            types::ProblemCode::NotFound,
            format!("The vault has no version {} of the secret “{}”, now or before.", secret.version, secret.name),
        ))
    }
}

/// An error as the engine takes it: words without any secret.
fn port(error: DeployError) -> PortError {
    PortError::new(ServiceError::from(error).problem().message)
}

#[async_trait]
impl Catalog for Engine {
    async fn desired(&self) -> Result<Desired, PortError> {
        self.read().await.map_err(port)
    }
}

#[async_trait]
impl Secrets for Engine {
    async fn resolve(&self, secret: &SecretRef) -> Result<SecretString, SecretsError> {
        self.secret(secret).await.map_err(|error| SecretsError { detail: port(error).detail })
    }
}

#[async_trait]
impl Clock for Engine {
    fn now(&self) -> Millis {
        self.world.now()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

impl EventSink for Engine {
    fn emit(&self, event: &Event) {
        if let Some(events) = &self.events {
            // Whoever wrote them down is gone only when this process ends.
            let _ = events.send(event.clone());
        }
    }
}

#[async_trait]
impl Journal for Engine {
    /// Pins are set first: should the process die in between, the next plan shows them. If the apply can't begin they are put
    /// back as they were.
    async fn begin(&self, record: &ApplyRecord, held: &[Lease]) -> Result<(), PortError> {
        let before = if self.pins.is_empty() { BTreeMap::new() } else { self.memory.pins().await? };
        for (stack, pin) in &self.pins {
            self.memory.set_pin(stack, pin.as_ref()).await?;
        }
        let audit = self.audit.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        if let Err(error) = self.memory.begin_with(record, held, audit).await {
            for stack in self.pins.keys() {
                self.memory.set_pin(stack, before.get(stack)).await?;
            }
            return Err(error);
        }
        let begun = self.begun.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        if let Some(begun) = begun {
            let _ = begun.send(());
        }
        Ok(())
    }

    async fn intent(&self, intent: &Intent, held: &[Lease]) -> Result<(), PortError> {
        self.memory.intent(intent, held).await
    }

    async fn receipt(&self, receipt: &Receipt, held: &[Lease]) -> Result<(), PortError> {
        self.memory.receipt(receipt, held).await
    }

    async fn end(&self, apply: &ApplyId, verdict: ApplyVerdict, at: Millis, held: &[Lease]) -> Result<(), PortError> {
        self.memory.end(apply, verdict, at, held).await
    }

    async fn unfinished(&self) -> Result<Vec<Unfinished>, PortError> {
        self.memory.unfinished().await
    }

    async fn keep_revision(&self, revision: &Revision, held: &[Lease]) -> Result<(), PortError> {
        self.memory.keep_revision(revision, held).await
    }

    async fn revisions(&self, stack: &StackRef) -> Result<Vec<Revision>, PortError> {
        self.memory.revisions(stack).await
    }

    async fn newest_revisions(&self, environment: &str) -> Result<Vec<Revision>, PortError> {
        self.memory.newest_revisions(environment).await
    }

    async fn forget_applied(&self, stack: &StackRef, held: &[Lease]) -> Result<(), PortError> {
        self.memory.forget_applied(stack, held).await
    }

    async fn set_pin(&self, stack: &StackRef, pin: Option<&Pin>) -> Result<(), PortError> {
        self.memory.set_pin(stack, pin).await
    }
}
