//! How the catalog stands towards its remote, as it was when last compared: pages show it with its age and ask nobody.

use std::sync::PoisonError;

use types::{Millis, catalog::Divergence};

use super::{Deploy, DeployError, Operator, problem};

/// Where the catalog's remote is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemotePlace {
    /// Its address, as set.
    pub address: String,
    /// The branch.
    pub branch: String,
}

/// How the catalog and its remote stood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// When that was.
    pub at: Millis,
    /// What each has that the other has not, or why nobody knows.
    pub outcome: Result<Divergence, String>,
}

impl Deploy {
    /// Where the catalog's remote is; none if none is set.
    #[must_use]
    pub fn remote_place(&self, _: &Operator) -> Option<RemotePlace> {
        let remote = self.settings().remote.as_ref()?;
        // An address with a password in it is refused when it is used, and not shown before.
        let address = match catalog::git::Address::parse(&remote.address) {
            Ok(address) => address.as_str().to_owned(),
            Err(problem) => format!("an address that {problem}"),
        };
        Some(RemotePlace { address, branch: remote.branch.clone() })
    }

    /// How the catalog stood towards its remote when last compared; none if never.
    #[must_use]
    pub fn remote_compared(&self, _: &Operator) -> Option<Compared> {
        self.0.compared.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Asks the remote how both stand, and keeps the answer for the pages, a failure too.
    ///
    /// # Errors
    /// When there is no remote, or it does not answer.
    pub async fn compare_remote(&self, operator: &Operator) -> Result<Divergence, DeployError> {
        let outcome = self.divergence(operator).await;
        self.keep_compared(outcome)
    }

    /// Brings both sides in step, and keeps for the pages how they stand then.
    ///
    /// # Errors
    /// As [`sync`](Self::sync).
    pub async fn sync_remote(&self, operator: &Operator) -> Result<super::Synced, DeployError> {
        let synced = self.sync(operator).await;
        match &synced {
            Ok(_) => self.keep_compared(Ok(Divergence::default())).map(drop)?,
            // Why it was refused may be that both went on: the page shows how they stand now.
            Err(_) => drop(self.compare_remote(operator).await),
        }
        synced
    }

    fn keep_compared(&self, outcome: Result<Divergence, DeployError>) -> Result<Divergence, DeployError> {
        let outcome = outcome.map_err(problem);
        let kept = Compared { at: self.0.world.now(), outcome: outcome.clone().map_err(|problem| problem.message) };
        *self.0.compared.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept);
        outcome.map_err(|problem| DeployError::Service(problem.into()))
    }
}
