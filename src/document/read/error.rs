//! Why a document could not be read at all.

use crate::report::Message;

/// The formats that are read, for people.
pub const SUPPORTED: &str = "TXT";

/// Why a document could not be read at all; what is only partly understood is a note instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    #[error(
        "the document has {bytes} bytes; at most {limit} are read; send the report without pictures or attachments"
    )]
    TooLarge { bytes: usize, limit: usize },
    #[error("the document has more than {limit} cells; send the annual report alone")]
    TooManyCells { limit: usize },
    #[error("{name:?} is in the format {found}, which is not read; send it as {SUPPORTED}")]
    UnsupportedFormat { name: String, found: &'static str },
    #[error("the document is neither UTF-8 nor GB18030 text; save it as UTF-8 and send it again")]
    NotText,
}

impl ReadError {
    /// The error in both languages.
    pub fn message(&self) -> Message {
        let zh = match self {
            Self::TooLarge { bytes, limit } => {
                format!("文件有{bytes}字节，超过上限{limit}字节；请去掉图片和附件后重新提交")
            }
            Self::TooManyCells { limit } => format!("文件的单元格超过{limit}个；请只提交年度报告本身"),
            Self::UnsupportedFormat { name, found } => {
                format!("“{name}”是{found}格式，暂不能读取；请另存为{SUPPORTED}后重新提交")
            }
            Self::NotText => "文件不是UTF-8或GB18030编码的文本；请另存为UTF-8后重新提交".to_owned(),
        };
        Message::new(zh, self.to_string())
    }
}
