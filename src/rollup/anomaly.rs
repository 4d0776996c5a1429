//! Figures that deserve a look: far from an agency's own past, and from how its like have changed. A list for people to begin
//! with; no report is refused by it, and far from usual is not wrong.
//!
//! A figure is taken by its logarithm, so that a tenth more is as much for a small agency as for a large one. How far it is
//! from others is told in robust standard deviations: the distance from their median by their median absolute deviation, which
//! a few wild values do not change. A count varies by chance, too, by about its root, so that no deviation is taken for smaller
//! than that. The score is the smaller of the two distances: what moved with its like is no surprise, nor is what an agency
//! always was. Floating point is used for distances alone; no figure is one.

use std::collections::BTreeMap;

use crate::form::CellId;
use crate::registry::AgencyIndex;
use crate::report::{AgencyKind, Level};

/// Makes the median absolute deviation of normal values their standard deviation.
const NORMAL: f64 = 1.4826;
/// No figure is expected to be steadier than this, as a share.
const STEADIEST: f64 = 0.1;
/// Years of an agency's own past that tell what is usual for it; with fewer its like alone do.
const PAST_MIN: usize = 2;
/// Agencies that tell what is usual for their like.
const LIKE_MIN: usize = 5;

/// Whom an agency is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Like {
    /// What the agencies are within their governments.
    pub kind: AgencyKind,
    /// Of the jurisdictions that they belong to.
    pub level: Level,
}

/// A figure of an agency through the years.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    /// Whose it is.
    pub agency: AgencyIndex,
    /// Whom it is compared with.
    pub like: Like,
    /// Which figure.
    pub cell: CellId,
    /// In the year that is looked at; what it is counted in does not matter.
    pub value: i128,
    /// In the years before, the latest last; years without a report are left out.
    pub past: Vec<i128>,
}

/// A figure that deserves a look.
#[derive(Debug, Clone, PartialEq)]
pub struct Anomaly {
    /// Whose it is.
    pub agency: AgencyIndex,
    /// Which figure.
    pub cell: CellId,
    /// In the year that is looked at.
    pub value: i128,
    /// The median of its own past; none without any.
    pub own_median: Option<i128>,
    /// Years of its past.
    pub past: usize,
    /// Robust standard deviations from its own past; none where that is too short.
    pub own_score: Option<f64>,
    /// Change of the figure that is usual for its like, in thousandths of the year before.
    pub like_permille: Option<i64>,
    /// Robust standard deviations from the changes of its like; none where these are too few.
    pub like_score: Option<f64>,
    /// The smaller distance of the two, or the only one; 0 for none.
    pub score: f64,
}

/// Each series with its score, the farthest first; equal ones by agency and cell. What is as always is left out.
pub fn anomalies(series: &[Series], least: f64) -> Vec<Anomaly> {
    let mut changes: BTreeMap<(CellId, Like), Vec<f64>> = BTreeMap::new();
    for one in series {
        if let Some(before) = one.past.last() {
            changes.entry((one.cell, one.like)).or_default().push(logarithm(one.value) - logarithm(*before));
        }
    }
    let usual: BTreeMap<(CellId, Like), (f64, f64)> = changes
        .into_iter()
        .filter(|(_, changes)| changes.len() >= LIKE_MIN)
        .map(|(key, changes)| (key, spread(changes)))
        .collect();
    let scored = series.iter().map(|one| scored(one, usual.get(&(one.cell, one.like)).copied()));
    let mut found: Vec<Anomaly> = scored.filter(|one| one.score >= least).collect();
    found.sort_by(|one, other| {
        other.score.total_cmp(&one.score).then_with(|| (one.agency, one.cell).cmp(&(other.agency, other.cell)))
    });
    found
}

fn scored(series: &Series, usual: Option<(f64, f64)>) -> Anomaly {
    let now = logarithm(series.value);
    let past: Vec<f64> = series.past.iter().map(|value| logarithm(*value)).collect();
    let own_score = (past.len() >= PAST_MIN).then(|| {
        let (median, deviation) = spread(past.clone());
        (now - median).abs() / deviation.hypot(chance(now, median))
    });
    let like_score = past
        .last()
        .zip(usual)
        .map(|(before, (median, deviation))| (now - before - median).abs() / deviation.hypot(chance(now, *before)));
    let score = match (own_score, like_score) {
        (Some(own), Some(like)) => own.min(like),
        (one, other) => one.or(other).unwrap_or(0.0),
    };
    let mut sorted = series.past.clone();
    sorted.sort_unstable();
    Anomaly {
        agency: series.agency,
        cell: series.cell,
        value: series.value,
        own_median: sorted.get(sorted.len().saturating_sub(1) / 2).copied(),
        past: series.past.len(),
        own_score,
        like_permille: usual.map(|(median, _)| (median.exp_m1() * 1000.0).round() as i64),
        like_score,
        score,
    }
}

/// Of a figure and one, so that nothing has a place, too; less than nothing counts as it.
fn logarithm(value: i128) -> f64 {
    (value.max(0) as f64).ln_1p()
}

/// How far two counts are from each other by chance alone, as logarithms: one over the root of the smaller.
fn chance(one: f64, other: f64) -> f64 {
    (-one.min(other) / 2.0).exp()
}

/// The median, and the deviation that normal values with such a spread have.
fn spread(mut values: Vec<f64>) -> (f64, f64) {
    let median = median(&mut values);
    let mut distances: Vec<f64> = values.iter().map(|value| (value - median).abs()).collect();
    (median, (self::median(&mut distances) * NORMAL).max(STEADIEST))
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match (values.get(middle), values.len() % 2) {
        (Some(upper), 1) => *upper,
        (Some(upper), _) => (values.get(middle.wrapping_sub(1)).unwrap_or(upper) + upper) / 2.0,
        (None, _) => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::form::catalogue;

    fn series(at: u32, value: i128, past: &[i128]) -> Series {
        Series {
            agency: AgencyIndex::sample(at),
            like: Like { kind: AgencyKind::Department, level: Level::County },
            cell: catalogue().cells[0].id,
            value,
            past: past.to_vec(),
        }
    }

    #[test]
    fn what_moved_with_its_like_or_was_always_so_is_no_surprise_and_what_did_neither_comes_first() {
        // All of them doubled, save one that stays and one that is ten times as much.
        let mut all: Vec<Series> = (0..20).map(|at| series(at, 200, &[100, 100, 100])).collect();
        all.push(series(20, 100, &[100, 100, 100]));
        all.push(series(21, 1000, &[100, 100, 100]));
        let found = anomalies(&all, 0.0);
        assert_eq!(found[0].agency, AgencyIndex::sample(21));
        assert!(found[0].score > 5.0, "{:?}", found[0]);
        assert_eq!(found[0].like_permille, Some(990), "of a figure and one, so that nothing has a place");
        assert!(found.iter().skip(1).all(|one| one.score < 3.0), "{found:?}");
    }

    #[test]
    fn a_few_more_of_a_few_are_no_surprise() {
        let mut all: Vec<Series> = (0..20).map(|at| series(at, 2, &[2, 3, 2])).collect();
        all.push(series(20, 5, &[2, 3, 2]));
        assert!(anomalies(&all, 3.0).is_empty());
    }

    proptest! {
        #[test]
        fn scores_are_finite_and_fall(
            figures in prop::collection::vec((0..1_000_000_000_i128, prop::collection::vec(0..1_000_000_000_i128, 0..6)), 0..40),
        ) {
            let all: Vec<Series> =
                figures.iter().zip(0..).map(|((value, past), at)| series(at, *value, past)).collect();
            let found = anomalies(&all, 0.0);
            prop_assert_eq!(found.len(), all.len());
            prop_assert!(found.iter().all(|one| one.score.is_finite() && one.score >= 0.0));
            prop_assert!(found.windows(2).all(|pair| pair[0].score >= pair[1].score));
        }
    }
}
