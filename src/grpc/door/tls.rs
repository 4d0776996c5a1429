//! TLS from files that may change while the service runs: read anew, checked, and put in the place of the last good
//! ones. Connections that are open stay as they are.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{self, RootCertStore, ServerConfig};

use crate::config::Tls;
use crate::report::Hash;

use super::certificate::names_of_certificate;

/// Why the files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read, or holds something else than it should.
    #[error("{path}: {error}", path = path.display())]
    File {
        /// As the settings name it.
        path: PathBuf,
        /// What the system or the reader of PEM says.
        error: String,
    },
    /// The private key is of no use, or of another certificate.
    #[error("tls.key does not belong to tls.certificate: {0}")]
    Key(rustls::Error),
    /// A certificate of the authorities, or a list of revoked ones, cannot be used.
    #[error("tls.client_ca: {0}")]
    ClientAuthority(String),
    /// TLS cannot be set up, whatever the files hold.
    #[error("{0}")]
    Protocol(rustls::Error),
}

struct Loaded {
    config: Arc<ServerConfig>,
    /// Of all the files together, so that they are only taken on when they change.
    digest: Hash,
    /// Names of the server's certificate.
    names: Arc<Vec<String>>,
}

/// The configuration for new connections, following its files.
#[derive(Clone)]
pub struct TlsFiles {
    settings: Tls,
    loaded: Arc<RwLock<Loaded>>,
}

impl TlsFiles {
    /// Reads the files.
    ///
    /// # Errors
    /// [`TlsError`] where they cannot be used.
    pub fn read(settings: &Tls) -> Result<Self, TlsError> {
        let files = Files::read(settings)?;
        let loaded = Loaded { config: files.config()?, digest: files.digest(), names: files.names()? };
        Ok(Self { settings: settings.clone(), loaded: Arc::new(RwLock::new(loaded)) })
    }

    /// The configuration for a new connection.
    pub fn current(&self) -> Arc<ServerConfig> {
        self.loaded.read().unwrap_or_else(PoisonError::into_inner).config.clone()
    }

    /// Names that the server's certificate is for, in lower case.
    pub fn names(&self) -> Arc<Vec<String>> {
        self.loaded.read().unwrap_or_else(PoisonError::into_inner).names.clone()
    }

    /// Reads the files again, and takes them on where they have changed; whether they have.
    ///
    /// # Errors
    /// [`TlsError`] where they cannot be used, as while they are being replaced; the last good ones stay.
    pub fn reload(&self) -> Result<bool, TlsError> {
        let files = Files::read(&self.settings)?;
        let digest = files.digest();
        if self.loaded.read().unwrap_or_else(PoisonError::into_inner).digest == digest {
            return Ok(false);
        }
        let loaded = Loaded { config: files.config()?, digest, names: files.names()? };
        *self.loaded.write().unwrap_or_else(PoisonError::into_inner) = loaded;
        Ok(true)
    }

    /// Follows the files for ever. Their content is compared rather than their times: links may be exchanged for others.
    pub async fn follow(self) {
        let mut interval = tokio::time::interval(Duration::from_secs(self.settings.reload_seconds));
        let mut last_error = String::new();
        loop {
            interval.tick().await;
            let files = self.clone();
            match tokio::task::spawn_blocking(move || files.reload()).await {
                Ok(Ok(true)) => tracing::info!("the certificates have changed; new connections use the new ones"),
                Ok(Ok(false)) => last_error.clear(),
                Ok(Err(error)) => {
                    // Once, not at every turn.
                    let error = error.to_string();
                    if error != last_error {
                        tracing::error!(error, "the changed certificates cannot be used; the last good ones stay");
                        last_error = error;
                    }
                }
                Err(error) => tracing::error!(%error, "the certificates could not be looked at"),
            }
        }
    }
}

/// The content of the files.
struct Files {
    certificate: Vec<u8>,
    key: Vec<u8>,
    client_ca: Option<Vec<u8>>,
    client_crl: Option<Vec<u8>>,
    paths: Tls,
}

impl Files {
    fn read(settings: &Tls) -> Result<Self, TlsError> {
        let read = |path: &Path| std::fs::read(path).map_err(|error| file_error(path, &error));
        let optional = |path: &Path| if path.as_os_str().is_empty() { Ok(None) } else { read(path).map(Some) };
        Ok(Self {
            certificate: read(&settings.certificate)?,
            key: read(&settings.key)?,
            client_ca: optional(&settings.client_ca)?,
            client_crl: optional(&settings.client_crl)?,
            paths: settings.clone(),
        })
    }

    fn digest(&self) -> Hash {
        let parts = [Some(&self.certificate), Some(&self.key), self.client_ca.as_ref(), self.client_crl.as_ref()];
        let digests: Vec<u8> =
            parts.into_iter().flat_map(|part| part.map(|part| Hash::of(part).0).unwrap_or_default()).collect();
        Hash::of(&digests)
    }

    fn names(&self) -> Result<Arc<Vec<String>>, TlsError> {
        let path = &self.paths.certificate;
        let chain = certificates(path, &self.certificate)?;
        let own = chain.first().map_or(&[][..], |own| own);
        Ok(Arc::new(names_of_certificate(own).map_err(|error| file_error(path, &error))?))
    }

    fn config(&self) -> Result<Arc<ServerConfig>, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider.clone());
        let builder = builder.with_safe_default_protocol_versions().map_err(TlsError::Protocol)?;
        let builder = match &self.client_ca {
            None => builder.with_no_client_auth(),
            Some(pem) => {
                let mut roots = RootCertStore::empty();
                for certificate in certificates(&self.paths.client_ca, pem)? {
                    roots.add(certificate).map_err(|error| TlsError::ClientAuthority(error.to_string()))?;
                }
                let mut verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone());
                if let Some(pem) = &self.client_crl {
                    let lists: Result<Vec<_>, _> = CertificateRevocationListDer::pem_slice_iter(pem).collect();
                    let lists = lists.map_err(|error| file_error(&self.paths.client_crl, &error))?;
                    verifier = verifier.with_crls(lists).allow_unknown_revocation_status();
                }
                // A client without a certificate may have a token. One with a bad certificate is turned away.
                let verifier = verifier.allow_unauthenticated().build();
                builder
                    .with_client_cert_verifier(verifier.map_err(|error| TlsError::ClientAuthority(error.to_string()))?)
            }
        };
        let chain = certificates(&self.paths.certificate, &self.certificate)?;
        let key = PrivateKeyDer::from_pem_slice(&self.key).map_err(|error| file_error(&self.paths.key, &error))?;
        // While files are being replaced one may be new and the other old.
        CertifiedKey::from_der(chain.clone(), key.clone_key(), &provider).map_err(TlsError::Key)?;
        let mut config = builder.with_single_cert(chain, key).map_err(TlsError::Key)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

pub(super) fn certificates(path: &Path, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let found = found.map_err(|error| file_error(path, &error))?;
    if found.is_empty() { Err(file_error(path, &"there is no certificate in it")) } else { Ok(found) }
}

pub(super) fn file_error(path: &Path, error: &dyn std::fmt::Display) -> TlsError {
    TlsError::File { path: path.to_owned(), error: error.to_string() }
}
