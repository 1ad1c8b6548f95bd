//! The signed-in home with 50 conversations under load, beside an empty route of the same web framework in the same run.

use std::time::{Duration, Instant};

use axum::{Router, routing::get};
use hdrhistogram::Histogram;
use reqwest::header::HeaderMap;
use tokio::{net::TcpListener, task::JoinSet};

use crate::{
    Arguments, Failure, client,
    report::Report,
    seed::Seed,
    subject::{Ground, Helper, Subject},
};

/// Connections at the same time.
const CONNECTIONS: usize = 32;
/// Before the measured stretch: caches and connections get warm.
const WARM_UP: Duration = Duration::from_secs(2);
const STRETCH: Duration = Duration::from_secs(6);

/// Serves an empty route until the process is ended; prints its address first.
pub(crate) async fn yardstick() -> Result<(), Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, Router::new().route("/", get(async || ""))).await?)
}

pub(crate) async fn measure(arguments: &Arguments, report: &mut Report) -> Result<(), Failure> {
    eprintln!("home under load");
    let ground = Ground::new()?;
    let seed = Seed::open(&ground).await?;
    let person = seed.person().await?;
    for _ in 0..50 {
        seed.conversation(&person, 2).await?;
    }
    seed.close().await;
    let subject = Subject::start(arguments, &ground, None).await?;
    let empty = Helper::start(&["yardstick"]).await?;
    let headers = client::signed_in(&person.cookie)?;

    let home = format!("{}/", subject.url);
    let nothing = format!("{}/", empty.url);
    for (url, headers) in [(&home, &headers), (&nothing, &HeaderMap::new())] {
        load(url, headers, WARM_UP).await?;
    }
    let (home_rate, home_times) = load(&home, &headers, STRETCH).await?;
    let (empty_rate, empty_times) = load(&nothing, &HeaderMap::new(), STRETCH).await?;
    subject.stop().await?;

    report.note("home, 32 connections", home_rate, "requests/s");
    report.note("home, 32 connections, p99", milliseconds(&home_times), "ms");
    report.note("empty route, 32 connections", empty_rate, "requests/s");
    report.note("empty route, 32 connections, p99", milliseconds(&empty_times), "ms");
    report.note("empty route's requests/s over home's", empty_rate / home_rate, "times");
    report.note("home's p99 over the empty route's", milliseconds(&home_times) / milliseconds(&empty_times), "times");
    Ok(())
}

fn milliseconds(times: &Histogram<u64>) -> f64 {
    times.value_at_quantile(0.99) as f64 / 1000.0
}

/// Asks again and again over all connections; returns requests per second and the times in microseconds.
async fn load(url: &str, headers: &HeaderMap, stretch: Duration) -> Result<(f64, Histogram<u64>), Failure> {
    let end = Instant::now() + stretch;
    let mut connections = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (http, url, headers) = (client::plain()?, url.to_owned(), headers.clone());
        connections.spawn(async move {
            let mut times = Histogram::<u64>::new(3)?;
            while Instant::now() < end {
                let begun = Instant::now();
                let answer = http.get(&url).headers(headers.clone()).send().await?.error_for_status()?;
                if answer.status().is_redirection() {
                    return Err::<_, Failure>("redirected: not signed in".into());
                }
                answer.bytes().await?;
                times.record(u64::try_from(begun.elapsed().as_micros())?)?;
            }
            Ok(times)
        });
    }
    let mut all = Histogram::<u64>::new(3)?;
    while let Some(times) = connections.join_next().await {
        all.add(times??)?;
    }
    Ok((all.len() as f64 / stretch.as_secs_f64(), all))
}
