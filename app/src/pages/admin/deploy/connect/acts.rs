//! What the server functions of the first connection do.

use service::{
    ServiceError,
    deploy::environments::{Access, NewConnection, SavedConnection, Trust},
};
use types::{Problem, SecretText};

use crate::{
    AppError,
    server::{RequestCx, flash, respond},
};

/// The session's note of the Portainer that was looked at. It holds nothing secret.
pub(super) const PROBE: &str = "portainer_probe";
/// The session's note of what was saved, a sentence a line.
pub(super) const SAVED: &str = "portainer_saved";
/// Portainer's own rule, at least (2.23: twelve characters).
pub(super) const SHORTEST_PASSWORD: u32 = 12;

/// What a person gave to be let in.
pub(super) struct Given {
    pub(super) way: String,
    pub(super) api_key: Option<SecretText>,
    pub(super) user: String,
    pub(super) password: Option<SecretText>,
    pub(super) password_again: Option<SecretText>,
}

/// Looks at an address.
pub(super) async fn probe(cx: &RequestCx, url: &str) -> Result<(), AppError> {
    let operator = respond(cx, cx.viewer.operator())?;
    let probed = cx.services.deploy().probe_portainer(&operator, url).await;
    let probe = respond(cx, probed.map_err(|error| of_field("url", error.into())))?;
    let next = if probe.to_confirm { "/admin/connect?step=trust" } else { "/admin/connect?step=access" };
    let note = serde_json::to_string(&probe)
        .map_err(|_| AppError(Problem::new(types::ProblemCode::Internal, "The probe can't be kept. Try again.")))?;
    flash(cx, PROBE, note, next).await
}

/// Tries a connection, saves it, and leads to what was saved.
pub(super) async fn connect(cx: &RequestCx, url: &str, fingerprint: &str, given: Given) -> Result<(), AppError> {
    let operator = respond(cx, cx.viewer.operator())?;
    let deploy = cx.services.deploy();
    let trust = trust(url, fingerprint);
    let first = given.way == "first";
    let access = respond(cx, access(given))?;
    if let (true, Access::Password { user, password }) = (first, &access) {
        let made = deploy.create_first_administrator(&operator, url, &trust, user, password).await;
        respond(cx, made.map_err(ServiceError::from))?;
    }
    let new = NewConnection { url: url.to_owned(), trust, access };
    let saved = deploy.save_connection(&operator, new).await;
    let saved = respond(cx, saved.map_err(ServiceError::from))?;
    flash(cx, SAVED, words(&saved).join("\n"), "/admin/connect").await
}

fn trust(url: &str, fingerprint: &str) -> Trust {
    match fingerprint.trim() {
        _ if url.trim().to_ascii_lowercase().starts_with("http://") => Trust::Plain,
        "" => Trust::System,
        sha256 => Trust::Fingerprint { sha256: sha256.to_owned() },
    }
}

/// The credential, or what is missing of it.
fn access(given: Given) -> Result<Access, ServiceError> {
    let secret = |text: Option<SecretText>| text.filter(|text| !text.expose().trim().is_empty());
    let missing = |field: &str, words: &str| ServiceError::from(Problem::field(field, words));
    if given.way == "key" {
        let key = secret(given.api_key).ok_or_else(|| missing("api_key", "Paste the API key; it begins with ptr_."))?;
        return Ok(Access::ApiKey(key.expose().trim().to_owned().into()));
    }
    let user = given.user.trim().to_owned();
    if user.is_empty() {
        return Err(missing("user", "Name the user."));
    }
    let password = secret(given.password).ok_or_else(|| missing("password", "Type the password."))?;
    if given.way == "first" {
        let long = usize::try_from(SHORTEST_PASSWORD).unwrap_or(usize::MAX);
        if password.expose().chars().count() < long {
            let words = format!("Portainer wants at least {SHORTEST_PASSWORD} characters.");
            return Err(missing("password", &words));
        }
        if given.password_again.as_ref() != Some(&password) {
            return Err(missing("password_again", "The two passwords differ."));
        }
    }
    Ok(Access::Password { user, password: password.expose().to_owned().into() })
}

/// Puts a refusal beside the one field that was sent.
fn of_field(field: &str, error: ServiceError) -> ServiceError {
    let problem = error.problem();
    Problem { fields: Problem::field(field, problem.message.clone()).fields, ..problem }.into()
}

fn words(saved: &SavedConnection) -> Vec<String> {
    let key = match saved.key_made {
        true => "An API key was made and lies encrypted in the vault; the password was kept nowhere.",
        false => "The API key lies encrypted in the vault.",
    };
    let mut words = vec![format!("{} answers, as {}.", saved.url, saved.user), key.to_owned()];
    if let Some(commit) = &saved.saved.commit {
        let short: String = commit.chars().take(7).collect();
        words.push(format!("Address and trust stand in the catalog, as commit {short}."));
    }
    if !saved.other_keys.is_empty() {
        words.push(format!(
            "This user has other keys called as ours: {}. If no other installation uses them, revoke them in Portainer.",
            saved.other_keys.join(", ")
        ));
    }
    if !saved.overridden.is_empty() {
        words.push(format!(
            "{} of this machine comes before the catalog, so what was saved is not wholly in force here. Take it away and restart.",
            saved.overridden.join(", ")
        ));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(way: &str) -> Given {
        let text = |text: &str| Some(SecretText::new(text));
        Given {
            way: way.into(),
            api_key: text(" ptr_x "),
            user: "ada".into(),
            password: text("five quiet herons"),
            password_again: text("five quiet herons"),
        }
    }

    #[test]
    fn what_is_missing_is_said_beside_its_field() {
        assert!(access(given("key")).is_ok() && access(given("password")).is_ok() && access(given("first")).is_ok());
        let field = |given: Given| access(given).unwrap_err().problem().fields[0].field.clone();
        assert_eq!(field(Given { api_key: None, ..given("key") }), "api_key");
        assert_eq!(field(Given { user: " ".into(), ..given("password") }), "user");
        assert_eq!(field(Given { password: None, ..given("password") }), "password");
        assert_eq!(field(Given { password: Some(SecretText::new("short")), ..given("first") }), "password");
        assert_eq!(field(Given { password_again: None, ..given("first") }), "password_again");
    }

    #[test]
    fn trust_is_what_the_person_saw() {
        assert_eq!(trust("HTTP://p:9000", "AB"), Trust::Plain);
        assert_eq!(trust("https://p", ""), Trust::System);
        assert_eq!(trust("https://p", " AB "), Trust::Fingerprint { sha256: "AB".into() });
    }
}
