//! Enrolment: a one-time code that its holder exchanges for a secret which nobody else has seen.

use std::fmt;
use std::io;
use std::sync::LazyLock;

use data_encoding::{Encoding, Specification};
use jiff::Timestamp;

use crate::report::Hash;

use super::change::CredentialId;
use super::principal::PrincipalName;
use super::token::{KeyId, random_bytes};

const ID_BYTES: usize = 8;
/// 96 bits: nobody guesses them before the code ends.
const SECRET_BYTES: usize = 12;
/// Characters between two hyphens.
const GROUP: usize = 4;

/// Crockford's base 32: letters and digits that are not mistaken for each other when they are read out or typed.
static LETTERS: LazyLock<Encoding> = LazyLock::new(|| {
    let mut letters = Specification::new();
    letters.symbols.push_str("0123456789ABCDEFGHJKMNPQRSTVWXYZ");
    letters.translate.from.push_str("abcdefghjkmnpqrstvwxyzOoIiLl");
    letters.translate.to.push_str("ABCDEFGHJKMNPQRSTVWXYZ001111");
    letters.ignore.push_str("- ");
    // A constant that every test of a code compiles.
    letters.encoding().unwrap_or_else(|_| unreachable!())
});

/// A one-time code as it is handed over: the id of the credential to be and a secret, 32 letters and digits in groups of
/// four. Never logged.
#[derive(Clone, PartialEq, Eq)]
pub struct EnrolmentCode {
    /// Of the credential that it is exchanged for.
    pub credential: CredentialId,
    pub(super) secret: [u8; SECRET_BYTES],
}

impl fmt::Debug for EnrolmentCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EnrolmentCode({})", self.credential)
    }
}

impl EnrolmentCode {
    /// A new code.
    ///
    /// # Errors
    /// Where the operating system gives no random bytes.
    pub fn generate() -> io::Result<Self> {
        Ok(Self { credential: CredentialId(random_bytes()?), secret: random_bytes()? })
    }

    /// The text to be handed over, once.
    pub fn reveal(&self) -> String {
        let letters = LETTERS.encode(&[&self.credential.0[..], &self.secret].concat());
        let mut text = String::with_capacity(letters.len() + letters.len() / GROUP);
        for (at, letter) in letters.chars().enumerate() {
            if at > 0 && at % GROUP == 0 {
                text.push('-');
            }
            text.push(letter);
        }
        text
    }

    /// A code from its text, in capitals or not, with or without hyphens; none where it has another shape.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = LETTERS.decode(text.trim().as_bytes()).ok()?;
        let (id, secret) = bytes.split_at_checked(ID_BYTES)?;
        Some(Self { credential: CredentialId(id.try_into().ok()?), secret: secret.try_into().ok()? })
    }
}

/// An enrolment as it is kept: without the code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// Of the credential that the code is exchanged for.
    pub id: CredentialId,
    /// Who will hold the credential.
    pub principal: PrincipalName,
    /// Keyed hash of the code.
    pub code: Hash,
    /// The key of that hash.
    pub key: KeyId,
    /// What the credential is for; may be empty.
    pub note: String,
    /// When the code was given out.
    pub created: Timestamp,
    /// From then on the code is refused.
    pub ends: Timestamp,
    /// From then on the credential is refused.
    pub expires: Timestamp,
    /// Who asked for it, and so has seen the code; none where that was whoever runs the machine of the service.
    pub by: Option<PrincipalName>,
}

impl Enrolment {
    /// Resource name of the credential.
    pub fn name(&self) -> String {
        format!("{}/credentials/{}", self.principal.name(), self.id)
    }

    /// Who asked for it, in words.
    pub fn asker(&self) -> &str {
        self.by.as_ref().map_or(MACHINE, PrincipalName::as_str)
    }
}

/// Stands for whoever runs the machine of the service; no principal has this name.
const MACHINE: &str = "(machine)";

/// What became of an enrolment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnrolmentState {
    /// Its code may be exchanged, until it ends.
    Open,
    /// Its code was exchanged, which ended so many credentials of the same principal.
    Exchanged {
        /// When it was exchanged; the credential was made then.
        at: Timestamp,
        /// Credentials that were good until then; revoked ones are not counted.
        replaced: usize,
    },
    /// Its code was not exchanged, and never will be.
    Ended,
}

/// An enrolment with what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolled {
    /// As it was given out.
    pub enrolment: Enrolment,
    /// How it stands now. A code whose time is over stays open here: see [`Enrolled::is_open`].
    pub state: EnrolmentState,
    /// The second person who agreed to it, where one did.
    pub confirmed_by: Option<PrincipalName>,
}

impl Enrolled {
    /// Whether its code may be exchanged at this time.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.state == EnrolmentState::Open && now < self.enrolment.ends
    }

    /// Ends a code that was not exchanged.
    pub(super) fn end(&mut self) {
        if self.state == EnrolmentState::Open {
            self.state = EnrolmentState::Ended;
        }
    }

    /// Whether one person alone saw to it: whoever asked for it may have exchanged the code, too.
    pub fn is_by_alone(&self, person: &PrincipalName) -> bool {
        self.confirmed_by.is_none() && self.enrolment.by.as_ref() == Some(person)
    }
}
