//! Whatever the operator has set up behind an address: a gateway of short messages, or the office's own messenger.

use anyhow::Context as _;
use serde_json::json;

use crate::config::Reminders;
use crate::outbound::{Trust, post_with};
use crate::service::Letter;

use super::secret;

pub(super) struct Webhook {
    address: String,
    /// Empty for none.
    token: String,
    trust: Trust,
}

impl Webhook {
    /// # Errors
    /// Naming the setting that cannot be used.
    pub(super) fn new(config: &Reminders) -> anyhow::Result<Self> {
        let token = secret(&config.webhook_token_file).context("reminders.webhook_token_file")?;
        let trust = Trust { ca: config.ca.clone(), ..Trust::default() };
        Ok(Self { address: config.webhook.clone(), token, trust })
    }

    /// One message for all of an agency's people; taken where the answer is a success.
    ///
    /// # Errors
    /// What was answered instead.
    pub(super) async fn deliver(&self, letter: &Letter) -> Result<u32, String> {
        let people = letter.people.iter().map(|person| {
            json!({"name": person.name, "duty": person.duty, "telephone": person.telephone, "email": person.email})
        });
        let message = json!({
            "id": letter.id,
            "agency": format!("agencies/{}", letter.agency),
            "agencyName": letter.agency_name,
            "year": letter.year.get(),
            "subject": letter.subject,
            "text": letter.text,
            "people": people.collect::<Vec<_>>(),
        });
        let bearer = (!self.token.is_empty()).then(|| format!("Bearer {}", self.token));
        let content = message.to_string().into_bytes();
        let answer = post_with(&self.address, &self.trust, "application/json", bearer.as_deref(), content).await;
        match answer {
            Ok((status, _)) if status.is_success() => Ok(letter.people.len().try_into().unwrap_or(u32::MAX)),
            Ok((status, _)) => Err(format!("the webhook answered {}", status.as_u16())),
            Err(error) if error.kind() == std::io::ErrorKind::TimedOut => Err("the webhook does not answer".to_owned()),
            Err(_) => Err("the webhook cannot be reached".to_owned()),
        }
    }
}
