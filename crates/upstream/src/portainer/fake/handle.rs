//! What tests and the demo do with the stand-in.

use std::time::Duration;

use serde_json::Value;
use types::Millis;

use super::{
    super::{EnvironmentId, StackId},
    FakePortainer,
    gate::default_fault,
    host::{Behaviour, Host, HostScript, Written},
    routes,
    state::{EnvironmentRow, FakeCall, FakeCounts, Fault, UserRow},
};

/// The condition of [`FakePortainer::wait_until`] did not come true in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the condition did not come true in time; last counts: {last:?}")]
pub struct WaitTimedOut {
    /// The counts at the end.
    pub last: FakeCounts,
}

/// When a connection breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DropWhen {
    /// Before anything is done.
    BeforeEffect,
    /// When everything is done, instead of the answer.
    AfterEffect,
}

impl FakePortainer {
    /// A Docker host whose agent can be registered at `tcp://NAME:9001`.
    pub fn add_host(&self, name: &str, script: HostScript) {
        self.add_host_at(name, &format!("tcp://{name}:9001"), script);
    }

    /// A Docker host whose agent listens elsewhere, such as `tcp://127.0.0.1:PORT`.
    pub fn add_host_at(&self, name: &str, url: &str, script: HostScript) {
        self.shared.edit(|state| state.hosts.push(Host::new(name, url, script)));
    }

    /// A Docker host that is registered already, seen once.
    pub fn add_environment(&self, name: &str, script: HostScript) -> EnvironmentId {
        self.add_host(name, script);
        let now = self.shared.now_s();
        self.shared.edit(|state| {
            let id = state.draw_environment();
            let mut row = EnvironmentRow {
                id,
                name: name.to_owned(),
                url: format!("tcp://{name}:9001"),
                public_url: String::new(),
                group: 1,
                tags: Vec::new(),
                kind: 2,
                status: 1,
                snapshot: None,
            };
            routes::take_snapshot(state, &mut row, now);
            state.environments.push(row);
            EnvironmentId(id)
        })
    }

    /// The environment of this name.
    #[must_use]
    pub fn environment(&self, name: &str) -> Option<EnvironmentId> {
        let state = self.shared.state();
        state.environments.iter().find(|row| row.name == name).map(|row| EnvironmentId(row.id))
    }

    fn on_host(&self, name: &str, change: impl FnOnce(&mut Host)) {
        self.shared.edit(|state| {
            if let Some(host) = state.hosts.iter_mut().find(|host| host.name == name) {
                change(host);
            }
        });
    }

    /// How containers of a service, or of an image, behave that are started from now on.
    pub fn behave(&self, host: &str, service_or_image: &str, behaviour: Behaviour) {
        self.on_host(host, |host| {
            host.behaviours.insert(service_or_image.to_owned(), behaviour);
        });
    }

    /// Something outside Docker listens on this port from now on.
    pub fn take_port(&self, host: &str, port: u16) {
        self.on_host(host, |host| {
            host.taken_ports.insert(port);
        });
    }

    /// Switches a host off or on. Its containers are there again when it comes back.
    pub fn set_host_up(&self, host: &str, up: bool) {
        self.on_host(host, |host| host.up = up);
    }

    /// Has a container of a service write a line to standard output (1) or standard error (2).
    pub fn write_log(&self, host: &str, service: &str, stream: u8, text: &str) {
        let time = self.shared.now();
        self.on_host(host, |host| {
            for container in host.containers.iter_mut().filter(|one| one.service.name == service) {
                container.log.push(Written { stream, time, text: text.to_owned() });
            }
        });
    }

    /// The names of a host's containers.
    #[must_use]
    pub fn containers_on(&self, host: &str) -> Vec<String> {
        let state = self.shared.state();
        let host = state.hosts.iter().find(|found| found.name == host);
        host.into_iter().flat_map(|host| host.containers.iter().map(|one| one.name.clone())).collect()
    }

    /// The environment of a host's container, as its compose file set it.
    #[must_use]
    pub fn container_variable(&self, host: &str, container: &str, name: &str) -> Option<String> {
        let state = self.shared.state();
        let host = state.hosts.iter().find(|found| found.name == host)?;
        host.containers.iter().find(|one| one.name == container)?.service.environment.get(name).cloned()
    }

    /// Starts containers of a compose project that no stack knows of.
    pub fn run_by_hand(&self, host: &str, project: &str, service: &str) {
        let now = self.shared.now();
        let (host, project, service) = (host.to_owned(), project.to_owned(), service.to_owned());
        self.on_host(&host, |host| routes::run_by_hand(host, &project, &service, now));
    }

    /// Removes the containers of a service, as `docker rm` on the host would.
    pub fn remove_by_hand(&self, host: &str, service: &str) {
        self.on_host(host, |host| host.containers.retain(|one| one.service.name != service));
    }

    /// Another user, without an administrator's rights.
    pub fn add_user(&self, name: &str, password: &str) {
        self.shared.edit(|state| {
            let id = state.users.iter().map(|user| user.id).max().unwrap_or(0) + 1;
            let (name, password) = (name.to_owned(), password.to_owned());
            state.users.push(UserRow { id, name, password, administrator: false });
        });
    }

    /// Forgets a user, as an administrator would.
    pub fn remove_user(&self, name: &str) {
        self.shared.edit(|state| state.users.retain(|user| user.name != name));
    }

    /// Lets people in through OAuth only.
    pub fn set_oauth_only(&self, only: bool) {
        self.shared.edit(|state| state.oauth_only = only);
    }

    /// A backup runs: changes are refused.
    pub fn set_backup_running(&self, running: bool) {
        self.shared.edit(|state| state.backup_running = running);
    }

    /// From now on this repository wants a login.
    pub fn require_git_login(&self, url: &str, user: &str, password: &str) {
        let login = (user.to_owned(), password.to_owned());
        self.shared.edit(|state| state.git_logins.insert(url.to_owned(), login));
    }

    /// The compose file of a stack is gone from the server's disk.
    pub fn lose_files(&self, stack: StackId) {
        self.shared.edit(|state| {
            if let Some(row) = state.stack_mut(stack.0) {
                row.files.clear();
            }
        });
    }

    /// Lets time pass.
    pub fn advance(&self, time: Duration) {
        let time = Millis::try_from(time.as_millis()).unwrap_or(Millis::MAX);
        self.shared.edit(|state| state.advanced += time);
    }

    /// From now on time passes by [`advance`](Self::advance) alone.
    pub fn freeze_time(&self) {
        let passed = self.shared.passed();
        self.shared.edit(|state| state.frozen = Some(passed));
    }

    /// Delays calls whose `METHOD /api/path` begins so, from now on.
    pub fn delay(&self, route: &str, time: Duration) {
        self.fault(route, Fault::Delay(time));
    }

    /// Fails the next so many calls whose `METHOD /api/path` begins so.
    pub fn fail(&self, route: &str, status: u16, times: usize) {
        self.fail_with(route, status, default_fault(), times);
    }

    /// Likewise, with this body; null is none, a string is a web page.
    pub fn fail_with(&self, route: &str, status: u16, body: Value, times: usize) {
        self.fault(route, Fault::Fail { status, body, left: times });
    }

    /// Breaks the connection of the next call whose `METHOD /api/path` begins so.
    pub fn drop_connection(&self, route: &str, when: DropWhen) {
        self.fault(route, Fault::Drop { after_effect: when == DropWhen::AfterEffect, left: 1 });
    }

    /// A proxy in front of the next call whose `METHOD /api/path` begins so gives up after `time` with a 504; the call goes on.
    pub fn give_up_in_front_of(&self, route: &str, time: Duration) {
        self.fault(route, Fault::Gateway { after: time, left: 1 });
    }

    /// From now on logs that are not followed stall: what was written comes, and then nothing.
    pub fn stall_logs(&self, stall: bool) {
        self.shared.edit(|state| state.logs_stall = stall);
    }

    /// No delays, failures and drops any more.
    pub fn clear_faults(&self) {
        self.shared.edit(|state| state.faults.clear());
    }

    fn fault(&self, route: &str, fault: Fault) {
        self.shared.edit(|state| state.faults.push((route.to_owned(), fault)));
    }

    /// Deployments take so long from now on.
    pub fn slow_deploys(&self, time: Duration) {
        self.shared.edit(|state| state.slow_deploys = time);
    }

    /// Deployments begin and do not end until [`release_deploys`](Self::release_deploys).
    pub fn hold_deploys(&self) {
        self.shared.held.send_replace(true);
    }

    /// Lets held deployments end.
    pub fn release_deploys(&self) {
        self.shared.held.send_replace(false);
    }

    /// Does what the polling of all stacks with an interval would do now. In the newer generation intervals are not heeded.
    pub async fn poll_repositories(&self) {
        routes::poll_repositories(&self.shared).await;
    }

    /// The newest calls, oldest first.
    #[must_use]
    pub fn calls(&self) -> Vec<FakeCall> {
        self.shared.state().calls.iter().cloned().collect()
    }

    /// The calls whose `METHOD /api/path` begins so.
    #[must_use]
    pub fn calls_of(&self, route: &str) -> Vec<FakeCall> {
        let mut calls = self.calls();
        calls.retain(|call| format!("{} {}", call.method, call.path).starts_with(route));
        calls
    }

    /// The counts now.
    #[must_use]
    pub fn counts(&self) -> FakeCounts {
        self.shared.state().counts
    }

    /// Waits for a condition on the counts.
    ///
    /// # Errors
    /// [`WaitTimedOut`] if it does not come true within `timeout`.
    pub async fn wait_until(
        &self,
        condition: impl Fn(&FakeCounts) -> bool,
        timeout: Duration,
    ) -> Result<FakeCounts, WaitTimedOut> {
        let mut changes = self.shared.changes.subscribe();
        let wait = changes.wait_for(|_| condition(&self.counts()));
        match tokio::time::timeout(timeout, wait).await {
            Ok(Ok(_)) => Ok(self.counts()),
            _ => Err(WaitTimedOut { last: self.counts() }),
        }
    }
}
