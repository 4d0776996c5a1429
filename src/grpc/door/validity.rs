//! How long the certificates in a file are good. Whether a connection may be made with one is decided elsewhere.

use std::path::Path;

use jiff::Timestamp;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::tls::{TlsError, certificates, file_error};

/// A certificate and its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Validity {
    /// Whose it is, such as `CN=huizong.example`.
    pub subject: String,
    pub begins: Timestamp,
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
