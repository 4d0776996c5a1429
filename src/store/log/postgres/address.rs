//! Where the shared log is, and how to get in: `postgres://USER@HOST1,HOST2/DATABASE`, certificates, a password from elsewhere.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};
use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// The password, where no file says it.
const PASSWORD_VARIABLES: [&str; 2] = ["HUIZONG_STORE_PASSWORD", "PGPASSWORD"];

/// Until a host has answered a connection.
const CONNECT: Duration = Duration::from_secs(2);
/// A connection that is silent for as long is asked whether it is still there, so often, so many times.
const KEEPALIVE: (Duration, Duration, u32) = (Duration::from_secs(2), Duration::from_secs(1), 3);

/// How the shared log is reached.
#[derive(Debug, Clone)]
pub struct EngineOptions {
    /// `postgres://USER@HOST1,HOST2/DATABASE`, without a password.
    pub url: String,
    /// File with the password; empty for the environment (`HUIZONG_STORE_PASSWORD`, else `PGPASSWORD`), or none.
    pub password_file: PathBuf,
    /// Certificates in PEM that the server's is held to; empty for those of the system.
    pub ca: PathBuf,
    /// Certificate in PEM to show to the server; empty for none.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
    /// The server has no standby that could take its place, and so nothing waits for one.
    pub without_standby: bool,
    /// How often the log is looked at for what others have appended.
    pub poll: Duration,
    /// Have the server tell of that at once, too, where it can (LISTEN, NOTIFY).
    pub wake_ups: bool,
    /// An instance that could not look for as long does not answer from its copy.
    pub stale: Duration,
    /// How long a write may take before its outcome is called unknown.
    pub patience: Duration,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            url: String::new(),
            password_file: PathBuf::new(),
            ca: PathBuf::new(),
            certificate: PathBuf::new(),
            key: PathBuf::new(),
            without_standby: false,
            poll: Duration::from_millis(50),
            wake_ups: true,
            stale: Duration::from_secs(2),
            patience: Duration::from_secs(10),
        }
    }
}

/// The address, read.
#[derive(Clone)]
pub struct Engine {
    pub(super) config: tokio_postgres::Config,
    pub(super) tls: MakeRustlsConnect,
    pub(super) options: EngineOptions,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Engine({})", self.options.url)
    }
}

impl Engine {
    /// Reads an address.
    ///
    /// # Errors
    /// Says what is wrong with it, or with a file that it needs.
    pub fn new(options: EngineOptions) -> Result<Self, String> {
        let says_mode = options.url.contains("sslmode=");
        // What is checked is checked always: a server's certificate, and that it is of the host that was named.
        let plain = options.url.replace("sslmode=verify-full", "sslmode=require");
        let mut config: tokio_postgres::Config =
            plain.parse().map_err(|error: tokio_postgres::Error| described(&error))?;
        if config.get_password().is_some() {
            return Err("a password does not belong in the address, where others see it: put it into a file \
                        (store.password_file) or into HUIZONG_STORE_PASSWORD"
                .to_owned());
        }
        if config.get_hosts().is_empty() || config.get_user().is_none() || config.get_dbname().is_none() {
            return Err("an address names user, host and database: postgres://huizong@host/huizong".to_owned());
        }
        if !says_mode {
            config.ssl_mode(if config.get_hosts().iter().all(is_here) { SslMode::Disable } else { SslMode::Require });
        } else if config.get_ssl_mode() == SslMode::Prefer {
            return Err("sslmode=prefer would go on without protection where somebody stands between: say require or \
                        disable"
                .to_owned());
        }
        let (idle, interval, retries) = KEEPALIVE;
        config.keepalives(true).keepalives_idle(idle).keepalives_interval(interval).keepalives_retries(retries);
        config.tcp_user_timeout(idle + interval * retries);
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT);
        }
        // The one that takes writes, whichever of them it is now.
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        if config.get_application_name().is_none() {
            config.application_name("huizong");
        }
        let tls = MakeRustlsConnect::new(tls(&options).map_err(|error| error.to_string())?);
        Ok(Self { config, tls, options })
    }

    /// As it may be shown.
    pub fn url(&self) -> &str {
        &self.options.url
    }

    /// How often the log is looked at.
    pub(crate) fn poll(&self) -> Duration {
        self.options.poll
    }

    /// How long nothing may be heard of the log.
    pub(crate) fn stale(&self) -> Duration {
        self.options.stale
    }

    /// With the password as it is now.
    pub(super) fn config(&self) -> io::Result<tokio_postgres::Config> {
        let mut config = self.config.clone();
        let file = &self.options.password_file;
        let password = if file.as_os_str().is_empty() {
            PASSWORD_VARIABLES.iter().find_map(|name| std::env::var(name).ok())
        } else {
            let named = |error: io::Error| io::Error::other(format!("{}: {error}", file.display()));
            Some(std::fs::read_to_string(file).map_err(named)?.trim_end_matches(['\r', '\n']).to_owned())
        };
        if let Some(password) = password.filter(|password| !password.is_empty()) {
            config.password(password);
        }
        Ok(config)
    }
}

/// Whether a host is this machine.
fn is_here(host: &Host) -> bool {
    match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => name == "localhost" || name.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback()),
    }
}

/// An error of the library with its cause, on one line.
pub(super) fn described(error: &tokio_postgres::Error) -> String {
    if let Some(told) = error.as_db_error() {
        return format!("{} ({})", told.message(), told.code().code());
    }
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}"));
    format!("{error}{}", cause.unwrap_or_default())
}

fn tls(options: &EngineOptions) -> io::Result<ClientConfig> {
    let named = |path: &Path| {
        let path = path.to_owned();
        move |error: tokio_rustls::rustls::pki_types::pem::Error| {
            io::Error::other(format!("{}: {error}", path.display()))
        }
    };
    let read = |path: &Path| -> io::Result<Vec<CertificateDer<'static>>> {
        CertificateDer::pem_file_iter(path).map_err(named(path))?.map(|one| one.map_err(named(path))).collect()
    };
    let mut roots = RootCertStore::empty();
    if options.ca.as_os_str().is_empty() {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    } else {
        for certificate in read(&options.ca)? {
            roots.add(certificate).map_err(io::Error::other)?;
        }
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots);
    if options.certificate.as_os_str().is_empty() {
        return Ok(builder.with_no_client_auth());
    }
    let key = PrivateKeyDer::from_pem_file(&options.key).map_err(named(&options.key))?;
    builder.with_client_auth_cert(read(&options.certificate)?, key).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn engine(url: &str) -> Result<Engine, String> {
        Engine::new(EngineOptions { url: url.to_owned(), ..EngineOptions::default() })
    }

    #[test]
    fn what_would_be_unsafe_or_incomplete_is_refused_saying_why() {
        for (url, why) in [
            ("postgres://huizong:secret@db/huizong", "password"),
            ("postgres://db/huizong", "user"),
            ("postgres://huizong@db/huizong?sslmode=prefer", "sslmode"),
            ("postgres://huizong@db/huizong?nonsense=1", "nonsense"),
        ] {
            let error = engine(url).unwrap_err();
            assert!(error.contains(why) && !error.contains("secret"), "{url}: {error}");
        }
    }

    #[test]
    fn a_server_elsewhere_is_reached_with_tls_and_one_here_without() {
        let mode = |url: &str| engine(url).unwrap().config.get_ssl_mode();
        assert_eq!(mode("postgres://huizong@db1,db2/huizong"), SslMode::Require);
        assert_eq!(mode("postgres://huizong@db1,localhost/huizong"), SslMode::Require);
        assert_eq!(mode("postgres://huizong@db1/huizong?sslmode=verify-full"), SslMode::Require);
        assert_eq!(mode("postgres://huizong@127.0.0.1/huizong"), SslMode::Disable);
        assert_eq!(mode("postgres://huizong@%2Frun%2Fpostgresql/huizong"), SslMode::Disable);
    }

    #[test]
    fn a_password_is_read_from_its_file_and_shown_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        std::fs::write(&file, "sesame\n").unwrap();
        let url = "postgres://huizong@db/huizong".to_owned();
        let options = EngineOptions { url, password_file: file, ..EngineOptions::default() };
        let engine = Engine::new(options).unwrap();
        assert_eq!(engine.config().unwrap().get_password(), Some(&b"sesame"[..]));
        assert!(!format!("{engine:?} {}", engine.url()).contains("sesame"));
    }
}
