//! Reminding agencies whose report is missing or was returned: who they are, what is written to them, and sending it, once a
//! day at most. `list` finds them, `table` makes a file of that, `wording` fills in the message of each, `send` sends it and
//! keeps what became of it.

mod list;
mod send;
mod table;
mod wording;

use crate::report::Message;

use super::problem::{Problem, Reason};

pub use list::{Cause, Reminder};
pub use send::{Fate, RemindRequest, Sent, SentReminders};

fn off() -> Problem {
    Problem::new(
        Reason::RemindersOff,
        Message::new("尚未设置催报提醒的发送方式", "nothing is set up to deliver reminders"),
        Message::new(
            "请联系系统管理员设置发送方式（电子邮件或网络接口）；催报名单仍可导出",
            "have the operator set smtp or webhook in [reminders]; the list can be had all the same",
        ),
    )
}
