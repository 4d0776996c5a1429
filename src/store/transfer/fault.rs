//! What is wrong with a stream, and where.

use crate::report::Message;

/// What is wrong.
#[derive(Debug)]
pub enum Fault {
    /// It does not begin as a stream of ours does.
    NotOurs,
    /// Written by a newer program.
    Newer {
        /// Version that its first frame says.
        found: u32,
        /// Newest version that this program reads.
        supported: u32,
    },
    /// A length that no frame has.
    Length {
        /// As the frame says.
        bytes: u32,
    },
    /// Another frame stands here.
    Number {
        /// Number of the frame that stands here.
        found: u64,
    },
    /// The frame, or one before it, is not as it was written.
    Hash,
    /// It ends here.
    Truncated,
    /// A frame of another kind belongs here.
    Kind,
    /// Something follows the last frame.
    Trailing,
    /// The frame is as it was written, but makes no sense.
    Content(String),
    /// It cannot be read from where it is kept.
    Read(std::io::Error),
}

/// A stream that must not be used.
#[derive(Debug, thiserror::Error)]
#[error("frame {frame}, from byte {offset}: {}", self.what().en)]
pub struct DamagedStream {
    /// Number of the frame; 0 for the first.
    pub frame: u64,
    /// Where the frame begins, in bytes from the beginning.
    pub offset: u64,
    /// What is wrong there.
    pub fault: Fault,
}

impl DamagedStream {
    fn what(&self) -> Message {
        match &self.fault {
            Fault::NotOurs => Message::new("开头不是汇总备份", "it does not begin as a backup does"),
            Fault::Newer { found, supported } => Message::new(
                format!("格式版本 {found} 高于本程序支持的 {supported}，请使用新版程序"),
                format!("format version {found} is newer than {supported}: use a newer program"),
            ),
            Fault::Length { bytes } => {
                Message::new(format!("长度{bytes}不可能"), format!("a length of {bytes} bytes is not possible"))
            }
            Fault::Number { found } => Message::new(
                format!("此处实为编号 {found} 的帧：次序颠倒、缺失或编号被改"),
                format!("it has number {found}: frames were moved or lost, or the number was changed"),
            ),
            Fault::Hash => Message::new(
                "校验和不符：此帧被改动，或不是接在上一帧之后写入的",
                "its hash is wrong: it was changed, or was not written after the frame before",
            ),
            Fault::Truncated => Message::new("文件在此中断，其后缺失", "the file ends here; the rest is missing"),
            Fault::Kind => Message::new("此处不应是这种帧", "a frame of this kind does not belong here"),
            Fault::Trailing => Message::new("末帧之后还有内容", "something follows the last frame"),
            Fault::Content(what) => Message::new(format!("内容有误：{what}"), format!("its content is wrong: {what}")),
            Fault::Read(error) => Message::new(format!("无法读取：{error}"), format!("it cannot be read: {error}")),
        }
    }

    /// In words, with the place.
    pub fn message(&self) -> Message {
        let what = self.what();
        Message::new(
            format!("第{}帧（自第{}字节起）：{}", self.frame, self.offset, what.zh),
            format!("frame {}, from byte {}: {}", self.frame, self.offset, what.en),
        )
    }
}
