//! Why a document could not be read at all.

use crate::report::Message;

use super::format::names;

/// Why a document could not be read at all; what is only partly understood is a note instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The file is too large.
    #[error(
        "the document has {bytes} bytes; at most {limit} are read; send the report without pictures or attachments"
    )]
    TooLarge {
        /// Its length.
        bytes: usize,
        /// The most that is read.
        limit: usize,
    },
    /// It has too many printed cells.
    #[error("the document has more than {limit} cells; send the annual report alone")]
    TooManyCells {
        /// The most that are read.
        limit: usize,
    },
    /// It has too many pages.
    #[error("the document has more than {limit} pages; send the annual report alone")]
    TooManyPages {
        /// The most that are read.
        limit: usize,
    },
    /// Its parts lie too deep in each other.
    #[error("tables or parts are nested more than {limit} deep; use plain tables as in the form")]
    TooDeep {
        /// The deepest that is read.
        limit: usize,
    },
    /// It grows too large as it is unpacked.
    #[error("unpacked, the document has more than {limit} bytes; send it without pictures or attachments")]
    TooLargeInside {
        /// The most bytes that are unpacked.
        limit: u64,
    },
    /// It took too long.
    #[error("reading took longer than {seconds} seconds and was given up; send the annual report alone, or as text")]
    TooSlow {
        /// After so long it was given up.
        seconds: u64,
    },
    /// Its reader ended: it took too much memory, or was brought down.
    #[error(
        "reading ended before its time: the document is damaged, or needs more than {mebibytes} MiB of memory; open it, save it anew, or send it as text"
    )]
    TooHeavy {
        /// Memory that the reader had.
        mebibytes: u64,
    },
    /// The file is not what its format prescribes.
    #[error("the {format} is damaged ({detail}); open it, save it anew and send it again")]
    Damaged {
        /// Name of the format, for people.
        format: &'static str,
        /// What its reader found; shortened.
        detail: String,
    },
    /// It is encrypted in a way that is not opened here.
    #[error("the {format} is protected by a password; save it without one and send it again")]
    Protected {
        /// Name of the format, for people.
        format: &'static str,
    },
    /// It is encrypted, and no password was given.
    #[error(
        "the {format} needs a password to be opened; on the command line give it with --password, or save it without one and send it again"
    )]
    Locked {
        /// Name of the format, for people.
        format: &'static str,
    },
    /// It is encrypted with another password.
    #[error("the password that is given does not open the {format}")]
    WrongPassword {
        /// Name of the format, for people.
        format: &'static str,
    },
    /// A mail has more than one document that could be the report.
    #[error("several documents are attached ({}); send each by itself, or the annual report alone", names.join(", "))]
    SeveralDocuments {
        /// Names of the attachments.
        names: Vec<String>,
    },
    /// The format is known, and not read.
    #[error("{name:?} is in the format {found}, which is not read; send it as one of {}", names())]
    UnsupportedFormat {
        /// Name of the file.
        name: String,
        /// Name of the format, for people.
        found: &'static str,
    },
    /// A table was wanted, and it is something else.
    #[error("the file is in the format {found}, and no table; save the table as .xlsx or .csv")]
    NoTable {
        /// Name of the format, for people.
        found: &'static str,
    },
    /// A CSV file that is not laid out as the cells of a report are.
    #[error(
        "{name:?} is a CSV file, and not one of a report's cells, whose first column is `cell`; reports of many agencies are \
         handed in with huizong submit, and the registry with huizong registry import"
    )]
    OtherCsv {
        /// Name of the file.
        name: String,
    },
    /// The bytes are text in no encoding that is read.
    #[error("the document is neither UTF-8 nor GB18030 text; save it as UTF-8 and send it again")]
    NotText,
}

/// A size as people say it.
fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes}字节"),
        1024..0x10_0000 => format!("{}KB", bytes.div_ceil(1024)),
        _ => format!("{}MB", bytes.div_ceil(1 << 20)),
    }
}

impl ReadError {
    /// A file that is not what its format prescribes.
    pub fn damaged(format: &'static str, detail: impl ToString) -> Self {
        Self::Damaged { format, detail: super::note::shortened(&detail.to_string()) }
    }

    /// The error in both languages.
    pub fn message(&self) -> Message {
        let zh = match self {
            Self::TooLarge { bytes, limit } => {
                format!(
                    "文件大小为{}，超过上限{}；请去掉图片和附件后重新报送",
                    size(*bytes as u64),
                    size(*limit as u64)
                )
            }
            Self::TooManyCells { limit } => format!("文件的单元格超过{limit}个；请只提交年度报告本身"),
            Self::TooManyPages { limit } => format!("文件超过{limit}页；请只提交年度报告本身"),
            Self::TooDeep { limit } => format!("表格或内容嵌套超过{limit}层；请按规定格式使用普通表格"),
            Self::TooLargeInside { limit } => {
                format!("文件解压后超过上限{}；请去掉图片和附件后重新报送", size(*limit))
            }
            Self::TooSlow { seconds } => {
                format!("读取超过{seconds}秒，已放弃；请只提交年度报告本身，或另存为文本后提交")
            }
            Self::TooHeavy { mebibytes } => {
                format!("读取中断：文件已损坏，或读取所需内存超过{mebibytes}MiB；请打开后另存，或另存为文本后重新提交")
            }
            Self::Damaged { format, detail } => {
                format!("{format}文件已损坏（{detail}）；请打开后另存，再重新提交")
            }
            Self::Protected { format } => format!("{format}文件有密码保护；请取消密码后重新提交"),
            Self::Locked { format } => {
                format!("打开{format}文件需要密码；请在命令行用--password提供密码，或取消密码后重新提交")
            }
            Self::WrongPassword { format } => format!("所给的密码打不开该{format}文件"),
            Self::SeveralDocuments { names } => {
                format!("附有多个文件（{}）；请分别提交，或只提交年度报告本身", names.join("、"))
            }
            Self::UnsupportedFormat { name, found } => {
                format!("“{name}”是{found}格式，暂不能读取；请另存为以下格式之一后重新提交：{}", names())
            }
            Self::NoTable { found } => format!("文件是{found}格式，不是表格；请将表格另存为 .xlsx 或 .csv"),
            Self::OtherCsv { name } => format!(
                "“{name}”是CSV，但不是年度报告的单元格表（其首列为 cell）；多个机构的报告请用 huizong submit 报送，单位名录请用 \
                 huizong registry import 导入"
            ),
            Self::NotText => "文件不是UTF-8或GB18030编码的文本；请另存为UTF-8后重新提交".to_owned(),
        };
        Message::new(zh, self.to_string())
    }
}
