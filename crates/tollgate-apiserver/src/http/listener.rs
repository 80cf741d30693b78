//! Connections: accepted within limits, spoken to over TLS, ended in peace.

use super::clients::Clients;
use super::identity::Peer;
use super::service::Service;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;

/// Connections that are open at a time.
const CONNECTIONS_MAX: u32 = 10_000;
/// How long a handshake may take.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// Requests that are under way on one connection of HTTP/2.
const STREAMS_MAX: u32 = 250;
/// How large all headers of a request may be together.
const HEADER_BYTES_MAX: u32 = 1024 * 1024;
/// How long requests that are under way may take once the server is being stopped.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);

/// Why the server cannot listen.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {why}")]
pub struct ListenerError {
    /// Where.
    pub address: SocketAddr,
    /// What the system says.
    pub why: std::io::Error,
}

/// A socket that is bound, and how it speaks TLS.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    tls: Arc<rustls::ServerConfig>,
}

impl Listener {
    /// Binds an address.
    pub async fn bind(
        address: SocketAddr,
        tls: rustls::ServerConfig,
    ) -> Result<Self, ListenerError> {
        let socket = TcpListener::bind(address).await;
        let socket = socket.map_err(|why| ListenerError { address, why })?;
        Ok(Self {
            socket,
            tls: Arc::new(tls),
        })
    }

    /// Where it listens; the port is the real one if 0 was asked for.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.socket.local_addr()
    }
}

/// Serves until `stop` resolves, then lets requests that are under way end.
pub async fn serve(listener: Listener, service: Arc<Service>, stop: impl Future<Output = ()>) {
    let acceptor = TlsAcceptor::from(listener.tls);
    let permits = Arc::new(Semaphore::new(CONNECTIONS_MAX as usize));
    let clients = Clients::default();
    tokio::pin!(stop);
    loop {
        let accepted = async {
            let permit = Arc::clone(&permits).acquire_owned().await.ok()?;
            let (stream, client) = listener.socket.accept().await.ok()?;
            Some((permit, stream, client.ip().to_canonical()))
        };
        let accepted = tokio::select! {
            accepted = accepted => accepted,
            () = &mut stop => break,
        };
        let Some((permit, stream, client)) = accepted else {
            // Out of file descriptors: others will be closed.
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        // Whoever has as many as they may have is hung up on, so that others still find room.
        let Some(place) = clients.enter(client, service.connections_per_client) else {
            continue;
        };
        let _ = stream.set_nodelay(true);
        let (acceptor, service) = (acceptor.clone(), Arc::clone(&service));
        tokio::spawn(async move {
            connection(stream, client, acceptor, service).await;
            drop((permit, place));
        });
    }
    service.stopping.send_replace(true);
    drop(listener.socket);
    // All permits are back once the last connection has ended.
    let ended = permits.acquire_many(CONNECTIONS_MAX);
    let _ = tokio::time::timeout(DRAIN_TIMEOUT, ended).await;
}

async fn connection<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    client: IpAddr,
    acceptor: TlsAcceptor,
    service: Arc<Service>,
) {
    let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE_TIMEOUT, acceptor.accept(stream)).await
    else {
        return;
    };
    let (_, tls) = stream.get_ref();
    let certificate = tls.peer_certificates().and_then(|chain| chain.first());
    let peer = Arc::new(Peer::new(certificate, Some(client)));
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(service.header_timeout)
        .max_buf_size(1024 * 1024);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_MAX)
        .max_header_list_size(HEADER_BYTES_MAX)
        .keep_alive_interval(Duration::from_secs(30));
    let mut stopping = service.stopping.subscribe();
    let answer = service_fn(move |request| {
        let answer = Arc::clone(&service).answer(request, Arc::clone(&peer));
        async move { Ok::<_, Infallible>(answer.await) }
    });
    let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), answer);
    tokio::pin!(connection);
    tokio::select! {
        // A client that goes away is no failure of ours.
        _ = &mut connection => return,
        _ = stopping.wait_for(|stopping| *stopping) => {}
    }
    // What is under way is answered, nothing else.
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}
