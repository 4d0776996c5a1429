//! E-mail, through a server that relays it.

use std::time::Duration;

use anyhow::Context as _;
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, MessageBuilder};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::transport::smtp::{Error, PoolConfig};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};

use crate::config::{Reminders, SmtpAddress};
use crate::registry::Contact;
use crate::service::Letter;

use super::secret;

/// Longest time for one step of an exchange with the server.
const STEP_LIMIT: Duration = Duration::from_secs(20);
/// Connections at a time.
const CONNECTIONS: u32 = 4;

pub(super) struct Mail {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Mail {
    /// # Errors
    /// Naming the setting that cannot be used.
    pub(super) fn new(config: &Reminders) -> anyhow::Result<Self> {
        let address = config.smtp_address().context("reminders.smtp is no address")?;
        let SmtpAddress { host, port, is_protected, is_upgraded } = address;
        let from = config.from.parse::<Mailbox>().context("reminders.from is no address")?;
        let tls = match (is_protected, is_upgraded) {
            (false, _) => Tls::None,
            (true, true) => Tls::Required(parameters(host, config)?),
            (true, false) => Tls::Wrapper(parameters(host, config)?),
        };
        let builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
            .port(port)
            .tls(tls)
            .timeout(Some(STEP_LIMIT))
            .pool_config(PoolConfig::new().max_size(CONNECTIONS));
        let builder = if config.user.is_empty() {
            builder
        } else {
            let password = secret(&config.password_file).context("reminders.password_file")?;
            builder.credentials(Credentials::new(config.user.clone(), password))
        };
        Ok(Self { transport: builder.build(), from })
    }

    /// To everybody who has an address, each by themselves: nobody is shown another's. Taken where one of them was.
    ///
    /// # Errors
    /// Where none was taken, what the server said of the last.
    pub(super) async fn deliver(&self, letter: &Letter) -> Result<u32, String> {
        let (mut taken, mut failure) = (0, None);
        let people = letter.people.iter().enumerate().filter(|(_, person)| !person.email.is_empty());
        for (at, person) in people {
            let message = match self.message(letter, at, person) {
                Ok(message) => message,
                Err(why) => {
                    failure = Some(why);
                    continue;
                }
            };
            match self.transport.send(message).await {
                Ok(_) => taken += 1,
                Err(error) => failure = Some(in_words(&error)),
            }
        }
        match failure {
            Some(why) if taken == 0 => Err(why),
            _ => Ok(taken),
        }
    }

    fn message(&self, letter: &Letter, at: usize, person: &Contact) -> Result<Message, String> {
        let unusable = |_| "an address is of no use".to_owned();
        let address: Address = person.email.parse().map_err(unusable)?;
        let builder: MessageBuilder = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(Some(person.name.clone()), address))
            .subject(letter.subject.clone())
            .message_id(Some(format!("<{}.{at}@huizong>", letter.id)))
            .header(ContentType::TEXT_PLAIN);
        builder.body(letter.text.clone()).map_err(|_| "the message cannot be written".to_owned())
    }
}

/// What became of an attempt, without what the server repeats of the address.
fn in_words(error: &Error) -> String {
    match error.status() {
        Some(code) => format!("the mail server answered {code}"),
        None if error.is_timeout() => "the mail server does not answer".to_owned(),
        None if error.is_tls() => "the mail server shows no certificate that is trusted".to_owned(),
        None => "the mail server cannot be reached".to_owned(),
    }
}

fn parameters(host: &str, config: &Reminders) -> anyhow::Result<TlsParameters> {
    let builder = TlsParameters::builder(host.to_owned());
    let builder = if config.ca.as_os_str().is_empty() {
        builder
    } else {
        let pem = std::fs::read(&config.ca).with_context(|| format!("reminders.ca: {}", config.ca.display()))?;
        let authority = Certificate::from_pem(&pem).context("reminders.ca")?;
        builder.certificate_store(CertificateStore::None).add_root_certificate(authority)
    };
    builder.build_rustls().context("reminders.smtp: TLS cannot be used")
}
