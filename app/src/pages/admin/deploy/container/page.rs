//! A container's page.

use leptos::prelude::*;
use service::{
    ServiceError,
    deploy::{ContainerLog, ContainerReading, ContainerRef},
};
use types::ProblemCode;

use super::{
    super::{
        parts::{Area, AreaTabs, Hands, container_address, encode, environment_address, onlooker, stack_address},
        reading::{AdminScript, Reading},
    },
    facts::facts,
    log::{self, CHOICES, LogAsk},
};
use crate::{
    AppError,
    pages::parts::{Hidden, done},
    server::{FormState, Page, PageCx, PageResult},
    ui::{
        Actions, Button, ButtonKind, Choice, EmptyState, Field, Form, Icon, IconName, LinkButton, Notice, PageHeader,
        Tone,
    },
};

const RESTART: &str = "/api/restart_container";

const DONE: &[(&str, &str)] = &[
    ("restarted", "Restarted, and it is well."),
    ("starting", "Restarted. It is still starting: look again in a moment."),
    ("unwell", "Restarted, and it is not well: see its log."),
];

/// What was read, or why it could not be.
type Read<T> = Result<T, String>;

/// Renders it.
///
/// # Errors
/// For whoever may not look after deployments; when the stack has no such container.
pub async fn page(cx: PageCx) -> PageResult {
    let onlooker = onlooker(&cx)?;
    let names: (String, String, String) = (cx.param("environment")?, cx.param("stack")?, cx.param("container")?);
    let at = ContainerRef::new(&names.0, &names.1, &names.2);
    let ask = LogAsk::of_page(&cx);
    let deploy = cx.services().deploy();
    let reading = Reading::of(&cx, &onlooker);
    let read = if deploy.has_catalog(&onlooker) {
        let (container, log) =
            tokio::join!(deploy.container(&onlooker, &at), deploy.container_log(&onlooker, &at, ask.lines));
        Some((told(&cx, container.map_err(ServiceError::from))?, told(&cx, log.map_err(ServiceError::from))?))
    } else {
        None
    };
    let form = cx.form(RESTART);
    let may = Hands::of(&cx).may(&at.environment);
    let toast = done(cx.query("done"), DONE);
    let now = cx.now();
    let title = at.container.clone();
    let tab = format!("{} on {}", at.container, at.environment);
    let view = move || {
        let body = match read {
            None => reading.nothing().into_any(),
            Some((container, log)) => {
                let restart = container.as_ref().ok().filter(|_| may).map(|one| restart(&at, one, &form));
                let container = match container {
                    Ok(one) => facts(&one, now).into_any(),
                    Err(why) => {
                        view! { <Notice tone=Tone::Bad title="It could not be looked at"><p>{why}</p></Notice> }
                            .into_any()
                    }
                };
                view! {
                    {container}
                    {restart}
                    {viewer(&at, &ask, log)}
                }
                .into_any()
            }
        };
        view! {
            <nav class="crumbs" aria-label="Above">
                <a href="/admin/stacks">"Stacks"</a>
                <a href=environment_address(&at.environment)>{at.environment.clone()}</a>
                <a href=stack_address(&at.environment, &at.stack)>{at.stack.clone()}</a>
            </nav>
            <PageHeader title=title lead=format!("A container of {} on {}, as it is now.", at.stack, at.environment) />
            <AreaTabs current=Area::Stacks />
            <div class="stack">{body}</div>
        }
    };
    Ok(Page::new(tab, view).toast(toast))
}

/// Lets an answer through, or why there is none. A container that is not there has no page.
fn told<T>(cx: &PageCx, answer: Result<T, ServiceError>) -> Result<Read<T>, AppError> {
    match cx.ok(answer) {
        Ok(answer) => Ok(Ok(answer)),
        Err(error) if error.0.code == ProblemCode::NotFound => Err(error),
        Err(error) => Ok(Err(error.0.message)),
    }
}

fn restart(at: &ContainerRef, one: &ContainerReading, form: &FormState) -> impl IntoView + use<> {
    if one.protected {
        return view! { <p class="cell-sub">"It is Portainer, its agent or this program: nobody restarts it from here."</p> }.into_any();
    }
    let problem = form.problem.clone();
    let opened = form.is_refused();
    let reason = form.value("reason");
    let words = format!("Restart {}", at.container);
    let ContainerRef { environment, stack, container } = at.clone();
    view! {
        <details class="more-acts" open=opened>
            <summary>"Restart"</summary>
            <p class="muted">"Docker stops it, for ten seconds at most, and starts the same container again: nothing is deployed. Whoever uses it notices. It waits while an apply runs on this environment, and the reason is kept in the audit."</p>
            <Form action=RESTART problem=problem.clone()>
                <Hidden name="environment" value=environment />
                <Hidden name="stack" value=stack />
                <Hidden name="container" value=container />
                <Field name="reason" label="Why" value=reason problem=problem required=true maxlength=300u32 placeholder="It does not answer since the network was changed" />
                <Actions><Button kind=ButtonKind::Danger icon=IconName::Refresh>{words}</Button></Actions>
            </Form>
        </details>
    }
    .into_any()
}

fn viewer(at: &ContainerRef, ask: &LogAsk, log: Read<ContainerLog>) -> impl IntoView + use<> {
    let label = format!("Log of {}", at.container);
    let body = match log {
        Err(why) => view! { <Notice tone=Tone::Bad title="The log can't be read"><p>{why}</p></Notice> }.into_any(),
        Ok(log) if log.lines.is_empty() => {
            view! { <EmptyState icon=IconName::Info title="Nothing yet" text="This container has written nothing, or its log driver keeps nothing to be read." /> }.into_any()
        }
        Ok(log) => {
            let counted = log::counted(ask, &log);
            let lines = log::shown(ask, &log.lines);
            let wrap = ask.wrap.then_some("");
            view! {
                {follow(at, ask, counted)}
                <pre class="log log-tall" data-wrap=wrap tabindex="0" role="region" aria-label=label><code id="log-lines">{lines}</code></pre>
                <AdminScript />
            }
            .into_any()
        }
    };
    let file = format!("/api/logs/{}/{}/{}", encode(&at.environment), encode(&at.stack), encode(&at.container));
    view! {
        <section id="log" aria-labelledby="log-title">
            <div class="block-head">
                <h2 id="log-title">"Log"</h2>
                <LinkButton href=file icon=IconName::Download attr:download="">"Download"</LinkButton>
            </div>
            <div class="stack">
                {filters(at, ask)}
                {body}
            </div>
        </section>
    }
}

/// How many lines, which, and how they are shown: an address, so that it can be kept and sent.
fn filters(at: &ContainerRef, ask: &LogAsk) -> impl IntoView + use<> {
    let action = format!("{}#log", container_address(&at.environment, &at.stack, &at.container));
    let lines = CHOICES.map(|lines| (lines.to_string(), format!("Last {lines} lines"))).to_vec();
    let times =
        [("on", "With times"), ("off", "Without times")].map(|(value, words)| (value.to_owned(), words.to_owned()));
    let wraps = [("on", "Break long lines"), ("off", "Keep long lines")]
        .map(|(value, words)| (value.to_owned(), words.to_owned()));
    let word = |on: bool| if on { "on" } else { "off" };
    let text = ask.text.clone();
    view! {
        <form class="filters" method="get" action=action role="search" aria-label="The log">
            <div class="filters-words">
                <Icon name=IconName::Search />
                <input class="input" type="search" name="q" value=text placeholder="Find in these lines" aria-label="Find in these lines" maxlength="200" />
            </div>
            <Choice name="lines" label="How many lines" options=lines selected=ask.lines.to_string() />
            <Choice name="times" label="Times" options=times.into() selected=word(ask.times) />
            <Choice name="wrap" label="Long lines" options=wraps.into() selected=word(ask.wrap) />
            <Button icon=IconName::Refresh>"Show"</Button>
        </form>
    }
}

/// The button that follows and pauses, where scripts run. Without them, “Show” reads the log again.
fn follow(at: &ContainerRef, ask: &LogAsk, counted: String) -> impl IntoView + use<> {
    let stream = format!(
        "/api/stream/containers/{}/{}/{}?{}",
        encode(&at.environment),
        encode(&at.stack),
        encode(&at.container),
        ask.query()
    );
    view! {
        <div class="reading" data-follow=stream data-log="log-lines">
            <p class="reading-text" role="status">{counted}</p>
            <Button submit=false attr:hidden=true>"Follow"</Button>
        </div>
    }
}
