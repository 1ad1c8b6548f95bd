//! Opening a long conversation beside a short one.

use std::time::Instant;

use crate::{
    Arguments, Failure, client,
    report::Report,
    seed::Seed,
    subject::{Ground, Subject},
};

const ROUNDS: usize = 60;
/// Opening 10,000 messages over opening 100.
const BAR: f64 = 1.3;

pub(crate) async fn measure(arguments: &Arguments, report: &mut Report) -> Result<(), Failure> {
    eprintln!("opening conversations");
    let ground = Ground::new()?;
    let seed = Seed::open(&ground).await?;
    let person = seed.person().await?;
    let short = seed.conversation(&person, 100).await?;
    let long = seed.conversation(&person, 10_000).await?;
    seed.close().await;
    let subject = Subject::start(arguments, &ground, None).await?;
    let http = client::plain()?;
    let headers = client::signed_in(&person.cookie)?;
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..ROUNDS {
        // Taken in turns, so that what the machine does meanwhile hits both alike.
        for (conversation, times) in [&short, &long].into_iter().zip(&mut times) {
            let begun = Instant::now();
            let page = http.get(format!("{}/chat/{conversation}", subject.url)).headers(headers.clone()).send().await?;
            let page = page.error_for_status()?.text().await?;
            if !page.contains("message-answer") {
                return Err("the conversation's page shows no answer".into());
            }
            if round >= ROUNDS / 6 {
                times.push(begun.elapsed().as_secs_f64() * 1000.0);
            }
        }
    }
    subject.stop().await?;
    let [short, long] = times.map(median);
    report.note("opening a conversation of 100 messages, median", short, "ms");
    report.note("opening a conversation of 10,000 messages, median", long, "ms");
    report.bar("opening 10,000 messages over opening 100", long / short, "times", BAR);
    Ok(())
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}
