//! Connections as they come in: limited in number, with TLS where that is configured, each knowing who is at the other
//! end.

use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use futures::{Stream, stream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::Sleep;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tonic::transport::server::Connected;

use crate::config::Limits;

use super::origin::{Proxies, proxied};
use super::{Certified, TlsFiles, certified};

/// Longest time for a client to agree on TLS.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Longest time for a client to say what it speaks: those that say nothing would take every place for as long as they
/// like. Later silence ends by the server's own limits, on HTTP/1.1 heads and by the pings of HTTP/2.
const OPENING: Duration = Duration::from_secs(10);
/// Length of the preface of HTTP/2; every HTTP/1.1 request is longer.
const OPENING_BYTES: usize = 24;
/// Connections that wait for the server to take them on.
const WAITING: usize = 64;
/// How long to wait after an error of the listener, such as no more file descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// Who is at the other end of a connection.
#[derive(Debug, Clone)]
pub struct Peer {
    /// Of the connection, or as a believed proxy announces it; none where neither is known.
    pub address: Option<IpAddr>,
    /// The connection is protected by TLS.
    pub is_protected: bool,
    /// Named by a certificate that was checked.
    pub certified: Option<Certified>,
}

/// Connections that were let in and have not said yet what they speak: the server would drop what is on its way on them.
#[derive(Debug, Clone, Default)]
pub struct Newcomers(Arc<AtomicUsize>);

impl Newcomers {
    fn one_more(&self) -> Newcomer {
        self.0.fetch_add(1, Ordering::Relaxed);
        Newcomer(self.0.clone())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }
}

/// Counts until it is dropped.
struct Newcomer(Arc<AtomicUsize>);

impl Drop for Newcomer {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

enum Io {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// One connection, which counts until it ends.
pub struct Connection {
    io: Io,
    peer: Peer,
    /// When the client must have said what it speaks; none once it has.
    opening: Option<Pin<Box<Sleep>>>,
    /// What it has said so far, in bytes, at most as many as are looked for.
    opened: usize,
    /// Until it has.
    newcomer: Option<Newcomer>,
    _permit: OwnedSemaphorePermit,
}

impl Connection {
    fn new(io: Io, peer: Peer, newcomer: Newcomer, permit: OwnedSemaphorePermit) -> Self {
        let opening = Some(Box::pin(tokio::time::sleep(OPENING)));
        Self { io, peer, opening, opened: 0, newcomer: Some(newcomer), _permit: permit }
    }

    /// Takes note of what was read, and gives up a client that says nothing in time.
    fn poll_opening(&mut self, cx: &mut Context<'_>, read: Poll<io::Result<usize>>) -> Poll<io::Result<()>> {
        match read {
            Poll::Ready(Ok(bytes)) => {
                self.opened = self.opened.saturating_add(bytes);
                if self.opened >= OPENING_BYTES {
                    self.opening = None;
                    self.newcomer = None;
                }
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => match &mut self.opening {
                Some(opening) => opening.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into())),
                None => Poll::Pending,
            },
        }
    }
}

impl Connected for Connection {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        self.peer.clone()
    }
}

/// Takes connections until the stream is dropped, also through proxies that may say who calls. Beyond the most at a time they
/// wait in the system's own queue. Nobody is let in any more once `stop` has ended: what comes then is refused by the system,
/// at once and for certain. The stream goes on, for those that were let in may still be on their way.
pub fn connections<S: Future<Output = ()> + Send + 'static>(
    listener: TcpListener,
    tls: Option<TlsFiles>,
    limits: &Limits,
    proxies: Proxies,
    newcomers: Newcomers,
    stop: S,
) -> impl Stream<Item = io::Result<Connection>> + use<S> {
    let (taken, waiting) = mpsc::channel(WAITING);
    let accepting = accept(listener, tls, limits.connections, Arc::new(proxies), newcomers, taken.clone());
    tokio::spawn(async move {
        tokio::select! {
            // Whoever waits in the system's queue comes first.
            biased;
            () = accepting => {}
            // With it the listener goes.
            () = stop => taken.closed().await,
        }
    });
    stream::unfold(waiting, async |mut waiting| Some((Ok(waiting.recv().await?), waiting)))
}

async fn accept(
    listener: TcpListener,
    tls: Option<TlsFiles>,
    most: usize,
    proxies: Arc<Proxies>,
    newcomers: Newcomers,
    taken: mpsc::Sender<Connection>,
) {
    let permits = Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS)));
    loop {
        // The semaphore is never closed.
        let Ok(permit) = permits.clone().acquire_owned().await else { return };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = taken.closed() => return,
        };
        match accepted {
            Ok((stream, _)) => {
                let (tls, proxies, taken) = (tls.clone(), proxies.clone(), taken.clone());
                let newcomer = newcomers.one_more();
                // Each by itself, so that one that is slow to agree on TLS holds up nobody.
                tokio::spawn(async move {
                    match connect(stream, tls, &proxies, newcomer, permit).await {
                        // The server may have stopped meanwhile.
                        Ok(connection) => drop(taken.send(connection).await),
                        Err(error) => tracing::debug!(%error, "a connection was not taken on"),
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

async fn connect(
    mut stream: TcpStream,
    tls: Option<TlsFiles>,
    proxies: &Proxies,
    newcomer: Newcomer,
    permit: OwnedSemaphorePermit,
) -> io::Result<Connection> {
    // Without it an answer waits some 40 ms for the client's acknowledgement.
    stream.set_nodelay(true)?;
    let mut address = stream.peer_addr().ok().map(|address| address.ip().to_canonical());
    if address.is_some_and(|address| proxies.announces(address)) {
        let read = tokio::time::timeout(HANDSHAKE, proxied(&mut stream));
        address = read.await.map_err(|_| io::ErrorKind::TimedOut)??.or(address);
    }
    let Some(tls) = tls else {
        let peer = Peer { address, is_protected: false, certified: None };
        return Ok(Connection::new(Io::Plain(stream), peer, newcomer, permit));
    };
    let handshake = TlsAcceptor::from(tls.current()).accept(stream);
    let stream = tokio::time::timeout(HANDSHAKE, handshake).await.map_err(|_| io::ErrorKind::TimedOut)??;
    let certificates = stream.get_ref().1.peer_certificates();
    let certified = certificates.and_then(|chain| certified(chain.first()?));
    let peer = Peer { address, is_protected: true, certified };
    Ok(Connection::new(Io::Tls(Box::new(stream)), peer, newcomer, permit))
}

/// Does the same to whichever stream it is.
macro_rules! either {
    ($connection:expr, $stream:ident => $what:expr) => {
        match &mut $connection.io {
            Io::Plain($stream) => {
                let $stream = Pin::new($stream);
                $what
            }
            Io::Tls($stream) => {
                let $stream = Pin::new(&mut **$stream);
                $what
            }
        }
    };
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = either!(self, stream => stream.poll_read(cx, buf));
        self.poll_opening(cx, read.map_ok(|()| buf.filled().len() - before))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        either!(self, stream => stream.poll_write(cx, buf))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, stream => stream.poll_flush(cx))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, stream => stream.poll_shutdown(cx))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        either!(self, stream => stream.poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        match &self.io {
            Io::Plain(stream) => stream.is_write_vectored(),
            Io::Tls(stream) => stream.is_write_vectored(),
        }
    }
}
