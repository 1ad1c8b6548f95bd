//! Event streams that are answers to a POST: `EventSource` can only GET, and tunnels buffer what is not an event stream.

use eventsource_stream::Eventsource;
use futures::{Stream, StreamExt, stream};
use types::{Problem, ProblemCode};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, ReadableStreamDefaultReader, RequestInit, Response};

use super::wait::at_most;

/// The server sends something at least every 15 s; twice that in silence means the line is dead.
const SILENCE_MS: i32 = 30_000;

/// Why a stream gives no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamError {
    /// The line is cut, or the server is away for a moment: asking again is right.
    Lost,
    /// The server says no: asking again gives the same.
    Refused(Problem),
}

/// Opens a stream and gives the data of its events. Dropping it closes the line.
///
/// # Errors
/// As [`StreamError`].
pub async fn open(url: &str) -> Result<impl Stream<Item = Result<String, StreamError>> + use<>, StreamError> {
    let line = Line::open(url).await?;
    let bytes = stream::unfold(Some(line), |line| async {
        let line = line?;
        match line.read().await {
            Ok(Some(bytes)) => Some((Ok(bytes), Some(line))),
            Ok(None) => None,
            Err(error) => Some((Err(error), None)),
        }
    });
    Ok(bytes.eventsource().map(|event| event.map(|event| event.data).map_err(|_| StreamError::Lost)))
}

/// An open response and the way to close it.
struct Line {
    reader: ReadableStreamDefaultReader,
    abort: AbortController,
}

impl Line {
    async fn open(url: &str) -> Result<Self, StreamError> {
        let window = web_sys::window().ok_or(StreamError::Lost)?;
        let abort = AbortController::new().map_err(lost)?;
        let init = RequestInit::new();
        init.set_method("POST");
        init.set_signal(Some(&abort.signal()));
        let Some(response) = at_most(SILENCE_MS, &window.fetch_with_str_and_init(url, &init)).await else {
            abort.abort();
            return Err(StreamError::Lost);
        };
        let response: Response = response.dyn_into().map_err(lost)?;
        if !response.ok() {
            return Err(refusal(&response).await);
        }
        let reader = response.body().ok_or(StreamError::Lost)?.get_reader().unchecked_into();
        Ok(Self { reader, abort })
    }

    /// The next bytes; none at the end.
    async fn read(&self) -> Result<Option<Vec<u8>>, StreamError> {
        let chunk = at_most(SILENCE_MS, &self.reader.read()).await.ok_or(StreamError::Lost)?;
        let get = |name: &str| js_sys::Reflect::get(&chunk, &JsValue::from_str(name)).map_err(lost);
        if get("done")?.is_truthy() {
            return Ok(None);
        }
        Ok(Some(js_sys::Uint8Array::new(&get("value")?).to_vec()))
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.abort.abort();
    }
}

fn lost(_: impl Into<JsValue>) -> StreamError {
    StreamError::Lost
}

/// A problem in words, unless a proxy answered or the server is only away for a moment.
async fn refusal(response: &Response) -> StreamError {
    if response.status() >= 500 || response.status() == 429 {
        return StreamError::Lost;
    }
    let problem = match response.text() {
        Ok(text) => JsFuture::from(text).await.ok().and_then(|text| text.as_string()),
        Err(_) => None,
    }
    .and_then(|text| serde_json::from_str::<Problem>(&text).ok());
    let code = if response.status() == 401 { ProblemCode::SignInRequired } else { ProblemCode::NotFound };
    StreamError::Refused(
        problem.unwrap_or_else(|| Problem::new(code, "This answer can't be followed any more. Load the page again.")),
    )
}
