//! The catalog's own commands.

use std::collections::BTreeMap;

use serde::Serialize;
use service::deploy::{
    ImportPlan, Saved,
    catalog_types::{CatalogVersion, Diagnostic, FileChange, Revision as Commit},
    words::short,
};

use super::Cx;
use crate::{
    Exit,
    args::{DiffArgs, ImportArgs, LogArgs},
    failure::Failure,
    render,
};

#[derive(Serialize)]
struct ImportBody<'a> {
    parts: Vec<Part<'a>>,
    /// Path to "removed", else "written".
    files: BTreeMap<&'a str, &'static str>,
    left: &'a [Diagnostic],
    /// The commit; none without `--write` or if there was nothing to do.
    commit: Option<&'a str>,
}

#[derive(Serialize)]
struct Part<'a> {
    file: &'a str,
    pointer: &'a str,
    becomes: &'a str,
}

pub(super) async fn import(cx: &Cx<'_>, args: &ImportArgs) -> Result<Exit, Failure> {
    let import = cx.front.plan_import().await?;
    let saved = match args.write && !import.files.is_empty() {
        true => Some(cx.front.import(&import.version).await?),
        false => None,
    };
    let commit = saved.as_ref().and_then(|saved: &Saved| saved.commit.as_deref());
    if cx.terminal.is_json() {
        cx.terminal.json("import", &body(&import, commit))?;
        return Ok(Exit::Done);
    }
    cx.terminal.out(&render::import(&import, cx.terminal.paint()))?;
    match commit {
        Some(commit) => cx.terminal.out(&format!("Written as commit {}.\n", short(commit)))?,
        None if !import.files.is_empty() => {
            cx.terminal.say("Nothing was written. `phoenix-cli import --write` writes it as a commit.");
        }
        None => {}
    }
    Ok(Exit::Done)
}

fn body<'a>(import: &'a ImportPlan, commit: Option<&'a str>) -> ImportBody<'a> {
    let part = |step: &'a service::deploy::ImportPart| Part {
        file: &step.file,
        pointer: &step.pointer,
        becomes: &step.becomes,
    };
    let file = |(path, text): (&'a String, &Option<String>)| {
        (path.as_str(), if text.is_some() { "written" } else { "removed" })
    };
    ImportBody {
        parts: import.steps.iter().map(part).collect(),
        files: import.files.iter().map(file).collect(),
        left: &import.left,
        commit,
    }
}

#[derive(Serialize)]
struct SyncBody<'a> {
    pulled: Option<&'a str>,
    pushed: u64,
}

pub(super) async fn sync(cx: &Cx<'_>) -> Result<Exit, Failure> {
    let synced = cx.front.sync().await?;
    let pushed = synced.pushed;
    if cx.terminal.is_json() {
        cx.terminal.json("sync", &SyncBody { pulled: synced.pulled.as_deref(), pushed })?;
        return Ok(Exit::Done);
    }
    let text = match (&synced.pulled, pushed) {
        (None, 0) => "The catalog and its remote are the same.\n".to_owned(),
        (None, pushed) => format!("Pushed {}.\n", commits(pushed)),
        (Some(commit), 0) => format!("Pulled up to commit {}.\n", short(commit)),
        (Some(commit), pushed) => format!("Pulled up to commit {}, pushed {}.\n", short(commit), commits(pushed)),
    };
    cx.terminal.out(&text)?;
    Ok(Exit::Done)
}

fn commits(number: u64) -> String {
    format!("{number} {}", if number == 1 { "commit" } else { "commits" })
}

#[derive(Serialize)]
struct LogBody<'a> {
    commits: &'a [Commit],
}

pub(super) async fn log(cx: &Cx<'_>, args: &LogArgs) -> Result<Exit, Failure> {
    let commits = cx.front.commits(args.file.as_deref(), args.limit).await?;
    if cx.terminal.is_json() {
        cx.terminal.json("log", &LogBody { commits: &commits })?;
    } else {
        cx.terminal.out(&render::commits(&commits, cx.terminal.paint()))?;
    }
    Ok(Exit::Done)
}

#[derive(Serialize)]
struct DiffBody<'a> {
    from: &'a CatalogVersion,
    to: &'a CatalogVersion,
    files: &'a [FileChange],
}

pub(super) async fn diff(cx: &Cx<'_>, args: &DiffArgs) -> Result<Exit, Failure> {
    let now = cx.front.catalog().await?.version;
    let from = match &args.from {
        Some(text) => version(cx, text).await?,
        None => CatalogVersion { commit: now.commit.clone(), ..CatalogVersion::default() },
    };
    let to = match &args.to {
        Some(text) => version(cx, text).await?,
        None => now,
    };
    let files = if from == to { Vec::new() } else { cx.front.difference(&from, &to).await? };
    if cx.terminal.is_json() {
        cx.terminal.json("diff", &DiffBody { from: &from, to: &to, files: &files })?;
    } else {
        cx.terminal.out(&render::file_changes(&files, cx.terminal.paint()))?;
    }
    Ok(Exit::Done)
}

/// How far back the beginning of a commit's id is looked for.
const REACH: u32 = 500;

async fn version(cx: &Cx<'_>, text: &str) -> Result<CatalogVersion, Failure> {
    if let Ok(version) = text.parse() {
        return Ok(version);
    }
    let missing = |hint: &str| {
        Failure::failed(
            service::deploy::ProblemCode::NotFound,
            format!("The catalog has no commit “{text}”. {hint} `phoenix-cli log` lists the commits."),
        )
    };
    if text.len() < 4 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(missing("Give at least the first four digits of its id."));
    }
    let wanted = text.to_ascii_lowercase();
    let mut found: Vec<String> = cx.front.commits(None, REACH).await?.into_iter().map(|one| one.commit).collect();
    found.retain(|commit| commit.starts_with(&wanted));
    match found.as_slice() {
        [commit] => Ok(CatalogVersion::commit(commit)),
        [] => Err(missing("")),
        _ => Err(missing("Several begin so: give more digits.")),
    }
}
