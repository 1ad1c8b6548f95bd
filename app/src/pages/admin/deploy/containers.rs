//! Containers, as they were seen.

use leptos::prelude::*;
use service::deploy::{
    ContainerOverview, LogLine,
    model::Condition,
    words::{Worded, short_digest},
};
use types::Millis;

use super::parts::container_address;
use crate::{
    pages::parts::When,
    ui::{Chip, IconName, Tone},
};

/// What a container's condition looks like.
pub(super) const fn look_of(condition: Condition) -> (IconName, Tone) {
    match condition {
        Condition::Well => (IconName::Check, Tone::Good),
        Condition::Done => (IconName::Check, Tone::Neutral),
        Condition::Pending => (IconName::Clock, Tone::Neutral),
        Condition::NotStarted | Condition::Paused => (IconName::Stop, Tone::Warn),
        Condition::Unhealthy | Condition::CrashLooping | Condition::Exited { .. } => (IconName::Alert, Tone::Bad),
    }
}

/// A container's condition as a chip.
#[component]
pub(super) fn ConditionChip(condition: Condition) -> impl IntoView {
    let (icon, tone) = look_of(condition);
    view! { <Chip icon tone>{capital(&condition.title())}</Chip> }
}

/// First letter large, for chips.
pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// The containers of a stack.
#[component]
pub(super) fn Containers(
    /// The environment they are on.
    #[prop(into)]
    environment: String,
    /// The stack they belong to.
    #[prop(into)]
    stack: String,
    /// The containers.
    containers: Vec<ContainerOverview>,
    now: Millis,
) -> impl IntoView {
    if containers.is_empty() {
        return view! { <p class="muted">"No container was seen."</p> }.into_any();
    }
    let rows = containers.into_iter().map(|one| row(&environment, &stack, one, now)).collect_view();
    view! { <ul class="rows containers">{rows}</ul> }.into_any()
}

/// Lines of logs, each after its container's name.
#[component]
pub(super) fn Log(
    /// Of what.
    #[prop(into)]
    label: String,
    /// The lines.
    lines: Vec<LogLine>,
) -> impl IntoView {
    let lines = lines
        .into_iter()
        .map(|line| view! { <span class="log-line"><span class="log-from">{line.container}</span>{line.text}"\n"</span> })
        .collect_view();
    view! { <pre class="log" tabindex="0" role="region" aria-label=label><code>{lines}</code></pre> }
}

fn row(environment: &str, stack: &str, one: ContainerOverview, now: Millis) -> impl IntoView + use<> {
    let ContainerOverview { name, service, condition, image, digest, restarts, started_at, .. } = one;
    let again = match restarts {
        0 => None,
        1 => Some("restarted once".to_owned()),
        n => Some(format!("restarted {n} times")),
    };
    let href = container_address(environment, stack, &name);
    let build = digest.map(|digest| format!("build {}", short_digest(&digest)));
    view! {
        <li class="rowitem">
            <div class="rowitem-text">
                <a class="cell-title" href=href>{service}<span class="cell-sub">{name}</span></a>
                <code class="image">{image}</code>
                <span class="cell-sub facts-line">
                    {started_at.map(|at| view! { <span>"started "<When at now /></span> })}
                    {again.map(|text| view! { <span>{text}</span> })}
                    {build.map(|text| view! { <span>{text}</span> })}
                </span>
            </div>
            <ConditionChip condition />
        </li>
    }
}
