//! What is asked at the door, and what the answers must be.

use huizong::pb;
use rand::prelude::*;
use tonic::Code;

use super::answer::Question;
use super::ask::{self, Verdict, same};
use super::chance;
use super::history::{Frozen, History, broken};
use super::reports::Event;

impl History {
    pub async fn ask_for_sums(&mut self) -> Verdict {
        let question = chance::question(&mut self.chance, &self.world);
        let (as_of, page_size) = (self.some_moment(), 10_000);
        let request = ask::query(&question, as_of, page_size);
        let answer = self.door().rollups().query_rollup(request).await.map_err(broken("sums"))?.into_inner();
        self.done.questions += 1;
        if as_of != 0 {
            same("sequence", &answer.as_of, &as_of)?;
        }
        let mut rows = answer.rows.clone();
        if self.doctor.is_some_and(|doctor| doctor(&mut rows)) {
            self.doctor = None;
            self.done.doctored += 1;
        }
        let verdict = ask::check_sums(self.as_of(answer.as_of)?, &question, &answer, &rows);
        verdict.map_err(|wrong| format!("{question:?} as of {}: {wrong}", answer.as_of))
    }

    /// Now, or a moment that has passed.
    fn some_moment(&mut self) -> i64 {
        if self.chance.random_bool(0.6) { 0 } else { chance::moment(&mut self.chance, &self.past).0 }
    }

    /// Page by page, while others write and the service is started anew: together the answer as of the first page.
    pub async fn page_through(&mut self) -> Verdict {
        let question = chance::question(&mut self.chance, &self.world);
        let as_of = self.some_moment();
        let (mut rows, mut first, mut token) = (Vec::new(), None, String::new());
        self.done.pagings += 1;
        for _ in 0..60 {
            let page_size = self.chance.random_range(1..9) * if self.chance.random_bool(0.2) { 50 } else { 1 };
            let request = pb::QueryRollupRequest { page_token: token, ..ask::query(&question, as_of, page_size) };
            let page = self.door().rollups().query_rollup(request).await.map_err(broken("a page"))?.into_inner();
            self.done.questions += 1;
            let world = self.as_of(page.as_of)?;
            same("sequence of a page", &page.as_of, first.get_or_insert(page.as_of))?;
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

    pub async fn ask_for_coverage(&mut self) -> Verdict {
        let question = chance::plain_question(&mut self.chance, &self.world);
        let (as_of, depth) = (self.some_moment(), self.chance.random_range(1..=4));
        let request = pb::GetCoverageRequest {
            scope: Some(pb::Scope {
                jurisdiction: question.scope.clone(),
                hierarchy_year: question.tree.map_or(0, i32::from),
                as_of,
                include_vertical: question.vertical,
                ..Default::default()
            }),
            year: question.years.0.into(),
            depth,
            ..Default::default()
        };
        let answer = self.door().rollups().get_coverage(request).await.map_err(broken("coverage"))?.into_inner();
        self.done.questions += 1;
        let verdict = ask::check_parts(self.as_of(answer.as_of)?, &question, depth, &answer);
        verdict.map_err(|wrong| format!("{question:?} as of {}: {wrong}", answer.as_of))?;
        // Who is missing, page by page as of the first.
        let (mut missing, mut token, mut first) = (Vec::new(), String::new(), None);
        loop {
            let request = pb::ListMissingAgenciesRequest {
                scope: Some(pb::Scope {
                    jurisdiction: question.scope.clone(),
                    hierarchy_year: question.tree.map_or(0, i32::from),
                    as_of,
                    include_vertical: question.vertical,
                    ..Default::default()
                }),
                year: question.years.0.into(),
                page_size: 3,
                page_token: token,
            };
            let page = self.door().rollups().list_missing_agencies(request).await.map_err(broken("missing"))?;
            let page = page.into_inner();
            same("sequence of a page", &page.as_of, first.get_or_insert(page.as_of))?;
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

    pub async fn ask_for_a_form(&mut self) -> Verdict {
        let question = Question { states: Vec::new(), ..chance::plain_question(&mut self.chance, &self.world) };
        let (jurisdiction, year) = (question.scope.clone(), i32::from(question.years.0));
        let (hierarchy_year, include_vertical) = (question.tree.map_or(0, i32::from), question.vertical);
        if self.chance.random_bool(0.5) {
            let as_of = self.some_moment();
            let states = Vec::new();
            let request = pb::GetConsolidatedFormRequest {
                scope: Some(pb::Scope {
                    jurisdiction,
                    hierarchy_year,
                    as_of,
                    include_vertical,
                    states,
                    ..Default::default()
                }),
                year,
            };
            let answer = self.door().rollups().get_consolidated_form(request).await.map_err(broken("a form"))?;
            let answer = answer.into_inner();
            let form = answer.form.ok_or("no form")?;
            let verdict = ask::check_form(self.as_of(answer.as_of)?, &question, &form);
            return verdict.map_err(|wrong| format!("{question:?} as of {}: {wrong}", answer.as_of));
        }
        // Frozen, it takes every sum that the form shows, and keeps it.
        let note = "定稿".to_owned();
        let scope = Some(pb::Scope { jurisdiction, hierarchy_year, include_vertical, ..Default::default() });
        let looked_at = pb::GetConsolidatedFormRequest { scope: scope.clone(), year };
        let looked_at = self.door().rollups().get_consolidated_form(looked_at).await.map_err(broken("a form"))?;
        let expected_content_sha256 = looked_at.into_inner().content_sha256;
        let request = pb::FreezeFormRequest { scope, year, expected_content_sha256, note, ..Default::default() };
        let frozen = self.door().frozen_forms().freeze_form(request).await.map_err(broken("to freeze"))?.into_inner();
        let name = frozen.frozen_form.ok_or("no frozen form")?.name;
        self.note().await?;
        let kept = self.door().frozen_forms().get_frozen_form(pb::GetFrozenFormRequest { name }).await;
        let kept = kept.map_err(broken("a frozen form"))?.into_inner().frozen_form.ok_or("no frozen form")?;
        let verdict = ask::check_form(self.as_of(kept.as_of)?, &question, &kept.form.ok_or("no form")?);
        verdict.map_err(|wrong| format!("{question:?}, frozen as of {}: {wrong}", kept.as_of))?;
        self.frozen.push(Frozen { name: kept.name, question, as_of: kept.as_of });
        Ok(())
    }

    /// The present beside a frozen form: every cell that differs, and the reports that explain all of it.
    pub async fn compare_a_frozen_form(&mut self) -> Verdict {
        let Some(Frozen { name, question, as_of }) = self.frozen.choose(&mut self.chance).cloned() else {
            return Ok(());
        };
        let request = pb::CompareFrozenFormRequest { name: name.clone() };
        let answer = self.door().frozen_forms().compare_frozen_form(request).await.map_err(broken("to compare"))?;
        let answer = answer.into_inner();
        self.done.questions += 1;
        let (then, now) = (self.as_of(as_of)?, self.as_of(answer.as_of)?);
        let verdict = ask::check_comparison(then, now, &question, &answer.differences);
        verdict.map_err(|wrong| format!("{name}, {question:?} as of {}: {wrong}", answer.as_of))
    }

    /// What has happened to a report, page by page.
    pub async fn ask_for_a_life(&mut self) -> Verdict {
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
            told.extend(
                page.events.iter().map(|event| (event.journal_sequence, action(event), event.revision.clone())),
            );
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
}
