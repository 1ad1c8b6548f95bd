//! The page of a plan: warnings first, then what, why, how risky and in which order; at the end the button.

use std::collections::BTreeMap;

use leptos::prelude::*;
use service::{
    ServiceError,
    deploy::{
        Ask, Review,
        model::{Scope, Warning, WarningKind},
        words::{Surface, Worded},
    },
};
use types::{Problem, ProblemCode};

use super::{
    super::{
        parts::{Area, AreaTabs, Finding, Hands, many, stack_address},
        reading::Reading,
    },
    ask, carry_out, moved, steps,
};
use crate::{
    pages::parts::When,
    server::{FormState, Page, PageCx, PageResult},
    ui::{ButtonKind, EmptyState, IconName, LinkButton, Notice, PageHeader, Tone},
};

/// Warnings shown at once.
const SHOWN: usize = 8;

/// Renders it. Making the plan asks the catalog, its repositories and Portainer, and changes nothing.
///
/// # Errors
/// For whoever may not look after deployments. What keeps a plan from being made is part of the page.
pub async fn page(cx: PageCx) -> PageResult {
    let deployer = cx.ok(cx.viewer().deployer())?;
    let hands = Hands::of(&cx);
    let deploy = cx.services().deploy();
    let asked = ask::of(&cx);
    if !deploy.has_catalog(&deployer) {
        // Opening a page makes no repository.
        let reading = Reading::of(&cx, &deployer);
        return Ok(Page::new("Review changes", move || {
            view! {
                <PageHeader title="Review changes" />
                <AreaTabs current=Area::Overview />
                {reading.nothing()}
            }
        }));
    }
    let form = cx.form("/api/apply_plan");
    let review = deploy.review(&deployer, &asked).await;
    let before = deploy.reviewed(&deployer, &form.value("fingerprint"));
    let mut environments = environments(&Reading::of(&cx, &deployer), &asked);
    environments.retain(|name| hands.may(name));
    let title = ask::title(&asked);
    let tab = title.clone();
    let (review, problem) = match review {
        Ok(review) => (Some(review), None),
        Err(error) => (None, cx.ok::<()>(Err(ServiceError::from(error))).err().map(|error| error.0)),
    };
    // An upstream that is away is no fault of this page, and tunnels replace pages with a status of 502 or 503 by their own.
    let status = match problem.as_ref().map(|problem| problem.code) {
        Some(code @ (ProblemCode::NotFound | ProblemCode::Forbidden)) => code.status(),
        _ => 200,
    };
    let now = cx.now();
    let again = cx.request.site.path.clone();
    let view = move || {
        let refused = form.problem.clone().map(|problem| said(problem, review.as_ref(), before.as_ref()));
        let choosing = asked.also.is_none();
        let body = match &review {
            Some(review) => view! {
                <p class="reading-text">"Made "<When at=review.plan.made_at now />" from what runs now."</p>
                {body(review, &form, choosing)}
            }
            .into_any(),
            None => unmade(problem, again).into_any(),
        };
        let narrows = choosing && review.as_ref().is_some_and(|review| review.plan.steps.len() > 1);
        let narrowed = (asked.also.is_none() && !asked.only.is_empty())
            .then(|| view! { <p><a class="more" href=ask::whole(&asked)>"Plan everything there"</a></p> });
        view! {
            <PageHeader title=title lead=ask::place(&asked) />
            <AreaTabs current=Area::Overview />
            <div class="stack">
                {refused}
                {asked.also.is_none().then(|| carry_out::options(&asked, &environments, narrows, hands.everywhere()))}
                {narrowed}
                {body}
            </div>
        }
    };
    Ok(Page::new(tab, view).status(status))
}

/// The environments one can choose from: those of the newest look, and the one asked for.
fn environments(reading: &Reading, asked: &Ask) -> Vec<String> {
    let mut names: Vec<String> =
        reading.look.iter().flat_map(|look| &look.overview.environments).map(|one| one.name.clone()).collect();
    if let Some(name) = asked.environment.as_ref().filter(|name| !names.contains(name)) {
        names.push(name.clone());
    }
    names
}

/// Why the plan was not carried out.
fn said(problem: Problem, review: Option<&Review>, before: Option<&service::deploy::model::Plan>) -> AnyView {
    match review {
        Some(review) if problem.code == ProblemCode::Conflict => moved::notice(before, &review.plan, problem.message),
        _ => view! { <Notice tone=Tone::Bad title="Nothing was done"><p>{problem.message}</p></Notice> }.into_any(),
    }
}

/// Why there is no plan.
fn unmade(problem: Option<Problem>, again: String) -> impl IntoView {
    problem.map(|problem| {
        view! {
            <Notice tone=Tone::Bad title="There is no plan">
                <p>{problem.message}</p>
                <div class="actions"><LinkButton href=again icon=IconName::Refresh>"Try again"</LinkButton></div>
            </Notice>
        }
    })
}

fn body(review: &Review, form: &FormState, choosing: bool) -> impl IntoView + use<> {
    let plan = &review.plan;
    let unchanged = plan.unchanged.len();
    let rest = (unchanged > 0).then(|| {
        let text =
            format!("{} as desired already.", many(unchanged, "stack") + if unchanged == 1 { " is" } else { " are" });
        view! { <p class="muted">{text}</p> }
    });
    let to_do = if plan.steps.is_empty() {
        let (title, text) = match (plan.blocked.is_empty(), &review.also) {
            (_, Some(_)) => ("Nothing would change", "What runs is the same already."),
            (true, None) => ("Nothing to do", "What runs is what the catalog wants."),
            (false, None) => {
                ("Nothing can be done", "What stands above keeps stacks from being planned. Mend it, then plan again.")
            }
        };
        let whole = matches!(plan.options.scope, Scope::Everything);
        view! {
            <EmptyState icon=IconName::Check title text>
                <LinkButton href=if whole { "/admin" } else { "/admin/plan" } kind=ButtonKind::Plain>
                    {if whole { "Overview" } else { "Plan everything" }}
                </LinkButton>
            </EmptyState>
        }
        .into_any()
    } else {
        view! {
            {steps::all(review, choosing && plan.steps.len() > 1)}
            {carry_out::bar(review, form)}
        }
        .into_any()
    };
    view! {
        {blocked(review)}
        {warnings(&plan.warnings)}
        {rest}
        {to_do}
    }
}

/// The warnings. What is the same for several stacks is said once.
fn warnings(all: &[Warning]) -> impl IntoView + use<> {
    let mut kinds: BTreeMap<&WarningKind, Vec<String>> = BTreeMap::new();
    for warning in all {
        let place = match warning.stack.as_str() {
            "" => warning.environment.clone(),
            stack => format!("{stack} on {}", warning.environment),
        };
        kinds.entry(&warning.kind).or_default().push(place);
    }
    let items = kinds
        .into_iter()
        .map(|(kind, places)| {
            let mut words = kind.words();
            words.text = format!("{}: {}", places.join(", "), words.text);
            view! { <Finding words tone=Tone::Warn /> }.into_any()
        })
        .collect::<Vec<_>>();
    let count = items.len();
    (count > 0).then(|| {
        view! {
            <details class="warned" open=count <= SHOWN>
                <summary>{many(count, "warning")}</summary>
                <ul class="findings">{items}</ul>
            </details>
        }
    })
}

fn blocked(review: &Review) -> impl IntoView + use<> {
    let items = review
        .plan
        .blocked
        .iter()
        .map(|one| {
            let href = stack_address(&one.stack.environment, &one.stack.stack);
            let words = one.cause.words();
            view! {
                <li class="finding" data-tone="bad">
                    <crate::ui::Icon name=IconName::Ban />
                    <div>
                        <p><a href=href>{one.stack.stack.clone()}</a>" on "{one.stack.environment.clone()}": "{words.text}</p>
                        <p class="muted">{words.remedy.on(Surface::Page).to_owned()}</p>
                    </div>
                </li>
            }
        })
        .collect::<Vec<_>>();
    let count = items.len();
    (count > 0).then(|| {
        view! {
            <details class="warned" open=count <= SHOWN>
                <summary>{format!("{count} blocked")}</summary>
                <ul class="findings">{items}</ul>
            </details>
        }
    })
}
