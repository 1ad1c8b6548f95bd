//! What the server costs when little happens: start, idle memory, a thousand streams held open.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::{
    Arguments, Failure, client,
    relay::Chatter,
    report::Report,
    seed::Seed,
    subject::{Ground, Helper, Subject},
};

const STREAMS: usize = 1_000;
/// Answers one person may have under way (the product's default).
const PER_PERSON: usize = 4;
const STARTS: usize = 5;

/// Bars, from the ground floor's requirements.
const READY_MS: f64 = 500.0;
const IDLE_MB: f64 = 60.0;
const PER_STREAM_KB: f64 = 64.0;

pub(crate) async fn measure(arguments: &Arguments, report: &mut Report) -> Result<(), Failure> {
    eprintln!("start and idle memory");
    let ground = Ground::new()?;
    let mut starts = Vec::new();
    for _ in 0..STARTS {
        let subject = Subject::start(arguments, &ground, None).await?;
        starts.push(subject.time_to_ready.as_secs_f64() * 1000.0);
        subject.stop().await?;
    }
    starts.sort_by(f64::total_cmp);
    report.bar("start to ready, median of 5", starts[STARTS / 2], "ms", READY_MS);

    let subject = Subject::start(arguments, &ground, None).await?;
    client::plain()?.get(format!("{}/sign-in", subject.url)).send().await?.error_for_status()?;
    report.bar("idle memory after the first page", subject.memory()? / 1e6, "MB", IDLE_MB);
    subject.stop().await?;

    eprintln!("a thousand streams held open");
    held(arguments, report).await
}

async fn held(arguments: &Arguments, report: &mut Report) -> Result<(), Failure> {
    let ground = Ground::new()?;
    let seed = Seed::open(&ground).await?;
    let mut people = Vec::new();
    for _ in 0..STREAMS / PER_PERSON {
        people.push(seed.person().await?);
    }
    seed.close().await;
    let emitter = Helper::start(&["emitter"]).await?;
    let subject = Subject::start(arguments, &ground, Some(&emitter.url)).await?;
    let before = subject.memory()?;
    let (told, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let mut streams = JoinSet::new();
    for n in 0..STREAMS {
        let chatter = Chatter::new(&subject.url, &people[n / PER_PERSON].cookie)?;
        let told = told.clone();
        streams.spawn(async move {
            let mut first = true;
            // One token a second, for longer than the measurement lasts.
            let answer = chatter.ask("stamps-100000-1").await?;
            client::events(answer, |name, _| {
                if first && name == "piece" {
                    first = false;
                    return told.send(()).is_ok();
                }
                true
            })
            .await
        });
        // A hundred new streams at a time: the bar is about holding them, not about a stampede.
        if n % 100 == 99 {
            wait_for(&mut heard, 100, &mut streams).await?;
        }
    }
    let after = subject.memory()?;
    report.bar("memory per held stream", (after - before) / STREAMS as f64 / 1e3, "kB", PER_STREAM_KB);
    report.note("memory with 1,000 streams", after / 1e6, "MB");
    streams.shutdown().await;
    subject.stop().await
}

async fn wait_for(
    heard: &mut tokio::sync::mpsc::UnboundedReceiver<()>,
    count: usize,
    streams: &mut JoinSet<Result<(), Failure>>,
) -> Result<(), Failure> {
    let deadline = Instant::now() + Duration::from_secs(60);
    let mut seen = 0;
    while seen < count {
        tokio::select! {
            _ = heard.recv() => seen += 1,
            Some(ended) = streams.join_next() => {
                ended??;
                return Err("a stream ended before its time".into());
            }
            () = tokio::time::sleep_until(deadline.into()) => return Err("streams did not open within a minute".into()),
        }
    }
    Ok(())
}
