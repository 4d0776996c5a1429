//! What a spreadsheet shows of a number: the format of its cell scales it, rounds it, hides it, or adds words.

/// What is shown of a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    pub text: String,
    /// What is shown is the number that is kept, or that number rounded, and not a part, a multiple or a date of it.
    pub is_plain: bool,
    /// Digits that are kept are not shown.
    pub is_rounded: bool,
}

/// Digits that a spreadsheet keeps of a number; those beyond are left by binary fractions.
const SIGNIFICANT_DIGITS: usize = 15;
/// Most places before or behind the point of a number that is shown in full.
const MAX_PLACES: i32 = 30;

/// A number of up to fifteen digits: `digits` × 10^-`places`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Decimal {
    is_negative: bool,
    digits: i128,
    places: i32,
}

impl Decimal {
    fn of(value: &str) -> Option<Self> {
        let number: f64 = value.parse().ok().filter(|number: &f64| number.is_finite())?;
        let scientific = format!("{:.*e}", SIGNIFICANT_DIGITS - 1, number.abs());
        let (mantissa, exponent) = scientific.split_once('e')?;
        let exponent: i32 = exponent.parse().ok()?;
        let mut digits: i128 = mantissa.replace('.', "").parse().ok()?;
        let mut places = i32::try_from(SIGNIFICANT_DIGITS).ok()? - 1 - exponent;
        while digits != 0 && digits % 10 == 0 {
            (digits, places) = (digits / 10, places - 1);
        }
        if digits == 0 {
            places = 0;
        }
        (places.abs() <= MAX_PLACES).then_some(Self { is_negative: number < 0.0 && digits != 0, digits, places })
    }

    fn text(&self) -> String {
        let (whole, fraction) = self.parts();
        let sign = if self.is_negative { "-" } else { "" };
        if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
    }

    /// Digits before and behind the point.
    fn parts(&self) -> (String, String) {
        match usize::try_from(self.places) {
            Ok(places) if places > 0 => {
                let all = format!("{:0>width$}", self.digits, width = places + 1);
                let (whole, fraction) = all.split_at(all.len() - places);
                (whole.to_owned(), fraction.to_owned())
            }
            _ => (format!("{}{}", self.digits, "0".repeat(self.places.unsigned_abs() as usize)), String::new()),
        }
    }

    /// Rounded to so many places, halves away from zero.
    fn rounded(&self, places: i32) -> Option<Self> {
        if self.places <= places {
            return Some(self.clone());
        }
        let unit = 10i128.checked_pow(u32::try_from(self.places - places).ok()?)?;
        let digits = (self.digits + unit / 2) / unit;
        Some(Self { is_negative: self.is_negative && digits != 0, digits, places })
    }
}

/// The shortest number that a spreadsheet would show in a cell of no format: workbooks keep 18.871 as
/// 18.870999999999999, and large ones with exponent.
pub fn general(value: &str) -> String {
    Decimal::of(value).map_or_else(|| value.to_owned(), |number| number.text())
}

/// A piece of a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece {
    /// A place for a digit; an empty one shows a zero, or nothing.
    Digit {
        is_zero: bool,
    },
    Point,
    Comma,
    Percent,
    Literal(char),
    /// All of the number as it is.
    General,
    /// The numbers that the section is for.
    Condition(Condition),
    /// A date, a fraction, an exponent, a condition of another kind.
    Other,
}

/// Which numbers a section is for: those that compare so with a whole number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Condition {
    may_be_less: bool,
    may_be_equal: bool,
    may_be_more: bool,
    than: i64,
}

impl Condition {
    /// A condition as it stands in brackets: `=0`, `<100`.
    fn of(text: &str) -> Option<Self> {
        let number = text.trim_start_matches(['<', '>', '=']);
        let signs = text.strip_suffix(number)?;
        let (less, equal, more) = match signs {
            "=" => (false, true, false),
            "<" => (true, false, false),
            ">" => (false, false, true),
            "<=" => (true, true, false),
            ">=" => (false, true, true),
            "<>" => (true, false, true),
            _ => return None,
        };
        let than = number.trim().parse().ok()?;
        Some(Self { may_be_less: less, may_be_equal: equal, may_be_more: more, than })
    }

    /// Of a number that is not less than nothing.
    fn holds(self, number: &Decimal) -> bool {
        #[expect(clippy::cast_precision_loss, reason = "conditions are about small numbers")]
        let than = self.than as f64;
        match number.text().parse::<f64>().map_or(std::cmp::Ordering::Greater, |number| number.total_cmp(&than)) {
            std::cmp::Ordering::Less => self.may_be_less,
            std::cmp::Ordering::Equal => self.may_be_equal,
            std::cmp::Ordering::Greater => self.may_be_more,
        }
    }
}

/// The number `value` as shown by the format `code`.
pub fn shown(value: &str, code: &str) -> Shown {
    let plain = |text: String| Shown { text, is_plain: true, is_rounded: false };
    let Some(number) = Decimal::of(value) else { return plain(value.to_owned()) };
    let sections = sections(code);
    let of_numbers = sections.iter().take(MAX_SECTIONS - 1);
    let has_conditions = of_numbers.flatten().any(|piece| *piece == Piece::Other);
    let (section, sign) = match (number.is_negative, number.digits == 0, &sections[..]) {
        (true, _, [_, negative, ..]) => (negative, ""),
        (_, true, [_, _, zero, ..]) => (zero, ""),
        (negative, _, [first, ..]) => (first, if negative { "-" } else { "" }),
        (_, _, []) => return plain(number.text()),
    };
    let condition_of = |section: &Vec<Piece>| {
        section.iter().find_map(|piece| if let Piece::Condition(condition) = piece { Some(*condition) } else { None })
    };
    let is_conditional = sections.iter().any(|section| condition_of(section).is_some());
    // The first whose condition holds, or that has none; with a sign of its own it is not known which.
    let of_condition =
        sections.iter().take(MAX_SECTIONS - 1).find(|section| condition_of(section).is_none_or(|of| of.holds(&number)));
    let (section, has_conditions) = match of_condition {
        _ if !is_conditional => (section, has_conditions),
        Some(section) => (section, has_conditions || number.is_negative),
        None => (section, true),
    };
    if has_conditions {
        return Shown { text: number.text(), is_plain: false, is_rounded: false };
    }
    if section.contains(&Piece::General) {
        let pieces = section.iter().map(|piece| match piece {
            Piece::General => number.text(),
            Piece::Literal(character) => character.to_string(),
            _ => String::new(),
        });
        return Shown { is_plain: is_once(section), ..plain(pieces.collect()) };
    }
    filled(&number, section, sign)
}

/// The digits of a number in the places of a section.
fn filled(number: &Decimal, section: &[Piece], sign: &str) -> Shown {
    let point = section.iter().position(|piece| *piece == Piece::Point).unwrap_or(section.len());
    let (before, behind) = section.split_at(point);
    let is_digit = |piece: &&Piece| matches!(piece, Piece::Digit { .. });
    let last_digit = section.iter().rposition(|piece| matches!(piece, Piece::Digit { .. }));
    let Some(last_digit) = last_digit else {
        // Words alone, or nothing.
        let text: String =
            section.iter().filter_map(|piece| if let Piece::Literal(c) = piece { Some(*c) } else { None }).collect();
        return Shown { text, is_plain: false, is_rounded: false };
    };
    let behind_digits = section.iter().skip(last_digit + 1);
    let thousands = behind_digits.take_while(|piece| **piece == Piece::Comma).count();
    let percents = section.iter().filter(|piece| **piece == Piece::Percent).count();
    let places = i32::try_from(behind.iter().filter(is_digit).count()).unwrap_or(MAX_PLACES);
    let shift = i32::try_from(thousands * 3).unwrap_or(MAX_PLACES) - i32::try_from(percents * 2).unwrap_or(MAX_PLACES);
    let scaled = Decimal { places: number.places + shift, ..number.clone() };
    let Some(rounded) = scaled.rounded(places) else {
        return Shown { text: number.text(), is_plain: false, is_rounded: false };
    };
    let is_rounded = scaled.places > places
        && rounded.digits.checked_mul(10i128.pow(u32::try_from((scaled.places - places).clamp(0, 30)).unwrap_or(0)))
            != Some(scaled.digits);
    let (whole, fraction) = rounded.parts();
    let mut text = String::new();
    let mut left: Vec<char> = whole.chars().filter(|_| rounded.digits != 0 || whole != "0").collect();
    let count = before.iter().filter(is_digit).count();
    // Digits beyond the places stand before the first of them.
    let mut beyond = left.len().saturating_sub(count);
    let mut skipped = count.saturating_sub(left.len());
    left.reverse();
    for piece in before {
        match piece {
            Piece::Digit { is_zero } if skipped > 0 => {
                skipped -= 1;
                text.extend(is_zero.then_some('0'));
            }
            Piece::Digit { .. } => {
                for _ in 0..=std::mem::take(&mut beyond) {
                    text.extend(left.pop());
                }
            }
            Piece::Literal(character) => text.push(*character),
            _ => {}
        }
    }
    let mut fraction = fraction.chars();
    let mut shown_fraction = String::new();
    let mut tail = String::new();
    for piece in behind {
        match piece {
            Piece::Digit { is_zero } => shown_fraction.extend(fraction.next().or(is_zero.then_some('0'))),
            Piece::Literal(character) => tail.push(*character),
            _ => {}
        }
    }
    if !shown_fraction.is_empty() {
        if !text.ends_with(|c: char| c.is_ascii_digit()) {
            text.push('0');
        }
        text.push('.');
        text.push_str(&shown_fraction);
    }
    text.push_str(&tail);
    text.extend(std::iter::repeat_n('%', percents));
    let has_digits = text.chars().any(|c| c.is_ascii_digit());
    // A unit that is shown says what the scaled number is; without one it says less than what is kept.
    let states_unit = section.iter().any(|piece| matches!(piece, Piece::Literal('万' | '千' | '亿' | '元')));
    let is_plain = has_digits && (thousands == 0 || states_unit) && !writes_digits(section);
    Shown { text: format!("{sign}{text}"), is_plain, is_rounded }
}

/// Whether a section shows digits that are none of the number's.
fn writes_digits(section: &[Piece]) -> bool {
    section.iter().any(|piece| matches!(piece, Piece::Literal(literal) if literal.is_numeric()))
}

/// Whether a section shows all that is kept, once, and no digit beside it.
fn is_once(section: &[Piece]) -> bool {
    let times = section.iter().filter(|piece| **piece == Piece::General).count();
    let has_places = section.iter().any(|piece| matches!(piece, Piece::Digit { .. } | Piece::Other));
    times == 1 && !has_places && !writes_digits(section)
}

/// Whether a text in a cell of the format `code` is shown as it is.
pub fn shows_text_alone(code: &str) -> bool {
    let sections = sections(code);
    match sections.get(MAX_SECTIONS - 1).or(sections.last().filter(|last| last.contains(&Piece::General))) {
        Some(section) => is_once(section),
        None => true,
    }
}

/// The sections of a format: for positive, negative, zero, and text.
const MAX_SECTIONS: usize = 4;

/// The sections for positive, negative, zero and text, as far as they are there.
fn sections(code: &str) -> Vec<Vec<Piece>> {
    let mut sections = vec![Vec::new()];
    let mut rest = code.chars().peekable();
    while let Some(character) = rest.next() {
        let piece = match character {
            ';' => {
                sections.push(Vec::new());
                continue;
            }
            '"' => {
                let literal: Vec<char> = rest.by_ref().take_while(|c| *c != '"').collect();
                sections
                    .last_mut()
                    .into_iter()
                    .for_each(|section| section.extend(literal.iter().map(|c| Piece::Literal(*c))));
                continue;
            }
            // The next character is literal, as wide as a blank, or repeated to fill the cell.
            '\\' | '!' => rest.next().map(Piece::Literal),
            '_' => rest.next().and(None),
            '*' => rest.next().filter(|filling| filling.is_numeric()).map(Piece::Literal),
            '[' => {
                let inside: String = rest.by_ref().take_while(|c| *c != ']').collect();
                let is_clock = inside.chars().all(|c| matches!(c.to_ascii_lowercase(), 'h' | 'm' | 's'));
                let currency = inside.strip_prefix('$').and_then(|text| text.split('-').next());
                let literal = currency.into_iter().flat_map(str::chars).map(Piece::Literal);
                sections.last_mut().into_iter().for_each(|section| section.extend(literal.clone()));
                let colour = inside.replace(' ', "").to_ascii_lowercase();
                let is_white = matches!(colour.as_str(), "white" | "白色" | "白" | "color2" | "颜色2");
                match Condition::of(&inside) {
                    Some(condition) => Some(Piece::Condition(condition)),
                    None => (inside.starts_with(['<', '>', '=']) || is_clock || is_white).then_some(Piece::Other),
                }
            }
            '0' => Some(Piece::Digit { is_zero: true }),
            '#' | '?' => Some(Piece::Digit { is_zero: false }),
            '.' => Some(Piece::Point),
            ',' => Some(Piece::Comma),
            '%' => Some(Piece::Percent),
            '@' => Some(Piece::General),
            'G' | 'g' if rest.clone().take(6).collect::<String>().eq_ignore_ascii_case("eneral") => {
                rest.nth(5);
                Some(Piece::General)
            }
            'y' | 'Y' | 'm' | 'M' | 'd' | 'D' | 'h' | 'H' | 's' | 'S' | 'e' | 'E' | '/' => Some(Piece::Other),
            literal => Some(Piece::Literal(literal)),
        };
        sections.last_mut().into_iter().for_each(|section| section.extend(piece));
    }
    sections.truncate(MAX_SECTIONS);
    sections
}

/// The formats that workbooks name by number alone.
pub fn built_in(number: u32) -> Option<&'static str> {
    Some(match number {
        0 => "General",
        1 => "0",
        2 => "0.00",
        3 => "#,##0",
        4 => "#,##0.00",
        5 | 6 | 37 | 38 => "#,##0;-#,##0",
        7 | 8 | 39 | 40 => "#,##0.00;-#,##0.00",
        9 => "0%",
        10 => "0.00%",
        11 => "0.00E+00",
        12 => "# ?/?",
        13 => "# ??/??",
        14..=22 | 27..=36 | 45..=47 | 50..=58 => "yyyy/m/d",
        41 | 42 => "#,##0;-#,##0;\"-\"",
        43 | 44 => "#,##0.00;-#,##0.00;\"-\"",
        48 => "##0.0E+0",
        49 => "@",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_that_were_typed() {
        for (kept, typed) in [
            ("18.870999999999999", "18.871"),
            ("3.3000000000000003", "3.3"),
            ("1.1398889E7", "11398889"),
            ("59237.2449", "59237.2449"),
            ("12", "12"),
            ("-5", "-5"),
            ("0.30000000000000004", "0.3"),
            ("1e300", "1e300"),
            ("NaN", "NaN"),
            ("0", "0"),
            ("1E-7", "0.0000001"),
        ] {
            assert_eq!(general(kept), typed);
        }
    }

    #[test]
    fn a_text_is_shown_alone_where_its_format_adds_nothing_to_it() {
        for (code, expected) in [
            ("General", true),
            ("@", true),
            ("0.00", true),
            ("0;-0;0;@\"件\"", true),
            ("_(* #,##0_);_(* \\(#,##0\\);_(* \"-\"_);_(@_)", true),
            ("@\"0\"", false),
            ("@@", false),
            ("0;-0;0;", false),
            ("0;-0;0;\"12\"", false),
        ] {
            assert_eq!(shows_text_alone(code), expected, "{code}");
        }
    }

    #[test]
    fn a_number_is_what_its_format_shows() {
        for (value, code, text, is_plain, is_rounded) in [
            ("1234567", "0!.0000\"万元\"", "123.4567万元", true, false),
            ("1234567", "0\\.0,\"万元\"", "123.5万元", true, true),
            ("1234567", "#,##0", "1234567", true, false),
            ("1234567", "#,##0,", "1235", false, true),
            ("0.12", "0%", "12%", true, false),
            ("12.4", "0", "12", true, true),
            ("3.3000000000000003", "0.00", "3.30", true, false),
            ("12", "0.##", "12", true, false),
            ("0.5", "#.00", "0.50", true, false),
            ("12", "General\"件\"", "12件", true, false),
            ("12", "[=0]\"\";General", "12", true, false),
            ("0", "[=0]\"\";General", "", false, false),
            ("12", "[<100]0;[>=100]#,##0;General", "12", true, false),
            ("1200", "[<100]0;[>=100]#,##0;General", "1200", true, false),
            ("-1", "[<100]0;General", "-1", false, false),
            ("12", "0\"件\"", "12件", true, false),
            ("12", "0\"0\"", "120", false, false),
            ("12", "@\"0\"", "120", false, false),
            ("12", "@@", "1212", false, false),
            ("12", "0*5", "125", false, false),
            ("12", ";;;", "", false, false),
            ("0", "0;-0;;@", "", false, false),
            ("0", "#", "", false, false),
            ("0", "#,##0;-#,##0;\"-\"", "-", false, false),
            ("-5", "#,##0;-#,##0", "-5", true, false),
            ("-5", "0", "-5", true, false),
            ("45000", "yyyy/m/d", "45000", false, false),
            ("45000", "[>100]0.0,;0", "45.0", false, false),
            ("12", "[Red]0_ ", "12", true, false),
            ("12", "_(* #,##0_);_(* \\(#,##0\\);_(* \"-\"_);_(@_)", "12", true, false),
            ("7", "000", "007", true, false),
            ("12345", "0.00E+00", "12345", false, false),
            ("59237.2449", "General", "59237.2449", true, false),
        ] {
            let expected = Shown { text: text.to_owned(), is_plain, is_rounded };
            assert_eq!(shown(value, code), expected, "{value} {code}");
        }
    }
}
