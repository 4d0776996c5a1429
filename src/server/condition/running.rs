//! What metrics tell of the service as it runs, in words.

use crate::admin::{disk_usage, memory_limit};
use crate::config::Config;
use crate::report::{Message, because};
use crate::service::{BACKUP, Condition, ConditionState, Service, YearVitals};
use crate::ship;
use crate::store::Freshness;

use super::places::{self, mebibytes};

/// Report years that are told of, the newest first.
const YEARS: usize = 3;

/// So many entries do not wait where the receiver takes them.
const WAITING_MAX: u64 = 1000;

/// Of the memory that the process may take, so many hundredths should not be passed.
const MEMORY_FULL: u64 = 90;

/// The totals, how much the store takes, and memory.
pub(crate) fn store(config: &Config, service: &Service) -> Vec<Condition> {
    let mut found = Vec::new();
    if let Some(fault) = service.totals_fault() {
        let message = Message::new(
            format!("汇总数据不可信{}", because(&fault)),
            format!("the totals cannot be trusted: {fault}"),
        );
        let remedy = Message::new(
            "请联系运维人员重启服务并核验数据",
            "have the operator restart the service and verify the store",
        );
        found.push(Condition::new("totals", ConditionState::Fault, message, remedy));
    }
    if let Some(bytes) = disk_usage(&config.data_directory).store_bytes {
        let size = mebibytes(bytes);
        found.push(Condition::good("store_size", format!("数据文件共{size}"), format!("its files take {size}")));
    }
    found.extend(memory());
    found
}

/// How this instance stands beside the journal that it shares.
pub(crate) fn shared(service: &Service) -> Option<Condition> {
    const NAME: &str = "shared_store";
    let Freshness { age, limit, behind, trouble, diverged } = service.freshness()?;
    if let Some(why) = diverged {
        let message = Message::new(
            format!("本实例展示过的内容已不在共享日志中{}", because(&why)),
            format!("what this instance has shown is not in the shared journal any more: {why}"),
        );
        let remedy = Message::new(
            "本实例将自行停止，请重新启动；数据目录中的 lost-*.jsonl 是所失内容，请妥善保存",
            "it ends by itself: start it again, and keep the lost-*.jsonl in its folder, which is what is lost",
        );
        return Some(Condition::new(NAME, ConditionState::Fault, message, remedy));
    }
    let seconds = age.as_secs_f32();
    let message = Message::new(
        format!("{seconds:.1}秒前与共享日志一致，尚差{behind}条"),
        format!("it knew all of the shared journal {seconds:.1} s ago, and is {behind} entries behind"),
    );
    if age <= limit {
        return Some(Condition::good(NAME, message.zh, message.en));
    }
    let why = trouble.unwrap_or_default();
    let remedy = Message::new(
        format!("请检查共享数据库（PostgreSQL）与网络；期间本实例不作答复{}", because(&why)),
        format!(
            "look after PostgreSQL and the network; meanwhile this instance answers nothing{}{why}",
            if why.is_empty() { "" } else { ": " }
        ),
    );
    Some(Condition::new(NAME, ConditionState::Fault, message, remedy))
}

fn memory() -> Option<Condition> {
    const NAME: &str = "memory";
    let used = resident_bytes(&std::fs::read_to_string("/proc/self/status").ok()?)?;
    let shown = mebibytes(used);
    let Some(limit) = memory_limit() else {
        return Some(Condition::good(
            NAME,
            format!("占用{shown}，未设上限"),
            format!("{shown} are used, without a limit"),
        ));
    };
    let (zh, en) =
        (format!("占用{shown}，上限{}", mebibytes(limit)), format!("{shown} of {} are used", mebibytes(limit)));
    if used / 100 < limit / 10_000 * MEMORY_FULL {
        return Some(Condition::good(NAME, zh, en));
    }
    let remedy = Message::new(
        "请调高服务的内存上限，或调低内存用量的设置（memory.columns_mib、limits.document_readers）",
        "raise the limit, or lower memory.columns_mib and limits.document_readers",
    );
    Some(Condition::new(NAME, ConditionState::Warning, Message::new(zh, en), remedy))
}

/// What Linux says of a process: `VmRSS:   12345 kB`.
fn resident_bytes(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim_end().parse::<u64>().ok()?.checked_mul(1024)
}

/// Whether backups are made as they should be; where another instance makes them, they are in its folder.
pub(crate) fn backups(config: &Config, service: &Service) -> Vec<Condition> {
    if service.is_done_elsewhere(BACKUP) {
        let (zh, en) = ("由其他实例备份", "another instance makes them");
        return vec![Condition::good("backups", zh, en)];
    }
    places::backups(config, &config.data_directory)
}

/// Where the service makes no backups by itself, they are somebody else's to see to.
pub(crate) fn backups_elsewhere(config: &Config) -> Option<Condition> {
    (!config.backup.is_on()).then(|| {
        Condition::new(
            "backups",
            ConditionState::Skipped,
            Message::new("本服务未设定自动备份", "the service makes none by itself"),
            Message::new(
                "请确认另有定期备份，或设定备份目录（backup.directory）",
                "see to it that they are made elsewhere, or set backup.directory",
            ),
        )
    })
}

/// Who tries to get in, and tokens that cannot be used.
pub(crate) fn callers(config: &Config, service: &Service) -> Vec<Condition> {
    if !config.access.authentication {
        return Vec::new();
    }
    let (failures, lock_outs) = service.sign_in_counts();
    let (zh, en) = (
        format!("本次启动以来，无效的令牌或登记码{failures}次，因此要求等待{lock_outs}次"),
        format!(
            "since the start {failures} token(s) or codes were not valid, and addresses were told to wait {lock_outs} time(s)"
        ),
    );
    let mut found = vec![if lock_outs == 0 {
        Condition::good("sign_ins", zh, en)
    } else {
        let remedy = Message::new(
            "请由审计管理员在操作日志中查看来自哪些地址；有人试探的，请在网络上限制",
            "have the auditor see in the journal from which addresses, and keep out whoever tries",
        );
        Condition::new("sign_ins", ConditionState::Warning, Message::new(zh, en), remedy)
    }];
    let foreign = service.tokens_of_another_key(false);
    if foreign > 0 {
        found.push(Condition::new(
            "token_key",
            ConditionState::Fault,
            Message::new(
                format!("{foreign}个有效令牌由另一密钥签发，均会被拒绝"),
                format!("{foreign} token(s) that hold were made with another key and are refused"),
            ),
            Message::new(
                "请停止服务，将备份中保存的 token-key 放回数据目录；没有的，请重新签发这些令牌",
                "stop the service and put the token-key that is kept with the backups back; where there is none, make these \
                 tokens anew",
            ),
        ));
    }
    found
}

/// How far the journal has come, to wherever it is sent.
pub(crate) fn shipping(config: &Config, service: &Service) -> Vec<Condition> {
    let newest = service.newest_sequence();
    let told = |(to, arrived): (Message, Option<u64>)| {
        let Some(arrived) = arrived else {
            let (zh, en) = (format!("{}：由其他实例发送", to.zh), format!("{}: another instance sends it", to.en));
            return Condition::good("shipping", zh, en);
        };
        let waiting = newest.saturating_sub(arrived);
        let (zh, en) = (
            format!("{}：已送达第{arrived}条，尚有{waiting}条", to.zh),
            format!("{}: entry {arrived} has arrived, {waiting} have not", to.en),
        );
        if waiting < WAITING_MAX {
            return Condition::good("shipping", zh, en);
        }
        let remedy = Message::new(
            "请查看服务运行日志，核对接收方的地址、证书与网络",
            "see the log, and check the receiver's address, certificates and network",
        );
        Condition::new("shipping", ConditionState::Warning, Message::new(zh, en), remedy)
    };
    ship::arrivals(config, service).into_iter().map(told).collect()
}

/// What is expected and has come, of the newest years.
pub(crate) fn reports(service: &Service) -> Vec<Condition> {
    // A store that cannot be read says so above.
    let mut years = service.coverage_by_year().unwrap_or_default();
    years.sort_by_key(|vitals| std::cmp::Reverse(vitals.year));
    let told = |vitals: YearVitals| {
        let YearVitals { year, expected, received, included } = vitals;
        Condition::good(
            "reports",
            format!("{year}年度：应报{expected}份，已报{received}份，计入汇总{included}份"),
            format!("{year}: {expected} expected, {received} received, {included} included"),
        )
    };
    years.into_iter().take(YEARS).map(told).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_what_the_kernel_says_the_process_has() {
        assert_eq!(resident_bytes("Name:\thuizong\nVmRSS:\t   2048 kB\nThreads:\t1\n"), Some(2 << 20));
        assert_eq!(resident_bytes("Name:\thuizong\n"), None);
        assert!(memory().is_some_and(|condition| condition.message.zh.contains("MiB")));
    }
}
