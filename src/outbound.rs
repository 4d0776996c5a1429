//! Connections that the program makes to others than its own service: over TLS, by the machine's authorities or by one that
//! is named, and HTTP over them.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// Longest time for a connection, its TLS included, to be made.
const CONNECT_LIMIT: Duration = Duration::from_secs(15);
/// Longest time for an answer to come.
const ANSWER_LIMIT: Duration = Duration::from_secs(30);
/// Longest answer that is taken, in bytes.
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// Something to write to and to read from.
pub trait Connection: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Connection for T {}

/// Whom to trust, and as whom to show oneself. Empty paths for the machine's authorities, and for no certificate.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    /// Authorities, PEM.
    pub ca: PathBuf,
    /// Own certificate with its chain, PEM.
    pub certificate: PathBuf,
    /// Its private key, PEM.
    pub key: PathBuf,
}

fn at(path: &Path, error: impl std::fmt::Display) -> io::Error {
    io::Error::other(format!("{}: {error}", path.display()))
}

fn certificates(path: &Path) -> io::Result<Vec<CertificateDer<'static>>> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path).map_err(|error| at(path, error))?.collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(at(path, "there is no certificate in it")),
        Err(error) => Err(at(path, error)),
    }
}

/// The authorities of the machine, those in a file, or both.
///
/// # Errors
/// Naming the file that cannot be used.
pub fn authorities(of_machine: bool, file: Option<&Path>) -> io::Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    if of_machine {
        let native = rustls_native_certs::load_native_certs();
        // What of the machine's own cannot be read is not trusted.
        for error in native.errors {
            tracing::warn!(%error, "an authority of the system cannot be read");
        }
        roots.add_parsable_certificates(native.certs);
    }
    if let Some(file) = file {
        for certificate in certificates(file)? {
            roots.add(certificate).map_err(|error| at(file, error))?;
        }
    }
    Ok(roots)
}

impl Trust {
    /// Reads the files.
    ///
    /// # Errors
    /// Naming the file that cannot be used.
    pub fn read(&self) -> io::Result<Arc<ClientConfig>> {
        let file = Some(&*self.ca).filter(|file| !file.as_os_str().is_empty());
        let roots = authorities(file.is_none(), file)?;
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let config = config.with_safe_default_protocol_versions().map_err(io::Error::other)?;
        let config = config.with_root_certificates(roots);
        let config = if self.certificate.as_os_str().is_empty() {
            config.with_no_client_auth()
        } else {
            let key = PrivateKeyDer::from_pem_file(&self.key).map_err(|error| at(&self.key, error))?;
            config
                .with_client_auth_cert(certificates(&self.certificate)?, key)
                .map_err(|error| at(&self.certificate, error))?
        };
        Ok(Arc::new(config))
    }
}

/// A connection to `host:port`, over TLS where there is a configuration for it.
///
/// # Errors
/// Where it cannot be made in fifteen seconds, or the other side is not who it should be.
pub async fn connect(host: &str, port: u16, tls: Option<Arc<ClientConfig>>) -> io::Result<Box<dyn Connection>> {
    let make = async {
        let stream = TcpStream::connect((host, port)).await?;
        stream.set_nodelay(true)?;
        let Some(tls) = tls else { return Ok(Box::new(stream) as Box<dyn Connection>) };
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        Ok(Box::new(TlsConnector::from(tls).connect(name, stream).await?) as Box<dyn Connection>)
    };
    tokio::time::timeout(CONNECT_LIMIT, make).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
}

/// What an HTTP server answers to something that is posted to it.
///
/// # Errors
/// Where it cannot be reached, does not answer in thirty seconds, or answers with more than 1 MiB.
pub async fn post(
    url: &str,
    trust: &Trust,
    content_type: &'static str,
    content: Vec<u8>,
) -> io::Result<(StatusCode, Bytes)> {
    post_with(url, trust, content_type, None, content).await
}

/// As [`post`], with the value of `Authorization` where there is one.
///
/// # Errors
/// As [`post`].
pub async fn post_with(
    url: &str,
    trust: &Trust,
    content_type: &'static str,
    authorization: Option<&str>,
    content: Vec<u8>,
) -> io::Result<(StatusCode, Bytes)> {
    let uri: Uri = url.parse().map_err(io::Error::other)?;
    let (tls, usual) = match uri.scheme_str() {
        Some("http") => (None, 80),
        Some("https") => (Some(trust.read()?), 443),
        _ => return Err(io::Error::other("an address begins with http:// or https://")),
    };
    let authority = uri.authority().ok_or_else(|| io::Error::other("an address names a host"))?;
    let host = authority.host().trim_matches(['[', ']']);
    let stream = connect(host, authority.port_u16().unwrap_or(usual), tls).await?;
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let request = Request::post(path).header(HOST, authority.as_str()).header(CONTENT_TYPE, content_type);
    let request = match authorization {
        Some(value) => request.header(AUTHORIZATION, value),
        None => request,
    };
    let request = request.body(Full::new(Bytes::from(content))).map_err(io::Error::other)?;
    let exchange = async {
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
        // With its end the sender goes, and with it the connection.
        let answer = async move {
            let answer = sender.send_request(request).await.map_err(io::Error::other)?;
            let status = answer.status();
            let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await.map_err(io::Error::other)?;
            Ok((status, body.to_bytes()))
        };
        let (answer, _) = tokio::join!(answer, connection);
        answer
    };
    tokio::time::timeout(ANSWER_LIMIT, exchange).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
}
