//! The journal that several instances share: whether it is reached, keeps what it acknowledges, has tables that this program knows
//! and standbys that follow; and the keys that the instances have in common.

use std::path::Path;

use crate::access::TokenKey;
use crate::config::Config;
use crate::report::Message;
use crate::server::engine;
use crate::service::{Condition, ConditionState};
use crate::store::{EngineStatus, SigningKey, engine as tables};

const NAME: &str = "shared_store";

/// Looks at all of it; nothing is changed.
pub(crate) async fn examine(config: &Config) -> Vec<Condition> {
    let mut found = match looked(config).await {
        Ok(status) => reached(config, &status),
        Err(why) => vec![not_reached(&why)],
    };
    found.extend(keys(&config.store.keys_directory));
    found
}

async fn looked(config: &Config) -> Result<EngineStatus, String> {
    let engine = engine(&config.store)?.ok_or_else(|| "store.url is empty".to_owned())?;
    let looked = tokio::task::spawn_blocking(move || tables::status(&engine)).await;
    looked.map_err(|error| error.to_string())?
}

fn not_reached(why: &str) -> Condition {
    let message = Message::new(format!("共享数据库不可用：{why}"), format!("the shared store cannot be used: {why}"));
    let remedy = Message::new(
        "请核对 store.url、口令文件与证书，以及 PostgreSQL 是否运行；尚未建表的，运行 huizong store init",
        "check store.url, the password's file and certificates, and whether PostgreSQL runs; where there are no tables yet, \
         run huizong store init",
    );
    Condition::new(NAME, ConditionState::Fault, message, remedy)
}

fn reached(config: &Config, status: &EngineStatus) -> Vec<Condition> {
    let sequence = status.position.sequence;
    let mut found = vec![Condition::good(
        NAME,
        format!("可以连接，日志至第{sequence}条，表结构版本 {}", status.format),
        format!("it is reached; its journal ends at entry {sequence}, its tables have format {}", status.format),
    )];
    found.push(durability(config, status));
    found.extend(standbys(config, status));
    found.extend(extras(status));
    found
}

/// What a store of before lacks.
fn extras(status: &EngineStatus) -> Option<Condition> {
    (!status.extras.leases).then(|| {
        let message = Message::new(
            "缺少各实例分工的表：备份与日志发送由每个实例各做一次",
            "the table is missing by which instances share jobs: each makes backups and sends the journal",
        );
        let remedy = Message::new(
            "请运行 huizong store upgrade，并以 --role 授权，再逐一重新启动各实例",
            "run huizong store upgrade with --role, and start one instance after the other anew",
        );
        Condition::new("shared_store_jobs", ConditionState::Warning, message, remedy)
    })
}

/// Whether it keeps what it acknowledges.
fn durability(config: &Config, status: &EngineStatus) -> Condition {
    const NAME: &str = "shared_store_durability";
    if let Some(fault) = &status.fault {
        let message = Message::new(format!("各实例不予采用：{fault}"), format!("no instance takes it: {fault}"));
        let remedy = Message::new(
            "请按 docs/instances.md 更改 PostgreSQL 的设置，或升级本程序",
            "change the settings of PostgreSQL as docs/instances.md says, or update this program",
        );
        return Condition::new(NAME, ConditionState::Fault, message, remedy);
    }
    if config.store.without_standby {
        let message = Message::new(
            "没有备库：该机器损坏时，已确认的数据随之丢失",
            "there is no standby: what was acknowledged is lost with that machine",
        );
        let remedy = Message::new(
            "正式使用时请设同步备库（synchronous_standby_names），并去掉 store.without_standby",
            "in earnest give it a synchronous standby (synchronous_standby_names), and take store.without_standby away",
        );
        return Condition::new(NAME, ConditionState::Warning, message, remedy);
    }
    Condition::good(NAME, "已确认的数据均在备库落盘", "what is acknowledged is on a standby, too")
}

/// Standbys that follow now, where this role may see them.
fn standbys(config: &Config, status: &EngineStatus) -> Option<Condition> {
    const NAME: &str = "shared_store_standbys";
    let (connected, synchronous) = status.standbys?;
    if config.store.without_standby && connected == 0 {
        return None;
    }
    let message = Message::new(
        format!("已连接备库{connected}个，其中同步{synchronous}个"),
        format!("{connected} standby(s) follow, {synchronous} of them synchronously"),
    );
    if synchronous > 0 || config.store.without_standby {
        return Some(Condition::good(NAME, message.zh, message.en));
    }
    let remedy = Message::new(
        "没有同步备库时写入一律等待；请恢复备库。若角色无权查看，请授予 pg_monitor",
        "without a synchronous one every write waits: bring it back. A role that may not see them needs pg_monitor",
    );
    Some(Condition::new(NAME, ConditionState::Warning, message, remedy))
}

/// The keys that all instances have in common, by what they are told apart.
fn keys(folder: &Path) -> Vec<Condition> {
    const NAME: &str = "shared_keys";
    let shown = folder.display();
    let missing: Vec<_> =
        [TokenKey::FILE, SigningKey::FILE].into_iter().filter(|file| !folder.join(file).exists()).collect();
    if !missing.is_empty() {
        let missing = missing.join(", ");
        let message = Message::new(format!("{shown} 缺少 {missing}"), format!("{shown} lacks {missing}"));
        let remedy = Message::new(
            "请由其他实例复制同一份；首次设置时以 huizong store init --keys 生成",
            "copy the same from another instance; the first time huizong store init --keys makes them",
        );
        return vec![Condition::new(NAME, ConditionState::Fault, message, remedy)];
    }
    let keys = TokenKey::open(folder).and_then(|token| Ok((token, SigningKey::open(folder)?)));
    match keys {
        Ok((token, signing)) => {
            let (token, signing) = (hex::encode(token.id().0), signing.public());
            vec![Condition::good(
                NAME,
                format!("令牌密钥 {token}，签名密钥 {signing}：各实例须相同"),
                format!("the key of tokens is {token}, that of signatures {signing}: they must be the same everywhere"),
            )]
        }
        Err(error) => {
            let message =
                Message::new(format!("共用密钥不可用：{error}"), format!("the common keys cannot be used: {error}"));
            let remedy = Message::new("请由其他实例复制同一份", "copy the same from another instance");
            vec![Condition::new(NAME, ConditionState::Fault, message, remedy)]
        }
    }
}
