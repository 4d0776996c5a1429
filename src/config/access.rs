//! Who may call, and how connections are protected.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Oidc;

/// TLS on the one port; off where no certificate is named. Files are PEM, and are followed when they change.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tls {
    /// The server's certificate, with the chain up to an authority that clients know; empty for none.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// Authorities whose client certificates are taken; empty for none.
    pub client_ca: PathBuf,
    /// Client certificates that are revoked; empty for none.
    pub client_crl: PathBuf,
    /// How often the files are looked at, in seconds.
    pub reload_seconds: u64,
}

impl Default for Tls {
    fn default() -> Self {
        let none = PathBuf::new;
        Self { certificate: none(), key: none(), client_ca: none(), client_crl: none(), reload_seconds: 10 }
    }
}

impl Tls {
    /// Whether connections are protected.
    pub fn is_on(&self) -> bool {
        !self.certificate.as_os_str().is_empty()
    }
}

/// Who may call.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Access {
    /// Callers show who they are, by a token or a client certificate, and do what their roles allow. Without it
    /// whoever reaches the port may do everything.
    pub authentication: bool,
    /// A power, and a role or a code for whoever holds one, waits for a second person who holds another power.
    pub dual_control: bool,
    /// For how long such a proposal waits, in hours; a month at most.
    pub proposal_hours: u64,
    /// For how long a one-time code may be exchanged for a token, in hours; a month at most.
    pub enrolment_hours: u64,
    /// A session of the dashboard that nobody uses for so long ends, in seconds; what a page asks by itself is no use.
    pub session_idle_seconds: u64,
    /// A session ends after so long in any case, in seconds.
    pub session_seconds: u64,
    /// Tokens of one address that are not valid before it is told to wait; one that is valid is taken at any time.
    pub failures: u32,
    /// For how long it is told to wait since the last failure, in seconds.
    pub lock_out_seconds: u64,
    /// Refused calls of one principal, or of one address where nobody showed who they are, that go into the journal in a
    /// minute; more are counted in one entry.
    pub refusals_per_minute: u32,
    /// Refused submissions and reviews of one principal that do so; more are counted in one entry.
    pub refused_submissions_per_minute: u32,
    /// Signing in with an identity provider.
    pub oidc: Oidc,
}

impl Default for Access {
    fn default() -> Self {
        Self {
            authentication: false,
            dual_control: false,
            proposal_hours: 72,
            enrolment_hours: 48,
            session_idle_seconds: 30 * 60,
            session_seconds: 12 * 60 * 60,
            failures: 10,
            lock_out_seconds: 15 * 60,
            refusals_per_minute: 60,
            refused_submissions_per_minute: 600,
            oidc: Oidc::default(),
        }
    }
}
