//! Going back, carrying over, and holding still.
//!
//! Portainer deploys the newest commit of a reference and nothing else, so an older one is brought back by its rendered text. A
//! row with a text has no repository to poll, and the planner reads the pin instead of the catalog: neither Portainer nor a sync
//! brings the other version back until the pin is released.

use types::Millis;

use crate::{
    diff::{self, StackDiff},
    model::{DesiredSource, DesiredStack, Pin, PinOrigin, Revision},
};

/// Why a stack can't be brought to a revision.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RevisionError {
    /// There is no such revision.
    #[error("there is no revision {number}")]
    Unknown {
        /// The number.
        number: u64,
    },
    /// Nothing was applied before what runs now.
    #[error("there is no earlier revision")]
    NoEarlier,
    /// Its rendered text was not kept, since its compose file could not be read then.
    #[error("revision {number} was kept without its text")]
    NoText {
        /// The number.
        number: u64,
    },
    /// Pinning images by digest failed.
    #[error("the images of revision {number} can't be written into its text: {detail}")]
    Render {
        /// The number.
        number: u64,
        /// Why.
        detail: String,
    },
}

/// Writes image digests into a compose text. Implemented by whoever can read compose files.
pub trait PinImages: Send + Sync {
    /// The text in which each service's image is the one with the digest of `services`, where known.
    ///
    /// # Errors
    /// Says why the text can't be written.
    fn pin_images(&self, text: &str, services: &[crate::model::ComposeService]) -> Result<String, String>;
}

/// Which revision a rollback goes to, when the newest one failed or was applied well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Back {
    /// To this one.
    To(u64),
    /// To the newest: what runs now came after it and never became healthy.
    ToNewest,
    /// To the one before the newest: the newest was applied well and is bad nevertheless.
    BeforeNewest,
}

/// Makes the pin that brings a stack back on the same environment. `revisions` stand oldest first.
///
/// # Errors
/// [`RevisionError`] when there is nothing to go back to.
pub fn rollback(
    revisions: &[Revision],
    back: Back,
    by: &str,
    now: Millis,
    images: &dyn PinImages,
) -> Result<Pin, RevisionError> {
    let revision = match back {
        Back::To(number) => {
            revisions.iter().find(|one| one.number == number).ok_or(RevisionError::Unknown { number })?
        }
        Back::ToNewest => revisions.last().ok_or(RevisionError::NoEarlier)?,
        Back::BeforeNewest => revisions.iter().rev().nth(1).ok_or(RevisionError::NoEarlier)?,
    };
    let mut pin = pin(revision, by, now, PinOrigin::Rollback, images)?;
    pin.variables = Some(revision.variables.clone());
    Ok(pin)
}

/// A revision of one environment on its way to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promotion {
    /// The pin for the target.
    pub pin: Pin,
    /// What changes on the target.
    pub difference: StackDiff,
}

/// Carries a revision over to another environment: its commit and its image digests, with the target's own variables.
///
/// `target` is the stack as it is desired on the target now, whose variables stay.
///
/// # Errors
/// [`RevisionError`] when the revision can't be carried over.
pub fn promote(
    revision: &Revision,
    target: &DesiredStack,
    by: &str,
    now: Millis,
    images: &dyn PinImages,
) -> Result<Promotion, RevisionError> {
    let origin = PinOrigin::Promotion { from: revision.environment.clone() };
    let pin = pin(revision, by, now, origin, images)?;
    let before = target.effective();
    let mut after = DesiredStack { pin: Some(pin.clone()), ..target.clone() };
    after = after.effective().into_owned();
    let difference = diff::stacks(&before, &after);
    Ok(Promotion { pin, difference })
}

fn pin(
    revision: &Revision,
    by: &str,
    now: Millis,
    origin: PinOrigin,
    images: &dyn PinImages,
) -> Result<Pin, RevisionError> {
    let number = revision.number;
    let text = match (&revision.compose, &revision.source) {
        (Some(text), _) | (None, DesiredSource::Text { text }) => text,
        (None, DesiredSource::Git { .. }) => return Err(RevisionError::NoText { number }),
    };
    let text =
        images.pin_images(text, &revision.services).map_err(|detail| RevisionError::Render { number, detail })?;
    let commit = match (&revision.source, &revision.pin) {
        (DesiredSource::Git { commit, .. }, _) => Some(commit.clone()),
        (DesiredSource::Text { .. }, pin) => pin.as_ref().and_then(|pin| pin.commit.clone()),
    };
    Ok(Pin {
        revision: number,
        by: by.to_owned(),
        at: now,
        origin,
        commit,
        text,
        variables: None,
        services: revision.services.clone(),
    })
}
