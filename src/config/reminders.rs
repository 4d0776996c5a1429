//! How agencies are reminded of reports that are missing.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::ConfigError;

/// Ways to people, and what they are told.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Reminders {
    /// Mail server: `smtps://host:465` for TLS from the first byte, `smtp+starttls://host:587` for TLS before anything else,
    /// `smtp://host:25` for none, to this machine only; empty for no e-mail.
    pub smtp: String,
    /// Name to sign in with there; empty for none.
    pub user: String,
    /// File with the password.
    pub password_file: PathBuf,
    /// Who the messages are from, such as `省政府办公厅 <bangongting@example.gov.cn>`.
    pub from: String,
    /// Address to which messages are posted as JSON, for those without an e-mail address, or all where there is no mail
    /// server; empty for none.
    pub webhook: String,
    /// File with a token that is shown there; empty for none.
    pub webhook_token_file: PathBuf,
    /// Authorities of both servers' certificates, PEM; empty for those that this machine trusts.
    pub ca: PathBuf,
    /// What messages are about where nobody says otherwise; empty for the program's own words.
    pub subject: String,
    /// What they say where nobody says otherwise; empty for the program's own words.
    pub text: String,
}

/// Where a mail server is, and how it is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SmtpAddress<'a> {
    /// Its name or address.
    pub host: &'a str,
    /// Its port.
    pub port: u16,
    /// Over TLS.
    pub is_protected: bool,
    /// TLS begins once both sides have said so.
    pub is_upgraded: bool,
}

impl Reminders {
    /// The mail server; none where there is none, or the address has not the form that it must have.
    pub fn smtp_address(&self) -> Option<SmtpAddress<'_>> {
        let (scheme, rest) = self.smtp.split_once("://")?;
        let (is_protected, is_upgraded) = match scheme {
            "smtps" => (true, false),
            "smtp+starttls" => (true, true),
            "smtp" => (false, false),
            _ => return None,
        };
        let (host, port) = rest.trim_end_matches('/').rsplit_once(':')?;
        let host = host.trim_matches(['[', ']']);
        let is_name = !host.is_empty() && !host.contains(['/', '@', ' ']);
        is_name.then_some(SmtpAddress { host, port: port.parse().ok()?, is_protected, is_upgraded })
    }

    /// Whether it makes sense.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let is_here = |host: &str| matches!(host, "localhost" | "127.0.0.1" | "::1");
        if !self.smtp.is_empty() {
            let fits = self.smtp_address().is_some_and(|at| at.is_protected || is_here(at.host));
            if !fits {
                return Err(ConfigError::Address(
                    "reminders.smtp",
                    "smtps://host:port, smtp+starttls://host:port, or smtp://localhost:port",
                ));
            }
            if self.from.is_empty() {
                return Err(ConfigError::Incomplete("reminders.smtp", "reminders.from"));
            }
        }
        if self.user.is_empty() != self.password_file.as_os_str().is_empty() {
            return Err(ConfigError::Incomplete("reminders.user", "reminders.password_file"));
        }
        if !self.webhook.is_empty() && !super::is_protected_address(&self.webhook) {
            return Err(ConfigError::Address("reminders.webhook", "https://…, or http:// to this machine"));
        }
        if self.webhook.is_empty() && !self.webhook_token_file.as_os_str().is_empty() {
            return Err(ConfigError::Incomplete("reminders.webhook_token_file", "reminders.webhook"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_server_is_reached_over_tls_or_on_this_machine() {
        let check = |smtp: &str| {
            let reminders = Reminders { smtp: smtp.to_owned(), from: "a@b.cn".to_owned(), ..Reminders::default() };
            reminders.check().is_ok()
        };
        for (address, is_taken) in [
            ("", true),
            ("smtps://mail.example.cn:465", true),
            ("smtp+starttls://mail.example.cn:587", true),
            ("smtp://localhost:25", true),
            ("smtp://[::1]:25", true),
            ("smtp://mail.example.cn:25", false),
            ("smtps://mail.example.cn", false),
            ("smtps://user@mail.example.cn:465", false),
            ("http://mail.example.cn:465", false),
            ("mail.example.cn:465", false),
        ] {
            assert_eq!(check(address), is_taken, "{address}");
        }
    }

    #[test]
    fn what_is_of_no_use_alone_is_refused() {
        let refused = |reminders: Reminders| reminders.check().map_err(|error| error.to_string()).unwrap_err();
        let smtp = || "smtps://mail.example.cn:465".to_owned();
        assert!(refused(Reminders { smtp: smtp(), ..Reminders::default() }).contains("reminders.from"));
        let user = Reminders { user: "a".to_owned(), ..Reminders::default() };
        assert!(refused(user).contains("reminders.password_file"));
        let webhook = Reminders { webhook: "http://gateway.example.cn/".to_owned(), ..Reminders::default() };
        assert!(refused(webhook).contains("reminders.webhook"));
        let token = Reminders { webhook_token_file: "t".into(), ..Reminders::default() };
        assert!(refused(token).contains("reminders.webhook"));
    }
}
