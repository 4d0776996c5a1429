//! Units of figures: printed behind a number, stated above figures, or said in a sentence.

use std::sync::LazyLock;

use regex::Regex;
use unicode_normalization::UnicodeNormalization;

use super::printed::PrintedRow;
use crate::form::Kind;
use crate::report::{format_number, parse_number};

/// A unit printed behind a number, or stated for several.
#[derive(Debug, PartialEq, Eq)]
pub struct Unit {
    pub text: String,
    /// Size in the unit of a count.
    of_count: Option<Ratio>,
    /// Size in 万元.
    of_money: Option<Ratio>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Ratio {
    times: i64,
    per: i64,
}

/// What things are counted in.
const COUNTERS: &[&str] = &["件", "件次", "个", "项", "条", "份", "宗", "次", "起"];
/// By how much a word before a unit multiplies it.
const MULTIPLES: &[(&str, i64)] = &[
    ("", 1),
    ("十", 10),
    ("百", 100),
    ("千", 1_000),
    ("万", 10_000),
    ("十万", 100_000),
    ("百万", 1_000_000),
    ("千万", 10_000_000),
    ("亿", 100_000_000),
];
/// Money of elsewhere.
const FOREIGN: &[&str] = &["美元", "美金", "港元", "港币", "欧元", "日元", "英镑"];
/// How many 元 are one 万元.
const YUAN: i64 = 10_000;

/// Units seen in number cells, labels and headings.
static UNITS: LazyLock<Vec<Unit>> = LazyLock::new(|| {
    let of_things = MULTIPLES.iter().flat_map(|(word, times)| {
        COUNTERS.iter().map(move |counter| Unit {
            text: format!("{word}{counter}"),
            of_count: Some(Ratio { times: *times, per: 1 }),
            of_money: None,
        })
    });
    let of_money = MULTIPLES.iter().map(|(word, times)| {
        let (times, per) = if *times < YUAN { (1, YUAN / times) } else { (times / YUAN, 1) };
        Unit { text: format!("{word}元"), of_count: None, of_money: Some(Ratio { times, per }) }
    });
    let smaller = [("角", 10), ("分", 100)].into_iter().map(|(word, parts)| Unit {
        text: word.to_owned(),
        of_count: None,
        of_money: Some(Ratio { times: 1, per: YUAN * parts }),
    });
    // At what rate nobody says.
    let foreign = MULTIPLES.iter().flat_map(|(word, _)| {
        FOREIGN.iter().map(move |money| Unit {
            text: format!("{word}{money}"),
            of_count: None,
            of_money: Some(Ratio { times: 0, per: 1 }),
        })
    });
    let bare = ["万", "亿"].iter().filter_map(|word| {
        let (_, times) = MULTIPLES.iter().find(|(multiple, _)| multiple == word)?;
        let of_money = Some(Ratio { times: times / YUAN, per: 1 });
        Some(Unit { text: (*word).to_owned(), of_count: Some(Ratio { times: *times, per: 1 }), of_money })
    });
    of_things.chain(of_money).chain(smaller).chain(foreign).chain(bare).collect()
});

impl Unit {
    fn ratio(&self, kind: Kind) -> Option<Ratio> {
        match kind {
            Kind::Count | Kind::SignedCount => self.of_count,
            Kind::Money => self.of_money,
        }
    }

    /// Whether this is the unit in which the form states cells of `kind`.
    pub fn is_own(&self, kind: Kind) -> bool {
        self.ratio(kind) == Some(Ratio { times: 1, per: 1 })
    }

    /// Whether cells of `kind` can be stated in it at all.
    pub fn measures(&self, kind: Kind) -> bool {
        self.ratio(kind).is_some()
    }

    /// `digits` of this unit in the form's own unit, where that is exact.
    pub fn converted(&self, kind: Kind, digits: &str) -> Option<String> {
        let Ratio { times, per } = self.ratio(kind).filter(|ratio| ratio.times > 0)?;
        let number = i128::from(parse_number(Kind::Money, digits).ok()?) * i128::from(times);
        // Read with six decimals; a count keeps none of them.
        let step = i128::from(per) * if kind == Kind::Money { 1 } else { i128::from(crate::report::MONEY_SCALE) };
        (number % step == 0).then(|| format_number(kind, number / step))
    }
}

/// The unit that a label or heading states for the figures beside or below it, such as 元 in `采购总金额（单位：元）`
/// or 百件 in `本年制发件数（百件）`. Of several the first that is another than the form's.
pub fn unit_stated(raw: &str) -> Option<&'static Unit> {
    let text: String = raw.nfkc().filter(|c| !c.is_whitespace()).map(usual).collect();
    let opens = |c: char| matches!(c, '(' | '[' | '【' | '〔');
    let closes = |c: char| matches!(c, ')' | ']' | '】' | '〕');
    let stated = match text.split_once("单位") {
        Some((_, stated)) => stated,
        None => text.rsplit_once(opens).or_else(|| text.rsplit_once(':'))?.1,
    };
    let stated = stated.split(closes).next().unwrap_or_default();
    // What is measured, and in whose money, stands before the unit: 金额：元, 人民币元.
    let bare = |part: &str| {
        let part = part.rsplit_once(':').map_or(part, |(_, unit)| unit).trim_start_matches(['为', '(', '[']);
        unit(["人民币", "RMB", "CNY"].iter().fold(part, |rest, word| rest.trim_start_matches(word)))
    };
    let units = || stated.split(['、', ',', ';', '/', '。', '或']).filter_map(bare);
    let is_own = |unit: &&Unit| [Kind::Count, Kind::Money].iter().any(|kind| unit.is_own(*kind));
    units().find(|unit| !is_own(unit)).or_else(|| units().next())
}

/// A character as units are written with here: 圆, ￥ and 単 are as usual elsewhere.
fn usual(character: char) -> char {
    match character {
        '圆' | '¥' | '￥' => '元',
        '単' | '單' => '单',
        other => other,
    }
}

/// Units that sentences state of figures elsewhere: 以上单位均为百件, 注：收费金额单位为元.
pub fn units_said(rows: &[PrintedRow]) -> Vec<&'static Unit> {
    static SAID: LazyLock<Option<Regex>> = LazyLock::new(|| {
        // A pattern that does not compile is a defect that the tests of this file rule out.
        Regex::new(
            r"单位(?:均|都|统一|全部)?为([^，。；、()（）\s]{1,4})|以[“「]?([^，。；、“”「」]{1,4})[”」]?(?:为单位|计)|(?:以上|上表|上述|各表|本表|^(?:注|说明|备注)[：:]?)[^，。；]{0,6}单位(?:[：:]|(?:均|都|统一|全部)?为)?([^，。；、()（）\s]{1,4})|^[（(]单位[：:]([^，。；;、()（）\s]{1,4})[；;，,]",
        )
        .ok()
    });
    let texts =
        rows.iter().flat_map(|row| &row.cells).filter(|cell| cell.raw.contains("单位") || cell.raw.contains('计'));
    let found = texts.flat_map(|cell| {
        let captures = SAID.iter().flat_map(|pattern| pattern.captures_iter(&cell.raw));
        let words = captures
            .filter_map(|found| (1..=4).find_map(|group| found.get(group)).map(|word| word.as_str().to_owned()));
        words.filter_map(|word| unit(&word)).collect::<Vec<_>>()
    });
    let mut units: Vec<&'static Unit> = found.collect();
    // One that is not the form's counts where another is said as well.
    units.sort_by_key(|unit| unit.is_own(Kind::Count) || unit.is_own(Kind::Money));
    units
}

/// The unit of this name.
pub fn unit(text: &str) -> Option<&'static Unit> {
    UNITS.iter().find(|unit| unit.text == text)
}
