//! Of which period a text says that figures are: years by their names, and parts of a year.

use std::sync::LazyLock;

use regex::Regex;

use super::super::title::{arabic, expression};

/// What a text says of the period of figures.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Period {
    /// The years that it names.
    years: Vec<u16>,
    /// It names a part of a year.
    is_part: bool,
}

impl Period {
    /// What a text says; nothing, mostly.
    pub fn of(text: &str) -> Self {
        static YEARS: LazyLock<Option<Regex>> = LazyLock::new(|| expression(r"(20\d\d)(?:年|[-－—–−~～至到]20\d\d年)"));
        static PARTS: LazyLock<Option<Regex>> = LazyLock::new(|| expression("上半年|下半年|[一二三四1-4]季度|半年度"));
        static MONTHS: LazyLock<Option<Regex>> = LazyLock::new(|| {
            expression(r"(\d{1,2})月?(?:\d{1,2}日)?(?:起)?，?[-－—–−~～至到]+(?:20\d\d年|同年|当年)?(\d{1,2})月")
        });
        // Most texts say none: every label of every document comes by here.
        let may_name_one = text.contains(['年', '月']) && text.chars().any(|c| c.is_numeric() || c == '零' || c == '○');
        if !may_name_one && !text.contains(['半', '季']) {
            return Self::default();
        }
        let text = arabic(text);
        let years = YEARS.iter().flat_map(|pattern| pattern.captures_iter(&text));
        let years = years.filter_map(|found| found.get(1)?.as_str().parse().ok()).collect();
        let is_other_span = |found: regex::Captures<'_>| &found[1] != "1" || &found[2] != "12";
        let is_part = PARTS.iter().any(|pattern| pattern.is_match(&text))
            || MONTHS.iter().flat_map(|pattern| pattern.captures_iter(&text)).any(is_other_span);
        Self { years, is_part }
    }

    /// Whether it names a part of a year.
    pub fn is_part(&self) -> bool {
        self.is_part
    }

    /// Whether it says anything.
    pub fn is_stated(&self) -> bool {
        self.is_part || !self.years.is_empty()
    }

    /// Whether figures of it are none of a year's as a whole.
    pub fn is_other_than(&self, year: Option<u16>) -> bool {
        let names_it = || year.is_some_and(|year| self.years.contains(&year));
        self.is_part || (!self.years.is_empty() && !names_it())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_says_another_period_where_it_names_no_whole_year_that_is_meant() {
        for other in [
            "2022年",
            "（2022年度）",
            "２０２２ 年：",
            "二〇二二年",
            "1-6月",
            "1—6月",
            "第1季度",
            "上半年",
            "2022年1月1日至2022年12月31日",
            "2023年1月1日至2023年6月30日",
            "本年制发件数（2022年）",
            "2021-2022年",
        ] {
            assert!(Period::of(other).is_other_than(Some(2023)), "{other}");
        }
        for same in [
            "2023年",
            "2023年度",
            "1-12月",
            "全年",
            "2023年1月1日至2023年12月31日",
            "2022年和2023年",
            "本年",
            "上年结转",
            "三、本年度办理结果",
            "第二十条第（一）项",
            "12",
            "2022",
            "自然人",
        ] {
            assert!(!Period::of(same).is_other_than(Some(2023)), "{same}");
        }
        assert!(Period::of("2023年").is_other_than(None) && !Period::of("本年").is_stated());
    }
}
