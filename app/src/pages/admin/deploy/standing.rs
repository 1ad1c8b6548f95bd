//! How a stack stands, in the order of how much it asks for attention: icon, word and colour.

use leptos::prelude::*;
use service::deploy::{
    StackOverview, StackState,
    model::{Condition, Reach},
};

use crate::ui::{Chip, IconName, Tone};

/// How a stack stands. A container that is not well is told apart from other drift: it hurts now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Standing {
    /// A container is not well.
    Failing,
    /// The environment does not answer.
    Unknown,
    /// It can't be planned.
    Blocked,
    /// Something changed past the catalog.
    Drifted,
    /// The catalog wants something else.
    Changes,
    /// Not in the catalog.
    Surplus,
    /// A container is still starting.
    Starting,
    /// As desired and well.
    InStep,
}

impl Standing {
    /// All, most urgent first.
    pub(super) const ALL: [Self; 8] = [
        Self::Failing,
        Self::Unknown,
        Self::Blocked,
        Self::Drifted,
        Self::Changes,
        Self::Surplus,
        Self::Starting,
        Self::InStep,
    ];

    /// How a stack stands. What nobody saw is never called failing either.
    pub(super) fn of(stack: &StackOverview) -> Self {
        let unwell = stack.containers.iter().any(|one| !one.condition.is_good() && one.condition != Condition::Pending);
        match stack.state {
            StackState::Unknown => Self::Unknown,
            StackState::Surplus => Self::Surplus,
            _ if unwell => Self::Failing,
            StackState::InStep => Self::InStep,
            StackState::Starting => Self::Starting,
            StackState::Changes => Self::Changes,
            StackState::Drifted => Self::Drifted,
            StackState::Blocked => Self::Blocked,
        }
    }

    /// Whether somebody should look.
    pub(super) const fn wants_attention(self) -> bool {
        !matches!(self, Self::InStep | Self::Starting)
    }

    /// The word in addresses.
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::Failing => "failing",
            Self::Unknown => "unknown",
            Self::Blocked => "blocked",
            Self::Drifted => "drifted",
            Self::Changes => "changes",
            Self::Surplus => "surplus",
            Self::Starting => "starting",
            Self::InStep => "in-step",
        }
    }

    /// Reads the word in an address.
    pub(super) fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.key() == key)
    }

    /// The words for people.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Failing => "Failing",
            Self::Unknown => "Unknown",
            Self::Blocked => "Blocked",
            Self::Drifted => "Drifted",
            Self::Changes => "Changes wait",
            Self::Surplus => "Not in catalog",
            Self::Starting => "Starting",
            Self::InStep => "In step",
        }
    }

    /// The picture.
    pub(super) const fn icon(self) -> IconName {
        match self {
            Self::Failing => IconName::Alert,
            Self::Unknown => IconName::Question,
            Self::Blocked => IconName::Ban,
            Self::Drifted => IconName::Drift,
            Self::Changes => IconName::Changes,
            Self::Surplus => IconName::Plus,
            Self::Starting => IconName::Clock,
            Self::InStep => IconName::Check,
        }
    }

    /// The colour.
    pub(super) const fn tone(self) -> Tone {
        match self {
            Self::Failing | Self::Unknown => Tone::Bad,
            Self::Blocked | Self::Drifted => Tone::Warn,
            Self::Changes => Tone::Accent,
            Self::Surplus | Self::Starting => Tone::Neutral,
            Self::InStep => Tone::Good,
        }
    }
}

/// A stack's standing as a chip.
#[component]
pub(super) fn StandingChip(standing: Standing) -> impl IntoView {
    view! { <Chip icon=standing.icon() tone=standing.tone()>{standing.word()}</Chip> }
}

/// How many stacks stand how, most urgent first, as links to the list.
#[component]
pub(crate) fn Counts(
    /// The stacks.
    standings: Vec<Standing>,
    /// The environment they are on, for the links; none is all.
    #[prop(optional_no_strip)]
    environment: Option<String>,
) -> impl IntoView {
    let counted = Standing::ALL.into_iter().filter_map(|standing| {
        let count = standings.iter().filter(|one| **one == standing).count();
        (count > 0).then_some((standing, count))
    });
    let of = environment.map(|name| format!("&environment={}", super::parts::encode(&name))).unwrap_or_default();
    let items = counted
        .map(|(standing, count)| {
            let href = format!("/admin/stacks?state={}{of}", standing.key());
            view! {
                <li>
                    <a class="count" href=href>
                        <Chip icon=standing.icon() tone=standing.tone()>{count.to_string()}" "{standing.word().to_lowercase()}</Chip>
                    </a>
                </li>
            }
        })
        .collect_view();
    view! { <ul class="counts">{items}</ul> }
}

/// Whether an environment answers.
#[component]
pub(super) fn ReachChip(reach: Reach) -> impl IntoView {
    let (icon, tone, word) = match reach {
        Reach::Up => (IconName::Check, Tone::Good, "Answers"),
        Reach::Down => (IconName::Alert, Tone::Bad, "Does not answer"),
        Reach::Missing => (IconName::Question, Tone::Warn, "Not in Portainer"),
    };
    view! { <Chip icon tone>{word}</Chip> }
}
