//! Where everything stands, and what drifted.

use std::fmt::Write as _;

use service::deploy::{
    DriftReading, EnvironmentOverview, Overview, PinOverview, StackOverview, StackState,
    model::{Condition, PinOrigin, Reach},
    words::{Surface, Worded as _, moment, short},
};

use super::count;
use crate::terminal::{Cell, Paint, Table, Tone, clean};

/// Where everything stands.
pub(crate) fn status(overview: &Overview, containers: bool, paint: Paint) -> String {
    let mut text = String::new();
    let _ = writeln!(
        text,
        "Catalog {}, Portainer {}, looked at {}",
        short(&overview.catalog_commit),
        overview.server.version,
        moment(overview.at)
    );
    if overview.environments.is_empty() {
        text.push_str("\nNo machine of the catalog has an environment. Add one to phoenix_vm_configs.json.\n");
    }
    for environment in &overview.environments {
        text.push('\n');
        self::environment(environment, containers, paint, &mut text);
    }
    text
}

fn environment(environment: &EnvironmentOverview, containers: bool, paint: Paint, text: &mut String) {
    let reach = match environment.reach {
        Reach::Up => paint.paint(Tone::Good, &environment.reach.title()),
        Reach::Down | Reach::Missing => paint.paint(Tone::Bad, &environment.reach.words().full(Surface::Terminal)),
    };
    let _ = writeln!(text, "{}  {reach}", paint.paint(Tone::Strong, &clean(&environment.name)));
    for warning in &environment.warnings {
        let _ =
            writeln!(text, "  {} {}", paint.paint(Tone::Warn, "!"), clean(&warning.words().full(Surface::Terminal)));
    }
    if environment.stacks.is_empty() {
        text.push_str("  No stack is assigned to it.\n");
        return;
    }
    let mut table = Table::new(&["STACK", "STATE", "CONTAINERS", "REV", "COMMIT", "WHY"]).indent(2);
    for stack in &environment.stacks {
        table.row(row(stack));
    }
    text.push_str(&table.render(paint));
    if containers {
        self::containers(environment, paint, text);
    }
}

const fn tone(state: StackState) -> Tone {
    match state {
        StackState::InStep => Tone::Good,
        StackState::Starting | StackState::Changes | StackState::Surplus => Tone::Warn,
        StackState::Drifted | StackState::Blocked | StackState::Unknown => Tone::Bad,
    }
}

fn row(stack: &StackOverview) -> Vec<Cell> {
    let well = stack.containers.iter().filter(|one| one.condition.is_good()).count();
    let all = stack.containers.len();
    let containers = match (all, well == all) {
        (0, _) => Cell::from(""),
        (_, true) => Cell::from(format!("{well}/{all} well")),
        (_, false) => Cell::new(Tone::Bad, format!("{well}/{all} well")),
    };
    let commit = match (&stack.commit, &stack.wanted) {
        (Some(runs), Some(wanted)) if runs != wanted => format!("{} → {}", short(runs), short(wanted)),
        (Some(runs), _) => short(runs).to_owned(),
        (None, Some(wanted)) => format!("→ {}", short(wanted)),
        (None, None) => String::new(),
    };
    vec![
        Cell::new(Tone::Strong, &stack.name),
        Cell::new(tone(stack.state), stack.state.title()),
        containers,
        Cell::from(stack.revision.map(|number| number.to_string()).unwrap_or_default()),
        Cell::from(commit),
        Cell::from(why(stack)),
    ]
}

/// Why it is in its state, in a few words.
fn why(stack: &StackOverview) -> String {
    let mut words: Vec<String> = Vec::new();
    words.extend(stack.blocked.iter().map(service::deploy::words::Worded::title));
    words.extend(stack.pin.iter().map(pinned));
    words.extend(stack.reasons.iter().map(service::deploy::words::Worded::title));
    words.join("; ")
}

fn pinned(pin: &PinOverview) -> String {
    match &pin.origin {
        PinOrigin::Rollback => format!("held at revision {} by {}", pin.revision, pin.by),
        PinOrigin::Promotion { from } => format!("held at revision {} of {from} by {}", pin.revision, pin.by),
    }
}

fn containers(environment: &EnvironmentOverview, paint: Paint, text: &mut String) {
    if environment.stacks.iter().all(|stack| stack.containers.is_empty()) {
        return;
    }
    let mut table = Table::new(&["STACK", "SERVICE", "CONTAINER", "CONDITION", "RESTARTS", "IMAGE"]).indent(2);
    for stack in &environment.stacks {
        for one in &stack.containers {
            let tone = match one.condition {
                Condition::Well | Condition::Done => Tone::Good,
                Condition::Pending | Condition::NotStarted | Condition::Paused => Tone::Warn,
                Condition::Unhealthy | Condition::CrashLooping | Condition::Exited { .. } => Tone::Bad,
            };
            table.row(vec![
                Cell::from(&stack.name),
                Cell::from(&one.service),
                Cell::from(&one.name),
                Cell::new(tone, one.condition.title()),
                Cell::from(one.restarts.to_string()),
                Cell::from(&one.image),
            ]);
        }
    }
    let _ = write!(text, "\n{}", table.render(paint));
}

/// What changed past the catalog.
pub(crate) fn drift(reading: &DriftReading, paint: Paint) -> String {
    let mut text = String::new();
    for one in &reading.drift {
        let place = format!("{}/{}", one.stack.environment, one.stack.stack);
        let _ = writeln!(text, "{} {}", paint.paint(Tone::Bad, "✘"), paint.paint(Tone::Strong, &clean(&place)));
        for sign in &one.signs {
            let _ = writeln!(text, "    {}", clean(&sign.words().full(Surface::Terminal)));
        }
    }
    for one in &reading.blocked {
        let place = format!("{}/{}", one.stack.environment, one.stack.stack);
        let words = one.cause.words();
        let _ = writeln!(
            text,
            "{} {}  can't be judged: {}",
            paint.paint(Tone::Warn, "?"),
            paint.paint(Tone::Strong, &clean(&place)),
            clean(&words.full(Surface::Terminal))
        );
    }
    let at = moment(reading.at);
    let _ = match (reading.drift.len(), reading.blocked.len()) {
        (0, 0) => writeln!(text, "{} Nothing changed past the catalog, looked at {at}.", paint.paint(Tone::Good, "✔")),
        (drifted, 0) => writeln!(text, "\n{} drifted, looked at {at}.", count(drifted, "stack", "stacks")),
        (drifted, blocked) => writeln!(
            text,
            "\n{} drifted, {} can't be judged, looked at {at}.",
            count(drifted, "stack", "stacks"),
            count(blocked, "stack", "stacks")
        ),
    };
    text
}
