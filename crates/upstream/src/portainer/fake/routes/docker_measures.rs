//! What containers use and what happened to them, as Docker tells it.

use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::{
    super::{
        answer::Query,
        host::{FakeContainer, Host},
    },
    docker::{has_labels, refusal, stamp, wanted_labels},
};

/// One measurement, with the one before it: half a processor of four is in use.
pub(super) fn stats(container: &FakeContainer, query: &Query, now: i64) -> Value {
    // Docker streams unless told not to: a client that forgot would wait for ever.
    if query.get("stream") != Some("false") {
        return json!({ "message": "this stand-in measures once only: send stream=false" });
    }
    if container.look(now).state != "running" {
        return json!({ "read": "0001-01-01T00:00:00Z", "name": format!("/{}", container.name), "id": container.id });
    }
    let cpu = |at: i64| {
        let usage = json!({ "total_usage": at * 500_000 });
        json!({ "cpu_usage": usage, "system_cpu_usage": at * 4_000_000, "online_cpus": 4 })
    };
    let up = now - container.started + 2000;
    json!({
        "read": stamp(now),
        "preread": stamp(now - 1000),
        "name": format!("/{}", container.name),
        "id": container.id,
        "num_procs": 0,
        "pids_stats": { "current": 3, "limit": 9000 },
        "cpu_stats": cpu(up),
        "precpu_stats": cpu(up - 1000),
        "memory_stats": {
            "usage": 73_400_320,
            "limit": 8_589_934_592_i64,
            "stats": { "inactive_file": 10_485_760, "active_file": 4096 },
        },
        "networks": { "eth0": { "rx_bytes": up, "tx_bytes": 2 * up } },
        "blkio_stats": {
            "io_service_bytes_recursive": [
                { "major": 259, "minor": 0, "op": "read", "value": 4096 },
                { "major": 259, "minor": 0, "op": "write", "value": 8192 },
            ],
        },
    })
}

/// What happened between `since` and `until`, a line each.
pub(super) fn events(host: &Host, query: &Query) -> Response {
    let time = |name: &str| query.get(name).and_then(|text| text.parse::<f64>().ok());
    let (Some(since), Some(until)) = (time("since"), time("until")) else {
        return refusal(400, "this stand-in tells what happened only: send since and until");
    };
    let labels = wanted_labels(query);
    let lines: String = (host.events.iter())
        .filter(|event| {
            #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 fit into 53 bits")]
            let at = event.time as f64 / 1000.0;
            (since..=until).contains(&at) && has_labels(&event.container, &labels)
        })
        .map(|event| {
            let one = &event.container;
            let mut attributes = json!(one.labels);
            attributes["name"] = json!(one.name);
            attributes["image"] = json!(one.service.image);
            if event.action == "die" {
                attributes["exitCode"] = json!(one.look(event.time).exit_code.to_string());
            }
            let line = json!({
                "status": event.action,
                "id": one.id,
                "from": one.service.image,
                "Type": "container",
                "Action": event.action,
                "Actor": { "ID": one.id, "Attributes": attributes },
                "scope": "local",
                "time": event.time / 1000,
                "timeNano": event.time * 1_000_000,
            });
            format!("{line}\n")
        })
        .collect();
    ([(axum::http::header::CONTENT_TYPE, "application/json")], lines).into_response()
}
