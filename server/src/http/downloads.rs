//! What is handed out as a file: `GET /admin/audit/export?format=csv|jsonl&…`, with the filter of the audit's page.

use std::collections::HashMap;

use app::{pages::admin::audit::ask, server::RequestCx};
use axum::{
    Extension,
    body::Body,
    extract::{Query, State},
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use futures::stream;
use http::{HeaderValue, header};
use service::AuditFormat;
use types::{Permission, Problem};

use super::{problem, working};
use crate::state::AppState;

/// The audit, oldest first, a few hundred records at a time: as much memory however many there are. A download that can't be
/// brought to its end is broken off, so that nobody takes a part for the whole.
pub(crate) async fn audit(
    State(state): State<AppState>,
    Extension(cx): Extension<RequestCx>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let admin = match cx.viewer.admin() {
        Ok(admin) => admin,
        Err(error) => return problem::page(&cx, &problem::from_service(&error, &cx.viewer.origin().trace_id)),
    };
    let (format, kind, ending) = match query.get("format").map(String::as_str) {
        Some("csv") | None => (AuditFormat::Csv, "text/csv; charset=utf-8; header=present", "csv"),
        Some("jsonl") => (AuditFormat::JsonLines, "application/jsonl", "jsonl"),
        Some(_) => return problem::page(&cx, &Problem::field("format", "The audit comes as `csv` or as `jsonl`.")),
    };
    let filter = match ask::filter(&query) {
        Ok(filter) => filter,
        Err(wrong) => return problem::page(&cx, &wrong),
    };
    let export = cx.services.audit().export(admin.auditor(), filter, format);
    let revoked = cx.services.sessions().revoked(admin.user().id, admin.session(), Permission::Administrator);
    let pieces = stream::try_unfold((export, Box::pin(revoked)), |(mut export, mut revoked)| async move {
        let piece = tokio::select! {
            biased;
            () = &mut revoked => return Err(std::io::Error::other("its session has ended")),
            piece = export.next() => piece,
        };
        match piece {
            Ok(piece) => Ok(piece.map(|text| (Bytes::from(text), (export, revoked)))),
            Err(error) => {
                tracing::warn!(%error, "a download of the audit was broken off");
                Err(std::io::Error::other("the database failed"))
            }
        }
    });
    let day: String = app::server::machine(cx.services.world().now()).chars().take(10).collect();
    let name = format!("attachment; filename=\"thinkheads-audit-{day}.{ending}\"");
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CONTENT_DISPOSITION, HeaderValue::try_from(name).unwrap_or(HeaderValue::from_static("attachment"))),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, Body::from_stream(working::pieces(&state.workers, pieces))).into_response()
}
