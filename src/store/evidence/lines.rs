//! What each kind of record says, line by line.

use std::fmt::Display;

use jiff::Timestamp;
use uuid::Uuid;

use crate::access::{AccessChange, Asked, Credential, Enrolment, KeyId, Proposal, Role};
use crate::form::catalogue;
use crate::report::{
    Cell, Finding, Period, ReportState, ReportStatus, Review, ReviewAction, Revision, Severity, Term, format_number,
};
use crate::rollup::{Coverage, FrozenForm};
use crate::store::transaction::{Requested, StoredRequest};

use super::Evidence;

impl Evidence {
    fn role(&mut self, principal: &impl Display, role: &Role) {
        self.plain("principal", principal).plain("role", role.word()).plain("scope", role.scope());
    }

    pub(super) fn access(&mut self, change: &AccessChange) -> &'static str {
        match change {
            AccessChange::Grant { principal, role } => {
                self.role(principal, role);
                "access.grant"
            }
            AccessChange::Withdraw { principal, role } => {
                self.role(principal, role);
                "access.withdraw"
            }
            AccessChange::CreateCredential(credential) => {
                let Credential { id, principal, hash, key, note, created, expires, revoked } = credential;
                self.plain("credential", id)
                    .plain("principal", principal)
                    .plain("token", hash)
                    .words("note", note)
                    .plain("created", time_words(*created))
                    .plain("expires", time_words(*expires))
                    .optional("revoked", revoked.map(time_words))
                    .optional("token_key", key.map(key_words));
                "access.create_credential"
            }
            AccessChange::RevokeCredential { id, at } => {
                self.plain("credential", id).plain("at", time_words(*at));
                "access.revoke_credential"
            }
            AccessChange::Enrol(enrolment) => {
                let Enrolment { id, principal, code, key, note, created, ends, expires, by } = enrolment;
                self.plain("credential", id)
                    .plain("principal", principal)
                    .plain("code", code)
                    .plain("token_key", key_words(*key))
                    .words("note", note)
                    .plain("created", time_words(*created))
                    .plain("ends", time_words(*ends))
                    .plain("expires", time_words(*expires))
                    .optional("by", by.as_ref());
                "access.enrol"
            }
            AccessChange::Exchange { id, hash, key, at } => {
                self.plain("credential", id)
                    .plain("token", hash)
                    .plain("token_key", key_words(*key))
                    .plain("at", time_words(*at));
                "access.exchange"
            }
            AccessChange::Propose(proposal) => {
                let Proposal { id, principal, asked, by, created, ends } = proposal;
                self.plain("proposal", id);
                match asked {
                    Asked::Grant(role) => self.role(principal, role),
                    Asked::Enrolment(id) => {
                        self.plain("principal", principal).plain("credential", id);
                    }
                }
                self.plain("by", by).plain("created", time_words(*created)).plain("ends", time_words(*ends));
                "access.propose"
            }
            AccessChange::Confirm { id, by, at } => {
                self.plain("proposal", id).plain("by", by).plain("at", time_words(*at));
                "access.confirm"
            }
            AccessChange::Decline { id, by, at } => {
                self.plain("proposal", id).plain("by", by).plain("at", time_words(*at));
                "access.decline"
            }
        }
    }

    pub(super) fn revision(&mut self, revision: &Revision) {
        let Revision {
            report,
            number,
            state,
            accepted_before,
            late,
            figures,
            // The content hash is of these.
            narrative: _,
            content_hash,
            rule_set,
            findings,
            answers,
            actor,
            reason,
            time,
            sequence,
        } = revision;
        self.kind = "revision".into();
        self.plain("sequence", sequence)
            .plain("time", time_words(*time))
            .plain("report", report)
            .plain("number", number)
            .plain("state", state_word(*state))
            .optional("accepted_before", *accepted_before)
            .plain("late", late)
            .plain("edition", figures.edition().id)
            .plain("content", content_hash)
            .plain("rule_set", &rule_set.id)
            .plain("rule_set_sha256", rule_set.hash)
            .plain("actor", actor)
            .words("reason", reason);
        for (at, finding) in findings.iter().enumerate() {
            self.finding(&format!("finding.{}", at + 1), finding);
        }
        for (at, answer) in answers.iter().enumerate() {
            let key = |field: &str| format!("answer.{}.{field}", at + 1);
            self.plain(key("rule"), &answer.rule).plain(key("cell"), &answer.cell).words(key("reason"), &answer.reason);
        }
    }

    fn finding(&mut self, key: &str, finding: &Finding) {
        let Finding { rule, severity, left, right, difference, message, remedy } = finding;
        let severity = match severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        self.plain(format!("{key}.rule"), rule)
            .plain(format!("{key}.severity"), severity)
            .list(&format!("{key}.left"), left.iter().map(term_words))
            .list(&format!("{key}.right"), right.iter().map(term_words))
            .optional(&format!("{key}.difference"), *difference)
            .plain(format!("{key}.message.zh"), &message.zh)
            .plain(format!("{key}.message.en"), &message.en)
            .plain(format!("{key}.remedy.zh"), &remedy.zh)
            .plain(format!("{key}.remedy.en"), &remedy.en);
    }

    pub(super) fn review(&mut self, review: &Review) {
        let Review { revision, action, reason, comments, actor, time, status } = review;
        let ReportStatus { newest, review, state, accepted, late, sequence } = status;
        let action = match action {
            ReviewAction::Accept => "accept",
            ReviewAction::Return => "return",
            ReviewAction::Withdraw => "withdraw",
        };
        self.kind = "review".into();
        self.plain("sequence", sequence)
            .plain("time", time_words(*time))
            .plain("revision", revision)
            .plain("action", action)
            .plain("actor", actor)
            .words("reason", reason);
        for (at, comment) in comments.iter().enumerate() {
            let key = |field: &str| format!("comment.{}.{field}", at + 1);
            self.plain(key("cell"), &comment.cell).words(key("text"), &comment.text);
        }
        self.plain("newest", newest)
            .plain("review", review)
            .plain("state", state_word(*state))
            .optional("accepted", *accepted)
            .plain("late", late);
    }

    pub(super) fn frozen(&mut self, form: &FrozenForm) {
        let FrozenForm {
            name,
            display_name,
            hierarchy_year,
            include_vertical,
            sums,
            coverage,
            as_of,
            content_hash,
            note,
            actor,
            time,
            sequence,
        } = form;
        let Coverage { year, expected, vertical_excluded, counts } = coverage;
        self.kind = "frozen_form".into();
        self.plain("sequence", sequence)
            .plain("time", time_words(*time))
            .plain("form", name)
            .plain("display_name", display_name)
            .plain("hierarchy_year", hierarchy_year)
            .plain("include_vertical", include_vertical)
            .plain("as_of", as_of)
            .plain("content", content_hash)
            .plain("actor", actor)
            .words("note", note)
            .plain("year", year)
            .plain("expected", expected)
            .plain("vertical_excluded", vertical_excluded)
            .list("count", counts.to_array())
            .plain("edition", sums.edition().id);
        // What was printed can be read here without the reports that it is the sum of.
        for cell in &catalogue().cells {
            if let Some(sum) = sums.get(cell.id) {
                self.plain(cell.path.clone(), format_number(cell.kind, sum));
            }
        }
    }

    pub(super) fn request(&mut self, id: Uuid, request: &StoredRequest) {
        let StoredRequest { fingerprint, stored, sequence } = request;
        self.kind = "request".into();
        self.plain("sequence", sequence).plain("request", id).plain("fingerprint", fingerprint);
        match stored {
            Requested::Revision(name) => self.plain("revision", name),
            Requested::Review(name) => self.plain("review", name),
            Requested::FrozenForm(name) => self.plain("form", name),
            Requested::Registry(changes) => self.plain("changes", changes),
        };
    }
}

fn key_words(key: KeyId) -> String {
    hex::encode(key.0)
}

/// As it is kept: whole microseconds.
pub(super) fn time_words(time: Timestamp) -> String {
    Timestamp::from_microsecond(time.as_microsecond()).unwrap_or(time).to_string()
}

fn cell_words(value: Cell, kind: crate::form::Kind) -> String {
    match value {
        Cell::Blank => String::new(),
        Cell::NotApplicable => "n/a".to_owned(),
        // None is ever stored.
        Cell::Unread => "unread".to_owned(),
        Cell::Number(number) => format_number(kind, number.into()),
    }
}

/// Such as `-previous requests.received.total=12 computed`.
fn term_words(term: &Term) -> String {
    let Term { negative, period, cell, value, computed } = term;
    let info = catalogue().cell(*cell);
    let sign = if *negative { "-" } else { "+" };
    let period = match period {
        Period::Current => "current",
        Period::Previous => "previous",
    };
    let computed = if *computed { " computed" } else { "" };
    format!("{sign}{period} {}={}{computed}", info.path, cell_words(*value, info.kind))
}

fn state_word(state: ReportState) -> &'static str {
    match state {
        ReportState::Submitted => "submitted",
        ReportState::Accepted => "accepted",
        ReportState::Returned => "returned",
        ReportState::Withdrawn => "withdrawn",
    }
}
