//! The JSON API, by token and by session.

mod document;
mod events;
mod portal;
mod records;
mod routes;
mod secrets;
mod stage;
mod story;
mod tokens;
