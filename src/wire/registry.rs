//! Jurisdictions and agencies, what is like them, and which sums change with them.

use crate::pb;
use crate::registry::{
    Agency, Alike, EndingKind, Entry, Jurisdiction, JurisdictionCode, Life, NAME_MAX_CHARACTERS, Suspect,
    is_display_name,
};
use crate::report::{AgencyId, AgencyIdError, AgencyKind, Level, Message, NameError, ReportYear};
use crate::service::{Known, Problem, Reason, SumChange};

use super::finding::text_to_wire;

pub(super) const LEVELS: [(Level, pb::Level); 5] = [
    (Level::Province, pb::Level::Province),
    (Level::City, pb::Level::City),
    (Level::County, pb::Level::County),
    (Level::FunctionalZone, pb::Level::FunctionalZone),
    (Level::Township, pb::Level::Township),
];

const KINDS: [(AgencyKind, pb::AgencyKind); 4] = [
    (AgencyKind::GovernmentOffice, pb::AgencyKind::GovernmentOffice),
    (AgencyKind::Department, pb::AgencyKind::Department),
    (AgencyKind::Township, pb::AgencyKind::Township),
    (AgencyKind::DispatchedOffice, pb::AgencyKind::DispatchedOffice),
];

pub(crate) fn jurisdiction_to_wire(jurisdiction: &Jurisdiction) -> pb::Jurisdiction {
    let level = LEVELS.iter().find(|(level, _)| *level == jurisdiction.level).map(|(_, wire)| *wire);
    pb::Jurisdiction {
        name: jurisdiction.code.name(),
        parent: jurisdiction.parent.as_ref().map(JurisdictionCode::name).unwrap_or_default(),
        display_name: jurisdiction.display_name.clone(),
        level: level.unwrap_or_default().into(),
        first_year: jurisdiction.first_year.get().into(),
        ..Default::default()
    }
}

/// With all that it was.
pub(crate) fn known_jurisdiction_to_wire(known: &Known<Jurisdiction>) -> pb::Jurisdiction {
    let life = LifeOnWire::of(&known.life);
    pb::Jurisdiction {
        end_year: life.end_year,
        ending: life.ending,
        successors: life.successors,
        names: life.names,
        parents: life.parents,
        etag: life.etag,
        ..jurisdiction_to_wire(&known.entry)
    }
}

pub(crate) fn agency_to_wire(agency: &Agency) -> pb::Agency {
    pb::Agency {
        name: agency.name(),
        jurisdiction: agency.jurisdiction.name(),
        display_name: agency.display_name.clone(),
        kind: kind_to_wire(agency.kind),
        large: agency.large,
        vertical: agency.vertical,
        first_year: agency.first_year.get().into(),
        ..Default::default()
    }
}

/// With all that it was.
pub(crate) fn known_agency_to_wire(known: &Known<Agency>) -> pb::Agency {
    let life = LifeOnWire::of(&known.life);
    let natures = known.life.natures.iter().map(|(first_year, nature)| pb::DatedNature {
        first_year: first_year.get().into(),
        kind: kind_to_wire(nature.kind),
        large: nature.large,
        vertical: nature.vertical,
    });
    pb::Agency {
        end_year: life.end_year,
        ending: life.ending,
        successors: life.successors,
        names: life.names,
        parents: life.parents,
        natures: natures.collect(),
        stood_for_years: known.life.stood_for.iter().map(|year| year.get().into()).collect(),
        etag: life.etag,
        ..agency_to_wire(&known.entry)
    }
}

/// The fields that jurisdictions and agencies have in common.
struct LifeOnWire {
    end_year: i32,
    ending: i32,
    successors: Vec<String>,
    names: Vec<pb::DatedName>,
    parents: Vec<pb::DatedParent>,
    etag: String,
}

impl LifeOnWire {
    fn of(life: &Life) -> Self {
        let names = life.names.iter().map(|(first_year, name)| pb::DatedName {
            first_year: first_year.get().into(),
            display_name: name.clone(),
        });
        let parents = life.parents.iter().map(|(first_year, parent)| pb::DatedParent {
            first_year: first_year.get().into(),
            parent: parent.as_ref().map(JurisdictionCode::name).unwrap_or_default(),
        });
        let ending = life.end.as_ref().map_or(pb::Ending::Unspecified, |end| match end.kind {
            EndingKind::Abolished => pb::Ending::Abolished,
            EndingKind::Merged => pb::Ending::Merged,
            EndingKind::Split => pb::Ending::Split,
            EndingKind::Joined => pb::Ending::Joined,
            EndingKind::Voided => pb::Ending::Voided,
        });
        let successors = life.end.iter().flat_map(|end| &end.successors);
        Self {
            end_year: life.end.as_ref().map_or(0, |end| end.year.get().into()),
            ending: ending.into(),
            successors: successors.map(Entry::to_string).collect(),
            names: names.collect(),
            parents: parents.collect(),
            etag: life.etag(),
        }
    }
}

pub(crate) fn suspect_to_wire(suspect: &Suspect) -> pb::RegistrySuspect {
    let alike = match suspect.alike {
        Alike::Code => pb::Alike::Code,
        Alike::Name => pb::Alike::Name,
        Alike::FormerName => pb::Alike::FormerName,
    };
    pb::RegistrySuspect {
        entry: suspect.entry.to_string(),
        other: suspect.other.to_string(),
        alike: alike.into(),
        shared: suspect.shared.clone(),
        message: Some(text_to_wire(&suspect.message())),
    }
}

pub(crate) fn sum_change_to_wire(change: &SumChange) -> pb::RegistrySumChange {
    let count = |count: u64| count.try_into().unwrap_or(i64::MAX);
    let sum = |sum: i128| sum.try_into().unwrap_or(i64::MAX);
    pb::RegistrySumChange {
        jurisdiction: change.jurisdiction.name(),
        year: change.year.get().into(),
        expected_before: count(change.before.expected),
        expected_after: count(change.after.expected),
        included_before: count(change.before.included),
        included_after: count(change.after.included),
        requests_received_before: sum(change.before.requests_received),
        requests_received_after: sum(change.after.requests_received),
        changed_cells: change.changed_cells.try_into().unwrap_or(i32::MAX),
        by_kind: change.by_kind,
    }
}

/// # Errors
/// What is malformed, by field; `field` is the path of the message.
pub(crate) fn jurisdiction_from_wire(wire: pb::Jurisdiction, field: &str) -> Result<Jurisdiction, Problem> {
    let in_field = |name: &str| format!("{field}.{name}");
    let level = LEVELS.iter().find(|(_, known)| i32::from(*known) == wire.level).map(|(level, _)| *level);
    Ok(Jurisdiction {
        code: code(&wire.name, &in_field("name"))?,
        parent: if wire.parent.is_empty() { None } else { Some(code(&wire.parent, &in_field("parent"))?) },
        display_name: display_name(wire.display_name, &in_field("display_name"))?,
        level: level.ok_or_else(|| unknown_value(&in_field("level")))?,
        first_year: year_from_wire(wire.first_year, &in_field("first_year"))?,
    })
}

/// # Errors
/// What is malformed, by field; `field` is the path of the message.
pub(crate) fn agency_from_wire(wire: pb::Agency, field: &str) -> Result<Agency, Problem> {
    let in_field = |name: &str| format!("{field}.{name}");
    Ok(Agency {
        id: agency_id(&wire.name, &in_field("name"))?,
        jurisdiction: code(&wire.jurisdiction, &in_field("jurisdiction"))?,
        display_name: display_name(wire.display_name, &in_field("display_name"))?,
        kind: kind_from_wire(wire.kind, &in_field("kind"))?,
        large: wire.large,
        vertical: wire.vertical,
        first_year: year_from_wire(wire.first_year, &in_field("first_year"))?,
    })
}

/// The wire's number for a kind of agency.
pub(crate) fn kind_to_wire(kind: AgencyKind) -> i32 {
    KINDS.iter().find(|(known, _)| *known == kind).map_or(0, |(_, wire)| (*wire).into())
}

/// # Errors
/// FIELD_INVALID for unspecified or a number that the contract does not have.
pub(crate) fn kind_from_wire(number: i32, field: &str) -> Result<AgencyKind, Problem> {
    let known = KINDS.iter().find(|(_, known)| i32::from(*known) == number);
    known.map(|(kind, _)| *kind).ok_or_else(|| unknown_value(field))
}

/// The id in `agencies/{id}`.
///
/// # Errors
/// NAME_INVALID.
pub(crate) fn agency_id(name: &str, field: &str) -> Result<AgencyId, Problem> {
    let shape = || Problem::bad_name(field, NameError::AgencyName.message());
    let id = name.strip_prefix("agencies/").ok_or_else(shape)?;
    id.parse().map_err(|error: AgencyIdError| Problem::bad_name(field, error.message()))
}

/// The code in `jurisdictions/{code}`.
///
/// # Errors
/// NAME_INVALID, or FIELD_REQUIRED where it is empty.
pub(crate) fn code(name: &str, field: &str) -> Result<JurisdictionCode, Problem> {
    if name.is_empty() {
        return Err(Problem::required(field));
    }
    JurisdictionCode::from_name(name).map_err(|error| Problem::bad_name(field, error.message()))
}

/// # Errors
/// YEAR_INVALID.
pub(crate) fn year_from_wire(year: i32, field: &str) -> Result<ReportYear, Problem> {
    let year = u16::try_from(year).map_err(|_| crate::report::YearError).and_then(ReportYear::new);
    year.map_err(|error| Problem::bad_year(field, error))
}

pub(super) fn display_name(name: String, field: &str) -> Result<String, Problem> {
    if !is_display_name(&name) {
        let description = Message::new(
            format!("须为1至{NAME_MAX_CHARACTERS}字，首尾无空格，无控制字符"),
            format!("needs 1 to {NAME_MAX_CHARACTERS} characters, without control characters or surrounding spaces"),
        );
        return Err(Problem::field(Reason::FieldInvalid, field, description));
    }
    Ok(name)
}

pub(super) fn unknown_value(field: &str) -> Problem {
    let description = Message::new("未填或取值不明", "is not given, or has a value that is not known");
    Problem::field(Reason::FieldInvalid, field, description)
}
