//! How unlikely an explanation is, in tenths of a bit: the shorter its description, the likelier it is.
//!
//! The figures are judgements of how often people slip in which way, written down once; only their order matters. An
//! explanation costs what it takes to say that a cell was mistaken, by which slip, and what the slip left open (which
//! digit, which other digit). What it says of the sheet counts too: most cells of real sheets are zero, so a zero that
//! should be a large number costs more than a number that should be zero.

use crate::report::Slip;

/// Tenths of a bit.
pub(super) type Cost = u32;

/// To say that a cell is mistaken, and which: a sheet has about 180 numbers, and few mistakes.
pub(super) const MISTAKE: Cost = 75;

/// Decimal digits carry 3.3 bits each.
const DIGIT: Cost = 33;

/// What each slip costs before its particulars.
pub(super) const fn base(slip: Slip) -> Cost {
    match slip {
        Slip::DigitWrong => 20,
        Slip::DigitsTransposed => 23,
        Slip::DigitMissing => 27,
        Slip::DigitTooMany => 33,
        Slip::Exchanged => 33,
        Slip::SumWrong => 33,
        Slip::Sign => 40,
        Slip::LeftOut => 40,
        Slip::LineShifted => 40,
        Slip::Misplaced => 43,
        Slip::Other => 45,
        Slip::CountedElsewhere => 50,
        Slip::Repeated => 70,
    }
}

/// Tenths of the binary logarithm of a small number of choices.
pub(super) const fn choices(number: usize) -> Cost {
    const TENTHS: [Cost; 20] = [0, 0, 10, 16, 20, 23, 26, 28, 30, 32, 33, 35, 36, 37, 38, 39, 40, 41, 42, 42];
    if number < TENTHS.len() { TENTHS[number] } else { 45 }
}

/// The digits of the number's magnitude.
pub(super) fn digits(number: i128) -> Vec<u8> {
    number.unsigned_abs().to_string().into_bytes()
}

/// To write down a number of which nothing is known.
pub(super) fn any_number(number: i128) -> Cost {
    DIGIT * digits(number).len() as Cost
}

/// How surprising a number is in a cell that is no sum.
pub(super) fn surprise(number: i128) -> Cost {
    if number == 0 { 3 } else { 23 + 25 * digits(number).len() as Cost }
}

/// The likeliest slip that leaves `present` where `needed` is meant, and its cost.
pub(super) fn slip_between(needed: i128, present: i128, is_sum: bool, neighbours: &[i128]) -> (Slip, Cost) {
    let (meant, stands) = (digits(needed), digits(present));
    let same_sign = present >= 0;
    let mut ways = vec![(Slip::Other, any_number(present))];
    if is_sum {
        ways.push((Slip::SumWrong, any_number(present - needed)));
    }
    if present == -needed {
        ways.push((Slip::Sign, 0));
    }
    if present == 0 {
        ways.push((Slip::LeftOut, 0));
    }
    if needed == 0 {
        ways.push((Slip::Misplaced, any_number(present)));
    }
    if present != 0 && neighbours.contains(&present) {
        ways.push((Slip::Repeated, choices(neighbours.len())));
    }
    if same_sign && meant.len() == stands.len() {
        let differ: Vec<usize> = (0..meant.len()).filter(|at| meant.get(*at) != stands.get(*at)).collect();
        match differ[..] {
            // From or to a lone zero, no digit was mistaken: a number was left out, or put in.
            [_] if needed != 0 && present != 0 => {
                ways.push((Slip::DigitWrong, choices(meant.len()) + choices(9)));
            }
            [first, second] if second == first + 1 && swapped(&meant, first) == stands => {
                ways.push((Slip::DigitsTransposed, choices(meant.len() - 1)));
            }
            _ => {}
        }
    }
    if same_sign && present != 0 && is_without_one(&meant, &stands) {
        ways.push((Slip::DigitMissing, choices(meant.len())));
    }
    if same_sign && needed != 0 && is_without_one(&stands, &meant) {
        let repeats = |at: &usize| stands.get(*at) == stands.get(at + 1) && without(&stands, *at) == meant;
        let particulars = if (0..stands.len() - 1).any(|at| repeats(&at)) || stands.ends_with(b"0") {
            choices(meant.len())
        } else {
            choices(meant.len() + 1) + DIGIT + 10
        };
        ways.push((Slip::DigitTooMany, particulars));
    }
    let costs = ways.into_iter().map(|(slip, particulars)| (slip, base(slip) + particulars));
    costs.min_by_key(|(slip, cost)| (*cost, *slip)).unwrap_or((Slip::Other, base(Slip::Other)))
}

fn swapped(digits: &[u8], at: usize) -> Vec<u8> {
    let mut digits = digits.to_vec();
    digits.swap(at, at + 1);
    digits
}

fn without(digits: &[u8], at: usize) -> Vec<u8> {
    let mut digits = digits.to_vec();
    digits.remove(at);
    digits
}

/// Whether `short` is `long` less one digit, leading zeros that remain being dropped.
fn is_without_one(long: &[u8], short: &[u8]) -> bool {
    let number = |digits: &[u8]| -> Vec<u8> { digits.iter().copied().skip_while(|digit| *digit == b'0').collect() };
    long.len() > 1 && long.len() > short.len() && (0..long.len()).any(|at| number(&without(long, at)) == short)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_slip_is_told_from_the_two_numbers() {
        for (needed, present, slip) in [
            (45, 54, Slip::DigitsTransposed),
            (1045, 1054, Slip::DigitsTransposed),
            (45, 46, Slip::DigitWrong),
            (45, 4, Slip::DigitMissing),
            (105, 5, Slip::DigitMissing),
            (45, 445, Slip::DigitTooMany),
            (45, 450, Slip::DigitTooMany),
            (45, 4590, Slip::Other),
            (3, -3, Slip::Sign),
            (45, 0, Slip::LeftOut),
            (0, 45, Slip::Misplaced),
        ] {
            assert_eq!(slip_between(needed, present, false, &[]).0, slip, "{present} for {needed}");
        }
        assert_eq!(slip_between(45, 61, false, &[61, 7]).0, Slip::Repeated);
        assert_eq!(slip_between(1045, 1033, true, &[]).0, Slip::SumWrong);
    }

    #[test]
    fn extreme_numbers_have_a_cost_too() {
        for number in [i128::from(i64::MAX), i128::from(i64::MIN), 0] {
            for other in [i128::from(i64::MIN), 1, 0] {
                assert!(slip_between(other, number, true, &[number]).1 > 0);
            }
        }
    }
}
