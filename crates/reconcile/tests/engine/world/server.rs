//! Rows, containers and what the server does to them, at its own pace, whether or not its caller still listens.

use std::collections::BTreeMap;

use reconcile::{
    model::{AutoUpdate, ComposeService, Digest, Generation, RowStatus, StackKind},
    ports::{Outcome, Refusal, RefusalKind},
};
use types::Millis;

use super::State;

#[derive(Clone, Debug, Default)]
pub(crate) struct Host {
    pub(crate) id: i64,
    pub(crate) up: bool,
    pub(crate) rows: Vec<Row>,
    pub(crate) containers: Vec<LiveContainer>,
    /// Images on the host, with their digests.
    pub(crate) images: BTreeMap<String, String>,
}

#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) kind: StackKind,
    pub(crate) status: RowStatus,
    pub(crate) source: RowSource,
    /// The real values.
    pub(crate) env: BTreeMap<String, String>,
    pub(crate) auto_update: Option<AutoPoll>,
    pub(crate) protected: bool,
}

pub(crate) type AutoPoll = AutoUpdate;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RowSource {
    Git { url: String, reference: String, commit: String, file: String, more: Vec<String> },
    Text(String),
}

impl Row {
    pub(crate) fn is_git(&self) -> bool {
        matches!(self.source, RowSource::Git { .. })
    }

    /// Makes it come from elsewhere.
    pub(crate) fn move_source(&mut self) {
        match &mut self.source {
            RowSource::Git { commit, .. } => commit.push('x'),
            RowSource::Text(text) => text.push(' '),
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct LiveContainer {
    pub(crate) id: String,
    pub(crate) project: String,
    pub(crate) service: String,
    pub(crate) image: String,
    pub(crate) digest: String,
    pub(crate) hash: String,
    pub(crate) started: Millis,
    pub(crate) behaviour: Behaviour,
    pub(crate) stopped: bool,
}

/// How containers of an image behave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Behaviour {
    /// Healthy after so long.
    Healthy(Millis),
    NeverHealthy,
    CrashLoop,
    Exits(i64),
    /// Healthy at once, and dead after so long.
    DiesAfter(Millis),
    /// The image is not in the registry.
    Missing,
    /// Its port is taken: `up` fails.
    PortClash,
}

/// What the server is doing.
pub(crate) struct Job {
    pub(crate) id: u64,
    pub(crate) at: Millis,
    pub(crate) work: Work,
}

/// A change to a stack.
#[derive(Clone, Debug)]
pub(crate) enum Work {
    Create {
        environment: String,
        row: Row,
    },
    Update {
        environment: String,
        id: i64,
        source: Option<RowSource>,
        env: BTreeMap<String, String>,
    },
    /// The second half of a deploy in the background.
    Deploy {
        environment: String,
        id: i64,
    },
}

pub(crate) fn refusal(kind: RefusalKind, status: u16, message: impl Into<String>) -> Outcome {
    Outcome::Refused(Refusal { kind, status, message: message.into() })
}

impl State {
    /// Moves time on and finishes what falls due, in order.
    pub(crate) fn advance(&mut self, until: Millis) {
        while let Some(index) = (0..self.jobs.len())
            .filter(|index| self.jobs[*index].at <= until)
            .min_by_key(|index| (self.jobs[*index].at, self.jobs[*index].id))
        {
            let job = self.jobs.remove(index);
            self.now = self.now.max(job.at);
            self.work(job.work);
        }
        self.now = self.now.max(until);
    }

    pub(crate) fn start(&mut self, after: Millis, work: Work) {
        if let Work::Create { environment, row } = &work {
            let key = (environment.clone(), row.name.clone());
            if self.creating.contains(&key) {
                self.violations.push(format!("a second create of {key:?} while the first is under way"));
            }
            if self.hosts[environment].rows.iter().any(|one| one.name == row.name) {
                self.violations.push(format!("a create of {key:?}, which has a row"));
            }
            self.creating.push(key);
        }
        self.next_job += 1;
        self.jobs.push(Job { id: self.next_job, at: self.now + after, work });
    }

    pub(crate) fn work(&mut self, work: Work) -> Outcome {
        match work {
            Work::Create { environment, mut row } => {
                let key = (environment.clone(), row.name.clone());
                self.creating.retain(|one| *one != key);
                if self.hosts[&environment].rows.iter().any(|one| one.name == row.name) {
                    // The name check and the row's saving are not atomic: this is how doubles come about.
                    self.violations.push(format!("two rows of {key:?}"));
                }
                if self.generation == Generation::KeepsUp {
                    row.status = RowStatus::Deploying;
                    let id = row.id;
                    self.host(&environment).rows.push(row);
                    self.start(3_000, Work::Deploy { environment, id });
                    return Outcome::Done;
                }
                match self.up(&environment, &row, false) {
                    Ok(()) => {
                        self.host(&environment).rows.push(row);
                        Outcome::Done
                    }
                    Err(message) => {
                        self.host(&environment).containers.retain(|one| one.project != row.name);
                        refusal(RefusalKind::Deploy, 500, format!("failed to deploy a stack: {message}"))
                    }
                }
            }
            Work::Update { environment, id, source, env } => self.update(&environment, id, source, env),
            Work::Deploy { environment, id } => {
                let Some(row) = self.hosts[&environment].rows.iter().find(|one| one.id == id).cloned() else {
                    return Outcome::Done;
                };
                let forced = matches!(row.source, RowSource::Git { .. });
                let done = self.up(&environment, &row, forced);
                if let Some(row) = self.host(&environment).rows.iter_mut().find(|one| one.id == id) {
                    row.status = if done.is_ok() { RowStatus::Active } else { RowStatus::Error };
                }
                Outcome::Done
            }
        }
    }

    fn update(
        &mut self,
        environment: &str,
        id: i64,
        source: Option<RowSource>,
        env: BTreeMap<String, String>,
    ) -> Outcome {
        let Some(mut row) = self.hosts[environment].rows.iter().find(|one| one.id == id).cloned() else {
            return refusal(RefusalKind::NotFound, 404, "Unable to find a stack with the specified identifier");
        };
        match source {
            Some(text) => {
                (row.source, row.auto_update) = (text, None);
            }
            None => {
                if let RowSource::Git { url, reference, commit, .. } = &mut row.source {
                    let Some(head) = self.heads.get(&(url.clone(), reference.clone())) else {
                        return refusal(RefusalKind::Deploy, 500, "Unable to clone git repository directory");
                    };
                    commit.clone_from(head);
                }
            }
        }
        row.env = env;
        row.status = RowStatus::Active;
        let forced = matches!(row.source, RowSource::Git { .. });
        if self.generation == Generation::KeepsUp {
            row.status = RowStatus::Deploying;
            self.put_row(environment, row);
            self.start(3_000, Work::Deploy { environment: environment.to_owned(), id });
            return Outcome::Done;
        }
        match self.up(environment, &row, forced) {
            Ok(()) => {
                self.put_row(environment, row);
                Outcome::Done
            }
            Err(message) => {
                self.host(environment).containers.retain(|one| one.project != row.name);
                refusal(RefusalKind::Deploy, 500, message)
            }
        }
    }

    fn put_row(&mut self, environment: &str, row: Row) {
        let rows = &mut self.host(environment).rows;
        rows.retain(|one| one.id != row.id);
        rows.push(row);
    }

    pub(crate) fn host(&mut self, environment: &str) -> &mut Host {
        self.hosts.get_mut(environment).unwrap()
    }

    pub(crate) fn services_of(&self, source: &RowSource) -> Vec<ComposeService> {
        match source {
            RowSource::Git { commit, .. } => self.files.get(commit).cloned().unwrap_or_default(),
            RowSource::Text(text) => super::catalog::services_of(text),
        }
    }

    pub(crate) fn behaviour(&self, image: &str) -> Behaviour {
        let bare = image.split('@').next().unwrap_or(image);
        self.behaviours.get(bare).copied().unwrap_or(Behaviour::Healthy(2_000))
    }

    /// `docker compose up -d`. Its error text repeats the variables, as tools do.
    pub(crate) fn up(&mut self, environment: &str, row: &Row, forced: bool) -> Result<(), String> {
        let services = self.services_of(&row.source);
        for service in &services {
            if matches!(self.behaviour(&service.image), Behaviour::Missing | Behaviour::PortClash) {
                return Err(format!("service {} failed, with {:?}", service.name, row.env));
            }
        }
        for service in services {
            let digest = match service.image.split_once('@') {
                Some((_, digest)) => digest.to_owned(),
                None => match self.hosts[environment].images.get(&service.image) {
                    Some(digest) => digest.clone(),
                    None => self.pull(environment, &service.image),
                },
            };
            let mut fixed = service.clone();
            fixed.digest = None;
            let hash = Digest::of(&(&fixed, &row.env)).to_string();
            let behaviour = self.behaviour(&service.image);
            let same = |one: &LiveContainer| {
                one.project == row.name
                    && one.service == service.name
                    && one.hash == hash
                    && one.digest == digest
                    && !one.stopped
            };
            if !forced && self.hosts[environment].containers.iter().any(same) {
                continue;
            }
            self.next_container += 1;
            let container = LiveContainer {
                id: format!("c{}", self.next_container),
                project: row.name.clone(),
                service: service.name.clone(),
                image: service.image.clone(),
                digest,
                hash,
                started: self.now,
                behaviour,
                stopped: false,
            };
            let host = self.host(environment);
            host.containers.retain(|one| one.project != row.name || one.service != service.name);
            host.containers.push(container);
        }
        Ok(())
    }

    pub(crate) fn pull(&mut self, environment: &str, image: &str) -> String {
        let digest = self.registry.get(image).cloned().unwrap_or_else(|| format!("sha256:{image}"));
        self.host(environment).images.insert(image.to_owned(), digest.clone());
        digest
    }
}
