//! What planning and applying cost, through the door that pages and terminal use: a real catalog repository, a real database, and a
//! Portainer stand-in in a process of its own.

mod bare;
mod portainer;
mod yard;

use std::time::{Duration, Instant};

use service::deploy::model::{ApplyVerdict, PlanOptions};

pub(crate) use portainer::{Arguments, serve};

use crate::{Failure, report::Report};
use yard::{Source, Yard};

/// Bar of the deployment engine's requirements: 200 stacks on 4 environments at 20 ms.
const PLAN_S: f64 = 2.0;
/// The same for what an apply costs beside the bare calls.
const APPLY_RATIO: f64 = 1.1;
/// How long Portainer takes for a deployment in the comparison: images are there, containers are started.
const DEPLOY: Duration = Duration::from_millis(1500);
const LATENCY: Duration = Duration::from_millis(20);

pub(crate) async fn measure(report: &mut Report) -> Result<(), Failure> {
    eprintln!("planning");
    let mut times = Vec::new();
    for stacks in [10, 100, 1000] {
        let yard = Yard::new(1, stacks, Source::Text, Duration::ZERO, Duration::ZERO).await?;
        let took = plan(&yard, 5).await?;
        report.note(format!("plan of {stacks} stacks, median of 5"), took.as_secs_f64() * 1000.0, "ms");
        times.push(took.as_secs_f64());
    }
    if let [_, hundred, thousand] = times.as_slice() {
        report.note("a plan of 1,000 stacks over one of 100", thousand / hundred, "times");
    }
    let yard = Yard::new(4, 200, Source::Text, LATENCY, Duration::ZERO).await?;
    report.bar("plan of 200 stacks on 4 hosts at 20 ms, median of 3", plan(&yard, 3).await?.as_secs_f64(), "s", PLAN_S);
    let yard = Yard::new(4, 200, Source::Repositories, LATENCY, Duration::ZERO).await?;
    let took = plan(&yard, 3).await?;
    report.note("the same from 200 repositories on this disk", took.as_secs_f64(), "s");

    eprintln!("applying");
    let yard = Yard::empty(1, 10, LATENCY, DEPLOY).await?;
    let direct = bare::create_all(&yard).await?;
    let yard = Yard::empty(1, 10, LATENCY, DEPLOY).await?;
    let applied = apply(&yard).await?;
    report.note("10 stacks by bare calls of 1.5 s", direct.as_secs_f64(), "s");
    report.note("10 stacks by an apply", applied.as_secs_f64(), "s");
    report.bar("an apply over the bare calls", applied.as_secs_f64() / direct.as_secs_f64(), "times", APPLY_RATIO);
    Ok(())
}

/// The median time of a plan in which nothing is left to do. The first, which reads everything anew, does not count.
async fn plan(yard: &Yard, times: usize) -> Result<Duration, Failure> {
    let mut took = Vec::new();
    for round in 0..=times {
        let begun = Instant::now();
        let planned = yard.deploy.plan(&yard.operator, &PlanOptions::default()).await?;
        if round > 0 {
            took.push(begun.elapsed());
        }
        if !planned.plan.is_in_step() {
            let first = planned.plan.steps.first().map(|step| format!("{:?}", step.reasons));
            return Err(format!("the plan is not in step: {first:?} {:?}", planned.plan.blocked.first()).into());
        }
    }
    took.sort_unstable();
    took.get(took.len() / 2).copied().ok_or_else(|| "nothing was measured".into())
}

/// From the confirmed plan to the end of the apply.
async fn apply(yard: &Yard) -> Result<Duration, Failure> {
    let planned = yard.deploy.plan(&yard.operator, &PlanOptions::default()).await?;
    let begun = Instant::now();
    let id = yard.deploy.apply(&yard.operator, planned.plan, None).await?;
    let mut watching = yard.deploy.watch(&yard.operator, &id, 0).await?;
    while let Some(watched) = watching.next().await? {
        if let service::deploy::Watched::Ended(verdict) = watched {
            if verdict != ApplyVerdict::Succeeded {
                return Err(format!("the apply ended as {verdict:?}").into());
            }
            return Ok(begun.elapsed());
        }
    }
    Err("the apply has no end".into())
}
