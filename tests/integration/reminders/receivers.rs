//! Those who take reminders: a mail server over TLS, and a server behind a webhook. Both keep what they were given.

use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use mailin::{Action, AuthMechanism, Handler, Response, SessionBuilder, response};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufStream};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::access::guarded::Authority;

/// A message as it came in.
#[derive(Debug, Clone, Default)]
pub struct Mail {
    pub from: String,
    pub to: Vec<String>,
    /// Head and body.
    pub text: String,
}

/// A mail server of its own certificate, which lets in whoever signs in as it should.
#[derive(Clone, Default)]
pub struct MailServer {
    taken: Arc<Mutex<Vec<Mail>>>,
    /// Addresses that it refuses.
    refused: Arc<Mutex<Vec<String>>>,
}

pub const USER: &str = "bangongting";
pub const PASSWORD: &str = "mail-password";

struct Session {
    server: MailServer,
    mail: Mail,
    data: Vec<u8>,
}

impl Handler for Session {
    fn mail(&mut self, _: IpAddr, _: &str, from: &str) -> Response {
        self.mail = Mail { from: from.to_owned(), ..Mail::default() };
        response::OK
    }

    fn rcpt(&mut self, to: &str) -> Response {
        if self.server.refused.lock().unwrap().iter().any(|refused| refused == to) {
            return response::NO_MAILBOX;
        }
        self.mail.to.push(to.to_owned());
        response::OK
    }

    fn data(&mut self, piece: &[u8]) -> io::Result<()> {
        self.data.extend(piece);
        Ok(())
    }

    fn data_end(&mut self) -> Response {
        let text = String::from_utf8(std::mem::take(&mut self.data)).unwrap();
        self.server.taken.lock().unwrap().push(Mail { text, ..std::mem::take(&mut self.mail) });
        response::OK
    }

    fn auth_plain(&mut self, _: &str, user: &str, password: &str) -> Response {
        if (user, password) == (USER, PASSWORD) { response::AUTH_OK } else { response::INVALID_CREDENTIALS }
    }
}

/// Where TLS begins at a mail server.
#[derive(Clone, Copy)]
pub enum Security {
    FirstByte,
    StartTls,
    Never,
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

impl MailServer {
    /// Begins to serve; its port. The authority that it is to be known by is written to `ca`.
    pub async fn start(&self, ca: &Path, security: Security) -> u16 {
        let authority = Authority::new("mail");
        std::fs::write(ca, &authority.pem).unwrap();
        let issued = authority.server();
        let certificate = CertificateDer::from_pem_slice(issued.certificate.as_bytes()).unwrap();
        let key = PrivateKeyDer::from_pem_slice(issued.key.as_bytes()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, peer)) = listener.accept().await {
                let (acceptor, server) = (acceptor.clone(), server.clone());
                tokio::spawn(async move {
                    let _ = server.serve(stream, peer.ip(), &acceptor, security).await;
                });
            }
        });
        port
    }

    async fn serve(
        self,
        stream: TcpStream,
        peer: IpAddr,
        acceptor: &TlsAcceptor,
        security: Security,
    ) -> io::Result<()> {
        let session = Session { server: self, mail: Mail::default(), data: Vec::new() };
        let mut builder = SessionBuilder::new("localhost");
        builder.enable_auth(AuthMechanism::Plain);
        if matches!(security, Security::StartTls) {
            builder.enable_start_tls();
        }
        let mut session = builder.build(peer, session);
        let mut stream: BufStream<Box<dyn Stream>> = BufStream::new(Box::new(stream));
        if matches!(security, Security::FirstByte) {
            stream = BufStream::new(Box::new(acceptor.accept(stream.into_inner()).await?));
            session.tls_active();
        }
        stream.write_all(&session.greeting().buffer()?).await?;
        stream.flush().await?;
        loop {
            let mut line = Vec::new();
            if stream.read_until(b'\n', &mut line).await? == 0 {
                return Ok(());
            }
            let answer = session.process(&line);
            if answer.action != Action::NoReply {
                stream.write_all(&answer.buffer()?).await?;
                stream.flush().await?;
            }
            match answer.action {
                Action::Close => return Ok(()),
                Action::UpgradeTls => {
                    stream = BufStream::new(Box::new(acceptor.accept(stream.into_inner()).await?));
                    session.tls_active();
                }
                Action::Reply | Action::NoReply => {}
            }
        }
    }

    pub fn refuse(&self, address: &str) {
        self.refused.lock().unwrap().push(address.to_owned());
    }

    pub fn accept_all(&self) {
        self.refused.lock().unwrap().clear();
    }

    /// What was taken since this was asked last, by recipient.
    pub fn taken(&self) -> Vec<Mail> {
        let mut taken = std::mem::take(&mut *self.taken.lock().unwrap());
        taken.sort_by(|one, other| one.to.cmp(&other.to));
        taken
    }
}

/// A server behind a webhook: what was posted with which credentials, and what it answers.
#[derive(Clone)]
pub struct Hook {
    posted: Arc<Mutex<Vec<(String, Value)>>>,
    answer: Arc<Mutex<StatusCode>>,
}

impl Default for Hook {
    fn default() -> Self {
        Self { posted: Arc::default(), answer: Arc::new(Mutex::new(StatusCode::OK)) }
    }
}

impl Hook {
    /// Begins to serve; its address.
    pub async fn start(&self) -> String {
        let take = async |State(hook): State<Self>, headers: HeaderMap, body: Bytes| {
            let shown = headers.get("authorization").map(|value| value.to_str().unwrap().to_owned());
            hook.posted.lock().unwrap().push((shown.unwrap_or_default(), serde_json::from_slice(&body).unwrap()));
            *hook.answer.lock().unwrap()
        };
        let routes = Router::new().route("/remind", post(take)).with_state(self.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/remind", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        address
    }

    pub fn answer(&self, status: StatusCode) {
        *self.answer.lock().unwrap() = status;
    }

    pub fn posted(&self) -> Vec<(String, Value)> {
        std::mem::take(&mut *self.posted.lock().unwrap())
    }
}
