//! A recorded history: what clients asked and were answered, when, and what the service has at the end.

use std::collections::BTreeMap;

use huizong::pb;

/// Years that reports are handed in for. Those of the first are reviewed; those of the others stand at once.
pub const YEARS: [u16; 3] = [2021, 2022, 2023];
pub const REVIEWED_YEAR: u16 = YEARS[0];

/// The tree: code, parent, level.
pub const TREE: [(&str, &str, pb::Level); 7] = [
    ("230000", "", pb::Level::Province),
    ("230100", "230000", pb::Level::City),
    ("230200", "230000", pb::Level::City),
    ("230102", "230100", pb::Level::County),
    ("230103", "230100", pb::Level::County),
    ("230202", "230200", pb::Level::County),
    ("230203", "230200", pb::Level::County),
];
pub const AGENCIES: usize = 24;

/// The agency's name, and the code of its jurisdiction before any move.
pub fn agency(number: usize) -> (String, &'static str) {
    (format!("agencies/agency-{number:02}"), TREE[number % TREE.len()].0)
}

pub fn report(agency: usize, year: u16) -> String {
    format!("{}/reports/{year}", self::agency(agency).0)
}

/// The states of a report.
pub type State = pb::ReportState;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Review {
    Accept,
    Return,
    Withdraw,
}

/// What a client asked.
#[derive(Debug, Clone, PartialEq)]
pub enum Asked {
    /// Requests received are the content of the report.
    Submit {
        report: String,
        received: i64,
        etag: String,
        request_id: Option<String>,
    },
    Review {
        report: String,
        action: Review,
        etag: String,
    },
    Move {
        agency: String,
        parent: String,
        first_year: u16,
    },
    Read {
        report: String,
    },
    RollUp(Question),
}

/// A question about requests received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    pub jurisdiction: String,
    pub year: u16,
    /// 0 for the year's own tree.
    pub hierarchy_year: u16,
    /// 0 for the present.
    pub as_of: u64,
    pub by_child: bool,
}

/// Where a report stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub number: u32,
    pub etag: String,
    pub received: i64,
    pub state: State,
    /// The revision that is in the sums.
    pub accepted: Option<u32>,
}

/// Sums of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sum {
    pub sequence: u64,
    pub total: i64,
    pub expected: i64,
    pub received: i64,
    pub included: i64,
    /// By child jurisdiction, where that was asked for.
    pub children: BTreeMap<String, i64>,
}

/// What a client was answered.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// A revision, or a review of one.
    Stored {
        sequence: u64,
        etag: String,
        state: State,
    },
    /// The request id was known: the first receipt.
    Repeated {
        sequence: u64,
        etag: String,
    },
    /// The registry has changed, or was so already.
    Moved {
        sequence: u64,
        changed: bool,
    },
    Found(Option<Standing>),
    Sum(Sum),
    /// With the stable reason.
    Refused(String),
    /// By an instance that does not reach the journal of several: it was not done, and is to be asked again.
    Unavailable,
    /// The connection broke, or the service did not say what became of it.
    Unknown,
}

/// One call of one client.
#[derive(Debug, Clone)]
pub struct Call {
    /// The caller's name in the journal, of this call alone.
    pub principal: String,
    /// In ns since the history began.
    pub invoked: u64,
    pub returned: u64,
    pub asked: Asked,
    pub answer: Answer,
}

/// An answer of a watch.
#[derive(Debug, Clone)]
pub struct Update {
    pub returned: u64,
    pub previous_sequence: u64,
    pub sum: Sum,
    pub changed: Vec<String>,
    pub resync: bool,
}

/// One stream of answers.
#[derive(Debug, Clone)]
pub struct Watch {
    pub question: Question,
    pub invoked: u64,
    pub updates: Vec<Update>,
    /// It was there until the end, when nothing changed any more.
    pub to_the_end: bool,
}

/// A revision as the service has it at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    pub etag: String,
    pub received: i64,
    pub sequence: u64,
}

/// Everything that was recorded.
#[derive(Debug, Clone, Default)]
pub struct History {
    pub calls: Vec<Call>,
    pub watches: Vec<Watch>,
    /// The last journal entry before clients began.
    pub began_after: u64,
    pub journal: Vec<pb::JournalEntry>,
    /// By report and number.
    pub revisions: BTreeMap<(String, u32), Revision>,
}
