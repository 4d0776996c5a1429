//! Messages to agencies: what they are made of, and what delivers them. Whom and when is for `reminders` to say.

use futures::future::BoxFuture;

use crate::registry::Contact;
use crate::report::{AgencyId, Message, ReportYear};

/// Longest subject, in characters.
pub const SUBJECT_MAX_CHARACTERS: usize = 200;
/// Longest text, in characters.
pub const TEXT_MAX_CHARACTERS: usize = 5000;

/// How a reminder goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// To each e-mail address.
    Email,
    /// To what the operator has set up.
    Webhook,
}

/// A message to one agency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Names it once and for all.
    pub id: String,
    /// Whose report is missing.
    pub agency: AgencyId,
    /// Its name in the year.
    pub agency_name: String,
    /// Report year.
    pub year: ReportYear,
    /// On one line.
    pub subject: String,
    /// As people read it.
    pub text: String,
    /// Whom it is for.
    pub people: Vec<Contact>,
}

/// Delivers messages.
pub trait Messenger: Send + Sync {
    /// How a message would go to these people; none where none of them can be reached.
    fn channel(&self, people: &[Contact]) -> Option<Channel>;

    /// Delivers one message, and says to how many people.
    ///
    /// # Errors
    /// In words, without the people's own: nobody has taken it.
    fn deliver<'a>(&'a self, letter: &'a Letter) -> BoxFuture<'a, Result<u32, String>>;
}

/// What reminders are sent by and made of.
#[derive(Clone, Default)]
pub struct Reminding {
    /// None where nothing is set up.
    pub messenger: Option<std::sync::Arc<dyn Messenger>>,
    /// What they are made of where nothing else is said.
    pub wording: Wording,
}

/// What reminders are made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wording {
    /// On one line.
    pub subject: String,
    /// The message.
    pub text: String,
}

impl Default for Wording {
    fn default() -> Self {
        Self {
            subject: "请报送{年度}年度政府信息公开工作年度报告".to_owned(),
            text: "{单位}：\n\n截至目前，你单位{年度}年度政府信息公开工作年度报告{状态}。报送截止时间：{截止时间}                   （{剩余天数}）。请尽快报送；已报送的，请忽略本提醒。\n\n{地区}政府信息公开主管部门"
                .to_owned(),
        }
    }
}

/// Why a wording is of no use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WordingFault {
    /// `subject` or `text`.
    pub field: &'static str,
    /// Why.
    pub message: Message,
}

/// What can stand for something.
#[derive(Clone, Copy)]
pub(super) enum Placeholder {
    Agency,
    Jurisdiction,
    Year,
    Cause,
    Due,
    DaysLeft,
}

const PLACEHOLDERS: [(&str, &str, Placeholder); 6] = [
    ("单位", "agency", Placeholder::Agency),
    ("地区", "jurisdiction", Placeholder::Jurisdiction),
    ("年度", "year", Placeholder::Year),
    ("状态", "cause", Placeholder::Cause),
    ("截止时间", "due", Placeholder::Due),
    ("剩余天数", "days_left", Placeholder::DaysLeft),
];

/// What messages have that were written before it was called otherwise.
const FORMER: [(&str, Placeholder); 1] = [("机构", Placeholder::Agency)];

/// A piece of a wording.
enum Piece<'a> {
    Plain(&'a str),
    Of(Placeholder),
    Unknown(&'a str),
}

/// A text in its pieces; a brace that is not closed is plain.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, later)) = after.split_once('}') else { break };
        found.push(Piece::Plain(before));
        let known = PLACEHOLDERS.iter().find(|(zh, en, _)| name == *zh || name == *en).map(|(.., of)| *of);
        let former = || FORMER.iter().find(|(former, _)| name == *former).map(|(_, of)| *of);
        found.push(known.or_else(former).map_or(Piece::Unknown(name), Piece::Of));
        rest = later;
    }
    found.push(Piece::Plain(rest));
    found
}

impl Wording {
    /// What is given, and of the rest what another one has.
    pub fn or(subject: &str, text: &str, other: &Self) -> Self {
        let given = |text: &str, other: &str| if text.trim().is_empty() { other.to_owned() } else { text.to_owned() };
        Self { subject: given(subject, &other.subject), text: given(text, &other.text) }
    }

    /// The first thing that is wrong with it.
    pub fn fault(&self) -> Option<WordingFault> {
        let fields = [("subject", &self.subject, SUBJECT_MAX_CHARACTERS), ("text", &self.text, TEXT_MAX_CHARACTERS)];
        for (field, text, most) in fields {
            let fault = |message| Some(WordingFault { field, message });
            if text.chars().count() > most {
                return fault(Message::new(format!("最多{most}字"), format!("takes at most {most} characters")));
            }
            let is_odd = |c: char| c.is_control() && !(field == "text" && matches!(c, '\n' | '\r' | '\t'));
            if text.chars().any(is_odd) {
                return fault(Message::new("含有控制字符或换行", "holds control characters or breaks of lines"));
            }
            let unknown = pieces(text).into_iter().find_map(|piece| match piece {
                Piece::Unknown(name) => Some(name.to_owned()),
                _ => None,
            });
            if let Some(name) = unknown {
                let known = |of: fn(&(&'static str, &'static str, Placeholder)) -> &'static str| {
                    PLACEHOLDERS.iter().map(|one| format!("{{{}}}", of(one))).collect::<Vec<_>>().join(" ")
                };
                return fault(Message::new(
                    format!("没有占位符 {{{name}}}；可用 {}", known(|one| one.0)),
                    format!("there is no placeholder {{{name}}}; there are {}", known(|one| one.1)),
                ));
            }
        }
        None
    }

    /// Subject and text with what stands for each placeholder.
    pub(super) fn filled(&self, value: impl Fn(Placeholder) -> String) -> (String, String) {
        let fill = |text: &str| {
            pieces(text)
                .into_iter()
                .map(|piece| match piece {
                    Piece::Plain(text) => text.to_owned(),
                    Piece::Of(placeholder) => value(placeholder),
                    Piece::Unknown(name) => format!("{{{name}}}"),
                })
                .collect::<String>()
        };
        // A name may hold anything but what breaks a line of a header.
        (fill(&self.subject).replace(char::is_control, " "), fill(&self.text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_break_a_header_or_stands_for_nothing_is_refused() {
        let of = |subject: &str, text: &str| {
            Wording { subject: subject.to_owned(), text: text.to_owned() }.fault().map(|fault| fault.field)
        };
        assert_eq!(of("催报", "请\n报送"), None);
        assert_eq!(of("催报\r\nBcc: a@b.cn", "请报送"), Some("subject"));
        assert_eq!(of("催报", "{姓名}"), Some("text"));
        assert_eq!(of(&"长".repeat(201), "请报送"), Some("subject"));
        assert_eq!(Wording::default().fault(), None);
    }
}
