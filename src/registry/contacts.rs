//! Whom to ask at an agency. These are people's names and numbers: they are kept beside the registry, not in it, so that no
//! tree, no earlier state and no file of the registry has them unless somebody who may see them asks for them.

use email_address::{EmailAddress, Options};

use crate::report::{AgencyId, Message, digest_of_struck};

use super::{NAME_MAX_CHARACTERS, is_display_name};

/// Most people named for one agency.
pub const CONTACTS_MAX: usize = 10;
/// Longest duty, in characters.
pub const DUTY_MAX_CHARACTERS: usize = 100;
/// Longest telephone number, in characters.
pub const TELEPHONE_MAX_CHARACTERS: usize = 60;
/// Longest e-mail address, in characters (RFC 5321).
pub const EMAIL_MAX_CHARACTERS: usize = 254;

/// One person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contact {
    /// Who it is.
    pub name: String,
    /// What they do there; may be empty.
    pub duty: String,
    /// May be empty where there is an e-mail address.
    pub telephone: String,
    /// May be empty where there is a telephone number.
    pub email: String,
}

/// Whom to ask at one agency, the first one first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contacts {
    /// Where they are.
    pub agency: AgencyId,
    /// Nobody where nobody is known any more.
    pub people: Vec<Contact>,
}

/// A field of a contact that is not as it must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContactFault {
    /// `name`, `duty`, `telephone` or `email`.
    pub field: &'static str,
    kind: FaultKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FaultKind {
    Name,
    Duty,
    Telephone,
    Email,
    Unreachable,
}

/// What stands in telephone numbers as people write them, beside digits.
const TELEPHONE_SIGNS: &str = "+-()（）—－/, 、;；*#.转分机ext";

impl Contact {
    /// The first field that is not as it must be.
    pub fn fault(&self) -> Option<ContactFault> {
        let fault = |field, kind| Some(ContactFault { field, kind });
        let is_short = |text: &str, most| text.chars().count() <= most;
        if !is_display_name(&self.name) {
            return fault("name", FaultKind::Name);
        }
        if !self.duty.is_empty() && !is_display_name(&self.duty) {
            return fault("duty", FaultKind::Duty);
        }
        let is_telephone = |text: &str| {
            let fits = |c: char| c.is_ascii_digit() || TELEPHONE_SIGNS.contains(c);
            text.chars().all(fits) && text.chars().any(|c| c.is_ascii_digit()) && text.trim() == text
        };
        let is_callable = is_short(&self.telephone, TELEPHONE_MAX_CHARACTERS) && is_telephone(&self.telephone);
        if !(self.telephone.is_empty() || is_callable) {
            return fault("telephone", FaultKind::Telephone);
        }
        let is_reachable = is_short(&self.email, EMAIL_MAX_CHARACTERS) && is_email(&self.email);
        if !(self.email.is_empty() || is_reachable) {
            return fault("email", FaultKind::Email);
        }
        if self.telephone.is_empty() && self.email.is_empty() {
            return fault("telephone", FaultKind::Unreachable);
        }
        None
    }
}

/// Whether mail can be sent there: an address alone, of a domain with a name.
fn is_email(text: &str) -> bool {
    let alone = Options::default().with_required_tld().without_display_text().without_domain_literal();
    EmailAddress::parse_with_options(text, alone).is_ok()
}

impl ContactFault {
    /// In both languages.
    pub fn message(&self) -> Message {
        match self.kind {
            FaultKind::Name => Message::new(
                format!("须为1至{NAME_MAX_CHARACTERS}字，首尾无空格，无控制字符"),
                format!(
                    "needs 1 to {NAME_MAX_CHARACTERS} characters, without control characters or surrounding spaces"
                ),
            ),
            FaultKind::Duty => Message::new(
                format!("最多{DUTY_MAX_CHARACTERS}字，首尾无空格，无控制字符"),
                format!(
                    "takes at most {DUTY_MAX_CHARACTERS} characters, without control characters or surrounding spaces"
                ),
            ),
            FaultKind::Telephone => Message::new(
                format!("不是电话号码：须有数字，最多{TELEPHONE_MAX_CHARACTERS}字，只含数字、+、-、括号、“转”等"),
                format!(
                    "is no telephone number: digits, at most {TELEPHONE_MAX_CHARACTERS} characters, with +, -, brackets and the like"
                ),
            ),
            FaultKind::Email => Message::new("不是电子邮箱地址", "is no e-mail address"),
            FaultKind::Unreachable => Message::new(
                "电话和电子邮箱至少填一项",
                "is blank, and so is the e-mail address: one of both is needed",
            ),
        }
    }
}

impl Contacts {
    /// Whether what was written of these people is gone.
    pub fn is_struck(&self) -> bool {
        self.people.iter().any(|person| digest_of_struck(&person.name).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_contact_is_refused_by_its_field() {
        let person = |name: &str, telephone: &str, email: &str| Contact {
            name: name.to_owned(),
            duty: String::new(),
            telephone: telephone.to_owned(),
            email: email.to_owned(),
        };
        for (contact, field) in [
            (person("张三", "0451-8263 0000转8012", ""), None),
            (person("张三", "+86 (451) 82630000", "zhang.san@example.gov.cn"), None),
            (person("张三", "", "zhangsan@example.cn"), None),
            (person("", "1", ""), Some("name")),
            (person(" 张三", "1", ""), Some("name")),
            (person("张三", "", ""), Some("telephone")),
            (person("张三", "电话", ""), Some("telephone")),
            (person("张三", "-", ""), Some("telephone")),
            (person("张三", "=1+1", ""), Some("telephone")),
            (person("张三", &"1".repeat(61), ""), Some("telephone")),
            (person("张三", "", "zhangsan"), Some("email")),
            (person("张三", "", "a@b\r\nBcc: c@d"), Some("email")),
            (person("张三", "", "a b@example.cn"), Some("email")),
        ] {
            assert_eq!(contact.fault().map(|fault| fault.field), field, "{contact:?}");
        }
    }
}
