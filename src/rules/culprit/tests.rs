//! How often the finder names the truth, measured on mistakes put into reports of a simulated province.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::super::valid::valid_report;
use super::super::{diagnose, rule_set};
use super::*;
use crate::form::{CellId, Part, catalogue, edition, edition_for_year};
use crate::report::{Cell, Slip};
use crate::simulation::{DEFAULT_PROVINCE, Parameters, Province};

/// Cases of each kind of mistake.
const CASES: usize = 1_000;

fn year() -> ReportYear {
    ReportYear::new(2023).unwrap()
}

/// Reports in which requests were made at all.
fn reports() -> Vec<Figures> {
    let parameters = Parameters {
        seed: 11,
        province: DEFAULT_PROVINCE.to_owned(),
        agencies: 2_500,
        first_year: year(),
        last_year: ReportYear::new(2024).unwrap(),
    };
    let province = Province::simulate(&parameters).unwrap();
    province.reports(year()).map(|report| report.figures).collect()
}

fn diagnosed(figures: &Figures) -> Vec<Diagnosis> {
    diagnose(rule_set(year()), year(), figures, &figures.complete())
}

fn cell(path: &str) -> CellId {
    catalogue().cell_at(path).unwrap_or_else(|| panic!("no cell {path}"))
}

fn number(figures: &Figures, cell: CellId) -> i64 {
    figures.get(cell).number().unwrap_or(0)
}

/// The prescribed cells of chapter three.
fn chapter_three(figures: &Figures) -> Vec<CellId> {
    let cells = catalogue().cells_of(figures.edition()).filter(|info| info.path.starts_with("requests."));
    cells.map(|info| info.id).filter(|id| figures.get(*id) != Cell::Blank).collect()
}

/// What a person's slip makes of a number; none where the slip cannot happen to it.
type Mistake = fn(i64, &mut ChaCha8Rng) -> Option<i64>;

const MISTAKES: [(&str, Mistake); 7] = [
    ("digits transposed", |number, rng| {
        let mut digits = number.to_string().into_bytes();
        let places: Vec<usize> = (1..digits.len()).filter(|at| digits[at - 1] != digits[*at]).collect();
        let at = *places.choose(rng)?;
        digits.swap(at - 1, at);
        parsed(&digits)
    }),
    ("wrong digit", |number, rng| {
        let mut digits = number.to_string().into_bytes();
        let at = rng.random_range(0..digits.len());
        digits[at] = b'0' + (digits[at] - b'0' + rng.random_range(1..10u8)) % 10;
        parsed(&digits)
    }),
    ("digit too many", |number, rng| {
        let mut digits = number.to_string().into_bytes();
        let at = rng.random_range(0..digits.len());
        let doubled = rng.random_bool(0.7);
        let digit = if doubled { digits[at] } else { b'0' + rng.random_range(0..10u8) };
        digits.insert(at + 1, digit);
        parsed(&digits)
    }),
    ("digit missing", |number, rng| {
        let mut digits = number.to_string().into_bytes();
        let at = rng.random_range(0..digits.len());
        digits.remove(at);
        if digits.is_empty() { None } else { parsed(&digits) }
    }),
    ("minus sign", |number, _| Some(-number)),
    ("left out", |number, _| (number != 0).then_some(0)),
    ("any number", |_, rng| Some(rng.random_range(0..1_000))),
];

fn parsed(digits: &[u8]) -> Option<i64> {
    std::str::from_utf8(digits).unwrap().parse().ok()
}

/// The sheet with a mistake in one cell of chapter three, and the cell.
fn mistaken(valid: &Figures, mistake: Mistake, rng: &mut ChaCha8Rng) -> Option<(Figures, CellId)> {
    let cells = chapter_three(valid);
    let possible: Vec<(CellId, i64)> = cells
        .into_iter()
        .filter(|cell| number(valid, *cell) >= 0)
        .filter_map(|cell| {
            let right = number(valid, cell);
            mistake(right, rng).filter(|wrong| *wrong != right).map(|wrong| (cell, wrong))
        })
        .collect();
    let (cell, wrong) = *possible.choose(rng)?;
    let mut figures = valid.clone();
    figures.set(cell, Cell::Number(wrong));
    Some((figures, cell))
}

/// Place of the truth among the suggestions, from 0.
fn place_of_truth(valid: &Figures, figures: &Figures) -> Option<usize> {
    let truth: Vec<(CellId, i64)> = chapter_three(valid)
        .into_iter()
        .filter(|cell| valid.get(*cell) != figures.get(*cell))
        .map(|cell| (cell, number(valid, cell)))
        .collect();
    let diagnoses = diagnosed(figures);
    let [diagnosis] = &diagnoses[..] else { return None };
    diagnosis.suggestions.iter().position(|suggestion| {
        suggestion.suspects.iter().map(|suspect| (suspect.cell, suspect.needed)).collect::<Vec<_>>() == truth
    })
}

#[derive(Default)]
struct Score {
    cases: usize,
    first: usize,
    in_three: usize,
    time: Duration,
    slowest: Duration,
}

impl Score {
    fn judge(&mut self, valid: &Figures, figures: &Figures) {
        let start = Instant::now();
        let place = place_of_truth(valid, figures);
        let time = start.elapsed();
        self.time += time;
        self.slowest = self.slowest.max(time);
        self.cases += 1;
        self.first += usize::from(place == Some(0));
        self.in_three += usize::from(place.is_some_and(|place| place < 3));
    }

    /// Prints what was measured; `first` and `in_three` are the least shares, in per cent.
    fn report(&self, name: &str, first: usize, in_three: usize) {
        let Self { cases, first: found, in_three: among, time, slowest } = self;
        let mean = time.as_micros() / *cases as u128;
        println!(
            "{name:<28} cases {cases:>5}  first {found:>5}  first three {among:>5}  mean {mean} µs  slowest {slowest:?}"
        );
        assert!(*cases >= CASES, "{name}: only {cases} cases");
        assert!(found * 100 >= cases * first, "{name}: first in {found} of {cases}");
        assert!(among * 100 >= cases * in_three, "{name}: among the first three in {among} of {cases}");
    }
}

#[test]
fn a_single_mistake_of_any_kind_is_the_first_suggestion() {
    let reports = reports();
    for (position, (name, mistake)) in MISTAKES.iter().enumerate() {
        let mut rng = ChaCha8Rng::seed_from_u64(position as u64);
        let mut score = Score::default();
        while score.cases < CASES {
            let valid = reports.choose(&mut rng).unwrap();
            if let Some((figures, _)) = mistaken(valid, *mistake, &mut rng) {
                score.judge(valid, &figures);
            }
        }
        score.report(name, 95, 99);
    }
}

#[test]
fn two_mistakes_are_the_first_suggestion_in_most_cases() {
    let reports = reports();
    let mut rng = ChaCha8Rng::seed_from_u64(99);
    let mut score = Score::default();
    while score.cases < CASES {
        let valid = reports.choose(&mut rng).unwrap();
        let [first, second] = [0; 2].map(|_| MISTAKES.choose(&mut rng).unwrap().1);
        let Some((figures, one)) = mistaken(valid, first, &mut rng) else { continue };
        let Some((figures, other)) = mistaken(&figures, second, &mut rng) else { continue };
        if one != other {
            score.judge(valid, &figures);
        }
    }
    score.report("two cells", 80, 80);
}

/// A line's leaves, and its total.
fn line_of(figures: &Figures, rng: &mut ChaCha8Rng) -> (Vec<CellId>, CellId) {
    let cells = chapter_three(figures);
    let lines: Vec<_> = cells.iter().map(|id| catalogue().cell(*id).line).collect();
    let line = catalogue().line(*lines.choose(rng).unwrap());
    let (totals, leaves): (Vec<CellId>, _) = line.cells().partition(|id| catalogue().cell(*id).part == Part::Total);
    (leaves, totals[0])
}

#[test]
fn exchanged_neighbours_and_shifted_lines_are_recognised() {
    let reports = reports();
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let [mut exchanged, mut shifted, mut with_total] = [(); 3].map(|()| Score::default());
    while [&exchanged, &shifted, &with_total].iter().any(|score| score.cases < CASES) {
        let valid = reports.choose(&mut rng).unwrap();
        let (leaves, total) = line_of(valid, &mut rng);
        let numbers: Vec<i64> = leaves.iter().map(|cell| number(valid, *cell)).collect();
        let put = |cells: Vec<(CellId, i64)>, score: &mut Score| {
            let mut figures = valid.clone();
            for (cell, number) in cells {
                figures.set(cell, Cell::Number(number));
            }
            if figures != *valid && score.cases < CASES {
                score.judge(valid, &figures);
            }
        };
        let at = rng.random_range(1..leaves.len());
        put(vec![(leaves[at - 1], numbers[at]), (leaves[at], numbers[at - 1])], &mut exchanged);
        let moved = std::iter::once(0).chain(numbers.iter().copied());
        let moved: Vec<(CellId, i64)> = leaves.iter().copied().zip(moved).collect();
        let last = numbers[numbers.len() - 1];
        if last == 0 {
            put(moved.clone(), &mut shifted);
        }
        put(moved.into_iter().chain([(total, last)]).collect(), &mut with_total);
    }
    exchanged.report("neighbours exchanged", 90, 95);
    shifted.report("line shifted", 90, 95);
    with_total.report("line shifted with its total", 90, 95);
}

#[test]
fn every_cell_of_a_block_that_could_be_wrong_is_offered_and_the_likeliest_slip_comes_first() {
    let base = |numbers: [i64; 5]| {
        let mut figures = reports().swap_remove(0);
        let line = catalogue().line_at("disputes.litigation_direct").unwrap();
        for (cell, number) in line.cells().zip(numbers) {
            figures.set(cell, Cell::Number(number));
        }
        figures
    };
    let first = |numbers| {
        let diagnoses = diagnosed(&base(numbers));
        let [diagnosis] = &diagnoses[..] else { panic!("{diagnoses:?}") };
        let suspect = diagnosis.suggestions[0].suspects[0];
        (diagnosis.suggestions.len(), catalogue().cell(suspect.cell).path.clone(), suspect.needed, suspect.slip)
    };
    let at = |field: &str| format!("disputes.litigation_direct.{field}");
    // 12 + 4 + 3 + 30 = 49, of which 94 has the digits the wrong way round.
    assert_eq!(first([12, 4, 3, 30, 94]), (5, at("total"), 49, Slip::DigitsTransposed));
    // 54 for 45.
    assert_eq!(first([54, 14, 13, 11, 83]), (5, at("upheld"), 45, Slip::DigitsTransposed));
    assert_eq!(first([20, 4, 3, 155, 42]), (2, at("pending"), 15, Slip::DigitTooMany));
    assert_eq!(first([20, 4, 3, 5, 0]), (1, at("total"), 32, Slip::LeftOut));
}

#[test]
fn a_blank_leaf_of_a_block_comes_first_whatever_slip_the_other_numbers_look_like() {
    let report = reports().swap_remove(0);
    let at = |path: &str| cell(&format!("disputes.{path}"));
    for block in ["reconsideration", "litigation_direct", "litigation_after_reconsideration"] {
        // 94 for 49, 54 for 45, 155 for 15, 33 for 3: each looks like a slip of another cell.
        for numbers in
            [[12, 4, 3, 30, 94], [54, 14, 13, 11, 101], [20, 4, 3, 155, 197], [33, 1, 2, 4, 45], [1, 1, 1, 1, 100]]
        {
            for (blank, field) in ["upheld", "corrected", "other_result", "pending"].iter().enumerate() {
                let mut figures = report.clone();
                let line = catalogue().line_at(&format!("disputes.{block}")).unwrap();
                for (cell, number) in line.cells().zip(numbers) {
                    figures.set(cell, Cell::Number(number));
                }
                let blank_cell = at(&format!("{block}.{field}"));
                figures.set(blank_cell, Cell::Blank);
                let others: i64 = (0..4).filter(|other| *other != blank).map(|other| numbers[other]).sum();
                let diagnosis = diagnosed(&figures).remove(0);
                let first = diagnosis.suggestions[0].suspects[0];
                let expected = (blank_cell, numbers[4] - others, Slip::LeftOut);
                assert_eq!((first.cell, first.needed, first.slip), expected, "{block} {field} {numbers:?}");
            }
        }
    }
}

#[test]
fn a_moved_request_is_recognised_though_the_total_column_balances() {
    let mut figures = reports().into_iter().find(|f| number(f, cell("requests.received.natural_person")) > 2).unwrap();
    for (path, by) in [("natural_person", -1), ("commercial_enterprise", 1)] {
        let cell = cell(&format!("requests.received.{path}"));
        figures.set(cell, Cell::Number(number(&figures, cell) + by));
    }
    let diagnosis = diagnosed(&figures).remove(0);
    assert_eq!(diagnosis.rules, ["T3-COL-BALANCE"]);
    assert!(diagnosis.suggestions.iter().all(|suggestion| suggestion.suspects.len() == 2), "{diagnosis:?}");
    assert!(diagnosis.suggestions.iter().any(|suggestion| {
        suggestion.suspects.iter().all(|s| {
            s.slip == Slip::CountedElsewhere
                && s.needed == number(&figures, s.cell) + if catalogue().cell(s.cell).column == 0 { 1 } else { -1 }
        })
    }));
}

#[test]
fn mistakes_all_over_the_sheet_have_no_simple_explanation() {
    let mut figures = reports().swap_remove(0);
    for (position, path) in
        ["received", "carried_over", "disclosed", "partially_disclosed", "carried_forward"].iter().enumerate()
    {
        let line = catalogue().line_at(&format!("requests.{path}")).unwrap();
        figures.set(line.cell(position).unwrap(), Cell::Number(1_000 + position as i64 * 37));
    }
    let diagnosis = diagnosed(&figures).remove(0);
    assert_eq!(diagnosis.suggestions, []);
    assert!(diagnosis.message.zh.contains("未能自动定位错误"), "{:?}", diagnosis.message);
}

#[test]
fn the_words_name_the_cell_the_number_and_the_slip() {
    let valid = reports().into_iter().find(|f| number(f, cell("requests.disclosed.natural_person")) > 100).unwrap();
    let at = cell("requests.disclosed.natural_person");
    let mut figures = valid.clone();
    figures.set(at, Cell::Number(number(&valid, at) * 10));
    let message = diagnosed(&figures).remove(0).message;
    let right = number(&valid, at);
    assert_eq!(message.zh, format!("自然人·予以公开 很可能是{right}，不是{right}0（多了一位数字）"));
    assert_eq!(message.en, format!("natural persons, disclosed: probably {right}, not {right}0 (a digit too many)"));
}

/// Any numbers at all, in any cells.
fn arbitrary(edition_id: &'static str) -> impl Strategy<Value = Figures> {
    let cell = prop_oneof![
        4 => Just(Cell::Number(0)),
        2 => (0..50i64).prop_map(Cell::Number),
        1 => Just(Cell::Blank),
        1 => any::<i64>().prop_map(Cell::Number),
    ];
    proptest::collection::vec(cell, catalogue().cells.len()).prop_map(move |cells| {
        let mut figures = Figures::blank(edition(edition_id).unwrap());
        for (info, cell) in catalogue().cells.iter().zip(cells) {
            figures.set(info.id, cell);
        }
        figures
    })
}

/// Whether every suggestion satisfies what fails.
fn suggestions_hold(figures: &Figures) -> bool {
    let diagnoses = diagnosed(figures);
    let before = diagnoses.len();
    diagnoses.iter().flat_map(|diagnosis| &diagnosis.suggestions).all(|suggestion| {
        let mut changed = figures.clone();
        for suspect in &suggestion.suspects {
            assert!(changed.set(suspect.cell, Cell::Number(suspect.needed)));
        }
        diagnosed(&changed).len() == before - 1
    })
}

proptest! {
    #[test]
    fn valid_reports_have_nothing_to_explain(figures in valid_report(edition_for_year(2023).unwrap())) {
        prop_assert!(diagnosed(&figures).is_empty());
    }

    #[test]
    fn any_sheet_is_diagnosed_without_failing(
        figures in prop_oneof![arbitrary("format_2021"), arbitrary("trial_2019")],
    ) {
        prop_assert!(suggestions_hold(&figures));
    }

    #[test]
    fn every_suggestion_satisfies_the_sums_also_where_totals_are_blank(
        figures in valid_report(edition_for_year(2023).unwrap()),
        changes in proptest::collection::vec((0..175usize, 0..500i64), 1..4),
        blank_totals in any::<bool>(),
        blank_outcomes in any::<bool>(),
    ) {
        let mut figures = figures;
        let cells = chapter_three(&figures);
        for (at, number) in changes {
            figures.set(cells[at], Cell::Number(number));
        }
        for id in &cells {
            let info = catalogue().cell(*id);
            let outcomes = info.path.starts_with("requests.outcomes_total");
            if (blank_totals && info.part == Part::Total) || (blank_outcomes && outcomes) {
                figures.set(*id, Cell::Blank);
            }
        }
        prop_assert!(suggestions_hold(&figures));
    }
}
