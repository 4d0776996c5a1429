//! People's words where a machine might take them for more: no formula in a spreadsheet, no command to a terminal.

use std::borrow::Cow;

/// What stands before words that a spreadsheet would take for a formula. Spreadsheets take it for "this is text".
const MARK: char = '\'';

/// Signs with which spreadsheets begin a formula, full width included. A name that begins with one is no name.
pub const FORMULA_SIGNS: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// By which spreadsheets know that a text is UTF-8.
pub const BYTE_ORDER_MARK: &str = "\u{feff}";

fn begins_a_formula(words: &str) -> bool {
    words.trim_start_matches(MARK).starts_with(|first| FORMULA_SIGNS.contains(&first) || first == '\t' || first == '\r')
}

fn is_number(words: &str) -> bool {
    let digits = words.strip_prefix('-').unwrap_or(words);
    digits.starts_with(|digit: char| digit.is_ascii_digit())
        && digits.chars().all(|digit| digit.is_ascii_digit() || digit == '.')
}

/// Words as a cell of a CSV file: `'` stands before what would be a formula, numbers stay as they are.
pub fn to_cell(words: &str) -> Cow<'_, str> {
    if begins_a_formula(words) && !is_number(words) { format!("{MARK}{words}").into() } else { words.into() }
}

/// Rows as a CSV file, whose cells are made by [`to_cell`] where people wrote them.
///
/// # Errors
/// Rows of another length than the first.
pub fn to_csv<C: AsRef<[u8]>>(
    rows: impl IntoIterator<Item = impl IntoIterator<Item = C>>,
) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    rows.into_iter().try_for_each(|row| writer.write_record(row))?;
    writer.flush()?;
    // Memory takes all of it.
    Ok(writer.into_inner().unwrap_or_default())
}

/// Words from a cell of a CSV file that [`to_cell`] made.
pub fn from_cell(cell: &str) -> &str {
    match cell.strip_prefix(MARK) {
        Some(words) if begins_a_formula(words) => words,
        _ => cell,
    }
}

/// Words for a terminal: whatever could move the cursor, change colours or turn the direction of reading is shown as a sign
/// of its own. Ends of lines and tabs stay.
pub fn to_terminal(words: &str) -> Cow<'_, str> {
    if words.chars().all(is_harmless) {
        return words.into();
    }
    words.chars().map(|one| if is_harmless(one) { one } else { picture(one) }).collect::<String>().into()
}

/// As [`to_terminal`], with signs for ends of lines and tabs too: for what is one line for a machine.
pub fn to_line(words: &str) -> Cow<'_, str> {
    let shown = to_terminal(words);
    if !shown.contains(['\n', '\t']) {
        return shown;
    }
    shown.chars().map(|one| if one.is_control() { picture(one) } else { one }).collect::<String>().into()
}

fn is_harmless(one: char) -> bool {
    match one {
        '\n' | '\t' => true,
        '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => false,
        _ => !one.is_control(),
    }
}

/// The sign for a control character, such as ␛.
fn picture(one: char) -> char {
    match u32::from(one) {
        code @ 0..0x20 => char::from_u32(0x2400 + code).unwrap_or(char::REPLACEMENT_CHARACTER),
        0x7f => '\u{2421}',
        _ => char::REPLACEMENT_CHARACTER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn no_cell_begins_like_a_formula_but_numbers_stay() {
        for words in ["=1+1", "+86 451", "-见附件", "＝1", "@SUM(A1)", "\t=1", "\r=1", "'=1"] {
            assert!(to_cell(words).starts_with(MARK), "{words:?}");
        }
        for words in ["", "更正", "-3", "-3.5", "12", "'引号", "a=b"] {
            assert_eq!(to_cell(words), words);
        }
    }

    #[test]
    fn a_terminal_is_shown_signs_instead_of_commands() {
        assert_eq!(to_terminal("a\u{1b}[2Jb\u{202e}c\u{9b}\n二\t三\u{7f}"), "a␛[2Jb�c�\n二\t三␡");
        assert_eq!(to_line("一\u{1b}[2J\n二\t三\r"), "一␛[2J␊二␉三␍");
    }

    proptest! {
        #[test]
        fn words_come_back_from_a_cell_as_they_were(words in "['=+@\t\r\\-0-9a]{0,6}") {
            let cell = to_cell(&words);
            prop_assert_eq!(from_cell(&cell), words.as_str());
        }
    }
}
