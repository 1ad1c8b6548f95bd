//! Docker hosts: images, ports, containers, and how containers behave as told.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use sha2::{Digest as _, Sha256};
use types::Millis;

use super::compose::Service;

/// What a host is like. Everything can be changed later, see [`FakePortainer`](super::FakePortainer).
#[derive(Clone, Debug, Default)]
pub struct HostScript {
    pub(super) behaviours: BTreeMap<String, Behaviour>,
    pub(super) sayings: BTreeMap<String, Vec<(u8, String)>>,
    pub(super) taken_ports: BTreeSet<u16>,
    pub(super) agent: AgentScript,
    pub(super) swarm_id: Option<String>,
    pub(super) down: bool,
}

impl HostScript {
    /// How containers of a service, or of an image, behave. Others become healthy at once if they have a health check, and just run
    /// if not.
    #[must_use]
    pub fn behaves(mut self, service_or_image: &str, behaviour: Behaviour) -> Self {
        self.behaviours.insert(service_or_image.to_owned(), behaviour);
        self
    }

    /// What containers of a service write when they start: to standard output (1) or standard error (2).
    #[must_use]
    pub fn says(mut self, service: &str, stream: u8, lines: &[&str]) -> Self {
        let lines = lines.iter().map(|line| (stream, (*line).to_owned()));
        self.sayings.entry(service.to_owned()).or_default().extend(lines);
        self
    }

    /// Something outside Docker listens on this port.
    #[must_use]
    pub fn takes_port(mut self, port: u16) -> Self {
        self.taken_ports.insert(port);
        self
    }

    /// How its agent answers Portainer.
    #[must_use]
    pub fn agent(self, agent: AgentScript) -> Self {
        Self { agent, ..self }
    }

    /// It is the manager of a swarm.
    #[must_use]
    pub fn swarm(self, id: &str) -> Self {
        Self { swarm_id: Some(id.to_owned()), ..self }
    }

    /// It is switched off.
    #[must_use]
    pub fn down(self) -> Self {
        Self { down: true, ..self }
    }
}

/// How a host's agent answers Portainer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AgentScript {
    /// As it should.
    #[default]
    Answers,
    /// Nobody listens.
    Silent,
    /// It serves another Portainer.
    PairedElsewhere,
}

/// How a container behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// Runs, without a health check.
    Runs,
    /// Its health check passes from then on.
    Healthy(After),
    /// Its health check fails from then on.
    Unhealthy(After),
    /// Ends with this code and is started again, over and over.
    CrashLoops(i64),
    /// Ends with this code and stays so.
    Exits(i64),
    /// No registry has its image.
    MissingImage,
    /// Docker cannot publish this port: it is taken.
    PortClash(u16),
}

/// How long after its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// When it was listed or read so many times.
    Polls(u32),
    /// When so much of the stand-in's time has passed; see [`FakePortainer::advance`](super::FakePortainer::advance).
    Elapsed(Duration),
}

/// A line a container wrote.
#[derive(Clone, Debug)]
pub(super) struct Written {
    pub(super) stream: u8,
    pub(super) time: Millis,
    pub(super) text: String,
}

/// A container.
#[derive(Clone, Debug)]
pub(super) struct FakeContainer {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) service: Service,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) behaviour: Behaviour,
    pub(super) started: Millis,
    pub(super) polls: u32,
    pub(super) log: Vec<Written>,
}

/// Something that happened to a container.
#[derive(Clone, Debug)]
pub(super) struct FakeEvent {
    pub(super) time: Millis,
    pub(super) action: &'static str,
    /// As it was then.
    pub(super) container: FakeContainer,
}

/// What a container is at a moment.
pub(super) struct Look {
    pub(super) state: &'static str,
    pub(super) status: String,
    /// `starting`, `healthy`, `unhealthy`; none without a check.
    pub(super) health: Option<&'static str>,
    pub(super) exit_code: i64,
    pub(super) restarts: u32,
}

impl FakeContainer {
    pub(super) fn is_of(&self, label: &str, value: &str) -> bool {
        self.labels.get(label).is_some_and(|found| found == value)
    }

    fn reached(&self, after: After, now: Millis) -> bool {
        match after {
            After::Polls(polls) => self.polls > polls,
            After::Elapsed(time) => u128::try_from(now - self.started).is_ok_and(|passed| passed >= time.as_millis()),
        }
    }

    pub(super) fn look(&self, now: Millis) -> Look {
        let up = format!("Up {} seconds", (now - self.started) / 1000);
        let running = |health: Option<&'static str>| Look {
            state: "running",
            status: match health {
                None => up.clone(),
                Some("starting") => format!("{up} (health: starting)"),
                Some(health) => format!("{up} ({health})"),
            },
            health,
            exit_code: 0,
            restarts: 0,
        };
        match self.behaviour {
            Behaviour::Healthy(after) if self.reached(after, now) => running(Some("healthy")),
            Behaviour::Unhealthy(after) if self.reached(after, now) => running(Some("unhealthy")),
            Behaviour::Healthy(_) | Behaviour::Unhealthy(_) => running(Some("starting")),
            Behaviour::CrashLoops(exit_code) => Look {
                state: "restarting",
                status: format!("Restarting ({exit_code}) 1 second ago"),
                health: None,
                exit_code,
                restarts: self.polls,
            },
            Behaviour::Exits(exit_code) => Look {
                state: "exited",
                status: format!("Exited ({exit_code}) 1 second ago"),
                health: None,
                exit_code,
                restarts: 0,
            },
            Behaviour::Runs | Behaviour::MissingImage | Behaviour::PortClash(_) => running(None),
        }
    }
}

/// A Docker host.
#[derive(Debug)]
pub(super) struct Host {
    pub(super) name: String,
    /// Where its agent listens.
    pub(super) url: String,
    pub(super) up: bool,
    pub(super) agent: AgentScript,
    pub(super) swarm_id: Option<String>,
    pub(super) behaviours: BTreeMap<String, Behaviour>,
    pub(super) sayings: BTreeMap<String, Vec<(u8, String)>>,
    pub(super) taken_ports: BTreeSet<u16>,
    pub(super) images: BTreeSet<String>,
    pub(super) containers: Vec<FakeContainer>,
    pub(super) events: Vec<FakeEvent>,
    made: u64,
}

impl Host {
    pub(super) fn new(name: &str, url: &str, script: HostScript) -> Self {
        Self {
            name: name.to_owned(),
            url: url.to_owned(),
            up: !script.down,
            agent: script.agent,
            swarm_id: script.swarm_id,
            behaviours: script.behaviours,
            sayings: script.sayings,
            taken_ports: script.taken_ports,
            images: BTreeSet::new(),
            containers: Vec::new(),
            events: Vec::new(),
            made: 0,
        }
    }

    pub(super) fn behaviour(&self, service: &Service) -> Behaviour {
        let told = self.behaviours.get(&service.name).or_else(|| self.behaviours.get(&service.image)).copied();
        told.unwrap_or(if service.has_healthcheck { Behaviour::Healthy(After::Polls(0)) } else { Behaviour::Runs })
    }

    /// Whether some registry has the image: unless a service is told otherwise.
    pub(super) fn can_pull(&self, image: &str) -> bool {
        self.behaviours.get(image) != Some(&Behaviour::MissingImage)
    }

    /// Who published a port, other than `project`.
    pub(super) fn port_taken(&self, port: u16, project: &str) -> bool {
        self.taken_ports.contains(&port)
            || self.containers.iter().any(|one| {
                !one.is_of(super::deploy::PROJECT, project) && one.service.ports.iter().any(|(host, _)| *host == port)
            })
    }

    pub(super) fn start(&mut self, service: Service, name: String, labels: BTreeMap<String, String>, now: Millis) {
        self.made += 1;
        let behaviour = self.behaviour(&service);
        let id = hex(&Sha256::digest(format!("{}/{}/{name}", self.name, self.made)));
        let log = self.said_at_start(&service.name, now);
        self.images.insert(service.image.clone());
        let container = FakeContainer { id, name, service, labels, behaviour, started: now, polls: 0, log };
        self.note("create", &container, now);
        self.note("start", &container, now);
        self.containers.push(container);
    }

    /// What a container of a service writes when it starts.
    fn said_at_start(&self, service: &str, now: Millis) -> Vec<Written> {
        let sayings = self.sayings.get(service).into_iter().flatten();
        let said = sayings.map(|(stream, text)| Written { stream: *stream, time: now, text: text.clone() });
        std::iter::once(Written { stream: 1, time: now, text: format!("{service} starts") }).chain(said).collect()
    }

    /// Starts a container again; whether it is there.
    pub(super) fn restart(&mut self, wanted: &str, now: Millis) -> bool {
        let Some(service) = self.find(wanted).map(|one| one.service.name.clone()) else { return false };
        let said = self.said_at_start(&service, now);
        let Some(container) = self.find(wanted) else { return false };
        (container.started, container.polls) = (now, 0);
        container.log.extend(said);
        let restarted = container.clone();
        self.note("restart", &restarted, now);
        true
    }

    /// Writes down what happens to a container.
    pub(super) fn note(&mut self, action: &'static str, container: &FakeContainer, now: Millis) {
        self.events.push(FakeEvent { time: now, action, container: container.clone() });
    }

    /// Stops and removes all other containers.
    pub(super) fn keep(&mut self, now: Millis, keeps: impl Fn(&FakeContainer) -> bool) {
        let (kept, gone): (Vec<_>, Vec<_>) = self.containers.drain(..).partition(keeps);
        self.containers = kept;
        for container in &gone {
            self.note("die", container, now);
            self.note("destroy", container, now);
        }
    }

    /// A container by identifier, its beginning, or name.
    pub(super) fn find(&mut self, wanted: &str) -> Option<&mut FakeContainer> {
        self.containers.iter_mut().find(|one| one.name == wanted || wanted.len() >= 12 && one.id.starts_with(wanted))
    }
}

/// The identifier an image would have.
pub(super) fn image_id(image: &str) -> String {
    format!("sha256:{}", hex(&Sha256::digest(image)))
}

pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _writing_to_a_string_succeeds = write!(text, "{byte:02x}");
        text
    })
}
