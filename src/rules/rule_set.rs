//! The rules of a year, with the id and hash that a revision keeps of what judged it.

use std::fmt::Write as _;
use std::sync::LazyLock;

use crate::form::{EDITIONS, Edition, Text, catalogue};
use crate::report::{Hash, Period, ReportYear, RuleSetRef, Severity, VALUE_LIMIT};

use super::model::{Blank, Check, Context, Ratio, Rule, Statement, TextCheck, Zero};
use super::plan::{Equation, Plan, PlannedRule, PlannedTerm};

/// Goes up with every change of a rule, so that reports judged before keep the name of what judged them.
const NUMBER: u16 = 4;

/// First line of the canonical text; changes with its format.
const HEADER: &str = "huizong-rules/1";

/// The rules that judge the reports of some years: those that share an edition of the form.
#[derive(Debug)]
pub struct RuleSet {
    id: String,
    hash: Hash,
    rules: Vec<&'static Rule>,
}

/// The rules for reports of `year`. A year without an edition of the form has rules too, and breaks EDITION-YEAR.
pub fn rule_set(year: ReportYear) -> &'static RuleSet {
    static SETS: LazyLock<Vec<(&'static Edition, RuleSet)>> =
        LazyLock::new(|| EDITIONS.iter().map(|edition| (edition, RuleSet::for_edition(Some(edition)))).collect());
    static WITHOUT_EDITION: LazyLock<RuleSet> = LazyLock::new(|| RuleSet::for_edition(None));
    let set = SETS.iter().find(|(edition, _)| edition.covers(year.get()));
    set.map_or_else(|| &*WITHOUT_EDITION, |(_, set)| set)
}

impl RuleSet {
    /// The edition's name and the set's number, such as `format_2021/1`.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// SHA-256 of the canonical text: UTF-8 lines, each ended by LF. The header and the set's id, then for each rule
    /// in the order of application its id, severity, years, words in both languages, the check with its parameters,
    /// and its equations or cells by path.
    pub fn hash(&self) -> Hash {
        self.hash
    }

    /// What a revision keeps of the set.
    pub fn reference(&self) -> RuleSetRef {
        RuleSetRef { id: self.id.clone(), hash: self.hash }
    }

    /// In the order of application.
    pub fn rules(&self) -> impl Iterator<Item = &'static Rule> {
        self.rules.iter().copied()
    }

    pub(super) fn has(&self, rule: &Rule) -> bool {
        self.rules.iter().any(|own| std::ptr::eq(*own, rule))
    }

    fn for_edition(edition: Option<&'static Edition>) -> Self {
        let plan = edition.map_or_else(Plan::without_edition, Plan::of);
        let applies = |planned: &&PlannedRule| match edition {
            Some(edition) => planned.rule.years.overlap(edition.first_year, edition.last_year),
            None => true,
        };
        let planned: Vec<&PlannedRule> = plan.rules.iter().filter(applies).collect();
        let id = format!("{}/{NUMBER}", edition.map_or("no_edition", |edition| edition.id));
        let hash = Hash::of(canonical_text(&id, &planned).as_bytes());
        Self { id, hash, rules: planned.into_iter().map(|planned| planned.rule).collect() }
    }
}

fn canonical_text(id: &str, rules: &[&PlannedRule]) -> String {
    let mut text = format!("{HEADER}\nset={id}\n");
    for planned in rules {
        let rule = planned.rule;
        let severity = match rule.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let last = rule.years.last.map_or(String::new(), |year| year.to_string());
        let mut add = |name: &str, value: &str| {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{name}={value}");
        };
        add("rule", rule.id);
        add("severity", severity);
        add("years", &format!("{}..{last}", rule.years.first));
        let words = [("title", rule.title), ("text", rule.text), ("basis", rule.basis), ("remedy", rule.remedy)];
        for (name, Text { zh, en }) in words {
            add(&format!("{name}.zh"), zh);
            add(&format!("{name}.en"), en);
        }
        add("explains", if rule.explains { "yes" } else { "no" });
        add("check", &check_text(&rule.check));
        for equation in &planned.equations {
            add("equation", &equation_text(equation));
        }
        for cell in &planned.cells {
            add("cell", &catalogue().cell(*cell).path);
        }
    }
    text
}

/// The check's name and parameters.
fn check_text(check: &Check) -> String {
    match check {
        Check::Equations { left, right, .. } => {
            format!("equations left={}|{} right={}|{}", left.zh, left.en, right.zh, right.en)
        }
        Check::Range => format!("range limit={VALUE_LIMIT}"),
        Check::Blank(Blank::Table) => "blank table".to_owned(),
        Check::Blank(Blank::Leaf) => "blank leaf".to_owned(),
        Check::Blank(Blank::Total) => "blank total".to_owned(),
        Check::Blank(Blank::Merged) => "merged line".to_owned(),
        Check::Ratio(Ratio::Jump { factor, floor, .. }) => format!("jump factor={factor} floor={floor}"),
        Check::Ratio(Ratio::Unit { units, suspect: (from, to), ceiling_below_city, .. }) => {
            format!("unit units={units} suspect={from}..{to} ceiling_below_city={ceiling_below_city}")
        }
        Check::Zero(Zero::BelowCity { .. }) => "zero below city".to_owned(),
        Check::Zero(Zero::Everything) => "not all zero".to_owned(),
        Check::Context(Context::EditionOfYear) => "edition of year".to_owned(),
        Check::Context(Context::YearEnded) => "year ended".to_owned(),
        Check::Context(Context::DocumentYear) => "year of document".to_owned(),
        Check::Context(Context::DocumentAgency) => "agency of document".to_owned(),
        Check::Repeated { figures_min } => format!("repeated figures={figures_min}"),
        Check::Text(TextCheck::Figures(statements)) => {
            let statement = |s: &Statement| {
                let meanings: Vec<String> = s.meanings.iter().map(|paths| paths.join("+")).collect();
                let (context, silent) = (s.context.join(","), s.silent.join(","));
                format!(" [{} | {context} | {silent} | {}]", s.pattern, meanings.join(","))
            };
            format!("text figures{}", statements.iter().map(statement).collect::<String>())
        }
        Check::Text(TextCheck::Year) => "text year".to_owned(),
        Check::Text(TextCheck::Thin { characters_min }) => format!("text thin characters={characters_min}"),
        Check::Text(TextCheck::Reused { percent_max, passage, characters_min }) => {
            format!("text reused percent={percent_max} passage={passage} characters={characters_min}")
        }
    }
}

/// The equation by paths: `a + b - previous(c) = d`.
fn equation_text(equation: &Equation) -> String {
    let side = |terms: &[PlannedTerm]| {
        let mut text = String::new();
        for term in terms {
            let path = &catalogue().cell(term.cell).path;
            let sign = match (text.is_empty(), term.negative) {
                (true, false) => "",
                (true, true) => "- ",
                (false, false) => " + ",
                (false, true) => " - ",
            };
            text.push_str(sign);
            match term.period {
                Period::Current => text.push_str(path),
                Period::Previous => text.push_str(&format!("previous({path})")),
            }
        }
        text
    };
    format!("{} = {}", side(&equation.left), side(&equation.right))
}
