//! Division codes of jurisdictions. Source: GB/T 2260 (six digits), statistical codes (nine or twelve digits).

use std::fmt;
use std::str::FromStr;

use super::Message;

/// Six, nine or twelve digits. Codes have no check digit and change over the years.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JurisdictionCode(String);

/// Longest code, in bytes.
pub const JURISDICTION_CODE_MAX_BYTES: usize = 12;

const COLLECTION: &str = "jurisdictions/";

/// The text is no division code, or the name of a jurisdiction holds none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a jurisdiction is known by its division code of 6, 9 or 12 digits, as in jurisdictions/230000")]
pub struct JurisdictionCodeError;

impl JurisdictionCodeError {
    /// In both languages.
    pub fn message(&self) -> Message {
        Message::new("行政区划代码应为6、9或12位数字，如 jurisdictions/230000", self.to_string())
    }
}

impl JurisdictionCode {
    /// The digits, without `jurisdictions/`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The resource name, `jurisdictions/{code}`.
    pub fn name(&self) -> String {
        format!("{COLLECTION}{}", self.0)
    }

    /// Reads a resource name, `jurisdictions/{code}`.
    ///
    /// # Errors
    /// [`JurisdictionCodeError`] for any other shape.
    pub fn from_name(name: &str) -> Result<Self, JurisdictionCodeError> {
        name.strip_prefix(COLLECTION).ok_or(JurisdictionCodeError)?.parse()
    }
}

impl fmt::Display for JurisdictionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for JurisdictionCode {
    type Err = JurisdictionCodeError;

    fn from_str(text: &str) -> Result<Self, JurisdictionCodeError> {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        if digits && matches!(text.len(), 6 | 9 | 12) { Ok(Self(text.to_owned())) } else { Err(JurisdictionCodeError) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_six_nine_or_twelve_digits() {
        for code in ["230000", "320871", "230102001", "230102001001"] {
            assert_eq!(JurisdictionCode::from_name(&format!("jurisdictions/{code}")).unwrap().as_str(), code);
        }
        for bad in ["jurisdictions/23", "jurisdictions/23000a", "230000", "jurisdictions/2300000", "jurisdictions/"] {
            assert_eq!(JurisdictionCode::from_name(bad), Err(JurisdictionCodeError), "{bad}");
        }
    }
}
