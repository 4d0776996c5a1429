//! What the form prints over and beside its figures, in English: the form itself is in Chinese only, and so are documents; screens
//! have readers of both.

use super::model::{Table, Text};

/// Headings above several lines, which lines name as they are printed.
const SECTIONS: &[Text] = &[
    Text { zh: "第二十条第（一）项", en: "Article 20 (1)" },
    Text { zh: "第二十条第（五）项", en: "Article 20 (5)" },
    Text { zh: "第二十条第（六）项", en: "Article 20 (6)" },
    Text { zh: "第二十条第（八）项", en: "Article 20 (8)" },
    Text { zh: "第二十条第（九）项", en: "Article 20 (9)" },
    Text { zh: "三、本年度办理结果", en: "III. outcomes this year" },
    Text { zh: "行政诉讼", en: "administrative litigation" },
];

const ORDINALS: &[Text] = &[
    Text { zh: "", en: "" },
    Text { zh: "一、", en: "I. " },
    Text { zh: "二、", en: "II. " },
    Text { zh: "四、", en: "IV. " },
    Text { zh: "（一）", en: "(1) " },
    Text { zh: "（二）", en: "(2) " },
    Text { zh: "（三）", en: "(3) " },
    Text { zh: "（四）", en: "(4) " },
    Text { zh: "（五）", en: "(5) " },
    Text { zh: "（六）", en: "(6) " },
    Text { zh: "（七）", en: "(7) " },
];

/// What a heading of the table says; none for a text that is no heading of it.
pub fn heading_in_english(table: &Table, printed: &str) -> Option<String> {
    let headings = &table.headings;
    let plain = headings.corner.iter().chain(&headings.columns).copied();
    let plain = plain.chain(headings.groups.iter().map(|group| group.label)).chain(SECTIONS.iter().copied());
    let columns = table.lines.iter().flat_map(|line| line.columns).map(|column| column.label);
    let alone = plain.chain(columns).map(|label| ("", label));
    let lines = table.lines.iter().map(|line| (line.ordinal, line.label));
    let numbered = table.groups.iter().map(|group| (group.ordinal, group.label)).chain(lines);
    let (ordinal, label) = alone
        .chain(numbered)
        .find(|(ordinal, label)| printed.strip_prefix(ordinal).is_some_and(|rest| rest == label.zh))?;
    // Arabic ones are the same in English.
    let number = ORDINALS
        .iter()
        .find(|known| known.zh == ordinal)
        .map_or_else(|| format!("{ordinal} "), |known| known.en.to_owned());
    Some(number + label.en)
}
