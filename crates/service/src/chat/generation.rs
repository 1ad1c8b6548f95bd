//! The task that writes one answer: it owns the upstream's stream and puts each piece where watchers and the flusher find
//! it. It belongs to the server, not to a connection: readers come and go.

use std::sync::Arc;

use futures::StreamExt;
use tokio::{
    runtime::Handle,
    time::{Duration, timeout},
};
use types::GenerationState;
use upstream::phoenix::{ChatDelta, ChatRequest, ChatStream, Inference, PhoenixError};

use super::{
    hub::Hub,
    live::{Cause, Ending, Live, MAX_ANSWER},
    readings,
};

/// After "finished", how long to wait for token counts and the end of the stream.
const AFTERMATH: Duration = Duration::from_secs(2);

/// Starts the task. The ending is stored and announced by the flusher.
pub(super) fn spawn(
    runtime: &Handle,
    inference: Arc<dyn Inference>,
    hub: Arc<Hub>,
    live: Arc<Live>,
    request: ChatRequest,
) {
    hub.insert(Arc::clone(&live));
    let closing = Closing { hub, live };
    readings::generation_begins();
    let live = Arc::clone(&closing.live);
    let relayed = Arc::clone(&live);
    live.reading.begin(Box::pin(async move { relay(inference.as_ref(), request, &relayed).await }));
    runtime.spawn(async move {
        let live = &closing.live;
        let ending = tokio::select! {
            biased;
            cause = live.called_off() => called_off(cause),
            ending = live.reading.to_the_end() => ending,
        };
        // Closes the upstream's connection at once, if it is open.
        live.reading.let_go();
        live.close(ending);
    });
}

/// Whatever happens to the task, its generation ends and the flusher hears of it.
struct Closing {
    hub: Arc<Hub>,
    live: Arc<Live>,
}

impl Drop for Closing {
    fn drop(&mut self) {
        self.live.reading.let_go();
        self.live.close(Ending {
            state: GenerationState::Interrupted,
            error: Some(
                "The server gave this answer up because of a defect. The text so far is kept; use “continue”.".into(),
            ),
        });
        readings::generation_ends();
        self.hub.ended.notify_one();
    }
}

fn called_off(cause: Cause) -> Ending {
    match cause {
        Cause::Person => Ending { state: GenerationState::Stopped, error: None },
        Cause::Shutdown => Ending {
            state: GenerationState::Interrupted,
            error: Some("The server was restarted in the middle of the answer. The text so far is kept; use “continue” to go on.".into()),
        },
    }
}

async fn relay(inference: &dyn Inference, request: ChatRequest, live: &Live) -> Ending {
    match inference.chat(request).await {
        Ok(stream) => copy(stream, live).await,
        Err(error) => failure(&error, live),
    }
}

async fn copy(mut stream: ChatStream, live: &Live) -> Ending {
    while let Some(item) = stream.next().await {
        match item {
            Ok(ChatDelta::Text(text)) => {
                if !live.push(&text) {
                    return too_long();
                }
            }
            Ok(ChatDelta::Usage(usage)) => live.set_usage(usage),
            Ok(ChatDelta::Finished { .. }) => {
                // The answer is whole; what goes wrong from here on does not matter any more.
                if !timeout(AFTERMATH, aftermath(&mut stream, live)).await.unwrap_or(true) {
                    return too_long();
                }
                break;
            }
            Err(error) => return failure(&error, live),
        }
    }
    if live.has_new_text() {
        Ending { state: GenerationState::Complete, error: None }
    } else {
        Ending {
            state: GenerationState::Failed,
            error: Some("The model sent an empty answer. Try again, or choose another model.".into()),
        }
    }
}

/// Token counts, and text of servers that say "finished" early. `false` when the answer is too long.
async fn aftermath(stream: &mut ChatStream, live: &Live) -> bool {
    while let Some(Ok(delta)) = stream.next().await {
        match delta {
            ChatDelta::Usage(usage) => live.set_usage(usage),
            ChatDelta::Text(text) if !live.push(&text) => return false,
            ChatDelta::Text(_) | ChatDelta::Finished { .. } => {}
        }
    }
    true
}

fn failure(error: &PhoenixError, live: &Live) -> Ending {
    tracing::warn!(generation = %live.subject.id, %error, "an answer failed");
    let state = if live.has_new_text() { GenerationState::Interrupted } else { GenerationState::Failed };
    Ending { state, error: Some(error.message()) }
}

fn too_long() -> Ending {
    Ending {
        state: GenerationState::Interrupted,
        error: Some(format!("The answer grew past {} MB and was cut off here.", MAX_ANSWER / 1024 / 1024)),
    }
}
