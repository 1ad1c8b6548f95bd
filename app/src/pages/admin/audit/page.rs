//! The page: a filter, the records newest first, downloads of the same, and a look at the chain.

use std::collections::HashMap;

use leptos::prelude::*;
use service::{AuditFilter, AuditVerdict};
use types::{AuditId, AuditRecord, Millis, Problem, User};

use super::{
    ask::{again, filter},
    detail::detail,
    names::{KINDS, act_word},
    verdict::verdict,
};
use crate::{
    pages::parts::When,
    server::{Page, PageCx, PageResult, exact},
    ui::{Button, ButtonKind, Choice, EmptyState, Icon, IconName, LinkButton, Notice, PageHeader, Tone},
};

/// Records on one page.
const SHOWN: u32 = 50;

/// What the filter offers and holds.
struct Asked {
    query: HashMap<String, String>,
    people: Vec<User>,
    problem: Option<Problem>,
}

impl Asked {
    fn value(&self, name: &str) -> String {
        self.query.get(name).cloned().unwrap_or_default()
    }

    fn is_any(&self) -> bool {
        !again(&self.query).is_empty()
    }
}

/// Renders it.
///
/// # Errors
/// When the database fails.
pub async fn page(cx: PageCx) -> PageResult {
    let admin = cx.ok(cx.viewer().admin())?;
    let auditor = admin.auditor();
    let people = cx.ok(cx.services().people().users(admin).await)?;
    let (asked, problem) = match filter(&cx.query) {
        Ok(asked) => (asked, None),
        Err(problem) => (AuditFilter::default(), Some(problem)),
    };
    let before: Option<AuditId> = cx.query("before").and_then(|text| text.parse().ok());
    let audit = cx.services().audit();
    let mut records = cx.ok(audit.search(auditor, &asked, before, SHOWN + 1).await)?;
    let more = records.len() > SHOWN as usize;
    records.truncate(SHOWN as usize);
    let query = again(&cx.query);
    let next = records.last().filter(|_| more).map(|last| format!("/admin/audit?before={}{query}", last.id));
    // Looking at the whole chain reads the whole audit: only when somebody asks for it.
    let checks = cx.query("check").is_some() && !cx.request.site.speculative;
    let found: Option<AuditVerdict> = match checks {
        true => Some(cx.ok(audit.verify(auditor).await)?),
        false => None,
    };
    let status = problem.as_ref().map_or(200, |problem| problem.code.status());
    let asked = Asked { query: cx.query.clone(), people, problem };
    let (now, is_first) = (cx.now(), before.is_none());
    let view = move || {
        let body = if records.is_empty() { nothing(is_first, asked.is_any()) } else { list(records, now) };
        let newest = (!is_first).then(|| format!("/admin/audit?{}", query.trim_start_matches('&')));
        let check = format!("/admin/audit?check=chain{query}");
        view! {
            <PageHeader title="Audit" lead="Who changed what, when and from where. Nobody can edit it here.">
                <LinkButton href=check icon=IconName::Shield>"Check the chain"</LinkButton>
            </PageHeader>
            <div class="stack">
                {found.map(verdict)}
                {filters(&asked)}
                {body}
                <div class="actions">
                    {next.map(|href| view! { <LinkButton href>"Earlier"</LinkButton> })}
                    {newest.map(|href| view! { <LinkButton href kind=ButtonKind::Ghost>"Newest"</LinkButton> })}
                </div>
                {downloads(&query)}
            </div>
        }
    };
    Ok(Page::new("Audit", view).status(status))
}

fn filters(asked: &Asked) -> impl IntoView + use<> {
    let any = |words: &str| vec![(String::new(), words.to_owned())];
    let mut people = any("Anybody");
    people.extend(asked.people.iter().map(|user| (user.id.to_string(), user.name.clone())));
    let act = asked.value("act");
    let mut acts = any("Any act");
    acts.extend(KINDS.iter().map(|(kind, words)| ((*kind).to_owned(), (*words).to_owned())));
    if !acts.iter().any(|(kind, _)| *kind == act) {
        acts.push((act.clone(), act_word(&act)));
    }
    let day = |name: &'static str, label: &'static str| {
        let value = asked.value(name);
        let wrong = asked.problem.as_ref().is_some_and(|problem| problem.fields.iter().any(|one| one.field == name));
        view! {
            <label class="filters-day">
                <span>{label}</span>
                <input class="input" type="date" name=name value=value aria-invalid=wrong.then_some("true") />
            </label>
        }
    };
    let clear = asked
        .is_any()
        .then(|| view! { <LinkButton href="/admin/audit" kind=ButtonKind::Ghost>"Show all"</LinkButton> });
    let wrong = asked.problem.as_ref().map(|problem| problem.message.clone());
    view! {
        {wrong.map(|message| view! { <Notice tone=Tone::Bad title="Nothing was filtered"><p>{message}</p></Notice> })}
        <form class="filters" method="get" action="/admin/audit" role="search" aria-label="Audit">
            <Choice name="person" label="Who" options=people selected=asked.value("person") />
            <Choice name="act" label="What" options=acts selected=act />
            <label class="filters-subject">
                <span class="sr-only">"To what, e.g. user:… or apply:…"</span>
                <input class="input" type="search" name="subject" value=asked.value("subject") placeholder="To what: apply:…" />
            </label>
            {day("from", "From")}
            {day("to", "To")}
            <Button>"Show"</Button>
            {clear}
        </form>
    }
}

fn nothing(is_first: bool, is_filtered: bool) -> AnyView {
    let (title, text) = match (is_first, is_filtered) {
        (false, _) => ("That is all", "There are no earlier records."),
        (_, true) => ("No record is like that", "Take a choice back, or show all. Days are counted in UTC."),
        (_, false) => {
            ("Nothing was done yet", "Each act that changes something is kept here, with its author and its trace id.")
        }
    };
    view! { <EmptyState icon=IconName::Shield title text /> }.into_any()
}

fn list(records: Vec<AuditRecord>, now: Millis) -> AnyView {
    let rows = records.into_iter().map(|record| row(record, now)).collect_view();
    view! { <ul class="rows audit">{rows}</ul> }.into_any()
}

fn row(record: AuditRecord, now: Millis) -> impl IntoView {
    let AuditRecord { id, at, actor_label, action, subject, detail: text, network, trace_id, .. } = record;
    let words = act_word(&action);
    let place = if network.is_empty() { "this machine".to_owned() } else { network };
    let about = format!("/admin/audit?subject={}", crate::pages::parts::encoded(&subject));
    let trace =
        (!trace_id.is_empty()).then(|| view! { <div><dt>"Trace id"</dt><dd><code>{trace_id}</code></dd></div> });
    view! {
        <li>
            <details class="audit-record">
                <summary class="rowitem">
                    <div class="rowitem-text">
                        <span class="cell-title">{words}</span>
                        <span class="cell-sub">{actor_label}" · "<When at now />" · "{subject.clone()}</span>
                    </div>
                    <Icon name=IconName::ChevronDown />
                </summary>
                <div class="audit-more">
                    {detail(&text)}
                    <dl class="facts">
                        <div><dt>"Act"</dt><dd><code>{action}</code></dd></div>
                        <div><dt>"To"</dt><dd><a href=about><code>{subject}</code></a></dd></div>
                        <div><dt>"At"</dt><dd>{exact(at)}</dd></div>
                        <div><dt>"From"</dt><dd>{place}</dd></div>
                        {trace}
                        <div><dt>"Record"</dt><dd><code>{id.to_string()}</code></dd></div>
                    </dl>
                </div>
            </details>
        </li>
    }
}

fn downloads(query: &str) -> impl IntoView + use<> {
    let href = |format: &str| format!("/admin/audit/export?format={format}{query}");
    view! {
        <section class="block" aria-labelledby="downloads">
            <div class="block-head"><h2 id="downloads">"Take it along"</h2></div>
            <p class="muted">"Everything the filter shows, oldest first."</p>
            <div class="actions">
                <LinkButton href=href("csv") icon=IconName::Download>"CSV"</LinkButton>
                <LinkButton href=href("jsonl") icon=IconName::Download>"JSON Lines"</LinkButton>
            </div>
        </section>
    }
}
