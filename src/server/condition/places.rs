//! Folders and disks: whether the store is there, how much room it has, what it lies on, who may read it and who owns it.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use jiff::Timestamp;

use crate::access::TokenKey;
use crate::config::Config;
use crate::report::{Message, because};
use crate::service::{Condition, ConditionState};
use crate::store::disk::{FileSystem, file_system, free_bytes};
use crate::store::transfer::Kept;
use crate::store::{Folder, FolderFault, PRIVATE_FILE, PRIVATE_FOLDER, examine};

use super::moment;

/// Bits of a mode by which a group or others may do something.
const OF_OTHERS: u32 = 0o077;

/// Whether there is a store in the folder.
pub(crate) fn folder(data: &Path) -> Condition {
    const NAME: &str = "folder";
    let fault = |message: Message, remedy: Message| Condition::new(NAME, ConditionState::Fault, message, remedy);
    let shown = data.display();
    match examine(data) {
        Err(error) => unknown(NAME, &error),
        Ok(Folder::Store) => Condition::good(NAME, format!("{shown} 中有数据库"), format!("{shown} holds a store")),
        Ok(Folder::Vacant) => {
            let message = if data.exists() {
                Message::new(format!("{shown} 是空文件夹，没有数据库"), format!("{shown} holds no store"))
            } else {
                Message::new(format!("{shown} 不存在"), format!("{shown} is not there"))
            };
            let remedy = Message::new(
                "请核对数据目录（data_directory）与挂载的卷；确需新建的，请运行 huizong init；有备份的，请运行 huizong restore",
                "check data_directory and whether its volume is mounted; for a new store run huizong init, with a backup \
                 huizong restore",
            );
            fault(message, remedy)
        }
        Ok(Folder::Remains(names)) => {
            let remedy = Message::new(
                "请勿在此新建；请找回日志或其副本，或以 huizong restore 由备份恢复到新的空文件夹",
                "make no new store there; find the log or its copy, or restore a backup into a new folder",
            );
            fault(FolderFault::Remains(data.to_owned(), names).message(), remedy)
        }
    }
}

pub(crate) fn mebibytes(bytes: u64) -> String {
    match bytes >> 20 {
        few if few < 10 << 10 => format!("{few} MiB"),
        many => format!("{} GiB", many >> 10),
    }
}

pub(crate) fn disk_space(data: &Path, config: &Config) -> Condition {
    const NAME: &str = "disk_space";
    let free = match free_bytes(data) {
        Ok(free) => free,
        Err(error) => return unknown(NAME, &error),
    };
    let least = config.store.min_free_bytes;
    let (zh, en) = (format!("可用{}", mebibytes(free)), format!("{} are free", mebibytes(free)));
    let remedy = Message::new(
        "请清理磁盘或扩容；若磁盘已满、数据无法打开，删除数据目录中的 ballast 文件即可腾出空间",
        "free or add space; where the disk is full and the store does not open, delete the file ballast in its folder",
    );
    if free < least {
        let message = Message::new(
            format!("{zh}，低于{}的下限（min_free_bytes）：暂停写入", mebibytes(least)),
            format!("{en}, less than min_free_bytes ({}): writes are refused", mebibytes(least)),
        );
        return Condition::new(NAME, ConditionState::Fault, message, remedy);
    }
    if free < least.saturating_mul(4) {
        let message = Message::new(
            format!("{zh}；低于{}时将暂停写入", mebibytes(least)),
            format!("{en}; writes will be refused under {}", mebibytes(least)),
        );
        return Condition::new(NAME, ConditionState::Warning, message, remedy);
    }
    Condition::good(NAME, zh, en)
}

fn unknown(name: &'static str, error: &std::io::Error) -> Condition {
    let message =
        Message::new(format!("无法查看{}", because(&error.to_string())), format!("it cannot be looked at: {error}"));
    let remedy = Message::new("请核对数据目录（--data）与访问权限", "check --data and the permissions");
    Condition::new(name, ConditionState::Fault, message, remedy)
}

pub(crate) fn file_system_kind(data: &Path) -> Condition {
    const NAME: &str = "file_system";
    let local = Message::new("请改用本地磁盘（ext4 或 xfs）", "move the store to a local disk (ext4 or xfs)");
    match file_system(data) {
        Err(error) => unknown(NAME, &error),
        Ok(FileSystem::Local) => Condition::good(NAME, "本地文件系统", "it is local"),
        Ok(FileSystem::Network(kind)) => {
            let message = Message::new(
                format!("网络文件系统 {kind}：锁与写入磁盘没有保证，可能丢失已确认的数据"),
                format!(
                    "a network file system, {kind}: locks and syncs may not hold, and what was acknowledged be lost"
                ),
            );
            Condition::new(NAME, ConditionState::Warning, message, local)
        }
        Ok(FileSystem::CopyOnWrite(kind)) => {
            let message = Message::new(
                format!("写时复制文件系统 {kind}：数据文件会碎片化，磁盘将满时连改写也会失败"),
                format!(
                    "a copy-on-write file system, {kind}: the data file scatters, and a nearly full disk refuses even to overwrite"
                ),
            );
            Condition::new(NAME, ConditionState::Warning, message, local)
        }
        Ok(FileSystem::Layer(kind)) => {
            let message = Message::new(
                format!("容器的可写层 {kind}：容器删除后数据即丢失"),
                format!("the writable layer of a container, {kind}: everything is gone with the container"),
            );
            let remedy = Message::new("请为数据目录挂载卷", "mount a volume for the store");
            Condition::new(NAME, ConditionState::Warning, message, remedy)
        }
        Ok(FileSystem::Memory(kind)) => {
            let message = Message::new(
                format!("内存文件系统 {kind}：关机后数据即丢失"),
                format!("in memory, {kind}: everything is gone when the machine stops"),
            );
            Condition::new(NAME, ConditionState::Warning, message, local)
        }
    }
}

/// Whether anyone else may read keys or data.
pub(crate) fn privacy(data: &Path, config: Option<&Config>) -> Vec<Condition> {
    const NAME: &str = "privacy";
    let mode = |path: &Path| path.metadata().map(|metadata| metadata.mode() & 0o777);
    let folder = mode(data).unwrap_or(PRIVATE_FOLDER);
    let mut open = Vec::new();
    if folder & OF_OTHERS != 0 {
        open.push(format!("{} ({folder:04o})", data.display()));
        for file in data.read_dir().into_iter().flatten().flatten() {
            let found = mode(&file.path()).unwrap_or(PRIVATE_FILE);
            if found & OF_OTHERS != 0 {
                open.push(format!("{} ({found:04o})", file.file_name().to_string_lossy()));
            }
        }
    } else if mode(&data.join(TokenKey::FILE)).is_ok_and(|mode| mode & OF_OTHERS != 0) {
        // The service itself refuses it, whatever the folder says.
        open.push(TokenKey::FILE.to_owned());
    }
    let shown = data.display();
    let mut findings = vec![if open.is_empty() {
        Condition::good(NAME, "仅属主可读数据", "only its owner may read the store")
    } else {
        let message = Message::new(
            format!("其他用户可以读取：{}", open.join("、")),
            format!("others may read: {}", open.join(", ")),
        );
        let remedy = Message::new(
            format!("请运行 chmod -R go= {shown}；令牌密钥可能已被读取的，请删去后重新签发全部令牌"),
            format!(
                "run chmod -R go= {shown}; where others may have read the token-key, delete it and make every token anew"
            ),
        );
        Condition::new(NAME, ConditionState::Fault, message, remedy)
    }];
    let key = config.filter(|config| config.tls.is_on()).map(|config| &config.tls.key);
    // A group may be the service's own.
    if let Some(key) = key.filter(|key| mode(key).is_ok_and(|mode| mode & 0o007 != 0)) {
        let shown = key.display();
        let message =
            Message::new(format!("任何用户都可以读取私钥 {shown}"), format!("everyone may read the key {shown}"));
        let remedy = Message::new(
            format!("请运行 chmod o= {shown}，并换用新的私钥与证书"),
            format!("run chmod o= {shown}, and take a new key and certificate"),
        );
        findings.push(Condition::new("tls_key_privacy", ConditionState::Fault, message, remedy));
    }
    findings
}

/// Whether everything in the folder belongs to whom it should.
pub(crate) fn owner(data: &Path) -> Condition {
    const NAME: &str = "owner";
    let uid = |path: &Path| path.metadata().map(|metadata| metadata.uid()).ok();
    let Some(owner) = uid(data) else {
        return Condition::good(NAME, "无法查看属主", "the owner cannot be told");
    };
    let me = rustix::process::geteuid().as_raw();
    let parent = data.canonicalize().ok().and_then(|data| uid(data.parent()?));
    // Whoever made the place for it is the one whom it was made for; root makes places for others.
    let expected = match parent {
        _ if me != 0 => me,
        Some(parent) if parent != 0 => parent,
        _ => owner,
    };
    let mut others: Vec<String> = Vec::new();
    if owner != expected {
        others.push(format!("{} (uid {owner})", data.display()));
    }
    for file in data.read_dir().into_iter().flatten().flatten() {
        if let Some(uid) = uid(&file.path()).filter(|uid| *uid != expected) {
            others.push(format!("{} (uid {uid})", file.file_name().to_string_lossy()));
        }
    }
    if others.is_empty() {
        return Condition::good(
            NAME,
            format!("均属于服务用户（uid {expected}）"),
            format!("everything belongs to uid {expected}"),
        );
    }
    let message = Message::new(
        format!("不属于服务用户（uid {expected}）：{}；服务将无法读写", others.join("、")),
        format!("what does not belong to uid {expected}: {}; the service cannot read or write it", others.join(", ")),
    );
    let remedy = Message::new(
        format!("请停止服务，运行 chown -R {expected} {}；今后以服务用户运行各命令", data.display()),
        format!(
            "stop the service, run chown -R {expected} {}, and run commands as the service's user from now on",
            data.display()
        ),
    );
    Condition::new(NAME, ConditionState::Fault, message, remedy)
}

/// Whether the service makes backups as it should, where it makes any.
pub(crate) fn backups(config: &Config, data: &Path) -> Vec<Condition> {
    const NAME: &str = "backups";
    let backup = &config.backup;
    if !backup.is_on() {
        return Vec::new();
    }
    let shown = backup.directory.display();
    let mut findings = Vec::new();
    let device = |path: &Path| path.metadata().map(|metadata| metadata.dev()).ok();
    if device(data).is_some() && device(data) == device(&backup.directory) {
        let message = Message::new(
            format!("备份 {shown} 与数据在同一磁盘：磁盘损坏则两者皆失"),
            format!("the backups in {shown} lie on the disk of the store: both are lost with it"),
        );
        let remedy = Message::new(
            "请将备份目录（backup.directory）改到另一磁盘，或另将备份复制到其他机器",
            "put backup.directory on another disk, or copy the backups to another machine",
        );
        findings.push(Condition::new("backup_disk", ConditionState::Warning, message, remedy));
    }
    let newest = match Kept::new(&backup.directory, backup.keep).list() {
        Ok(backups) => backups.into_iter().next_back(),
        Err(error) => {
            let message = Message::new(
                format!("无法查看备份{}", because(&error.to_string())),
                format!("they cannot be looked at: {error}"),
            );
            let remedy = Message::new(
                "请核对备份目录（backup.directory）与访问权限",
                "check backup.directory and its permissions",
            );
            findings.push(Condition::new(NAME, ConditionState::Fault, message, remedy));
            return findings;
        }
    };
    let hours = i64::try_from(backup.every_hours).unwrap_or(i64::MAX).saturating_mul(2);
    findings.push(match newest {
        Some(newest) if Timestamp::now().duration_since(newest.made).as_hours() < hours => Condition::good(
            NAME,
            format!("最近一份为 {}", newest.path.display()),
            format!("the newest is {}", newest.path.display()),
        ),
        // Of several instances one makes them, in its own folder.
        newest if config.store.is_shared() => {
            let (zh, en) = newest.map_or_else(
                || (format!("{shown} 中没有备份"), format!("there is none in {shown}")),
                |newest| {
                    let made = moment(newest.made);
                    (format!("{shown} 中最近一份为 {}", made.zh), format!("the newest in {shown} is of {}", made.en))
                },
            );
            let remedy = Message::new(
                "备份由各实例之一代做：请确认其他实例的备份目录中有近期备份",
                "one of the instances makes them for all: see to it that the folder of another has a recent one",
            );
            Condition::new(NAME, ConditionState::Skipped, Message::new(zh, en), remedy)
        }
        newest => {
            let (zh, en) = newest.map_or_else(
                || (format!("{shown} 中还没有备份"), format!("there is none in {shown} yet")),
                |newest| {
                    let made = moment(newest.made);
                    (format!("最近一份已是 {}", made.zh), format!("the newest is of {}", made.en))
                },
            );
            let remedy = Message::new(
                "请查看服务运行日志中备份失败的原因，核对备份目录（backup.directory）的空间与权限；服务刚启用的，稍后再查",
                "see in the log why backups fail, and check room and permissions of backup.directory; where it was just \
                 turned on, look again later",
            );
            Condition::new(NAME, ConditionState::Warning, Message::new(zh, en), remedy)
        }
    });
    findings
}
