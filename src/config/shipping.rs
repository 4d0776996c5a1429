//! Where the journal goes beside the store: to whoever watches over security.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Copies of the journal, entry by entry, in the form of RFC 5424.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Journal {
    /// Name of this machine in messages; empty for its own.
    pub host_name: String,
    /// Private enterprise number in the names of structured data (RFC 5424, 7.2.2).
    pub enterprise: u32,
    /// To a receiver of syslog.
    pub syslog: Syslog,
    /// To a file.
    pub file: JournalFile,
}

/// A receiver of syslog over TLS (RFC 5425).
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Syslog {
    /// `host:port`; empty for none.
    pub address: String,
    /// Authorities of the receiver's certificate, PEM; empty for those that this machine trusts.
    pub ca: PathBuf,
    /// Own certificate with its chain, PEM; empty for none.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// A file that is appended to.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct JournalFile {
    /// Empty for none.
    pub path: PathBuf,
}

/// The number that is set aside for examples (RFC 5612).
const ENTERPRISE_OF_EXAMPLES: u32 = 32473;

impl Default for Journal {
    fn default() -> Self {
        Self {
            host_name: String::new(),
            enterprise: ENTERPRISE_OF_EXAMPLES,
            syslog: Syslog::default(),
            file: JournalFile::default(),
        }
    }
}

impl Syslog {
    /// Host and port; none where there is no receiver, or the address is not of this form.
    pub fn target(&self) -> Option<(&str, u16)> {
        let (host, port) = self.address.rsplit_once(':')?;
        let host = host.trim_matches(['[', ']']);
        (!host.is_empty()).then_some((host, port.parse().ok()?))
    }
}
