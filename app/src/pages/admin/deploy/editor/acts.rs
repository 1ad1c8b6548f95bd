//! What the server functions of the editor do: one call of the use cases each, and where it leads.

use std::collections::BTreeMap;

use service::{
    DeployError, Operator, ServiceError,
    deploy::{Draft, Edit, Side, check_repository},
};
use types::{
    Password, Problem,
    catalog::{Stack, StackSource, Variable, check_stack_name, is_variable_name},
};

use super::super::parts::encode;
use crate::{
    AppError,
    server::{RequestCx, redirect, respond},
};

type Fields = BTreeMap<String, String>;

/// A secret on its way into the vault.
pub(super) struct NewSecret {
    pub(super) variable: String,
    pub(super) name: String,
    pub(super) value: Password,
}

/// Where the draft is shown and saved.
pub(super) const SAVE: &str = "/admin/catalog/draft";

/// A stack's page in the editor, or the part of it that is about one environment.
pub(super) fn address(stack: &str, environment: &str) -> String {
    let stack = encode(stack);
    match environment {
        "" => format!("/admin/catalog/{stack}"),
        name => format!("/admin/catalog/{stack}?on={}", encode(name)),
    }
}

/// Why a stack may not be called so, though the catalog would take it: its page's address is another page's.
pub(crate) fn taken_address(name: &str) -> Option<String> {
    let is_taken = ["new", "draft", "history", "import"].contains(&name);
    is_taken.then(|| {
        format!("A page of the catalog is called “{name}”, so a stack of this name would have none. Choose another.")
    })
}

fn operator(cx: &RequestCx) -> Result<Operator, AppError> {
    respond(cx, cx.viewer.operator())
}

fn through<T>(cx: &RequestCx, result: Result<T, DeployError>) -> Result<T, AppError> {
    respond(cx, result.map_err(ServiceError::from))
}

fn refuse<T>(cx: &RequestCx, field: &str, message: impl Into<String>) -> Result<T, AppError> {
    respond(cx, Err(ServiceError::from(Problem::field(field, message))))
}

pub(super) async fn begin(
    cx: &RequestCx,
    name: &str,
    source: &str,
    repository: &str,
    path: &str,
) -> Result<(), AppError> {
    let operator = operator(cx)?;
    let deploy = cx.services.deploy();
    let name = name.trim();
    if let Err(problem) = check_stack_name(name) {
        return refuse(cx, "name", format!("“{name}” {problem}."));
    }
    if let Some(problem) = taken_address(name) {
        return refuse(cx, "name", problem);
    }
    let draft = through(cx, deploy.draft(&operator).await)?;
    if draft.stack_text(name).is_some() {
        return refuse(cx, "name", format!("There is a stack “{name}” already. Choose another name."));
    }
    let source = match (source, repository.trim(), path.trim()) {
        ("text", _, "") => StackSource::Text { path: format!("stacks/{name}/docker-compose.yml") },
        ("text", _, path) => StackSource::Text { path: path.to_owned() },
        (_, "", _) => {
            return refuse(
                cx,
                "repository",
                "Write the repository's address, such as https://git.example.org/web.git.",
            );
        }
        (_, repository, _) => match check_repository(repository) {
            Ok(()) => StackSource::git(repository),
            Err(problem) => return refuse(cx, "repository", problem),
        },
    };
    let stack = Stack::new(name, source);
    through(cx, deploy.draft_edit(&operator, vec![Edit::SetStack(Box::new(stack))]).await)?;
    redirect(&format!("{}?done=begun", address(name, "")));
    Ok(())
}

async fn keep(
    cx: &RequestCx,
    operator: &Operator,
    stack: &str,
    environment: &str,
    fields: &Fields,
) -> Result<Draft, AppError> {
    let on = Some(environment).filter(|name| !name.is_empty());
    let seen = fields.get("seen").map_or("", String::as_str);
    through(cx, cx.services.deploy().draft_form(operator, stack, on, fields, seen).await)
}

pub(super) async fn keep_form(cx: &RequestCx, stack: &str, environment: &str, fields: &Fields) -> Result<(), AppError> {
    // The key Enter in the dialog of a new secret takes the form's first button, which is "Keep".
    if let Some(value) = fields.get("password").filter(|value| !value.is_empty()) {
        let field = |name: &str| fields.get(name).cloned().unwrap_or_default();
        let value = Password::new(value.clone());
        let secret = NewSecret { variable: field("secret_variable"), name: field("secret_name"), value };
        return store_secret(cx, stack, environment, fields, &secret).await;
    }
    let operator = operator(cx)?;
    keep(cx, &operator, stack, environment, fields).await?;
    redirect(&address(stack, environment));
    Ok(())
}

pub(super) async fn keep_text(cx: &RequestCx, stack: &str, text: &str, seen: &str) -> Result<(), AppError> {
    let operator = operator(cx)?;
    through(cx, cx.services.deploy().draft_stack_text(&operator, stack, text, seen).await)?;
    redirect(&format!("{}?as=text", address(stack, "")));
    Ok(())
}

pub(super) async fn look(cx: &RequestCx, stack: &str, environment: &str, fields: &Fields) -> Result<(), AppError> {
    let operator = operator(cx)?;
    keep(cx, &operator, stack, environment, fields).await?;
    through(cx, cx.services.deploy().look_at_repository(&operator, stack).await)?;
    redirect(&format!("{}#source", address(stack, environment)));
    Ok(())
}

pub(super) async fn store_secret(
    cx: &RequestCx,
    stack: &str,
    environment: &str,
    fields: &Fields,
    secret: &NewSecret,
) -> Result<(), AppError> {
    let operator = operator(cx)?;
    let variable = secret.variable.trim();
    if !is_variable_name(variable) {
        let message = "Name the variable that gets it: a letter or _, then letters, digits and _.";
        return refuse(cx, "secret_variable", message);
    }
    let name = match secret.name.trim().parse() {
        Ok(name) => name,
        Err(problem) => return refuse(cx, "secret_name", format!("“{}” {problem}.", secret.name.trim())),
    };
    if secret.value.expose().is_empty() {
        return refuse(cx, "password", "Write the value. Nobody sees it again, you neither.");
    }
    if keep(cx, &operator, stack, environment, fields).await?.unfinished.contains_key(stack) {
        let message =
            "Mend the fields that are marked first: the variable can't be added beside them. Nothing was stored.";
        return refuse(cx, "secret_name", message);
    }
    let deploy = cx.services.deploy();
    if through(cx, deploy.secrets(&operator).await)?.iter().any(|one| one.name == name) {
        let message =
            format!("There is a secret “{name}” already. Choose it in the variable's row, or take another name.");
        return refuse(cx, "secret_name", message);
    }
    let value = secret.value.expose().to_owned().into();
    through(cx, deploy.set_secret(&operator, &name, &value).await)?;
    let edit = Edit::SetVariable {
        stack: stack.to_owned(),
        environment: Some(environment).filter(|name| !name.is_empty()).map(str::to_owned),
        variable: Variable::secret(variable, name),
    };
    through(cx, deploy.draft_edit(&operator, vec![edit]).await)?;
    redirect(&format!("{}#variables", address(stack, environment)));
    Ok(())
}

pub(super) async fn drop_typed(cx: &RequestCx, stack: &str) -> Result<(), AppError> {
    let operator = operator(cx)?;
    through(cx, cx.services.deploy().draft_drop_typed(&operator, stack).await)?;
    redirect(&format!("{}?done=dropped", address(stack, "")));
    Ok(())
}

pub(super) async fn save(cx: &RequestCx, message: &str) -> Result<(), AppError> {
    let operator = operator(cx)?;
    let done = through(cx, cx.services.deploy().draft_save(&operator, message).await)?;
    let stacks: String = done.stacks.iter().map(|name| format!("&stack={}", encode(name))).collect();
    redirect(&format!("{SAVE}?done=saved{stacks}"));
    Ok(())
}

pub(super) async fn rebase(cx: &RequestCx, sides: &BTreeMap<String, String>) -> Result<(), AppError> {
    let operator = operator(cx)?;
    let side = |(key, word): (&String, &String)| {
        let side = if word == "mine" { Side::Mine } else { Side::Theirs };
        Some((key.strip_prefix("side.")?.to_owned(), side))
    };
    let seen = sides.get("seen").cloned().unwrap_or_default();
    let sides = sides.iter().filter_map(side).collect();
    through(cx, cx.services.deploy().draft_rebase(&operator, &sides, &seen).await)?;
    redirect(&format!("{SAVE}?done=together"));
    Ok(())
}

pub(super) async fn discard(cx: &RequestCx) -> Result<(), AppError> {
    let operator = operator(cx)?;
    through(cx, cx.services.deploy().draft_discard(&operator).await)?;
    redirect(&format!("{SAVE}?done=discarded"));
    Ok(())
}

pub(super) async fn bring_back(cx: &RequestCx) -> Result<(), AppError> {
    let operator = operator(cx)?;
    through(cx, cx.services.deploy().draft_bring_back(&operator).await)?;
    redirect(&format!("{SAVE}?done=back"));
    Ok(())
}
