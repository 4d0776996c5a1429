//! What an identity token must be, and say, to be believed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::refusal::{Cause, Refusal};
use super::signatures::allowed;

/// How far the clocks of provider and service may differ, in seconds.
const LEEWAY_SECONDS: u64 = 60;

/// Keys without a name that are tried at most.
const KEYS_TRIED_MAX: usize = 8;

/// What the token of this sign-in must be made for.
pub(crate) struct Expected<'a> {
    pub issuer: &'a str,
    pub client_id: &'a str,
    pub nonce: &'a str,
    /// Seconds since 1970.
    pub now: i64,
}

#[derive(Deserialize)]
struct Head {
    alg: String,
    kid: Option<String>,
}

/// What a token says, once all of it is believed.
///
/// # Errors
/// [`Cause::KeyUnknown`] where none of these keys may have signed it: the provider may have newer ones.
pub(crate) fn verify(token: &str, keys: &[Jwk], expected: &Expected<'_>) -> Result<Map<String, Value>, Refusal> {
    let head = token.split('.').next().and_then(|head| URL_SAFE_NO_PAD.decode(head).ok());
    let head: Option<Head> = head.and_then(|head| serde_json::from_slice(&head).ok());
    let head = head.ok_or(Cause::TokenMalformed)?;
    let algorithm = allowed(&head.alg).ok_or(Cause::Algorithm)?;
    let mut validation = Validation::new(algorithm);
    validation.leeway = LEEWAY_SECONDS;
    validation.validate_nbf = true;
    validation.set_issuer(&[expected.issuer]);
    validation.set_audience(&[expected.client_id]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    let mut refusal = Refusal::from(Cause::KeyUnknown);
    for key in keys.iter().filter(|key| may_sign(key, algorithm, head.kid.as_deref())).take(KEYS_TRIED_MAX) {
        let key = DecodingKey::from_jwk(key).map_err(|_| Cause::KeyUnknown)?;
        match decode::<Map<String, Value>>(token, &key, &validation) {
            Ok(known) => return says(known.claims, expected),
            Err(error) => refusal = Refusal::new(cause(error.kind()), error.to_string()),
        }
        // Another key is tried only where it may be the one that signed.
        if refusal.cause != Cause::Signature {
            break;
        }
    }
    Err(refusal)
}

fn cause(error: &ErrorKind) -> Cause {
    match error {
        ErrorKind::InvalidSignature => Cause::Signature,
        ErrorKind::ExpiredSignature => Cause::Expired,
        ErrorKind::ImmatureSignature => Cause::Clock,
        ErrorKind::InvalidIssuer => Cause::Issuer,
        ErrorKind::InvalidAudience => Cause::Audience,
        ErrorKind::InvalidAlgorithm | ErrorKind::UnsupportedAlgorithm => Cause::Algorithm,
        _ => Cause::TokenMalformed,
    }
}

/// Whether a token of this algorithm and key name may be signed with a key.
fn may_sign(key: &Jwk, algorithm: Algorithm, name: Option<&str>) -> bool {
    let is_named = name.is_none_or(|name| key.common.key_id.as_deref() == Some(name));
    let is_for_signing = matches!(key.common.public_key_use, None | Some(PublicKeyUse::Signature));
    let own = match algorithm {
        Algorithm::RS256 => KeyAlgorithm::RS256,
        Algorithm::PS256 => KeyAlgorithm::PS256,
        Algorithm::ES256 => KeyAlgorithm::ES256,
        _ => KeyAlgorithm::EdDSA,
    };
    let is_for_algorithm = key.common.key_algorithm.is_none_or(|of| of == own);
    let is_of_kind = match (&key.algorithm, algorithm) {
        (AlgorithmParameters::RSA(_), Algorithm::RS256 | Algorithm::PS256) => true,
        (AlgorithmParameters::EllipticCurve(of), Algorithm::ES256) => of.curve == EllipticCurve::P256,
        (AlgorithmParameters::OctetKeyPair(of), Algorithm::EdDSA) => of.curve == EllipticCurve::Ed25519,
        _ => false,
    };
    is_named && is_for_signing && is_for_algorithm && is_of_kind
}

/// What the library does not look at: for whom of several it was made, in which sign-in, and when.
fn says(claims: Map<String, Value>, expected: &Expected<'_>) -> Result<Map<String, Value>, Refusal> {
    let is_for_several = claims.get("aud").and_then(Value::as_array).is_some_and(|all| all.len() > 1);
    match claims.get("azp") {
        None if is_for_several => return Err(Refusal::new(Cause::Audience, "several audiences, and no azp")),
        Some(party) if party.as_str() != Some(expected.client_id) => {
            return Err(Refusal::new(Cause::Audience, "azp is another client"));
        }
        _ => {}
    }
    if claims.get("nonce").and_then(Value::as_str) != Some(expected.nonce) {
        return Err(Cause::Nonce.into());
    }
    // A number of seconds, which some providers give with a fraction.
    let issued = claims.get("iat").and_then(Value::as_f64).ok_or(Cause::TokenMalformed)?;
    #[allow(clippy::cast_precision_loss)]
    let ahead = issued - expected.now as f64;
    if ahead > LEEWAY_SECONDS as f64 {
        return Err(Refusal::new(Cause::Clock, format!("issued {ahead:.0} s ahead of this clock")));
    }
    Ok(claims)
}
