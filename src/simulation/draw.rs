//! Chance that is the same everywhere: one generator per purpose, subject and year, and integers drawn from it.
//!
//! Draws are made from 64-bit words here rather than by `rand`'s distributions, whose algorithms may change.

use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// One thousand thousandths.
pub(super) const WHOLE: u64 = 1_000;

/// What a generator is for, so that no two uses share a stream.
#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose {
    Place = 1,
    Habits = 2,
    Levels = 3,
    Requests = 4,
    Handling = 5,
    Missing = 6,
}

/// The generator for one purpose, subject (a division code or an agency's id) and year (0 for none): figures of
/// an agency and year are the same whatever else is simulated, and in whichever order.
pub(super) fn generator(seed: u64, purpose: Purpose, subject: &str, year: u16) -> ChaCha8Rng {
    let head = seed.to_le_bytes().into_iter().chain([purpose as u8]).chain(year.to_le_bytes());
    let mut key = [0; 32];
    for (place, byte) in key.iter_mut().zip(head.chain(subject.bytes())) {
        *place = byte;
    }
    ChaCha8Rng::from_seed(key)
}

/// An integer from 0 up to but without `bound`; 0 where the bound is 0.
pub(super) fn below(rng: &mut ChaCha8Rng, bound: u64) -> u64 {
    let scaled = u128::from(rng.next_u64()) * u128::from(bound);
    (scaled >> 64) as u64
}

/// An integer from `low` to `high`, both included.
pub(super) fn between(rng: &mut ChaCha8Rng, low: u64, high: u64) -> u64 {
    low + below(rng, high.saturating_sub(low) + 1)
}

/// Thousandths to an integer, up or down by chance so that the mean is kept.
pub(super) fn round(rng: &mut ChaCha8Rng, thousandths: u64) -> u64 {
    thousandths / WHOLE + u64::from(below(rng, WHOLE) < thousandths % WHOLE)
}

/// A year's number around the usual one. Two draws around the same usual number, or around usual numbers six
/// per cent apart, are never ten times one another (0 aside), and from 100 on less than twice.
pub(super) fn around(rng: &mut ChaCha8Rng, usual_thousandths: u64) -> u64 {
    match usual_thousandths {
        0..2_500 => {
            let thousandths = below(rng, 2 * usual_thousandths + 1);
            round(rng, thousandths)
        }
        2_500..20_000 => between(rng, usual_thousandths * 4 / 10 / WHOLE, usual_thousandths * 18 / 10 / WHOLE),
        _ => between(rng, usual_thousandths / 10 * 8 / WHOLE, usual_thousandths / 10 * 12 / WHOLE),
    }
}

/// Divides `total` by weight. The bulk goes by proportion and the rest one by one, so that small totals stay
/// whole and sparse, and large ones cost little.
pub(super) fn share(rng: &mut ChaCha8Rng, total: u64, weights: &[u64]) -> Vec<u64> {
    const ONE_BY_ONE: u64 = 200;
    let sum: u64 = weights.iter().sum();
    let mut shares = vec![0; weights.len()];
    let mut rest = total;
    if total > ONE_BY_ONE && sum > 0 {
        for (part, weight) in shares.iter_mut().zip(weights) {
            *part = total * weight / sum * between(rng, 750, WHOLE) / WHOLE;
            rest -= *part;
        }
    }
    for _ in 0..rest {
        let mut ticket = below(rng, sum);
        let hit = weights.iter().position(|weight| {
            let hit = ticket < *weight;
            ticket = ticket.saturating_sub(*weight);
            hit
        });
        if let Some(part) = hit.and_then(|at| shares.get_mut(at)) {
            *part += 1;
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_and_follow_the_weights() {
        let mut rng = generator(1, Purpose::Handling, "230000", 2024);
        for total in [0, 1, 7, 200, 201, 5_000] {
            let shares = share(&mut rng, total, &[900, 0, 100]);
            assert_eq!(shares.iter().sum::<u64>(), total);
            assert_eq!(shares[1], 0);
            assert!(total < 200 || shares[0] > 4 * shares[2], "{shares:?}");
        }
    }

    #[test]
    fn years_never_jump_tenfold() {
        let mut rng = generator(2, Purpose::Levels, "230000", 2024);
        for usual in (0..400_000).step_by(97) {
            let draws: Vec<u64> = (0..20).map(|year| around(&mut rng, usual + usual * 6 / 100 * (year % 2))).collect();
            let (low, high) = (draws.iter().min().unwrap(), draws.iter().max().unwrap());
            assert!(*low == 0 || high / low < 10, "{usual}: {draws:?}");
            assert!(*low != 0 || *high < 10, "{usual}: {draws:?}");
            assert!(*low < 100 || *high < 2 * low, "{usual}: {draws:?}");
        }
    }

    #[test]
    fn the_stream_is_the_same_on_every_machine() {
        let mut rng = generator(7, Purpose::Habits, "11341702486344515H", 2022);
        let drawn: Vec<u64> = (0..4).map(|_| below(&mut rng, 1_000_000)).collect();
        insta::assert_snapshot!(format!("{drawn:?}"));
    }
}
