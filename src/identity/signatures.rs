//! The signatures of tokens, checked by ring: `jsonwebtoken` has its own cryptography only with libraries beside the one
//! that is here already. Nothing is signed.

use jsonwebtoken::crypto::{CryptoProvider, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, Result};
use jsonwebtoken::signature::{self, Verifier};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RsaParameters,
    RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};

/// How signatures of an algorithm are checked.
#[derive(Clone, Copy)]
enum Scheme {
    Rsa(&'static RsaParameters),
    Curve(AlgorithmFamily, &'static dyn VerificationAlgorithm),
}

/// What a token may be signed by: keys of two halves only, so that nobody signs with what is published.
const ALLOWED: [(&str, Algorithm, Scheme); 4] = [
    ("RS256", Algorithm::RS256, Scheme::Rsa(&RSA_PKCS1_2048_8192_SHA256)),
    ("PS256", Algorithm::PS256, Scheme::Rsa(&RSA_PSS_2048_8192_SHA256)),
    ("ES256", Algorithm::ES256, Scheme::Curve(AlgorithmFamily::Ec, &ECDSA_P256_SHA256_FIXED)),
    ("EdDSA", Algorithm::EdDSA, Scheme::Curve(AlgorithmFamily::Ed, &ED25519)),
];

/// The algorithm of a name, where it is allowed.
pub(crate) fn allowed(name: &str) -> Option<Algorithm> {
    ALLOWED.iter().find(|(known, ..)| *known == name).map(|(_, algorithm, _)| *algorithm)
}

/// Makes ring check the signatures of this process.
pub(crate) fn install() {
    static RING: CryptoProvider = CryptoProvider {
        signer_factory: |_, _| Err(ErrorKind::UnsupportedAlgorithm.into()),
        verifier_factory: verifier,
        key_utils: KeyUtils::new_unimplemented(),
    };
    // Where it is installed already, it is this one.
    let _ = RING.install_default();
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    let scheme = ALLOWED.iter().find(|(_, allowed, _)| allowed == algorithm).map(|(.., scheme)| *scheme);
    let scheme = scheme.ok_or(ErrorKind::UnsupportedAlgorithm)?;
    let family = match scheme {
        Scheme::Rsa(_) => AlgorithmFamily::Rsa,
        Scheme::Curve(family, _) => family,
    };
    if key.family() != family {
        return Err(ErrorKind::InvalidKeyFormat.into());
    }
    Ok(Box::new(Check { algorithm: *algorithm, scheme, key: key.clone() }))
}

struct Check {
    algorithm: Algorithm,
    scheme: Scheme,
    key: DecodingKey,
}

impl Verifier<Vec<u8>> for Check {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), signature::Error> {
        let verified = match (self.scheme, self.key.kind()) {
            (Scheme::Rsa(parameters), DecodingKeyKind::RsaModulusExponent { n, e }) => {
                RsaPublicKeyComponents { n, e }.verify(parameters, message, signature)
            }
            (Scheme::Curve(_, algorithm), DecodingKeyKind::SecretOrDer(key)) => {
                UnparsedPublicKey::new(algorithm, key).verify(message, signature)
            }
            _ => return Err(signature::Error::new()),
        };
        verified.map_err(|_| signature::Error::new())
    }
}

impl JwtVerifier for Check {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}
