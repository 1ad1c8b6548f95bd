//! Logs in Docker's frames, in small pieces that split them.

use std::{convert::Infallible, sync::Arc};

use axum::{
    body::{Body, Bytes},
    http::{Method, header},
    response::{IntoResponse as _, Response},
};
use futures::{StreamExt as _, stream};
use jiff::Timestamp;

use super::{
    super::{Shared, answer::Query, gate::Cx, host::Written},
    docker::{log_of, no_container},
};

/// Not a divisor of a frame's header.
const PIECE: usize = 7;

/// The container whose log is asked for.
pub(super) fn wanted<'a>(method: &Method, path: &'a str) -> Option<&'a str> {
    let rest = path.strip_prefix("containers/").filter(|_| *method == Method::GET)?;
    rest.strip_suffix("/logs").filter(|id| !id.contains('/'))
}

/// A body that comes in small pieces.
pub(super) fn in_small_pieces(bytes: Vec<u8>) -> Body {
    Body::from_stream(stream::iter(pieces(&bytes)))
}

fn pieces(bytes: &[u8]) -> Vec<Result<Bytes, Infallible>> {
    bytes.chunks(PIECE).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect()
}

/// How lines are shown.
#[derive(Clone, Copy)]
struct Style {
    tty: bool,
    timestamps: bool,
}

impl Style {
    fn show(self, line: &Written) -> Vec<u8> {
        let stamp = Timestamp::from_millisecond(line.time).ok().filter(|_| self.timestamps);
        let stamp = stamp.map(|stamp| format!("{stamp:.9} ")).unwrap_or_default();
        let end = if self.tty { "\r\n" } else { "\n" };
        let text = format!("{stamp}{}{end}", line.text).into_bytes();
        if self.tty {
            return text;
        }
        let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
        [&[line.stream, 0, 0, 0][..], &length.to_be_bytes(), &text].concat()
    }
}

/// Counts as long as somebody follows.
struct Followed(Arc<Shared>);

impl Followed {
    fn begin(shared: &Arc<Shared>) -> Self {
        shared.edit(|state| state.counts.logs_followed += 1);
        Self(Arc::clone(shared))
    }
}

impl Drop for Followed {
    fn drop(&mut self) {
        self.0.edit(|state| state.counts.logs_followed -= 1);
    }
}

pub(super) fn stream(cx: &Cx, environment: i64, container: &str, query: &Query) -> Response {
    let Some((tty, lines, _)) = log_of(&mut cx.shared.state(), environment, container) else {
        return no_container(container);
    };
    let style = Style { tty, timestamps: query.flag("timestamps") };
    let since: f64 = query.get("since").and_then(|text| text.parse().ok()).unwrap_or(0.0);
    let streams = [(1, query.flag("stdout")), (2, query.flag("stderr"))];
    let asked = move |line: &Written| {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 fit into 53 bits")]
        let time = line.time as f64 / 1000.0;
        time >= since && streams.contains(&(line.stream, true))
    };
    let known = lines.len();
    let mut chosen: Vec<&Written> = lines.iter().filter(|line| asked(line)).collect();
    if let Some(tail) = query.get("tail").and_then(|text| text.parse::<usize>().ok()) {
        chosen.drain(..chosen.len().saturating_sub(tail));
    }
    let written: Vec<u8> = chosen.iter().flat_map(|line| style.show(line)).collect();
    let kind = if tty { "application/vnd.docker.raw-stream" } else { "application/vnd.docker.multiplexed-stream" };
    if !query.flag("follow") {
        if cx.shared.state().logs_stall {
            let stop = cx.stop.clone();
            let never = stream::once(async move { stop.cancelled().await }).filter_map(|()| async { None });
            let body = Body::from_stream(stream::iter(pieces(&written)).chain(never));
            return ([(header::CONTENT_TYPE, kind)], body).into_response();
        }
        return ([(header::CONTENT_TYPE, kind)], in_small_pieces(written)).into_response();
    }
    let followed = Followed::begin(&cx.shared);
    let (shared, stop, container) = (Arc::clone(&cx.shared), cx.stop.clone(), container.to_owned());
    let changes = shared.changes.subscribe();
    let later = stream::unfold((known, changes), move |(known, mut changes)| {
        let _followed = &followed;
        let (shared, stop, container) = (Arc::clone(&shared), stop.clone(), container.clone());
        async move {
            loop {
                changes.mark_unchanged();
                let (_, lines, ends) = log_of(&mut shared.state(), environment, &container)?;
                if lines.len() > known {
                    let new: Vec<u8> =
                        lines[known..].iter().filter(|line| asked(line)).flat_map(|line| style.show(line)).collect();
                    return Some((pieces(&new), (lines.len(), changes)));
                }
                if ends {
                    return None;
                }
                tokio::select! {
                    changed = changes.changed() => changed.ok()?,
                    () = stop.cancelled() => return None,
                }
            }
        }
    });
    let body = stream::iter(pieces(&written)).chain(later.flat_map(stream::iter));
    ([(header::CONTENT_TYPE, kind)], Body::from_stream(body)).into_response()
}
