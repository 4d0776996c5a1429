//! What can be wrong with a registry file, where, and what to do about it.

use std::fmt;

use crate::report::{AgencyIdError, Message, YearError, in_chinese};

use super::words::{ANSWERS, COLUMNS, Field, KINDS, LEVELS, TYPES, choices, choices_zh, write};
use crate::registry::{CONTACTS_MAX, ContactFault, EntryNameError, JurisdictionCodeError};

/// Faults of one file that are kept; more are counted.
pub const FAULTS_SHOWN: usize = 100;
/// Characters of what stands in a place that are quoted.
const QUOTED_CHARACTERS: usize = 60;

/// Everything that is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.message().en)]
pub struct ExchangeError {
    /// In the order of the file, at most [`FAULTS_SHOWN`].
    pub faults: Vec<Fault>,
    /// Faults beyond those.
    pub more: usize,
}

/// One thing wrong in one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where in the file.
    pub place: Place,
    /// The column of a CSV file or the key of a JSON file, as written by this program.
    pub column: Option<&'static str>,
    /// What is wrong there.
    pub problem: Problem,
}

/// Where in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Line of a text file, from 1, the header included.
    Line(u64),
    /// Entry of a list in a JSON file, from 1.
    Entry {
        /// Key of the list, such as `agencies`.
        list: &'static str,
        /// From 1.
        number: usize,
    },
}

/// What divides columns in place of commas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Separator {
    /// `;`, as spreadsheets of some countries write.
    Semicolon,
    /// A tab.
    Tab,
    /// The comma of Chinese text.
    WideComma,
}

impl Separator {
    /// All of them, with the sign and the names in Chinese and English.
    pub(super) const ALL: [(Self, char, &str, &str); 3] = [
        (Self::Semicolon, ';', "分号", "semicolons"),
        (Self::Tab, '\t', "制表符", "tabs"),
        (Self::WideComma, '，', "中文逗号", "Chinese commas"),
    ];

    fn names(self) -> (&'static str, &'static str) {
        let known = Self::ALL.iter().find(|(one, ..)| *one == self);
        known.map_or(("", ""), |(_, _, zh, en)| (*zh, *en))
    }
}

impl fmt::Display for Separator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.names().1)
    }
}

/// The lists of a JSON file, for people.
const LISTS: &str = "jurisdictions, agencies, changes, contacts";

/// What is wrong in one place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// There is nothing in it, not even a header.
    #[error("the file is empty; begin with the header {}", choices(COLUMNS))]
    Empty,
    /// The text is no CSV or JSON; what its reader says.
    #[error("cannot be read: {0}; correct the text or export the file anew")]
    Syntax(String),
    /// A JSON file that is not an object of lists.
    #[error(
        "is no object with the lists {LISTS}; write {{\"jurisdictions\": […], …}} as `huizong registry export` does"
    )]
    NoLists,
    /// The columns are divided by something else than commas.
    #[error("the columns are divided by {0}, not by commas; save the file as comma-separated CSV")]
    Separator(Separator),
    /// A zero byte, which no text has.
    #[error("holds a zero byte: the file is damaged, or no UTF-8 text; save it anew as UTF-8")]
    Zero,
    /// A double quote that begins a value is not matched by one that ends it.
    #[error("a double quote begins a value here and is not closed; close it, or double each quote within a value")]
    Unclosed,
    /// The title of a column, or a key, that a registry file does not have.
    #[error("unknown: {0:?}; remove it or correct its spelling")]
    UnknownColumn(String),
    /// A column or a key comes twice.
    #[error("stands there twice; keep one")]
    Repeated,
    /// A column that every file has is not there.
    #[error("is missing; add it")]
    Missing,
    /// A line has more or fewer values than the header.
    #[error("{found} values instead of {expected}; put a value with a comma in double quotes")]
    Width {
        /// Columns of the header.
        expected: usize,
        /// Values in the line.
        found: usize,
    },
    /// An entry of this type needs a value there.
    #[error("is blank; fill it in")]
    Blank,
    /// An entry of this type has nothing there.
    #[error("is filled in but does not apply here; leave it blank")]
    NotApplicable,
    /// A list or an object stands where one value does.
    #[error("is no text, number or yes and no; write a plain value")]
    Nested,
    /// The word is none of those for this column.
    #[error("{found:?} is not known; write one of {}", accepted(*.field).en)]
    Word {
        /// Which words are known.
        field: Field,
        /// As it stands there.
        found: String,
    },
    /// No division code.
    #[error("{found:?}: {error}")]
    Jurisdiction {
        /// As it stands there.
        found: String,
        /// What is wrong with it.
        error: JurisdictionCodeError,
    },
    /// No id of an agency.
    #[error("{found:?}: {error}; if a spreadsheet has turned it into a number, format the column as text")]
    Agency {
        /// As it stands there.
        found: String,
        /// What is wrong with it.
        error: AgencyIdError,
    },
    /// No resource name of an entry.
    #[error("{found:?}: {error}; several are separated by a space")]
    Entry {
        /// As it stands there.
        found: String,
        /// What is wrong with it.
        error: EntryNameError,
    },
    /// More than one name, where a change of this type has one.
    #[error("one is expected; keep one")]
    Several,
    /// No report year.
    #[error("{found:?}: {error}")]
    Year {
        /// As it stands there.
        found: String,
        /// What is wrong with it.
        error: YearError,
    },
    /// The first character, which would make a formula of the text.
    #[error("begins with {0:?}, which spreadsheets take for a formula; remove it")]
    Formula(char),
    /// The text would not be read as it is seen.
    #[error("begins or ends with a space, or contains a line break or tab; remove it")]
    Spacing,
    /// A field of a contact is not as it must be.
    #[error("{}; correct it", .0.message().en)]
    Contact(ContactFault),
    /// More people than there is room for at one agency.
    #[error("{0} has more than {most} contacts; keep those who can be asked", most = CONTACTS_MAX)]
    Crowded(String),
    /// The same entry stands in the file before.
    #[error("{code} stands at {first} already; keep one")]
    Duplicate {
        /// Which entry.
        code: String,
        /// Where it stands first.
        first: Place,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "line {line}"),
            Self::Entry { list, number } => write!(f, "{list}, entry {number}"),
        }
    }
}

impl Place {
    fn zh(self) -> String {
        match self {
            Self::Line(line) => format!("第{line}行"),
            Self::Entry { list, number } => format!("{list} 第{number}项"),
        }
    }

    /// In both languages.
    pub fn message(self) -> Message {
        Message::new(self.zh(), self.to_string())
    }
}

impl ExchangeError {
    /// Each fault, and how many more there are.
    pub fn messages(&self) -> Vec<Message> {
        let mut messages: Vec<_> = self.faults.iter().map(Fault::message).collect();
        if self.more > 0 {
            messages.push(Message::new(format!("另有{}处错误未列出", self.more), format!("and {} more", self.more)));
        }
        messages
    }

    /// All faults, one a line, in both languages.
    pub fn message(&self) -> Message {
        let (zh, en): (Vec<_>, Vec<_>) = self.messages().into_iter().map(|message| (message.zh, message.en)).unzip();
        Message::new(zh.join("\n"), en.join("\n"))
    }
}

impl Fault {
    /// Place, column, problem and remedy, in both languages.
    pub fn message(&self) -> Message {
        let problem = self.problem.message();
        match self.column {
            Some(column) => Message::new(
                format!("{}“{}”：{}", self.place.zh(), title_zh(self.place, column), problem.zh),
                format!("{}, {column}: {}", self.place, problem.en),
            ),
            None => {
                Message::new(format!("{}：{}", self.place.zh(), problem.zh), format!("{}: {}", self.place, problem.en))
            }
        }
    }
}

impl Problem {
    /// Keeps the beginning of what stands there.
    fn shorten(&mut self) {
        let (Self::UnknownColumn(found)
        | Self::Word { found, .. }
        | Self::Jurisdiction { found, .. }
        | Self::Agency { found, .. }
        | Self::Entry { found, .. }
        | Self::Year { found, .. }) = self
        else {
            return;
        };
        if let Some((end, _)) = found.char_indices().nth(QUOTED_CHARACTERS) {
            found.truncate(end);
            found.push('…');
        }
    }

    /// The problem in both languages, with what to do.
    pub fn message(&self) -> Message {
        let zh = match self {
            Self::Empty => format!("文件为空；首行应为表头 {}", choices(COLUMNS)),
            Self::Syntax(error) => format!("无法读取（{}）；请改正文本或重新导出", in_chinese(error)),
            Self::NoLists => {
                format!(
                    "不是含有列表 {LISTS} 的对象；请按 huizong registry export 的写法 {{\"jurisdictions\": […], …}}"
                )
            }
            Self::Separator(found) => {
                format!("各列以{}分隔，而非英文逗号；请另存为逗号分隔的 CSV", found.names().0)
            }
            Self::Zero => "含有空字符（NUL）：文件已损坏，或不是 UTF-8 文本；请另存为 UTF-8".to_owned(),
            Self::Unclosed => "英文双引号由此开始而没有结束；请补上，或将值中的引号写成两个".to_owned(),
            Self::UnknownColumn(found) => format!("无法识别“{found}”；请删除或改正名称"),
            Self::Repeated => "重复出现；请只保留一个".to_owned(),
            Self::Missing => "缺少此项；请补上".to_owned(),
            Self::Width { expected, found } => {
                format!("应有{expected}个值，实有{found}个；含逗号的值请加英文双引号")
            }
            Self::Blank => "为空；请填写".to_owned(),
            Self::NotApplicable => "此处不适用却已填写；请留空".to_owned(),
            Self::Nested => "应为文字、数字或是否；请改为单一的值".to_owned(),
            Self::Word { field, found } => format!("“{found}”无法识别；请填 {}", accepted(*field).zh),
            Self::Jurisdiction { found, .. } => format!("“{found}”不是6、9或12位数字的行政区划代码；请改正"),
            Self::Agency { found, error } => {
                format!(
                    "“{found}”不是有效的机构标识（{}）；若被电子表格改成了数字，请将该列设为文本",
                    error.message().zh
                )
            }
            Self::Entry { found, error } => {
                format!("“{found}”不是条目名称（{}）；多个以空格分隔", error.message().zh)
            }
            Self::Several => "只能有一个；请只保留一个".to_owned(),
            Self::Year { found, .. } => format!("“{found}”不是年度；请填四位数字，如2024"),
            Self::Formula(first) => format!("以“{first}”开头，会被电子表格当作公式；请删去"),
            Self::Spacing => "首尾有空格，或含有换行、制表符；请删去".to_owned(),
            Self::Contact(fault) => format!("{}；请改正", fault.message().zh),
            Self::Crowded(agency) => format!("{agency} 的联系人超过{CONTACTS_MAX}名；请只留可联系到的人"),
            Self::Duplicate { code, first } => format!("{code} 已见于{}；请只保留一处", first.zh()),
        };
        Message::new(zh, self.to_string())
    }
}

impl Field {
    /// The column's name in CSV files.
    pub(super) fn column(self) -> &'static str {
        write(COLUMNS, self)
    }
}

/// The title of a column in Chinese; keys of JSON files stay as they are.
fn title_zh(place: Place, column: &'static str) -> &'static str {
    let word = COLUMNS.iter().find(|word| matches!(place, Place::Line(_)) && word.written == column);
    word.and_then(|word| word.understood.first().copied()).unwrap_or(column)
}

/// The words that a field takes.
fn accepted(field: Field) -> Message {
    match field {
        Field::Type => Message::new(choices_zh(TYPES), choices(TYPES)),
        Field::Level => Message::new(choices_zh(LEVELS), choices(LEVELS)),
        Field::Kind => Message::new(choices_zh(KINDS), choices(KINDS)),
        Field::Large | Field::Vertical => Message::new(choices_zh(ANSWERS), choices(ANSWERS)),
        _ => Message::new("", ""),
    }
}

/// Gathers the faults of a file.
#[derive(Debug, Default)]
pub(super) struct Faults {
    faults: Vec<Fault>,
    more: usize,
}

impl Faults {
    pub(crate) fn push(&mut self, place: Place, column: Option<&'static str>, mut problem: Problem) {
        if self.faults.len() < FAULTS_SHOWN {
            problem.shorten();
            self.faults.push(Fault { place, column, problem });
        } else {
            self.more += 1;
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.faults.is_empty()
    }

    /// The value where nothing was wrong.
    pub(crate) fn or<T>(self, value: T) -> Result<T, ExchangeError> {
        if self.is_empty() { Ok(value) } else { Err(ExchangeError { faults: self.faults, more: self.more }) }
    }
}
