//! The page behind a one-time link.

use leptos::prelude::*;

use crate::{
    pages::parts::Hidden,
    server::{FormState, Layout, Page, PageCx, PageResult},
    ui::{Actions, Button, ButtonKind, Field, FieldKind, Form, Gate},
};

const ACTION: &str = "/api/accept_invitation";

/// Renders the form to join, or says why the link does not work.
///
/// # Errors
/// `Gone` when the link was used, revoked or ran out; `NotFound` when there never was one.
pub async fn page(cx: PageCx) -> PageResult {
    let token = cx.params.get("token").cloned().unwrap_or_default();
    let invitation = cx.ok(cx.services().people().invitation(&token).await)?;
    let form = cx.form(ACTION);
    let (title, lead) = if invitation.setup {
        ("Set up ThinkHeads", "You are the first one here. This account runs the place: it can invite others.")
    } else {
        ("Join ThinkHeads", "You were invited. Choose how you want to be called and a password.")
    };
    let may = match (invitation.setup, invitation.environments.is_empty()) {
        (true, _) => None,
        (_, true) => Some(format!("You will be a {}. {}", invitation.role, invitation.role.meaning())),
        (_, false) => {
            let names = invitation.environments.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
            Some(format!("You will be a {} and deploy to {names}.", invitation.role))
        }
    }
    .map(|text| text.replace("a administrator", "an administrator"));
    let view = move || view! { <Gate title lead>{may.map(|text| view! { <p class="muted">{text}</p> })}{fields(&form, token)}</Gate> };
    Ok(Page::new(title, view).layout(Layout::Gate).secret(true))
}

fn fields(form: &FormState, token: String) -> impl IntoView + use<> {
    let (problem, refused) = (form.problem.clone(), form.is_refused());
    let (name, email) = (form.value("name"), form.value("email"));
    view! {
        <Form action=ACTION problem=problem.clone()>
            <Hidden name="token" value=token />
            <Field
                name="name"
                label="Your name"
                value=name
                problem=problem.clone()
                autocomplete="name"
                required=true
                autofocus=!refused
                maxlength=100u32
            />
            <Field
                name="email"
                label="Email"
                kind=FieldKind::Email
                value=email
                hint="You sign in with it."
                problem=problem.clone()
                autocomplete="username"
                required=true
            />
            <Field
                name="password"
                label="Password"
                kind=FieldKind::NewPassword
                hint="At least 10 characters. A few unrelated words make a good one."
                problem=problem
                required=true
                minlength=10u32
            />
            <Actions>
                <Button kind=ButtonKind::Primary wide=true>"Create account"</Button>
            </Actions>
        </Form>
    }
}
