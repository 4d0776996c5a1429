//! HTML: one file that stands alone, with headings that name the rows and columns they are of, and a style for print.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::form::catalogue;

use super::document::{Chapter, undivided_note};
use super::layout::{Content, Grid, Tile};
use super::{Document, Figure};

const STYLE: &str = include_str!("document.css");

/// A page in Chinese.
pub(super) fn page(title: &str, style: &Markup, body: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="zh-CN" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                (style)
            }
            body { (body) }
        }
    };
    page.into_string()
}

pub fn write(document: &Document) -> String {
    let body = html! {
        main {
            h1 { (document.title()) }
            @for chapter in document.chapters() { (chapter_markup(document, &chapter)) }
        }
        footer {
            dl {
                @for provenance in &document.provenance {
                    div {
                        dt { (provenance.label) }
                        dd { (provenance.value) }
                    }
                }
            }
        }
    };
    page(&document.title(), &html! { style { (PreEscaped(STYLE)) } }, &body)
}

fn chapter_markup(document: &Document, chapter: &Chapter<'_>) -> Markup {
    html! {
        section {
            @match chapter {
                Chapter::Narrative { heading, text } => {
                    h2 { (heading) }
                    @for paragraph in text.iter().flat_map(|text| text.lines()) { p { (paragraph) } }
                }
                Chapter::Table { heading, grid } => {
                    h2 { (heading) }
                    (table(document, grid))
                    @for line in &grid.undivided { p.note { (undivided_note(line)) } }
                }
            }
        }
    }
}

fn table(document: &Document, grid: &Grid) -> Markup {
    let total: usize = grid.widths.iter().sum::<usize>().max(1);
    html! {
        table aria-label=(grid.table.title.zh) {
            colgroup {
                @for width in &grid.widths { col style=(format!("width:{}.{}%", width * 100 / total, width * 1000 / total % 10)); }
            }
            @if grid.heading_rows > 0 { thead { (rows(document, grid, 0..grid.heading_rows)) } }
            tbody { (rows(document, grid, grid.heading_rows..grid.rows)) }
        }
    }
}

fn rows(document: &Document, grid: &Grid, rows: std::ops::Range<usize>) -> Markup {
    html! { @for row in rows { tr { @for tile in grid.row(row) { (tile_markup(document, tile)) } } } }
}

fn tile_markup(document: &Document, tile: &Tile) -> Markup {
    let span = |count: usize| (count > 1).then_some(count);
    let (rows, columns) = (span(tile.rows), span(tile.columns));
    match &tile.content {
        Content::Figure(cell) => {
            let class = match document.figure(*cell) {
                Figure::Blank => "blank",
                Figure::NotApplicable => "not-applicable",
                Figure::Unread => "unread",
                Figure::Number(_) => "number",
            };
            html! {
                td class=(class) data-cell=(catalogue().cell(*cell).path) rowspan=[rows] colspan=[columns] {
                    (document.text(*cell))
                }
            }
        }
        Content::ColumnHeading(text) => {
            let scope = if tile.columns > 1 { "colgroup" } else { "col" };
            html! { th scope=(scope) rowspan=[rows] colspan=[columns] { (text) } }
        }
        Content::Band(text) => html! { th.band scope="colgroup" rowspan=[rows] colspan=[columns] { (text) } },
        Content::RowHeading(text) => {
            let scope = if tile.rows > 1 { "rowgroup" } else { "row" };
            html! { th scope=(scope) rowspan=[rows] colspan=[columns] { (text) } }
        }
    }
}
