//! The accept loop. axum's own has no time limits, and a client that sends its headers byte by byte would be served for
//! ever.
//!
//! HTTP/1.1 only: browsers speak HTTP/2 over TLS alone, and TLS ends in front of us.

use std::{convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, body::Body};
use http::Request;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use socket2::SockRef;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::facts::Peer;
use crate::{state::Tuning, telemetry::metrics as names};

/// Out of file descriptors or memory, accepting at once again would only burn time.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(100);
/// A peer that acknowledges nothing for so long is gone: a phone out of reach. TCP itself would wait a quarter of an hour.
const PEER_GONE: Duration = Duration::from_secs(60);
/// Connections that are told at the same time that the server is full, and how long each may take to hear it.
const REFUSALS: usize = 64;
const REFUSAL_TIME: Duration = Duration::from_secs(2);
/// What they are told to wait.
const RETRY_S: u32 = 5;

/// Serves until `stop`, then refuses new connections and returns when the open ones have ended. Drop the future to cut
/// those that do not.
///
/// At most `most` connections are served at once: each costs a file descriptor and memory. Further ones are told so.
pub(crate) async fn serve(listener: TcpListener, app: Router, tuning: Tuning, most: usize, stop: CancellationToken) {
    let places = Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS)));
    let refusals = Arc::new(Semaphore::new(REFUSALS));
    let open = GracefulShutdown::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(tuning.header_timeout).half_close(false);
    // Pieces of an answer are small: one buffer is cheaper to send than a list of three.
    http.writev(false);
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
                    metrics::counter!(names::CONNECTIONS_REFUSED).increment(1);
                    // Past even that, it is closed without a word.
                    if let Ok(refusal) = Arc::clone(&refusals).try_acquire_owned() {
                        tokio::spawn(refuse(stream, refusal));
                    }
                    continue;
                };
                let stream = prepare(stream, tuning.write_timeout);
                let app = app.clone();
                let answer = service_fn(move |request| answer(app.clone(), peer, request));
                let connection = open.watch(http.serve_connection(TokioIo::new(Box::pin(stream)), answer));
                tokio::spawn(run(connection, place));
            }
            Err(error) => {
                tracing::warn!(%error, "could not accept a connection");
                tokio::time::sleep(PAUSE_AFTER_FAILURE).await;
            }
        }
    }
    drop(listener);
    open.shutdown().await;
}

fn prepare(stream: TcpStream, write_timeout: Duration) -> TimeoutStream<TcpStream> {
    // Each piece of an answer leaves at once. Where the system refuses these, it works without.
    let _ = stream.set_nodelay(true);
    #[cfg(target_os = "linux")]
    let _ = SockRef::from(&stream).set_tcp_user_timeout(Some(PEER_GONE));
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(write_timeout));
    stream
}

async fn answer(
    app: Router,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> Result<axum::response::Response, Infallible> {
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(Peer(peer));
    app.oneshot(request).await
}

/// Says that the server is full, in the words of HTTP.
async fn refuse(mut stream: TcpStream, _refusal: OwnedSemaphorePermit) {
    const WORDS: &str = "Too many connections are open at the moment. Try again in a few seconds.\n";
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\nretry-after: {RETRY_S}\r\ncache-control: no-store\r\n\
         content-type: text/plain; charset=utf-8\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{WORDS}",
        WORDS.len()
    );
    let saying = async {
        let mut request = [0; 1024];
        // Not before it has asked: a client takes an answer that comes earlier for an error.
        if stream.read(&mut request).await? > 0 {
            stream.write_all(answer.as_bytes()).await?;
            stream.shutdown().await?;
            // With something unread, closing would take the answer away from the client again.
            while stream.read(&mut request).await? > 0 {}
        }
        Ok::<_, io::Error>(())
    };
    // Whoever does not listen is left.
    let _ = timeout(REFUSAL_TIME, saying).await;
}

async fn run(connection: impl Future<Output = Result<(), hyper::Error>>, _place: OwnedSemaphorePermit) {
    let _open = Open::begin();
    // Time-outs, resets and nonsense from outside: nothing that is ours to mend.
    if let Err(error) = connection.await {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// Counts one connection for as long as it lives.
struct Open(());

impl Open {
    fn begin() -> Self {
        metrics::gauge!(names::CONNECTIONS).increment(1.0);
        Self(())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        metrics::gauge!(names::CONNECTIONS).decrement(1.0);
    }
}
