//! Where a stack comes from: a repository with its branches, tags and compose files to choose from, or a text of the catalog.

use leptos::prelude::*;
use service::deploy::{RepositoryOffer, words::short};
use types::catalog::{Stack, StackSource};

use super::{
    fields::{Typed, line, lines},
    page::Editor,
};
use crate::{
    pages::parts::When,
    ui::{Button, Field, IconName, Notice, Segment, Segmented, SelectField, Tone},
};

/// Branches and tags that are offered at once.
const OFFERED: usize = 300;

/// Repository or text, and their fields: those of the other are hidden.
pub(super) fn all(editor: &Editor, typed: &Typed) -> impl IntoView + use<> {
    let source = if typed.value("source") == "text" { "text" } else { "git" };
    let options = vec![Segment::new("git", "Git repository"), Segment::new("text", "Catalog text")];
    let mut credentials = vec![(String::new(), "none".to_owned())];
    let chosen = typed.value("credential");
    let known = editor.secrets.contains(&chosen) || chosen.is_empty();
    credentials.extend(editor.secrets.iter().map(|name| (name.clone(), format!("vault: {name}"))));
    if !known {
        credentials.push((chosen.clone(), format!("vault: {chosen} (not there)")));
    }
    let problem = typed.problem.clone();
    view! {
        <fieldset class="group source" id="source">
            <legend>"Where it comes from"</legend>
            <Segmented name="source" label="The compose file stands in" options selected=source />
            <div class="source-git">
                {line(typed, "repository", "Repository", "Its address, such as https://git.example.org/web.git.")}
                <SelectField
                    name="credential"
                    label="Credential"
                    options=credentials
                    selected=chosen
                    problem=problem
                    hint="The vault's entry with user:password or a token, for a private repository."
                />
                {look(editor)}
                {chooser(editor, typed, "the remote's own choice".to_owned(), "docker-compose.yml".to_owned())}
                {lines(typed, "additional_files", "Further compose files", "One a line, laid over the first in this order.")}
            </div>
            <div class="source-text">
                {line(typed, "path", "Path of the compose file", "In the catalog's own repository.")}
            </div>
        </fieldset>
    }
}

/// What may differ on one environment.
pub(super) fn differing(editor: &Editor, stack: &Stack, typed: &Typed) -> impl IntoView + use<> {
    let StackSource::Git { reference, compose_file, .. } = &stack.source else {
        return ().into_any();
    };
    let reference = reference.clone().unwrap_or_else(|| "the remote's own choice".to_owned());
    view! {
        <fieldset class="group source" id="source">
            <legend>"Where it comes from"</legend>
            {look(editor)}
            {chooser(editor, typed, reference, compose_file.clone())}
        </fieldset>
    }
    .into_any()
}

fn offer(editor: &Editor) -> Option<RepositoryOffer> {
    editor.look.clone()?.found.ok()
}

/// Reference and compose file, with what the repository offers.
fn chooser(editor: &Editor, typed: &Typed, reference: String, file: String) -> impl IntoView + use<> {
    let offer = offer(editor).unwrap_or_default();
    let branches = offer.branches.iter().map(|name| (name.clone(), "branch"));
    let tags = offer.tags.iter().map(|name| (name.clone(), "tag"));
    let references = branches
        .chain(tags)
        .take(OFFERED)
        .map(|(name, kind)| view! { <option value=name>{kind}</option> })
        .collect_view();
    let files = offer.compose_files.into_iter().map(|path| view! { <option value=path></option> }).collect_view();
    let problem = typed.problem.clone();
    view! {
        <div class="pair">
            <Field
                name="reference"
                label="Reference"
                value=typed.value("reference")
                problem=problem.clone()
                placeholder=reference
                hint="A branch, a tag or a full commit id."
                list="references"
            />
            <Field
                name="compose_file"
                label="Compose file"
                value=typed.value("compose_file")
                problem=problem
                placeholder=file
                list="compose-files"
            />
        </div>
        <datalist id="references">{references}</datalist>
        <datalist id="compose-files">{files}</datalist>
    }
}

/// The button that asks the repository, and what it said.
fn look(editor: &Editor) -> impl IntoView + use<> {
    let now = editor.now;
    let said = editor.look.clone().map(|look| match look.found {
        Err(why) => view! {
            <Notice tone=Tone::Bad title="The repository can't be read"><p>{why}</p></Notice>
        }
        .into_any(),
        Ok(offer) => {
            let default = offer.default_branch.map(|name| format!(" Its own choice is {name}.")).unwrap_or_default();
            let more = if offer.is_whole { "" } else { " Not all are listed: type what is missing." };
            let commit = offer.commit.map(|commit| format!(" The reference means commit {}.", short(&commit)));
            view! {
                <p class="reading-text">
                    "Looked at "<When at=look.at now />": "
                    {format!(
                        "{} branches, {} tags, {} compose files.{default}{more}{}",
                        offer.branches.len(),
                        offer.tags.len(),
                        offer.compose_files.len(),
                        commit.unwrap_or_default()
                    )}
                </p>
                {offer.trouble.map(|why| view! { <Notice tone=Tone::Warn><p>{why}</p></Notice> })}
            }
            .into_any()
        }
    });
    view! {
        <div class="look">
            <Button icon=IconName::Search attr:formaction="/api/look_at_repository">"Look at the repository"</Button>
            {said}
        </div>
    }
}
