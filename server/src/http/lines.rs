//! The one thread that holds the connections and reads the answers of the model.

use std::{io, thread};

use tokio::{
    runtime::{Builder, Handle},
    sync::oneshot,
};

/// A runtime of one thread for connections, streams and the upstream's side of answers. A piece of an answer runs through
/// several tasks within microseconds; on one thread they find each other's data in the processor's cache, and none has to wake
/// another processor. What takes long (making pages, use cases, jobs) runs on the main runtime, so that a stream never waits
/// for a page.
pub(crate) struct Lines {
    handle: Handle,
    /// The thread ends when this is dropped.
    _running: oneshot::Sender<()>,
}

impl Lines {
    pub(crate) fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (running, ended) = oneshot::channel::<()>();
        thread::Builder::new().name("lines".to_owned()).spawn(move || {
            // An error here is the sender's end.
            let _ = runtime.block_on(ended);
            runtime.shutdown_background();
        })?;
        Ok(Self { handle, _running: running })
    }

    /// To run something on it.
    pub(crate) fn handle(&self) -> Handle {
        self.handle.clone()
    }
}
