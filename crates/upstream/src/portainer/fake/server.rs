//! Connections. An answer that carries [`DropConnection`] is not sent: the connection breaks instead.

use std::{io, pin::Pin, sync::Arc};

use axum::{Router, body::Body};
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::Service};
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{Shared, routes, tls::ServerTls};

/// On an answer: do not send it, break the connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct DropConnection;

/// The running server, between two outages.
pub(super) struct Run {
    stop: DropGuard,
    server: JoinHandle<()>,
}

impl Run {
    pub(super) async fn stop(self) {
        drop(self.stop);
        let _ended = self.server.await;
    }
}

pub(super) fn serve(listener: TcpListener, shared: Arc<Shared>, tls: Option<&ServerTls>) -> Run {
    let stop = CancellationToken::new();
    let router = routes::router(shared, stop.clone());
    let acceptor = tls.map(|tls| tls.acceptor.clone());
    let server = tokio::spawn(accept(listener, router, acceptor, stop.clone()));
    Run { stop: stop.drop_guard(), server }
}

async fn accept(listener: TcpListener, router: Router, acceptor: Option<TlsAcceptor>, stop: CancellationToken) {
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => break,
        };
        let Ok((stream, _)) = accepted else { continue };
        let (router, acceptor, stop) = (router.clone(), acceptor.clone(), stop.clone());
        connections.spawn(async move {
            let connection = async {
                match acceptor {
                    None => speak(stream, router).await,
                    Some(acceptor) => match acceptor.accept(stream).await {
                        Ok(stream) => speak(stream, router).await,
                        Err(error) => tracing::debug!(%error, "a handshake failed"),
                    },
                }
            };
            tokio::select! {
                () = connection => {}
                () = stop.cancelled() => {}
            }
        });
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn speak(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, router: Router) {
    let service = Breaking(TowerToHyperService::new(router));
    if let Err(error) = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await {
        tracing::debug!(%error, "a connection ended");
    }
}

/// The routes, with the power to break the connection.
struct Breaking(TowerToHyperService<Router>);

impl Service<Request<Incoming>> for Breaking {
    type Response = Response<Body>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Response<Body>>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let answer = self.0.call(request);
        Box::pin(async move {
            let Ok(answer) = answer.await;
            if answer.extensions().get::<DropConnection>().is_some() {
                return Err(io::Error::other("broken on purpose"));
            }
            Ok(answer)
        })
    }
}
