//! Reminders.

use crate::pb;
use crate::registry::Reminded;
use crate::report::Message;
use crate::service::{
    Cause, Channel, Fate, Problem, Reason, RemindRequest, Reminder, RenderedFile, Sent, SentReminders,
};

use super::contact::contact_to_wire;
use super::finding::text_to_wire;
use super::registry::{agency_id, code, year_from_wire};
use super::report::timestamp_to_wire;

fn channel_to_wire(channel: Option<Channel>) -> i32 {
    let channel = channel.map_or(pb::ReminderChannel::Unspecified, |channel| match channel {
        Channel::Email => pb::ReminderChannel::Email,
        Channel::Webhook => pb::ReminderChannel::Webhook,
    });
    channel.into()
}

pub(crate) fn reminder_to_wire(reminder: &Reminder) -> pb::Reminder {
    let cause = match reminder.cause {
        Cause::Missing => pb::ReminderCause::Missing,
        Cause::Returned => pb::ReminderCause::Returned,
    };
    let outcome = reminder.last.map_or(pb::ReminderOutcome::Unspecified, |last| match last.outcome {
        Reminded::Begun => pb::ReminderOutcome::Begun,
        Reminded::Sent => pb::ReminderOutcome::Sent,
        Reminded::Failed => pb::ReminderOutcome::Failed,
    });
    pb::Reminder {
        agency: format!("agencies/{}", reminder.agency),
        display_name: reminder.display_name.clone(),
        jurisdiction: reminder.jurisdiction.name(),
        jurisdiction_display_name: reminder.jurisdiction_name.clone(),
        cause: cause.into(),
        due_time: reminder.due.map(|(at, _)| timestamp_to_wire(at)),
        days_left: reminder.due.map(|(_, days)| days.try_into().unwrap_or(i32::MAX)),
        people: reminder.people.iter().map(contact_to_wire).collect(),
        last_time: reminder.last.map(|last| timestamp_to_wire(last.at)),
        last_outcome: outcome.into(),
        channel: channel_to_wire(reminder.channel),
    }
}

/// # Errors
/// What is malformed, by field.
pub(crate) fn remind_from_wire(wire: pb::SendRemindersRequest) -> Result<RemindRequest, Problem> {
    let most = crate::registry::REMINDERS_MAX;
    if wire.agencies.len() > most {
        let text = Message::new(format!("一次最多{most}个"), format!("at most {most} at a time"));
        return Err(Problem::field(Reason::TooMany, "agencies", text));
    }
    let agencies = wire.agencies.iter().enumerate();
    let agencies = agencies.map(|(at, name)| agency_id(name, &format!("agencies[{at}]")));
    Ok(RemindRequest {
        jurisdiction: code(&wire.jurisdiction, "jurisdiction")?,
        year: year_from_wire(wire.year, "year")?,
        agencies: agencies.collect::<Result<_, _>>()?,
        subject: wire.subject,
        text: wire.text,
        validate_only: wire.validate_only,
    })
}

fn sent_to_wire(sent: &Sent) -> pb::SentReminder {
    let outcome = match sent.fate {
        Fate::Planned => pb::ReminderOutcome::Planned,
        Fate::Sent => pb::ReminderOutcome::Sent,
        Fate::Failed(_) => pb::ReminderOutcome::Failed,
        Fate::Already => pb::ReminderOutcome::Already,
        Fate::Unreachable => pb::ReminderOutcome::Unreachable,
    };
    let (subject, text) = if sent.fate == Fate::Planned { sent.words.clone() } else { Default::default() };
    pb::SentReminder {
        agency: format!("agencies/{}", sent.agency),
        display_name: sent.display_name.clone(),
        outcome: outcome.into(),
        channel: channel_to_wire(sent.channel),
        recipients: sent.recipients.try_into().unwrap_or(i32::MAX),
        reason: sent.fate.reason().map(|reason| text_to_wire(&reason)),
        subject,
        text,
    }
}

pub(crate) fn sent_reminders_to_wire(sent: &SentReminders) -> pb::SendRemindersResponse {
    let count = |of: fn(&Fate) -> bool| {
        let count = sent.reminders.iter().filter(|one| of(&one.fate)).count();
        count.try_into().unwrap_or(i32::MAX)
    };
    pb::SendRemindersResponse {
        reminders: sent.reminders.iter().map(sent_to_wire).collect(),
        sent: count(|fate| matches!(fate, Fate::Sent | Fate::Planned)),
        failed: count(|fate| matches!(fate, Fate::Failed(_))),
        left_out: count(|fate| matches!(fate, Fate::Already | Fate::Unreachable)),
        remaining: sent.remaining.try_into().unwrap_or(i32::MAX),
        subject: sent.wording.subject.clone(),
        text: sent.wording.text.clone(),
    }
}

pub(crate) fn rendered_reminders_to_wire(file: RenderedFile) -> pb::RenderRemindersResponse {
    pb::RenderRemindersResponse {
        content: file.content,
        content_type: file.content_type.to_owned(),
        file_name: file.name,
    }
}
