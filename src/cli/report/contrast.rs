//! `huizong report compare`: one report beside another, in words and figures.

use crate::cli::language::{beside, name, told};
use crate::cli::output::{Listing, label, print_json, print_line};
use crate::cli::{Outcome, OutputFormat};
use crate::pb;
use crate::wire::value_in_words;

/// Thousandths as a percentage with its sign.
fn percent(permille: i64) -> String {
    let sign = if permille < 0 { "-" } else { "+" };
    format!("{sign}{}.{}%", permille.unsigned_abs() / 10, permille.unsigned_abs() % 10)
}

pub(super) fn print(answer: &pb::CompareReportsResponse, format: OutputFormat) -> Outcome {
    if format == OutputFormat::Json {
        return print_json(answer);
    }
    let headings = ["cell", "单元格 label", "前 before", "后 after", "差额 difference", "增减 share"];
    let mut listing = Listing::new(&headings, &[2, 3, 4, 5]);
    for one in &answer.cells {
        listing.rows.push(vec![
            one.cell.clone(),
            label(one.label.as_ref()),
            value_in_words(one.before.as_ref()),
            value_in_words(one.after.as_ref()),
            value_in_words(one.difference.as_ref()),
            one.share_permille.map(percent).unwrap_or_default(),
        ]);
    }
    listing.print(format)?;
    if format != OutputFormat::Table {
        return Ok(());
    }
    print_line(&format!(
        "\n{} → {}\n{}",
        answer.earlier,
        answer.later,
        beside(
            format!("相同{}处，格式不同而未比对{}处", answer.equal_cells, answer.not_comparable_cells),
            format!("{} equal, {} not comparable", answer.equal_cells, answer.not_comparable_cells),
        )
    ))?;
    for chapter in &answer.chapters {
        let title = match chapter.chapter.as_str() {
            "overview" => name("一、总体情况", "1. Overview"),
            "problems" => name("五、存在的主要问题及改进情况", "5. Main problems and improvements"),
            _ => name("六、其他需要报告的事项", "6. Other matters to be reported"),
        };
        print_line(&format!("\n{title}  ({} {})", told("相同句数", "kept", " "), chapter.kept))?;
        for sentence in &chapter.dropped {
            print_line(&format!("- {sentence}"))?;
        }
        for sentence in &chapter.added {
            print_line(&format!("+ {sentence}"))?;
        }
    }
    Ok(())
}
