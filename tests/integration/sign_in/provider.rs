//! An identity provider that answers as it is told to, also as none should.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

pub const CLIENT: &str = "huizong";
pub const SECRET: &str = "s e/cret+";

/// How tokens are signed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Signed {
    Es256,
    EdDsa,
    /// With a key of the right name that is not the one published.
    ByAnother,
    /// Not at all, and saying so.
    Not,
    /// With the public key as a shared secret.
    ByPublicKey,
}

/// How the provider conducts itself.
pub struct Conduct {
    pub signed: Signed,
    /// Claims of the token instead of the right ones; null for none.
    pub claims: Value,
    /// What the provider says of itself instead of what is right.
    pub document: Value,
    /// Answers to requests for these paths instead of the right ones.
    pub answers: BTreeMap<&'static str, (u16, Vec<u8>)>,
    pub wait: Duration,
    /// What the person is asked about beside the token.
    pub userinfo: Value,
    /// Whether the secret of the client is taken in a form rather than in a header.
    pub takes_form: bool,
    key: Keys,
    /// Challenge and nonce of the authorization request.
    asked: (String, String),
    /// How often each path was asked for.
    pub requests: BTreeMap<String, usize>,
}

struct Keys {
    name: String,
    curve: EcdsaKeyPair,
    edwards: Ed25519KeyPair,
}

impl Keys {
    fn new(name: &str) -> Self {
        let random = SystemRandom::new();
        let curve = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let edwards = Ed25519KeyPair::generate_pkcs8(&random).unwrap();
        Self {
            name: name.to_owned(),
            curve: EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, curve.as_ref(), &random).unwrap(),
            edwards: Ed25519KeyPair::from_pkcs8(edwards.as_ref()).unwrap(),
        }
    }

    fn published(&self) -> Value {
        let point = self.curve.public_key().as_ref();
        json!({ "keys": [
            { "kty": "unheard-of", "kid": self.name, "use": "sig" },
            { "kty": "EC", "crv": "P-256", "kid": self.name, "use": "sig", "alg": "ES256",
              "x": encoded(&point[1..33]), "y": encoded(&point[33..]) },
            { "kty": "OKP", "crv": "Ed25519", "kid": self.name, "x": encoded(self.edwards.public_key().as_ref()) },
        ] })
    }
}

pub fn encoded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub fn seconds_now() -> i64 {
    jiff::Timestamp::now().as_second()
}

/// Puts the fields of the second in the place of those of the first.
fn patch(mut whole: Value, with: &Value) -> Value {
    for (name, value) in with.as_object().into_iter().flatten() {
        whole[name] = value.clone();
        if value.is_null() {
            whole.as_object_mut().unwrap().remove(name);
        }
    }
    whole
}

/// The provider, on a free port for as long as the process lives.
#[derive(Clone)]
pub struct Provider {
    pub issuer: String,
    conduct: Arc<Mutex<Conduct>>,
}

impl Provider {
    pub fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let conduct = Conduct {
            signed: Signed::Es256,
            claims: json!({}),
            document: json!({}),
            answers: BTreeMap::new(),
            wait: Duration::ZERO,
            userinfo: json!({}),
            takes_form: false,
            key: Keys::new("first"),
            asked: Default::default(),
            requests: BTreeMap::new(),
        };
        let provider = Self { issuer, conduct: Arc::new(Mutex::new(conduct)) };
        let routes = Router::new()
            .route("/.well-known/openid-configuration", get(document))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .route("/userinfo", get(userinfo))
            .with_state(provider.clone());
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                axum::serve(listener, routes).await.unwrap();
            });
        });
        provider
    }

    pub fn conduct(&self) -> MutexGuard<'_, Conduct> {
        self.conduct.lock().unwrap()
    }

    /// Signs with other keys from now on, of this name.
    pub fn rotate(&self, name: &str) {
        self.conduct().key = Keys::new(name);
    }

    /// What a person's consent to this address of the authorization endpoint comes to: a code, as long as its token.
    pub fn consent(&self, challenge: &str, nonce: &str) {
        self.conduct().asked = (challenge.to_owned(), nonce.to_owned());
    }

    /// The answer that is set for a path, after the wait that is.
    async fn instead(&self, path: &'static str) -> Option<(StatusCode, Vec<u8>)> {
        let (wait, answer) = {
            let mut conduct = self.conduct();
            *conduct.requests.entry(path.to_owned()).or_default() += 1;
            (conduct.wait, conduct.answers.get(path).cloned())
        };
        tokio::time::sleep(wait).await;
        answer.map(|(status, body)| (StatusCode::from_u16(status).unwrap(), body))
    }

    fn id_token(&self) -> String {
        let conduct = self.conduct();
        let name = match conduct.signed {
            Signed::Es256 | Signed::ByAnother => "ES256",
            Signed::EdDsa => "EdDSA",
            Signed::Not => "none",
            Signed::ByPublicKey => "HS256",
        };
        let now = seconds_now();
        let right = json!({
            "iss": self.issuer, "aud": CLIENT, "sub": "zhang", "nonce": conduct.asked.1, "iat": now, "exp": now + 300,
        });
        let head = json!({ "alg": name, "kid": conduct.key.name, "typ": "JWT" });
        let claims = patch(right, &conduct.claims);
        let message = format!("{}.{}", encoded(head.to_string().as_bytes()), encoded(claims.to_string().as_bytes()));
        let by_curve =
            |key: &EcdsaKeyPair| key.sign(&SystemRandom::new(), message.as_bytes()).unwrap().as_ref().to_vec();
        let signature = match conduct.signed {
            Signed::Es256 => by_curve(&conduct.key.curve),
            Signed::ByAnother => by_curve(&Keys::new("another").curve),
            Signed::EdDsa => conduct.key.edwards.sign(message.as_bytes()).as_ref().to_vec(),
            Signed::Not => Vec::new(),
            Signed::ByPublicKey => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, conduct.key.curve.public_key().as_ref());
                hmac::sign(&key, message.as_bytes()).as_ref().to_vec()
            }
        };
        format!("{message}.{}", encoded(&signature))
    }
}

type Reply = (StatusCode, Vec<u8>);

fn reply(value: &Value) -> Reply {
    (StatusCode::OK, value.to_string().into_bytes())
}

async fn document(State(provider): State<Provider>) -> Reply {
    if let Some(instead) = provider.instead("/.well-known/openid-configuration").await {
        return instead;
    }
    let issuer = &provider.issuer;
    let conduct = provider.conduct();
    let method = if conduct.takes_form { "client_secret_post" } else { "client_secret_basic" };
    let right = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize?tenant=office"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"),
        "userinfo_endpoint": format!("{issuer}/userinfo"),
        "end_session_endpoint": format!("{issuer}/logout"),
        "token_endpoint_auth_methods_supported": [method],
    });
    reply(&patch(right, &conduct.document))
}

async fn keys(State(provider): State<Provider>) -> Reply {
    match provider.instead("/keys").await {
        Some(instead) => instead,
        None => reply(&provider.conduct().key.published()),
    }
}

async fn userinfo(State(provider): State<Provider>, headers: HeaderMap) -> Reply {
    if headers["authorization"] != "Bearer access" {
        return (StatusCode::UNAUTHORIZED, Vec::new());
    }
    match provider.instead("/userinfo").await {
        Some(instead) => instead,
        None => reply(&provider.conduct().userinfo.clone()),
    }
}

/// Gives a token for the one code there is, to the client that knows its secret and the verifier of the challenge.
async fn token(State(provider): State<Provider>, headers: HeaderMap, body: String) -> Reply {
    if let Some(instead) = provider.instead("/token").await {
        return instead;
    }
    let form: BTreeMap<String, String> = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let (challenge, takes_form) = {
        let conduct = provider.conduct();
        (conduct.asked.0.clone(), conduct.takes_form)
    };
    let basic = format!("Basic {}", STANDARD.encode(format!("{CLIENT}:s+e%2Fcret%2B")));
    let in_header = headers.get("authorization").is_some_and(|value| *value == basic);
    let in_form = form.get("client_secret").is_some_and(|secret| secret == SECRET) && form["client_id"] == CLIENT;
    if (takes_form && !in_form) || (!takes_form && !in_header) {
        return (StatusCode::UNAUTHORIZED, br#"{"error":"invalid_client"}"#.to_vec());
    }
    let verifies = encoded(&Sha256::digest(form["code_verifier"].as_bytes())) == challenge;
    let is_right = form["grant_type"] == "authorization_code" && form["code"] == "the-code" && verifies;
    if !is_right || !form["redirect_uri"].ends_with("/session/provider/callback") {
        return (StatusCode::BAD_REQUEST, br#"{"error":"invalid_grant"}"#.to_vec());
    }
    reply(&json!({ "id_token": provider.id_token(), "access_token": "access", "token_type": "Bearer" }))
}
