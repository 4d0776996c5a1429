//! Two reports beside each other: cells with their difference and its share, and the sentences that came and went. Values in,
//! values out; whether a difference is worth a word is for people.

use std::collections::HashMap;

use unicode_normalization::UnicodeNormalization;

use crate::form::{CellId, Presence, catalogue};

use super::{Cell, Figures, Narrative};

/// A cell that is not the same in both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CellContrast {
    /// Which cell.
    pub cell: CellId,
    /// In the earlier report.
    pub before: Cell,
    /// In the later report.
    pub after: Cell,
    /// After less before; none where either is no number. A total that was blank counts as what its parts make.
    pub difference: Option<i128>,
    /// The difference in thousandths of what was before, to the nearest; none where that is 0 or no number.
    pub share_permille: Option<i64>,
}

/// Sentences of one chapter that only one of two reports has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextContrast {
    /// As in paths and on the wire.
    pub chapter: &'static str,
    /// In the later report alone, in its order.
    pub added: Vec<String>,
    /// In the earlier report alone, in its order.
    pub dropped: Vec<String>,
    /// In both.
    pub kept: usize,
}

/// Two sets of figures beside each other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FigureContrast {
    /// In the order of the form.
    pub cells: Vec<CellContrast>,
    /// Cells that both have, and in which the same stands.
    pub equal: usize,
    /// Cells that only one of the two editions has; they are not compared.
    pub not_comparable: usize,
}

/// Compares the cells that the editions of both have.
pub fn contrast_figures(earlier: &Figures, later: &Figures) -> FigureContrast {
    let (before, after) = (Completing::of(earlier), Completing::of(later));
    let mut contrast = FigureContrast::default();
    for info in &catalogue().cells {
        let has = |figures: &Figures| catalogue().presence(figures.edition(), info.id) != Presence::Absent;
        match (has(earlier), has(later)) {
            (true, true) => {}
            (false, false) => continue,
            _ => {
                contrast.not_comparable += 1;
                continue;
            }
        }
        let (was, is) = (before.value(info.id), after.value(info.id));
        if was == is {
            contrast.equal += 1;
            continue;
        }
        let numbers = was.number().map(i128::from).zip(is.number().map(i128::from));
        contrast.cells.push(CellContrast {
            cell: info.id,
            before: was,
            after: is,
            difference: numbers.map(|(was, is)| is - was),
            share_permille: numbers.and_then(|(was, is)| share_permille(was, is - was)),
        });
    }
    contrast
}

/// Figures with their blank totals computed.
struct Completing<'a> {
    figures: &'a Figures,
    computed: HashMap<CellId, i128>,
}

impl<'a> Completing<'a> {
    fn of(figures: &'a Figures) -> Self {
        Self { figures, computed: figures.complete().computed_values().into_iter().collect() }
    }

    fn value(&self, cell: CellId) -> Cell {
        let computed = self.computed.get(&cell).and_then(|value| i64::try_from(*value).ok());
        computed.map_or_else(|| self.figures.get(cell), Cell::Number)
    }
}

/// The nearest number of thousandths, halves away from zero.
fn share_permille(before: i128, difference: i128) -> Option<i64> {
    if before == 0 {
        return None;
    }
    let (scaled, whole) = (difference.checked_mul(2000)?, before.checked_mul(2)?);
    let away = if (scaled < 0) == (whole < 0) { before } else { -before };
    i64::try_from(scaled.checked_add(away)? / whole).ok()
}

/// Compares chapter by chapter; a chapter that neither has is left out.
pub fn contrast_texts(earlier: Option<&Narrative>, later: Option<&Narrative>) -> Vec<TextContrast> {
    let blank = Narrative::default();
    let (earlier, later) = (earlier.unwrap_or(&blank), later.unwrap_or(&blank));
    let chapters = earlier.chapters().into_iter().zip(later.chapters());
    let there = chapters.filter(|(was, is)| was.text.is_some() || is.text.is_some());
    there
        .map(|(was, is)| {
            let (before, after) = (sentences(was.text.unwrap_or_default()), sentences(is.text.unwrap_or_default()));
            let (dropped, added) = (only_in(&before, &after), only_in(&after, &before));
            TextContrast { chapter: was.field, kept: after.len() - added.len(), added, dropped }
        })
        .collect()
}

/// The sentences of a text, each with its end.
fn sentences(text: &str) -> Vec<String> {
    let parts = text.split_inclusive(['。', '！', '？', '；', '!', '?', ';', '\n']);
    parts.map(str::trim).filter(|sentence| !folded(sentence).is_empty()).map(str::to_owned).collect()
}

/// Without width, spaces and punctuation, by which no sentence becomes another.
fn folded(sentence: &str) -> String {
    sentence.nfkc().filter(|c| c.is_alphanumeric()).collect()
}

/// Those of some sentences that the others do not have, each as often as it is there more often.
fn only_in(sentences: &[String], others: &[String]) -> Vec<String> {
    let mut left: HashMap<String, usize> = HashMap::new();
    for other in others {
        *left.entry(folded(other)).or_default() += 1;
    }
    let is_only_here = |sentence: &&String| match left.get_mut(&folded(sentence)) {
        Some(count) if *count > 0 => {
            *count -= 1;
            false
        }
        _ => true,
    };
    sentences.iter().filter(is_only_here).cloned().collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::form::edition;

    fn cell(path: &str) -> CellId {
        catalogue().cell_at(path).unwrap()
    }

    fn figures(values: &[(&str, i64)]) -> Figures {
        let mut figures = Figures::blank(edition("format_2021").unwrap());
        for (path, value) in values {
            figures.set(cell(path), Cell::Number(*value));
        }
        figures
    }

    #[test]
    fn a_difference_is_told_with_its_share_and_blank_totals_are_computed() {
        let earlier = figures(&[("requests.received.natural_person", 8), ("requests.received.total", 8)]);
        let later = figures(&[("requests.received.natural_person", 9)]);
        let contrast = contrast_figures(&earlier, &later);
        let total = contrast.cells.iter().find(|one| one.cell == cell("requests.received.total")).unwrap();
        assert_eq!((total.after, total.difference, total.share_permille), (Cell::Number(9), Some(1), Some(125)));
        let only = contrast_figures(&figures(&[]), &later).cells.into_iter();
        assert!(
            only.filter(|one| one.cell == cell("requests.received.natural_person"))
                .all(|one| one.share_permille.is_none())
        );
    }

    #[test]
    fn shares_are_rounded_to_the_nearest_thousandth_away_from_zero() {
        for (before, difference, share) in [
            (3, 1, Some(333)),
            (3, 2, Some(667)),
            (16, 1, Some(63)),
            (16, -1, Some(-63)),
            (-16, 1, Some(-63)),
            (0, 5, None),
        ] {
            assert_eq!(share_permille(before, difference), share, "{difference} of {before}");
        }
    }

    #[test]
    fn sentences_that_came_and_went_are_told_whatever_their_width_and_spaces() {
        let text = |text: &str| Narrative { problems: Some(text.to_owned()), ..Narrative::default() };
        let earlier = text("一是公开不够及时。二是 解读形式单一；三是人员不足。");
        let later = text("一是公开不够及时。\n二是解读形式单一；四是平台待整合。");
        let [contrast] = &contrast_texts(Some(&earlier), Some(&later))[..] else { panic!("one chapter") };
        assert_eq!(contrast.added, ["四是平台待整合。"]);
        assert_eq!(contrast.dropped, ["三是人员不足。"]);
        assert_eq!((contrast.chapter, contrast.kept), ("problems", 2));
    }

    proptest! {
        #[test]
        fn what_is_turned_round_is_the_same_with_the_other_sign(
            values in prop::collection::vec((0..catalogue().cells.len(), -9..9i64, -9..9i64), 0..30),
        ) {
            let filled = |second: bool| {
                let mut figures = Figures::blank(edition("format_2021").unwrap());
                for (at, one, other) in &values {
                    figures.set(catalogue().cells[*at].id, Cell::Number(if second { *other } else { *one }));
                }
                figures
            };
            let (one, other) = (filled(false), filled(true));
            let (there, back) = (contrast_figures(&one, &other), contrast_figures(&other, &one));
            prop_assert_eq!(there.equal, back.equal);
            prop_assert_eq!(there.cells.len(), back.cells.len());
            for (there, back) in there.cells.iter().zip(&back.cells) {
                prop_assert_eq!((there.before, there.after), (back.after, back.before));
                prop_assert_eq!(there.difference, back.difference.map(|difference| -difference));
            }
            prop_assert!(contrast_figures(&one, &one).cells.is_empty());
        }

        #[test]
        fn every_sentence_is_kept_added_or_dropped(
            earlier in prop::collection::vec("[甲乙丙]{1,2}。", 0..6),
            later in prop::collection::vec("[甲乙丙]{1,2}。", 0..6),
        ) {
            let text = |sentences: &[String]| Narrative { overview: Some(sentences.concat()), ..Narrative::default() };
            let contrast = contrast_texts(Some(&text(&earlier)), Some(&text(&later)));
            prop_assert_eq!(contrast[0].kept + contrast[0].added.len(), later.len());
            prop_assert_eq!(contrast[0].kept + contrast[0].dropped.len(), earlier.len());
        }
    }
}
