//! Deployments in a few words, for the home of those who look after them.

use service::Onlooker;
use types::Millis;

pub(crate) use super::standing::Counts;
use super::{parts::many, reading::Reading, standing::Standing};
use crate::server::PageCx;

/// Deployments in a few words.
pub(crate) struct Summary {
    /// What there is.
    pub(crate) text: String,
    /// When it was seen.
    pub(crate) at: Option<Millis>,
    /// The stacks that ask for attention.
    pub(crate) standings: Vec<Standing>,
}

/// Says how the newest look found them.
pub(crate) fn summary(cx: &PageCx, onlooker: &Onlooker) -> Summary {
    let Some(look) = Reading::of(cx, onlooker).look else {
        let text = "The stacks of your Docker hosts: what is desired, what runs, and the difference.".to_owned();
        return Summary { text, at: None, standings: Vec::new() };
    };
    let all = look.overview.environments.iter().flat_map(|one| &one.stacks).map(Standing::of);
    let (asking, well): (Vec<Standing>, Vec<Standing>) = all.partition(|one| one.wants_attention());
    let text = if asking.is_empty() && well.is_empty() {
        "The catalog runs nothing yet.".to_owned()
    } else if asking.is_empty() {
        format!("{}, all in step.", many(well.len(), "stack"))
    } else {
        format!("{} in step.", many(well.len(), "stack"))
    };
    Summary { text, at: Some(look.overview.at), standings: asking }
}
