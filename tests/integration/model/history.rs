//! One random history: what happens at the door, what is asked there, and what must be answered.

use std::collections::BTreeMap;

use huizong::pb;
use huizong::pb::{FORM_CELL_PATHS, FormCell, set_form_cell};
use rand::prelude::*;
use rand_chacha::ChaCha8Rng;
use tonic::{Code, Request};

use super::answer::{Question, World};
use super::ask::{self, Verdict, same};
use super::chance;
use super::door::{Door, Restart};
use super::registry::{Change, TABLES};
use super::reports::{Collection, Event, Figures, Report, State};
use super::watcher::Watcher;

/// What has been done and asked, so that a run can say that it did what it is for.
#[derive(Debug, Default, Clone, Copy)]
pub struct Done {
    pub reports: usize,
    pub changes: usize,
    pub questions: usize,
    pub pagings: usize,
    pub restarts: usize,
    pub updates: usize,
    pub retries: usize,
    /// Answers that were falsified.
    pub doctored: usize,
}

impl Done {
    pub fn add(&mut self, other: Self) {
        self.reports += other.reports;
        self.changes += other.changes;
        self.questions += other.questions;
        self.pagings += other.pagings;
        self.restarts += other.restarts;
        self.updates += other.updates;
        self.retries += other.retries;
        self.doctored += other.doctored;
    }
}

/// Falsifies an answer before it is looked at, to see that it is noticed.
pub type Doctor = fn(&mut Vec<pb::RollupRow>) -> bool;

pub struct History {
    chance: ChaCha8Rng,
    /// None only while it is opened anew.
    door: Option<Door>,
    world: World,
    collections: BTreeMap<u16, (Collection, String)>,
    /// The world at each journal sequence at which it changed.
    past: BTreeMap<i64, World>,
    /// Submissions that were taken, with their answers.
    taken: Vec<(pb::SubmitReportRequest, pb::Receipt)>,
    /// Ids of the rules that ask for a reason.
    warnings: Vec<String>,
    watcher: Option<Watcher>,
    doctor: Option<Doctor>,
    done: Done,
}

/// Runs a history of so many steps.
///
/// # Errors
/// The first answer that is not as it must be.
pub async fn run(seed: u64, steps: usize, doctor: Option<Doctor>) -> Result<Done, String> {
    let mut history = History::begin(seed, doctor).await?;
    for step in 0..steps {
        let happened = history.step().await;
        happened.map_err(|wrong| format!("seed {seed}, step {step}: {wrong}"))?;
    }
    history.end().await.map_err(|wrong| format!("seed {seed}, at the end: {wrong}"))
}

fn change_to_wire(change: &Change) -> pb::RegistryChange {
    use pb::registry_change::Change as Wire;
    let change = match change.clone() {
        Change::Place { name, parent, first_year } => {
            let level = match (&parent, name.ends_with("00")) {
                (None, _) => pb::Level::Province,
                (_, true) => pb::Level::City,
                _ => pb::Level::County,
            };
            Wire::CreateJurisdiction(pb::Jurisdiction {
                display_name: name.clone(),
                name,
                parent: parent.unwrap_or_default(),
                level: level.into(),
                first_year: first_year.into(),
                ..Default::default()
            })
        }
        Change::Agency { agency, parent, first_year } => Wire::CreateAgency(pb::Agency {
            display_name: agency.name.clone(),
            name: agency.name,
            jurisdiction: parent,
            kind: agency.kind,
            vertical: agency.vertical,
            first_year: first_year.into(),
            ..Default::default()
        }),
        Change::Move { name, parent, first_year } => {
            Wire::Move(pb::Move { entry: name, parent, first_year: first_year.into() })
        }
        Change::Merge { names, into, first_year } => {
            Wire::Merge(pb::Merge { entries: names, into, first_year: first_year.into() })
        }
        Change::Split { name, into, first_year } => {
            Wire::Split(pb::Split { entry: name, into, first_year: first_year.into() })
        }
        Change::Abolish { name, first_year } => {
            Wire::Abolish(pb::Abolish { entry: name, first_year: first_year.into() })
        }
    };
    pb::RegistryChange { change: Some(change) }
}

fn form_to_wire(figures: &Figures) -> pb::Form {
    let mut form = pb::Form::default();
    for (path, number) in figures {
        let index = FORM_CELL_PATHS.iter().position(|known| known == path).expect("a cell of the form");
        if ask::is_amount(path) {
            let amount = format!("{}.{:06}", number / 1_000_000, number % 1_000_000);
            set_form_cell(&mut form, index, FormCell::Amount(&amount));
        } else {
            set_form_cell(&mut form, index, FormCell::Count((*number).try_into().expect("a count")));
        }
    }
    form
}

fn broken(what: &str) -> impl Fn(tonic::Status) -> String + '_ {
    move |status| format!("{what}: {status}")
}

impl History {
    async fn begin(seed: u64, doctor: Option<Doctor>) -> Result<Self, String> {
        let mut chance = ChaCha8Rng::seed_from_u64(seed);
        let door = Door::open().await;
        let beginning = chance::beginning(&mut chance);
        let rules = door.reports().list_rules(pb::ListRulesRequest::default()).await.map_err(broken("rules"))?;
        let rules = rules.into_inner().rules.into_iter();
        let warnings = rules.filter(|rule| rule.severity() == pb::Severity::Warning).map(|rule| rule.id).collect();
        let mut history = Self {
            chance,
            door: Some(door),
            world: World::default(),
            collections: BTreeMap::new(),
            past: BTreeMap::new(),
            taken: Vec::new(),
            warnings,
            watcher: None,
            doctor,
            done: Done::default(),
        };
        let changes = beginning.iter().map(change_to_wire).collect();
        let request = pb::ApplyRegistryChangesRequest { changes, validate_only: false };
        history.door().registry().apply_registry_changes(request).await.map_err(broken("the beginning"))?;
        beginning.iter().for_each(|change| history.world.registry.apply(change));
        history.note().await?;
        Ok(history)
    }

    fn door(&self) -> &Door {
        self.door.as_ref().expect("the door is open")
    }

    /// Notes the world as it is now.
    async fn note(&mut self) -> Result<i64, String> {
        let status = self.door().operations().get_status(pb::GetStatusRequest {}).await.map_err(broken("status"))?;
        let sequence = status.into_inner().sequence;
        self.past.insert(sequence, self.world.clone());
        Ok(sequence)
    }

    /// The world as of a journal sequence.
    fn as_of(&self, sequence: i64) -> Result<&World, String> {
        let noted = self.past.range(..=sequence).next_back();
        noted.map(|(_, world)| world).ok_or_else(|| format!("an answer as of {sequence}, before the beginning"))
    }

    async fn step(&mut self) -> Verdict {
        match self.chance.random_range(0..100) {
            0..45 => self.happen().await,
            45..65 => self.ask_for_sums().await,
            65..78 => self.page_through().await,
            78..84 => self.ask_for_coverage().await,
            84..88 => self.ask_for_a_form().await,
            88..91 => self.ask_for_a_life().await,
            91..94 => self.retry().await,
            94..97 => self.watch().await,
            _ => self.restart().await,
        }
    }

    /// Something is written, or refused.
    async fn happen(&mut self) -> Verdict {
        match self.chance.random_range(0..20) {
            0..10 => self.submit().await,
            10..14 => self.review().await,
            14..18 => self.change().await,
            _ => self.set_collection().await,
        }
    }

    async fn submit(&mut self) -> Verdict {
        let (agency, year) = (chance::agency(&mut self.chance, &self.world), chance::year(&mut self.chance));
        let figures = chance::figures(&mut self.chance, year);
        let (collection, _) = self.collections.get(&year).cloned().unwrap_or_default();
        let key = (agency.clone(), year);
        let before = self.world.reports.get(&key);
        let answer =
            |rule: &String| pb::Answer { rule: rule.clone(), reason: "已核对".to_owned(), ..Default::default() };
        let report = pb::Report {
            name: format!("{agency}/reports/{year}"),
            form: Some(form_to_wire(&figures).into()),
            answers: self.warnings.iter().map(answer).collect(),
            etag: before.map(|report| report.etag.clone()).unwrap_or_default(),
            reason: before.map_or("", |_| "更正").to_owned(),
            ..Default::default()
        };
        let request_id = uuid::Uuid::from_u128(self.chance.random()).to_string();
        let request = pb::SubmitReportRequest { report: Some(report), request_id, validate_only: false, source: None };
        let owes = self.world.registry.exists(&agency, year);
        match self.door().reports().submit_report(request.clone()).await {
            Ok(answer) if owes => {
                let answer = answer.into_inner();
                let receipt = answer.receipt.clone().ok_or("no receipt")?;
                let late = before.map_or(collection.overdue, |report| report.late);
                same("late", &answer.late, &late)?;
                let state = if collection.reviewed { State::Submitted } else { State::Accepted };
                let report = self.world.reports.entry(key).or_insert_with(|| Report {
                    revisions: Vec::new(),
                    state,
                    accepted: None,
                    late,
                    etag: String::new(),
                    events: Vec::new(),
                });
                report.revisions.push(figures);
                report.state = state;
                let newest = report.revisions.len();
                report.accepted = if collection.reviewed { report.accepted } else { Some(newest) };
                report.etag.clone_from(&receipt.etag);
                report.events.push(Event { sequence: receipt.sequence, action: "submit", revision: newest });
                self.done.reports += 1;
                self.taken.push((request, receipt));
            }
            Err(status) if !owes => same("refusal", &status.code(), &Code::FailedPrecondition)?,
            other => {
                return Err(format!(
                    "{agency} {} a report of {year}: {other:?}",
                    if owes { "owes" } else { "owes no" }
                ));
            }
        }
        self.note().await.map(|_| ())
    }

    async fn review(&mut self) -> Verdict {
        let Some((key, report)) = self.world.reports.iter().choose(&mut self.chance) else { return Ok(()) };
        let (name, etag) = (format!("{}/reports/{}", key.0, key.1), report.etag.clone());
        let key = key.clone();
        let waits = report.state == State::Submitted;
        let action = *["accept", "accept", "return", "withdraw"].choose(&mut self.chance).expect("some");
        let can = if action == "withdraw" { report.state != State::Withdrawn } else { waits };
        let reason = "已看过".to_owned();
        // Withdrawing asks whose the report is; of an agency that has ended it can no longer be done.
        let can = can && (action != "withdraw" || self.world.registry.exists(&key.0, key.1));
        let mut reports = self.door().reports();
        let done = match action {
            "accept" => {
                let request = pb::AcceptReportRequest { name, etag, reason, validate_only: false };
                reports.accept_report(by_the_office(request)).await.map(|_| ())
            }
            "return" => {
                let request = pb::ReturnReportRequest { name, etag, reason, ..Default::default() };
                reports.return_report(by_the_office(request)).await.map(|_| ())
            }
            _ => {
                let request = pb::WithdrawReportRequest { name, etag, reason, validate_only: false };
                reports.withdraw_report(by_the_office(request)).await.map(|_| ())
            }
        };
        same(&format!("{action} of {key:?}: {done:?}"), &done.is_ok(), &can)?;
        let sequence = self.note().await?;
        if can {
            self.world.reports.get_mut(&key).expect("a report").review(action, sequence);
            self.past.insert(sequence, self.world.clone());
        }
        Ok(())
    }

    async fn change(&mut self) -> Verdict {
        let change = chance::change(&mut self.chance, &self.world);
        let request = pb::ApplyRegistryChangesRequest { changes: vec![change_to_wire(&change)], validate_only: false };
        let applied = self.door().registry().apply_registry_changes(request).await;
        // What holds already, whatever comes later, is no change.
        if applied.is_ok_and(|answer| answer.into_inner().applied > 0) {
            self.world.registry.apply(&change);
            self.done.changes += 1;
        }
        self.note().await?;
        // What it was, and when, is told of one that may have changed.
        let name = chance::agency(&mut self.chance, &self.world);
        let request = pb::GetAgencyRequest { name: name.clone() };
        let told = self.door().registry().get_agency(request).await.map_err(broken("an agency"))?.into_inner();
        let parents = told.agency.ok_or("no agency")?.parents.into_iter();
        let parents: Vec<_> = parents.map(|one| (one.first_year as u16, Some(one.parent))).collect();
        let expected = self.world.registry.parents(&name).into_iter().filter(|(year, _)| TABLES.contains(year));
        same(&format!("parents of {name}"), &parents, &expected.collect())
    }

    async fn set_collection(&mut self) -> Verdict {
        let year = chance::year(&mut self.chance);
        let wanted = Collection { overdue: self.chance.random_bool(0.5), reviewed: self.chance.random_bool(0.5) };
        // Long past, or not for a long time.
        let due = if wanted.overdue { 1_500_000_000 } else { 4_000_000_000 };
        let levels = [pb::Level::Province, pb::Level::City, pb::Level::County];
        let time = |level: pb::Level| pb::DueTime {
            level: level.into(),
            time: Some(prost_types::Timestamp { seconds: due, nanos: 0 }),
        };
        let policy = if wanted.reviewed { pb::ReviewPolicy::JurisdictionOffice } else { pb::ReviewPolicy::None };
        let collection = pb::Collection {
            name: format!("collections/{year}"),
            due_times: levels.into_iter().map(time).collect(),
            review_policy: policy.into(),
            etag: self.collections.get(&year).map(|(_, etag)| etag.clone()).unwrap_or_default(),
            ..Default::default()
        };
        let collection = Some(collection);
        let mut registry = self.door().registry();
        let set = if self.collections.contains_key(&year) {
            let request = pb::UpdateCollectionRequest { collection, validate_only: false };
            registry.update_collection(request).await.map(|answer| answer.into_inner().collection)
        } else {
            let request = pb::CreateCollectionRequest { collection, validate_only: false };
            registry.create_collection(request).await.map(|answer| answer.into_inner().collection)
        };
        let set = set.map_err(broken("a collection"))?.ok_or("no collection")?;
        self.collections.insert(year, (wanted, set.etag));
        self.note().await.map(|_| ())
    }

    async fn ask_for_sums(&mut self) -> Verdict {
        let question = chance::question(&mut self.chance, &self.world);
        let (as_of, page_size) = (self.some_moment(), 10_000);
        let request = ask::query(&question, as_of, page_size);
        let answer = self.door().rollups().query_rollup(request).await.map_err(broken("sums"))?.into_inner();
        self.done.questions += 1;
        if as_of != 0 {
            same("sequence", &answer.sequence, &as_of)?;
        }
        let mut rows = answer.rows.clone();
        if self.doctor.is_some_and(|doctor| doctor(&mut rows)) {
            self.doctor = None;
            self.done.doctored += 1;
        }
        let verdict = ask::check_sums(self.as_of(answer.sequence)?, &question, &answer, &rows);
        verdict.map_err(|wrong| format!("{question:?} as of {}: {wrong}", answer.sequence))
    }

    /// Now, or a moment that has passed.
    fn some_moment(&mut self) -> i64 {
        if self.chance.random_bool(0.6) { 0 } else { chance::moment(&mut self.chance, &self.past).0 }
    }

    /// Page by page, while others write and the service is started anew: together the answer as of the first page.
    async fn page_through(&mut self) -> Verdict {
        let question = chance::question(&mut self.chance, &self.world);
        let as_of = self.some_moment();
        let (mut rows, mut first, mut token) = (Vec::new(), None, String::new());
        self.done.pagings += 1;
        for _ in 0..60 {
            let page_size = self.chance.random_range(1..9) * if self.chance.random_bool(0.2) { 50 } else { 1 };
            let request = pb::QueryRollupRequest { page_token: token, ..ask::query(&question, as_of, page_size) };
            let page = self.door().rollups().query_rollup(request).await.map_err(broken("a page"))?.into_inner();
            self.done.questions += 1;
            let world = self.as_of(page.sequence)?;
            same("sequence of a page", &page.sequence, first.get_or_insert(page.sequence))?;
            ask::check_head(world, &question, &page).map_err(|wrong| format!("{question:?}, page: {wrong}"))?;
            rows.extend(page.rows.iter().map(ask::row));
            token = page.next_page_token;
            if token.is_empty() {
                let sequence = first.unwrap_or_default();
                let expected = self.as_of(sequence)?.rows(&question);
                return same(&format!("{question:?} as of {sequence}, pages"), &rows, &expected);
            }
            self.ask_something_else_with(&token, &question).await?;
            for _ in 0..self.chance.random_range(0..3) {
                self.happen().await?;
            }
            if self.chance.random_bool(0.08) {
                self.restart().await?;
            }
        }
        Ok(())
    }

    /// A token is good for its own question only.
    async fn ask_something_else_with(&mut self, token: &str, question: &Question) -> Verdict {
        let other = chance::question(&mut self.chance, &self.world);
        if other == *question || self.chance.random_bool(0.8) {
            return Ok(());
        }
        let request = pb::QueryRollupRequest { page_token: token.to_owned(), ..ask::query(&other, 0, 5) };
        match self.door().rollups().query_rollup(request).await {
            Err(status) if status.code() == Code::InvalidArgument => Ok(()),
            other => Err(format!("the token of another question: {other:?}")),
        }
    }

    async fn ask_for_coverage(&mut self) -> Verdict {
        let question = chance::plain_question(&mut self.chance, &self.world);
        let (as_of, depth) = (self.some_moment(), self.chance.random_range(1..=4));
        let request = pb::GetCoverageRequest {
            jurisdiction: question.scope.clone(),
            year: question.years.0.into(),
            hierarchy_year: question.tree.map_or(0, i32::from),
            as_of,
            include_vertical: question.vertical,
            depth,
        };
        let answer = self.door().rollups().get_coverage(request).await.map_err(broken("coverage"))?.into_inner();
        self.done.questions += 1;
        let verdict = ask::check_parts(self.as_of(answer.sequence)?, &question, depth, &answer);
        verdict.map_err(|wrong| format!("{question:?} as of {}: {wrong}", answer.sequence))?;
        // Who is missing, page by page as of the first.
        let (mut missing, mut token, mut first) = (Vec::new(), String::new(), None);
        loop {
            let request = pb::ListMissingAgenciesRequest {
                jurisdiction: question.scope.clone(),
                year: question.years.0.into(),
                hierarchy_year: question.tree.map_or(0, i32::from),
                as_of,
                include_vertical: question.vertical,
                page_size: 3,
                page_token: token,
            };
            let page = self.door().rollups().list_missing_agencies(request).await.map_err(broken("missing"))?;
            let page = page.into_inner();
            same("sequence of a page", &page.sequence, first.get_or_insert(page.sequence))?;
            missing.extend(page.agencies.into_iter().map(|agency| agency.name));
            token = page.next_page_token;
            if token.is_empty() {
                break;
            }
            self.happen().await?;
        }
        let expected = self.as_of(first.unwrap_or_default())?.missing(&question);
        same(&format!("{question:?}, missing"), &missing, &expected)
    }

    async fn ask_for_a_form(&mut self) -> Verdict {
        let question = Question { states: Vec::new(), ..chance::plain_question(&mut self.chance, &self.world) };
        let (jurisdiction, year) = (question.scope.clone(), i32::from(question.years.0));
        let (hierarchy_year, include_vertical) = (question.tree.map_or(0, i32::from), question.vertical);
        if self.chance.random_bool(0.5) {
            let as_of = self.some_moment();
            let states = Vec::new();
            let request =
                pb::GetConsolidatedFormRequest { jurisdiction, year, hierarchy_year, as_of, include_vertical, states };
            let answer = self.door().rollups().get_consolidated_form(request).await.map_err(broken("a form"))?;
            let answer = answer.into_inner();
            let form = answer.form.ok_or("no form")?;
            let verdict = ask::check_form(self.as_of(answer.sequence)?, &question, &form);
            return verdict.map_err(|wrong| format!("{question:?} as of {}: {wrong}", answer.sequence));
        }
        // Frozen, it takes every sum that the form shows, and keeps it.
        let note = "定稿".to_owned();
        let request =
            pb::FreezeFormRequest { jurisdiction, year, hierarchy_year, include_vertical, note, validate_only: false };
        let frozen = self.door().rollups().freeze_form(request).await.map_err(broken("to freeze"))?.into_inner();
        let name = frozen.frozen_form.ok_or("no frozen form")?.name;
        self.note().await?;
        let kept = self.door().rollups().get_frozen_form(pb::GetFrozenFormRequest { name }).await;
        let kept = kept.map_err(broken("a frozen form"))?.into_inner().frozen_form.ok_or("no frozen form")?;
        let verdict = ask::check_form(self.as_of(kept.as_of)?, &question, &kept.form.ok_or("no form")?);
        verdict.map_err(|wrong| format!("{question:?}, frozen as of {}: {wrong}", kept.as_of))
    }

    /// What has happened to a report, page by page.
    async fn ask_for_a_life(&mut self) -> Verdict {
        let Some((key, _)) = self.world.reports.iter().choose(&mut self.chance) else { return Ok(()) };
        let (key, name) = (key.clone(), format!("{}/reports/{}", key.0, key.1));
        let (mut told, mut page_token) = (Vec::new(), String::new());
        loop {
            let page_size = self.chance.random_range(1..4);
            let request = pb::ListReportEventsRequest { name: name.clone(), page_size, page_token };
            let page = self.door().reports().list_report_events(request).await.map_err(broken("events"))?.into_inner();
            let action = |event: &pb::ReportEvent| match event.action() {
                pb::ReportAction::Submit => "submit",
                pb::ReportAction::Accept => "accept",
                pb::ReportAction::Return => "return",
                pb::ReportAction::Withdraw => "withdraw",
                pb::ReportAction::Unspecified => "",
            };
            told.extend(page.events.iter().map(|event| (event.sequence, action(event), event.revision.clone())));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        let events = self.world.reports[&key].events.iter();
        let revision = |event: &Event| format!("{name}/revisions/{}", event.revision);
        let expected = events.map(|event| (event.sequence, event.action, revision(event))).collect();
        same(&format!("the life of {name}"), &told, &expected)
    }

    /// A submission that was taken is sent again: it has its first answer, whatever has happened since.
    async fn retry(&mut self) -> Verdict {
        let Some((request, receipt)) = self.taken.choose(&mut self.chance).cloned() else { return Ok(()) };
        let answer = self.door().reports().submit_report(request).await.map_err(broken("a retry"))?.into_inner();
        self.done.retries += 1;
        same("retry", &(answer.already_stored, answer.receipt), &(true, Some(receipt)))
    }

    async fn watch(&mut self) -> Verdict {
        self.end_watch().await?;
        let asked = chance::question(&mut self.chance, &self.world);
        let question = Question { tree: None, states: Vec::new(), ..asked };
        self.watcher = Some(Watcher::begin(self.door(), question).await?);
        Ok(())
    }

    /// Every answer of the watch, in order, without gaps, each as of its sequence.
    async fn end_watch(&mut self) -> Verdict {
        let Some(watcher) = self.watcher.take() else { return Ok(()) };
        let newest = self.past.last_key_value().map_or(0, |(sequence, _)| *sequence);
        self.done.updates += watcher.end(newest, |sequence| self.as_of(sequence)).await?;
        Ok(())
    }

    async fn restart(&mut self) -> Verdict {
        self.end_watch().await?;
        let ways = [Restart::Kept, Restart::Behind, Restart::Counted];
        let how = *ways.choose(&mut self.chance).expect("some");
        let door = self.door.take().expect("the door is open");
        self.door = Some(door.reopen(how).await);
        self.done.restarts += 1;
        Ok(())
    }

    /// In the end the store and its sums are as they should be.
    async fn end(mut self) -> Result<Done, String> {
        self.end_watch().await?;
        let request = pb::VerifyStoreRequest {};
        let mut progress =
            self.door().operations().verify_store(request).await.map_err(broken("verification"))?.into_inner();
        let mut result = None;
        while let Some(update) = progress.message().await.map_err(broken("verification"))? {
            result = update.result.or(result);
        }
        let result = result.ok_or("no verification")?;
        same("faults", &result.faults, &Vec::new())?;
        Ok(self.done)
    }
}

/// Nobody reviews what they submitted.
fn by_the_office<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("huizong-principal", "office".parse().expect("a header"));
    request
}
