//! What the stand-in knows.

use std::collections::{BTreeMap, HashMap, VecDeque};

use serde_json::Value;
use types::Millis;

use super::{Generation, host::Host};

/// More than this many counted calls in a second ban the address.
const COUNTED_A_SECOND: usize = 10;
const BAN: Millis = 60 * 60 * 1000;
/// The server waits so long for its first administrator.
const SETUP_WINDOW: Millis = 5 * 60 * 1000;
/// Of the newest calls so many are kept.
const KEPT_CALLS: usize = 2000;

/// A request as it came in.
#[derive(Clone, Debug)]
pub struct FakeCall {
    /// `GET`, `POST`, ….
    pub method: String,
    /// Without prefix and query: `/api/stacks`.
    pub path: String,
    /// Decoded, in the order sent.
    pub query: Vec<(String, String)>,
    /// Header names in lower case.
    pub headers: Vec<(String, String)>,
    /// The JSON body; null without one, or for a form.
    pub body: Value,
}

impl FakeCall {
    /// The first header of this lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// The first value of this query parameter.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}

#[derive(Clone, Debug)]
pub(super) struct UserRow {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) password: String,
    pub(super) administrator: bool,
}

#[derive(Clone, Debug)]
pub(super) struct KeyRow {
    pub(super) id: i64,
    pub(super) user: i64,
    pub(super) description: String,
    pub(super) raw: String,
    pub(super) created: i64,
    pub(super) last_used: i64,
}

#[derive(Clone, Debug)]
pub(super) struct EnvironmentRow {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) url: String,
    pub(super) public_url: String,
    pub(super) group: i64,
    pub(super) tags: Vec<i64>,
    pub(super) kind: i64,
    /// 1 up, 2 down: as of the last snapshot.
    pub(super) status: i64,
    pub(super) snapshot: Option<Value>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct GitRow {
    pub(super) url: String,
    pub(super) reference: String,
    pub(super) file: String,
    pub(super) login: Option<(String, String)>,
    pub(super) commit: String,
    pub(super) tls_skip_verify: bool,
}

#[derive(Clone, Debug, Default)]
pub(super) struct AutoUpdateRow {
    pub(super) interval: String,
    pub(super) webhook: String,
    pub(super) force_update: bool,
    pub(super) force_pull: bool,
}

#[derive(Clone, Debug, Default)]
pub(super) struct StackRow {
    pub(super) id: i64,
    pub(super) name: String,
    /// 1 swarm, 2 compose.
    pub(super) kind: i64,
    pub(super) environment: i64,
    pub(super) swarm_id: String,
    pub(super) entry_point: String,
    pub(super) env: Option<Vec<(String, String)>>,
    pub(super) status: i64,
    pub(super) created: i64,
    pub(super) created_by: String,
    pub(super) updated: i64,
    pub(super) updated_by: String,
    pub(super) additional_files: Option<Vec<String>>,
    pub(super) auto_update: Option<AutoUpdateRow>,
    pub(super) prune: Option<bool>,
    pub(super) git: Option<GitRow>,
    pub(super) from_template: bool,
    /// Newer generation: status, time, message.
    pub(super) deployments: Vec<(i64, i64, String)>,
    /// What lies on the server's disk, by path.
    pub(super) files: BTreeMap<String, String>,
}

/// What is done to calls of a route on purpose.
#[derive(Clone, Debug)]
pub(super) enum Fault {
    Delay(std::time::Duration),
    Fail {
        status: u16,
        body: Value,
        left: usize,
    },
    Drop {
        after_effect: bool,
        left: usize,
    },
    /// A proxy in front answers 504 after so long, while the call goes on.
    Gateway {
        after: std::time::Duration,
        left: usize,
    },
}

/// Counts that tests wait on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FakeCounts {
    /// Calls that came in.
    pub calls: usize,
    /// Most calls under way at one moment, delays included.
    pub calls_at_once: usize,
    /// Deployments that have begun, those waiting for their turn included.
    pub deploys_asked: usize,
    /// Deployments that are over.
    pub deploys_done: usize,
    /// Most deployments at work at one moment, over all environments.
    pub deploys_at_once: usize,
    /// Logs that are being followed now.
    pub logs_followed: usize,
    /// Calls counted against the login limit.
    pub counted_logins: usize,
    /// Updates by webhook or polling that are over, with or without effect.
    pub auto_updates_done: usize,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) generation: Generation,
    pub(super) counts: FakeCounts,
    pub(super) calls_now: usize,
    pub(super) deploys_now: usize,
    pub(super) calls: VecDeque<FakeCall>,
    pub(super) faults: Vec<(String, Fault)>,
    /// Added to the passing time.
    pub(super) advanced: Millis,
    /// What had passed when time was stopped.
    pub(super) frozen: Option<Millis>,
    pub(super) process_started: Millis,
    /// Which process of the server this is; tokens of others are void.
    pub(super) process: u64,
    pub(super) locked: bool,
    pub(super) oauth_only: bool,
    pub(super) backup_running: bool,
    pub(super) users: Vec<UserRow>,
    pub(super) keys: Vec<KeyRow>,
    pub(super) tokens: HashMap<String, i64>,
    pub(super) made: u64,
    pub(super) counted: VecDeque<Millis>,
    pub(super) banned_until: Millis,
    pub(super) hosts: Vec<Host>,
    pub(super) environments: Vec<EnvironmentRow>,
    pub(super) stacks: Vec<StackRow>,
    pub(super) next_environment: i64,
    pub(super) next_stack: i64,
    /// Repositories that want a login.
    pub(super) git_logins: BTreeMap<String, (String, String)>,
    pub(super) slow_deploys: std::time::Duration,
    /// Logs do not come to an end.
    pub(super) logs_stall: bool,
}

impl State {
    pub(super) fn note(&mut self, call: FakeCall) {
        self.counts.calls += 1;
        self.calls_now += 1;
        self.counts.calls_at_once = self.counts.calls_at_once.max(self.calls_now);
        if self.calls.len() >= KEPT_CALLS {
            self.calls.pop_front();
        }
        self.calls.push_back(call);
    }

    /// A number that is used whether what it is drawn for comes to be or not.
    pub(super) fn draw_environment(&mut self) -> i64 {
        self.next_environment += 1;
        self.next_environment
    }

    pub(super) fn draw_stack(&mut self) -> i64 {
        self.next_stack += 1;
        self.next_stack
    }

    /// Whether the set-up window is over; once it is, only a restart helps.
    pub(super) fn check_window(&mut self, now: Millis) -> bool {
        if self.users.is_empty() && now - self.process_started >= SETUP_WINDOW {
            self.locked = true;
        }
        self.locked
    }

    /// Counts a login or its like; false: this address is banned.
    pub(super) fn count_login(&mut self, now: Millis) -> bool {
        self.counts.counted_logins += 1;
        if now < self.banned_until {
            return false;
        }
        self.counted.retain(|time| now - *time < 1000);
        self.counted.push_back(now);
        if self.counted.len() > COUNTED_A_SECOND {
            self.banned_until = now + BAN;
            return false;
        }
        true
    }

    /// A new process of the server on the same database.
    pub(super) fn restart(&mut self, now: Millis) {
        self.process += 1;
        self.process_started = now;
        self.locked = false;
        self.tokens.clear();
        self.counted.clear();
        self.banned_until = 0;
    }

    pub(super) fn environment(&self, id: i64) -> Option<&EnvironmentRow> {
        self.environments.iter().find(|row| row.id == id)
    }

    pub(super) fn stack(&self, id: i64) -> Option<&StackRow> {
        self.stacks.iter().find(|row| row.id == id)
    }

    pub(super) fn stack_mut(&mut self, id: i64) -> Option<&mut StackRow> {
        self.stacks.iter_mut().find(|row| row.id == id)
    }

    /// The host an environment's address leads to, whether it is up or not.
    pub(super) fn host_at(&mut self, url: &str) -> Option<&mut Host> {
        let bare = |url: &str| url.trim_start_matches("tcp://").trim_end_matches('/').to_owned();
        self.hosts.iter_mut().find(|host| bare(&host.url) == bare(url))
    }

    /// The host of an environment.
    pub(super) fn host_of(&mut self, environment: i64) -> Option<&mut Host> {
        let url = self.environment(environment)?.url.clone();
        self.host_at(&url)
    }
}
