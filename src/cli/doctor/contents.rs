//! The store itself: whether it opens and what is in it, looked at on a copy; of one that is in service, what the service
//! says.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use crate::access::{Directory, Power, TokenKey};
use crate::config::Config;
use crate::pb;
use crate::pb::operations_service_client::OperationsServiceClient;
use crate::report::Message;
use crate::server::open_unserved;
use crate::store::{SigningKey, Store, StoreError, lost_in_words, remove_empty_snapshots};

use super::super::client::{Server, connect};
use super::super::verify::{Scratch, check};
use super::super::{Failure, output};
use crate::server::condition::clock;
use crate::service::{Condition, ConditionState};

/// Looks into the store; whether a service has it open.
pub(crate) async fn examine(
    scratch: &Scratch,
    data: &Path,
    config: Option<&Config>,
    server: &Server,
    findings: &mut Vec<Condition>,
) -> Result<bool, Failure> {
    const NAME: &str = "store";
    let copy = match scratch.copy(data) {
        Ok(copy) => copy,
        Err(error) => {
            let in_service = is_busy(&error);
            findings.push(not_copied(NAME, &error));
            findings.extend(token_key(data, None).into_iter().chain(signing_key(data)));
            findings.push(if in_service {
                clock_of_service(server).await
            } else {
                clock::judge(Timestamp::now(), None)
            });
            return Ok(in_service);
        }
    };
    let store = match open_unserved(copy.path()) {
        Ok(store) => store,
        Err(error) => {
            findings.push(not_opened(NAME, copy.path(), &error));
            findings.extend(token_key(data, None).into_iter().chain(signing_key(data)));
            findings.push(clock::judge(Timestamp::now(), None));
            return Ok(false);
        }
    };
    let position = store.position();
    findings.push(Condition::good(
        NAME,
        format!("可以打开，日志至第{}条", position.sequence),
        format!("it opens; its journal ends at entry {}", position.sequence),
    ));
    findings.extend(lost(&*store));
    let directory = directory(&*store);
    findings.extend(token_key(data, directory.as_ref()).into_iter().chain(signing_key(data)));
    if let (Some(directory), Some(config)) = (&directory, config) {
        findings.extend(administrators(directory, config));
        findings.extend(second_person(directory, config));
    }
    findings.push(contents(store).await?);
    findings.push(clock::judge(Timestamp::now(), (position.sequence > 0).then_some(position.time)));
    Ok(false)
}

/// Entries that neither the log nor its copy has.
fn lost(store: &dyn Store) -> Option<Condition> {
    let lost = store.lost();
    let words = lost_in_words(&lost);
    (!lost.is_empty()).then(|| {
        Condition::new(
            "lost_entries",
            ConditionState::Fault,
            Message::new(
                format!("{} 条日志条目在日志与副本中均已损坏：{words}", lost.len()),
                format!("{} journal entries are damaged in the log and its copy: {words}", lost.len()),
            ),
            Message::new(
                "停止服务，留底，再由备份补回：huizong restore 备份文件 --into 数据文件夹",
                "stop the service, keep a copy, then put them back from a backup: huizong restore BACKUP --into FOLDER",
            ),
        )
    })
}

/// Who may do what, where that can be read; where it cannot, the contents are told of anyway.
fn directory(store: &dyn Store) -> Option<Directory> {
    let mut directory = Directory::default();
    for (_, change) in store.access().ok()? {
        directory.apply(&change).ok()?;
    }
    Some(directory)
}

/// Whether anyone may grant roles, where the service asks who calls.
fn administrators(directory: &Directory, config: &Config) -> Option<Condition> {
    const NAME: &str = "administrators";
    if !config.access.authentication {
        return None;
    }
    let count = directory.principals().filter(|(_, principal)| principal.power() == Some(Power::Security)).count();
    if count > 0 {
        return Some(Condition::good(
            NAME,
            format!("有{count}名安全管理员"),
            format!("there are {count} security administrator(s)"),
        ));
    }
    let message = Message::new(
        "还没有安全管理员：无人能授予角色、签发令牌",
        "there is no security administrator yet: nobody can grant roles or make tokens",
    );
    let remedy = Message::new(
        "请停止服务，以服务用户运行 huizong credential bootstrap 姓名",
        "stop the service, and run huizong credential bootstrap NAME as its user",
    );
    Some(Condition::new(NAME, ConditionState::Fault, message, remedy))
}

/// Whether anyone can agree to what a security administrator asks for, where that takes a second person.
fn second_person(directory: &Directory, config: &Config) -> Option<Condition> {
    const NAME: &str = "second_person";
    if !config.access.dual_control {
        return None;
    }
    let other = |power| matches!(power, Some(Power::System | Power::Audit));
    let count = directory.principals().filter(|(_, principal)| other(principal.power())).count();
    if count > 0 {
        return Some(Condition::good(
            NAME,
            format!("有{count}人可确认授权"),
            format!("{count} person(s) can agree to what is asked for"),
        ));
    }
    let message = Message::new(
        "已启用双人控制，却无人可确认：没有系统管理员，也没有审计员",
        "powers take two persons, and there is no second: neither a system administrator nor an auditor",
    );
    let remedy = Message::new(
        "请停止服务，以服务用户运行 huizong credential bootstrap 姓名 --role auditor --code",
        "stop the service, and run huizong credential bootstrap NAME --role auditor --code as its user",
    );
    Some(Condition::new(NAME, ConditionState::Fault, message, remedy))
}

/// What is wrong with the key that signs the journal: without one, a start makes it.
fn signing_key(data: &Path) -> Option<Condition> {
    if !data.join(SigningKey::FILE).exists() {
        return None;
    }
    let error = SigningKey::open(data).err()?;
    let message = Message::new(
        format!("日志签名密钥不可用：{error}"),
        format!("the key that signs the journal cannot be used: {error}"),
    );
    let remedy = Message::new(
        "请将备份中保存的 signing-key 放回数据目录；没有的，删去该文件后启动，此后的日志首部由新密钥签名",
        "put the signing-key that is kept with the backups back into the folder; where there is none, delete the file and \
         start: heads of the journal are signed by a new key from then on",
    );
    Some(Condition::new("signing_key", ConditionState::Fault, message, remedy))
}

/// The key of the tokens: whether it can be used, and whether the tokens that hold were made with it.
fn token_key(data: &Path, directory: Option<&Directory>) -> Option<Condition> {
    const NAME: &str = "token_key";
    let now = Timestamp::now();
    let made_with = |wanted: &dyn Fn(crate::access::KeyId) -> bool| {
        let credentials = directory.into_iter().flat_map(Directory::credentials);
        credentials.filter(|credential| credential.is_good(now) && credential.key.is_some_and(wanted)).count()
    };
    if !data.join(TokenKey::FILE).exists() {
        let tokens = made_with(&|_| true);
        if tokens == 0 {
            return None;
        }
        let message = Message::new(
            format!("令牌密钥 token-key 已不在：{tokens} 个有效令牌都将被拒绝"),
            format!("the token-key is gone: {tokens} token(s) that hold will be refused"),
        );
        return Some(Condition::new(NAME, ConditionState::Fault, message, put_key_back()));
    }
    let key = match TokenKey::open(data) {
        Ok(key) => key.id(),
        Err(error) => {
            let message = Message::new(
                format!("令牌密钥不可用：{error}"),
                format!("the key of the tokens cannot be used: {error}"),
            );
            let remedy = Message::new(
                "请将备份中保存的 token-key 放回数据目录；没有的，删去该文件后启动，并重新签发全部令牌",
                "put the token-key that is kept with the backups back into the folder; where there is none, delete the \
                 file, start, and make every token anew",
            );
            return Some(Condition::new(NAME, ConditionState::Fault, message, remedy));
        }
    };
    let foreign = made_with(&|made| made != key);
    if foreign > 0 {
        let message = Message::new(
            format!("{foreign} 个有效令牌由另一密钥签发，均会被拒绝：token-key 不是本数据库原来的密钥"),
            format!(
                "{foreign} token(s) that hold were made with another key and are refused: the token-key is not this store's"
            ),
        );
        return Some(Condition::new(NAME, ConditionState::Fault, message, put_key_back()));
    }
    Some(Condition::good(NAME, "令牌密钥可读", "the key of the tokens can be read"))
}

fn put_key_back() -> Message {
    Message::new(
        "请停止服务，将备份中保存的 token-key 放回数据目录；没有的，请重新签发这些令牌（huizong credential bootstrap --again）",
        "stop the service and put the token-key that is kept with the backups back into the folder; where there is none, \
         make these tokens anew (huizong credential bootstrap --again)",
    )
}

/// The clock of a service that has the store open, as the service itself tells it.
async fn clock_of_service(server: &Server) -> Condition {
    let skipped = |zh: String, en: String| {
        let remedy = Message::new(
            "请以 --server 指明服务，并以 --token-file 等出示系统管理员的凭据",
            "name the service with --server, and show a system administrator's credentials, as with --token-file",
        );
        Condition::new(clock::NAME, ConditionState::Skipped, Message::new(zh, en), remedy)
    };
    let channel = match connect(server).await {
        Ok(channel) => channel,
        Err(_) => return skipped("未能连接服务".to_owned(), "the service was not reached".to_owned()),
    };
    match OperationsServiceClient::new(channel).get_status(pb::GetStatusRequest::default()).await {
        Err(status) => {
            skipped(format!("服务未答复：{}", status.message()), format!("it did not answer: {}", status.message()))
        }
        Ok(answer) => {
            let status = answer.into_inner();
            let now = output::timestamp(status.clock_time).unwrap_or_else(Timestamp::now);
            clock::judge(now, output::timestamp(status.journal_time))
        }
    }
}

fn is_busy(error: &StoreError) -> bool {
    error.to_string().contains("another process has it open")
}

fn not_copied(name: &'static str, error: &StoreError) -> Condition {
    if is_busy(error) {
        let message = Message::new("服务正在使用，未离线检查", "a service has it open, so it was not looked into");
        let remedy = Message::new(
            "请运行 huizong verify 在线校验，或停止服务后再查",
            "run huizong verify against the service, or stop it and look again",
        );
        return Condition::new(name, ConditionState::Skipped, message, remedy);
    }
    let Message { zh, en } = error.message();
    let message = Message::new(format!("无法复制以供检查：{zh}"), format!("no copy could be made: {en}"));
    let remedy = Message::new(
        "请核对 --data；数据目录中日志 log 与副本 db 均缺失的，勿启动服务，以 huizong restore 由备份恢复到新目录；副本空间不足时以 \
         --scratch 另选文件夹",
        "check --data; where both log and db are gone from it, do not start the service and restore a backup into a \
         new folder; where there is no room for a copy, choose a folder with --scratch",
    );
    Condition::new(name, ConditionState::Fault, message, remedy)
}

/// Why the copy did not open, and whether it does without empty snapshots.
fn not_opened(name: &'static str, copy: &Path, error: &StoreError) -> Condition {
    let removed = remove_empty_snapshots(copy).unwrap_or_default();
    if !removed.is_empty() && open_unserved(copy).is_ok() {
        let names = removed.join(", ");
        let message = Message::new(
            format!("无法打开：快照文件 {names} 为空；副本中删去后可以打开，数据都在日志中"),
            format!(
                "it does not open: the snapshot {names} is empty; without it the copy opens, for the log has all of it"
            ),
        );
        let remedy = Message::new(
            format!("请先复制整个数据目录留底，再删除其中的 {names}"),
            format!("copy the whole folder to a safe place, then delete {names} in it"),
        );
        return Condition::new(name, ConditionState::Fault, message, remedy);
    }
    let Message { zh, en } = error.message();
    let message = Message::new(format!("无法打开：{zh}"), format!("it does not open: {en}"));
    let remedy = Message::new(
        "请先复制整个数据目录留底，勿启动服务；再以 huizong restore 由备份恢复到新目录",
        "copy the whole folder to a safe place and do not start the service; then restore a backup into a new folder",
    );
    Condition::new(name, ConditionState::Fault, message, remedy)
}

async fn contents(store: Arc<dyn Store>) -> Result<Condition, Failure> {
    const NAME: &str = "records_and_totals";
    let found = check(store).await?;
    if found.faults_total == 0 {
        return Ok(Condition::good(
            NAME,
            format!("{} 条记录、链、互相引用与重算的合计均一致", found.records),
            format!(
                "{} records, the chain, what they say of each other, and the recounted totals agree",
                found.records
            ),
        ));
    }
    let first = found.faults.first();
    let text = first.and_then(|fault| fault.message.clone()).unwrap_or_default();
    let place = first.map(|fault| fault.place.clone()).unwrap_or_default();
    let total = found.faults_total;
    let message = Message::new(
        format!("{total}处问题，首先是 {place}：{}", text.zh),
        format!("{total} fault(s), first {place}: {}", text.en),
    );
    let remedy = Message::new(
        "请运行 huizong verify 查看全部；留底后由备份恢复",
        "see all of them with huizong verify; keep a copy, then restore a backup",
    );
    Ok(Condition::new(NAME, ConditionState::Fault, message, remedy))
}
