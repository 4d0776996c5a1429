//! Watching sums and coverage: the present answer, then each later one, in order and without gaps.
//!
//! Commits cost the writer one notice in a bounded ring, however many watch. A watcher asks anew at most once in an
//! interval; what came in between is listed, and one that fell behind the ring is told to take the answer as a whole.

use std::time::Duration;

use futures::Stream;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::live::{Changed, Notice, Perspective, State};
use crate::report::{JurisdictionCode, Message, ReportKey, ReportYear};
use crate::rollup::Scope;

use super::coverage::{CoverageAnswer, CoverageQuestion};
use super::parts::Service;
use super::places::Place;
use super::problem::{Problem, Reason};
use super::roll_up::{RollupAnswer, RollupQuestion};
use super::sight::Asker;
use super::target::Target;
use super::view::as_of_invalid;

/// Changed reports that an update names; with more, the watcher is told that some are left out.
const NAMED_MAX: usize = 100;

/// How a watch begins and goes on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Following {
    /// Journal sequence of the last answer that the watcher has; none to begin with the present one.
    pub resume_after: Option<u64>,
    /// After so long without an answer a heartbeat says that nothing has changed.
    pub heartbeat: Option<Duration>,
}

/// One answer of a watch.
#[derive(Debug, Clone)]
pub struct Update<A> {
    /// Journal sequence of the answer before; 0 for the first.
    pub previous_sequence: u64,
    /// None in a heartbeat.
    pub answer: Option<A>,
    /// Journal sequence that it is true as of.
    pub sequence: u64,
    /// Reports in scope that changed since, by name.
    pub changed: Vec<ReportKey>,
    /// Not every change since is listed: the answer replaces all that was known.
    pub resync: bool,
}

/// A question that can be watched.
trait Watched: Clone + Send + Sync + 'static {
    type Answer: Send + 'static;

    fn scope(&self) -> (&JurisdictionCode, (ReportYear, ReportYear), &Perspective);
    /// # Errors
    /// PAGE_INVALID where a later page is asked for, which is of a moment that has passed.
    fn begins(&self) -> Result<(), Problem> {
        Ok(())
    }
    fn ask(&self, service: &Service, asker: &Asker) -> impl Future<Output = Result<Self::Answer, Problem>> + Send;
    fn sequence(answer: &Self::Answer) -> u64;
}

impl Watched for RollupQuestion {
    type Answer = RollupAnswer;

    fn scope(&self) -> (&JurisdictionCode, (ReportYear, ReportYear), &Perspective) {
        (&self.jurisdiction, self.years, &self.perspective)
    }

    fn begins(&self) -> Result<(), Problem> {
        let description = Message::new(
            "观察总是从第一页开始；后续各页请用 QueryRollup 查询",
            "a watch begins with the first page: ask for later ones with QueryRollup",
        );
        let later = |_| Err(Problem::bad_page("query.page_token", description));
        self.after.as_ref().map_or(Ok(()), later)
    }

    async fn ask(&self, service: &Service, asker: &Asker) -> Result<RollupAnswer, Problem> {
        service.roll_up(self, asker).await
    }

    fn sequence(answer: &RollupAnswer) -> u64 {
        answer.sequence
    }
}

impl Watched for CoverageQuestion {
    type Answer = CoverageAnswer;

    fn scope(&self) -> (&JurisdictionCode, (ReportYear, ReportYear), &Perspective) {
        (&self.jurisdiction, (self.year, self.year), &self.perspective)
    }

    async fn ask(&self, service: &Service, asker: &Asker) -> Result<CoverageAnswer, Problem> {
        service.coverage(self, asker).await
    }

    fn sequence(answer: &CoverageAnswer) -> u64 {
        answer.sequence
    }
}

impl Service {
    /// The present sums, then each change of them.
    ///
    /// # Errors
    /// As [`Service::roll_up`]; AS_OF_INVALID with a perspective other than the present, and where the watcher has seen
    /// what is not there; TOO_MANY watchers.
    pub async fn watch_rollup(
        &self,
        question: RollupQuestion,
        following: Following,
        asker: &Asker,
    ) -> Result<impl Stream<Item = Result<Update<RollupAnswer>, Problem>> + Send + use<>, Problem> {
        self.watch(question, following, asker).await
    }

    /// The present coverage, then each change of it.
    ///
    /// # Errors
    /// As [`Service::coverage`]; else as [`Service::watch_rollup`].
    pub async fn watch_coverage(
        &self,
        question: CoverageQuestion,
        following: Following,
        asker: &Asker,
    ) -> Result<impl Stream<Item = Result<Update<CoverageAnswer>, Problem>> + Send + use<>, Problem> {
        self.watch(question, following, asker).await
    }

    async fn watch<Q: Watched>(
        &self,
        question: Q,
        following: Following,
        asker: &Asker,
    ) -> Result<impl Stream<Item = Result<Update<Q::Answer>, Problem>> + Send + use<Q>, Problem> {
        if *question.scope().2 != Perspective::default() {
            let description = Message::new(
                "只能跟踪当前结果，不能指定以往流水号、隶属关系的年度或状态",
                "a watch follows the present: no as_of, hierarchy year or states",
            );
            return Err(Problem::field(Reason::AsOfInvalid, "as_of", description));
        }
        question.begins()?;
        let place = self.watch_places.take(asker.caller())?;
        // The first answer is made here, so that a bad question is refused before the stream begins.
        let newest = self.live.notices.subscribe();
        let answer = question.ask(self, asker).await?;
        let known = following.resume_after.unwrap_or_default();
        if known > Q::sequence(&answer) {
            return Err(as_of_invalid("resume_after", Q::sequence(&answer)));
        }
        let watcher = Watcher {
            service: self.clone(),
            question,
            asker: asker.clone(),
            newest,
            first: following.resume_after.is_none().then_some(answer),
            heartbeat: following.heartbeat,
            sent: known,
            seen: known,
            earliest: Instant::now(),
            _place: place,
        };
        Ok(futures::stream::unfold(watcher, Watcher::next))
    }
}

struct Watcher<Q: Watched> {
    service: Service,
    question: Q,
    asker: Asker,
    newest: watch::Receiver<u64>,
    /// Not yet sent.
    first: Option<Q::Answer>,
    /// Journal sequence of the answer that was sent last; 0 before the first.
    sent: u64,
    /// Journal sequence up to which nothing in scope has changed since.
    seen: u64,
    /// When the next answer may be sent.
    earliest: Instant,
    heartbeat: Option<Duration>,
    _place: Place,
}

type Next<Q> = Option<(Result<Update<<Q as Watched>::Answer>, Problem>, Watcher<Q>)>;

impl<Q: Watched> Watcher<Q> {
    async fn next(mut self) -> Next<Q> {
        if let Some(answer) = self.first.take() {
            let update = self.update(answer, Vec::new(), false);
            return Some((Ok(update), self));
        }
        let silence_ends = self.heartbeat.map(|heartbeat| Instant::now() + heartbeat);
        loop {
            let seen = self.seen;
            let news = async {
                let there = self.newest.wait_for(|newest| *newest > seen).await.is_ok();
                tokio::time::sleep_until(self.earliest).await;
                there
            };
            let there = match silence_ends {
                None => Some(news.await),
                Some(silence_ends) => tokio::time::timeout_at(silence_ends, news).await.ok(),
            };
            match there {
                Some(true) => {}
                // Ends with the service; where that is told to stop, the door ends it, and says so.
                Some(false) => return None,
                None => return Some((Ok(self.heartbeat()), self)),
            }
            let newest = *self.newest.borrow_and_update();
            let notices = self.service.live.notices.between(seen, newest);
            let (changed, touched) = notices.as_ref().map_or((Vec::new(), true), |notices| self.in_scope(notices));
            if !touched {
                // Nothing in scope: the answer that was sent stands as of the newest entry, too.
                self.seen = newest;
                self.earliest = Instant::now() + self.service.watch_limits.interval;
                continue;
            }
            match self.question.ask(&self.service, &self.asker).await {
                Ok(answer) => {
                    // The answer may be newer than the notices that were looked at.
                    let unlisted = Q::sequence(&answer) > newest || changed.len() > NAMED_MAX;
                    let update = self.update(answer, changed, notices.is_none() || unlisted);
                    return Some((Ok(update), self));
                }
                Err(problem) => return Some((Err(problem), self)),
            }
        }
    }

    /// Nothing in scope has changed up to what was looked at.
    fn heartbeat(&self) -> Update<Q::Answer> {
        Update { previous_sequence: self.sent, answer: None, sequence: self.seen, changed: Vec::new(), resync: false }
    }

    fn update(&mut self, answer: Q::Answer, mut changed: Vec<ReportKey>, resync: bool) -> Update<Q::Answer> {
        changed.truncate(NAMED_MAX);
        self.seen = Q::sequence(&answer);
        let previous_sequence = std::mem::replace(&mut self.sent, self.seen);
        self.earliest = Instant::now() + self.service.watch_limits.interval;
        Update { previous_sequence, answer: Some(answer), sequence: self.seen, changed, resync }
    }

    /// The reports among the notices that the question is about, and whether anything is.
    fn in_scope(&self, notices: &[Notice]) -> (Vec<ReportKey>, bool) {
        // Of what is out of sight nothing is told, not even that it changed: the question is about none of it.
        let Ok(sight) = self.service.sight_of(&self.asker) else { return (Vec::new(), true) };
        let state = self.service.live.read();
        let (code, years, _) = self.question.scope();
        let seen = |report: &ReportKey| sight.includes(&state.registry, Target::report(report));
        let mut changed: Vec<ReportKey> = Vec::new();
        let mut touched = false;
        for notice in notices {
            match &notice.what {
                Changed::Registry => touched = true,
                Changed::Report(report) if counts_in(&state, report, code, years) && seen(report) => {
                    touched = true;
                    if !changed.contains(report) && changed.len() <= NAMED_MAX {
                        changed.push(report.clone());
                    }
                }
                Changed::Report(_) => {}
            }
        }
        (changed, touched)
    }
}

/// Whether a report counts in a jurisdiction or below it, in one of the years.
fn counts_in(state: &State, report: &ReportKey, code: &JurisdictionCode, years: (ReportYear, ReportYear)) -> bool {
    let (Some(id), Some(scope)) = (report.agency(), state.registry.find_jurisdiction(code)) else { return false };
    let Some(agency) = state.registry.find_agency(id) else { return false };
    let in_years = (years.0..=years.1).contains(&report.year);
    in_years && state.totals.scopes(&state.registry, agency, report.year).contains(&Scope::Subtree(scope))
}
