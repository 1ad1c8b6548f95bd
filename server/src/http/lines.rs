//! The one thread that holds the connections and reads the answers of the model.

use std::io;

use tokio::runtime::{Builder, Handle, Runtime};

/// A runtime of one worker for connections, streams and the upstream's side of answers. A piece of an answer runs through
/// several tasks within microseconds; on one thread they find each other's data in the processor's cache, and none has to wake
/// another processor. What takes long (making pages, use cases, jobs) runs on the main runtime, so that a stream never waits
/// for a page.
pub(crate) struct Lines(Option<Runtime>);

impl Lines {
    pub(crate) fn start() -> io::Result<Self> {
        Builder::new_multi_thread().worker_threads(1).thread_name("lines").enable_all().build().map(|it| Self(Some(it)))
    }

    /// To run something on it.
    pub(crate) fn handle(&self) -> Handle {
        // There until it is dropped.
        self.0.as_ref().map_or_else(Handle::current, |runtime| runtime.handle().clone())
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        // It is dropped by a task, which must not wait.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
