//! A container's log for whoever follows or keeps it.

use std::time::Duration;

use futures::{Stream, StreamExt as _, stream};
use leptos::prelude::*;
use serde::Serialize;
use service::{
    Onlooker, ServiceError, Services,
    deploy::{ContainerRef, MOST_LINES},
};

pub use super::log::LogAsk;
use super::log::{as_text, shown};

/// Between two frames: what comes meanwhile is shown together, and a flood waits at its source.
const TOGETHER: Duration = Duration::from_millis(200);

/// Some lines, rendered by the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LogFrame {
    /// Whether they take the place of all that is shown.
    pub reset: bool,
    /// The lines.
    pub html: String,
    /// Whether the container has ended, so that nothing more will come.
    pub ended: bool,
}

/// Follows a container's log: its last lines first, then what it writes. Ends without the last frame when the connection to its
/// host breaks: whoever reads it asks again.
///
/// # Errors
/// As [`follow_log`](service::deploy::Deploy::follow_log).
pub async fn frames(
    services: &Services,
    onlooker: Onlooker,
    at: ContainerRef,
    ask: LogAsk,
) -> Result<impl Stream<Item = LogFrame> + Send + 'static + use<>, ServiceError> {
    let log = services.deploy().follow_log(&onlooker, &at, ask.lines).await.map_err(ServiceError::from)?;
    let first = stream::once(std::future::ready(LogFrame { reset: true, html: String::new(), ended: false }));
    let lines = log.map(Some).chain(stream::once(std::future::ready(None))).then(move |lines| {
        let ask = ask.clone();
        async move {
            match lines {
                Some(Ok(lines)) => {
                    tokio::time::sleep(TOGETHER).await;
                    let owner = Owner::new();
                    let html = owner.with(|| shown(&ask, &lines).to_html());
                    owner.cleanup();
                    Some(LogFrame { reset: false, html, ended: false })
                }
                Some(Err(_)) => None,
                None => Some(LogFrame { reset: false, html: String::new(), ended: true }),
            }
        }
    });
    // An error ends it, and what would come after it.
    let lines = lines.take_while(|frame| std::future::ready(frame.is_some())).filter_map(std::future::ready);
    Ok(first.chain(lines))
}

/// A log to keep: the file's name and its text.
///
/// # Errors
/// As [`container_log`](service::deploy::Deploy::container_log).
pub async fn file(
    services: &Services,
    onlooker: &Onlooker,
    at: &ContainerRef,
) -> Result<(String, String), ServiceError> {
    let log = services.deploy().container_log(onlooker, at, MOST_LINES).await.map_err(ServiceError::from)?;
    let now = crate::server::machine(services.world().now());
    let stamp: String = now.chars().take(19).filter(|one| one.is_ascii_alphanumeric()).collect();
    let safe = |name: &str| {
        name.chars()
            .map(|one| if one.is_ascii_alphanumeric() || "-_.".contains(one) { one } else { '_' })
            .collect::<String>()
    };
    let name = format!("{}_{}_{}_{stamp}Z.log", safe(&at.environment), safe(&at.stack), safe(&at.container));
    Ok((name, as_text(&log)))
}
