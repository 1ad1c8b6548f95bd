//! The steps of the first connection.

use leptos::prelude::*;
use service::deploy::environments::{PortainerProbe, ServerState, Trust};

use super::{acts::SHORTEST_PASSWORD, page::trust_words};
use crate::{
    pages::parts::Hidden,
    server::FormState,
    ui::{
        Actions, Button, ButtonKind, Check, Chip, Field, FieldKind, Form, IconName, LinkButton, Notice, Segment,
        Segmented, Tone,
    },
};

/// What tells which trust was confirmed, in the page's address.
pub(super) fn trusted_word(trust: &Trust) -> &str {
    match trust {
        Trust::Fingerprint { sha256 } => sha256,
        Trust::Plain => "plain",
        Trust::System | Trust::CaFile { .. } => "system",
    }
}

/// A step with its number: its heading and what is in it.
fn step(number: u8, title: &'static str, body: impl IntoView) -> impl IntoView {
    let id = format!("step-{number}");
    let labelled = id.clone();
    view! {
        <section class="walk-step" aria-labelledby=labelled>
            <span class="revision num" aria-hidden="true">{number.to_string()}</span>
            <div class="walk-body">
                <h2 id=id><span class="sr-only">{format!("Step {number} of 3: ")}</span>{title}</h2>
                {body}
            </div>
        </section>
    }
}

/// The first step: where it is.
pub(super) fn address(form: &FormState, url: String) -> impl IntoView + use<> {
    let (problem, url) = (form.problem.clone(), form.value_or("url", url));
    step(
        1,
        "Where is Portainer?",
        view! {
            <Form action="/api/probe_portainer" problem=problem.clone()>
                <Field
                    name="url"
                    label="Address"
                    kind=FieldKind::Url
                    value=url
                    problem=problem
                    hint="As your browser reaches it, such as https://portainer.lan:9443. It is looked at without any password."
                    placeholder="https://portainer.lan:9443"
                    required=true
                    autofocus=true
                />
                <Actions><Button kind=ButtonKind::Primary icon=IconName::Search>"Look at it"</Button></Actions>
            </Form>
        },
    )
}

/// The first step, done: what was found there.
pub(super) fn found(probe: &PortainerProbe) -> impl IntoView + use<> {
    let (icon, tone, state) = match probe.state {
        ServerState::Ready => (IconName::Check, Tone::Good, "Set up"),
        ServerState::NoAdministrator => (IconName::Clock, Tone::Warn, "Waits for its first administrator"),
        ServerState::Locked => (IconName::Alert, Tone::Bad, "Waited too long"),
    };
    let deploys = match (probe.deploys_in_background, probe.failed_update_may_take_down) {
        (true, _) => "It deploys in the background; results are looked for.",
        (false, true) => "A deployment that fails may take down what ran before: every plan says so where it matters.",
        (false, false) => "A deployment that fails leaves what ran before.",
    };
    let url = probe.url.clone();
    let again = url.clone();
    let locked = probe.state == ServerState::Locked;
    let body = view! {
        <div class="summary">
            <code class="image">{url}</code>
            <span>"Portainer "{probe.version.clone()}</span>
            <Chip icon tone>{state}</Chip>
        </div>
        {(!probe.supported).then(|| view! {
            <Notice tone=Tone::Warn>"This version is not known here. It may work; read plans with care."</Notice>
        })}
        <p class="muted">{deploys}</p>
        {locked.then(|| view! {
            <Notice tone=Tone::Bad title="It must be restarted first">
                <p>"Portainer waits five minutes after its start for its first administrator, then refuses everything. On its machine run "<code>"docker restart portainer"</code>", then look again at once."</p>
            </Notice>
        })}
        <div class="actions">
            {locked.then(|| view! {
                <form method="post" action="/api/probe_portainer">
                    <Hidden name="url" value=again />
                    <Button kind=ButtonKind::Primary icon=IconName::Refresh>"Look again"</Button>
                </form>
            })}
            <LinkButton href="/admin/connect?step=address" kind=ButtonKind::Ghost>"Another address"</LinkButton>
        </div>
    };
    step(1, "Where is Portainer?", body)
}

/// The second step: whether it is the right one. `asks` while a person has not said so.
pub(super) fn trust(probe: &PortainerProbe, asks: bool) -> impl IntoView + use<> {
    let shown = match &probe.trust {
        Trust::Fingerprint { sha256 } => {
            let code = sha256.clone();
            Some(view! { <p>"Its certificate's SHA-256 is"</p><code class="fingerprint">{code}</code> })
        }
        _ => None,
    };
    let body = if asks {
        let word = trusted_word(&probe.trust).to_owned();
        let (explained, tick) = asked(&probe.trust);
        view! {
            {shown}
            {explained}
            <form class="form" method="get" action="/admin/connect">
                <Hidden name="step" value="access" />
                <Hidden name="trusted" value=word />
                <Check name="compared" label=tick />
                <Actions><Button kind=ButtonKind::Primary icon=IconName::ArrowRight>"Go on"</Button></Actions>
            </form>
        }
        .into_any()
    } else {
        view! {
            <div class="summary">
                <Chip icon=IconName::Check tone=Tone::Good>"Trusted"</Chip>
                <span class="muted">{trust_words(&probe.trust)}</span>
            </div>
            {shown}
        }
        .into_any()
    };
    step(2, "Is it the right one?", body)
}

/// What a person has to do, and what they say when they did.
fn asked(trust: &Trust) -> (AnyView, &'static str) {
    match trust {
        Trust::Plain => (
            view! {
                <Notice tone=Tone::Warn title="There is no TLS">
                    <p>"Whoever can listen on the way reads the key, and with it rules every Docker host. Take Portainer's HTTPS port (9443) unless both run on one machine or on a private link."</p>
                </Notice>
            }
            .into_any(),
            "Nobody else can listen on this link",
        ),
        _ => (
            view! {
                <p class="muted">"No authority vouches for a certificate that Portainer made itself, so compare it once. On Portainer's own machine this shows it:"</p>
                <pre class="command" tabindex="0"><code>"openssl s_client -connect localhost:9443 </dev/null 2>/dev/null | openssl x509 -noout -fingerprint -sha256"</code></pre>
            }
            .into_any(),
            "I compared it: every digit is the same",
        ),
    }
}

/// What the third step stands on.
pub(super) struct Access {
    pub(super) probe: PortainerProbe,
    pub(super) form: FormState,
}

/// The third step: who calls.
pub(super) fn access(access: Access) -> impl IntoView {
    let Access { probe, form } = access;
    let fingerprint = match &probe.trust {
        Trust::Fingerprint { sha256 } => sha256.clone(),
        _ => String::new(),
    };
    let problem = form.problem.clone();
    let (title, fields) = match probe.state {
        ServerState::NoAdministrator => ("Make its first administrator", first(&form).into_any()),
        _ => ("Who calls?", known(&form).into_any()),
    };
    step(
        3,
        title,
        view! {
            <Form action="/api/connect_portainer" problem=problem>
                <Hidden name="url" value=probe.url />
                <Hidden name="fingerprint" value=fingerprint />
                {fields}
            </Form>
        },
    )
}

/// An administrator's key, or user and password.
fn known(form: &FormState) -> impl IntoView + use<> {
    let problem = form.problem.clone();
    let ways = vec![
        Segment::new("password", "User and password").with_icon(IconName::Account),
        Segment::new("key", "API key").with_icon(IconName::Key),
    ];
    let (way, user) = (form.value_or("way", "password"), form.value_or("user", "admin"));
    view! {
        <Segmented name="way" label="An administrator's" options=ways selected=way />
        <div class="form way-password">
            <Field name="user" label="User" value=user problem=problem.clone() autocomplete="off" />
            <Field
                name="password"
                label="Password"
                kind=FieldKind::Password
                autocomplete="off"
                problem=problem.clone()
                hint="Used once, to make an API key, and kept nowhere."
            />
        </div>
        <div class="form way-key">
            <Field
                name="api_key"
                label="API key"
                kind=FieldKind::Password
                autocomplete="off"
                problem=problem
                hint="In Portainer: your account, “Access tokens”. It goes encrypted into the vault."
            />
        </div>
        <Actions><Button kind=ButtonKind::Primary icon=IconName::Link>"Try and save"</Button></Actions>
    }
}

/// The first administrator of a Portainer that waits for one.
fn first(form: &FormState) -> impl IntoView + use<> {
    let problem = form.problem.clone();
    let user = form.value_or("user", "admin");
    view! {
        <Hidden name="way" value="first" />
        <p class="muted">"This Portainer has nobody yet. It waits until five minutes after its start; whoever comes first rules it."</p>
        <Field name="user" label="User" value=user problem=problem.clone() required=true autocomplete="off" />
        <Field
            name="password"
            label="Password"
            kind=FieldKind::NewPassword
            problem=problem.clone()
            minlength=SHORTEST_PASSWORD
            required=true
            hint="At least 12 characters. Keep it: it is your way into Portainer's own pages, and is not kept here."
        />
        <Field name="password_again" label="Password once more" kind=FieldKind::NewPassword problem=problem required=true />
        <Actions><Button kind=ButtonKind::Primary icon=IconName::Shield>"Make it, try and save"</Button></Actions>
    }
}
