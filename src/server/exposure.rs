//! Whom the service can be reached by, and what then protects it.

use crate::config::Config;
use crate::report::Message;

/// What is not protected where others can reach the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exposed {
    /// Whoever is on the way reads and alters everything.
    WithoutTls,
    /// Whoever reaches it may do everything.
    WithoutAuthentication,
}

impl Exposed {
    /// What is missing.
    pub fn message(self) -> Message {
        match self {
            Self::WithoutTls => Message::new("未启用 TLS", "there is no TLS"),
            Self::WithoutAuthentication => Message::new("未启用身份认证", "there is no authentication"),
        }
    }
}

/// What settings leave unprotected; nothing where only this machine reaches the service.
pub fn exposed(config: &Config) -> Vec<Exposed> {
    if config.listen.ip().is_loopback() {
        return Vec::new();
    }
    let mut exposed = Vec::new();
    if !config.tls.is_on() {
        exposed.push(Exposed::WithoutTls);
    }
    if !config.access.authentication {
        exposed.push(Exposed::WithoutAuthentication);
    }
    exposed
}

/// Says at every start, and loudly, what is not protected.
pub fn warn_of_exposure(config: &Config) {
    for missing in exposed(config) {
        let listen = config.listen;
        match missing {
            Exposed::WithoutTls => {
                tracing::warn!(%listen, "INSECURE: no TLS; whoever is on the way reads and alters everything");
            }
            Exposed::WithoutAuthentication => {
                tracing::warn!(%listen, "INSECURE: no authentication; whoever reaches it may do everything");
            }
        }
    }
}
