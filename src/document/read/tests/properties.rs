//! What holds for every input.

use proptest::prelude::*;

use super::super::placement::is_value;
use super::super::{Limits, ReadError, read_document};
use super::render::render;
use super::{notes, read};
use crate::form::{EDITIONS, Edition, Kind, Presence, catalogue};
use crate::report::{Cell, Figures};

fn edition() -> impl Strategy<Value = &'static Edition> {
    prop::sample::select(EDITIONS.iter().collect::<Vec<_>>())
}

fn cell_value(kind: Kind) -> BoxedStrategy<Cell> {
    let number = match kind {
        Kind::Count => prop_oneof![0i64..20, 0i64..1_000_000_000_000].boxed(),
        Kind::SignedCount => (-1000i64..1000).boxed(),
        Kind::Money => prop_oneof![0i64..100, 0i64..1_000_000_000_000_000].boxed(),
    };
    prop_oneof![8 => number.prop_map(Cell::Number), 1 => Just(Cell::Blank), 1 => Just(Cell::NotApplicable)].boxed()
}

/// Figures of an edition; with `merged`, the accepted lines instead of those they stand for.
pub fn figures() -> impl Strategy<Value = Figures> {
    (edition(), any::<bool>()).prop_flat_map(|(edition, merged)| {
        let wanted: Vec<_> = catalogue()
            .cells_of(edition)
            .filter(|cell| {
                let field = catalogue().line(cell.line).line.field;
                let mut sheets = edition.sheets.iter().flat_map(|sheet| sheet.merged);
                let is_replaced = sheets.any(|m| m.stands_for.contains(&field));
                match catalogue().presence(edition, cell.id) {
                    Presence::Accepted => merged,
                    _ => !(merged && is_replaced),
                }
            })
            .collect();
        let values: Vec<_> = wanted.iter().map(|cell| cell_value(cell.kind)).collect();
        values.prop_map(move |values| {
            let mut figures = Figures::blank(edition);
            for (cell, value) in wanted.iter().zip(values) {
                assert!(figures.set(cell.id, value));
            }
            figures
        })
    })
}

/// Lines of the form's own words and values in any order, among other text.
fn scrambled() -> impl Strategy<Value = String> {
    let mut words: Vec<String> = catalogue().cells.iter().map(|cell| cell.label_zh.clone()).collect();
    for table in &catalogue().tables {
        words.push(table.table.title.zh.to_owned());
        for line in table.table.lines {
            words.push(format!("{}{}", line.ordinal, line.label.zh));
            words.push(line.section.to_owned());
            words.extend(line.columns.iter().map(|column| column.label.zh.to_owned()));
        }
    }
    let values =
        ["0", "1", "12", "-", "", "无", "不适用", "3元", "22（其中修订16件）", "约5", "1 2 3", "|", "\t", "1,2", "。"];
    words.extend(values.into_iter().flat_map(|value| vec![value.to_owned(); 20]));
    let separators = prop::sample::select(vec!["\n", "\n\n", "\n\t", " ", "|", "\t", ""]);
    prop::collection::vec((prop::sample::select(words), separators), 0..200)
        .prop_map(|pieces| pieces.into_iter().map(|(word, separator)| word + separator).collect())
}

/// What happens to a printed label on its way into a text.
#[derive(Debug, Clone)]
enum Damage {
    Lost,
    Without { at: prop::sample::Index, length: usize },
    Replaced { at: prop::sample::Index, by: String },
    Broken { at: prop::sample::Index },
    Repeated,
}

fn damage() -> impl Strategy<Value = Damage> {
    let at = any::<prop::sample::Index>;
    prop_oneof![
        Just(Damage::Lost),
        (at(), 1usize..4).prop_map(|(at, length)| Damage::Without { at, length }),
        (at(), "\\PC").prop_map(|(at, by)| Damage::Replaced { at, by }),
        at().prop_map(|at| Damage::Broken { at }),
        Just(Damage::Repeated),
    ]
}

impl Damage {
    fn apply(&self, line: &str) -> String {
        let mut characters: Vec<char> = line.chars().collect();
        if characters.is_empty() {
            return String::new();
        }
        let length_before = characters.len();
        match self {
            Self::Lost => characters.clear(),
            Self::Without { at, length } => {
                let start = at.index(length_before);
                characters.drain(start..length_before.min(start + length));
            }
            Self::Replaced { at, by } => {
                let start = at.index(length_before);
                characters.splice(start..=start, by.chars());
            }
            Self::Broken { at } => characters.insert(at.index(length_before), '\n'),
            Self::Repeated => return format!("{line}\n{line}"),
        }
        characters.into_iter().collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        let _ = read_document(&bytes, "report.txt", &Limits::default());
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "(?s).{0,500}") {
        let _ = read_document(text.as_bytes(), &text, &Limits::default());
    }

    #[test]
    fn no_order_of_the_forms_own_words_makes_the_reader_panic(text in scrambled()) {
        let reading = read(&text);
        for note in &reading.notes {
            prop_assert!(!note.message.zh.is_empty() && !note.message.en.is_empty());
        }
        for read in &reading.cells {
            prop_assert_eq!(reading.figures.get(read.cell), read.value);
        }
    }

    #[test]
    fn a_printed_form_is_read_back_as_it_was(figures in figures(), blank_lines in any::<bool>()) {
        let reading = read(&render(&figures, if blank_lines { "\n\n" } else { "\n" }));
        prop_assert_eq!(notes(&reading), Vec::<String>::new());
        prop_assert_eq!(reading.figures, figures);
    }

    #[test]
    fn a_document_with_lines_lost_is_read_wrong_nowhere(figures in figures(), lost in prop::collection::vec(0usize..400, 1..12)) {
        let text = render(&figures, "\n");
        let lines: Vec<_> = text.lines().collect();
        // Only values are lost, as blank cells are; a line without a label is another document.
        let is_kept = |(at, line): &(usize, &&str)| !(lost.contains(at) && **line == "-");
        let kept: Vec<_> = lines.iter().enumerate().filter(is_kept).map(|(_, line)| *line).collect();
        let reading = read(&kept.join("\n"));
        for (cell, value) in reading.figures.filled() {
            prop_assert_eq!(value, figures.get(cell), "{}", catalogue().cell(cell).path);
        }
    }

    #[test]
    fn damaged_words_never_move_a_figure(
        figures in figures(),
        damages in prop::collection::vec((any::<prop::sample::Index>(), damage()), 1..8),
        separator in prop::sample::select(vec!["\n", "\n\n"]),
    ) {
        let text = render(&figures, "\n");
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let words: Vec<_> = (0..lines.len()).filter(|at| !is_value(&lines[*at])).collect();
        for (index, damage) in damages {
            let line = &mut lines[words[index.index(words.len())]];
            *line = damage.apply(line);
        }
        let reading = read(&lines.join(separator));
        for (cell, value) in reading.figures.filled() {
            prop_assert_eq!(value, figures.get(cell), "{} of\n{}", catalogue().cell(cell).path, lines.join("\n"));
        }
    }
}

#[test]
fn a_document_beyond_the_limits_is_refused_in_both_languages() {
    let limits = Limits { max_bytes: 100, max_cells: 10, ..Limits::default() };
    let large = read_document(&[b'1'; 101], "a.txt", &limits).unwrap_err();
    assert_eq!(large, ReadError::TooLarge { bytes: 101, limit: 100 });
    let many = read_document("1\n".repeat(11).as_bytes(), "a.txt", &limits).unwrap_err();
    assert_eq!(many, ReadError::TooManyCells { limit: 10 });
    for error in [large, many] {
        assert!(error.message().zh.contains("请"));
    }
}

#[test]
fn a_large_hostile_document_is_read_to_its_end() {
    for line in ["其他法律行政止\n", "1\n", "规章\n", "行政复议\n结果维持\n", "| a | 1 | 2 |\n", "（（（（\n"]
    {
        let text =
            format!("第二十条第（一）项\n申请人情况\n{}", line.repeat(4_000 / line.matches(['\n', '|']).count()));
        assert!(read_document(text.as_bytes(), "a.txt", &Limits::default()).is_ok());
    }
}
