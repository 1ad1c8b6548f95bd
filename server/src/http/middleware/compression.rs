//! Pages and data are compressed on the way; site files were compressed at the build, event streams must not wait.

use http::{Extensions, HeaderMap, StatusCode, Version, header};
use tower_http::{
    CompressionLevel,
    compression::{CompressionLayer, Predicate, predicate::SizeAbove},
};

/// Fast settings: a page of 20 kB costs well under a millisecond and loses a tenth against the best.
const LEVEL: CompressionLevel = CompressionLevel::Precise(4);
/// Below this the headers cost more than is won.
const SMALLEST: u16 = 860;

/// The layer for pages and server functions.
pub(crate) fn layer() -> CompressionLayer<impl Predicate> {
    CompressionLayer::new().quality(LEVEL).compress_when(SizeAbove::new(SMALLEST).and(is_text))
}

fn is_text(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.starts_with("text/html") || kind.starts_with("application/json")
}
