//! Reminders on their way to people: as e-mail through a server of the operator's, or to whatever they have set up behind a
//! webhook. Whom and what is for the service to say.

mod mail;
mod webhook;

use std::path::Path;
use std::sync::Arc;

use futures::future::BoxFuture;

use crate::config::Reminders;
use crate::registry::Contact;
use crate::service::{Channel, Letter, Messenger, Reminding, Wording};

use mail::Mail;
use webhook::Webhook;

/// Both ways, as far as they are set up.
struct Ways {
    mail: Option<Mail>,
    webhook: Option<Webhook>,
}

/// What is set up, with its files read.
///
/// # Errors
/// Naming the setting that cannot be used.
pub fn reminding(config: &Reminders) -> anyhow::Result<Reminding> {
    let mail = if config.smtp.is_empty() { None } else { Some(Mail::new(config)?) };
    let webhook = if config.webhook.is_empty() { None } else { Some(Webhook::new(config)?) };
    let is_on = mail.is_some() || webhook.is_some();
    let wording = Wording::or(&config.subject, &config.text, &Wording::default());
    if let Some(fault) = wording.fault() {
        anyhow::bail!("reminders.{}: {}", fault.field, fault.message.en);
    }
    let messenger = is_on.then(|| Arc::new(Ways { mail, webhook }) as Arc<dyn Messenger>);
    Ok(Reminding { messenger, wording })
}

/// A secret in a file of its own; empty for no file.
fn secret(path: &Path) -> anyhow::Result<String> {
    if path.as_os_str().is_empty() {
        return Ok(String::new());
    }
    let text = std::fs::read_to_string(path).map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

impl Messenger for Ways {
    fn channel(&self, people: &[Contact]) -> Option<Channel> {
        if self.mail.is_some() && people.iter().any(|person| !person.email.is_empty()) {
            return Some(Channel::Email);
        }
        (self.webhook.is_some() && !people.is_empty()).then_some(Channel::Webhook)
    }

    fn deliver<'a>(&'a self, letter: &'a Letter) -> BoxFuture<'a, Result<u32, String>> {
        Box::pin(async move {
            match (self.channel(&letter.people), &self.mail, &self.webhook) {
                (Some(Channel::Email), Some(mail), _) => mail.deliver(letter).await,
                (Some(Channel::Webhook), _, Some(webhook)) => webhook.deliver(letter).await,
                _ => Err("nobody can be reached".to_owned()),
            }
        })
    }
}
