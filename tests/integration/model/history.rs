//! One random history, from a seed: what goes on, in which order, and how it ends.

use std::collections::BTreeMap;

use huizong::pb;
use rand::prelude::*;
use rand_chacha::ChaCha8Rng;

use super::answer::{Question, World};
use super::ask::{Verdict, same};
use super::chance;
use super::door::{Door, Restart};
use super::reports::Collection;
use super::watcher::Watcher;
use super::wire::change_to_wire;

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

/// A form that was frozen.
#[derive(Clone)]
pub struct Frozen {
    pub name: String,
    pub question: Question,
    pub as_of: i64,
}

pub struct History {
    pub chance: ChaCha8Rng,
    /// None only while it is opened anew.
    door: Option<Door>,
    pub world: World,
    pub collections: BTreeMap<u16, (Collection, String)>,
    /// The world at each journal sequence at which it changed.
    pub past: BTreeMap<i64, World>,
    /// Submissions that were taken, with their answers.
    pub taken: Vec<(pb::SubmitReportRequest, pb::Receipt)>,
    pub frozen: Vec<Frozen>,
    /// Ids of the rules that ask for a reason.
    pub warnings: Vec<String>,
    watcher: Option<Watcher>,
    pub doctor: Option<Doctor>,
    pub done: Done,
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

pub fn broken(what: &str) -> impl Fn(tonic::Status) -> String + '_ {
    move |status| format!("{what}: {status}")
}

impl History {
    async fn begin(seed: u64, doctor: Option<Doctor>) -> Result<Self, String> {
        let mut chance = ChaCha8Rng::seed_from_u64(seed);
        let door = Door::open().await;
        let beginning = chance::beginning(&mut chance);
        let rules = door.forms().list_rules(pb::ListRulesRequest::default()).await.map_err(broken("rules"))?;
        let rules = rules.into_inner().rules.into_iter();
        let warnings = rules.filter(|rule| rule.severity() == pb::Severity::Warning).map(|rule| rule.id).collect();
        let mut history = Self {
            chance,
            door: Some(door),
            world: World::default(),
            collections: BTreeMap::new(),
            past: BTreeMap::new(),
            taken: Vec::new(),
            frozen: Vec::new(),
            warnings,
            watcher: None,
            doctor,
            done: Done::default(),
        };
        let changes = beginning.iter().map(change_to_wire).collect();
        let request = pb::ApplyRegistryChangesRequest { changes, validate_only: false, ..Default::default() };
        history.door().registry().apply_registry_changes(request).await.map_err(broken("the beginning"))?;
        beginning.iter().for_each(|change| history.world.registry.apply(change));
        history.note().await?;
        Ok(history)
    }

    pub fn door(&self) -> &Door {
        self.door.as_ref().expect("the door is open")
    }

    /// Notes the world as it is now.
    pub async fn note(&mut self) -> Result<i64, String> {
        let status =
            self.door().operations().get_status(pb::GetStatusRequest::default()).await.map_err(broken("status"))?;
        let sequence = status.into_inner().as_of;
        self.past.insert(sequence, self.world.clone());
        Ok(sequence)
    }

    /// The world as of a journal sequence.
    pub fn as_of(&self, sequence: i64) -> Result<&World, String> {
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
            88..90 => self.ask_for_a_life().await,
            90 => self.compare_a_frozen_form().await,
            91..94 => self.retry().await,
            94..97 => self.watch().await,
            _ => self.restart().await,
        }
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

    pub async fn restart(&mut self) -> Verdict {
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
