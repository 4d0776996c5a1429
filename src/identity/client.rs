//! Requests to the provider: over TLS (in clear to this machine only), bounded in time and size; redirects are not followed.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use http::header::ACCEPT;
use http::{HeaderValue, Request, StatusCode};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::{self, ClientConfig};

use crate::config::is_protected_address;
use crate::outbound::authorities;

use super::refusal::{Cause, Refusal};

/// Largest answer, in bytes; documents and keys of known providers are some KiB.
const ANSWER_MAX_BYTES: usize = 256 << 10;

/// Why requests cannot be made at all.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The file of further authorities cannot be read, or holds none.
    #[error("access.oidc.ca: {0}")]
    Authority(std::io::Error),
    /// TLS cannot be set up with what this build has.
    #[error("access.oidc.issuer: TLS cannot be used: {0}")]
    Protocol(rustls::Error),
    /// The operating system gives no random bytes.
    #[error("there is no randomness: {0}")]
    Random(std::io::Error),
}

/// Who asks the provider.
pub(crate) struct Client {
    inner: hyper_util::client::legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    longest: Duration,
}

impl Client {
    /// One that believes the authorities of the system, and those in the file `ca` where one is named; each answer may
    /// take `longest`.
    ///
    /// # Errors
    /// [`ClientError`] where the file cannot be read, or holds no certificate.
    pub(crate) fn new(ca: &Path, longest: Duration) -> Result<Self, ClientError> {
        let connector = HttpsConnectorBuilder::new().with_tls_config(tls(ca)?).https_or_http().enable_http1().build();
        // A connection for each request: there are a few in a sign-in, and none that was closed meanwhile is tried.
        let inner = hyper_util::client::legacy::Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(0)
            .build(connector);
        Ok(Self { inner, longest })
    }

    /// Asks for a document.
    pub(crate) async fn get(&self, address: &str) -> Result<(StatusCode, Bytes), Refusal> {
        self.ask(Request::get(address), Bytes::new()).await
    }

    /// Sends a request with a body, and takes in the whole answer.
    ///
    /// # Errors
    /// Where there is no answer within the limits of time and size.
    pub(crate) async fn ask(
        &self,
        request: http::request::Builder,
        body: impl Into<Bytes>,
    ) -> Result<(StatusCode, Bytes), Refusal> {
        let request = request.header(ACCEPT, HeaderValue::from_static("application/json")).body(Full::new(body.into()));
        let request = request.map_err(|error| Refusal::new(Cause::NotUnderstood, error.to_string()))?;
        if !is_protected_address(&request.uri().to_string()) {
            return Err(Refusal::new(Cause::Unprotected, request.uri().to_string()));
        }
        let address = request.uri().to_string();
        let answer = async {
            let answer = self.inner.request(request).await;
            let answer =
                answer.map_err(|error| Refusal::new(Cause::Unreachable, format!("{address}: {}", told(&error))))?;
            let status = answer.status();
            let body = Limited::new(answer.into_body(), ANSWER_MAX_BYTES).collect().await.map_err(|error| {
                let is_long = error.downcast_ref::<LengthLimitError>().is_some();
                let cause = if is_long { Cause::TooLarge } else { Cause::Unreachable };
                Refusal::new(cause, format!("{address}: {}", told(&*error)))
            })?;
            Ok((status, body.to_bytes()))
        };
        let late = |_| Refusal::new(Cause::TooSlow, format!("{address}: no answer within {:?}", self.longest));
        tokio::time::timeout(self.longest, answer).await.map_err(late)?
    }
}

/// An error with what lies behind it.
fn told(error: &(dyn std::error::Error + 'static)) -> String {
    let chain = std::iter::successors(Some(error), |error| error.source());
    chain.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

fn tls(ca: &Path) -> Result<ClientConfig, ClientError> {
    let file = Some(ca).filter(|file| !file.as_os_str().is_empty());
    let roots = authorities(true, file).map_err(ClientError::Authority)?;
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(ClientError::Protocol)?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}
