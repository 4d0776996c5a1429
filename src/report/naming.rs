//! Whether a printed name is one of an agency: names are printed without the place, with all places above, or shortened.
//!
//! Careful to one side: a name that may be the agency's is taken for it, for a wrong warning is soon no longer read.

/// The names that an agency, or a government, is known by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReporterNames {
    /// Present and former names.
    pub names: Vec<String>,
    /// Names, present and former, of the jurisdiction that it belongs to, then of each one above, root last.
    pub places: Vec<Vec<String>>,
}

/// Endings of places that are left out in short: 牡丹江 for 牡丹江市.
const PLACE_ENDINGS: &[&str] = &[
    "壮族自治区",
    "回族自治区",
    "维吾尔自治区",
    "自治区",
    "特别行政区",
    "自治州",
    "自治县",
    "地区",
    "省",
    "市",
    "州",
    "县",
    "区",
    "旗",
    "镇",
    "乡",
    "街道",
];
/// What stands for the agency's own place: 市财政局.
const OWN_PLACES: &[&str] = &["省", "市", "州", "县", "区", "旗", "镇", "乡"];
/// Offices that write the report of the body that they belong to.
const OFFICES: &[&str] = &["党政综合办公室", "党政办公室", "综合办公室", "党政办", "办公厅", "办公室"];

/// A name without its places.
struct Stem<'a> {
    /// How far up the last place stands: 0 for the agency's own; none where no place is named.
    height: Option<usize>,
    rest: &'a str,
}

impl ReporterNames {
    /// Whether the printed name may be the agency's.
    pub fn may_be(&self, printed: &str) -> bool {
        let printed = letters(printed);
        if printed.chars().count() < 2 || self.names.is_empty() {
            return true;
        }
        let stem = self.stem(&printed);
        self.names.iter().map(|name| letters(name)).any(|name| {
            let known = self.stem(&name);
            let is_placed = stem.height.is_none_or(|height| height == 0 || Some(height) == known.height);
            name == printed || (is_placed && is_short_for(stem.rest, known.rest))
        })
    }

    /// Takes the places off, from the highest down.
    fn stem<'a>(&self, name: &'a str) -> Stem<'a> {
        let mut stem = Stem { height: None, rest: name };
        for (height, names) in self.places.iter().enumerate().rev() {
            let mut forms: Vec<String> = names.iter().map(|name| letters(name)).collect();
            forms.extend(names.iter().filter_map(|name| short_place(&letters(name))));
            forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
            if let Some(rest) = forms.iter().find_map(|form| stem.rest.strip_prefix(form.as_str())) {
                stem = Stem { height: Some(height), rest };
            }
        }
        let own = self.places.first().into_iter().flatten();
        let is_own = |mark: &&&str| own.clone().any(|name| name.ends_with(**mark));
        if let Some(rest) = OWN_PLACES.iter().filter(is_own).find_map(|mark| stem.rest.strip_prefix(mark)) {
            stem = Stem { height: Some(0), rest };
        }
        stem
    }
}

/// 牡丹江 for 牡丹江市, where two characters or more are left.
fn short_place(name: &str) -> Option<String> {
    let short = PLACE_ENDINGS.iter().find_map(|ending| name.strip_suffix(ending))?;
    (short.chars().count() >= 2).then(|| short.to_owned())
}

/// Whether one is the other, its office, or an abbreviation of it: 工信局 for 工业和信息化局.
fn is_short_for(printed: &str, known: &str) -> bool {
    let without_office = OFFICES.iter().find_map(|office| printed.strip_suffix(office)).unwrap_or(printed);
    let known_body = OFFICES.iter().find_map(|office| known.strip_suffix(office)).unwrap_or(known);
    let first = |text: &str| text.chars().next();
    [printed, without_office].into_iter().any(|printed| {
        printed.is_empty()
            || is_within(printed, known)
            || is_within(printed, known_body)
            || (first(known) == first(printed) && known.chars().count() > 1 && is_within(known, printed))
    })
}

/// Whether the characters of `short` stand in `long` in their order.
fn is_within(short: &str, long: &str) -> bool {
    let mut rest = long.chars();
    short.chars().all(|wanted| rest.any(|character| character == wanted))
}

/// Without spaces, punctuation, and what stands in brackets.
fn letters(name: &str) -> String {
    let mut depth = 0_usize;
    let mut plain = String::new();
    for character in name.chars() {
        match character {
            '（' | '(' | '【' | '[' => depth += 1,
            '）' | ')' | '】' | ']' => depth = depth.saturating_sub(1),
            _ if depth == 0 && character.is_alphanumeric() => plain.push(character),
            _ => {}
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str], places: &[&[&str]]) -> ReporterNames {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        ReporterNames { names: owned(names), places: places.iter().map(|texts| owned(texts)).collect() }
    }

    fn bureau() -> ReporterNames {
        names(&["牡丹江市工业和信息化局", "牡丹江市工业和信息化委员会"], &[&["牡丹江市"], &["黑龙江省"]])
    }

    #[test]
    fn present_and_former_names_with_and_without_places_and_in_short_are_the_agencys() {
        for printed in [
            "牡丹江市工业和信息化局",
            "黑龙江省牡丹江市工业和信息化局",
            "工业和信息化局",
            "市工业和信息化局",
            "牡丹江市工信局",
            "市工信局",
            "工信局",
            "牡丹江工信局",
            "牡丹江市工业和信息化委员会",
            "市工信委",
            "牡丹江市 工业和信息化局（中小企业局）",
            "牡丹江市工业和信息化局办公室",
            "局",
            "",
        ] {
            assert!(bureau().may_be(printed), "{printed}");
        }
        let office = names(&["牡丹江市人民政府办公室"], &[&["牡丹江市"], &["黑龙江省"]]);
        for printed in ["牡丹江市人民政府", "牡丹江市人民政府办公室", "市政府办公室", "市政府", "牡丹江市"]
        {
            assert!(office.may_be(printed), "{printed}");
        }
        let town = names(&["四家子镇人民政府"], &[&["四家子镇"], &["敖汉旗"], &["赤峰市"], &["内蒙古自治区"]]);
        for printed in ["四家子镇", "四家子镇人民政府", "四家子镇党政办公室", "敖汉旗四家子镇人民政府", "镇人民政府"]
        {
            assert!(town.may_be(printed), "{printed}");
        }
        let short = names(&["工信局"], &[&["牡丹江市"], &["黑龙江省"]]);
        assert!(short.may_be("牡丹江市工业和信息化局"));
    }

    #[test]
    fn another_agencys_name_and_another_places_are_not() {
        for printed in [
            "淮安市人民政府",
            "淮安市工业和信息化局",
            "牡丹江市财政局",
            "市财政局",
            "东安区工业和信息化局",
            "牡丹江市东安区工信局",
            "黑龙江省工业和信息化厅",
            "牡丹江市人民政府",
            "洪泽区",
            "黑龙江省人民政府",
        ] {
            assert!(!bureau().may_be(printed), "{printed}");
        }
        let office = names(&["牡丹江市人民政府办公室"], &[&["牡丹江市"], &["黑龙江省"]]);
        for printed in ["黑龙江省人民政府", "牡丹江市财政局", "淮安市人民政府办公室"] {
            assert!(!office.may_be(printed), "{printed}");
        }
        let district = names(&["东安区财政局"], &[&["东安区"], &["牡丹江市"], &["黑龙江省"]]);
        assert!(!district.may_be("牡丹江市财政局"), "the city's");
        assert!(!district.may_be("牡丹江市爱民区财政局"), "another district's");
        assert!(district.may_be("牡丹江市东安区财政局"));
    }
}
