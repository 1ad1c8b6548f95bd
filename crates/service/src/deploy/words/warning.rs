//! What will or may hurt.

use reconcile::model::{Warning, WarningKind};
use types::catalog::DotenvHazard;

use super::{Remedy, Worded, Wording};

impl Worded for DotenvHazard {
    fn words(&self) -> Wording {
        match self {
            Self::ControlCharacter => Wording::new(
                "line break or control character",
                "It holds a line break or another control character, which an env file can't carry.",
                "Take it out, or encode the value (base64).",
            ),
            Self::Unquotable => Wording::new(
                "can't be quoted",
                "It needs quoting (it holds “$”, “#”, “\\”, outer spaces, or begins with a quote), but has “'” or ends in “\\”, \
                 which quotes can't carry.",
                "Take one of them out, or encode the value (base64).",
            ),
        }
    }
}

impl Worded for Warning {
    fn words(&self) -> Wording {
        self.kind.words()
    }
}

impl Worded for WarningKind {
    // Over 80 lines because it is one table, which the compiler holds complete.
    fn words(&self) -> Wording {
        match self {
            Self::FailedUpdateTakesDown => Wording::new(
                "a failed update takes it down",
                "This Portainer answers a failed update with “down”: if the update fails, the containers that run now are gone.",
                Remedy::each(
                    "Choose a quiet hour, or plan with “On failure: roll back” to bring back the last good version.",
                    "Choose a quiet hour, or “--on-failure rollback” to bring back the last good version.",
                ),
            ),
            Self::DownBetween => Wording::new(
                "down in between",
                "It is removed and created again, so it is down for that time.",
                "Choose a quiet hour.",
            ),
            Self::VolumesStayBehind { former_name } => Wording::new(
                "volumes stay behind",
                format!("Its named volumes belong to the former name {former_name} and are not carried over."),
                "Copy their data first, or name the volumes as external in the compose file.",
            ),
            Self::Pinned { revision, catalog_differs: true } => Wording::new(
                format!("held at revision {revision}"),
                format!("It is held at revision {revision}, and the catalog now wants something else, which waits."),
                released(),
            ),
            Self::Pinned { revision, catalog_differs: false } => Wording::new(
                format!("held at revision {revision}"),
                format!("It is held at revision {revision}: changes of the catalog wait."),
                released(),
            ),
            Self::NotInCatalog { managed: true } => Wording::new(
                "not in the catalog any more",
                "It was applied from the catalog before, and the catalog does not name it any more. It stays.",
                Remedy::each("Plan with “Remove what it dropped” to remove it.", "Plan with “--prune” to remove it."),
            ),
            Self::NotInCatalog { managed: false } => Wording::new(
                "not in the catalog",
                "Somebody made it past the catalog. It stays.",
                Remedy::each(
                    "Add it to the catalog to look after it here; to remove it, plan with “Remove everything else”.",
                    "Add it to the catalog to look after it here; to remove it, plan with “--prune-all”.",
                ),
            ),
            Self::UnknownStatus { status } => Wording::new(
                "unknown status",
                format!("Portainer's row is in the state {status}, which this program does not know."),
                "Look at it in Portainer; a newer version of this program may know the state.",
            ),
            Self::StillStarting { service } => {
                Wording::said(format!("{service} is starting"), format!("A container of {service} is still starting."))
            }
            Self::ServiceLeftOver { service } => Wording::new(
                format!("{service} is left over"),
                format!(
                    "A container runs for {service}, which the compose file does not have any more. Portainer leaves it."
                ),
                "Remove the container by hand if it is not needed.",
            ),
            // What the catalog, or a compose file, could say better.
            Self::RelativeBindMount { service, source } => Wording::new(
                "relative bind mount",
                format!(
                    "{service} mounts {source}, which is relative: it means a path on the Portainer server, which the host does not have."
                ),
                "Use an absolute path, a named volume, or a config.",
            ),
            Self::FloatingImage { service, image } => Wording::new(
                "floating image",
                format!("{service} uses {image}, whose tag moves: what runs can change without a commit."),
                "Name a version, or a digest.",
            ),
            Self::PortClash { port, protocol, other } => Wording::new(
                format!("port {port} twice"),
                format!(
                    "Port {port}/{protocol} is also published by {other} on this environment: the later one can't start."
                ),
                "Give one of them another port.",
            ),
            Self::NoComposeFacts => Wording::new(
                "compose file not read",
                "The compose file could not be read, so images and services are not compared.",
                Remedy::each(
                    "Check that its repository answers and that the file is well-formed, then look again.",
                    "“phoenix-cli validate --deep” says why.",
                ),
            ),
        }
    }
}

/// How a pin is taken off.
fn released() -> Remedy {
    Remedy::each(
        "Release it on its page to follow the catalog again.",
        "“phoenix-cli release” lets it follow the catalog again.",
    )
}

#[cfg(test)]
mod tests {
    use super::{super::Surface, *};

    #[test]
    fn a_page_names_its_choice_and_a_terminal_its_flag() {
        let ways = |kind: WarningKind| {
            let remedy = kind.words().remedy;
            [Surface::Page, Surface::Terminal].map(|surface| remedy.on(surface).to_owned())
        };
        let [page, terminal] = ways(WarningKind::FailedUpdateTakesDown);
        assert!(page.contains("“On failure: roll back”") && terminal.contains("“--on-failure rollback”"));
        let [page, terminal] = ways(WarningKind::NotInCatalog { managed: false });
        assert!(page.contains("“Remove everything else”") && terminal.contains("“--prune-all”"));
        let [page, terminal] = ways(WarningKind::RelativeBindMount { service: "a".into(), source: "./b".into() });
        assert_eq!(page, terminal);
    }
}
