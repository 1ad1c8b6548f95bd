//! Logins, set-up, API keys.

use axum::{
    Extension,
    body::Bytes,
    extract::{Path, State as Extract},
    http::{HeaderMap, StatusCode, header},
    response::IntoResponse,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::super::{
    answer::{Error, Outcome, Payload, no_content, ok},
    gate::{COOKIE, Caller, Cx},
    render,
    state::{KeyRow, UserRow},
};

/// The default minimum.
const SHORTEST_PASSWORD: usize = 12;

fn banned() -> Error {
    Error::new(403, "Access denied", "Access denied to resource")
}

pub(super) async fn log_in(Extract(cx): Extract<Cx>, headers: HeaderMap, body: Bytes) -> Outcome {
    let now = cx.shared.now();
    if !cx.shared.edit(|state| state.count_login(now)) {
        return Err(banned());
    }
    let payload = Payload::read(&headers, &body)?;
    let (name, password) = (payload.text("Username"), payload.text("Password"));
    if name.is_empty() {
        return Err(Error::payload("Invalid username"));
    }
    if password.is_empty() {
        return Err(Error::payload("Invalid password"));
    }
    let token = cx.shared.edit(|state| {
        if state.oauth_only {
            return Err(Error::plain(422, "Only initial admin is allowed to login without oauth"));
        }
        let user = state.users.iter().find(|row| row.name == name && row.password == password).map(|row| row.id);
        let user = user.ok_or_else(|| Error::new(422, "Invalid credentials", "Unauthorized"))?;
        state.made += 1;
        let token = format!("eyJhbGciOiJIUzI1NiJ9.process-{}.token-{}", state.process, state.made);
        state.tokens.insert(token.clone(), user);
        Ok(token)
    })?;
    let cookie = format!("{COOKIE}={token}; Path=/; HttpOnly; SameSite=Strict");
    Ok(([(header::SET_COOKIE, cookie)], axum::Json(json!({ "jwt": token }))).into_response())
}

pub(super) async fn admin_check(Extract(cx): Extract<Cx>) -> Outcome {
    if cx.shared.state().users.is_empty() {
        let text = "No administrator account found inside the database";
        return Err(Error::new(404, text, "Object not found inside the database"));
    }
    no_content()
}

pub(super) async fn admin_init(Extract(cx): Extract<Cx>, headers: HeaderMap, body: Bytes) -> Outcome {
    let payload = Payload::read(&headers, &body)?;
    let (name, password) = (payload.text("Username"), payload.text("Password"));
    if name.is_empty() || name.contains(char::is_whitespace) {
        return Err(Error::payload("Invalid username. Must not contain any whitespace"));
    }
    if password.is_empty() {
        return Err(Error::payload("Invalid password"));
    }
    cx.shared.edit(|state| {
        if !state.users.is_empty() {
            let text = "Unable to create administrator user";
            return Err(Error::new(409, text, "An administrator user already exists"));
        }
        if password.chars().count() < SHORTEST_PASSWORD {
            return Err(Error::plain(400, "Password does not meet the requirements"));
        }
        let row = UserRow { id: 1, name, password: password.clone(), administrator: true };
        let mut shown = render::user(&row);
        // The real one shows the hash here.
        shown["Password"] = json!(format!("$2a$10${}", STANDARD.encode(Sha256::digest(&password))));
        state.users.push(row);
        ok(shown)
    })
}

pub(super) async fn me(Extract(cx): Extract<Cx>, Extension(caller): Extension<Caller>) -> Outcome {
    let state = cx.shared.state();
    let row = state.users.iter().find(|row| row.id == caller.user).ok_or_else(|| Error::not_found("a user"))?;
    let mut shown = render::user(row);
    shown["forceChangePassword"] = json!(false);
    ok(shown)
}

pub(super) async fn keys(
    Extract(cx): Extract<Cx>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<i64>,
) -> Outcome {
    own(&caller, id)?;
    let state = cx.shared.state();
    ok(state.keys.iter().filter(|row| row.user == id).map(render::key).collect())
}

fn own(caller: &Caller, id: i64) -> Result<(), Error> {
    if caller.user == id { Ok(()) } else { Err(Error::plain(403, "Access denied to resource")) }
}

pub(super) async fn create_key(
    Extract(cx): Extract<Cx>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<i64>,
    headers: HeaderMap,
    body: Bytes,
) -> Outcome {
    let (now, now_s) = (cx.shared.now(), cx.shared.now_s());
    if !cx.shared.edit(|state| state.count_login(now)) {
        return Err(banned());
    }
    if caller.by_key {
        return Err(Error::plain(401, "Auth not supported"));
    }
    let payload = Payload::read(&headers, &body)?;
    let (password, description) = (payload.text("password"), payload.text("description"));
    if description.trim().is_empty() || description.chars().count() > 127 {
        return Err(Error::payload("invalid description: cannot be empty"));
    }
    if password.is_empty() {
        return Err(Error::payload("invalid password: cannot be empty"));
    }
    own(&caller, id)?;
    cx.shared.edit(|state| {
        if !state.users.iter().any(|row| row.id == id && row.password == password) {
            let text = "Current password doesn't match";
            return Err(Error::new(403, text, "Current password does not match the password provided"));
        }
        state.made += 1;
        let raw = format!("ptr_{}", STANDARD.encode(Sha256::digest(format!("key {}", state.made))));
        let number = state.keys.iter().map(|row| row.id).max().unwrap_or(0) + 1;
        let row = KeyRow { id: number, user: id, description, raw, created: now_s, last_used: 0 };
        let mut record = render::key(&row);
        record["digest"] = json!(STANDARD.encode(Sha256::digest(&row.raw)));
        let answer = json!({ "rawAPIKey": row.raw, "apiKey": record });
        state.keys.push(row);
        Ok((StatusCode::CREATED, axum::Json(answer)).into_response())
    })
}

pub(super) async fn delete_key(
    Extract(cx): Extract<Cx>,
    Extension(caller): Extension<Caller>,
    Path((id, key)): Path<(i64, i64)>,
) -> Outcome {
    own(&caller, id)?;
    cx.shared.edit(|state| {
        let before = state.keys.len();
        state.keys.retain(|row| row.id != key || row.user != id);
        if state.keys.len() == before {
            return Err(Error::plain(500, "API Key not found"));
        }
        no_content()
    })
}
