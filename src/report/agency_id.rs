//! The identifier of an agency: a unified social credit code, or a chosen name where none exists.
//!
//! Sources: GB 32100-2015 (the 18 characters and their check character), GB 11714-1997 (the nested
//! organisation code in positions 9 to 17).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Message;

/// `[0-9A-HJ-NPQRTUWXY]{18}` with both check digits right, or `[a-z0-9-]{3,40}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AgencyId(String);

/// Longest identifier, in bytes.
pub const AGENCY_ID_MAX_BYTES: usize = 40;

const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
const ORGANISATION_WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];

/// Why a text is no identifier of an agency. What has 18 characters, none of them a lower-case letter, is judged as a
/// credit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AgencyIdError {
    /// Neither 18 characters of a code nor a name of the allowed form.
    #[error("an agency is known by its 18-character unified social credit code, or by 3 to 40 of a-z, 0-9 and -")]
    Shape,
    /// A character that GB 32100 does not use, such as `I` or `O`.
    #[error("a unified social credit code has no {0:?}")]
    Character(char),
    /// The last character does not check the 17 before it.
    #[error("the check character of the unified social credit code should be {expected}, not {found} (GB 32100)")]
    CheckCharacter {
        /// What GB 32100 makes of them.
        expected: char,
        /// What stands there.
        found: char,
    },
    /// The organisation code in it is wrong in itself.
    #[error("the check character of the nested organisation code should be {expected}, not {found} (GB 11714)")]
    OrganisationCheck {
        /// Its check character by GB 11714.
        expected: char,
        /// What stands there, at position 17.
        found: char,
    },
}

impl AgencyIdError {
    /// In both languages.
    pub fn message(&self) -> Message {
        let zh = match self {
            Self::Shape => "机构标识为18位统一社会信用代码，无此代码的为3至40位小写字母、数字或连字符".to_owned(),
            Self::Character(found) => format!("统一社会信用代码中没有“{found}”"),
            Self::CheckCharacter { expected, found } => {
                format!("统一社会信用代码的校验码应为 {expected}，不是 {found}（GB 32100）")
            }
            Self::OrganisationCheck { expected, found } => {
                format!("其中组织机构代码的校验码应为 {expected}，不是 {found}（GB 11714）")
            }
        };
        Message::new(zh, self.to_string())
    }
}

impl AgencyId {
    /// As it stands in resource names, without `agencies/`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The unified social credit code that is meant where one is written with small letters; none otherwise.
    pub fn in_upper_case(&self) -> Option<Self> {
        if !self.0.bytes().any(|byte| byte.is_ascii_lowercase()) {
            return None;
        }
        self.0.to_ascii_uppercase().parse().ok().filter(Self::is_credit_code)
    }

    /// Whether this is a unified social credit code rather than a chosen name.
    pub fn is_credit_code(&self) -> bool {
        looks_like_credit_code(&self.0)
    }
}

impl fmt::Display for AgencyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<AgencyId> for String {
    fn from(id: AgencyId) -> Self {
        id.0
    }
}

impl TryFrom<String> for AgencyId {
    type Error = AgencyIdError;

    fn try_from(text: String) -> Result<Self, AgencyIdError> {
        text.parse()
    }
}

impl FromStr for AgencyId {
    type Err = AgencyIdError;

    fn from_str(text: &str) -> Result<Self, AgencyIdError> {
        if looks_like_credit_code(text) {
            check_credit_code(text.as_bytes())?;
            return Ok(Self(text.to_owned()));
        }
        let chosen = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if (3..=AGENCY_ID_MAX_BYTES).contains(&text.len()) && text.bytes().all(chosen) {
            Ok(Self(text.to_owned()))
        } else {
            Err(AgencyIdError::Shape)
        }
    }
}

/// Eighteen characters without a lower-case letter or hyphen are meant as a credit code, right or wrong.
fn looks_like_credit_code(text: &str) -> bool {
    text.len() == 18 && text.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
}

fn check_credit_code(code: &[u8]) -> Result<(), AgencyIdError> {
    let expected = credit_check_character(code)?;
    let organisation = organisation_check_character(&code[8..16]);
    if char::from(code[16]) != organisation {
        return Err(AgencyIdError::OrganisationCheck { expected: organisation, found: code[16].into() });
    }
    if char::from(code[17]) != expected {
        return Err(AgencyIdError::CheckCharacter { expected, found: code[17].into() });
    }
    Ok(())
}

/// The 18th character that belongs to the first 17: weights 3^(i-1) mod 31.
fn credit_check_character(code: &[u8]) -> Result<char, AgencyIdError> {
    let mut sum = 0;
    let mut weight = 1;
    for &byte in &code[..17] {
        let value = ALPHABET.iter().position(|&c| c == byte).ok_or(AgencyIdError::Character(byte.into()))?;
        sum += value * weight;
        weight = weight * 3 % 31;
    }
    Ok(ALPHABET[(31 - sum % 31) % 31].into())
}

/// The check character of an eight-character organisation code body.
fn organisation_check_character(body: &[u8]) -> char {
    let sum: u32 = body
        .iter()
        .zip(ORGANISATION_WEIGHTS)
        .map(|(&byte, weight)| char::from(byte).to_digit(36).unwrap_or(0) * weight)
        .sum();
    match 11 - sum % 11 {
        10 => 'X',
        11 => '0',
        digit => char::from_digit(digit, 10).unwrap_or('0'),
    }
}

/// Completes a credit code from its first eight characters and an eight-character organisation code body,
/// both check characters computed; for simulated agencies.
///
/// # Errors
/// [`AgencyIdError`] where a character is not of the code's alphabet or a length is wrong.
pub fn complete_credit_code(head: &str, organisation: &str) -> Result<AgencyId, AgencyIdError> {
    if head.len() != 8 || organisation.len() != 8 || !head.is_ascii() || !organisation.is_ascii() {
        return Err(AgencyIdError::Shape);
    }
    let mut code = format!("{head}{organisation}");
    code.push(organisation_check_character(organisation.as_bytes()));
    code.push(credit_check_character(code.as_bytes())?);
    code.parse()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn real_codes_pass_both_checks() {
        for code in ["11341702486344515H", "12620600MB0523338C", "11330700099033995K"] {
            assert!(code.parse::<AgencyId>().unwrap().is_credit_code(), "{code}");
        }
    }

    #[test]
    fn any_single_wrong_character_is_caught() {
        let code = "11341702486344515H";
        for at in 0..18 {
            for &other in ALPHABET {
                let mut wrong = code.as_bytes().to_vec();
                if wrong[at] == other {
                    continue;
                }
                wrong[at] = other;
                let wrong = String::from_utf8(wrong).unwrap();
                assert!(wrong.parse::<AgencyId>().is_err(), "{wrong}");
            }
        }
    }

    #[test]
    fn the_error_names_the_right_check_character() {
        let error = "11341702486344515J".parse::<AgencyId>().unwrap_err();
        assert_eq!(error, AgencyIdError::CheckCharacter { expected: 'H', found: 'J' });
        assert_eq!("1134170248634451OH".parse::<AgencyId>(), Err(AgencyIdError::Character('O')));
    }

    #[test]
    fn chosen_names_have_their_alphabet_and_length() {
        assert!("mudanjiang-industry".parse::<AgencyId>().is_ok());
        for bad in ["ab", "Has-Capitals", "with space", "名称", &"a".repeat(41)] {
            assert_eq!(bad.parse::<AgencyId>(), Err(AgencyIdError::Shape), "{bad}");
        }
    }

    #[test]
    fn a_code_in_small_letters_is_known_for_what_it_is() {
        let small: AgencyId = "11341702486344515h".parse().unwrap();
        assert_eq!(small.in_upper_case(), "11341702486344515H".parse().ok());
        for other in ["11341702486344515H", "mudanjiang-industry", "11341702486344515j"] {
            assert_eq!(other.parse::<AgencyId>().unwrap().in_upper_case(), None, "{other}");
        }
    }

    #[test]
    fn completed_codes_are_valid() {
        assert_eq!(complete_credit_code("11341702", "48634451").unwrap().as_str(), "11341702486344515H");
    }
}
