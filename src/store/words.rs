//! Why a store cannot do what was asked, in both languages.

use crate::report::{Message, in_chinese};

use super::StoreError;

/// What of a reason is said in Chinese, too; the rest is of the system, or names.
const REASONS: &[(&str, &str)] = &[
    ("; another process has it open", "；另一进程正在使用"),
    ("another process has it open", "另一进程正在使用"),
    ("there is no log", "没有日志"),
    ("is still in use", "仍在使用"),
    ("holds the copy of a shared store: say where that is (--store)", "是共享数据库的副本：请用 --store 给出其地址"),
    (
        "holds a store of its own and no copy of a shared one: choose an empty folder for the copy, and move what is in the store \
         with huizong store move",
        "是独立的数据库，不是共享数据库的副本：副本请另选空文件夹，原有内容以 huizong store move 移入",
    ),
    (
        "holds a copy of another shared store: choose an empty folder, or remove what is in this one",
        "是另一共享数据库的副本：请另选空文件夹，或清空此文件夹",
    ),
    ("the database cannot be opened", "数据库无法打开"),
];

fn reason(text: &str) -> String {
    REASONS.iter().fold(in_chinese(text), |told, (english, chinese)| told.replace(english, chinese))
}

impl StoreError {
    /// In both languages, with what to do where something is to do.
    pub fn message(&self) -> Message {
        let zh = match self {
            Self::Stopped(why) => format!("已停止写入：{}", reason(why)),
            Self::DiskFull { free_bytes, min_free_bytes } => {
                format!("磁盘将满：剩余 {free_bytes} 字节，写入须有 {min_free_bytes} 字节")
            }
            Self::Unavailable(why) => format!("暂不可用：{}", reason(why)),
            Self::Unknown(why) => format!("写入未成功，结果不明：{}", reason(why)),
            Self::TooLarge { bytes, limit_bytes } => {
                format!("一条记录有 {bytes} 字节，超过上限 {limit_bytes}：请缩短理由和文字")
            }
            Self::Inexact(of) => format!("{of} 的记录无法完整保存"),
            Self::LooksStruck => "文字不得与已删去的文字形式相同".to_owned(),
            Self::Read(why) => format!("数据库无法读取：{}", reason(why)),
            Self::Open(why) => format!("数据库无法打开：{}", reason(why)),
            Self::Folder(fault) => fault.message().zh,
            Self::FormatVersion { found, supported } => {
                format!("记录格式为第{found}版，本程序只能读到第{supported}版：请使用更新的程序")
            }
            Self::Damaged(why) => format!("记录已损坏（{}）：请由备份恢复", reason(why)),
            Self::NotEmpty => "数据库不为空：请另选空文件夹".to_owned(),
        };
        let en = match self {
            Self::Folder(fault) => fault.message().en,
            other => other.to_string(),
        };
        Message::new(zh, en)
    }
}
