//! Sentences that correct a figure which is printed elsewhere: which of the two stands is for people to say.

use super::note::{NoteCode, ReaderNote, shortened};
use super::placement::PrintedRow;

/// Words by which a correction is announced, and those by which it is made.
const ANNOUNCED: [&str; 6] = ["更正", "勘误", "订正", "笔误", "有误", "修正"];
const MADE: [&str; 6] = ["应为", "应是", "改为", "更正为", "修正为", "订正为"];

/// Notes on what corrects figures.
pub fn corrections(rows: &[PrintedRow]) -> Vec<ReaderNote> {
    let has = |text: &str, words: &[&str]| words.iter().any(|word| text.contains(word));
    let cells = rows.iter().flat_map(|row| &row.cells);
    let correcting = cells.filter(|cell| {
        let behind = MADE.iter().filter_map(|word| cell.raw.split_once(word)).map(|(_, behind)| behind);
        has(&cell.raw, &ANNOUNCED) && behind.into_iter().any(|behind| behind.contains(|c: char| c.is_numeric()))
    });
    let note = |cell: &super::placement::PrintedCell| {
        let said = shortened(&cell.raw);
        ReaderNote::at(
            NoteCode::CorrectionSaid,
            cell.place,
            &cell.raw,
            Vec::new(),
            &format!("文中另有更正说明（“{said}”），读取的仍是表中所印的数字；请核对后改正"),
            &format!("a correction is stated ({said:?}); what is read is what the tables print; check, and correct it"),
        )
    };
    correcting.map(note).collect()
}

#[cfg(test)]
mod tests {
    use super::super::note::Place;
    use super::super::placement::{Extent, PrintedCell};
    use super::*;

    #[test]
    fn a_sentence_that_corrects_a_figure_is_told() {
        let count = |text: &str| {
            let cell = PrintedCell::alone(text, Place::in_text(1, 1));
            corrections(&[PrintedRow { cells: vec![cell], extent: Extent::Unknown }]).len()
        };
        assert_eq!(count("更正：行政许可应为15件。"), 1);
        assert_eq!(count("上表行政处罚数有误，现改为１２０件。"), 1);
        assert_eq!(count("对不准确的信息及时予以更正。"), 0);
        assert_eq!(count("公开指南修订为2023年版，行政许可15件。"), 0);
        assert_eq!(count("有误的，应为其更正。"), 0);
    }
}
