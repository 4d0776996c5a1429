//! The editions of the form and the report years that use them.

use super::model::{Edition, Merged, Sheet, Text};
use super::tables::{DISPUTES, PROACTIVE_DISCLOSURE, PROACTIVE_DISCLOSURE_TRIAL_2019, REQUESTS};

/// All editions, oldest first.
pub static EDITIONS: &[Edition] = &[
    Edition {
        id: "trial_2019",
        title: Text { zh: "2019年试行格式", en: "trial format of 2019" },
        notice: "国办公开办函〔2019〕60号",
        first_year: 2019,
        last_year: Some(2020),
        sheets: &[
            Sheet { table: &PROACTIVE_DISCLOSURE_TRIAL_2019, without: &[], merged: &[] },
            Sheet {
                table: &REQUESTS,
                without: &["other.correction_overdue", "other.fee_unpaid", "other.miscellaneous"],
                merged: &[],
            },
            Sheet { table: &DISPUTES, without: &[], merged: &[] },
        ],
    },
    Edition {
        id: "format_2021",
        title: Text { zh: "2021年格式", en: "format of 2021" },
        notice: "国办公开办函〔2021〕30号",
        first_year: 2021,
        last_year: None,
        sheets: &[
            Sheet { table: &PROACTIVE_DISCLOSURE, without: &[], merged: &[] },
            Sheet {
                table: &REQUESTS,
                without: &[],
                merged: &[Merged {
                    line: "other.unspecified",
                    stands_for: &["other.correction_overdue", "other.fee_unpaid", "other.miscellaneous"],
                }],
            },
            Sheet { table: &DISPUTES, without: &[], merged: &[] },
        ],
    },
];

/// The edition called `id`, such as `format_2021`.
pub fn edition(id: &str) -> Option<&'static Edition> {
    EDITIONS.iter().find(|edition| edition.id == id)
}

/// An edition as its id, for `#[serde(with = "edition_by_id")]`.
pub mod edition_by_id {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    use super::Edition;

    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(edition: &&'static Edition, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(edition.id)
    }

    /// # Errors
    /// Where there is no edition of this id.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<&'static Edition, D::Error> {
        let id = String::deserialize(deserializer)?;
        super::edition(&id).ok_or_else(|| D::Error::custom("there is no such edition"))
    }
}

/// The edition that reports of `year` use; none before the first edition.
pub fn edition_for_year(year: u16) -> Option<&'static Edition> {
    EDITIONS.iter().find(|edition| edition.covers(year))
}
