//! The name of a principal: an agency's system, a person, or a tool.

use std::fmt;
use std::str::FromStr;

use crate::report::Message;

/// 1 to 64 of `a-z`, `0-9`, `-`, `_` and `.`, beginning with a letter or digit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PrincipalName(String);

/// Longest name, in bytes.
pub const PRINCIPAL_MAX_BYTES: usize = 64;

/// The text is no name of a principal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a principal is known by 1 to 64 of a-z, 0-9, '-', '_' and '.', beginning with a letter or digit")]
pub struct PrincipalNameError;

impl PrincipalNameError {
    /// In both languages.
    pub fn message(&self) -> Message {
        let zh = "账号为1至64个 a-z、0-9、“-”、“_”、“.”，以字母或数字开头";
        Message::new(zh, self.to_string())
    }
}

impl PrincipalName {
    /// Without `principals/`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its resource name, such as `principals/city-bureau`.
    pub fn name(&self) -> String {
        format!("principals/{}", self.0)
    }
}

impl fmt::Display for PrincipalName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for PrincipalName {
    type Err = PrincipalNameError;

    fn from_str(text: &str) -> Result<Self, PrincipalNameError> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let allowed = |byte: u8| plain(byte) || b"-_.".contains(&byte);
        let well_begun = text.bytes().next().is_some_and(plain);
        if well_begun && text.len() <= PRINCIPAL_MAX_BYTES && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(PrincipalNameError)
        }
    }
}
