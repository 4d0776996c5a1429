//! HTML: web pages and what word processors save as such.

use scraper::Html;
use scraper::node::{Element, Node};

use super::error::ReadError;
use super::flow::{CellSpan, Flow};
use super::placement::PrintedRow;

/// Elements whose text is not printed.
const UNPRINTED: &[&str] = &["script", "style", "noscript", "template", "textarea", "select", "svg"];

/// Elements that begin and end a paragraph.
const PARAGRAPHS: &[&str] = &[
    "p",
    "div",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "li",
    "ul",
    "ol",
    "dl",
    "dt",
    "dd",
    "section",
    "article",
    "header",
    "footer",
    "nav",
    "main",
    "aside",
    "pre",
    "blockquote",
    "form",
    "caption",
    "title",
    "body",
    "figure",
    "center",
];

/// Reads the paragraphs and tables of a page into printed rows.
///
/// # Errors
/// [`ReadError::TooManyCells`] beyond `max_cells`, [`ReadError::TooDeep`] for tables nested too deep.
pub fn read_html(text: &str, max_cells: usize) -> Result<Vec<PrintedRow>, ReadError> {
    let page = Html::parse_document(text);
    let mut flow = Flow::new(max_cells);
    let mut next = Some(page.tree.root());
    // From node to node without recursion: a page may be nested without bound.
    while let Some(node) = next {
        let printed = begin(&mut flow, node.value())?;
        next = match node.first_child().filter(|_| printed) {
            Some(child) => Some(child),
            None => {
                let mut leaving = Some(node);
                loop {
                    let Some(left) = leaving else { break None };
                    end(&mut flow, left.value())?;
                    if let Some(sibling) = left.next_sibling() {
                        break Some(sibling);
                    }
                    leaving = left.parent();
                }
            }
        };
    }
    flow.finish()
}

/// Enters a node; false where its inside is not printed.
fn begin(flow: &mut Flow, node: &Node) -> Result<bool, ReadError> {
    match node {
        Node::Text(text) => flow.text(text),
        Node::Element(element) => match element.name() {
            "table" => flow.begin_table()?,
            "tr" => flow.begin_row()?,
            "td" | "th" => flow.begin_cell(span(element))?,
            "br" => flow.line_break()?,
            // Web sites of governments state the title here by rule, pages of navigation before it.
            "meta" => title_of_meta(flow, element)?,
            name if UNPRINTED.contains(&name) => return Ok(false),
            name if PARAGRAPHS.contains(&name) => flow.end_paragraph()?,
            _ => {}
        },
        _ => {}
    }
    Ok(true)
}

fn end(flow: &mut Flow, node: &Node) -> Result<(), ReadError> {
    let Node::Element(element) = node else { return Ok(()) };
    match element.name() {
        "table" => flow.end_table(),
        "td" | "th" => flow.end_cell(),
        name if PARAGRAPHS.contains(&name) => flow.end_paragraph(),
        _ => Ok(()),
    }
}

fn title_of_meta(flow: &mut Flow, element: &Element) -> Result<(), ReadError> {
    if element.attr("name").is_some_and(|name| name.eq_ignore_ascii_case("ArticleTitle")) {
        flow.text(element.attr("content").unwrap_or_default());
        flow.end_paragraph()?;
    }
    Ok(())
}

fn span(element: &Element) -> CellSpan {
    let number = |name| element.attr(name).and_then(|value| value.trim().parse().ok()).unwrap_or(1);
    CellSpan { columns: number("colspan"), rows: number("rowspan"), continued: false }
}
