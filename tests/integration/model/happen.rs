//! What is written at the door, or refused there, and what becomes of the world by it.

use huizong::pb;
use rand::prelude::*;
use tonic::{Code, Request};

use crate::support::replacing;

use super::ask::{Verdict, same};
use super::chance;
use super::history::{History, broken};
use super::registry::TABLES;
use super::reports::{Collection, Event, Report, State};
use super::wire::{change_to_wire, form_to_wire};

impl History {
    /// Something is written, or refused.
    pub async fn happen(&mut self) -> Verdict {
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
        let request = pb::SubmitReportRequest {
            name: format!("{agency}/reports/{year}"),
            form: Some(form_to_wire(&figures).into()),
            answers: self.warnings.iter().map(answer).collect(),
            etag: before.map(|report| report.etag.clone()).unwrap_or_default(),
            correction_reason: before.map_or("", |_| "更正").to_owned(),
            request_id: uuid::Uuid::from_u128(self.chance.random()).to_string(),
            // Chance may make the same figures again.
            allow_unchanged: true,
            ..Default::default()
        };
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
                report.events.push(Event { sequence: receipt.journal_sequence, action: "submit", revision: newest });
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
                let request = pb::AcceptReportRequest { name, etag, reason, ..Default::default() };
                reports.accept_report(by_the_office(request)).await.map(|answer| answer.into_inner().outcome)
            }
            "return" => {
                let request = pb::ReturnReportRequest { name, etag, reason, ..Default::default() };
                reports.return_report(by_the_office(request)).await.map(|answer| answer.into_inner().outcome)
            }
            _ => {
                let request = pb::WithdrawReportRequest { name, etag, reason, ..Default::default() };
                reports.withdraw_report(by_the_office(request)).await.map(|answer| answer.into_inner().outcome)
            }
        };
        same(&format!("{action} of {key:?}: {done:?}"), &done.is_ok(), &can)?;
        let sequence = self.note().await?;
        if can {
            let report = self.world.reports.get_mut(&key).expect("a report");
            report.review(action, sequence);
            let receipt = done.ok().flatten().and_then(|outcome| outcome.receipt).ok_or("no receipt")?;
            if receipt.etag == report.etag {
                return Err(format!("{action} of {key:?} left the etag as it was"));
            }
            report.etag = receipt.etag;
            self.past.insert(sequence, self.world.clone());
        }
        Ok(())
    }

    async fn change(&mut self) -> Verdict {
        let change = chance::change(&mut self.chance, &self.world);
        let request = pb::ApplyRegistryChangesRequest {
            changes: vec![change_to_wire(&change)],
            validate_only: false,
            ..Default::default()
        };
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
            due_time: Some(prost_types::Timestamp { seconds: due, nanos: 0 }),
        };
        let policy = if wanted.reviewed { pb::ReviewPolicy::JurisdictionOffice } else { pb::ReviewPolicy::None };
        let collection = pb::Collection {
            name: format!("collections/{year}"),
            due_times: levels.into_iter().map(time).collect(),
            review_policy: policy.into(),
            etag: self.collections.get(&year).map(|(_, etag)| etag.clone()).unwrap_or_default(),
            ..Default::default()
        };
        let mut registry = self.door().registry();
        let set = if self.collections.contains_key(&year) {
            let request = replacing(collection);
            registry.update_collection(request).await.map(|answer| answer.into_inner().collection)
        } else {
            let request = pb::CreateCollectionRequest { collection: Some(collection), validate_only: false };
            registry.create_collection(request).await.map(|answer| answer.into_inner().collection)
        };
        let set = set.map_err(broken("a collection"))?.ok_or("no collection")?;
        self.collections.insert(year, (wanted, set.etag));
        self.note().await.map(|_| ())
    }

    /// A submission that was taken is sent again: it has its first answer, whatever has happened since.
    pub async fn retry(&mut self) -> Verdict {
        let Some((request, receipt)) = self.taken.choose(&mut self.chance).cloned() else { return Ok(()) };
        let answer = self.door().reports().submit_report(request).await.map_err(broken("a retry"))?.into_inner();
        self.done.retries += 1;
        same("retry", &(answer.already_stored, answer.receipt), &(true, Some(receipt)))
    }
}

/// Nobody reviews what they submitted.
fn by_the_office<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("huizong-principal", "office".parse().expect("a header"));
    request
}
