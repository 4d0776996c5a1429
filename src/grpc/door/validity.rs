//! How long the certificates and the lists of revoked ones in a file are good. Whether a connection may be made with one is decided elsewhere.

use std::path::Path;

use jiff::Timestamp;
use tokio_rustls::rustls::pki_types::CertificateRevocationListDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use x509_parser::prelude::{CertificateRevocationList, FromDer as _, X509Certificate};

use super::tls::{TlsError, certificates, file_error};

/// A certificate and its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Validity {
    /// Whose it is, such as `CN=huizong.example`.
    pub subject: String,
    /// Not good before.
    pub begins: Timestamp,
    /// Not good after.
    pub ends: Timestamp,
}

/// The times of the certificates in a PEM file, in its order; at least one.
///
/// # Errors
/// [`TlsError::File`] where it cannot be read, or a certificate in it not be understood.
pub fn validities(path: &Path) -> Result<Vec<Validity>, TlsError> {
    let pem = std::fs::read(path).map_err(|error| file_error(path, &error))?;
    let one = |der: &[u8]| {
        let (_, certificate) = X509Certificate::from_der(der).map_err(|error| file_error(path, &error))?;
        let time = |seconds| Timestamp::from_second(seconds).map_err(|error| file_error(path, &error));
        let validity = certificate.validity();
        Ok(Validity {
            subject: certificate.subject().to_string(),
            begins: time(validity.not_before.timestamp())?,
            ends: time(validity.not_after.timestamp())?,
        })
    };
    certificates(path, &pem)?.iter().map(|der| one(der)).collect()
}

/// A list of revoked certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevocationList {
    /// Who made it, such as `CN=Huizong authority`.
    pub issuer: String,
    /// When the next one is due; none where that is not said.
    pub ends: Option<Timestamp>,
    /// One of the authorities has signed it; a list of another revokes nothing here.
    pub is_of_authority: bool,
}

/// The lists in a PEM file, in its order, beside the authorities in another.
///
/// # Errors
/// [`TlsError::File`] where a file cannot be read or understood.
pub fn revocations(path: &Path, authorities: &Path) -> Result<Vec<RevocationList>, TlsError> {
    let read = |path: &Path| std::fs::read(path).map_err(|error| file_error(path, &error));
    let authority_pem = read(authorities)?;
    let authority_ders = certificates(authorities, &authority_pem)?;
    let mut known = Vec::new();
    for der in &authority_ders {
        let (_, certificate) = X509Certificate::from_der(der).map_err(|error| file_error(authorities, &error))?;
        known.push(certificate);
    }
    let pem = read(path)?;
    let lists = CertificateRevocationListDer::pem_slice_iter(&pem).map(|der| {
        let der = der.map_err(|error| file_error(path, &error))?;
        let (_, list) = CertificateRevocationList::from_der(&der).map_err(|error| file_error(path, &error))?;
        let ends = list.next_update().map(|time| Timestamp::from_second(time.timestamp())).transpose();
        Ok(RevocationList {
            issuer: list.issuer().to_string(),
            ends: ends.map_err(|error| file_error(path, &error))?,
            is_of_authority: known.iter().any(|authority| {
                authority.subject() == list.issuer() && list.verify_signature(authority.public_key()).is_ok()
            }),
        })
    });
    let lists = lists.collect::<Result<Vec<_>, _>>()?;
    if lists.is_empty() {
        return Err(file_error(path, &"there is no list of revoked certificates in it"));
    }
    Ok(lists)
}
