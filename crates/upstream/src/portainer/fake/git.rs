//! Real clones with the `git` program.

use std::{collections::BTreeMap, path::Path, process::Stdio};

use tokio::process::Command;

use super::Shared;

/// What of a repository a stack uses.
#[derive(Debug)]
pub(super) struct Checkout {
    pub(super) commit: String,
    /// The wanted files that exist, and `.env` beside the first, by path.
    pub(super) files: BTreeMap<String, String>,
}

/// What Portainer answers when the clone fails.
#[derive(Debug)]
pub(super) enum CloneError {
    Credentials,
    Other(String),
}

/// Whether it looks like an address; Portainer itself knows no `file:`, which tests need.
pub(super) fn is_address(url: &str) -> bool {
    ["http://", "https://", "file://"].iter().any(|scheme| url.len() > scheme.len() && url.starts_with(scheme))
}

fn git() -> Command {
    let mut git = Command::new("git");
    git.args(["-c", "protocol.file.allow=always", "-c", "safe.directory=*", "-c", "credential.helper="])
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    git
}

async fn run(command: &mut Command) -> Result<String, CloneError> {
    let output = command.output().await.map_err(|error| CloneError::Other(format!("git does not start: {error}")))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(CloneError::Other(text(&output.stderr))) }
}

/// A repository that was told to want a login gets it or refuses.
fn check_login(shared: &Shared, url: &str, login: Option<&(String, String)>) -> Result<(), CloneError> {
    let wanted = shared.state().git_logins.get(url).cloned();
    match wanted {
        Some(wanted) if login != Some(&wanted) => Err(CloneError::Credentials),
        _ => Ok(()),
    }
}

/// Clones `reference` and reads `wanted`.
pub(super) async fn clone(
    shared: &Shared,
    url: &str,
    reference: &str,
    login: Option<&(String, String)>,
    wanted: &[String],
) -> Result<Checkout, CloneError> {
    check_login(shared, url, login)?;
    let folder = tempfile::tempdir().map_err(|error| CloneError::Other(error.to_string()))?;
    let target = folder.path().join("clone");
    let mut command = git();
    command.args(["clone", "--quiet", "--depth", "1"]);
    if let Some(name) = short(reference) {
        command.args(["--branch", name]);
    }
    run(command.arg("--").arg(url).arg(&target)).await?;
    let commit = run(git().arg("-C").arg(&target).args(["rev-parse", "HEAD"])).await?;
    let mut files = BTreeMap::new();
    let beside = wanted.first().map(|entry| Path::new(entry).with_file_name(".env").to_string_lossy().into_owned());
    for path in wanted.iter().chain(beside.as_ref()) {
        if let Ok(text) = tokio::fs::read_to_string(target.join(path)).await {
            files.insert(path.clone(), text);
        }
    }
    match wanted.iter().find(|path| !files.contains_key(*path)) {
        Some(missing) => Err(CloneError::Other(format!("open {missing}: no such file or directory"))),
        None => Ok(Checkout { commit, files }),
    }
}

/// The commit a reference points at now.
pub(super) async fn commit(
    shared: &Shared,
    url: &str,
    reference: &str,
    login: Option<&(String, String)>,
) -> Result<String, CloneError> {
    check_login(shared, url, login)?;
    let wanted = if reference.is_empty() { "HEAD" } else { reference };
    let list = run(git().args(["ls-remote", "--", url, wanted])).await?;
    let commit = list.split_whitespace().next().unwrap_or_default();
    if commit.is_empty() {
        return Err(CloneError::Other(format!("couldn't find remote ref \"{wanted}\"")));
    }
    Ok(commit.to_owned())
}

fn short(reference: &str) -> Option<&str> {
    let name = reference.strip_prefix("refs/heads/").or_else(|| reference.strip_prefix("refs/tags/"));
    name.or(Some(reference)).filter(|name| !name.is_empty())
}
