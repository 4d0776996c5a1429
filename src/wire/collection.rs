//! Collections, both ways.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::form::edition;
use crate::pb;
use crate::registry::{
    Collection, EXCEPTION_REASON_MAX_CHARACTERS, Exception, GRANTED_BY_MAX_CHARACTERS, ReviewPolicy,
};
use crate::report::{Message, ReportOwner, ReportYear};
use crate::service::{Deadlines, Problem, Reason, TimeLimit, collection_etag, time_in_words};

use super::finding::text_to_wire;
use super::registry::{LEVELS, agency_id, unknown_value};
use super::{edition_from_wire, edition_to_wire, timestamp_to_wire};

const REVIEWS: [(ReviewPolicy, pb::ReviewPolicy); 2] = [
    (ReviewPolicy::None, pb::ReviewPolicy::None),
    (ReviewPolicy::JurisdictionOffice, pb::ReviewPolicy::JurisdictionOffice),
];

pub(crate) fn collection_to_wire(collection: &Collection) -> pb::Collection {
    let due_times = collection.due.iter().map(|(level, time)| {
        let wire = LEVELS.iter().find(|(known, _)| known == level).map(|(_, wire)| *wire);
        pb::DueTime { level: wire.unwrap_or_default().into(), due_time: Some(timestamp_to_wire(*time)) }
    });
    let review = REVIEWS.iter().find(|(known, _)| *known == collection.review).map(|(_, wire)| *wire);
    let exceptions = collection.exceptions.iter().map(exception_to_wire);
    pb::Collection {
        name: collection.name(),
        edition: edition(&collection.edition).map_or(0, edition_to_wire),
        due_times: due_times.collect(),
        lock_time: collection.lock.map(timestamp_to_wire),
        review_policy: review.unwrap_or_default().into(),
        exceptions: exceptions.collect(),
        etag: collection_etag(collection),
    }
}

fn exception_to_wire(exception: &Exception) -> pb::CollectionException {
    pb::CollectionException {
        agency: format!("agencies/{}", exception.agency),
        due_time: exception.due.map(timestamp_to_wire),
        lock_time: exception.lock.map(timestamp_to_wire),
        decided_by: exception.granted_by.clone(),
        reason: exception.reason.clone(),
        expire_time: exception.until.map(timestamp_to_wire),
    }
}

pub(crate) fn deadlines_to_wire(deadlines: &Deadlines) -> pb::Deadline {
    let in_words = |limit: &TimeLimit| text_to_wire(&time_in_words(limit.at));
    let (due, lock) = (deadlines.due.as_ref(), deadlines.lock.as_ref());
    pb::Deadline {
        owner: deadlines.owner.to_string(),
        due_time: due.map(|limit| timestamp_to_wire(limit.at)),
        due_in_words: due.map(in_words),
        days_left: deadlines.days_left.map(|days| days.try_into().unwrap_or(i32::MAX)),
        lock_time: lock.map(|limit| timestamp_to_wire(limit.at)),
        lock_in_words: lock.map(in_words),
        exceptions: deadlines.exceptions.iter().map(exception_to_wire).collect(),
        due_time_granted: due.is_some_and(|limit| limit.is_granted),
        lock_time_granted: lock.is_some_and(|limit| limit.is_granted),
    }
}

/// An owner of reports, agencies/{id} or jurisdictions/{code}; none where nobody is named.
///
/// # Errors
/// NAME_INVALID.
pub(crate) fn optional_owner(name: &str, field: &str) -> Result<Option<ReportOwner>, Problem> {
    if name.is_empty() {
        return Ok(None);
    }
    if name.starts_with("agencies/") {
        return agency_id(name, field).map(|id| Some(ReportOwner::Agency(id)));
    }
    super::code_from_wire(name, field).map(|code| Some(ReportOwner::Jurisdiction(code)))
}

/// A collection without exceptions, which are granted one by one.
///
/// # Errors
/// What is malformed, by field; `field` is the path of the message.
pub(crate) fn collection_from_wire(wire: pb::Collection, field: &str) -> Result<Collection, Problem> {
    let in_field = |name: &str| format!("{field}.{name}");
    let year = collection_year(&wire.name, &in_field("name"))?;
    let edition = edition_from_wire(wire.edition, year.get(), &in_field("edition"))?;
    let mut due = BTreeMap::new();
    for (at, entry) in wire.due_times.iter().enumerate() {
        let in_entry = |name: &str| in_field(&format!("due_times[{at}].{name}"));
        let level = LEVELS.iter().find(|(_, known)| i32::from(*known) == entry.level).map(|(level, _)| *level);
        let level = level.ok_or_else(|| unknown_value(&in_entry("level")))?;
        let time =
            time(entry.due_time, &in_entry("due_time"))?.ok_or_else(|| Problem::required(&in_entry("due_time")))?;
        if due.insert(level, time).is_some() {
            let description =
                Message::new("该级别重复；请只保留一个", "names a level that stands there twice; keep one");
            return Err(Problem::field(Reason::FieldInvalid, in_entry("level"), description));
        }
    }
    let review = REVIEWS.iter().find(|(_, known)| i32::from(*known) == wire.review_policy).map(|(review, _)| *review);
    if !wire.exceptions.is_empty() {
        let description = Message::new(
            "延期须逐一准予（GrantCollectionException）；请留空",
            "are granted one by one (GrantCollectionException); leave it out",
        );
        return Err(Problem::field(Reason::FieldInvalid, in_field("exceptions"), description));
    }
    Ok(Collection {
        year,
        edition: edition.id.to_owned(),
        due,
        lock: time(wire.lock_time, &in_field("lock_time"))?,
        review: review.ok_or_else(|| unknown_value(&in_field("review_policy")))?,
        exceptions: Vec::new(),
    })
}

/// A collection with those fields of another that are named.
///
/// # Errors
/// FIELD_REQUIRED where none is named; FIELD_INVALID for a name that is none of a field that can be replaced.
pub(crate) fn collection_merged(
    present: pb::Collection,
    mut wanted: pb::Collection,
    fields: &[String],
) -> Result<pb::Collection, Problem> {
    if fields.is_empty() {
        return Err(Problem::required("update_mask"));
    }
    let mut merged = present;
    for field in fields {
        match field.as_str() {
            "edition" => merged.edition = wanted.edition,
            "due_times" => merged.due_times = std::mem::take(&mut wanted.due_times),
            "lock_time" => merged.lock_time = wanted.lock_time,
            "review_policy" => merged.review_policy = wanted.review_policy,
            _ => {
                let description = Message::new(
                    "须为 edition、due_times、lock_time、review_policy 中的字段",
                    "must name edition, due_times, lock_time or review_policy",
                );
                return Err(Problem::field(Reason::FieldInvalid, "update_mask", description));
            }
        }
    }
    Ok(merged)
}

/// # Errors
/// What is malformed, by field; `field` is the path of the message.
pub(crate) fn exception_from_wire(
    wire: pb::CollectionException,
    caller: &str,
    field: &str,
) -> Result<Exception, Problem> {
    let in_field = |name: &str| format!("{field}.{name}");
    if wire.reason.is_empty() {
        return Err(Problem::required(&in_field("reason")));
    }
    let decided_by = if wire.decided_by.is_empty() { caller.to_owned() } else { wire.decided_by };
    Ok(Exception {
        agency: agency_id(&wire.agency, &in_field("agency"))?,
        due: time(wire.due_time, &in_field("due_time"))?,
        lock: time(wire.lock_time, &in_field("lock_time"))?,
        granted_by: short(decided_by, GRANTED_BY_MAX_CHARACTERS, &in_field("decided_by"))?,
        reason: short(wire.reason, EXCEPTION_REASON_MAX_CHARACTERS, &in_field("reason"))?,
        until: time(wire.expire_time, &in_field("expire_time"))?,
    })
}

/// The year in `collections/{year}`.
///
/// # Errors
/// FIELD_REQUIRED, NAME_INVALID.
pub(crate) fn collection_year(name: &str, field: &str) -> Result<ReportYear, Problem> {
    if name.is_empty() {
        return Err(Problem::required(field));
    }
    name.strip_prefix("collections/").and_then(|year| year.parse().ok()).ok_or_else(|| {
        let description =
            Message::new("报送任务以年度命名，如 collections/2022", "is named by its year, as in collections/2022");
        Problem::bad_name(field, description)
    })
}

fn time(wire: Option<prost_types::Timestamp>, field: &str) -> Result<Option<Timestamp>, Problem> {
    let Some(wire) = wire else { return Ok(None) };
    Timestamp::new(wire.seconds, wire.nanos)
        .map(Some)
        .map_err(|_| Problem::field(Reason::FieldInvalid, field, Message::new("不是有效的时间", "is no valid time")))
}

fn short(text: String, max: usize, field: &str) -> Result<String, Problem> {
    if text.chars().count() > max {
        let description = Message::new(format!("最多{max}字"), format!("at most {max} characters"));
        return Err(Problem::field(Reason::FieldInvalid, field, description));
    }
    Ok(text)
}
