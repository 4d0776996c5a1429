//! What happens in the demonstrated province besides plain reporting: a collection with a review, late, returned and
//! corrected reports, a merger, a government's own report that differs from the sum, and a form frozen for publication.

use std::collections::BTreeMap;

use futures::{StreamExt as _, TryStreamExt as _};
use jiff::{SignedDuration, Timestamp};

use crate::form::{CellId, catalogue, edition_for_year};
use crate::registry::{Collection, Entry, RegistryChange, ReviewPolicy};
use crate::report::{
    AgencyId, AgencyKind, Answer, Cell, CellComment, Figures, JurisdictionCode, Level, ReportKey, ReportState,
    ReportYear, ReviewAction,
};
use crate::rollup::AgencyFilter;
use crate::service::{
    Asker, Caller, FormQuestion, FreezeRequest, Perspective, Problem, Reason, ReviewRequest, Service, Submission,
};
use crate::simulation::{Province, SimulatedReport};

use super::IN_FLIGHT;

/// One report in so many comes after its due time, waits for review, is returned; and of those, comes back corrected.
const LATE: usize = 41;
const WAITING: usize = 53;
const RETURNED: usize = 61;
const CORRECTED: usize = 2;

/// How long the collection takes reports, and how long it waits for the ones in time.
const LOCK_AFTER: SignedDuration = SignedDuration::from_hours(60 * 24);
const DUE_AFTER: SignedDuration = SignedDuration::from_hours(1);

const CORRECTED_CELL: &str = "proactive_disclosure.administrative_penalties";
/// What a city's own report says more or less than the sum of its agencies: permits, penalties, compulsions.
const CITY_DIFFERS: [(&str, i64); 3] = [
    ("proactive_disclosure.administrative_permits", 1000),
    (CORRECTED_CELL, -45),
    ("proactive_disclosure.administrative_compulsions", 9),
];

/// Names for what can be looked at.
pub(crate) struct Highlights {
    pub merged: Option<(AgencyId, AgencyId)>,
    pub returned: Option<ReportKey>,
    pub corrected: Option<ReportKey>,
    pub reconciled: Option<JurisdictionCode>,
    pub reconciled_year: ReportYear,
    pub frozen: Option<String>,
}

/// The people of the story.
struct Cast {
    agencies: Caller,
    office: Caller,
}

impl Cast {
    fn new() -> Self {
        Self {
            agencies: Caller::internal("各机关填报员"), office: Caller::internal("省政府办公厅审核员")
        }
    }
}

/// Two departments of one county, of which the second is merged into the first.
fn departments_to_merge(province: &Province, last_year: ReportYear) -> Option<(AgencyId, AgencyId)> {
    let county = province.changes.iter().find_map(|change| match change {
        RegistryChange::CreateJurisdiction(one) if one.level == Level::County => Some(one.code.clone()),
        _ => None,
    })?;
    let mut departments = province.changes.iter().filter_map(|change| match change {
        RegistryChange::CreateAgency(one)
            if one.jurisdiction == county && one.kind == AgencyKind::Department && one.first_year < last_year =>
        {
            Some(one.id.clone())
        }
        _ => None,
    });
    let guest = &province.guest().id;
    let into = departments.find(|id| id != guest)?;
    let merged = departments.find(|id| id != guest)?;
    Some((merged, into))
}

/// Lets the last year happen. The reports of the years before, from `first` on, are there.
///
/// # Errors
/// What the service refused.
pub(crate) async fn last_year(
    service: &Service,
    province: &Province,
    first: ReportYear,
    year: ReportYear,
) -> Result<Highlights, Problem> {
    let cast = Cast::new();
    let before = year.previous().unwrap_or(year);
    let mut told = Highlights {
        merged: departments_to_merge(province, year),
        returned: None,
        corrected: None,
        reconciled: None,
        reconciled_year: before,
        frozen: None,
    };
    if let Some((merged, into)) = &told.merged {
        let change = RegistryChange::Merge {
            entries: vec![Entry::Agency(merged.clone())],
            into: Entry::Agency(into.clone()),
            first_year: year,
        };
        service.change_registry(vec![change], false, &cast.office).await?;
    }
    let mut reports: Vec<SimulatedReport> = province.reports(year).collect();
    reports.retain(|report| told.merged.as_ref().is_none_or(|(merged, _)| *merged != report.agency));
    collect(service, reports, year, &cast).await?;
    review(service, province, year, &cast, &mut told).await?;
    // Of a year that nobody reported for, nothing is published.
    if before >= first {
        publish(service, province, before, &cast, &mut told).await?;
    }
    Ok(told)
}

/// The collection: most reports come in time, a few after the due time.
async fn collect(
    service: &Service,
    reports: Vec<SimulatedReport>,
    year: ReportYear,
    cast: &Cast,
) -> Result<(), Problem> {
    let levels = [Level::Province, Level::City, Level::County, Level::FunctionalZone, Level::Township];
    let now = Timestamp::now();
    let due = |at: Timestamp| -> BTreeMap<Level, Timestamp> { levels.into_iter().map(|level| (level, at)).collect() };
    let collection = Collection {
        year,
        edition: edition_for_year(year.get()).map(|edition| edition.id.to_owned()).unwrap_or_default(),
        due: due(now.saturating_add(DUE_AFTER).unwrap_or(now)),
        lock: Some(now.saturating_add(LOCK_AFTER).unwrap_or(now)),
        review: ReviewPolicy::JurisdictionOffice,
        exceptions: Vec::new(),
    };
    let opened = service.open_collection(collection, false, &cast.office).await?;
    let (in_time, late): (Vec<_>, Vec<_>) = reports.into_iter().enumerate().partition(|(at, _)| at % LATE != LATE - 1);
    submit_all(service, in_time, year, cast).await?;
    let over = Collection { due: due(Timestamp::now()), ..opened.clone() };
    service.replace_collection(over, &crate::service::collection_etag(&opened), false, &cast.office).await?;
    submit_all(service, late, year, cast).await
}

async fn submit_all(
    service: &Service,
    reports: Vec<(usize, SimulatedReport)>,
    year: ReportYear,
    cast: &Cast,
) -> Result<(), Problem> {
    futures::stream::iter(reports)
        .map(|(_, report)| {
            let submission = Submission::first(ReportKey::of_agency(report.agency, year), report.figures);
            async move { submit_answering(service, submission, &cast.agencies).await }
        })
        .buffer_unordered(IN_FLIGHT)
        .try_collect::<()>()
        .await
}

/// Hands a report in, with the same reason for each warning.
pub(crate) async fn submit_answering(
    service: &Service,
    mut submission: Submission,
    caller: &Caller,
) -> Result<(), Problem> {
    loop {
        submission.answers.clear();
        submission.validate_only = true;
        match service.submit(&submission, caller).await {
            Err(problem) if problem.reason == Reason::WarningsUnanswered => submission.answers = answers(problem),
            checked => drop(checked?),
        }
        submission.validate_only = false;
        match service.submit(&submission, caller).await {
            // One with the same figures came in between.
            Err(problem) if problem.reason == Reason::WarningsUnanswered => {}
            submitted => return submitted.map(|_| ()),
        }
    }
}

fn answers(unanswered: Problem) -> Vec<Answer> {
    let mut rules: Vec<String> = unanswered.findings.into_iter().map(|finding| finding.rule).collect();
    rules.dedup();
    let answer = |rule| Answer { rule, cell: String::new(), reason: "已核对，数据无误（演示）".to_owned() };
    rules.into_iter().map(answer).collect()
}

/// The office's review: most are accepted, a few wait, a few are returned, and some of those come back corrected.
async fn review(
    service: &Service,
    province: &Province,
    year: ReportYear,
    cast: &Cast,
    told: &mut Highlights,
) -> Result<(), Problem> {
    let keys = province.reports(year).map(|report| ReportKey::of_agency(report.agency, year));
    let submitted: Vec<ReportKey> = keys.filter(|key| service.report(key).is_ok()).collect();
    futures::stream::iter(submitted.iter().enumerate())
        .filter(|(at, _)| std::future::ready(at % WAITING != WAITING - 1 && at % RETURNED != RETURNED - 1))
        .map(|(_, report)| async move { act(service, report, ReviewAction::Accept, "", &cast.office).await })
        .buffer_unordered(IN_FLIGHT)
        .try_collect::<()>()
        .await?;
    let returned = submitted.iter().skip(RETURNED - 1).step_by(RETURNED);
    for (at, report) in returned.enumerate() {
        if service.report(report)?.state != ReportState::Submitted {
            continue;
        }
        act(service, report, ReviewAction::Return, "行政处罚数量与日常统计不符，请核对", &cast.office).await?;
        if at % CORRECTED == 0 {
            told.returned.get_or_insert_with(|| report.clone());
        } else {
            correct(service, report, "经核对，漏计1件", cast).await?;
            act(service, report, ReviewAction::Accept, "", &cast.office).await?;
            told.corrected.get_or_insert_with(|| report.clone());
        }
    }
    Ok(())
}

async fn act(
    service: &Service,
    report: &ReportKey,
    action: ReviewAction,
    reason: &str,
    caller: &Caller,
) -> Result<(), Problem> {
    let comment = || CellComment { cell: CORRECTED_CELL.to_owned(), text: "请与执法台账核对".to_owned() };
    let request = ReviewRequest {
        report: report.clone(),
        action,
        etag: service.report(report)?.etag(),
        reason: reason.to_owned(),
        comments: if action == ReviewAction::Return { vec![comment()] } else { Vec::new() },
        request_id: None,
        validate_only: false,
    };
    service.review(&request, caller).await.map(|_| ())
}

/// One penalty more.
async fn correct(service: &Service, report: &ReportKey, reason: &str, cast: &Cast) -> Result<(), Problem> {
    let present = service.report(report)?;
    let mut figures = present.revision.figures.clone();
    add(&mut figures, CORRECTED_CELL, 1);
    let submission = Submission {
        etag: Some(present.etag()),
        reason: reason.to_owned(),
        ..Submission::first(report.clone(), figures)
    };
    submit_answering(service, submission, &cast.agencies).await
}

fn add(figures: &mut Figures, path: &str, more: i64) {
    let cell: Option<CellId> = catalogue().cell_at(path);
    if let Some((cell, Cell::Number(number))) = cell.map(|cell| (cell, figures.get(cell))) {
        figures.set(cell, Cell::Number(number.saturating_add(more).max(0)));
    }
}

/// The year before is published: a city's own report differs from the sum, which is frozen, and later drifts.
async fn publish(
    service: &Service,
    province: &Province,
    year: ReportYear,
    cast: &Cast,
    told: &mut Highlights,
) -> Result<(), Problem> {
    let Some(root) = province.changes.iter().find_map(|change| match change {
        RegistryChange::CreateJurisdiction(one) if one.parent.is_none() => Some(one.code.clone()),
        _ => None,
    }) else {
        return Ok(());
    };
    let city = province.changes.iter().find_map(|change| match change {
        RegistryChange::CreateJurisdiction(one) if one.level == Level::City => Some(one.code.clone()),
        _ => None,
    });
    let office = Asker::internal(&cast.office);
    let question = |jurisdiction: &JurisdictionCode| FormQuestion {
        jurisdiction: jurisdiction.clone(),
        year,
        filter: AgencyFilter::default(),
        perspective: Perspective::default(),
    };
    let freeze = FreezeRequest {
        expected_content: service.consolidated_form(&question(&root), &office).await?.content_hash(),
        jurisdiction: root,
        year,
        hierarchy_year: None,
        include_vertical: false,
        note: "公布用（演示）".to_owned(),
        request_id: None,
        validate_only: false,
    };
    told.frozen = Some(service.freeze_form(&freeze, &office).await?.name.to_string());
    let Some(city) = city else { return Ok(()) };
    let form = service.consolidated_form(&question(&city), &office).await?;
    let mut figures = Figures::blank(form.edition);
    for cell in catalogue().cells_of(form.edition).filter(|cell| form.shows(cell.id)) {
        if let Ok(sum) = i64::try_from(form.sums.value(cell.id)) {
            figures.set(cell.id, Cell::Number(sum));
        }
    }
    for (path, more) in CITY_DIFFERS {
        add(&mut figures, path, more);
    }
    let report = ReportKey::of_jurisdiction(city.clone(), year);
    submit_answering(service, Submission::first(report, figures), &cast.agencies).await?;
    told.reconciled = Some(city.clone());
    let in_city = province.changes.iter().find_map(|change| match change {
        RegistryChange::CreateAgency(one) if one.jurisdiction == city => {
            let report = ReportKey::of_agency(one.id.clone(), year);
            service.report(&report).is_ok().then_some(report)
        }
        _ => None,
    });
    match in_city {
        Some(report) => correct(service, &report, "公布后更正", cast).await,
        None => Ok(()),
    }
}
