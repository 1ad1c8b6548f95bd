//! Looking and planning.

use std::{fs, path::Path};

use serde::{Deserialize, Serialize};
use service::deploy::{
    catalog_types::{Diagnostic, Severity},
    model::Plan,
};

use super::{Cx, select};
use crate::{
    Exit,
    args::{PlanArgs, StatusArgs, ValidateArgs},
    failure::Failure,
    render,
};

#[derive(Serialize)]
struct Validation<'a> {
    ok: bool,
    findings: &'a [Diagnostic],
}

pub(super) async fn validate(cx: &Cx<'_>, args: &ValidateArgs) -> Result<Exit, Failure> {
    let found = cx.front.validate(args.deep).await?;
    let ok = !found.iter().any(|one| one.severity == Severity::Error);
    if cx.terminal.is_json() {
        cx.terminal.json("validation", &Validation { ok, findings: &found })?;
    } else {
        let texts = cx.front.catalog().await?.files;
        cx.terminal.out(&render::findings(&found, &texts, cx.terminal.paint()))?;
    }
    Ok(if ok { Exit::Done } else { Exit::Failed })
}

/// A plan as it is written to a file, and what `plan --json` prints.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct PlanFile {
    format: u32,
    kind: String,
    in_step: bool,
    pub(super) plan: Plan,
}

impl PlanFile {
    const KIND: &str = "plan";

    /// Reads it.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let place = path.display();
        let text = fs::read_to_string(path).map_err(|error| {
            Failure::invalid(format!(
                "The plan {place} can't be read: {error}. `phoenix-cli plan --out FILE` writes one."
            ))
        })?;
        let file: Self = serde_json::from_str(&text).map_err(|error| {
            Failure::invalid(format!(
                "{place} is no plan of this program: {error}. Make one with `phoenix-cli plan --out FILE`."
            ))
        })?;
        if file.format != render::FORMAT || file.kind != Self::KIND {
            return Err(Failure::invalid(format!(
                "{place} has the form {} {}, this program knows {} {}. Make a new plan.",
                file.kind,
                file.format,
                Self::KIND,
                render::FORMAT
            )));
        }
        Ok(file)
    }
}

#[derive(Serialize)]
struct PlanBody<'a> {
    in_step: bool,
    plan: &'a Plan,
}

pub(super) async fn plan(cx: &Cx<'_>, args: &PlanArgs) -> Result<Exit, Failure> {
    let options = select::options(cx, &args.selection).await?;
    let plan = cx.front.plan(&options).await?;
    let in_step = plan.is_in_step();
    if cx.terminal.is_json() {
        cx.terminal.json(PlanFile::KIND, &PlanBody { in_step, plan: &plan })?;
    } else {
        cx.terminal.out(&render::plan(&plan, cx.terminal.paint()))?;
    }
    if let Some(path) = &args.out {
        let file = PlanFile { format: render::FORMAT, kind: PlanFile::KIND.to_owned(), in_step, plan };
        let written = serde_json::to_string_pretty(&file).map_err(std::io::Error::from);
        written
            .and_then(|text| fs::write(path, text + "\n"))
            .map_err(|error| Failure::invalid(format!("The plan can't be written to {}: {error}.", path.display())))?;
        cx.terminal.say(&format!(
            "Written to {}. `phoenix-cli apply --plan {}` carries out just this.",
            path.display(),
            path.display()
        ));
    }
    Ok(if in_step { Exit::Done } else { Exit::Changes })
}

#[derive(Serialize)]
struct Status<'a> {
    overview: &'a service::deploy::Overview,
}

pub(super) async fn status(cx: &Cx<'_>, args: &StatusArgs) -> Result<Exit, Failure> {
    let mut overview = cx.front.status().await?;
    if !args.environments.is_empty() {
        for wanted in &args.environments {
            if !overview.environments.iter().any(|one| one.name == *wanted) {
                let known: Vec<&str> = overview.environments.iter().map(|one| one.name.as_str()).collect();
                return Err(Failure::failed(
                    service::deploy::ProblemCode::NotFound,
                    format!("The catalog has no environment “{wanted}”. There are: {}.", known.join(", ")),
                ));
            }
        }
        overview.environments.retain(|one| args.environments.contains(&one.name));
    }
    if cx.terminal.is_json() {
        cx.terminal.json("status", &Status { overview: &overview })?;
    } else {
        cx.terminal.out(&render::status(&overview, args.containers, cx.terminal.paint()))?;
    }
    Ok(Exit::Done)
}

#[derive(Serialize)]
struct DriftBody<'a> {
    at: service::deploy::Millis,
    in_step: bool,
    drift: &'a [service::deploy::Drift],
    blocked: &'a [service::deploy::model::Blocked],
}

pub(super) async fn drift(cx: &Cx<'_>) -> Result<Exit, Failure> {
    let reading = cx.front.drift().await?;
    let in_step = reading.drift.is_empty() && reading.blocked.is_empty();
    if cx.terminal.is_json() {
        let body = DriftBody { at: reading.at, in_step, drift: &reading.drift, blocked: &reading.blocked };
        cx.terminal.json("drift", &body)?;
    } else {
        cx.terminal.out(&render::drift(&reading, cx.terminal.paint()))?;
    }
    Ok(if in_step { Exit::Done } else { Exit::Changes })
}
