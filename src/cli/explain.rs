//! `huizong explain`: rules in words, with an example judged by the real rules.

use clap::Args;

use crate::rules;
use crate::wire::findings_to_wire;

use super::client::findings_text;
use super::language::{beside, told};
use super::{Failure, Outcome};

#[derive(Args)]
pub(crate) struct Explain {
    /// Rule id, such as T3-ROW-TOTAL; left out, all rules are listed.
    rule: Option<String>,
}

impl Explain {
    pub(crate) fn run(&self) -> Outcome {
        let Some(id) = &self.rule else {
            for rule in rules::all_rules() {
                println!("{:<18} {}", rule.id, beside(rule.title.zh, rule.title.en));
            }
            return Ok(());
        };
        let rule = rules::rule(id).ok_or_else(|| {
            Failure::Usage(format!(
                "没有规则 {id}；huizong explain 列出全部规则\n  there is no rule {id}; huizong explain lists them all"
            ))
        })?;
        let (severity_zh, severity_en) = match rule.severity {
            crate::report::Severity::Error => ("错误：须改正后方可报送", "error: must be corrected before submission"),
            crate::report::Severity::Warning => ("警告：须作核实说明", "warning: an explanation is required"),
        };
        println!("{}  {}", rule.id, beside(rule.title.zh, rule.title.en));
        println!("  {}", beside(severity_zh, severity_en));
        for (zh, en, text) in
            [("规则", "Rule", rule.text), ("依据", "Basis", rule.basis), ("处理", "Remedy", rule.remedy)]
        {
            println!("\n{}\n  {}", told(zh, en, " "), told(text.zh, text.en, "\n  "));
        }
        if let Some(shown) = rule.demonstrate() {
            println!(
                "\n{} ({})\n{}",
                told("示例", "Example", " "),
                shown.year,
                findings_text(&findings_to_wire(&shown.findings))
            );
        }
        Ok(())
    }
}
