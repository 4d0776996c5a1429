//! Freezing a computed form for publication, reading it back, and telling how the present has moved away from it.

use std::ops::Bound;

use uuid::Uuid;

use crate::form::{Kind, catalogue};
use crate::live::{Perspective, Then, Where};
use crate::registry::{AgencyIndex, Registry};
use crate::report::{AgencyId, Hash, JurisdictionCode, Message, ReportKey, ReportOwner, ReportYear, Revision};
use crate::rollup::{
    AgencyFilter, FrozenForm, FrozenFormName, FrozenRevision, Given, ShownSums, Sums, Totals, class_of,
};
use crate::store::{Change, Decision, Effect, NewEntry, Requested, Store, StoreError, StoredRequest, Transaction};

use super::page::{Page, id_in_token};
use super::parts::Service;
use super::problem::{Problem, Reason};
use super::reconcile::{Children, Comparison, Summed};
use super::roll_up::{FormQuestion, form_of};
use super::sight::Asker;
use super::view::find;

const ACTION: &str = "form.freeze";

/// Agencies that are looked at together for the revisions in a form.
const AGENCIES: usize = 1000;

/// How often a form is offered under the next number.
const ATTEMPTS: usize = 8;

/// Which form to freeze.
#[derive(Debug, Clone)]
pub struct FreezeRequest {
    /// Whose sums.
    pub jurisdiction: JurisdictionCode,
    /// Report year.
    pub year: ReportYear,
    /// None for the report year.
    pub hierarchy_year: Option<ReportYear>,
    /// Whether 垂直管理 agencies are in the sums.
    pub include_vertical: bool,
    /// Hash of the canonical content of the computed form that was looked at.
    pub expected_content: Hash,
    /// What it is for.
    pub note: String,
    /// Makes it safe to ask again; none where it is not asked again.
    pub request_id: Option<Uuid>,
    /// Check only.
    pub validate_only: bool,
}

impl FreezeRequest {
    /// Digest of everything that is asked for, so that a request id stands for one content.
    fn fingerprint(&self) -> Hash {
        let Self { jurisdiction, year, hierarchy_year, include_vertical, expected_content, note, .. } = self;
        let tree = hierarchy_year.unwrap_or(*year);
        let text =
            format!("{ACTION}\n{jurisdiction}\n{year}\n{tree}\n{include_vertical}\n{expected_content}\n{note}\n");
        Hash::of(text.as_bytes())
    }
}

impl Service {
    /// Freezes the computed form that was looked at.
    ///
    /// # Errors
    /// As [`Service::consolidated_form`]; ETAG_MISMATCH where the form is another by now; SUM_TOO_LARGE where a sum does not
    /// fit; REQUEST_ID_REUSED.
    pub async fn freeze_form(&self, request: &FreezeRequest, asker: &Asker) -> Result<FrozenForm, Problem> {
        let caller = asker.caller();
        let fingerprint = request.fingerprint();
        // A retry has its first answer, whatever became of the reports since.
        if let Some(id) = request.request_id
            && let Some(known) = self.store.request(id)?
        {
            return self.repeat_freeze(&known, fingerprint, id, request, asker).await;
        }
        // What is frozen is the form as of one moment: whatever is committed meanwhile waits for nothing.
        let perspective = Perspective { hierarchy_year: request.hierarchy_year, ..Perspective::default() };
        let question = FormQuestion {
            jurisdiction: request.jurisdiction.clone(),
            year: request.year,
            filter: AgencyFilter { kinds: Vec::new(), include_vertical: request.include_vertical },
            perspective,
        };
        let state = self.view(asker, &question.extent(), &question.perspective).await?.state;
        let form = form_of(&state, &question)?;
        let present = form.content_hash();
        if present != request.expected_content {
            return Err(moved_on(&request.jurisdiction, request.year, present));
        }
        let sums = ShownSums::of(form.edition, |cell| form.shown(cell));
        // What the form itself does not show as a count.
        if let Some(cell) = catalogue()
            .cells
            .iter()
            .find(|cell| cell.kind != Kind::Money && sums.get(cell.id).is_some_and(|sum| i64::try_from(sum).is_err()))
        {
            return Err(too_large(&cell.path));
        }
        let mut frozen = FrozenForm {
            name: self.next_name(&request.jurisdiction, request.year)?,
            display_name: form.jurisdiction.display_name,
            hierarchy_year: request.hierarchy_year.unwrap_or(request.year),
            include_vertical: request.include_vertical,
            sums,
            coverage: form.coverage,
            as_of: state.sequence,
            content_hash: Hash::default(),
            note: request.note.clone(),
            actor: caller.principal.clone(),
            time: self.now(),
            sequence: 0,
        };
        let reports = reports_below(&state.registry, &state.totals, &frozen)?;
        drop(state);
        let as_of = frozen.as_of;
        let revisions = self.in_turn(move |store| {
            let mut revisions = Vec::with_capacity(reports.len());
            each_accepted(store, &reports, as_of, |revision| revisions.push((revision.name(), revision.content_hash)))?;
            Ok(revisions)
        });
        let revisions = revisions.await?;
        frozen.content_hash = Hash::of(frozen.canonical_content(&revisions).as_bytes());
        if request.validate_only {
            return Ok(frozen);
        }
        for _ in 0..ATTEMPTS {
            let entry = NewEntry {
                content_hash: frozen.content_hash,
                ..caller.accepted(ACTION, frozen.name.to_string(), frozen.note.clone())
            };
            let transaction = Transaction {
                request: request.request_id.map(|id| (id, fingerprint)),
                ..Transaction::of(vec![Change::Freeze(Box::new(frozen.clone()))], entry)
            };
            match self.store.commit(transaction).await? {
                Decision::Committed(commit) => {
                    let effect = commit.effects.iter().find_map(|effect| match effect {
                        Effect::Frozen(form) => Some((**form).clone()),
                        _ => None,
                    });
                    return effect.ok_or_else(|| Problem::internal("a form was frozen without an effect"));
                }
                // Whoever froze a form at the same time has taken the number.
                Decision::Stale => frozen.name = self.next_name(&request.jurisdiction, request.year)?,
                Decision::Repeated(known) | Decision::RequestIdReused(known) => {
                    let id = request.request_id.unwrap_or_default();
                    return self.repeat_freeze(&known, fingerprint, id, request, asker).await;
                }
            }
        }
        Err(Problem::contended())
    }

    /// The answer to a request id that is known.
    async fn repeat_freeze(
        &self,
        known: &StoredRequest,
        fingerprint: Hash,
        id: Uuid,
        request: &FreezeRequest,
        asker: &Asker,
    ) -> Result<FrozenForm, Problem> {
        let owner = ReportOwner::Jurisdiction(request.jurisdiction.clone());
        let Requested::FrozenForm(name) = known.answered(fingerprint, id, Some(&owner))? else {
            return Err(Problem::internal("a request id of a frozen form stands for something else"));
        };
        self.frozen_form(name, asker).await
    }

    /// One frozen form.
    ///
    /// # Errors
    /// FROZEN_FORM_NOT_FOUND; BEYOND_SIGHT.
    pub async fn frozen_form(&self, name: &FrozenFormName, asker: &Asker) -> Result<FrozenForm, Problem> {
        let before = (name.year, name.number.saturating_sub(1));
        let found = self.store.frozen_forms(&name.jurisdiction, Some(before), 1)?;
        let found = found.into_iter().find(|form| form.name == *name);
        self.form_in_sight(asker, found.ok_or_else(|| no_frozen_form(&name.to_string()))?).await
    }

    /// Frozen forms of a jurisdiction, of one year or all, by year and number; those that are made of reports out of
    /// sight are left out.
    ///
    /// # Errors
    /// PAGE_INVALID for a token that is none.
    pub async fn frozen_forms(
        &self,
        jurisdiction: &JurisdictionCode,
        year: Option<ReportYear>,
        size: usize,
        token: &str,
        asker: &Asker,
    ) -> Result<Page<FrozenForm>, Problem> {
        let after = match (token, year.and_then(ReportYear::previous)) {
            ("", before) => before.map(|year| (year, u32::MAX)),
            (token, _) => {
                let parts = token.split_once('-');
                let parsed = parts.and_then(|(year, number)| Some((year.parse().ok()?, number.parse().ok()?)));
                Some(parsed.ok_or_else(Problem::bad_page_token)?)
            }
        };
        let mut forms = self.store.frozen_forms(jurisdiction, after, size + 1)?;
        forms.retain(|form| year.is_none_or(|year| form.name.year == year));
        let page = Page::cut(forms, size, |form| format!("{}-{}", form.name.year, form.name.number));
        Ok(Page { items: self.forms_in_sight(asker, page.items).await?, next: page.next })
    }

    /// The revisions in a frozen form, by name.
    ///
    /// # Errors
    /// FROZEN_FORM_NOT_FOUND; PAGE_INVALID for a token that is none.
    pub async fn frozen_revisions(
        &self,
        name: &FrozenFormName,
        size: usize,
        token: &str,
        asker: &Asker,
    ) -> Result<Page<FrozenRevision>, Problem> {
        let form = self.frozen_form(name, asker).await?;
        let year = form.name.year;
        let after: Option<AgencyId> = id_in_token(token)?;
        // Whoever sees the form sees all that is in it.
        let now = self.present()?;
        let place = find(&now, &form.name.jurisdiction)?;
        let read = move |store: &dyn Store| {
            let (registry, filter) = (&now.registry, form.filter());
            let then = Then::of(store, now.clone(), form.as_of)?;
            let at = Where { place, tree: form.tree(), year, filter: &filter };
            let after = after.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
            let mut agencies = registry.agencies_for(&[place], Vec::new(), after);
            let mut revisions: Vec<FrozenRevision> = Vec::new();
            loop {
                let next: Vec<AgencyIndex> = agencies.by_ref().take(AGENCIES).collect();
                if next.is_empty() {
                    return Ok(revisions);
                }
                for agency in then.counted(next, &at) {
                    let report = ReportKey::of_agency(registry.agency(agency).id.clone(), year);
                    let standing = store.standing(&report, form.as_of)?;
                    let accepted = standing.and_then(|standing| standing.accepted);
                    revisions.extend(accepted.map(|revision| (revision.name(), revision.content_hash)));
                    if revisions.len() > size {
                        return Ok(revisions);
                    }
                }
            }
        };
        let revisions = self.blocking(read).await?;
        Ok(Page::cut(revisions, size, |(revision, _)| revision.report.owner.id().to_owned()))
    }

    /// How the present sum differs from a frozen form.
    ///
    /// # Errors
    /// FROZEN_FORM_NOT_FOUND; BEYOND_SIGHT.
    pub async fn compare_frozen_form(
        &self,
        name: &FrozenFormName,
        asker: &Asker,
    ) -> Result<(FrozenForm, Comparison), Problem> {
        let form = self.frozen_form(name, asker).await?;
        let summed = Summed {
            jurisdiction: find(&*self.present()?, &name.jurisdiction)?,
            year: name.year,
            filter: form.filter(),
            hierarchy_year: Some(form.hierarchy_year),
            since: form.as_of,
        };
        let given = Given::of_sums(&form.sums);
        let comparison = self.compare_with_sum(&summed, &given, Children::Left, asker).await?.comparison;
        Ok((form, comparison))
    }

    fn next_name(&self, jurisdiction: &JurisdictionCode, year: ReportYear) -> Result<FrozenFormName, Problem> {
        let mut number = 0;
        // A form is frozen a few times a year, not thousands of times.
        while let [next] = &self.store.frozen_forms(jurisdiction, Some((year, number)), 1)?[..]
            && next.name.year == year
        {
            number = next.name.number;
        }
        Ok(FrozenFormName { jurisdiction: jurisdiction.clone(), year, number: number + 1 })
    }
}

/// A frozen form added up again from the store: the hash of its canonical content with the revisions found, and their
/// sums. The registry is that of the form's sequence number.
///
/// # Errors
/// JURISDICTION_NOT_FOUND; where the store cannot be read.
pub(super) fn add_up(store: &dyn Store, registry: &Registry, form: &FrozenForm) -> Result<(Hash, Sums), Problem> {
    let reports = reports_below(registry, &Totals::new(form.tree()), form)?;
    let (mut revisions, mut sums) = (Vec::new(), Sums::default());
    each_accepted(store, &reports, form.as_of, |revision| {
        revisions.push((revision.name(), revision.content_hash));
        sums.add(&revision.figures.complete());
    })?;
    Ok((Hash::of(form.canonical_content(&revisions).as_bytes()), sums))
}

/// The reports that a frozen form may hold, by name: those of the agencies below its jurisdiction.
fn reports_below(registry: &Registry, totals: &Totals, form: &FrozenForm) -> Result<Vec<ReportKey>, Problem> {
    let code = &form.name.jurisdiction;
    let scope = registry.find_jurisdiction(code).ok_or_else(|| Problem::no_jurisdiction(&code.name()))?;
    let filter = form.filter();
    let agencies = totals.agencies_below(registry, scope, form.name.year).into_iter();
    let admitted = agencies.filter(|agency| filter.admits(class_of(registry, *agency, form.name.year)));
    let mut reports: Vec<ReportKey> =
        admitted.map(|agency| ReportKey::of_agency(registry.agency(agency).id.clone(), form.name.year)).collect();
    reports.sort_unstable();
    Ok(reports)
}

/// Shows the accepted revision of each report that has one, as of a journal sequence.
fn each_accepted(
    store: &dyn Store,
    reports: &[ReportKey],
    as_of: u64,
    mut show: impl FnMut(&Revision),
) -> Result<(), StoreError> {
    for report in reports {
        if let Some(accepted) = store.standing(report, as_of)?.and_then(|standing| standing.accepted) {
            show(&accepted);
        }
    }
    Ok(())
}

/// The computed form is another than the one that was looked at.
fn moved_on(jurisdiction: &JurisdictionCode, year: ReportYear, present: Hash) -> Problem {
    let name = jurisdiction.name();
    Problem::new(
        Reason::EtagMismatch,
        Message::new(
            format!("未定稿：{name} {year}年度汇总表已与您查看的不同，现内容 SHA-256 为 {present}"),
            format!("nothing was frozen: the form of {name} for {year} is another by now, with the SHA-256 {present}"),
        ),
        Message::new("请重新取回汇总表核对，再行定稿", "read the form again, then freeze it"),
    )
    .with("etag", present)
}

fn too_large(path: &str) -> Problem {
    Problem::new(
        Reason::SumTooLarge,
        Message::new(format!("{path} 的合计超出可表示范围"), format!("the sum of {path} does not fit 64 bits")),
        Message::new("请缩小范围", "ask for a smaller scope"),
    )
}

fn no_frozen_form(name: &str) -> Problem {
    Problem::new(
        Reason::FrozenFormNotFound,
        Message::new(format!("没有 {name}"), format!("there is no {name}")),
        Message::new("请核对名称，或先列出该地区的定稿汇总表", "check the name, or list the frozen forms first"),
    )
    .with("name", name)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures::future::join_all;

    use super::*;
    use crate::live::Live;
    use crate::registry::{Jurisdiction, RegistryChange};
    use crate::report::Level;
    use crate::service::{Caller, Settings};
    use crate::store::MemoryStore;

    #[tokio::test]
    async fn forms_frozen_at_the_same_time_get_a_number_each_and_keep_no_change_of_the_registry_waiting() {
        let live = Arc::<Live>::default();
        let store = Arc::new(MemoryStore::new(live.clone()));
        let service = Service::start(store, live, Settings::default()).unwrap();
        let caller = Caller::internal("test");
        let (code, year) = ("230000".parse::<JurisdictionCode>().unwrap(), ReportYear::new(2022).unwrap());
        let province = RegistryChange::CreateJurisdiction(Jurisdiction {
            code: code.clone(),
            parent: None,
            display_name: "样例省".to_owned(),
            level: Level::Province,
            first_year: year,
        });
        service.change_registry(vec![province], false, &caller).await.unwrap();
        let asker = Asker::internal(&caller);
        let question = FormQuestion {
            jurisdiction: code.clone(),
            year,
            filter: AgencyFilter::default(),
            perspective: Perspective::default(),
        };
        let expected_content = service.consolidated_form(&question, &asker).await.unwrap().content_hash();
        let requests = ["one", "two", "three", "four"].map(|note| FreezeRequest {
            jurisdiction: code.clone(),
            year,
            hierarchy_year: None,
            include_vertical: false,
            expected_content,
            note: note.to_owned(),
            request_id: None,
            validate_only: false,
        });
        // As if the registry were being changed all the while.
        let _changing = service.registry_gate.lock().await;
        let frozen = join_all(requests.iter().map(|request| service.freeze_form(request, &asker))).await;
        let mut frozen: Vec<_> = frozen.into_iter().map(Result::unwrap).collect();
        frozen.sort_by_key(|form| form.name.number);
        assert_eq!(frozen.iter().map(|form| form.name.number).collect::<Vec<_>>(), [1, 2, 3, 4]);
        for form in &frozen {
            assert_eq!(service.frozen_form(&form.name, &asker).await.unwrap(), *form);
        }
    }
}
