//! How many characters apart two labels are, up to a bound.

/// The edits (insert, delete, replace) between two wordings, where there are no more than `bound`.
///
/// Takes time proportional to the shorter wording times the bound.
pub fn edits_within(left: &[char], right: &[char], bound: usize) -> Option<usize> {
    if left.len().abs_diff(right.len()) > bound {
        return None;
    }
    let far = bound + 1;
    let mut above: Vec<usize> = (0..=right.len()).map(|edits| edits.min(far)).collect();
    for (row, from) in left.iter().enumerate() {
        let mut current = vec![far; right.len() + 1];
        let first = (row + 1).saturating_sub(bound);
        let last = (row + 1 + bound).min(right.len());
        if let Some(start) = current.first_mut() {
            *start = (row + 1).min(far);
        }
        for column in first.max(1)..=last {
            let at = |line: &[usize], index: usize| line.get(index).copied().unwrap_or(far);
            let replaced = at(&above, column - 1) + usize::from(right.get(column - 1) != Some(from));
            let edits = replaced.min(at(&above, column) + 1).min(at(&current, column - 1) + 1);
            if let Some(cell) = current.get_mut(column) {
                *cell = edits.min(far);
            }
        }
        above = current;
    }
    above.last().copied().filter(|edits| *edits <= bound)
}

/// Edits at which a label of this many characters is still recognised: one in four, and at least one from four on.
pub fn tolerated_edits(length: usize) -> usize {
    length / 4
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn edits(left: &str, right: &str, bound: usize) -> Option<usize> {
        let characters = |text: &str| text.chars().collect::<Vec<_>>();
        edits_within(&characters(left), &characters(right), bound)
    }

    #[test]
    fn damaged_labels_are_counted() {
        assert_eq!(edits("其他法律行政止公开", "其他法律行政法规禁止公开", 3), Some(3));
        assert_eq!(edits("现行有效件", "现行有效件数", 1), Some(1));
        assert_eq!(edits("行政许可", "行政处罚", 1), None);
        assert_eq!(edits("", "", 0), Some(0));
    }

    proptest! {
        #[test]
        fn the_bound_only_hides_what_is_farther(left in "[甲乙丙]{0,8}", right in "[甲乙丙]{0,8}", bound in 0usize..4) {
            let exact = edits(&left, &right, 20);
            prop_assert!(exact.is_some());
            prop_assert_eq!(edits(&left, &right, bound), exact.filter(|e| *e <= bound));
        }
    }
}
