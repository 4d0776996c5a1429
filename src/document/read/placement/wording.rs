//! The wording of a printed label, freed of what varies between documents: width, blanks, numbering, quotes,
//! punctuation, traditional characters.

use std::collections::HashMap;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;

/// A label reduced to what it says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wording {
    /// Letters, characters and digits only, numbering removed.
    pub full: String,
    /// The same without what stands in brackets: filling notes, units.
    pub short: String,
    /// Letters, characters and digits of what stands in brackets.
    pub aside: String,
    /// Numbering such as `（一）`, `1.` or `三、` stood before it.
    pub numbered: bool,
    /// A bracket is opened and not closed: the label is cut or goes on elsewhere.
    pub unclosed: bool,
    /// It ends or contains a sentence.
    pub sentence: bool,
}

impl Wording {
    /// Number of characters in the full wording.
    pub fn length(&self) -> usize {
        self.full.chars().count()
    }
}

/// Words by which a label says something else than the form's, however near it is to that: another period, a part, a share.
const TURNING: [&str; 26] = [
    "去年", "上年", "历年", "累计", "其中", "本月", "当月", "本季", "季度", "半年", "占比", "比例", "比重", "平均",
    "同比", "环比", "金额", "人次", "人数", "更正", "应为", "作废", "非", "国有", "失效", "约",
];

/// Units that are none of a label that does not have them.
const SCALED: [&str; 5] = ["百件", "千件", "百份", "千份", "万元"];

/// Whether a printed label has a word that turns it into something else than `label` says.
pub fn turns(printed: &str, label: &str) -> bool {
    is_turned_by(printed, label) || SCALED.iter().any(|word| printed.contains(word) && !label.contains(word))
}

/// The same of what stands in brackets behind a label; a unit there is seen for itself.
pub fn is_turned_by(aside: &str, label: &str) -> bool {
    TURNING.iter().any(|word| aside.contains(word) && !label.contains(word))
}

/// Reduces a printed label.
pub fn wording(raw: &str) -> Wording {
    let folded = fold(raw);
    let (rest, numbered) = without_numbering(&folded);
    let mut result = Wording { numbered, ..Wording::default() };
    let mut depth = 0usize;
    for &character in rest {
        match character {
            '(' | '[' | '〔' | '【' => depth += 1,
            // A closing bracket whose opening one is on another line: what came before it was inside.
            ')' | ']' | '〕' | '】' if depth == 0 => result.short.clear(),
            ')' | ']' | '〕' | '】' => depth -= 1,
            '。' | '!' | '?' | ';' => result.sentence = true,
            _ if character.is_alphanumeric() => {
                result.full.push(character);
                match depth {
                    0 => result.short.push(character),
                    _ => result.aside.push(character),
                }
            }
            _ => {}
        }
    }
    result.unclosed = depth > 0;
    result
}

/// Width, blanks and traditional characters folded away.
fn fold(raw: &str) -> Vec<char> {
    let kept = |c: &char| !c.is_whitespace() && !c.is_control() && !ZERO_WIDTH.contains(c);
    // A machine conversion to traditional characters turns 文件 into 檔案.
    let raw = if raw.contains('檔') { raw.replace("檔案", "文件") } else { raw.to_owned() };
    raw.nfkc().filter(kept).map(simplified).collect()
}

const ZERO_WIDTH: &[char] = &['\u{200b}', '\u{200c}', '\u{200d}', '\u{2060}', '\u{feff}'];

/// Removes up to two numberings, such as `三、（一）`.
fn without_numbering(characters: &[char]) -> (&[char], bool) {
    let mut rest = characters;
    for _ in 0..2 {
        match numbering_length(rest) {
            0 => break,
            length => rest = rest.get(length..).unwrap_or_default(),
        }
    }
    (rest, rest.len() < characters.len())
}

/// Longest number in a numbering, in characters.
const NUMBER_LENGTH: usize = 3;

fn numbering_length(characters: &[char]) -> usize {
    let is_number = |c: &char| c.is_ascii_digit() || "一二三四五六七八九十".contains(*c);
    let opened = usize::from(characters.first() == Some(&'('));
    let digits = characters.iter().skip(opened).take_while(|c| is_number(c)).take(NUMBER_LENGTH + 1).count();
    if digits == 0 || digits > NUMBER_LENGTH {
        return 0;
    }
    let ascii = characters.iter().skip(opened).take(digits).all(char::is_ascii_digit);
    match characters.get(opened + digits) {
        Some(')') => opened + digits + 1,
        Some('、' | '.' | ':' | ',') if opened == 0 => digits + 1,
        // The mark after an Arabic numeral is often lost; 三 without one belongs to the words.
        Some(next) if opened == 0 && ascii && !next.is_ascii_digit() => digits,
        _ => 0,
    }
}

/// Traditional characters of the form's labels and their simplified forms.
const TRADITIONAL: &str = "規规範范檔档許许處处罰罚強强製制發发數数廢废現现機机關关個个條条項项內内總总計计對对開开\
    採采購购額额單单萬万業业團团組组織织會会務务構构體体結结轉转續续辦办區区別别類类屬属於于國国祕秘權权護护\
    執执訊讯過过詢询書书沒没複复復复議议訴诉訟讼維维糾纠審审無无當当確确認认獲获補补費费繳缴納纳請请舉举報报\
    據据將将標标準准為为與与該该並并級级設设應应產产東东況况穩稳資资還还經经歸归達达時时間间題题動动際际給给\
    員员門门決决證证號号稱称減减來来後后顧顾積积";

fn simplified(character: char) -> char {
    static PAIRS: LazyLock<HashMap<char, char>> = LazyLock::new(|| {
        let characters: Vec<char> = TRADITIONAL.chars().filter(|c| !c.is_whitespace()).collect();
        characters.chunks_exact(2).filter_map(|pair| Some((*pair.first()?, *pair.get(1)?))).collect()
    });
    PAIRS.get(&character).copied().unwrap_or(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn width_blanks_numbering_and_quotes_do_not_matter() {
        for (printed, expected) in [
            ("商业企 业", "商业企业"),
            ("1、属于国家秘密", "属于国家秘密"),
            ("1.属于国家秘密", "属于国家秘密"),
            ("（1）属于国家秘密", "属于国家秘密"),
            ("1属于国家秘密", "属于国家秘密"),
            ("三、（一）予以公开", "予以公开"),
            ("3．危及\"三安全一稳定\"", "危及三安全一稳定"),
            ("三安全一稳定", "三安全一稳定"),
            ("　行政　许可\u{feff}", "行政许可"),
            ("行政強制", "行政强制"),
            ("本年增/减", "本年增减"),
            ("、", ""),
        ] {
            assert_eq!(wording(printed).full, expected, "{printed}");
        }
    }

    #[test]
    fn what_stands_in_brackets_is_kept_apart() {
        let label = wording("規範性檔案(行政機關制定發布的決定)");
        assert_eq!((label.short.as_str(), label.unclosed), ("规范性文件", false));
        let cut = wording("（二）部分公开（区分处理的，只计这一情 形，不");
        assert_eq!((cut.short.as_str(), cut.unclosed, cut.numbered), ("部分公开", true, true));
        assert_eq!(wording("计其他情形）").short, "");
    }

    #[test]
    fn a_pair_of_the_table_maps_traditional_to_simplified() {
        let characters: Vec<_> = TRADITIONAL.chars().filter(|c| !c.is_whitespace()).collect();
        assert_eq!(characters.len() % 2, 0);
        assert_eq!("規範性維持糾結".chars().map(simplified).collect::<String>(), "规范性维持纠结");
    }
}
