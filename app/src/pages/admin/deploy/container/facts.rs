//! What Docker says of a container.

use leptos::prelude::*;
use service::deploy::{ContainerReading, HealthCheck, Port, model::Condition, words::short_digest};
use types::Millis;

use super::super::containers::ConditionChip;
use crate::{
    pages::parts::When,
    ui::{Notice, Tone},
};

/// How it is, and what it is made of.
pub(super) fn facts(reading: &ContainerReading, now: Millis) -> impl IntoView + use<> {
    let details = &reading.details;
    let (started, finished) = (details.started, details.finished);
    let over = !matches!(reading.condition, Condition::Well | Condition::Pending | Condition::Unhealthy);
    let restarts = match details.restarts {
        0 => "never".to_owned(),
        1 => "once by Docker".to_owned(),
        n => format!("{n} times by Docker"),
    };
    let digest = reading.digest.clone();
    let ports: Vec<String> = details.ports.iter().map(port).collect();
    let ports = if ports.is_empty() { "none".to_owned() } else { ports.join(", ") };
    let error = Some(details.error.clone()).filter(|text| !text.is_empty());
    let id: String = details.id.chars().take(12).collect();
    view! {
        <div class="summary">
            <ConditionChip condition=reading.condition />
            {started.filter(|_| !over).map(|at| view! { <span class="muted">"started "<When at now /></span> })}
            {finished.filter(|_| over).map(|at| view! { <span class="muted">"ended "<When at now />", exit code "{details.exit_code.to_string()}</span> })}
        </div>
        {details.out_of_memory.then(|| view! {
            <Notice tone=Tone::Bad title="It ran out of memory">
                "The kernel ended it for want of memory. Give it more, or find out what it needs so much for."
            </Notice>
        })}
        {error.map(|text| view! { <Notice tone=Tone::Bad title="Docker could not start it"><p>{text}</p></Notice> })}
        <dl class="facts facts-wide">
            <div><dt>"Image"</dt><dd class="image">{details.image.clone()}</dd></div>
            <div>
                <dt>"Build"</dt>
                <dd class="image">{match digest {
                    Some(digest) => view! { <span title=digest.clone()>{short_digest(digest.rsplit('@').next().unwrap_or(&digest))}</span> }.into_any(),
                    None => view! { <span class="muted">"built on the host, no digest"</span> }.into_any(),
                }}</dd>
            </div>
            <div><dt>"Ports"</dt><dd class="num">{ports}</dd></div>
            <div><dt>"Restarted"</dt><dd>{restarts}</dd></div>
            <div><dt>"Identifier"</dt><dd><code>{id}</code></dd></div>
        </dl>
        {checks(&details.health_checks, now)}
    }
}

/// A port in a few words.
fn port(port: &Port) -> String {
    match port.public {
        Some(public) if matches!(port.address.as_str(), "" | "0.0.0.0" | "::") => {
            format!("{public} → {}/{}", port.private, port.protocol)
        }
        Some(public) => format!("{}:{public} → {}/{}", port.address, port.private, port.protocol),
        None => format!("{}/{} inside only", port.private, port.protocol),
    }
}

/// The newest health checks, the last one first.
fn checks(checks: &[HealthCheck], now: Millis) -> impl IntoView + use<> {
    (!checks.is_empty()).then(|| {
        let failed = checks.last().is_some_and(|check| check.exit_code != 0);
        let rows = checks
            .iter()
            .rev()
            .map(|check| {
                let word = if check.exit_code == 0 { "passed".to_owned() } else { format!("failed with exit code {}", check.exit_code) };
                let output = check.output.trim().to_owned();
                view! {
                    <li>
                        <p class="cell-sub">{word}{check.ended.map(|at| view! { ", "<When at now /> })}</p>
                        {(!output.is_empty()).then(|| view! { <pre class="command" tabindex="0"><code>{output}</code></pre> })}
                    </li>
                }
            })
            .collect_view();
        view! {
            <details class="more-acts" open=failed>
                <summary>"Health checks"</summary>
                <ul class="checks-said">{rows}</ul>
            </details>
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_told_as_people_reach_them() {
        let one = |address: &str, public| Port { address: address.into(), private: 80, public, protocol: "tcp".into() };
        assert_eq!(port(&one("0.0.0.0", Some(8080))), "8080 → 80/tcp");
        assert_eq!(port(&one("127.0.0.1", Some(8080))), "127.0.0.1:8080 → 80/tcp");
        assert_eq!(port(&one("", None)), "80/tcp inside only");
    }
}
