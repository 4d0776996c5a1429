//! Histories that no correct service could have: the checker must find fault with each.

use super::check::{Kind, check};
use super::record::{Answer, Asked, History, State};

/// What is done to a true history, and what the checker must call it.
type Forgery = (&'static str, Kind, fn(&mut History) -> bool);

/// Changes the last call for which `change` returns true: what others rest upon tells more than what is new.
fn last_call(history: &mut History, mut change: impl FnMut(&mut super::record::Call) -> bool) -> bool {
    history.calls.iter_mut().rev().any(&mut change)
}

fn last_sum(history: &mut History, change: impl Fn(&mut super::record::Sum)) -> bool {
    last_call(history, |call| match &mut call.answer {
        Answer::Sum(sum) if sum.total > 0 => {
            change(sum);
            true
        }
        _ => false,
    })
}

/// The number of the last journal entry that is a call's with such an answer.
fn entry_of(history: &History, wanted: impl Fn(&Answer) -> bool) -> Option<usize> {
    let ours = |actor: &str| {
        history.calls.iter().any(|call| actor.contains(&format!("{} ", call.principal)) && wanted(&call.answer))
    };
    history.journal.iter().rposition(|entry| ours(&entry.actor))
}

const FORGERIES: &[Forgery] = &[
    ("a sum is one too large", Kind::Wrong, |history| last_sum(history, |sum| sum.total += 1)),
    ("one agency too few is said to be in a sum", Kind::Wrong, |history| last_sum(history, |sum| sum.included -= 1)),
    ("the sum of a child is another's", Kind::Wrong, |history| {
        last_call(history, |call| match &mut call.answer {
            Answer::Sum(sum) if sum.children.len() > 1 => {
                let first = sum.children.keys().next().unwrap().clone();
                *sum.children.get_mut(&first).unwrap() += 1;
                true
            }
            _ => false,
        })
    }),
    ("a sum is said to be of an earlier moment", Kind::Wrong, |history| last_sum(history, |sum| sum.sequence -= 2)),
    ("a sum is of before what was acknowledged", Kind::Wrong, |history| {
        // True as of its moment, yet older than what this client itself had been answered.
        let first = history.calls.iter().find_map(|call| match (&call.asked, &call.answer) {
            (Asked::RollUp(question), Answer::Sum(sum)) if question.as_of == 0 => Some((question.clone(), sum.clone())),
            _ => None,
        });
        let Some((question, sum)) = first else { return false };
        last_call(history, |call| match (&mut call.asked, &mut call.answer) {
            (Asked::RollUp(asked), Answer::Sum(answered)) if asked.as_of == 0 => {
                (*asked, *answered) = (question.clone(), sum.clone());
                true
            }
            _ => false,
        })
    }),
    ("an acknowledged revision is not in the journal", Kind::Lost, |history| {
        let Some(at) = entry_of(history, |answer| matches!(answer, Answer::Stored { .. })) else { return false };
        history.journal.remove(at);
        true
    }),
    ("two journal entries have changed places", Kind::Torn, |history| {
        let at = history.journal.len() - 2;
        history.journal.swap(at, at + 1);
        true
    }),
    ("the chain is broken", Kind::Torn, |history| {
        let at = history.journal.len() / 2;
        history.journal[at].previous_sha256 = "0".repeat(64);
        true
    }),
    ("a revision is missing", Kind::Torn, |history| history.revisions.pop_last().is_some()),
    ("a revision has another figure", Kind::Torn, |history| {
        history.revisions.values_mut().next_back().is_some_and(|revision| {
            revision.received += 1;
            true
        })
    }),
    ("a revision is there that nobody handed in", Kind::Torn, |history| {
        let Some(((report, number), mut revision)) =
            history.revisions.last_key_value().map(|(name, revision)| (name.clone(), revision.clone()))
        else {
            return false;
        };
        revision.sequence += 1_000_000;
        history.revisions.insert((report, number + 1), revision).is_none()
    }),
    ("a stale etag was taken", Kind::Wrong, |history| {
        last_call(history, |call| match (&mut call.asked, &call.answer) {
            (Asked::Submit { etag, .. }, Answer::Stored { .. }) if !etag.is_empty() => {
                *etag = "1-0000000000000000".to_owned();
                true
            }
            _ => false,
        })
    }),
    ("a receipt names another etag", Kind::Wrong, |history| {
        last_call(history, |call| match &mut call.answer {
            Answer::Stored { etag, .. } => {
                etag.push('0');
                true
            }
            _ => false,
        })
    }),
    ("a receipt names another place in the journal", Kind::Wrong, |history| {
        last_call(history, |call| match &mut call.answer {
            Answer::Stored { sequence, .. } => {
                *sequence -= 1;
                true
            }
            _ => false,
        })
    }),
    ("a report is told as it stood before", Kind::Wrong, |history| {
        last_call(history, |call| match &mut call.answer {
            Answer::Found(Some(standing)) => {
                let stood = standing.state;
                standing.state = if stood == State::Withdrawn { State::Accepted } else { State::Withdrawn };
                true
            }
            _ => false,
        })
    }),
    ("a report that is there is not found", Kind::Wrong, |history| {
        last_call(history, |call| match &mut call.answer {
            Answer::Found(found @ Some(_)) => found.take().is_some(),
            _ => false,
        })
    }),
    ("what is in order was refused", Kind::Wrong, |history| {
        let Some(at) = entry_of(history, |answer| matches!(answer, Answer::Stored { .. })) else { return false };
        let actor = history.journal[at].actor.clone();
        last_call(history, |call| {
            let ours = actor.contains(&format!("{} ", call.principal));
            if ours {
                call.answer = Answer::Refused("ETAG_MISMATCH".to_owned());
            }
            ours
        })
    }),
    ("a refusal is not in the journal", Kind::Lost, |history| {
        let Some(at) = entry_of(history, |answer| matches!(answer, Answer::Refused(_))) else { return false };
        history.journal.remove(at);
        true
    }),
    ("a retry was answered with another receipt", Kind::Wrong, |history| {
        last_call(history, |call| match &mut call.answer {
            Answer::Repeated { sequence, .. } => {
                *sequence -= 1;
                true
            }
            _ => false,
        })
    }),
    ("a later call is before an earlier one in the journal", Kind::Wrong, |history| {
        // Asked only after everything was over, and yet in the middle of it.
        let end = history.calls.iter().map(|call| call.returned).max().unwrap_or(0);
        let middle = history.calls.len() / 2;
        history.calls.iter_mut().take(middle).rev().any(|call| {
            let stored = matches!(call.answer, Answer::Stored { .. });
            if stored {
                (call.invoked, call.returned) = (end + 1, end + 2);
            }
            stored
        })
    }),
    ("answers of a watch have changed places", Kind::Wrong, |history| {
        let mut long = history.watches.iter_mut().filter(|watch| watch.updates.len() > 2);
        long.next().is_some_and(|watch| {
            watch.updates.swap(1, 2);
            true
        })
    }),
    ("a watch misses the last change", Kind::Wrong, |history| {
        let differs = |watch: &&mut super::record::Watch| {
            let mut last = watch.updates.iter().rev().map(|update| update.sum.total);
            last.next() != last.next()
        };
        history.watches.iter_mut().find(differs).is_some_and(|watch| watch.updates.pop().is_some())
    }),
    ("a watch hides a report that changed", Kind::Wrong, |history| {
        // In each answer: where an agency moved meanwhile, it cannot be told.
        let updates = history.watches.iter_mut().flat_map(|watch| watch.updates.iter_mut());
        let told = updates.filter(|update| !update.resync && !update.changed.is_empty());
        told.map(|update| update.changed.clear()).count() > 0
    }),
];

/// Records a true history, which must pass, and forges it in every way, each of which must not.
///
/// # Errors
/// The first forgery that passed, or was called something else.
pub fn test(seed: u64) -> Result<(), String> {
    let truth = super::recorded(seed);
    let found = check(&truth);
    if let Some(violation) = found.first() {
        return Err(format!("seed {seed}: the true history: {violation}"));
    }
    for (name, kind, forge) in FORGERIES {
        let mut forged = truth.clone();
        if !forge(&mut forged) {
            return Err(format!("seed {seed}: {name}: nothing in this history can be forged so"));
        }
        let found = check(&forged);
        if !found.iter().any(|violation| violation.kind == *kind) {
            return Err(format!("seed {seed}: {name}: found {found:?}"));
        }
    }
    Ok(())
}
