//! Why a step is made, and what shows that something drifted.

use reconcile::model::{AutoUpdate, HandEdit, Prune, Reason, Shown, StackKind};

use super::{Worded, Wording, many, short, short_digest};

/// A value as it may be shown: in quotes, or the secret's name and version.
#[must_use]
pub fn shown(value: &Shown) -> String {
    match value {
        Shown::Plain(text) => format!("“{text}”"),
        Shown::Secret { name, version } => format!("secret {name} (version {version})"),
        Shown::Hidden => "a hidden value".to_owned(),
    }
}

const fn kind(kind: StackKind) -> &'static str {
    match kind {
        StackKind::Compose => "compose project",
        StackKind::Swarm => "swarm stack",
    }
}

fn reference(text: &str) -> &str {
    if text.is_empty() { "HEAD" } else { text }
}

impl Worded for Shown {
    fn words(&self) -> Wording {
        let title = shown(self);
        let text = match self {
            Self::Plain(_) => "It stands in the catalog in clear.",
            Self::Secret { .. } => "It stands in the vault; only its name and version are shown.",
            Self::Hidden => "It may be a secret, so it is not shown.",
        };
        Wording::said(title, text)
    }
}

impl Worded for HandEdit {
    fn words(&self) -> Wording {
        let back = "Apply to bring it back, or change the catalog to keep it.";
        match self {
            Self::Removed => Wording::new(
                "removed by hand",
                "It was applied before and is gone: somebody removed it past the catalog.",
                "Apply to make it again, or take it out of the catalog.",
            ),
            Self::Source => Wording::new(
                "source changed by hand",
                "Its repository, reference or text was changed in Portainer past the catalog.",
                back,
            ),
            Self::Variable(name) => Wording::new(
                format!("{name} changed by hand"),
                format!("The variable {name} was changed in Portainer past the catalog."),
                back,
            ),
            Self::Container(service) => Wording::new(
                format!("{service} changed by hand"),
                format!("The container of {service} was made again with another configuration past the catalog."),
                back,
            ),
        }
    }
}

fn polling(auto_update: &AutoUpdate) -> String {
    match (&auto_update.interval, auto_update.webhook) {
        (Some(interval), false) => format!("polling every {interval}"),
        (Some(interval), true) => format!("polling every {interval} and a webhook"),
        (None, _) => "a webhook".to_owned(),
    }
}

fn files(files: &[String]) -> String {
    if files.is_empty() { "none".to_owned() } else { files.join(", ") }
}

impl Worded for Reason {
    // Over 80 lines because it is one table, which the compiler holds complete.
    fn words(&self) -> Wording {
        match self {
            // What the catalog wants otherwise.
            Self::CommitMoved { from, to } => Wording::said(
                format!("commit {} → {}", short(from), short(to)),
                format!("The reference points to commit {}; deployed is {}.", short(to), short(from)),
            ),
            Self::ReferenceChanged { from, to } => Wording::said(
                format!("reference {} → {}", reference(from), reference(to)),
                format!("The catalog wants the reference {}; deployed is {}.", reference(to), reference(from)),
            ),
            Self::RepositoryChanged { from, to } => Wording::said(
                "another repository",
                format!("The catalog wants the repository {to}; deployed is {from}."),
            ),
            Self::FilesChanged { from, to } => Wording::said(
                "other compose files",
                format!("The catalog wants the files {}; deployed are {}.", files(to), files(from)),
            ),
            Self::TextToGit => Wording::said(
                "text → git",
                "The catalog wants a git repository; deployed is a text that is stored in Portainer.",
            ),
            Self::GitToText => Wording::said(
                "git → text",
                "A compose text is wanted (from the catalog, or a version it is held at); deployed is a git repository.",
            ),
            Self::TextChanged => {
                Wording::said("compose text changed", "The compose text is another than the one deployed.")
            }
            Self::KindChanged { from, to } => Wording::said(
                format!("{} → {}", kind(*from), kind(*to)),
                format!("The catalog wants a {}; what runs is a {}.", kind(*to), kind(*from)),
            ),
            Self::VariableAdded { name, value } => {
                Wording::said(format!("+ {name}"), format!("The variable {name} is new, with {}.", shown(value)))
            }
            Self::VariableChanged { name, from, to } => Wording::said(
                format!("~ {name}"),
                format!("The variable {name} changes from {} to {}.", shown(from), shown(to)),
            ),
            Self::VariableRemoved { name } => {
                Wording::said(format!("- {name}"), format!("The variable {name} is no longer wanted."))
            }
            Self::ImageDigest { service, running, wanted } => Wording::said(
                format!("newer image of {service}"),
                format!(
                    "{service} runs the image build {}; its registry has {}.",
                    short_digest(running),
                    short_digest(wanted)
                ),
            ),
            // What the live side shows.
            Self::Absent => Wording::said("not there yet", "Nothing of this name lives on the environment."),
            Self::RunsWithoutRow { containers } => Wording::said(
                "runs without Portainer",
                format!(
                    "Its compose project runs with {}, but Portainer has no stack of this name.",
                    many(usize::try_from(*containers).unwrap_or(usize::MAX), "container", "containers")
                ),
            ),
            Self::Orphan { id } => Wording::said(
                "orphaned in Portainer",
                format!("Portainer's stack {id} belongs to an environment that no longer exists."),
            ),
            Self::FormerName { name } => {
                Wording::said(format!("lives as {name}"), format!("It lives under its former name {name}."))
            }
            Self::ContainerMissing { service } if service.is_empty() => {
                Wording::said("no container", "It has no container at all.")
            }
            Self::ContainerMissing { service } => {
                Wording::said(format!("{service} is missing"), format!("The service {service} has no container."))
            }
            Self::ContainerBad { service, container, condition } => Wording::said(
                format!("{service}: {}", condition.title()),
                format!("The container {container} of {service} is not well: {}.", condition.title()),
            ),
            Self::Stopped => Wording::said("stopped", "It was stopped through Portainer."),
            Self::DeployFailed => Wording::said("last deploy failed", "Portainer says that its last deploy failed."),
            Self::EditedByHand { what } => what.words(),
            Self::AutoUpdateOn { auto_update } => Wording::new(
                "Portainer updates it by itself",
                format!(
                    "Portainer has {} switched on for it, which changes it behind the catalog.",
                    polling(auto_update)
                ),
                "Applying switches that off.",
            ),
            Self::NotInCatalog { prune } => Wording::said(
                "not in the catalog",
                match prune {
                    Prune::All => "The catalog does not name it, and everything the catalog does not name is to go.",
                    Prune::Managed | Prune::No => {
                        "The catalog does not name it any more, and it was applied from the catalog before."
                    }
                },
            ),
        }
    }
}
