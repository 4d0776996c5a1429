//! Where the provider's endpoints are, and its keys: asked for when they are needed, and kept for a while.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jsonwebtoken::jwk::Jwk;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::sync::Mutex;

use crate::config::is_protected_address;

use super::client::Client;
use super::refusal::{Cause, Refusal};

/// How long endpoints and keys are kept. Keys that are not among those kept are asked for at once.
const KEPT: Duration = Duration::from_secs(3600);

/// How long others are spared a wait that has just been in vain.
const FAILURE_KEPT: Duration = Duration::from_secs(2);

/// What the provider publishes of itself (OpenID Connect Discovery 1.0); of it what is used.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Document {
    pub issuer: String,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    pub jwks_uri: String,
    pub userinfo_endpoint: Option<String>,
    pub end_session_endpoint: Option<String>,
    /// `client_secret_basic` where it says nothing.
    pub token_endpoint_auth_methods_supported: Option<Vec<String>>,
    /// Answers name their issuer (RFC 9207).
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<serde_json::Value>,
}

struct Kept<T> {
    value: Option<(Instant, Arc<T>)>,
    failed: Option<(Instant, Refusal)>,
}

impl<T> Kept<T> {
    fn new() -> Mutex<Self> {
        Mutex::new(Self { value: None, failed: None })
    }

    /// The value, asked for where what is kept is older than `longest`. Whoever comes meanwhile waits outside.
    async fn get(
        &mut self,
        longest: Duration,
        ask: impl Future<Output = Result<T, Refusal>>,
    ) -> Result<Arc<T>, Refusal> {
        if let Some((_, value)) = self.value.as_ref().filter(|(at, _)| at.elapsed() < longest) {
            return Ok(value.clone());
        }
        if let Some((_, refusal)) = self.failed.as_ref().filter(|(at, _)| at.elapsed() < FAILURE_KEPT) {
            return Err(refusal.clone());
        }
        match ask.await {
            Ok(value) => {
                let value = Arc::new(value);
                *self = Self { value: Some((Instant::now(), value.clone())), failed: None };
                Ok(value)
            }
            Err(refusal) => {
                self.failed = Some((Instant::now(), refusal.clone()));
                Err(refusal)
            }
        }
    }
}

/// What is known of the provider.
pub(crate) struct Discovery {
    issuer: String,
    document: Mutex<Kept<Document>>,
    keys: Mutex<Kept<Vec<Jwk>>>,
}

impl Discovery {
    pub(crate) fn new(issuer: &str) -> Self {
        Self { issuer: issuer.to_owned(), document: Kept::new(), keys: Kept::new() }
    }

    /// What the provider says of itself.
    ///
    /// # Errors
    /// Where it does not answer, or says that it is another, or names an address without TLS.
    pub(crate) async fn document(&self, client: &Client) -> Result<Arc<Document>, Refusal> {
        let ask = async {
            let address = format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
            let document: Document = fetch(client, &address).await?;
            if document.issuer != self.issuer {
                return Err(Refusal::new(Cause::OtherIssuer, format!("{address} is of {}", document.issuer)));
            }
            let named = [&document.authorization_endpoint, &document.token_endpoint, &document.jwks_uri];
            let optional = [&document.userinfo_endpoint, &document.end_session_endpoint];
            for address in named.into_iter().chain(optional.into_iter().flatten()) {
                if !is_protected_address(address) {
                    return Err(Refusal::new(Cause::Unprotected, address.clone()));
                }
            }
            Ok(document)
        };
        self.document.lock().await.get(KEPT, ask).await
    }

    /// The keys that tokens are signed with; `anew` where those that are kept do not have the one that is looked for.
    ///
    /// # Errors
    /// Where the provider does not answer.
    pub(crate) async fn keys(&self, client: &Client, anew: bool) -> Result<Arc<Vec<Jwk>>, Refusal> {
        let document = self.document(client).await?;
        let ask = async {
            let set: KeySet = fetch(client, &document.jwks_uri).await?;
            // Keys of kinds that are not known here are no fault of the others.
            Ok(set.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok()).collect())
        };
        let longest = if anew { Duration::ZERO } else { KEPT };
        self.keys.lock().await.get(longest, ask).await
    }
}

/// A document in JSON.
async fn fetch<T: DeserializeOwned>(client: &Client, address: &str) -> Result<T, Refusal> {
    let (status, body) = client.get(address).await?;
    if !status.is_success() {
        return Err(Refusal::new(Cause::Unreachable, format!("{address} answers {status}")));
    }
    serde_json::from_slice(&body).map_err(|error| Refusal::new(Cause::NotUnderstood, format!("{address}: {error}")))
}
