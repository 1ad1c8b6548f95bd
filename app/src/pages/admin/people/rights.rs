//! Choosing a role, and a deployer's environments.

use std::collections::BTreeSet;

use leptos::prelude::*;
use types::{Problem, Rights, Role};

use crate::{
    server::{FormState, PageCx},
    ui::{Icon, IconName},
};

/// A role's name.
pub(super) const fn role_word(role: Role) -> &'static str {
    match role {
        Role::Viewer => "Viewer",
        Role::Member => "Member",
        Role::Deployer => "Deployer",
        Role::Administrator => "Administrator",
    }
}

/// A role's picture.
pub(super) const fn role_icon(role: Role) -> IconName {
    match role {
        Role::Viewer => IconName::Search,
        Role::Member => IconName::Account,
        Role::Deployer => IconName::Play,
        Role::Administrator => IconName::Shield,
    }
}

/// Rights in a line: "Deployer on rumpledev, rumpletest".
pub(super) fn rights_word(rights: &Rights) -> String {
    let word = role_word(rights.role);
    if rights.environments.is_empty() {
        return word.to_owned();
    }
    format!("{word} on {}", rights.environments.iter().map(String::as_str).collect::<Vec<_>>().join(", "))
}

/// The environments that the catalog names. None when there is no catalog, or it can't be read: then names are typed.
pub(super) async fn known(cx: &PageCx) -> BTreeSet<String> {
    let Ok(operator) = cx.viewer().operator() else { return BTreeSet::new() };
    let deploy = cx.services().deploy();
    if !deploy.has_catalog(&operator) {
        return BTreeSet::new();
    }
    let Ok(view) = deploy.catalog(&operator).await else { return BTreeSet::new() };
    let guests = view.reading.catalog.guests.into_iter().filter(|guest| guest.is_target());
    guests.filter_map(|guest| guest.environment).collect()
}

/// The fields `role` and `environments`. What was typed into a refused form goes before `now`.
#[component]
pub(super) fn RightsFields(
    /// What is in force, or offered first.
    now: Rights,
    /// The environments to choose from.
    known: BTreeSet<String>,
    /// The form as it came back.
    form: FormState,
) -> impl IntoView {
    let taken = form.value_or("role", now.role.as_str());
    let roles = Role::ALL.map(|role| {
        let checked = role.as_str() == taken;
        view! {
            <label class="pick">
                <input class="pick-input" type="radio" name="role" value=role.as_str() checked=checked />
                <Icon name=role_icon(role) />
                <span class="pick-text">
                    <span class="pick-name">{role_word(role)}</span>
                    <span class="field-hint">{role.meaning()}</span>
                </span>
            </label>
        }
    });
    let refused = form.is_refused();
    let names: BTreeSet<String> = known.iter().chain(&now.environments).cloned().collect();
    let is_unknown = names.is_empty();
    let boxes = names
        .into_iter()
        .enumerate()
        .map(|(index, name)| {
            let field = format!("environments[{index}]");
            let checked = if refused { form.value(&field) == name } else { now.environments.contains(&name) };
            view! {
                <label class="check">
                    <input class="check-input" type="checkbox" name=field value=name.clone() checked=checked />
                    <span class="check-text"><span>{name}</span></span>
                </label>
            }
        })
        .collect_view();
    let typed = is_unknown.then(|| {
        let value = form.value("environments[0]");
        view! {
            <input class="input" name="environments[0]" value=value aria-label="Environment" autocomplete="off" />
            <p class="field-hint">"The catalog names no environment yet. Type the name it will have there."</p>
        }
    });
    let wrong = complaint(form.problem.as_ref());
    view! {
        <div class="rights">
            <fieldset class="field picks">
                <legend class="field-label">"What they may do"</legend>
                {roles}
            </fieldset>
            <fieldset class="field rights-environments">
                <legend class="field-label">"Deploys to"</legend>
                <div class="rights-boxes">{boxes}{typed}</div>
                {wrong.map(|message| view! { <p class="field-error" role="alert">{message}</p> })}
            </fieldset>
        </div>
    }
}

fn complaint(problem: Option<&Problem>) -> Option<String> {
    problem?.fields.iter().find(|field| field.field == "environments").map(|field| field.message.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_are_said_in_a_line() {
        assert_eq!(rights_word(&Role::Viewer.into()), "Viewer");
        assert_eq!(rights_word(&Rights::deployer(["rumpletest", "rumpledev"])), "Deployer on rumpledev, rumpletest");
    }
}
