//! Runs the stand-in for Portainer by itself, with sample data, until it is interrupted.
//!
//! `fake-portainer PORT [2.23|newer]`; `cargo xtask fake portainer` builds and starts it.

use std::{
    env, io,
    time::{SystemTime, UNIX_EPOCH},
};

use upstream::portainer::fake::{ADMINISTRATOR, API_KEY, FakeConfig, FakePortainer, Generation, PASSWORD, populate};

#[tokio::main]
async fn main() -> io::Result<()> {
    let mut args = env::args().skip(1);
    let usage = || io::Error::other("usage: fake-portainer PORT [2.23|newer]");
    let port = args.next().and_then(|port| port.parse().ok()).ok_or_else(usage)?;
    let generation = match args.next().as_deref() {
        None | Some("2.23") => Generation::V2_23,
        Some("newer") => Generation::Newer,
        Some(_) => return Err(usage()),
    };
    #[expect(clippy::disallowed_methods, reason = "a program's own start is where the time comes from")]
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let epoch = i64::try_from(now.as_millis()).unwrap_or(i64::MAX);
    let fake = FakePortainer::start(FakeConfig { port, generation, epoch, ..FakeConfig::default() }).await?;
    populate(&fake).await;
    println!("A stand-in for Portainer {} listens at {}", generation.version(), fake.url());
    println!("user {ADMINISTRATOR}, password “{PASSWORD}”, API key {API_KEY}");
    tokio::signal::ctrl_c().await
}
