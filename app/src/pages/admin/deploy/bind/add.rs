//! A machine that the catalog does not know yet, or of which it does not say where its agent is.

use leptos::prelude::*;
use types::catalog::Guest;

use super::super::parts::{Area, AreaTabs, ok, operator};
use crate::{
    pages::parts::Hidden,
    server::{FormState, Page, PageCx, PageResult},
    ui::{Actions, Button, ButtonKind, Field, FieldKind, Form, IconName, Notice, PageHeader, Segment, Segmented, Tone},
};

const ACTION: &str = "/api/place_guest";
/// As Portainer's own documentation has it for an agent on a Docker host without swarm.
const AGENT: &str = "docker run -d -p 9001:9001 --name portainer_agent --restart=always \\\n  -v /var/run/docker.sock:/var/run/docker.sock \\\n  -v /var/lib/docker/volumes:/var/lib/docker/volumes \\\n  portainer/agent";

/// Renders the form for a new machine.
///
/// # Errors
/// For whoever may not look after deployments.
pub async fn page(cx: PageCx) -> PageResult {
    let operator = operator(&cx)?;
    let form = cx.form(ACTION);
    let asked = |field: &str| form.value_or(field, cx.query(field).unwrap_or_default());
    let (name, environment, agent_host) = (asked("name"), asked("environment"), asked("agent_host"));
    let name = if name.is_empty() && !form.is_refused() { environment.clone() } else { name };
    let has_portainer = ok(&cx, cx.services().deploy().connection(&operator).await)?.url.is_some();
    let view = move || {
        let problem = form.problem.clone();
        let kinds = vec![
            Segment::new("vm", "Our own").with_icon(IconName::Server),
            Segment::new("hosted", "Rented").with_icon(IconName::External),
        ];
        view! {
            <nav class="crumbs" aria-label="Above"><a href="/admin/environments">"Environments"</a></nav>
            <PageHeader title="Add an environment" lead="A machine with Docker and Portainer's agent. It is written into the catalog as one commit; binding it is the next step." />
            <AreaTabs current=Area::Environments />
            <div class="stack walk">
                {(!has_portainer).then(|| view! {
                    <Notice tone=Tone::Warn title="No Portainer is set up yet">
                        <p>"You can write machines into the catalog all the same. To bind them, "<a href="/admin/connect">"connect Portainer"</a>" first."</p>
                    </Notice>
                })}
                <Form action=ACTION problem=problem.clone()>
                    <Field name="name" label="Name" value=name problem=problem.clone() required=true maxlength=63u32 placeholder="rumpledev" />
                    <Segmented name="kind" label="Where it stands" options=kinds selected=form.value_or("kind", "vm") />
                    <Field
                        name="vmid"
                        label="Number on the hypervisor"
                        kind=FieldKind::Text
                        inputmode="numeric"
                        value=form.value("vmid")
                        problem=problem.clone()
                        hint="Leave it empty for a rented server, or if it has none."
                    />
                    <Field
                        name="environment"
                        label="Environment"
                        value=environment
                        problem=problem.clone()
                        maxlength=63u32
                        hint="Its name in Portainer. Empty: the machine's own."
                    />
                    {agent_field(agent_host, problem)}
                    <Actions><Button kind=ButtonKind::Primary icon=IconName::Plus>"Add to the catalog"</Button></Actions>
                </Form>
                {agent_help()}
            </div>
        }
    };
    Ok(Page::new("Add an environment", view))
}

/// The form for a machine that the catalog has, without an environment or an agent.
pub(super) fn place(guest: &Guest, form: &FormState) -> impl IntoView + use<> {
    let problem = form.problem.clone();
    let name = guest.name.clone();
    let environment = form.value_or("environment", guest.environment.clone().unwrap_or_else(|| name.clone()));
    let agent_host = form.value_or("agent_host", guest.agent_host.clone().unwrap_or_default());
    view! {
        <Notice tone=Tone::Accent title="The catalog does not say how it is reached">
            "Say which environment it is to be, and where its agent listens. That is one commit to the catalog."
        </Notice>
        <Form action=ACTION problem=problem.clone()>
            <Hidden name="name" value=name />
            <Hidden name="known" value="true" />
            <Field name="environment" label="Environment" value=environment problem=problem.clone() required=true maxlength=63u32 hint="Its name in Portainer." />
            {agent_field(agent_host, problem)}
            <Actions><Button kind=ButtonKind::Primary>"Write into the catalog"</Button></Actions>
        </Form>
        {agent_help()}
    }
}

fn agent_field(value: String, problem: Option<types::Problem>) -> impl IntoView {
    view! {
        <Field
            name="agent_host"
            label="Where its agent listens"
            value=value
            problem=problem
            required=true
            placeholder="10.0.0.31"
            hint="Host name or IP address as Portainer reaches it; with :PORT if it is not 9001."
        />
    }
}

fn agent_help() -> impl IntoView {
    view! {
        <details class="more-acts">
            <summary>"No agent on it yet?"</summary>
            <p class="muted">"On the machine itself, with Docker installed, this starts one. It must be reachable from Portainer's machine, and from nowhere else."</p>
            <pre class="command" tabindex="0"><code>{AGENT}</code></pre>
        </details>
    }
}
