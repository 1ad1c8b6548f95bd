//! Why a step is made, what keeps a stack from being planned, and what will hurt.

use serde::{Deserialize, Serialize};
use types::catalog::DotenvHazard;

use super::{AutoUpdate, Condition, Prune, StackKind, Trouble};

/// Why a step is made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Reason {
    /// Nothing of this name lives on the environment.
    Absent,
    /// A compose project of this name runs without a row.
    RunsWithoutRow {
        /// How many containers it has.
        containers: u32,
    },
    /// Its row belongs to an environment that no longer exists.
    Orphan {
        /// Portainer's id.
        id: i64,
    },
    /// It lives under a former name.
    FormerName {
        /// That name.
        name: String,
    },
    /// The reference points to another commit than the one deployed.
    CommitMoved {
        /// The commit deployed; empty if the row has none.
        from: String,
        /// The commit wanted.
        to: String,
    },
    /// Another branch or tag is wanted.
    ReferenceChanged {
        /// As deployed; empty is HEAD.
        from: String,
        /// As wanted; empty is HEAD.
        to: String,
    },
    /// Another repository is wanted.
    RepositoryChanged {
        /// As deployed.
        from: String,
        /// As wanted.
        to: String,
    },
    /// Another compose file, or other further files, are wanted.
    FilesChanged {
        /// As deployed: the compose file, then the further ones.
        from: Vec<String>,
        /// As wanted.
        to: Vec<String>,
    },
    /// The row holds a text, a git repository is wanted.
    TextToGit,
    /// The row follows a git repository, a text is wanted (also: a version it is held at).
    GitToText,
    /// Another text is wanted.
    TextChanged,
    /// Compose is wanted and swarm runs, or the other way round.
    KindChanged {
        /// What runs.
        from: StackKind,
        /// What is wanted.
        to: StackKind,
    },
    /// A variable is new.
    VariableAdded {
        /// Its name.
        name: String,
        /// Its value.
        value: Shown,
    },
    /// A variable has another value.
    VariableChanged {
        /// Its name.
        name: String,
        /// As deployed.
        from: Shown,
        /// As wanted.
        to: Shown,
    },
    /// A variable is no longer wanted.
    VariableRemoved {
        /// Its name.
        name: String,
    },
    /// A service runs another build of its image than its registry has.
    ImageDigest {
        /// The service.
        service: String,
        /// The digest that runs.
        running: String,
        /// The digest wanted.
        wanted: String,
    },
    /// A service has no container.
    ContainerMissing {
        /// The service; empty if it is not known which there should be.
        service: String,
    },
    /// A container is not well.
    ContainerBad {
        /// Its service.
        service: String,
        /// Its name.
        container: String,
        /// What is wrong.
        condition: Condition,
    },
    /// It was stopped through Portainer.
    Stopped,
    /// Portainer says its last deploy failed.
    DeployFailed,
    /// It was changed past the catalog since it was last applied.
    EditedByHand {
        /// What was changed.
        what: HandEdit,
    },
    /// Portainer's own polling or webhook is on, which changes the stack behind the catalog.
    AutoUpdateOn {
        /// How.
        auto_update: AutoUpdate,
    },
    /// The catalog does not name it.
    NotInCatalog {
        /// The pruning that was asked for.
        prune: Prune,
    },
}

/// A value as it may be shown.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
pub enum Shown {
    /// A value that stands in the catalog in clear.
    Plain(String),
    /// A secret, by name and version.
    Secret {
        /// Its name.
        name: String,
        /// Its version.
        version: u64,
    },
    /// A live value that may be a secret.
    Hidden,
}

/// What was changed by hand.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", content = "name", rename_all = "snake_case")]
pub enum HandEdit {
    /// It was removed.
    Removed,
    /// Repository, reference or text.
    Source,
    /// This variable.
    Variable(String),
    /// The configuration of this service's container.
    Container(String),
}

/// What keeps a stack from being planned.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum BlockedCause {
    /// Its desired state could not be put together.
    Trouble {
        /// Why.
        trouble: Trouble,
    },
    /// Portainer has no environment of this name.
    EnvironmentMissing,
    /// The environment does not answer.
    EnvironmentDown,
    /// The name is empty, too long, or begins with something other than a letter or digit after Portainer's normalising: see
    /// [`check_stack_name`](types::catalog::check_stack_name).
    BadName,
    /// Another stack of the catalog has the same name after Portainer's normalising.
    NameTaken {
        /// The titles that collide.
        titles: Vec<String>,
    },
    /// Portainer has several rows of this name on this environment.
    SeveralRows {
        /// Their ids.
        ids: Vec<i64>,
    },
    /// It depends on a stack that this environment does not have.
    DependencyMissing {
        /// That stack.
        name: String,
    },
    /// It depends on a stack that is blocked.
    DependencyBlocked {
        /// That stack.
        name: String,
    },
    /// It depends on itself, through these.
    DependencyCycle {
        /// The names in the cycle, sorted.
        names: Vec<String>,
    },
    /// A value does not get to Docker unchanged in any form.
    UnsafeValue {
        /// The variable.
        variable: String,
        /// What is in the way.
        hazard: DotenvHazard,
    },
    /// The name of a variable is not one.
    BadVariable {
        /// The name.
        variable: String,
    },
    /// A project of this name runs without a row, and Portainer can't take it over: a row of the same name exists elsewhere
    /// (409), or it is a swarm stack. Remove the project on the host first.
    CannotAdopt {
        /// Environments with a row of the same name.
        rows_on: Vec<String>,
    },
    /// A project runs without a row under a former name, where Portainer can't remove it. Remove it on the host first.
    FormerProject {
        /// That name.
        name: String,
    },
    /// Lives under several of its former names at once: which one holds the data is for a person to say.
    LivesTwice {
        /// Those names.
        names: Vec<String>,
    },
    /// A deploy is under way.
    Deploying,
    /// It runs Portainer itself, its agent or this program, and what is wanted takes a removal, which would end the one that
    /// makes it again. Make the change on the host, or want what Portainer can change in place.
    Protected {
        /// What takes the removal, never empty: a former name, or what Portainer can't change in place.
        reasons: Vec<Reason>,
    },
}

/// What will or may hurt.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Warning {
    /// The environment.
    pub environment: String,
    /// The stack; empty for the environment as a whole.
    pub stack: String,
    /// What.
    #[serde(flatten)]
    pub kind: WarningKind,
}

/// See [`Warning`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum WarningKind {
    /// This Portainer answers a failed update with `down`: the containers that run now would be gone.
    FailedUpdateTakesDown,
    /// A bind mount is relative: it resolves to a path on the Portainer server, which the host does not have.
    RelativeBindMount {
        /// The service.
        service: String,
        /// The mount's source.
        source: String,
    },
    /// An image is `latest` or has no tag: what runs can change without a commit.
    FloatingImage {
        /// The service.
        service: String,
        /// The image.
        image: String,
    },
    /// Named volumes belong to the former name and are not carried over.
    VolumesStayBehind {
        /// The former name.
        former_name: String,
    },
    /// Down for the time between removal and creation.
    DownBetween,
    /// Held at a version; changes of the catalog wait until it is released.
    Pinned {
        /// The revision.
        revision: u64,
        /// Whether the catalog now wants something else.
        catalog_differs: bool,
    },
    /// Lives on the environment, unknown to the catalog, and stays.
    NotInCatalog {
        /// Whether this program applied it before.
        managed: bool,
    },
    /// Portainer's row is in a state this program does not know.
    UnknownStatus {
        /// The number.
        status: i64,
    },
    /// The row is right; a container is still starting.
    StillStarting {
        /// The service.
        service: String,
    },
    /// A container runs for a service that the compose file no longer has; Portainer leaves it.
    ServiceLeftOver {
        /// The service.
        service: String,
    },
    /// A port is published by two stacks of this environment.
    PortClash {
        /// The port.
        port: u16,
        /// `tcp` or `udp`.
        protocol: String,
        /// The other stack.
        other: String,
    },
    /// The compose file could not be read, so images and services are not compared.
    NoComposeFacts,
}
