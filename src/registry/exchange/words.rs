//! The words of registry files: columns, types, levels and kinds, in English and Chinese. Data only.

use crate::report::{AgencyKind, Level};

/// A field of a line or entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    Type,
    Code,
    Parent,
    Name,
    Level,
    Kind,
    Large,
    FirstYear,
    Vertical,
    Into,
    Years,
    Reason,
    Begins,
    Duty,
    Telephone,
    Email,
}

/// What a line is: a jurisdiction, an agency, a dated change, or a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EntryType {
    Jurisdiction,
    Agency,
    Rename,
    Move,
    Merge,
    Split,
    Abolish,
    Reclassify,
    Correct,
    Void,
    Restore,
    Join,
    /// One person to ask at an agency.
    Contact,
}

/// A value with the word that is written for it and the others that are understood.
pub(super) struct Word<T> {
    pub value: T,
    pub written: &'static str,
    pub understood: &'static [&'static str],
}

const fn word<T>(value: T, written: &'static str, understood: &'static [&'static str]) -> Word<T> {
    Word { value, written, understood }
}

/// Columns of CSV files, in the order written.
pub(super) const COLUMNS: &[Word<Field>] = &[
    word(Field::Type, "type", &["类型"]),
    word(Field::Code, "code", &["代码", "编码"]),
    word(Field::Parent, "parent", &["上级", "上级代码", "所属地区"]),
    word(Field::Name, "name", &["名称"]),
    word(Field::Level, "level", &["级别", "层级"]),
    word(Field::Kind, "kind", &["类别", "机构类别"]),
    word(Field::Large, "large", &["大型", "大型机构"]),
    word(Field::FirstYear, "first_year", &["起始年度", "首报年度"]),
    word(Field::Vertical, "vertical", &["垂直管理"]),
    word(Field::Into, "into", &["承接单位", "承继者", "并入", "分立为", "归并到"]),
    word(Field::Years, "years", &["报告年度"]),
    word(Field::Reason, "reason", &["原因", "更正原因"]),
    word(Field::Begins, "begins", &["更正后的首报年度"]),
    word(Field::Duty, "duty", &["职务", "职责"]),
    word(Field::Telephone, "telephone", &["电话", "联系电话"]),
    word(Field::Email, "email", &["电子邮箱", "邮箱"]),
];

/// Fields of contacts alone.
pub(super) const OF_CONTACTS: &[Field] = &[Field::Duty, Field::Telephone, Field::Email];
/// Columns that are written only where something stands in them.
pub(super) const RARE: &[Field] = &[Field::Begins, Field::Duty, Field::Telephone, Field::Email];

/// Keys of jurisdictions in JSON files.
pub(super) const JURISDICTION_KEYS: &[(&str, Field)] = &[
    ("code", Field::Code),
    ("parent", Field::Parent),
    ("name", Field::Name),
    ("level", Field::Level),
    ("first_year", Field::FirstYear),
];

/// Keys of agencies in JSON files.
pub(super) const AGENCY_KEYS: &[(&str, Field)] = &[
    ("id", Field::Code),
    ("jurisdiction", Field::Parent),
    ("name", Field::Name),
    ("kind", Field::Kind),
    ("large", Field::Large),
    ("vertical", Field::Vertical),
    ("first_year", Field::FirstYear),
];

/// Keys of dated changes in JSON files.
pub(super) const CHANGE_KEYS: &[(&str, Field)] = &[
    ("type", Field::Type),
    ("entry", Field::Code),
    ("name", Field::Name),
    ("parent", Field::Parent),
    ("into", Field::Into),
    ("kind", Field::Kind),
    ("large", Field::Large),
    ("vertical", Field::Vertical),
    ("first_year", Field::FirstYear),
    ("begins", Field::Begins),
    ("years", Field::Years),
    ("reason", Field::Reason),
];

/// Keys of contacts in JSON files, one entry a person.
pub(super) const CONTACT_KEYS: &[(&str, Field)] = &[
    ("agency", Field::Code),
    ("name", Field::Name),
    ("duty", Field::Duty),
    ("telephone", Field::Telephone),
    ("email", Field::Email),
];

pub(super) const TYPES: &[Word<EntryType>] = &[
    word(EntryType::Jurisdiction, "jurisdiction", &["地区"]),
    word(EntryType::Agency, "agency", &["机构"]),
    word(EntryType::Rename, "rename", &["更名"]),
    word(EntryType::Move, "move", &["划转"]),
    word(EntryType::Merge, "merge", &["合并"]),
    word(EntryType::Split, "split", &["分立"]),
    word(EntryType::Abolish, "abolish", &["撤销"]),
    word(EntryType::Reclassify, "reclassify", &["调整类别"]),
    word(EntryType::Correct, "correct", &["更正"]),
    word(EntryType::Void, "void", &["作废"]),
    word(EntryType::Restore, "restore", &["恢复"]),
    word(EntryType::Join, "join", &["归并"]),
    word(EntryType::Contact, "contact", &["联系人"]),
];

pub(super) const LEVELS: &[Word<Level>] = &[
    word(Level::Province, "province", &["省", "省级"]),
    word(Level::City, "city", &["市", "市级", "地市级"]),
    word(Level::County, "county", &["县", "县级", "县区级"]),
    word(Level::FunctionalZone, "functional_zone", &["功能区"]),
    word(Level::Township, "township", &["乡镇", "乡镇级", "乡镇街道"]),
];

pub(super) const KINDS: &[Word<AgencyKind>] = &[
    word(
        AgencyKind::GovernmentOffice,
        "government_office",
        &["政府办公厅（室）", "政府办公厅(室)", "政府办公厅", "政府办公室"],
    ),
    word(AgencyKind::Department, "department", &["部门"]),
    word(AgencyKind::Township, "township", &["乡镇", "乡镇街道"]),
    word(AgencyKind::DispatchedOffice, "dispatched_office", &["派出机构"]),
];

pub(super) const ANSWERS: &[Word<bool>] =
    &[word(true, "true", &["TRUE", "是"]), word(false, "false", &["FALSE", "否"])];

/// The value that a word stands for.
pub(super) fn read<T: Copy>(words: &[Word<T>], text: &str) -> Option<T> {
    let known = words.iter().find(|word| word.written == text || word.understood.contains(&text));
    known.map(|word| word.value)
}

/// The word written for a value.
pub(super) fn write<T: Copy + PartialEq>(words: &[Word<T>], value: T) -> &'static str {
    words.iter().find(|word| word.value == value).map_or("", |word| word.written)
}

/// The words that can be written, for error messages.
pub(super) fn choices<T>(words: &[Word<T>]) -> String {
    words.iter().map(|word| word.written).collect::<Vec<_>>().join(", ")
}

/// The same with the first Chinese word of each.
pub(super) fn choices_zh<T>(words: &[Word<T>]) -> String {
    let both = words.iter().map(|word| match word.understood.iter().find(|other| !other.is_ascii()) {
        Some(chinese) => format!("{}（{chinese}）", word.written),
        None => word.written.to_owned(),
    });
    both.collect::<Vec<_>>().join("、")
}
