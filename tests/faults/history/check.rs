//! Whether a recorded history is one that the contract allows: some order of the calls, which is the journal's and
//! keeps the order of time, explains every answer.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use huizong::pb;

use super::model::{Model, etag_after};
use super::record::{AGENCIES, Answer, Asked, Call, History, Question, Standing, Sum, Watch, agency};

/// What a violation is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Acknowledged, and not there.
    Lost,
    /// There in part, or there and asked by nobody.
    Torn,
    /// A figure or an answer that no order of the calls explains.
    Wrong,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    pub kind: Kind,
    pub words: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.kind, self.words)
    }
}

/// Everything that is wrong with a history; nothing where all is well.
pub fn check(history: &History) -> Vec<Violation> {
    let mut check = Check { history, model: Model::new(), entries: BTreeMap::new(), found: Vec::new() };
    check.journal();
    check.revisions();
    let windows = windows(history, &check.entries);
    for (call, window) in history.calls.iter().zip(windows) {
        check.call(call, window);
    }
    history.watches.iter().for_each(|watch| check.watch(watch));
    check.found
}

/// Sequence numbers between which a call took effect, by the calls that ended before it and began after it.
#[derive(Debug, Clone, Copy)]
struct Window {
    first: u64,
    last: u64,
}

struct Check<'a> {
    history: &'a History,
    model: Model,
    /// Journal entries of clients' calls, by principal.
    entries: BTreeMap<&'a str, &'a pb::JournalEntry>,
    found: Vec<Violation>,
}

fn number(sequence: i64) -> u64 {
    u64::try_from(sequence).unwrap_or(0)
}

fn is_accepted(entry: &pb::JournalEntry) -> bool {
    entry.outcome() == pb::JournalOutcome::Done
}

/// The caller's own name, without the mark that it was not checked and without the address.
fn principal(entry: &pb::JournalEntry) -> &str {
    let name = entry.actor.split(' ').next().unwrap_or_default();
    name.strip_prefix("claimed:").unwrap_or(name)
}

/// Where the answer of a call says that it took effect, and whether it changed the journal.
fn point(call: &Call, entries: &BTreeMap<&str, &pb::JournalEntry>) -> Option<(u64, bool)> {
    match &call.answer {
        Answer::Stored { sequence, .. } => Some((*sequence, true)),
        Answer::Moved { sequence, changed } => Some((*sequence, *changed)),
        // A refusal is in the journal before it is told.
        Answer::Refused(_) => entries.get(call.principal.as_str()).map(|entry| (number(entry.sequence), true)),
        Answer::Sum(sum) if !matches!(&call.asked, Asked::RollUp(question) if question.as_of > 0) => {
            Some((sum.sequence, false))
        }
        Answer::Sum(_) | Answer::Repeated { .. } | Answer::Found(_) | Answer::Unavailable | Answer::Unknown => None,
    }
}

/// The window of each call: what was answered before it began is in it, what began after its answer is not.
fn windows(history: &History, entries: &BTreeMap<&str, &pb::JournalEntry>) -> Vec<Window> {
    let calls = &history.calls;
    let points: Vec<_> = calls.iter().map(|call| point(call, entries)).collect();
    let mut events: Vec<(u64, bool, usize)> = Vec::with_capacity(2 * calls.len());
    for (at, call) in calls.iter().enumerate() {
        // At the same moment, the beginning comes first: the calls were concurrent then.
        events.push((call.invoked, false, at));
        events.push((call.returned, true, at));
    }
    events.sort_unstable();
    let end = history.journal.last().map_or(history.began_after, |entry| number(entry.sequence));
    let mut windows = vec![Window { first: history.began_after, last: end }; calls.len()];
    let mut answered = history.began_after;
    for (_, is_end, at) in &events {
        match (is_end, points[*at]) {
            (false, _) => windows[*at].first = answered,
            (true, Some((sequence, _))) => answered = answered.max(sequence),
            (true, None) => {}
        }
    }
    let mut later = end;
    for (_, is_end, at) in events.iter().rev() {
        match (is_end, points[*at]) {
            (true, _) => windows[*at].last = later,
            (false, Some((sequence, writes))) => later = later.min(sequence - u64::from(writes)),
            (false, None) => {}
        }
    }
    windows
}

impl<'a> Check<'a> {
    fn say(&mut self, kind: Kind, words: impl Into<String>) {
        self.found.push(Violation { kind, words: words.into() });
    }

    /// Replays the journal: the chain holds, and each entry was asked for and could be done when it was.
    fn journal(&mut self) {
        let history = self.history;
        let calls: BTreeMap<&str, &Call> = history.calls.iter().map(|call| (call.principal.as_str(), call)).collect();
        let (mut last, mut chain) = (0, String::new());
        for entry in &history.journal {
            let sequence = number(entry.sequence);
            if sequence != last + 1 || (last > 0 && entry.previous_sha256 != chain) {
                self.say(Kind::Torn, format!("journal entry {sequence} does not follow entry {last}"));
            }
            (last, chain) = (sequence, entry.chain_sha256.clone());
            // What the service says of itself nobody asked for.
            if sequence <= history.began_after || entry.actor == "huizong" {
                continue;
            }
            let Some(call) = calls.get(principal(entry)) else {
                self.say(Kind::Torn, format!("nobody asked for journal entry {sequence}: {}", entry.actor));
                continue;
            };
            if let Some(before) = self.entries.insert(&call.principal, entry) {
                let words = format!("{} is in the journal twice: {} and {sequence}", call.principal, before.sequence);
                self.say(Kind::Torn, words);
            }
            if is_accepted(entry) {
                self.replay(call, sequence);
            }
        }
    }

    fn replay(&mut self, call: &Call, sequence: u64) {
        if let Some(reason) = self.model.refusal(&call.asked, sequence - 1) {
            self.say(Kind::Wrong, format!("entry {sequence} was to be refused as {reason}: {call:?}"));
        }
        let repeated = match &call.asked {
            Asked::Submit { request_id: Some(id), .. } => self.model.request(id, sequence).is_some(),
            _ => false,
        };
        if repeated {
            self.say(Kind::Wrong, format!("entry {sequence} stores a request id again: {call:?}"));
        }
        let etag = match &call.asked {
            Asked::Submit { report, received, .. } => {
                let next = self.model.standing(report, u64::MAX).map_or(0, |standing| standing.number) + 1;
                match self.history.revisions.get(&(report.clone(), next)) {
                    Some(revision) if (revision.sequence, revision.received) == (sequence, *received) => {
                        etag_after(&revision.etag, 0)
                    }
                    found => {
                        let words = format!("{report}/revisions/{next} of entry {sequence} is {found:?}: {call:?}");
                        self.say(Kind::Torn, words);
                        String::new()
                    }
                }
            }
            _ => String::new(),
        };
        self.model.apply(&call.asked, sequence, &etag);
    }

    /// No revision is there beyond those of the journal.
    fn revisions(&mut self) {
        let asked_for: BTreeSet<u64> = self.entries.values().map(|entry| number(entry.sequence)).collect();
        let strays = self.history.revisions.iter().filter(|(_, revision)| !asked_for.contains(&revision.sequence));
        let strays: Vec<_> = strays.map(|(name, _)| format!("{name:?} has no journal entry")).collect();
        strays.into_iter().for_each(|words| self.say(Kind::Torn, words));
    }

    fn call(&mut self, call: &'a Call, window: Window) {
        let entry = self.entries.get(call.principal.as_str()).copied();
        match &call.answer {
            Answer::Unknown => {
                if let Some(entry) = entry.filter(|entry| number(entry.sequence) <= window.first) {
                    self.say(Kind::Wrong, format!("done before it was asked, in {}: {call:?}", entry.sequence));
                }
            }
            Answer::Unavailable => {
                if let Some(entry) = entry {
                    self.say(Kind::Wrong, format!("told that it was not done, and it is entry {entry:?}: {call:?}"));
                }
            }
            Answer::Stored { sequence, etag, state } => {
                self.stored(call, *sequence, entry, window);
                let (Asked::Submit { report, .. } | Asked::Review { report, .. }) = &call.asked else {
                    return self.say(Kind::Wrong, format!("an answer to something else: {call:?}"));
                };
                let standing = self.model.standing(report, *sequence);
                if standing.is_none_or(|standing| (&standing.etag, standing.state) != (etag, *state)) {
                    self.say(Kind::Wrong, format!("told {etag} {state:?}, where it stands as {standing:?}: {call:?}"));
                }
            }
            Answer::Moved { sequence, changed: true } => self.stored(call, *sequence, entry, window),
            Answer::Moved { sequence, changed: false } => {
                let Asked::Move { agency, parent, first_year } = &call.asked else {
                    return self.say(Kind::Wrong, format!("an answer to something else: {call:?}"));
                };
                let in_force = self.model.is_in_force(agency, parent, *first_year, *sequence);
                if !in_force || !contains(window, *sequence) {
                    self.say(Kind::Wrong, format!("told that it was so already, within {window:?}: {call:?}"));
                }
            }
            Answer::Repeated { sequence, etag } => self.repeated(call, *sequence, etag, window),
            Answer::Found(found) => self.read(call, found.as_ref(), window),
            Answer::Sum(sum) => {
                let Asked::RollUp(question) = &call.asked else {
                    return self.say(Kind::Wrong, format!("an answer to something else: {call:?}"));
                };
                self.sum(question, sum, &call.principal);
                let moment = if question.as_of > 0 {
                    sum.sequence == question.as_of && sum.sequence <= window.last
                } else {
                    contains(window, sum.sequence)
                };
                if !moment {
                    self.say(Kind::Wrong, format!("a sum of another time than {window:?}: {call:?}"));
                }
            }
            Answer::Refused(reason) => self.refused(call, reason, entry, window),
        }
    }

    /// What was acknowledged is in the journal where the receipt says, after all that was answered before.
    fn stored(&mut self, call: &Call, sequence: u64, entry: Option<&pb::JournalEntry>, window: Window) {
        match entry {
            None => self.say(Kind::Lost, format!("acknowledged and not in the journal: {call:?}")),
            Some(entry) if number(entry.sequence) != sequence || !is_accepted(entry) => {
                self.say(Kind::Wrong, format!("its journal entry is {entry:?}: {call:?}"));
            }
            Some(_) if sequence <= window.first || sequence > window.last => {
                self.say(Kind::Wrong, format!("out of the order of time, which is {window:?}: {call:?}"));
            }
            Some(_) => {}
        }
    }

    fn repeated(&mut self, call: &Call, sequence: u64, etag: &str, window: Window) {
        let Asked::Submit { report, request_id: Some(id), .. } = &call.asked else {
            return self.say(Kind::Wrong, format!("taken for a repeated request: {call:?}"));
        };
        let first = self.model.request(id, window.last);
        let is_first = first.is_some_and(|(stored, asked)| stored == sequence && *asked == call.asked);
        let standing = self.model.standing(report, sequence);
        if !is_first || standing.is_none_or(|standing| standing.etag != etag) {
            let kind = if first.is_none() { Kind::Lost } else { Kind::Wrong };
            self.say(kind, format!("its first request is {first:?}: {call:?}"));
        }
    }

    fn read(&mut self, call: &Call, found: Option<&Standing>, window: Window) {
        let Asked::Read { report } = &call.asked else {
            return self.say(Kind::Wrong, format!("an answer to something else: {call:?}"));
        };
        let moments = self.model.moments(report, window.first, window.last);
        if !moments.iter().any(|moment| self.model.standing(report, *moment) == found) {
            self.say(Kind::Wrong, format!("it stood otherwise all the while in {window:?}: {call:?}"));
        }
    }

    fn sum(&mut self, question: &Question, sum: &Sum, who: &str) {
        let naive = self.model.sum(question, sum.sequence);
        if naive != *sum {
            self.say(Kind::Wrong, format!("{who}: {question:?} is {naive:?}, and was told {sum:?}"));
        }
    }

    fn refused(&mut self, call: &Call, reason: &str, entry: Option<&pb::JournalEntry>, window: Window) {
        match entry {
            Some(entry) if is_accepted(entry) => {
                self.say(Kind::Wrong, format!("refused as {reason}, and done in {}: {call:?}", entry.sequence));
            }
            None if !matches!(call.asked, Asked::Read { .. } | Asked::RollUp(_)) => {
                self.say(Kind::Lost, format!("refused as {reason}, and not in the journal: {call:?}"));
            }
            _ => {}
        }
        // Refused before the refusal was in the journal.
        let last = entry.map_or(window.last, |entry| number(entry.sequence) - 1);
        let moments = match &call.asked {
            Asked::Submit { report, .. } | Asked::Review { report, .. } => {
                self.model.moments(report, window.first, last)
            }
            Asked::Move { .. } => self.model.moments("", window.first, last),
            Asked::Read { .. } | Asked::RollUp(_) => Vec::new(),
        };
        let reasons: Vec<_> = moments.iter().map(|moment| self.model.refusal(&call.asked, *moment)).collect();
        // Many others may come between again and again.
        let contended = reason == "CONTENDED" && moments.len() > 1;
        if !contended && !reasons.contains(&Some(reason)) {
            let words = format!("refused as {reason} where {reasons:?} hold within {window:?}: {call:?}");
            self.say(Kind::Wrong, words);
        }
    }

    /// The answers of a watch are in order, each is true as of its moment, and none is missing at the end.
    fn watch(&mut self, watch: &Watch) {
        let question = &watch.question;
        let began = self.answered_before(watch.invoked);
        let (mut previous, mut first) = (0, true);
        for update in &watch.updates {
            let sequence = update.sum.sequence;
            let follows = if first {
                update.previous_sequence == 0 && sequence >= began
            } else {
                update.previous_sequence >= previous && update.previous_sequence < sequence
            };
            if !follows || sequence > self.begun_after(update.returned) {
                self.say(Kind::Wrong, format!("{update:?} does not follow {previous}: {question:?}"));
            }
            self.sum(question, &update.sum, "a watch");
            if !first && !update.resync {
                self.listed(question, update);
            }
            (previous, first) = (sequence, false);
        }
        let end = self.history.journal.last().map_or(0, |entry| number(entry.sequence));
        if watch.to_the_end
            && let Some(last) = watch.updates.last()
        {
            let truth = self.model.sum(question, end);
            if (Sum { sequence: end, ..last.sum.clone() }) != truth {
                self.say(Kind::Wrong, format!("a watch ends with {last:?}, where {truth:?} holds: {question:?}"));
            }
        }
    }

    /// The reports that an update names are those that changed, where no agency moved meanwhile.
    fn listed(&mut self, question: &Question, update: &super::record::Update) {
        let (after, upto) = (update.previous_sequence + 1, update.sum.sequence);
        if self.model.moves.iter().any(|at| (after..=upto).contains(at)) {
            return;
        }
        let of_scope = (0..AGENCIES)
            .filter(|number| self.model.counts_in(&agency(*number).0, &question.jurisdiction, question.year, upto));
        let changed = of_scope.map(|number| super::record::report(number, question.year)).filter(|report| {
            let now = self.model.moments(report, after, upto);
            now.iter().any(|at| *at > update.previous_sequence && self.model.changed_at(report, *at))
        });
        let changed: BTreeSet<String> = changed.collect();
        let named: BTreeSet<String> = update.changed.iter().cloned().collect();
        if changed != named {
            self.say(Kind::Wrong, format!("{changed:?} changed, and a watch was told {update:?}: {question:?}"));
        }
    }

    /// The newest sequence number of all that was answered before a moment.
    fn answered_before(&self, moment: u64) -> u64 {
        let calls = self.history.calls.iter().filter(|call| call.returned < moment);
        calls.filter_map(|call| point(call, &self.entries)).map(|(sequence, _)| sequence).max().unwrap_or(0)
    }

    /// The newest sequence number that there can be before anything that was asked after a moment.
    fn begun_after(&self, moment: u64) -> u64 {
        let calls = self.history.calls.iter().filter(|call| call.invoked > moment);
        let points = calls.filter_map(|call| point(call, &self.entries));
        points.map(|(sequence, writes)| sequence - u64::from(writes)).min().unwrap_or(u64::MAX)
    }
}

fn contains(window: Window, sequence: u64) -> bool {
    (window.first..=window.last).contains(&sequence)
}
