//! What keeps a stack from being planned.

use reconcile::model::{BlockedCause, Trouble};

use super::{Remedy, Worded, Wording, and, sentence};

impl Worded for Trouble {
    fn words(&self) -> Wording {
        match self {
            Self::Reference { url, reference, detail } => Wording::new(
                "repository can't be read",
                format!("{url} at {} can't be read: {}", reference.as_deref().unwrap_or("HEAD"), sentence(detail)),
                "Check “git_repo”, “reference” and “git_credential”, and whether the repository answers.",
            ),
            Self::Secret { name, detail } => Wording::new(
                format!("secret {name} can't be had"),
                format!("The secret “{name}” can't be had: {}", sentence(detail)),
                Remedy::each(
                    "Store it where the stack is edited (“Store a new secret”), or check the vault's key.",
                    format!("Set it with “phoenix-cli secret set {name}”, or check the vault's key."),
                ),
            ),
            Self::Compose { path, detail } => Wording::new(
                "compose file is broken",
                format!("{path}: {}", sentence(detail)),
                "Check “compose_file” and “additional_files”, or mend the file.",
            ),
            Self::Catalog { detail } => Wording::new(
                "catalog entry is broken",
                sentence(detail),
                Remedy::each(
                    "Mend the catalog, then look again.",
                    "Mend the catalog; “phoenix-cli validate” shows the place.",
                ),
            ),
        }
    }
}

impl Worded for BlockedCause {
    // Over 80 lines because it is one table, which the compiler holds complete.
    fn words(&self) -> Wording {
        match self {
            Self::Trouble { trouble } => trouble.words(),
            Self::EnvironmentMissing => Wording::new(
                "no such environment",
                "Portainer has no environment of this name.",
                "Create it in Portainer, bind the machine, or correct the name in phoenix_vm_configs.json.",
            ),
            Self::EnvironmentDown => Wording::new(
                "environment does not answer",
                "The environment does not answer, so what runs there is not known.",
                "Check that the machine runs and its Portainer agent answers.",
            ),
            Self::Deploying => Wording::new(
                "deploy under way",
                "Portainer is deploying it at the moment.",
                "Wait until that has ended, then plan again.",
            ),
            Self::Protected { reasons } => {
                let reasons: Vec<String> = reasons.iter().map(Worded::title).collect();
                Wording::new(
                    "runs Portainer or this program",
                    format!(
                        "It runs Portainer itself, its agent or this program, and what is wanted ({}) takes its removal, which would end \
                         the one that makes it again.",
                        and(&reasons)
                    ),
                    "Make the change on the host by hand, or want what Portainer can change in place.",
                )
            }
            Self::SeveralRows { ids } => {
                let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
                Wording::new(
                    "several stacks of this name",
                    format!("Portainer has several stacks of this name on this environment: {}.", and(&ids)),
                    "Remove all but the right one in Portainer.",
                )
            }
            Self::CannotAdopt { rows_on } if rows_on.is_empty() => Wording::new(
                "can't be taken over",
                "A swarm stack of this name runs without Portainer, which can't take it over.",
                "Remove it on the host first.",
            ),
            Self::CannotAdopt { rows_on } => Wording::new(
                "can't be taken over",
                format!(
                    "A project of this name runs without Portainer, which can't take it over while it has a stack of the same name on {}.",
                    and(rows_on)
                ),
                "Remove the project on the host first.",
            ),
            Self::FormerProject { name } => Wording::new(
                format!("runs as {name}"),
                format!(
                    "A project runs without Portainer under the former name {name}, where Portainer can't remove it."
                ),
                "Remove it on the host first.",
            ),
            Self::LivesTwice { names } => Wording::new(
                "lives twice",
                format!("It lives under several of its former names at once: {}.", and(names)),
                "Say which one holds the data: remove the others in Portainer.",
            ),
            // What the catalog, or a compose file, could say better.
            Self::BadName => Wording::new(
                "name can't be used",
                "After Portainer's normalising, its name is empty, too long, or does not begin with a letter or digit.",
                "Give it another name in phoenix_stacks_config.json.",
            ),
            Self::NameTaken { titles } => Wording::new(
                "name is taken",
                format!(
                    "These stacks of the catalog have the same name after Portainer's normalising: {}.",
                    and(titles)
                ),
                "Rename all but one.",
            ),
            Self::DependencyMissing { name } => Wording::new(
                format!("needs {name}"),
                format!("It depends on {name}, which this environment does not have."),
                format!("Assign {name} to the machine too, or take it out of “depends_on”."),
            ),
            Self::DependencyBlocked { name } => Wording::new(
                format!("waits for {name}"),
                format!("It depends on {name}, which is blocked itself."),
                format!("Mend {name} first."),
            ),
            Self::DependencyCycle { names } => Wording::new(
                "depends on itself",
                format!("It depends on itself, through {}.", and(names)),
                "Take one of them out of “depends_on”.",
            ),
            Self::UnsafeValue { variable, hazard } => {
                let hazard = hazard.words();
                Wording::new(
                    format!("value of {variable}: {}", hazard.title),
                    format!("The value of {variable} does not get to Docker unchanged. {}", hazard.text),
                    hazard.remedy,
                )
            }
            Self::BadVariable { variable } => Wording::new(
                "bad name of a variable",
                format!("“{variable}” is no name of a variable."),
                "Use letters, digits and underscores, no digit first.",
            ),
        }
    }
}
