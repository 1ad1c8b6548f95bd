//! The variables of a stack: a value or a secret each, those the compose file asks for, and a new secret for the vault.

use leptos::prelude::*;
use types::catalog::{Variable, VariableValue};

use super::{fields::Typed, page::Editor};
use crate::ui::{Button, ButtonKind, Dialog, Field, FieldKind, Icon, IconName, PopButton};

/// Empty rows below the others.
const EMPTY_ROWS: usize = 2;

/// All of them. `inherited` are those that hold everywhere, where only one environment's are edited.
pub(super) fn all(editor: &Editor, typed: &Typed, inherited: &[Variable]) -> impl IntoView + use<> {
    let rows = (0..typed.rows() + EMPTY_ROWS).map(|index| row(editor, typed, index)).collect_view();
    let offers = editor
        .lacking
        .iter()
        // One that was just typed into a row is not offered as well.
        .filter(|(name, _)| (0..typed.rows()).all(|index| typed.value(&format!("var.{index}.name")) != *name))
        .map(|(name, fatal)| offered(editor, typed, name, *fatal))
        .collect_view();
    let kept = inherited
        .iter()
        .map(|variable| {
            let value = match &variable.value {
                VariableValue::Plain(text) => text.clone(),
                VariableValue::Secret(name) => format!("vault: {name}"),
            };
            view! { <li><code>{variable.name.clone()}</code>" = "<code>{value}</code></li> }
        })
        .collect_view();
    let inherits = (!inherited.is_empty()).then(|| {
        view! { <details><summary>"From everywhere"</summary><ul class="inherited">{kept}</ul></details> }
    });
    view! {
        <fieldset class="group" id="variables">
            <legend>"Variables"</legend>
            {inherits}
            <ul class="vars">{rows}{offers}</ul>
            <p class="field-hint">"Empty a row to take it away. Keep gives you two more."</p>
            {new_secret(editor, typed)}
        </fieldset>
    }
}

fn complaint(typed: &Typed, field: &str) -> Option<AnyView> {
    let text = typed.problem.as_ref()?.for_field(field)?.to_owned();
    Some(view! { <p class="field-error"><Icon name=IconName::Alert /><span>{text}</span></p> }.into_any())
}

fn row(editor: &Editor, typed: &Typed, index: usize) -> impl IntoView + use<> {
    let field = |part: &str| format!("var.{index}.{part}");
    let name = typed.value(&field("name"));
    let whose = if name.is_empty() { format!("new variable {}", index + 1) } else { name.clone() };
    let complaints: Vec<AnyView> =
        ["name", "value", "secret"].iter().filter_map(|part| complaint(typed, &field(part))).collect();
    let is_bad = !complaints.is_empty();
    view! {
        <li class="var" data-bad=is_bad.then_some("")>
            <input
                class="input code-input"
                name=field("name")
                value=name
                aria-label=format!("Name of {whose}")
                placeholder="NAME"
                autocomplete="off"
                autocapitalize="off"
                spellcheck="false"
            />
            {value(typed, field("value"), &whose)}
            {secret(editor, typed, field("secret"), &whose)}
            {complaints}
        </li>
    }
}

fn offered(editor: &Editor, typed: &Typed, name: &str, fatal: bool) -> impl IntoView + use<> {
    let field = |part: &str| format!("offer.{name}.{part}");
    let word = if fatal { "needed: the deployment fails without it" } else { "asked for by the compose file" };
    view! {
        <li class="var" data-offer="">
            <span class="var-name"><code>{name.to_owned()}</code><span class="field-hint">{word}</span></span>
            {value(typed, field("value"), name)}
            {secret(editor, typed, field("secret"), name)}
            {complaint(typed, &field("secret"))}
        </li>
    }
}

fn value(typed: &Typed, field: String, whose: &str) -> AnyView {
    let text = typed.value(&field);
    let label = format!("Value of {whose}");
    if text.contains('\n') {
        // A line of input would lose the line ends.
        return view! { <textarea class="input code-input" name=field aria-label=label rows="3">{format!("\n{text}")}</textarea> }.into_any();
    }
    view! {
        <input class="input code-input" name=field value=text aria-label=label placeholder="value" autocomplete="off" spellcheck="false" />
    }
    .into_any()
}

fn secret(editor: &Editor, typed: &Typed, field: String, whose: &str) -> impl IntoView + use<> {
    let chosen = typed.value(&field);
    let mut names: Vec<String> = editor.secrets.clone();
    if !chosen.is_empty() && !names.contains(&chosen) {
        names.push(chosen.clone());
    }
    let options = names
        .into_iter()
        .map(|name| {
            let selected = name == chosen;
            view! { <option value=name.clone() selected=selected>{format!("vault: {name}")}</option> }
        })
        .collect_view();
    view! {
        <span class="select">
            <select class="input" name=field aria-label=format!("Secret of {whose}")>
                <option value="">"plain value"</option>
                {options}
            </select>
            <Icon name=IconName::ChevronDown />
        </span>
    }
}

/// A new secret for the vault, and the variable that refers to it.
fn new_secret(editor: &Editor, typed: &Typed) -> impl IntoView + use<> {
    let problem = typed.problem.clone();
    let stack = editor.name.clone();
    let or = |name: &str, otherwise: String| if typed.has(name) { typed.value(name) } else { otherwise };
    let variable = editor.lacking.first().map(|(name, _)| name.clone()).unwrap_or_default();
    let (variable, name) = (or("secret_variable", variable), or("secret_name", format!("{stack}/")));
    view! {
        <PopButton target="new-secret" icon=IconName::Key>"Store a new secret"</PopButton>
        <Dialog id="new-secret" title="Store a new secret">
            <div class="form">
                <p class="muted">"The value goes into the vault at once, as a commit of its own, and is never shown again. The variable gets a reference to it in your draft."</p>
                <Field name="secret_variable" label="Variable" value=variable problem=problem.clone() autocomplete="off" />
                <Field name="secret_name" label="Name in the vault" value=name problem=problem.clone() autocomplete="off" />
                <Field name="password" label="Value" kind=FieldKind::NewPassword problem=problem />
                <div class="actions">
                    <Button kind=ButtonKind::Primary attr:formaction="/api/store_stack_secret">"Store it"</Button>
                </div>
            </div>
        </Dialog>
    }
}
