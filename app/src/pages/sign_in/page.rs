//! The page to sign in.

use leptos::prelude::*;

use crate::{
    pages::parts::{Hidden, done},
    server::{Layout, Page, PageCx, PageResult, local_path},
    ui::{Actions, Button, ButtonKind, Field, FieldKind, Form, Gate},
};

const ACTION: &str = "/api/sign_in";

/// Renders it. Who is signed in already goes on.
///
/// # Errors
/// None of its own.
pub async fn page(cx: PageCx) -> PageResult {
    let form = cx.form(ACTION);
    let next = form.value_or("next", cx.query("next").unwrap_or_default());
    let next = local_path(Some(&next)).to_owned();
    if cx.viewer().user().is_some() {
        return Ok(Page::to(next));
    }
    let toast = done(cx.query("done"), &[("signed-out", "You are signed out.")]);
    let view = move || {
        view! {
            <Gate title="Sign in" lead="Good to see you.">
                <Form action=ACTION problem=form.problem.clone()>
                    <Hidden name="next" value=next />
                    <Field
                        name="email"
                        label="Email"
                        kind=FieldKind::Email
                        value=form.value("email")
                        problem=form.problem.clone()
                        autocomplete="username"
                        required=true
                        autofocus=!form.is_refused()
                    />
                    <Field
                        name="password"
                        label="Password"
                        kind=FieldKind::Password
                        problem=form.problem.clone()
                        autocomplete="current-password"
                        required=true
                        autofocus=form.is_refused()
                    />
                    <Actions>
                        <Button kind=ButtonKind::Primary wide=true>"Sign in"</Button>
                    </Actions>
                </Form>
                <p class="gate-foot">"Forgotten your password? Ask your administrator for a new link."</p>
            </Gate>
        }
    };
    Ok(Page::new("Sign in", view).layout(Layout::Gate).toast(toast))
}
