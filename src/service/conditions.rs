//! How that is which the service rests on: the process looks at it, which knows its settings, and the status tells of it.

use crate::report::Message;

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConditionState {
    /// As it should be.
    Good,
    /// It works, and should be changed.
    Warning,
    /// It does not work, or will not for long.
    Fault,
    /// It could not be looked at, or is somebody else's to see to.
    Skipped,
}

/// What was looked at, how it is, and what to do.
#[derive(Debug, Clone)]
pub struct Condition {
    /// What was looked at, such as `disk_space`.
    pub check: &'static str,
    /// How it is.
    pub state: ConditionState,
    /// The same in words.
    pub message: Message,
    /// What to do.
    pub remedy: Message,
}

impl Condition {
    /// What was looked at, in its state.
    pub fn new(check: &'static str, state: ConditionState, message: Message, remedy: Message) -> Self {
        Self { check, state, message, remedy }
    }

    /// As it should be.
    pub fn good(check: &'static str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::new(check, ConditionState::Good, Message::new(zh, en), Message::new("无须处理", "nothing to do"))
    }

    /// What was looked at, as people call it; its name where nobody has given it another.
    pub fn title(&self) -> Message {
        TITLES
            .iter()
            .find(|(check, ..)| *check == self.check)
            .map_or_else(|| Message::new(self.check, self.check), |(_, zh, en)| Message::new(*zh, *en))
    }
}

/// What people call what is looked at.
const TITLES: &[(&str, &str, &str)] = &[
    ("exposure", "对外访问的保护", "protection from outside"),
    ("admin_port", "管理端口", "the admin port"),
    ("tls", "TLS证书与私钥", "TLS certificate and key"),
    ("server_certificate", "服务器证书", "server certificate"),
    ("client_ca", "客户端证书颁发机构", "authority of client certificates"),
    ("client_crl", "证书吊销列表", "list of revoked certificates"),
    ("tls_key_privacy", "私钥的访问权限", "who may read the private key"),
    ("backups", "备份", "backups"),
    ("backup_disk", "备份所在磁盘", "the disk of the backups"),
    ("disk_space", "磁盘空间", "disk space"),
    ("file_system", "文件系统", "file system"),
    ("privacy", "数据的访问权限", "who may read the data"),
    ("owner", "数据文件的属主", "who owns the data"),
    ("clock", "系统时钟", "clock"),
    ("totals", "汇总数据", "totals"),
    ("token_key", "令牌密钥", "key of the tokens"),
    ("store_size", "数据库大小", "size of the store"),
    ("memory", "内存", "memory"),
    ("sign_ins", "登录", "sign-ins"),
    ("shipping", "操作日志外送", "journal sent elsewhere"),
    ("reports", "报送情况", "reports"),
];
