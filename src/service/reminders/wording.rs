//! What stands for each placeholder of a wording, for one agency.

use crate::report::ReportYear;
use crate::service::deadlines::in_words;
use crate::service::messages::{Placeholder, Wording};

use super::{Cause, Reminder};

/// What a wording says to one agency: subject and text.
pub(super) fn words_for(wording: &Wording, reminder: &Reminder, year: ReportYear) -> (String, String) {
    wording.filled(|placeholder| filled(placeholder, reminder, year))
}

fn filled(placeholder: Placeholder, reminder: &Reminder, year: ReportYear) -> String {
    match placeholder {
        Placeholder::Agency => reminder.display_name.clone(),
        Placeholder::Jurisdiction => reminder.jurisdiction_name.clone(),
        Placeholder::Year => year.to_string(),
        Placeholder::Cause => cause_in_words(reminder.cause).to_owned(),
        Placeholder::Due => reminder.due.map_or_else(|| "未设置".to_owned(), |(at, _)| in_words(at).zh),
        Placeholder::DaysLeft => days_in_words(reminder.due.map(|(_, days)| days)),
    }
}

/// How a report stands that is not there.
pub(super) fn cause_in_words(cause: Cause) -> &'static str {
    match cause {
        Cause::Missing => "尚未报送",
        Cause::Returned => "已被退回、尚未重新报送",
    }
}

/// Days until the last day.
pub(super) fn days_in_words(days: Option<i64>) -> String {
    match days {
        None => "无截止时间".to_owned(),
        Some(0) => "今日截止".to_owned(),
        Some(days) if days > 0 => format!("还剩{days}天"),
        Some(days) => format!("已逾期{}天", -days),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reminder() -> Reminder {
        Reminder {
            agency: "one".parse().unwrap(),
            display_name: "某局{年度}".to_owned(),
            jurisdiction: "230000".parse().unwrap(),
            jurisdiction_name: "黑龙江省".to_owned(),
            cause: Cause::Returned,
            due: Some(("2023-01-31T16:00:00Z".parse().unwrap(), -2)),
            people: Vec::new(),
            last: None,
            channel: None,
        }
    }

    #[test]
    fn placeholders_of_both_languages_are_filled_in_and_what_they_stand_for_is_not_looked_at_again() {
        let wording = Wording {
            subject: "{year} {年度}".to_owned(),
            text: "{单位}，{地区}：{状态}；{截止时间}，{days_left}。{ {}".to_owned(),
        };
        assert_eq!(wording.fault().map(|fault| fault.field), Some("text"), "an empty name is none");
        let wording = Wording { text: wording.text.replace("{ {}", "{"), ..wording };
        assert_eq!(wording.fault(), None);
        let (subject, text) = words_for(&wording, &reminder(), ReportYear::new(2022).unwrap());
        assert_eq!(subject, "2022 2022");
        let before = Wording { text: wording.text.replace("{单位}", "{机构}"), ..wording };
        assert_eq!(words_for(&before, &reminder(), ReportYear::new(2022).unwrap()).1, text);
        assert_eq!(text, "某局{年度}，黑龙江省：已被退回、尚未重新报送；2023年1月31日24时（北京时间），已逾期2天。{");
    }
}
