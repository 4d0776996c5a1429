//! The steps of signing in at the provider, and where to sign out there.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Request, StatusCode};
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use std::time::Duration;

use crate::config::Oidc;

use super::attempt::{Attempt, Attempts};
use super::client::{Client, ClientError};
use super::discovery::{Discovery, Document};
use super::id_token::{self, Expected};
use super::refusal::{Cause, Refusal};
use super::signatures;

/// Longest address to sign out at, in bytes; where the identity token makes it longer, it is left out.
const SIGN_OUT_MAX_BYTES: usize = 6000;

/// Longest error code of the provider that is logged, in characters.
const CODE_MAX_CHARACTERS: usize = 60;

/// An identity provider, as this service is known there.
pub struct Provider {
    settings: Oidc,
    /// Where browsers reach this service.
    public_url: String,
    /// Where the provider sends browsers with its answer.
    redirect: String,
    secret: Option<String>,
    client: Client,
    discovery: Discovery,
    attempts: Attempts,
}

/// A sign-in that has begun.
pub struct Begun {
    /// Where the browser goes now.
    pub address: String,
    /// Names the attempt: the provider gives it back with its answer. No secret.
    pub state: String,
    /// What the browser is to keep meanwhile; secret.
    pub cookie: String,
}

/// What the browser brings from the provider.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Names the attempt; none where the browser brings something else than an answer.
    pub state: Option<String>,
    code: Option<String>,
    error: Option<String>,
    iss: Option<String>,
    /// Something is said twice.
    is_twofold: bool,
}

impl Answer {
    /// Of the query of an address.
    pub fn of_query(query: &str) -> Self {
        let mut answer = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let place = match &*name {
                "state" => &mut answer.state,
                "code" => &mut answer.code,
                "error" => &mut answer.error,
                "iss" => &mut answer.iss,
                _ => continue,
            };
            answer.is_twofold |= place.replace(value.into_owned()).is_some();
        }
        answer
    }
}

/// Who somebody is, as the provider says.
pub struct Identity {
    /// The value of the claim that names the principal.
    pub name: String,
    /// Where to sign out at the provider, if it offers that.
    pub sign_out: Option<String>,
    /// Where the browser goes next: a path of this service.
    pub back: String,
}

/// A sign-in that came to nothing.
pub struct Refused {
    /// Why.
    pub refusal: Refusal,
    /// As [`Identity::back`].
    pub back: String,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: Option<String>,
    access_token: Option<String>,
}

#[derive(Deserialize)]
struct TokenError {
    error: String,
}

impl Provider {
    /// The provider of these settings; nothing is asked of it yet. `public_url` has no path, and `secret` is that of the
    /// client, where it has one; `key` that of several instances, of which any may take the answer to what another has begun.
    ///
    /// # Errors
    /// Where the file of authorities cannot be used, or the system gives no random bytes.
    pub fn new(
        settings: &Oidc,
        public_url: &str,
        secret: Option<String>,
        key: Option<[u8; 32]>,
    ) -> Result<Self, ClientError> {
        signatures::install();
        let public_url = public_url.trim_end_matches('/').to_owned();
        Ok(Self {
            redirect: format!("{public_url}{}", Self::ANSWER_PATH),
            public_url,
            secret,
            client: Client::new(&settings.ca, Duration::from_secs(settings.timeout_seconds))?,
            discovery: Discovery::new(&settings.issuer),
            attempts: Attempts::new(key).map_err(ClientError::Random)?,
            settings: settings.clone(),
        })
    }

    /// The path of this service that the provider sends browsers to.
    pub const ANSWER_PATH: &str = "/session/provider/callback";

    /// Those it was made of.
    pub fn settings(&self) -> &Oidc {
        &self.settings
    }

    /// Whether browsers reach this service over TLS.
    pub fn is_public_url_protected(&self) -> bool {
        self.public_url.starts_with("https:")
    }

    /// Whether the provider answers as it should.
    ///
    /// # Errors
    /// What is wrong.
    pub async fn check(&self) -> Result<(), Refusal> {
        self.discovery.keys(&self.client, false).await.map(|_| ())
    }

    /// Begins a sign-in that leads back to the path `back`.
    ///
    /// # Errors
    /// Where the provider does not answer.
    pub async fn begin(&self, back: &str) -> Result<Begun, Refusal> {
        let document = self.discovery.document(&self.client).await?;
        let attempt = self.attempts.begin(back).map_err(|error| Refusal::new(Cause::Unreachable, error.to_string()))?;
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(attempt.verifier.as_bytes()));
        let address = with_parameters(
            &document.authorization_endpoint,
            &[
                ("response_type", "code"),
                ("client_id", &self.settings.client_id),
                ("redirect_uri", &self.redirect),
                ("scope", &self.settings.scopes.join(" ")),
                ("state", &attempt.state),
                ("nonce", &attempt.nonce),
                ("code_challenge", &challenge),
                ("code_challenge_method", "S256"),
            ],
        );
        Ok(Begun { address, state: attempt.state, cookie: attempt.cookie })
    }

    /// Ends a sign-in with the provider's answer and the cookie of the browser that brings it. `now`: seconds since 1970.
    ///
    /// # Errors
    /// Why nobody is signed in.
    pub async fn finish(&self, answer: &Answer, cookie: Option<&str>, now: i64) -> Result<Identity, Refused> {
        let state = answer.state.as_deref().unwrap_or_default();
        let attempt = self.attempts.answer(cookie, state);
        let attempt = attempt.map_err(|refusal| Refused { refusal, back: "/".to_owned() })?;
        match self.identify(answer, &attempt, now).await {
            Ok((name, sign_out)) => Ok(Identity { name, sign_out, back: attempt.back }),
            Err(refusal) => Err(Refused { refusal, back: attempt.back }),
        }
    }

    /// The name of the principal, and where to sign out.
    async fn identify(
        &self,
        answer: &Answer,
        attempt: &Attempt,
        now: i64,
    ) -> Result<(String, Option<String>), Refusal> {
        if answer.is_twofold {
            return Err(Refusal::new(Cause::AnswerMalformed, "something is said twice"));
        }
        let document = self.discovery.document(&self.client).await?;
        match &answer.iss {
            Some(issuer) if *issuer != document.issuer => return Err(Cause::IssuerMixedUp.into()),
            None if document.authorization_response_iss_parameter_supported => {
                return Err(Refusal::new(Cause::IssuerMixedUp, "the answer does not name its issuer"));
            }
            _ => {}
        }
        match (answer.error.as_deref(), &answer.code) {
            (Some("access_denied"), _) => Err(Cause::ConsentRefused.into()),
            (Some(error), _) => Err(Refusal::new(Cause::ProviderRefused, known_error(error))),
            (None, None) => Err(Refusal::new(Cause::AnswerMalformed, "there is no code")),
            (None, Some(code)) => {
                let tokens = self.exchange(&document, code, attempt).await?;
                let token = tokens.id_token.ok_or(Refusal::new(Cause::TokenMalformed, "there is none"))?;
                let expected = Expected {
                    issuer: &document.issuer,
                    client_id: &self.settings.client_id,
                    nonce: &attempt.nonce,
                    now,
                };
                let claims = self.verified(&token, &expected).await?;
                let name = match self.claim(&claims) {
                    Some(name) => name,
                    None => self.asked_for(&document, tokens.access_token, &claims).await?,
                };
                Ok((name, self.sign_out(&document, Some(&token))))
            }
        }
    }

    /// The tokens for a code.
    async fn exchange(&self, document: &Document, code: &str, attempt: &Attempt) -> Result<Tokens, Refusal> {
        let client_id = self.settings.client_id.as_str();
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect),
            ("code_verifier", &attempt.verifier),
        ];
        let mut request =
            Request::post(&document.token_endpoint).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let methods = document.token_endpoint_auth_methods_supported.as_deref().unwrap_or_default();
        let takes_basic = methods.is_empty() || methods.iter().any(|method| method == "client_secret_basic");
        match &self.secret {
            Some(secret) if takes_basic => {
                // As in a form, before they are joined (RFC 6749, 2.3.1).
                let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
                let both = STANDARD.encode(format!("{}:{}", encoded(client_id), encoded(secret)));
                request = request.header(AUTHORIZATION, format!("Basic {both}"));
            }
            Some(secret) => form.extend([("client_id", client_id), ("client_secret", secret)]),
            None => form.push(("client_id", client_id)),
        }
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let (status, answer) = self.client.ask(request, body).await?;
        if status.is_success() {
            let read = serde_json::from_slice(&answer);
            return read.map_err(|error| Refusal::new(Cause::NotUnderstood, format!("tokens: {error}")));
        }
        let error = serde_json::from_slice(&answer).map(|TokenError { error }| plain(&error)).unwrap_or_default();
        let cause = match error.as_str() {
            "invalid_grant" => Cause::CodeRefused,
            "invalid_client" | "unauthorized_client" => Cause::ClientRefused,
            _ if status == StatusCode::UNAUTHORIZED => Cause::ClientRefused,
            _ if status.is_server_error() => Cause::Unreachable,
            _ => Cause::ProviderRefused,
        };
        Err(Refusal::new(cause, format!("tokens: {status} {error}")))
    }

    /// What the identity token says; with keys that are asked for anew where it is signed with one that is not known.
    async fn verified(&self, token: &str, expected: &Expected<'_>) -> Result<Map<String, Value>, Refusal> {
        let keys = self.discovery.keys(&self.client, false).await?;
        match id_token::verify(token, &keys, expected) {
            Err(Refusal { cause: Cause::KeyUnknown | Cause::Signature, .. }) => {
                let keys = self.discovery.keys(&self.client, true).await?;
                id_token::verify(token, &keys, expected)
            }
            known => known,
        }
    }

    fn claim(&self, claims: &Map<String, Value>) -> Option<String> {
        claims.get(&self.settings.principal_claim)?.as_str().map(str::to_owned)
    }

    /// The claim as the provider gives it when it is asked: some leave it out of the token.
    async fn asked_for(
        &self,
        document: &Document,
        access_token: Option<String>,
        known: &Map<String, Value>,
    ) -> Result<String, Refusal> {
        let missing = || Refusal::new(Cause::ClaimMissing, self.settings.principal_claim.clone());
        let (Some(endpoint), Some(token)) = (&document.userinfo_endpoint, access_token) else { return Err(missing()) };
        let request = Request::get(endpoint).header(AUTHORIZATION, format!("Bearer {token}"));
        let (status, answer) = self.client.ask(request, "").await?;
        if !status.is_success() {
            return Err(Refusal::new(Cause::ClaimMissing, format!("userinfo: {status}")));
        }
        let claims: Map<String, Value> = serde_json::from_slice(&answer)
            .map_err(|error| Refusal::new(Cause::NotUnderstood, format!("userinfo: {error}")))?;
        // What is said of somebody else is not taken (OpenID Connect Core 1.0, 5.3.2).
        if claims.get("sub") != known.get("sub") {
            return Err(Refusal::new(Cause::ClaimMissing, "userinfo: it is of another subject"));
        }
        self.claim(&claims).ok_or_else(missing)
    }

    /// Where to sign out at the provider, without saying who; none where it offers that not, or does not answer.
    pub async fn sign_out_of_anybody(&self) -> Option<String> {
        let document = self.discovery.document(&self.client).await.ok()?;
        self.sign_out(&document, None)
    }

    /// Where to sign out at the provider (RP-Initiated Logout 1.0).
    fn sign_out(&self, document: &Document, token: Option<&str>) -> Option<String> {
        let endpoint = document.end_session_endpoint.as_deref()?;
        let first_page = format!("{}/", self.public_url);
        let known = [("client_id", self.settings.client_id.as_str()), ("post_logout_redirect_uri", &first_page)];
        let whole = token.map(|token| with_parameters(endpoint, &[&[("id_token_hint", token)][..], &known].concat()));
        let whole = whole.filter(|whole| whole.len() <= SIGN_OUT_MAX_BYTES);
        Some(whole.unwrap_or_else(|| with_parameters(endpoint, &known)))
    }
}

/// An address with these parameters added to those that it has.
fn with_parameters(address: &str, parameters: &[(&str, &str)]) -> String {
    let parameters = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    let joint = if address.contains('?') { '&' } else { '?' };
    format!("{address}{joint}{parameters}")
}

/// Errors that a provider sends a browser back with (RFC 6749, 4.1.2.1; OpenID Connect Core 1.0, 3.1.2.6).
const ERRORS: [&str; 15] = [
    "account_selection_required",
    "consent_required",
    "interaction_required",
    "invalid_request",
    "invalid_request_object",
    "invalid_request_uri",
    "invalid_scope",
    "login_required",
    "registration_not_supported",
    "request_not_supported",
    "request_uri_not_supported",
    "server_error",
    "temporarily_unavailable",
    "unauthorized_client",
    "unsupported_response_type",
];

/// One of these: what a browser brings is not logged otherwise.
fn known_error(error: &str) -> &'static str {
    ERRORS.into_iter().find(|known| *known == error).unwrap_or("another error")
}

/// An error code of the provider's own answer, as far as it is one: nothing else is logged.
fn plain(code: &str) -> String {
    code.chars().filter(|c| c.is_ascii_alphanumeric() || "_-.".contains(*c)).take(CODE_MAX_CHARACTERS).collect()
}
