//! From the address to what a plan is asked for.

use std::collections::BTreeSet;

use service::deploy::{
    Also, Ask,
    model::{OnFailure, Prune, StackRef},
};
use types::catalog::normalise_name;

use super::super::parts::{all_of, encode};
use crate::server::PageCx;

/// What the address asks for. What makes no sense there is left out: an address is no form.
pub(super) fn of(cx: &PageCx) -> Ask {
    let environment = cx.query("env").map(ToOwned::to_owned);
    let stack = cx
        .query("stack")
        .zip(environment.as_ref())
        .map(|(stack, environment)| StackRef::new(environment.clone(), normalise_name(stack)));
    let also = stack.clone().and_then(|stack| also(cx, stack));
    let mut only: BTreeSet<StackRef> = all_of(&cx.request.site.path, "only")
        .iter()
        .filter_map(|text| text.rsplit_once('/'))
        .map(|(environment, stack)| StackRef::new(environment, stack))
        .collect();
    if let Some(stack) = stack {
        only = [stack].into();
    }
    let prune = match cx.query("prune") {
        Some("managed") => Prune::Managed,
        Some("all") => Prune::All,
        _ => Prune::No,
    };
    let on_failure = match cx.query("on_failure") {
        Some("continue") => OnFailure::Continue,
        Some("roll_back") => OnFailure::RollBack,
        _ => OnFailure::Stop,
    };
    let mut ask = Ask { environment, only, prune, on_failure, also };
    // Boxes belong to the plan they stood in: of another environment, or with other removals, there are other steps.
    if cx.query.get("chosen").is_some_and(|chosen| *chosen != chosen_key(&ask)) {
        ask.only.clear();
    }
    ask
}

/// What decides which steps there are to choose from, for the form that chooses.
pub(super) fn chosen_key(ask: &Ask) -> String {
    format!("{}:{}", ask.environment.as_deref().unwrap_or_default(), prune_key(ask.prune))
}

fn also(cx: &PageCx, stack: StackRef) -> Option<Also> {
    if let Some(to) = cx.query("rollback") {
        return Some(Also::Rollback { stack, to: to.parse().ok() });
    }
    if let Some(from) = cx.query("promote") {
        let revision = cx.query("revision").and_then(|number| number.parse().ok());
        return Some(Also::Promote { stack, from: from.to_owned(), revision });
    }
    cx.query("release").map(|_| Also::Release { stack })
}

/// What is planned, as a heading.
pub(super) fn title(ask: &Ask) -> String {
    match (&ask.also, ask.only.iter().next(), &ask.environment) {
        (Some(Also::Rollback { stack, to }), ..) => match to {
            Some(to) => format!("Roll {} back to revision {to}", stack.stack),
            None => format!("Roll {} back", stack.stack),
        },
        (Some(Also::Promote { stack, from, .. }), ..) => format!("Promote {} from {from}", stack.stack),
        (Some(Also::Release { stack }), ..) => format!("Release {}", stack.stack),
        (None, Some(one), _) if ask.only.len() == 1 => format!("Review {}", one.stack),
        _ => "Review changes".to_owned(),
    }
}

/// Where it is planned, below the heading.
pub(super) fn place(ask: &Ask) -> String {
    let environments: BTreeSet<&str> = match ask.only.is_empty() {
        true => ask.environment.as_deref().into_iter().collect(),
        false => ask.only.iter().map(|one| one.environment.as_str()).collect(),
    };
    match environments.into_iter().collect::<Vec<_>>().as_slice() {
        [] => "On every environment. Nothing is changed until you apply.".to_owned(),
        names => format!("On {}. Nothing is changed until you apply.", names.join(", ")),
    }
}

/// The address of the plan of one environment, or of all.
pub(super) fn whole(ask: &Ask) -> String {
    ask.environment
        .as_ref()
        .map_or_else(|| "/admin/plan".to_owned(), |name| format!("/admin/plan?env={}", encode(name)))
}

/// The word for pruning in addresses.
pub(in crate::pages::admin::deploy) const fn prune_key(prune: Prune) -> &'static str {
    match prune {
        Prune::No => "",
        Prune::Managed => "managed",
        Prune::All => "all",
    }
}

/// The word for what happens on a failure in addresses.
pub(super) const fn failure_key(on_failure: OnFailure) -> &'static str {
    match on_failure {
        OnFailure::Stop => "",
        OnFailure::Continue => "continue",
        OnFailure::RollBack => "roll_back",
    }
}
