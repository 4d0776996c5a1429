//! The style sheets within a page: which rules an element has, in the order in which they count.

use std::cell::Cell;

use scraper::{ElementRef, Html, Selector};

use super::super::error::ReadError;
use super::style::{Style, split};

/// Most rules that are kept, of those that can hide, raise or strike a text.
const MAX_RULES: usize = 10_000;
/// Deepest nesting of blocks such as `@media`.
const MAX_DEPTH: usize = 4;
/// Most comparisons of a rule with an element.
const MAX_COMPARISONS: usize = 40_000_000;

struct Rule {
    selector: Selector,
    /// Whether it is `!important`, then how exactly it names its elements.
    weight: (bool, [usize; 3]),
    style: Style,
}

/// The rules of a page, the weakest first.
pub struct Sheet {
    rules: Vec<Rule>,
    comparisons: Cell<usize>,
}

impl Sheet {
    /// The rules of every sheet that a page holds and shows on a screen.
    ///
    /// # Errors
    /// [`ReadError::Damaged`] where there are too many.
    pub fn of(page: &Html) -> Result<Self, ReadError> {
        let mut rules = Vec::new();
        for node in page.tree.nodes() {
            let Some(element) = ElementRef::wrap(node).filter(|element| element.value().name() == "style") else {
                continue;
            };
            if element.attr("media").is_none_or(is_for_screens) {
                let text: String = element.text().collect();
                read(&without_comments(&text), 0, &mut rules)?;
            }
        }
        // Stable: of equally exact ones the later counts.
        rules.sort_by_key(|rule: &Rule| rule.weight);
        Ok(Self { rules, comparisons: Cell::new(0) })
    }

    /// What the sheets say of an element: what is important, and the rest.
    ///
    /// # Errors
    /// [`ReadError::Damaged`] where there is too much to compare.
    pub fn style(&self, element: &ElementRef<'_>) -> Result<(Style, Style), ReadError> {
        self.comparisons.set(self.comparisons.get() + self.rules.len());
        if self.comparisons.get() > MAX_COMPARISONS {
            return Err(too_many());
        }
        let (mut important, mut plain) = (Style::default(), Style::default());
        for rule in self.rules.iter().filter(|rule| rule.selector.matches(element)) {
            let style = if rule.weight.0 { &mut important } else { &mut plain };
            *style = rule.style.over(*style);
        }
        Ok((important, plain))
    }
}

fn too_many() -> ReadError {
    ReadError::damaged(super::super::Format::Html.name(), "too many rules of style")
}

/// Whether a page on a wide screen follows what stands under this condition.
fn is_for_screens(media: &str) -> bool {
    let media = media.to_ascii_lowercase();
    let is_shown = |query: &str| !(query.contains("print") || query.contains("max-") || query.contains("speech"));
    media.trim().is_empty() || media.split(',').any(is_shown)
}

fn without_comments(text: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some((before, comment)) = rest.split_once("/*") {
        kept.push_str(before);
        kept.push(' ');
        rest = comment.split_once("*/").map_or("", |(_, after)| after);
    }
    kept + rest
}

fn read(text: &str, depth: usize, rules: &mut Vec<Rule>) -> Result<(), ReadError> {
    let mut rest = text;
    while let Some((head, body)) = rest.split_once('{') {
        let (body, after) = block(body);
        rest = after;
        // Statements such as `@import` end before the head of the rule; marks of comments of HTML stand there too.
        let head = head.rsplit(';').next().unwrap_or_default().replace("<!--", " ").replace("-->", " ");
        let head = head.trim();
        if let Some(condition) = head.strip_prefix("@media") {
            if depth < MAX_DEPTH && is_for_screens(condition) {
                read(body, depth + 1, rules)?;
            }
        } else if !head.starts_with('@') {
            add(head, body, rules)?;
        }
    }
    Ok(())
}

/// What stands up to the bracket that closes the block, and what follows.
fn block(text: &str) -> (&str, &str) {
    let mut depth = 0usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 0 => {
                return (text.get(..at).unwrap_or_default(), text.get(at + 1..).unwrap_or_default());
            }
            b'}' => depth -= 1,
            _ => {}
        }
    }
    (text, "")
}

fn add(head: &str, body: &str, rules: &mut Vec<Rule>) -> Result<(), ReadError> {
    let (plain, important) = Style::parse(body);
    for (style, is_important) in [(plain, false), (important, true)] {
        if style == Style::default() {
            continue;
        }
        for name in split(head, ',').map(str::trim) {
            // What names no element of the page as it stands, such as `:hover`, is none of ours.
            let Ok(selector) = Selector::parse(name) else { continue };
            rules.push(Rule { selector, weight: (is_important, exactness(name)), style });
            if rules.len() > MAX_RULES {
                return Err(too_many());
            }
        }
    }
    Ok(())
}

/// How many ids, classes and names a selector has.
fn exactness(selector: &str) -> [usize; 3] {
    let count = |marks: &[char]| selector.matches(marks).count();
    let names = selector.split([' ', '>', '+', '~']).filter(|part| part.starts_with(|c: char| c.is_ascii_alphabetic()));
    [count(&['#']), count(&['.', '[', ':']), names.count()]
}
