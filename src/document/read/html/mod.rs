//! HTML: web pages and what word processors save as such. What its styles hide, raise or strike is told apart from
//! the text; scripts are not run, and sheets outside the page not fetched.

mod colour;
mod media;
mod sheet;
mod shown;
mod style;
mod unfollowed;
mod value;
mod variables;

use scraper::node::{Element, Node};
use scraper::{ElementRef, Html};

use super::error::ReadError;
use super::flow::{CellSpan, Flow};
use super::inscription::{BOX, Look};
use super::placement::PrintedRow;
use colour::Colour;
use sheet::Sheet;
use shown::{PICTURES, Shown, own_style};
use style::Style;

/// Elements whose text is not printed.
const UNPRINTED: &[&str] = &["script", "style", "noscript", "template", "datalist", "audio", "noframes", "noembed"];

/// Parts of a table: one that takes no place is not there, as if it had not been written.
const TABLE_PARTS: &[&str] = &["table", "thead", "tbody", "tfoot", "tr", "td", "th", "colgroup", "col"];

/// Kinds of `<input>` whose value is typed in and shown.
const TYPED: &[&str] = &["text", "number", "tel", "search"];
/// Those that show no value.
const UNSHOWN: &[&str] = &["hidden", "checkbox", "radio", "file", "color"];

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
    "address",
    "fieldset",
    "legend",
    "figcaption",
    "hr",
    "details",
    "summary",
    "dialog",
    "hgroup",
    "menu",
    "dir",
    "search",
];

/// Reads the paragraphs and tables of a page into printed rows.
///
/// # Errors
/// [`ReadError::TooManyCells`] beyond `max_cells`, [`ReadError::TooDeep`] for tables nested too deep,
/// [`ReadError::Damaged`] for more rules of style than can be followed.
pub fn read_html(text: &str, max_cells: usize) -> Result<Vec<PrintedRow>, ReadError> {
    let page = Html::parse_document(text);
    let mut walk = Walk { flow: Flow::new(max_cells), sheet: Sheet::of(&page)?, shown: Vec::new() };
    let mut next = Some(page.tree.root());
    // From node to node without recursion: a page may be nested without bound.
    while let Some(node) = next {
        let goes_in = match node.value() {
            Node::Text(text) => {
                walk.flow.text(text, walk.here().setting());
                false
            }
            Node::Element(_) => ElementRef::wrap(node).map_or(Ok(false), |element| walk.begin(&element))?,
            _ => true,
        };
        next = match node.first_child().filter(|_| goes_in) {
            Some(child) => Some(child),
            None => {
                let mut leaving = Some(node);
                loop {
                    let Some(left) = leaving else { break None };
                    if let Node::Element(element) = left.value() {
                        walk.end(element)?;
                    }
                    if let Some(sibling) = left.next_sibling() {
                        break Some(sibling);
                    }
                    leaving = left.parent();
                }
            }
        };
    }
    walk.flow.finish()
}

struct Walk {
    flow: Flow,
    sheet: Sheet,
    /// How text is shown in each of the elements that are open, outermost first.
    shown: Vec<Shown>,
}

impl Walk {
    fn here(&self) -> Shown {
        self.shown.last().copied().unwrap_or(Shown::PAGE)
    }

    /// Enters an element; false where its inside is not walked through.
    fn begin(&mut self, element: &ElementRef<'_>) -> Result<bool, ReadError> {
        let (node, name) = (element.value(), element.value().name());
        let style = self.style(element)?;
        let mut shown = self.here().inside(node, style, self.flow.in_cell());
        if has_shadow(element) {
            shown = shown.strange();
        }
        self.shown.push(shown);
        if shown.is_absent {
            // Whoever reads the number beside it should know of it; what is no part of a cell is as if not written.
            let is_text = ![TABLE_PARTS, UNPRINTED, PICTURES].iter().any(|names| names.contains(&name));
            if self.flow.in_cell() && is_text {
                let text: String = element.text().collect();
                self.flow.text(&text, if style.is_unfollowed == Some(true) { Look::Strange } else { Look::Hidden });
            }
            return Ok(false);
        }
        if shown.is_cover {
            self.flow.text(BOX, Look::Cover);
        }
        let list = element.parent().and_then(ElementRef::wrap);
        let is_listed = name == "li" && list.is_some_and(|list| list.value().name() == "ol");
        match name {
            "table" => self.flow.begin_table()?,
            "tr" => self.flow.begin_row()?,
            "td" | "th" => self.flow.begin_cell(span(node))?,
            "br" => self.flow.line_break()?,
            // What stands in one field is not one with what stands beside it.
            "input" => self.typed(node, shown),
            "select" => {
                self.apart();
                // A list that is open shows all of it.
                let is_open = node.attr("multiple").is_some() || node.attr("size").is_some_and(|size| size != "1");
                let setting = if is_open { Look::Strange.into() } else { shown.setting() };
                self.flow.text(&chosen(element), setting);
                self.apart();
                return Ok(false);
            }
            "textarea" | "button" => self.apart(),
            name if PICTURES.contains(&name) => {
                if self.flow.in_cell() {
                    // What has a text of its own, or a page, may show digits beside those of the cell.
                    let has_digits = element.text().any(|text| text.contains(char::is_numeric));
                    let is_page = matches!(name, "iframe" | "object" | "embed");
                    let (text, look) =
                        if is_page || has_digits { ("①", Look::Strange) } else { (BOX, Look::Picture) };
                    self.flow.text(text, look);
                }
                return Ok(name == "picture");
            }
            // Web sites of governments state the title here by rule, pages of navigation before it.
            "meta" => title_of_meta(&mut self.flow, node)?,
            // What a program writes where it stands.
            "script" if self.flow.in_cell() && element.text().any(|text| text.contains("document.write")) => {
                self.flow.text(BOX, Look::Picture);
                return Ok(false);
            }
            name if UNPRINTED.contains(&name) => return Ok(false),
            name if PARAGRAPHS.contains(&name) => {
                self.flow.end_paragraph()?;
                if is_listed && self.flow.in_cell() {
                    self.flow.text(BOX, Look::Numbering);
                }
            }
            _ if shown.is_block => self.apart(),
            _ => {}
        }
        if self.flow.in_cell() && (is_drawn(element, style) || is_scripted(element)) {
            // A digit, perhaps, as far as is known here.
            self.flow.text("①", Look::Strange);
        }
        Ok(true)
    }

    fn end(&mut self, element: &Element) -> Result<(), ReadError> {
        let shown = self.shown.pop().unwrap_or(Shown::PAGE);
        match element.name() {
            _ if shown.is_absent => Ok(()),
            "table" => self.flow.end_table(),
            "td" | "th" => self.flow.end_cell(),
            name if PARAGRAPHS.contains(&name) => self.flow.end_paragraph(),
            name => {
                if shown.is_block || matches!(name, "textarea" | "button") {
                    self.apart();
                }
                Ok(())
            }
        }
    }

    /// By falling weight: what is important, the element's own attribute, the sheets, and what it is by itself.
    fn style(&self, element: &ElementRef<'_>) -> Result<Style, ReadError> {
        let (important, plain) = self.sheet.style(element)?;
        let own = element.attr("style").map(|own| self.sheet.variables.replaced(own));
        let (own, own_important) = own.map(|own| Style::parse(&own)).unwrap_or_default();
        Ok(own_important.over(important).over(own).over(plain).over(own_style(element.value())))
    }

    /// Parts a text from what stands beside it in a cell.
    fn apart(&mut self) {
        if self.flow.in_cell() {
            self.flow.text(" ", Look::Plain);
        }
    }

    /// A field of a form, with what stands in it.
    fn typed(&mut self, element: &Element, shown: Shown) {
        let kind = element.attr("type").unwrap_or("text").trim().to_ascii_lowercase();
        let value = element.attr("value").unwrap_or_default();
        if TYPED.contains(&kind.as_str()) {
            self.apart();
            self.flow.text(value, shown.setting());
            // Shown where nothing is filled in.
            let standing = element.attr("placeholder").filter(|_| value.is_empty() && self.flow.in_cell());
            self.flow.text(standing.unwrap_or_default(), Look::Strange);
            self.apart();
        } else if self.flow.in_cell() && kind == "image" {
            self.flow.text(BOX, Look::Picture);
        } else if self.flow.in_cell() && !UNSHOWN.contains(&kind.as_str()) {
            // A button, a date, a slider: it may show its value.
            self.flow.text(value, Look::Strange);
        }
    }
}

/// Attributes of elements into which a program writes the text.
const BINDINGS: [&str; 7] = ["ng-bind", "ng-bind-html", "v-text", "v-html", "x-text", "data-bind", "th:text"];

/// Whether an element without a text of its own is one that a program draws or writes into.
fn is_scripted(element: &ElementRef<'_>) -> bool {
    let node = element.value();
    let is_bound = BINDINGS.iter().any(|attribute| node.attr(attribute).is_some());
    (node.name().contains('-') || is_bound) && element.text().all(|text| text.trim().is_empty())
}

/// Whether an element shows a text that stands in a template in the place of what is written in it.
fn has_shadow(element: &ElementRef<'_>) -> bool {
    let mut inside = element.children().filter_map(ElementRef::wrap);
    inside.any(|child| child.value().name() == "template" && child.attr("shadowrootmode").is_some())
}

/// Whether an element without a text of its own shows what a sheet writes into it, or a picture behind it.
fn is_drawn(element: &ElementRef<'_>, style: Style) -> bool {
    // A picture behind many cells is none of any of them.
    let is_own = || element.attr("style").is_some_and(|own| own.contains("url("));
    let may_have = !TABLE_PARTS.contains(&element.value().name()) || is_own();
    let has_picture = style.background == Some(Colour::Unknown) && may_have;
    (style.is_added == Some(true) || has_picture) && element.text().all(|text| text.trim().is_empty())
}

/// The text of the option that a list shows: the one that is selected, or the first.
fn chosen(element: &ElementRef<'_>) -> String {
    let options = || {
        let all = element.descendants().filter_map(ElementRef::wrap);
        all.filter(|element| element.value().name() == "option")
    };
    let selected = options().filter(|option| option.attr("selected").is_some()).last();
    let text = |option: ElementRef<'_>| match option.attr("label") {
        Some(label) if !label.is_empty() => label.to_owned(),
        _ => option.text().collect(),
    };
    let first = || options().find(|option| option.attr("disabled").is_none()).or_else(|| options().next());
    selected.or_else(first).map(text).unwrap_or_default()
}

fn title_of_meta(flow: &mut Flow, element: &Element) -> Result<(), ReadError> {
    if element.attr("name").is_some_and(|name| name.eq_ignore_ascii_case("ArticleTitle")) {
        flow.text(element.attr("content").unwrap_or_default(), Look::Plain);
        flow.end_paragraph()?;
    }
    Ok(())
}

fn span(element: &Element) -> CellSpan {
    let number = |name| element.attr(name).and_then(|value| value.trim().parse().ok()).unwrap_or(1);
    CellSpan { columns: number("colspan"), rows: number("rowspan"), continued: false }
}
