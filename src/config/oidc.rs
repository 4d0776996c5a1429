//! Signing in with an identity provider, and what its addresses must be like.

use std::net::IpAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::ConfigError;

/// Signing in on the dashboard with an identity provider (OpenID Connect); off where no issuer is named.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Oidc {
    /// The provider, exactly as it names itself, such as `https://id.example/realms/office`; empty for none.
    pub issuer: String,
    /// As what the service is registered there.
    pub client_id: String,
    /// File with the secret of the client; empty where it is in [`Oidc::SECRET_VARIABLE`], or there is none.
    pub client_secret_file: PathBuf,
    /// Authorities of the provider's certificate beside those of the system, PEM; empty for none.
    pub ca: PathBuf,
    /// The claim that is the name of a principal. Nobody but the provider may choose its value.
    pub principal_claim: String,
    /// What is asked for; `openid` is among it.
    pub scopes: Vec<String>,
    /// What the provider is called on the sign-in page, in Chinese and in English.
    pub name_zh: String,
    /// The same in English.
    pub name_en: String,
    /// Whom to ask who cannot sign in, as it is to be read; empty for the security administrator.
    pub contact: String,
    /// The sign-in page takes tokens, too.
    pub offer_tokens: bool,
    /// Longest time for one answer of the provider, in seconds.
    pub timeout_seconds: u64,
}

impl Default for Oidc {
    fn default() -> Self {
        Self {
            issuer: String::new(),
            client_id: String::new(),
            client_secret_file: PathBuf::new(),
            ca: PathBuf::new(),
            principal_claim: "sub".to_owned(),
            scopes: vec!["openid".to_owned()],
            name_zh: "统一身份认证".to_owned(),
            name_en: "single sign-on".to_owned(),
            contact: String::new(),
            offer_tokens: true,
            timeout_seconds: 10,
        }
    }
}

impl Oidc {
    /// Variable of the environment with the secret of the client.
    pub const SECRET_VARIABLE: &str = "HUIZONG_OIDC_CLIENT_SECRET";

    /// Whether people sign in with a provider.
    pub fn is_on(&self) -> bool {
        !self.issuer.is_empty()
    }

    pub(super) fn check(&self, public_url: &str, authentication: bool) -> Result<(), ConfigError> {
        const PROTECTED: &str = "an address that begins with https:// (http:// on this machine only)";
        const ISSUER: &str = "access.oidc.issuer";
        const PUBLIC_URL: &str = "server.public_url";
        if !public_url.is_empty() {
            let rest = public_url.split_once("://").map(|(_, rest)| rest.strip_suffix('/').unwrap_or(rest));
            if !is_address(public_url) || rest.is_none_or(|rest| rest.contains(['/', '?', '#', '@'])) {
                return Err(ConfigError::Address(PUBLIC_URL, "an address such as https://huizong.example:7411"));
            }
        }
        if !self.is_on() {
            return Ok(());
        }
        if !is_protected_address(&self.issuer) || self.issuer.contains(['?', '#']) {
            return Err(ConfigError::Address(ISSUER, PROTECTED));
        }
        if !is_protected_address(public_url) {
            return Err(ConfigError::Address(PUBLIC_URL, PROTECTED));
        }
        if !authentication {
            return Err(ConfigError::Incomplete(ISSUER, "access.authentication"));
        }
        for (key, value) in
            [("access.oidc.client_id", &self.client_id), ("access.oidc.principal_claim", &self.principal_claim)]
        {
            if value.is_empty() {
                return Err(ConfigError::Incomplete(ISSUER, key));
            }
        }
        if !self.scopes.iter().any(|scope| scope == "openid") {
            return Err(ConfigError::Incomplete("access.oidc.scopes", "the scope openid"));
        }
        if self.timeout_seconds == 0 {
            return Err(ConfigError::Zero("access.oidc.timeout_seconds"));
        }
        Ok(())
    }
}

fn is_address(text: &str) -> bool {
    parsed(text).is_some()
}

/// Scheme and host of an address.
fn parsed(text: &str) -> Option<(String, String)> {
    let address: http::Uri = text.parse().ok()?;
    let scheme = address.scheme_str().filter(|scheme| ["http", "https"].contains(scheme))?;
    Some((scheme.to_owned(), address.host().filter(|host| !host.is_empty())?.to_owned()))
}

/// Whether nobody on the way reads or alters what is sent to an address: by TLS, or because it does not leave the machine.
pub fn is_protected_address(address: &str) -> bool {
    let Some((scheme, host)) = parsed(address) else { return false };
    let literal = host.trim_start_matches('[').trim_end_matches(']');
    let is_here = host == "localhost" || literal.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    scheme == "https" || is_here
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_with_tls_or_on_this_machine_are_protected() {
        for protected in
            ["https://id.example/realms/x", "http://127.0.0.1:8080", "http://[::1]:1/x", "http://localhost"]
        {
            assert!(is_protected_address(protected), "{protected}");
        }
        for open in
            ["http://id.example", "http://127.0.0.1.example", "ftp://localhost", "localhost", "", "/x", "https://"]
        {
            assert!(!is_protected_address(open), "{open}");
        }
    }

    #[test]
    fn a_provider_needs_a_client_and_an_address_for_its_answer() {
        let oidc = Oidc { issuer: "https://id.example".to_owned(), client_id: "huizong".to_owned(), ..Oidc::default() };
        let public_url = "https://huizong.example:7411";
        let key = |oidc: &Oidc, public_url: &str, authentication: bool| {
            oidc.check(public_url, authentication).unwrap_err().to_string()
        };
        oidc.check(public_url, true).unwrap();
        oidc.check("https://huizong.example/", true).unwrap();
        assert!(key(&oidc, "", true).contains("server.public_url"));
        assert!(key(&oidc, "https://huizong.example/path", true).contains("server.public_url"));
        assert!(key(&oidc, "http://huizong.example", true).contains("server.public_url"));
        assert!(key(&oidc, public_url, false).contains("access.authentication"));
        let plain = Oidc { issuer: "http://id.example".to_owned(), ..oidc.clone() };
        assert!(key(&plain, public_url, true).contains("access.oidc.issuer"));
        let nobody = Oidc { client_id: String::new(), ..oidc.clone() };
        assert!(key(&nobody, public_url, true).contains("access.oidc.client_id"));
        let closed = Oidc { scopes: vec!["profile".to_owned()], ..oidc };
        assert!(key(&closed, public_url, true).contains("openid"));
    }
}
