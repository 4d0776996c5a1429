//! Which principal a client certificate names. That the certificate is good was checked when the connection was made.

use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate, X509Error};

use crate::access::PrincipalName;
use crate::report::Hash;
use crate::service::Authority;

/// Begins the URI by which a certificate names its principal.
const URI: &str = "huizong:principal:";

/// Whom a certificate names, and which certificate it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certified {
    pub principal: PrincipalName,
    /// SHA-256 of the certificate, as `openssl x509 -fingerprint -sha256` prints it.
    fingerprint: Hash,
}

impl Certified {
    pub fn authority(&self) -> Authority {
        Authority::Principal { name: self.principal.clone(), credential: None, session: None }
    }

    /// As the journal names it.
    pub fn name(&self) -> String {
        format!("certificates/{}", self.fingerprint)
    }
}

/// What a certificate shows; none where it names no principal.
pub(crate) fn certified(der: &[u8]) -> Option<Certified> {
    principal_of_certificate(der).map(|principal| Certified { principal, fingerprint: Hash::of(der) })
}

/// The principal in a URI `huizong:principal:NAME` among the subject's alternative names, else the subject's common
/// name. None where neither is the name of a principal, or where there is more than one.
fn principal_of_certificate(der: &[u8]) -> Option<PrincipalName> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let alternative = certificate.subject_alternative_name().ok()?;
    let names = alternative.iter().flat_map(|extension| &extension.value.general_names);
    let uris = names.filter_map(|name| if let GeneralName::URI(uri) = name { uri.strip_prefix(URI) } else { None });
    let named: Vec<&str> = uris.collect();
    let name = match named[..] {
        [] => {
            let mut common = certificate.subject().iter_common_name();
            let only = common.next()?;
            if common.next().is_some() {
                return None;
            }
            only.as_str().ok()?
        }
        [only] => only,
        _ => return None,
    };
    name.parse().ok()
}

/// The DNS names that a certificate is for, in lower case.
///
/// # Errors
/// Where it is no certificate.
pub(crate) fn names_of_certificate(der: &[u8]) -> Result<Vec<String>, X509Error> {
    let (_, certificate) = X509Certificate::from_der(der).map_err(|error| match error {
        x509_parser::nom::Err::Error(error) | x509_parser::nom::Err::Failure(error) => error,
        x509_parser::nom::Err::Incomplete(_) => X509Error::InvalidCertificate,
    })?;
    let alternative = certificate.subject_alternative_name()?;
    let names = alternative.iter().flat_map(|extension| &extension.value.general_names);
    let dns = names.filter_map(|name| if let GeneralName::DNSName(name) = name { Some(*name) } else { None });
    Ok(dns.map(str::to_ascii_lowercase).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, DnType, KeyPair, SanType};

    fn named(common: &str, uris: &[&str]) -> Option<String> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, common);
        params.subject_alt_names = uris.iter().map(|uri| SanType::URI((*uri).try_into().unwrap())).collect();
        let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        principal_of_certificate(certificate.der()).map(|name| name.to_string())
    }

    #[test]
    fn the_uri_is_taken_before_the_common_name() {
        assert_eq!(named("city-bureau", &[]).as_deref(), Some("city-bureau"));
        assert_eq!(named("other", &["https://x", "huizong:principal:city-bureau"]).as_deref(), Some("city-bureau"));
    }

    #[test]
    fn what_names_no_principal_or_two_names_none() {
        assert_eq!(named("市民政局", &[]), None);
        assert_eq!(named("city", &["huizong:principal:A"]), None);
        assert_eq!(named("city", &["huizong:principal:a", "huizong:principal:b"]), None);
        assert_eq!(principal_of_certificate(b"no certificate"), None);
    }
}
