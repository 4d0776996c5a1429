//! Everything that the journal has a word for, and what it is called in Chinese and English.

/// What an entry of the journal may be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Action {
    /// As it stands in the journal, such as `report.submit`.
    pub word: &'static str,
    /// What the dashboard and exports call it in Chinese.
    pub zh: &'static str,
    /// The same in English.
    pub en: &'static str,
}

/// A report is handed in.
pub const SUBMIT: &str = "report.submit";
/// A session began, or was not begun.
pub const SIGN_IN: &str = "session.begin";
/// Somebody ended their session.
pub const SIGN_OUT: &str = "session.end";
/// A call of a method that there is not.
pub const UNKNOWN_CALL: &str = "call.unknown";
/// Refusals that have no entry of their own, counted.
pub const REFUSALS_LEFT_OUT: &str = "refusals.left_out";
/// Whatever else has no entry of its own, counted.
pub const ENTRIES_LEFT_OUT: &str = "entries.left_out";
/// A service began to serve the store.
pub const START: &str = "service.start";
/// It ended as it should.
pub const STOP: &str = "service.stop";
/// Settings are others than those of the last start, or were read anew.
pub const SETTINGS: &str = "settings.change";
/// The machine's clock was set, or is far from the journal's time.
pub const CLOCK: &str = "clock.out_of_line";
/// The store was made of a backup.
pub const RESTORE: &str = "store.restore";
/// What was damaged in the log or in its copy was made again from the other.
pub const MEND: &str = "store.mend";
/// Running totals that differ from a count of the store.
pub const RECOUNT: &str = "totals.differ";

macro_rules! actions {
    ($($word:expr, $zh:literal, $en:literal;)*) => {
        /// Every word that stands in the journal's field `action`.
        pub const ACTIONS: &[Action] = &[$(Action { word: $word, zh: $zh, en: $en },)*];
    };
}

actions! {
    SUBMIT, "报送报告", "submit a report";
    "report.check", "仅审核报告（不保存）", "check a report without storing it";
    "report.get", "查看报告", "read a report";
    "report.list", "批量查看报告", "read many reports";
    "report.revisions", "查看报告各版本", "read a report's revisions";
    "report.events", "查看报告办理记录", "read a report's history";
    "report.contrast", "比较两份报告", "compare two reports";
    "report.render", "下载报告", "download a report";
    "report.accept", "通过报告", "accept a report";
    "report.return", "退回报告", "return a report";
    "report.withdraw", "撤回报告", "withdraw a report";
    "report.reconcile", "数据比对", "reconcile a consolidated report";
    "document.read", "读取文件", "have a document read";
    "form.layout", "查看表样", "read the layout of the form";
    "rule.list", "查看审核规则", "read the rules";
    "rule.failures", "查看规则不符情况", "read how often rules failed";
    "rollup.query", "查询汇总", "ask for sums";
    "rollup.anomalies", "查看异常数据", "list figures that deserve a look";
    "rollup.watch", "跟踪汇总", "follow sums";
    "form.get", "查看汇总表", "read a computed form";
    "form.render", "下载汇总表", "download a computed form";
    "form.freeze", "汇总表定稿", "finalise a computed form";
    "form.frozen", "查看定稿", "read a published version";
    "form.render_frozen", "下载定稿", "download a published version";
    "form.frozen_list", "列出定稿", "list published versions";
    "form.frozen_revisions", "查看定稿所含版本", "list the revisions in a published version";
    "form.compare", "比较定稿与当前数据", "compare a published version with current data";
    "coverage.get", "查看报送进度", "ask how many have reported";
    "coverage.missing", "查看未报单位", "list who has not reported";
    "coverage.watch", "跟踪报送进度", "follow how many have reported";
    "registry.jurisdiction", "查看地区", "read a jurisdiction";
    "registry.jurisdictions", "列出地区", "list jurisdictions";
    "registry.agency", "查看单位", "read an agency";
    "registry.agencies", "列出单位", "list agencies";
    "registry.apply", "变更单位名录", "change the registry";
    "registry.changes", "查看单位名录的变更", "read the changes of the registry";
    "registry.read_file", "读取名录文件", "read a registry file";
    "registry.render", "导出单位名录", "export the registry";
    "registry.suspects", "查看疑似重复登记", "list what may be registered twice";
    "registry.contacts_get", "查看联系人", "read an agency's contacts";
    "registry.contacts_list", "列出联系人", "list contacts of agencies";
    "registry.contacts", "更改联系人", "change an agency's contacts";
    "reminder.list", "查看催报名单", "list whom to remind";
    "reminder.render", "下载催报名单", "take the list of whom to remind";
    "reminder.send", "发送催报提醒", "send reminders";
    "collection.get", "查看报送任务", "read a collection";
    "collection.list", "列出报送任务", "list collections";
    "collection.open", "启动报送任务", "open a collection";
    "collection.update", "更改报送任务", "change a collection";
    "collection.grant", "准予延期", "grant an extension";
    "collection.revoke", "收回延期", "revoke an extension";
    "journal.list", "查看操作日志", "read the journal";
    "form.template", "下载填报模板", "take a workbook to fill in";
    "journal.moment", "查找日志时点", "find a moment of the journal";
    "journal.strike", "删去操作日志中的文字", "strike words out of the journal";
    "service.info", "查看服务说明", "ask what a client has to know";
    "status.get", "查看服务状态", "ask how the service is";
    "backup.create", "取得备份", "take a backup";
    "store.verify", "核验数据", "verify the store";
    "caller.get", "查看本人身份", "ask who one is";
    "access.grant", "授予角色", "grant a role";
    "access.withdraw", "收回角色", "withdraw a role";
    "access.principals", "列出账号", "list principals";
    "access.propose", "提出申请", "propose what a second person must agree to";
    "access.proposals", "列出待确认的申请", "list what waits for a second person";
    "access.confirm", "确认申请", "confirm a proposal";
    "access.decline", "否决申请", "decline a proposal";
    "credential.enrol", "签发登记码", "make a one-time code";
    "credential.exchange", "兑换登记码", "exchange a one-time code";
    "credential.create", "签发凭据", "issue a credential";
    "credential.list", "列出凭据", "list credentials";
    "credential.revoke", "吊销凭据", "revoke a credential";
    "health.check", "查看健康状况", "ask for health";
    "health.list", "列出健康状况", "list health";
    "health.watch", "跟踪健康状况", "follow health";
    "contract.read", "查看接口约定", "read the contract";
    SIGN_IN, "登录", "sign in";
    SIGN_OUT, "退出登录", "sign out";
    UNKNOWN_CALL, "调用不存在的方法", "call an unknown method";
    REFUSALS_LEFT_OUT, "未逐条记录的拒绝", "refusals without entries of their own";
    ENTRIES_LEFT_OUT, "未逐条记录的操作", "what else has no entry of its own";
    START, "服务启动", "the service started";
    STOP, "服务停止", "the service stopped";
    SETTINGS, "设置变更", "settings changed";
    CLOCK, "时钟异常", "the clock is out of line";
    RESTORE, "由备份恢复", "restored from a backup";
    MEND, "修复数据库", "mended the store";
    RECOUNT, "重算不符", "a recount differs";
}

/// The action of this word.
pub fn action(word: &str) -> Option<&'static Action> {
    ACTIONS.iter().find(|action| action.word == word)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::access::METHODS;

    #[test]
    fn every_method_has_an_action_with_words_in_both_languages() {
        let words: BTreeSet<&str> = ACTIONS.iter().map(|action| action.word).collect();
        assert_eq!(words.len(), ACTIONS.len(), "a word twice");
        for method in METHODS {
            assert!(action(method.action).is_some(), "{method:?}");
        }
        for action in ACTIONS {
            assert!(!action.zh.is_empty() && !action.en.is_empty() && action.zh != action.en, "{action:?}");
        }
    }
}
