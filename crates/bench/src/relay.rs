//! What relaying a stream costs: added time to the first token and per token against reading the upstream directly, and the
//! server's processor time per 1,000 tokens relayed and stored.

use std::time::Duration;

use hdrhistogram::Histogram;
use reqwest::{Client, Response, header};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{
    Arguments, Failure, client,
    emitter::now_us,
    report::Report,
    seed::Seed,
    subject::{Ground, Helper, Subject},
};

/// Tokens of an answer, and how many the upstream writes in a second.
const TOKENS: u64 = 200;
const PER_SECOND: u64 = 50;
/// Answers each stream asks for, one after the other.
const ANSWERS: usize = 4;
const PER_PERSON: usize = 4;

/// Bars at 64 streams, from the ground floor's requirements.
const FIRST_TOKEN_MS: f64 = 5.0;
const PER_TOKEN_MS: f64 = 1.0;
const PROCESSOR_S: f64 = 0.024;

/// Times in microseconds.
struct Times {
    first: Histogram<u64>,
    each: Histogram<u64>,
}

impl Times {
    fn new() -> Result<Self, Failure> {
        Ok(Self { first: Histogram::new(3)?, each: Histogram::new(3)? })
    }

    fn add(&mut self, other: &Self) -> Result<(), Failure> {
        self.first.add(&other.first)?;
        self.each.add(&other.each)?;
        Ok(())
    }
}

/// A signed-in person who asks.
pub(crate) struct Chatter {
    http: Client,
    base: String,
    cookie: String,
}

impl Chatter {
    pub(crate) fn new(base: &str, cookie: &str) -> Result<Self, Failure> {
        Ok(Self { http: client::plain()?, base: base.to_owned(), cookie: cookie.to_owned() })
    }

    /// Sends a message in a new conversation and opens the stream of its answer, as the page does.
    pub(crate) async fn ask(&self, model: &str) -> Result<Response, Failure> {
        let form = [("text", "Write time stamps."), ("model", model), ("conversation", ""), ("parent", "")];
        let sent = self.post("/api/send").header(header::ACCEPT, "application/json").form(&form).send().await?;
        let status = sent.status();
        let text = sent.text().await?;
        let answer: Value = serde_json::from_str(&text).map_err(|_| format!("send answered {status}: {text}"))?;
        let generation = answer["id"].as_str().ok_or_else(|| format!("send answered {status}: {text}"))?;
        Ok(self.post(&format!("/api/stream/generations/{generation}?after=0")).send().await?.error_for_status()?)
    }

    fn post(&self, path: &str) -> reqwest::RequestBuilder {
        let headers = client::signed_in(&self.cookie).unwrap_or_default();
        self.http.post(format!("{}{path}", self.base)).headers(headers)
    }
}

pub(crate) async fn measure(arguments: &Arguments, report: &mut Report) -> Result<(), Failure> {
    eprintln!("relaying streams");
    let ground = Ground::new()?;
    let seed = Seed::open(&ground).await?;
    let mut people = Vec::new();
    for _ in 0..64 / PER_PERSON {
        people.push(seed.person().await?);
    }
    seed.close().await;
    let emitter = Helper::start(&["emitter"]).await?;
    let passing = Helper::start(&["passing", &emitter.url]).await?;
    let subject = Subject::start(arguments, &ground, Some(&emitter.url)).await?;
    let cookies: Vec<String> =
        people.iter().flat_map(|person| std::iter::repeat_n(person.cookie.clone(), PER_PERSON)).collect();

    // Once through, so that code and caches are warm.
    through(&subject.url, &cookies[..1], 1).await?;
    for streams in [1, 64] {
        let directly = direct(&emitter.url, streams).await?;
        let before = subject.processor_time()?;
        let relayed = through(&subject.url, &cookies[..streams], ANSWERS).await?;
        let used = subject.processor_time()? - before;
        let tokens = streams as f64 * ANSWERS as f64 * TOKENS as f64;
        compare(report, streams, &directly, &relayed);
        let what = format!("processor time per 1,000 tokens, {streams} streams");
        let portal = used / tokens * 1000.0;
        if streams != 64 {
            report.note(what, portal, "s");
            continue;
        }
        report.bar(what.clone(), portal, "s", PROCESSOR_S);
        // What the machine takes for the same bytes at least: figures of different machines and hours are comparable by it.
        let before = passing.processor_time()?;
        direct(&passing.url, streams).await?;
        let bare = (passing.processor_time()? - before) / tokens * 1000.0;
        report.note(format!("{what}: a bare relay of the same bytes"), bare, "s");
        report.note(format!("{what}: ours over the bare relay's"), portal / bare, "times");
    }
    subject.stop().await
}

fn compare(report: &mut Report, streams: usize, direct: &Times, relayed: &Times) {
    let rows = [
        ("to the first token", &direct.first, &relayed.first, FIRST_TOKEN_MS),
        ("per token", &direct.each, &relayed.each, PER_TOKEN_MS),
    ];
    for (what, direct, relayed, bar) in rows {
        for quantile in [0.5, 0.99] {
            let at = |times: &Histogram<u64>| times.value_at_quantile(quantile) as f64 / 1000.0;
            let label = format!("added {what}, p{:.0}, {streams} streams", quantile * 100.0);
            report.note(format!("{label}: direct"), at(direct), "ms");
            let added = at(relayed) - at(direct);
            if streams == 64 && quantile > 0.9 {
                report.bar(label, added, "ms", bar);
            } else {
                report.note(label, added, "ms");
            }
        }
    }
}

/// Streams begin one after the other, spread over an answer's length, as people do.
fn spread(n: usize, streams: usize) -> Duration {
    let answer = Duration::from_secs_f64(TOKENS as f64 / PER_SECOND as f64);
    answer.mul_f64(n as f64 / streams as f64)
}

async fn gather(mut readers: JoinSet<Result<Times, Failure>>) -> Result<Times, Failure> {
    let mut all = Times::new()?;
    while let Some(times) = readers.join_next().await {
        all.add(&times??)?;
    }
    Ok(all)
}

async fn direct(url: &str, streams: usize) -> Result<Times, Failure> {
    let mut readers = JoinSet::new();
    for n in 0..streams {
        let (http, url) = (client::plain()?, format!("{url}/v1/chat/completions"));
        readers.spawn(async move {
            tokio::time::sleep(spread(n, streams)).await;
            let mut times = Times::new()?;
            for _ in 0..ANSWERS {
                let asked = now_us();
                let body =
                    json!({ "model": model(), "stream": true, "messages": [{ "role": "user", "content": "Write." }] });
                let answer = http.post(&url).json(&body).send().await?.error_for_status()?;
                let mut seen = 0;
                client::events(answer, |_, data| {
                    let text = serde_json::from_str::<Value>(data)
                        .ok()
                        .and_then(|data| data["choices"][0]["delta"]["content"].as_str().map(ToOwned::to_owned));
                    if let Some(text) = text {
                        take(&mut times, &mut seen, asked, &text);
                    }
                    true
                })
                .await?;
                whole(seen)?;
            }
            Ok(times)
        });
    }
    gather(readers).await
}

async fn through(url: &str, cookies: &[String], answers: usize) -> Result<Times, Failure> {
    let mut readers = JoinSet::new();
    for (n, cookie) in cookies.iter().enumerate() {
        let chatter = Chatter::new(url, cookie)?;
        let wait = spread(n, cookies.len());
        readers.spawn(async move {
            tokio::time::sleep(wait).await;
            let mut times = Times::new()?;
            for _ in 0..answers {
                let asked = now_us();
                let answer = chatter.ask(&model()).await?;
                let mut seen = 0;
                client::events(answer, |name, data| {
                    if name == "piece"
                        && let Ok(event) = serde_json::from_str::<Value>(data)
                    {
                        take(&mut times, &mut seen, asked, event["text"].as_str().unwrap_or_default());
                    }
                    name != "end"
                })
                .await?;
                whole(seen)?;
            }
            Ok(times)
        });
    }
    gather(readers).await
}

fn model() -> String {
    format!("stamps-{TOKENS}-{PER_SECOND}")
}

/// Notes each stamp in a piece of text: how long it travelled, and for the first of an answer how long after the question it came.
fn take(times: &mut Times, seen: &mut u64, asked: u64, text: &str) {
    let now = now_us();
    for stamp in text.split_whitespace().filter_map(|word| word.parse::<u64>().ok()) {
        // The histograms grow as needed, so that recording can't fail; `saturating_record` would cap the times instead.
        let _ = times.each.record(now.saturating_sub(stamp));
        if *seen == 0 {
            let _ = times.first.record(now.saturating_sub(asked));
        }
        *seen += 1;
    }
}

fn whole(seen: u64) -> Result<(), Failure> {
    if seen == TOKENS { Ok(()) } else { Err(format!("an answer of {TOKENS} tokens arrived with {seen}").into()) }
}
