//! Cards of environments: whether each answers and since when, what runs the containers there, and how they are.

use leptos::prelude::*;
use service::deploy::{
    EnvironmentOverview,
    environments::{ContainerCounts, EnvironmentReach, EnvironmentReading, Hosts},
    model::Reach,
    words::{Surface, Worded},
};
use types::{Millis, catalog::Guest};

use super::{
    parts::{bind_address, encode, environment_address},
    standing::{Counts, ReachChip, Standing},
};
use crate::{
    pages::parts::When,
    ui::{ButtonKind, Card, Chip, Icon, IconName, LinkButton, Notice, Tone},
};

/// An environment of the catalog: how its host is, and how its stacks stand.
pub(super) fn card(
    environment: &EnvironmentOverview,
    hosts: Option<&Hosts>,
    operates: bool,
    now: Millis,
) -> impl IntoView + use<> {
    let (name, reach) = (environment.name.clone(), environment.reach);
    let host = hosts.and_then(|hosts| hosts.of(&name));
    let standings: Vec<Standing> = environment.stacks.iter().map(Standing::of).collect();
    let since = host.and_then(|host| since(host, reach, hosts?.since.get(&name).copied(), now));
    let words = (reach != Reach::Up).then(|| reach.words().full(Surface::Page));
    let warnings = environment
        .warnings
        .iter()
        .map(|one| view! { <p class="card-text">{one.words().full(Surface::Page)}</p> })
        .collect_view();
    let told = host.map(|host| about(host, now));
    let trouble = host.and_then(|host| host.trouble.clone()).filter(|_| reach == Reach::Up);
    let misplaced = host.is_some_and(|host| host.misplaced);
    let way = operates.then(|| way(&name, reach, misplaced));
    view! {
        <Card>
            <div class="card-head">
                <h2 class="card-title"><a class="card-name" href=environment_address(&name)><Icon name=IconName::Server />{name.clone()}</a></h2>
                <ReachChip reach />
            </div>
            {since}
            {words.map(|text| view! { <p class="card-text">{text}</p> })}
            {trouble.map(|text| view! { <p class="card-text">{text}</p> })}
            {misplaced.then(|| view! { <p class="card-text">"Portainer reaches it at another address than the catalog says."</p> })}
            {(reach == Reach::Up && !standings.is_empty()).then(|| view! { <Counts standings environment=Some(name) /> })}
            {told}
            {warnings}
            {way.map(|way| view! { <div class="card-foot">{way}</div> })}
        </Card>
    }
}

/// An environment that only Portainer knows.
pub(super) fn stranger(host: &EnvironmentReading, operates: bool, now: Millis) -> impl IntoView + use<> {
    let (icon, tone, word) = match host.reach {
        EnvironmentReach::Up => (IconName::Check, Tone::Good, "Answers"),
        EnvironmentReach::Down => (IconName::Alert, Tone::Bad, "Does not answer"),
        EnvironmentReach::Missing | EnvironmentReach::Unknown => (IconName::Question, Tone::Neutral, "Unknown"),
    };
    let address = host.address.clone().unwrap_or_default();
    let agent = address.trim_start_matches("tcp://").to_owned();
    let href = format!("/admin/environments/add?environment={}&agent_host={}", encode(&host.name), encode(&agent));
    let (name, trouble, told) = (host.name.clone(), host.trouble.clone(), about(host, now));
    view! {
        <Card>
            <div class="card-head">
                <h2 class="card-title"><Icon name=IconName::Server />{name}</h2>
                <Chip icon tone>{word}</Chip>
            </div>
            <p class="card-text">"Portainer has it, the catalog does not: nothing is deployed to it from here."</p>
            {trouble.map(|text| view! { <p class="card-text">{text}</p> })}
            {told}
            {operates.then(|| view! { <div class="card-foot"><LinkButton href icon=IconName::Plus>"Add it to the catalog"</LinkButton></div> })}
        </Card>
    }
}

/// Machines of the catalog that are no environment yet.
pub(super) fn unbound(guests: Vec<Guest>) -> impl IntoView {
    (!guests.is_empty()).then(|| {
        let rows = guests
            .into_iter()
            .map(|guest| {
                let about = match guest.vmid {
                    Some(vmid) => format!("number {vmid}, no environment yet"),
                    None => "no environment yet".to_owned(),
                };
                let label = format!("Make {} an environment", guest.name);
                view! {
                    <li class="rowitem">
                        <Icon name=IconName::Server />
                        <div class="rowitem-text"><span class="cell-title">{guest.name.clone()}</span><span class="cell-sub">{about}</span></div>
                        <LinkButton href=bind_address(&guest.name) attr:aria-label=label>"Make it one"</LinkButton>
                    </li>
                }
            })
            .collect_view();
        view! {
            <section class="block" aria-labelledby="unbound">
                <div class="block-head"><h2 id="unbound">"Machines without an environment"</h2></div>
                <ul class="rows">{rows}</ul>
            </section>
        }
    })
}

/// Since when it is so, as far as that was observed.
fn since(host: &EnvironmentReading, reach: Reach, since: Option<Millis>, now: Millis) -> Option<AnyView> {
    let agrees = matches!(
        (reach, host.reach),
        (Reach::Up, EnvironmentReach::Up)
            | (Reach::Down, EnvironmentReach::Down)
            | (Reach::Missing, EnvironmentReach::Missing)
    );
    let at = since.filter(|_| agrees)?;
    let last = host.last_seen.filter(|_| reach == Reach::Down);
    Some(
        view! {
            <p class="cell-sub">
                "So at every look since "<When at now />
                {last.map(|at| view! { ". Portainer reached it last "<When at now /> })}
            </p>
        }
        .into_any(),
    )
}

/// Versions, containers and size of a host, with their age where they are not of now.
pub(super) fn about(host: &EnvironmentReading, now: Millis) -> impl IntoView + use<> {
    let runs = match (&host.docker_version, &host.agent_version) {
        (Some(docker), Some(agent)) => Some(format!("Docker {docker}, agent {agent}")),
        (Some(docker), None) => Some(format!("Docker {docker}")),
        (None, Some(agent)) => Some(format!("agent {agent}")),
        (None, None) => None,
    };
    let rows = [("Runs", runs), ("Host", size(host.cpus, host.memory)), ("Containers", host.containers.map(counted))];
    let rows: Vec<_> = rows
        .into_iter()
        .filter_map(|(term, text)| Some(view! { <div><dt>{term}</dt><dd>{text?}</dd></div> }))
        .collect();
    let read = host.read_at.map(|at| view! { <p class="cell-sub">"Counted "<When at now /></p> });
    view! {
        {(!rows.is_empty()).then(|| view! { <dl class="facts">{rows}</dl> })}
        {read}
    }
}

fn counted(counts: ContainerCounts) -> String {
    let parts = [
        (counts.running, "running"),
        (counts.unhealthy, "unhealthy"),
        (counts.restarting, "restarting"),
        (counts.stopped, "stopped"),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(count, word)| *count > 0 || *word == "running")
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    parts.join(", ")
}

/// Processors and memory, in powers of 1024 as Docker counts them.
fn size(cpus: Option<i64>, memory: Option<i64>) -> Option<String> {
    const GIB: f64 = 1024.0 * 1024.0 * 1024.0;
    let cpus = cpus.map(|cpus| if cpus == 1 { "1 CPU".to_owned() } else { format!("{cpus} CPUs") });
    #[expect(clippy::cast_precision_loss, reason = "bytes of memory, shown with one digit")]
    let memory = memory.map(|bytes| format!("{:.1} GiB memory", bytes as f64 / GIB));
    let parts: Vec<String> = [cpus, memory].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// What to do about how it is reached.
fn way(name: &str, reach: Reach, misplaced: bool) -> impl IntoView + use<> {
    let href = bind_address(name);
    let (kind, words) = match (reach, misplaced) {
        (_, true) => (ButtonKind::Primary, "Re-bind"),
        (Reach::Missing, _) => (ButtonKind::Primary, "Bind it"),
        (Reach::Down, _) => (ButtonKind::Plain, "Find out why"),
        (Reach::Up, _) => (ButtonKind::Ghost, "Connection"),
    };
    let label = format!("{words}: {name}");
    view! { <LinkButton href kind attr:aria-label=label icon=IconName::Link>{words}</LinkButton> }
}

/// What is said on an environment's own page when its host was not seen.
pub(super) fn unseen(name: &str, reach: Reach, operates: bool) -> impl IntoView + use<> {
    let words = reach.words();
    let way = operates.then(|| way(name, reach, false));
    view! {
        <Notice tone=Tone::Bad title=words.text>
            <p>{words.remedy.on(Surface::Page).to_owned()}" What runs there was not seen, so nothing is shown."</p>
            {way.map(|way| view! { <div class="actions">{way}</div> })}
        </Notice>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_told_in_a_few_words() {
        assert_eq!(size(Some(4), Some(8_589_934_592)).as_deref(), Some("4 CPUs, 8.0 GiB memory"));
        assert_eq!(size(Some(1), None).as_deref(), Some("1 CPU"));
        assert_eq!(size(None, None), None);
        let counts = ContainerCounts { running: 3, unhealthy: 1, stopped: 2, restarting: 0 };
        assert_eq!(counted(counts), "3 running, 1 unhealthy, 2 stopped");
        assert_eq!(counted(ContainerCounts::default()), "0 running");
    }
}
