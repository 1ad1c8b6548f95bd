//! Runs the stand-in for Portainer by itself.
//!
//! `fake-portainer PORT [2.23|newer]` has sample data and goes on until it is interrupted; `cargo xtask fake portainer` builds and starts
//! it. `fake-portainer PORT 2.23|newer --orders` has none: it prints its address and its API key, reads an order from each line of
//! standard input ([`Order`](upstream::portainer::fake::Order)), answers each with a line, `{"ok": …}` or `{"error": …}`, and ends
//! with its input. Port 0 takes a free one.

use std::{
    env, io,
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::json;
use tokio::sync::mpsc;
use upstream::portainer::fake::{ADMINISTRATOR, API_KEY, FakeConfig, FakePortainer, Generation, PASSWORD, populate};

#[tokio::main]
async fn main() -> io::Result<()> {
    let mut args = env::args().skip(1);
    let usage = || io::Error::other("usage: fake-portainer PORT [2.23|newer] [--orders]");
    let port = args.next().and_then(|port| port.parse().ok()).ok_or_else(usage)?;
    let generation = match args.next().as_deref() {
        None | Some("2.23") => Generation::V2_23,
        Some("newer") => Generation::Newer,
        Some(_) => return Err(usage()),
    };
    let takes_orders = match args.next().as_deref() {
        None => false,
        Some("--orders") => true,
        Some(_) => return Err(usage()),
    };
    #[expect(clippy::disallowed_methods, reason = "a program's own start is where the time comes from")]
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let epoch = i64::try_from(now.as_millis()).unwrap_or(i64::MAX);
    let fake = FakePortainer::start(FakeConfig { port, generation, epoch, ..FakeConfig::default() }).await?;
    if takes_orders {
        return obey(&fake).await;
    }
    populate(&fake).await;
    println!("A stand-in for Portainer {} listens at {}", generation.version(), fake.url());
    println!("user {ADMINISTRATOR}, password “{PASSWORD}”, API key {API_KEY}");
    tokio::signal::ctrl_c().await
}

/// Does what standard input says, line by line, to its end.
async fn obey(fake: &FakePortainer) -> io::Result<()> {
    println!("{}", json!({ "url": fake.url().as_str(), "key": API_KEY }));
    let (sender, mut lines) = mpsc::channel(1);
    std::thread::spawn(move || {
        for line in io::stdin().lines() {
            if sender.blocking_send(line).is_err() {
                break;
            }
        }
    });
    while let Some(line) = lines.recv().await {
        let answer = match fake.obey(&line?).await {
            Ok(outcome) => json!({ "ok": outcome }),
            Err(error) => json!({ "error": error }),
        };
        println!("{answer}");
    }
    Ok(())
}
