//! Conditional formats: which of a sheet's cells may be hidden or struck out by one. A condition is only judged where it
//! compares the cell with numbers; any other may hold.

use quick_xml::events::{BytesStart, Event};

use super::super::package::{attribute, number};
use super::colour::Colour;
use super::number_format::shown;
use super::sheet::place_of;
use super::style::CellStyle;
use super::{At, text_of};

/// Most rules of a sheet, and most ranges that one is for.
const MAX_RULES: usize = 2_000;
const MAX_RANGES: usize = 2_000;
/// Most comparisons of a cell with a range.
const MAX_COMPARISONS: usize = 20_000_000;

/// What a rule changes in the look of a cell.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Difference {
    /// The part whose elements are being read: font, fill, border, which have elements of the same names.
    part: String,
    sets_apart: bool,
    ink: Option<Colour>,
    grounds: Vec<Colour>,
    format: Option<String>,
}

impl Difference {
    /// Takes an element within `dxf`.
    pub fn take(&mut self, element: &BytesStart<'_>) {
        let name = element.local_name();
        match (self.part.as_str(), name.as_ref()) {
            (_, name @ ("font" | "fill" | "border" | "alignment" | "protection")) => self.part = name.to_owned(),
            (_, "numFmt") => self.format = attribute(element, "formatCode"),
            ("font", "strike") => {
                self.sets_apart |= !attribute(element, "val").is_some_and(|value| value == "0" || value == "false");
            }
            ("font", "vertAlign") => self.sets_apart = true,
            ("font", "color") => self.ink = Some(Colour::of(element, Colour::BLACK)),
            ("fill", "bgColor" | "fgColor") => self.grounds.push(Colour::of(element, Colour::WHITE)),
            _ => {}
        }
    }

    /// It strikes out, raises or hides.
    pub fn set_apart(&mut self) {
        self.sets_apart = true;
    }

    pub fn set_ink(&mut self, ink: Colour) {
        self.ink = Some(ink);
    }

    pub fn add_ground(&mut self, ground: Colour) {
        self.grounds.push(ground);
    }

    /// Whether a cell in which `text` is shown of the number `value` is shown otherwise by it, or not at all.
    fn may_hide(&self, style: CellStyle, text: &str, value: Option<&str>) -> bool {
        let ink = self.ink.unwrap_or(style.font.colour());
        let is_alike = match (&self.grounds[..], self.ink) {
            ([], None) => false,
            ([], Some(_)) => style.ground.is_some_and(|ground| ink.is_alike(ground)),
            (grounds, _) => grounds.iter().any(|ground| ink.is_alike(*ground)),
        };
        let is_other = |code: &String| {
            value.is_some_and(|value| {
                let shown = shown(value, code);
                !shown.is_plain || shown.text.replace(',', "") != text.replace(',', "")
            })
        };
        self.sets_apart || is_alike || self.format.as_ref().is_some_and(is_other)
    }
}

/// When a rule applies to a number.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Comparison {
    /// How the cell is compared with what the formulas say; empty where it is not.
    pub operator: String,
    pub formulas: Vec<String>,
}

impl Comparison {
    fn may_hold(&self, value: Option<&str>) -> bool {
        let number = |text: &String| text.trim().parse::<f64>().ok();
        let operands: Option<Vec<f64>> = self.formulas.iter().map(number).collect();
        let (Some(operands), Some(value)) = (operands, value.and_then(|value| value.parse::<f64>().ok())) else {
            return true;
        };
        match (self.operator.as_str(), &operands[..]) {
            ("equal", [one]) => value == *one,
            ("notEqual", [one]) => value != *one,
            ("lessThan", [one]) => value < *one,
            ("lessThanOrEqual", [one]) => value <= *one,
            ("greaterThan", [one]) => value > *one,
            ("greaterThanOrEqual", [one]) => value >= *one,
            ("between", [one, other]) => (one.min(*other)..=one.max(*other)).contains(&value),
            ("notBetween", [one, other]) => !(one.min(*other)..=one.max(*other)).contains(&value),
            _ => true,
        }
    }
}

#[derive(Debug, Default)]
struct Rule {
    ranges: usize,
    condition: Comparison,
    /// By its number among those of the workbook, or its own.
    difference: Option<usize>,
    own: Difference,
    /// A bar or a sign stands in the place of the number.
    hides: bool,
}

/// The rules of a sheet while and after it is read.
#[derive(Debug, Default)]
pub struct Conditional {
    ranges: Vec<Vec<(At, At)>>,
    rules: Vec<Rule>,
    is_open: bool,
    in_rule: bool,
    in_difference: bool,
    /// A formula, or the ranges as a text, are being read.
    text: Option<String>,
}

impl Conditional {
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// The rules that follow are for these cells.
    pub fn begin_ranges(&mut self, ranges: Vec<(At, At)>) {
        self.ranges.push(ranges);
    }

    pub fn add(&mut self, condition: Comparison, own: Difference) {
        if let Some(ranges) = self.ranges.len().checked_sub(1).filter(|_| self.rules.len() < MAX_RULES) {
            self.rules.push(Rule { ranges, condition, own, ..Rule::default() });
        }
    }

    /// Takes an event of a sheet's part.
    pub fn take(&mut self, event: &Event<'_>) {
        match event {
            Event::Start(element) => self.begin(element),
            Event::End(element) => self.end(element.local_name().as_ref()),
            _ => {
                if let (Some(text), Some(piece)) = (&mut self.text, text_of(event)) {
                    text.push_str(&piece);
                }
            }
        }
    }

    fn begin(&mut self, element: &BytesStart<'_>) {
        let name = element.local_name();
        if self.in_difference {
            return self.rules.iter_mut().last().into_iter().for_each(|rule| rule.own.take(element));
        }
        let is_off = |value: Option<String>| value.is_some_and(|value| value == "0" || value == "false");
        match name.as_ref() {
            "conditionalFormatting" => {
                self.is_open = true;
                self.ranges.push(attribute(element, "sqref").map(|text| ranges(&text)).unwrap_or_default());
            }
            "cfRule" if self.is_open && self.rules.len() < MAX_RULES => {
                self.in_rule = true;
                let is_comparison = attribute(element, "type").is_some_and(|kind| kind == "cellIs");
                let operator = attribute(element, "operator").filter(|_| is_comparison).unwrap_or_default();
                self.rules.push(Rule {
                    ranges: self.ranges.len() - 1,
                    condition: Comparison { operator, formulas: Vec::new() },
                    difference: number(element, "dxfId"),
                    ..Rule::default()
                });
            }
            "formula" | "f" | "sqref" if self.is_open => self.text = Some(String::new()),
            "dxf" if self.in_rule => self.in_difference = true,
            "dataBar" | "iconSet" if self.in_rule && is_off(attribute(element, "showValue")) => {
                self.rules.iter_mut().last().into_iter().for_each(|rule| rule.hides = true);
            }
            // One of the grounds of a scale of colours.
            "color" if self.in_rule => {
                let ground = Colour::of(element, Colour::WHITE);
                self.rules.iter_mut().last().into_iter().for_each(|rule| rule.own.grounds.push(ground));
            }
            _ => {}
        }
    }

    fn end(&mut self, name: &str) {
        match name {
            "dxf" => self.in_difference = false,
            "cfRule" => self.in_rule = false,
            "conditionalFormatting" => self.is_open = false,
            "formula" | "f" if self.in_rule => {
                let formula = self.text.take();
                self.rules
                    .iter_mut()
                    .last()
                    .into_iter()
                    .for_each(|rule| rule.condition.formulas.extend(formula.clone()));
            }
            "sqref" => {
                if let (Some(text), Some(last)) = (self.text.take(), self.ranges.last_mut()) {
                    *last = ranges(&text);
                }
            }
            "formula" | "f" => self.text = None,
            _ => {}
        }
    }

    /// Whether a cell in which `text` is shown of the number `value` may be shown otherwise, or not at all; differences that
    /// rules name by number are the workbook's.
    pub fn may_hide(
        &self,
        at: At,
        style: CellStyle,
        text: &str,
        value: Option<&str>,
        difference_of: &dyn Fn(usize) -> Option<Difference>,
    ) -> bool {
        self.rules.iter().any(|rule| {
            let ranges = self.ranges.get(rule.ranges).map(Vec::as_slice).unwrap_or_default();
            let is_within =
                |(first, last): &(At, At)| (first.0..=last.0).contains(&at.0) && (first.1..=last.1).contains(&at.1);
            let named = rule.difference.and_then(difference_of);
            let hides = |difference: &Difference| difference.may_hide(style, text, value);
            ranges.iter().any(is_within)
                && (rule.hides || hides(&rule.own) || named.as_ref().is_some_and(hides))
                && rule.condition.may_hold(value)
        })
    }

    /// Whether so many cells are more than can be compared with the ranges.
    pub fn is_too_much(&self, cells: usize) -> bool {
        let ranges: usize = self.rules.iter().map(|rule| self.ranges.get(rule.ranges).map_or(0, Vec::len)).sum();
        cells.saturating_mul(ranges) > MAX_COMPARISONS
    }
}

/// `A1:B3 C4` as pairs of first and last place.
fn ranges(text: &str) -> Vec<(At, At)> {
    let range = |range: &str| {
        let (first, last) = range.split_once(':').unwrap_or((range, range));
        Some((place_of(&first.replace('$', ""))?, place_of(&last.replace('$', ""))?))
    };
    text.split_whitespace().take(MAX_RANGES).filter_map(range).collect()
}
