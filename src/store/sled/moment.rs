//! Where a moment lies among the revisions of one report, without reading them all.

use crate::store::StoreError;

/// The number from which on every revision of a report is later than the journal sequence `moment`; `newest` is its last
/// revision's. Asks for the sequence of no more revisions than `newest` has bits, never for the first one's. What is
/// missing is stepped over, so that the answer may be too high, and is never too low.
pub(crate) fn first_later(
    newest: u32,
    moment: u64,
    mut sequence_of: impl FnMut(u32) -> Result<Option<u64>, StoreError>,
) -> Result<u32, StoreError> {
    let (mut low, mut high) = (2, newest.saturating_add(1));
    while low < high {
        let middle = u32::midpoint(low, high);
        // Sequences rise with the numbers.
        match sequence_of(middle)? {
            Some(sequence) if sequence > moment => high = middle,
            _ => low = middle + 1,
        }
    }
    Ok(high)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_revision_of_a_moment_is_left_out_and_few_are_looked_at(
            steps in proptest::collection::vec((1..9u64, prop::bool::weighted(0.9)), 1..2000),
            is_whole: bool,
            moment in 0..12_000u64,
        ) {
            let mut there = BTreeMap::new();
            let mut sequence = 0;
            for (number, (step, is_there)) in (1u32..).zip(&steps) {
                sequence += step;
                if is_whole || *is_there {
                    there.insert(number, sequence);
                }
            }
            let newest = u32::try_from(steps.len()).unwrap();
            let mut asked = 0;
            let found = first_later(newest, moment, |number| {
                asked += 1;
                Ok(there.get(&number).copied())
            });
            let found = found.unwrap();
            prop_assert!(there.range(found..).all(|(_, sequence)| *sequence > moment));
            prop_assert!(asked <= 32 - newest.leading_zeros());
            let later = (2..=newest).find(|number| there.get(number).is_some_and(|sequence| *sequence > moment));
            prop_assert!(!is_whole || found == later.unwrap_or(newest + 1));
        }
    }
}
