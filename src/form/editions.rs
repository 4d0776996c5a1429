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

/// The edition that reports of `year` use; none before the first edition.
pub fn edition_for_year(year: u16) -> Option<&'static Edition> {
    EDITIONS.iter().find(|edition| edition.covers(year))
}
