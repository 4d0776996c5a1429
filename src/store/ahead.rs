//! Work on all cores, its results in order: decoding and hashing are most of what it takes to go through a store or a
//! backup, and no record needs another for that.

use std::ops::ControlFlow;
use std::sync::mpsc::sync_channel;
use std::thread::{self, available_parallelism};

/// What each worker is given ahead.
const AHEAD: usize = 2;

/// As many workers as there are cores that this process may use.
pub fn all_cores() -> usize {
    available_parallelism().map_or(1, usize::from)
}

/// Does `work` on everything that `produce` gives, by so many `workers` at once, and hands the results to `take` in the
/// same order until that breaks. Only so many are under way that memory stays bounded; the three run beside one another.
/// One worker does all three.
pub fn in_order<T: Send, U: Send, R>(
    workers: usize,
    mut produce: impl FnMut() -> Option<T> + Send,
    work: impl Fn(T) -> U + Sync,
    mut take: impl FnMut(U) -> ControlFlow<R>,
) -> Option<R> {
    if workers <= 1 {
        return std::iter::from_fn(produce).find_map(|item| take(work(item)).break_value());
    }
    thread::scope(|scope| {
        let mut given = Vec::new();
        let mut done = Vec::new();
        for _ in 0..workers {
            let (give, given_one) = sync_channel(AHEAD);
            let (finish, done_one) = sync_channel(AHEAD);
            let work = &work;
            scope.spawn(move || {
                for item in given_one {
                    // Nobody takes any more.
                    if finish.send(work(item)).is_err() {
                        break;
                    }
                }
            });
            given.push(give);
            done.push(done_one);
        }
        scope.spawn(move || {
            for give in given.iter().cycle() {
                let Some(item) = produce() else { break };
                if give.send(item).is_err() {
                    break;
                }
            }
        });
        // In turn, as they were given; the first that has no more is the end. A panic of another thread goes on here.
        for results in done.iter().cycle() {
            let Ok(result) = results.recv() else { break };
            if let ControlFlow::Break(end) = take(result) {
                return Some(end);
            }
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn results_come_in_order_and_nothing_is_left_out() {
        for (count, workers) in [(0, 2), (1, 3), (7, 1), (7, 3), (1000, 1), (1000, 4)] {
            let mut items = 0..count;
            let mut taken = Vec::new();
            let double = |item: usize| {
                // Some take longer than those after them.
                (0..(item % 5) * 100).for_each(|at| _ = std::hint::black_box(at));
                item * 2
            };
            let ended = in_order(
                workers,
                || items.next(),
                double,
                |result| -> ControlFlow<()> {
                    taken.push(result);
                    ControlFlow::Continue(())
                },
            );
            assert_eq!(ended, None);
            assert_eq!(taken, (0..count).map(|item| item * 2).collect::<Vec<_>>());
        }
    }

    #[test]
    fn it_ends_where_nobody_takes_more_and_runs_only_a_little_ahead() {
        for workers in 1..5 {
            let produced = AtomicUsize::new(0);
            let produce = || Some(produced.fetch_add(1, Ordering::Relaxed));
            let take = |item| if item == 10 { ControlFlow::Break(item) } else { ControlFlow::Continue(()) };
            assert_eq!(in_order(workers, produce, |item| item, take), Some(10));
            assert!(produced.into_inner() <= 10 + 2 + workers * (2 * AHEAD + 2));
        }
    }

    #[test]
    #[should_panic(expected = "a scoped thread panicked")]
    fn a_panic_is_no_end() {
        let mut items = 0..10;
        in_order(2, || items.next(), |item| assert!(item != 5, "broken"), |()| ControlFlow::<()>::Continue(()));
    }
}
