//! A new stack: its name and where it comes from. The rest is the editor's.

use leptos::prelude::*;

use super::super::parts::{Area, AreaTabs, operator};
use crate::{
    server::{Layout, Page, PageCx, PageResult},
    ui::{Actions, Button, ButtonKind, Field, Form, PageHeader, Segment, Segmented},
};

/// Renders it.
///
/// # Errors
/// For whoever may not look after deployments.
pub async fn page(cx: PageCx) -> PageResult {
    operator(&cx)?;
    let form = cx.form("/api/begin_stack");
    let view = move || {
        let problem = form.problem.clone();
        let options = vec![Segment::new("git", "Git repository"), Segment::new("text", "Catalog text")];
        view! {
            <PageHeader title="New stack" lead="It is added to your draft. Nothing is saved or deployed by that." />
            <AreaTabs current=Area::Catalog />
            <Form action="/api/begin_stack" problem=problem.clone()>
                <Field
                    name="name"
                    label="Name"
                    value=form.value("name")
                    problem=problem.clone()
                    required=true
                    maxlength=63_u32
                    autocomplete="off"
                    hint="Letters a to z, digits, “-” and “_”. Its containers are called so."
                />
                <fieldset class="group source">
                    <legend>"Where it comes from"</legend>
                    <Segmented name="source" label="The compose file stands in" options selected=form.value_or("source", "git") />
                    <div class="source-git">
                        <Field
                            name="repository"
                            label="Repository"
                            value=form.value("repository")
                            problem=problem.clone()
                            placeholder="https://git.example.org/web.git"
                        />
                    </div>
                    <div class="source-text">
                        <Field
                            name="path"
                            label="Path of the compose file"
                            value=form.value("path")
                            problem=problem
                            hint="In the catalog's own repository. Empty is stacks/NAME/docker-compose.yml."
                        />
                    </div>
                </fieldset>
                <Actions>
                    <Button kind=ButtonKind::Primary>"Add to the draft"</Button>
                </Actions>
            </Form>
        }
    };
    Ok(Page::new("New stack", view).layout(Layout::Narrow))
}
