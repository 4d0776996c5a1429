//! Sending reminders. That they are about to be sent is in the journal before the first one is: so nobody is reminded twice a
//! day, whatever breaks off. What became of them is in a second entry.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::stream::{self, StreamExt as _};
use jiff::Timestamp;
use uuid::Uuid;

use crate::access::call;
use crate::registry::{REMINDERS_MAX, RegistryChange, Reminded, Reminders};
use crate::report::{AgencyId, Hash, JurisdictionCode, Message, ReportYear};
use crate::service::caller::Caller;
use crate::service::messages::{Channel, Letter, Messenger, Wording};
use crate::service::parts::{BEIJING, Service};
use crate::service::problem::{Problem, Reason};
use crate::service::registry::Planned;

use super::wording::words_for;
use super::{Reminder, off};

const ACTION: &str = call::SEND_REMINDERS.action;

/// Messages under way at a time.
const AT_A_TIME: usize = 4;

/// What is to be sent to whom.
#[derive(Debug, Clone)]
pub struct RemindRequest {
    /// Agencies in and below it.
    pub jurisdiction: JurisdictionCode,
    /// Report year.
    pub year: ReportYear,
    /// Of these only; empty for all that are to be reminded.
    pub agencies: Vec<AgencyId>,
    /// Empty for what is set.
    pub subject: String,
    /// Empty for what is set.
    pub text: String,
    /// Say what would be sent.
    pub validate_only: bool,
}

/// What became of one reminder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It would be sent.
    Planned,
    /// It was taken.
    Sent,
    /// Nobody took it, for the reason told.
    Failed(String),
    /// The agency was reminded today.
    Already,
    /// There is no address that is of use.
    Unreachable,
}

/// One reminder, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// To whom.
    pub agency: AgencyId,
    /// Its name in the year.
    pub display_name: String,
    /// What became of it.
    pub fate: Fate,
    /// How it went.
    pub channel: Option<Channel>,
    /// To how many people.
    pub recipients: u32,
    /// What is said: subject and text.
    pub words: (String, String),
}

/// All of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentReminders {
    /// By id.
    pub reminders: Vec<Sent>,
    /// How many are for another call.
    pub remaining: usize,
    /// What they were made of.
    pub wording: Wording,
}

impl Service {
    /// Reminds agencies, or says what would be sent to them.
    ///
    /// # Errors
    /// REMINDERS_OFF, JURISDICTION_NOT_FOUND; FIELD_INVALID for a text that is of no use.
    pub async fn remind(&self, request: RemindRequest, caller: &Caller) -> Result<SentReminders, Problem> {
        let wording = Wording::or(&request.subject, &request.text, &self.reminding.wording);
        if let Some(fault) = wording.fault() {
            return Err(Problem::field(Reason::FieldInvalid, fault.field, fault.message));
        }
        let messenger = self.reminding.messenger.clone().ok_or_else(off)?;
        // With it nobody else decides at the same time whom to remind today.
        let turn = self.registry_gate.lock().await;
        let (planned, remaining) = self.planned(&request, &wording, caller)?;
        if request.validate_only {
            return Ok(SentReminders {
                reminders: planned.into_iter().map(|(sent, _)| sent).collect(),
                remaining,
                wording,
            });
        }
        let to_send = |(sent, _): &&(Sent, Letter)| sent.fate == Fate::Planned;
        let agencies: Vec<AgencyId> = planned.iter().filter(to_send).map(|(sent, _)| sent.agency.clone()).collect();
        if agencies.is_empty() {
            return Ok(SentReminders {
                reminders: planned.into_iter().map(|(sent, _)| sent).collect(),
                remaining,
                wording,
            });
        }
        let begun = Reminders { year: request.year, at: self.now(), outcome: Reminded::Begun, agencies };
        self.store_reminders(vec![begun], &request, Some(&wording), caller).await?;
        drop(turn);
        // It goes on to its end whoever waits for it.
        let (service, caller) = (self.clone(), caller.clone());
        let work = async move {
            let reminders = deliver(messenger, planned).await;
            service.keep_outcomes(&request, &reminders, &caller).await.map(|()| reminders)
        };
        let done = tokio::spawn(work).await.map_err(|error| Problem::internal(&error.to_string()))?;
        Ok(SentReminders { reminders: done?, remaining, wording })
    }

    /// Who would be sent what, at most so many that are sent something; and how many are left.
    fn planned(
        &self,
        request: &RemindRequest,
        wording: &Wording,
        caller: &Caller,
    ) -> Result<(Vec<(Sent, Letter)>, usize), Problem> {
        let only: BTreeSet<&AgencyId> = request.agencies.iter().collect();
        let mut all = self.all_reminders(&request.jurisdiction, request.year, caller)?;
        all.retain(|one| only.is_empty() || only.contains(&one.agency));
        let today = BEIJING.to_datetime(self.now()).date();
        let is_today = |at: Timestamp| BEIJING.to_datetime(at).date() == today;
        let (mut planned, mut to_send, mut remaining) = (Vec::new(), 0, 0);
        for one in all {
            let was_today = one.last.is_some_and(|last| last.outcome != Reminded::Failed && is_today(last.at));
            let fate = match one.channel {
                _ if was_today => Fate::Already,
                None => Fate::Unreachable,
                Some(_) if to_send == REMINDERS_MAX => {
                    remaining += 1;
                    continue;
                }
                Some(_) => Fate::Planned,
            };
            to_send += usize::from(fate == Fate::Planned);
            planned.push(letter(one, fate, request.year, wording));
        }
        Ok((planned, remaining))
    }

    async fn keep_outcomes(&self, request: &RemindRequest, sent: &[Sent], caller: &Caller) -> Result<(), Problem> {
        let at = self.now();
        let of = |is_failed: bool, outcome| {
            let agencies: Vec<AgencyId> = sent
                .iter()
                .filter(|one| match one.fate {
                    Fate::Sent => !is_failed,
                    Fate::Failed(_) => is_failed,
                    _ => false,
                })
                .map(|one| one.agency.clone())
                .collect();
            (!agencies.is_empty()).then_some(Reminders { year: request.year, at, outcome, agencies })
        };
        let outcomes: Vec<Reminders> =
            [of(false, Reminded::Sent), of(true, Reminded::Failed)].into_iter().flatten().collect();
        let _turn = self.registry_gate.lock().await;
        self.store_reminders(outcomes, request, None, caller).await
    }

    /// Stores what is begun, or what became of it; the caller holds the registry's gate.
    async fn store_reminders(
        &self,
        reminders: Vec<Reminders>,
        request: &RemindRequest,
        wording: Option<&Wording>,
        caller: &Caller,
    ) -> Result<(), Problem> {
        // What was written is in the words of the entry, which can be struck out.
        let content = wording.map_or_else(Hash::default, |wording| {
            Hash::of(format!("{}\n\n{}", wording.subject, wording.text).as_bytes())
        });
        let said = wording.map(|wording| format!("{}\n{}", wording.subject, wording.text));
        let changes = reminders.into_iter().map(|one| RegistryChange::PutReminders(one.in_whole_microseconds()));
        let subject = request.jurisdiction.name();
        // It says what was done, whatever else was changed before.
        let planned_on = self.live.read().registry_sequence;
        let planned = Planned::new(changes.collect(), planned_on, ACTION, subject, content).saying(said);
        self.store_planned(planned, caller).await.map(|_| ())
    }
}

fn letter(one: Reminder, fate: Fate, year: ReportYear, wording: &Wording) -> (Sent, Letter) {
    let words = words_for(wording, &one, year);
    let sent = Sent {
        agency: one.agency.clone(),
        display_name: one.display_name.clone(),
        fate,
        channel: one.channel,
        recipients: 0,
        words: words.clone(),
    };
    let (subject, text) = words;
    let letter = Letter {
        id: Uuid::new_v4().to_string(),
        agency: one.agency,
        agency_name: one.display_name,
        year,
        subject,
        text,
        people: one.people,
    };
    (sent, letter)
}

/// Delivers what is planned, a few at a time; in the order in which it came.
async fn deliver(messenger: Arc<dyn Messenger>, planned: Vec<(Sent, Letter)>) -> Vec<Sent> {
    let one = |(sent, letter): (Sent, Letter)| {
        let messenger = messenger.clone();
        async move {
            if sent.fate != Fate::Planned {
                return sent;
            }
            match messenger.deliver(&letter).await {
                Ok(recipients) => Sent { fate: Fate::Sent, recipients, ..sent },
                Err(reason) => Sent { fate: Fate::Failed(reason), ..sent },
            }
        }
    };
    stream::iter(planned).map(one).buffered(AT_A_TIME).collect().await
}

impl Fate {
    /// Why it was not taken, in both languages.
    pub fn reason(&self) -> Option<Message> {
        match self {
            Self::Failed(reason) => Some(Message::new(format!("未能发出：{reason}"), format!("not taken: {reason}"))),
            Self::Already => Some(Message::new("今日已提醒过", "reminded today already")),
            Self::Unreachable => Some(Message::new("没有可用的联系方式", "there is no address that is of use")),
            Self::Planned | Self::Sent => None,
        }
    }
}
