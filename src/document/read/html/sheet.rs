//! The style sheets within a page: which rules an element has, in the order in which they count.

use std::cell::Cell;

use scraper::{ElementRef, Html, Selector};

use super::super::error::ReadError;
use super::colour::Colour;
use super::style::{Flowing, Style, split};
use super::variables::Variables;

/// Most rules that are kept, of those that can hide, raise or strike a text.
const MAX_RULES: usize = 10_000;
/// Most blocks of declarations of a page.
const MAX_BLOCKS: usize = 50_000;
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
    pub variables: Variables,
    comparisons: Cell<usize>,
}

impl Sheet {
    /// The rules of every sheet that a page holds and shows on a screen.
    ///
    /// # Errors
    /// [`ReadError::Damaged`] where there are too many.
    pub fn of(page: &Html) -> Result<Self, ReadError> {
        let mut blocks = Vec::new();
        let mut variables = Variables::default();
        for node in page.tree.nodes() {
            let Some(element) = ElementRef::wrap(node) else { continue };
            variables.add(element.attr("style").unwrap_or_default());
            if element.value().name() == "style" && element.attr("media").is_none_or(is_for_screens) {
                let text: String = element.text().collect();
                read(&without_comments(&text), Inside::default(), &mut blocks)?;
            }
        }
        blocks.iter().for_each(|block| variables.add(&block.body));
        let mut rules = Vec::new();
        for block in &blocks {
            add(block, &variables.replaced(&block.body), &mut rules)?;
        }
        // Stable: of equally exact ones the later counts.
        rules.sort_by_key(|rule: &Rule| rule.weight);
        Ok(Self { rules, variables, comparisons: Cell::new(0) })
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
    let is_other = |query: &str| ["print", "max-", "speech", "dark"].iter().any(|word| query.contains(word));
    let is_shown = |query: &str| !is_other(query);
    media.trim().is_empty() || media.split(',').any(is_shown)
}

/// Within which other rules a rule stands.
#[derive(Debug, Clone, Copy, Default)]
struct Inside {
    depth: usize,
    /// Of a condition that is not looked at.
    is_conditional: bool,
    /// Of a layer, which gives way to what stands in others or in none.
    is_layered: bool,
}

impl Inside {
    fn of(self, head: &str) -> Self {
        let name = head.split([' ', '(']).next().unwrap_or_default();
        Self {
            depth: self.depth + 1,
            is_conditional: self.is_conditional || matches!(name, "@supports" | "@container" | "@scope"),
            is_layered: self.is_layered || name == "@layer",
        }
    }
}

/// Whether the rules within a rule of this head count: a condition that is not looked at is taken for one that holds.
fn is_followed(head: &str) -> bool {
    let (name, condition) = head.split_once([' ', '(']).unwrap_or((head, ""));
    match name {
        "@media" => is_for_screens(condition),
        name => matches!(name, "@supports" | "@layer" | "@container" | "@scope"),
    }
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

/// Declarations with the selectors that they are of.
struct Block {
    head: String,
    body: String,
    inside: Inside,
}

fn read(text: &str, inside: Inside, blocks: &mut Vec<Block>) -> Result<(), ReadError> {
    let mut rest = text;
    while let Some((head, body)) = rest.split_once('{') {
        let (body, after) = block(body);
        rest = after;
        // Statements such as `@import` end before the head of the rule; marks of comments of HTML stand there too.
        let head = head.rsplit(';').next().unwrap_or_default().replace("<!--", " ").replace("-->", " ");
        let head = head.trim();
        if head.starts_with('@') {
            if inside.depth < MAX_DEPTH && is_followed(head) {
                read(body, inside.of(head), blocks)?;
            }
        } else {
            open(head, body, inside, blocks)?;
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

/// Keeps the declarations of a rule, and those of the rules within it.
fn open(head: &str, body: &str, inside: Inside, blocks: &mut Vec<Block>) -> Result<(), ReadError> {
    let at = blocks.len();
    let body = without_nested(head, body, inside, blocks)?;
    if blocks.len() > MAX_BLOCKS {
        return Err(too_many());
    }
    // What stands within a rule counts after it.
    blocks.insert(at, Block { head: head.to_owned(), body, inside });
    Ok(())
}

fn add(block: &Block, body: &str, rules: &mut Vec<Rule>) -> Result<(), ReadError> {
    let (plain, important) = Style::parse(body);
    let added = Style { is_unfollowed: Some(true), is_added: Some(true), ..Style::default() };
    for name in split(&block.head, ',').map(str::trim) {
        match of_pseudo_element(name) {
            // Digits that only the sheet writes are printed all the same, and a box that it draws may cover some; what is
            // said of a first letter may hide it.
            Some((element, is_added)) => {
                let all = important.over(plain);
                let is_box = all.flowing == Some(Flowing::Over)
                    && all.background.is_some_and(|colour| colour != Colour::Transparent);
                let counts = if is_added { writes_digits(body) || is_box } else { all != Style::default() };
                push(element, false, if counts { added } else { Style::default() }, rules)?;
            }
            None => {
                // A layer lays out whole pages by the names of their elements; what it says of these is as good as certain.
                let [ids, classes, _] = exactness(name);
                let is_doubtful = block.inside.is_conditional || (block.inside.is_layered && ids + classes > 0);
                for (is_important, style) in [(false, plain), (true, important)] {
                    let is_unfollowed = is_doubtful && style != Style::default();
                    let doubt = Style { is_unfollowed: is_unfollowed.then_some(true), ..Style::default() };
                    push(name, is_important, doubt.over(style), rules)?;
                }
            }
        }
    }
    Ok(())
}

fn push(name: &str, is_important: bool, style: Style, rules: &mut Vec<Rule>) -> Result<(), ReadError> {
    if style == Style::default() {
        return Ok(());
    }
    let weight = (is_important, exactness(name));
    if let Ok(selector) = Selector::parse(name) {
        rules.push(Rule { selector, weight, style });
    } else if style.is_absent == Some(true) || style.is_invisible == Some(true) {
        // Of which elements it hides something, a part of its name that is not known here says; what names none of the page as
        // it stands, such as `:hover`, is none of ours.
        let known = without_unknown(name);
        let style = Style { is_unfollowed: Some(true), ..Style::default() };
        rules.extend(known.and_then(|name| Selector::parse(&name).ok()).map(|selector| Rule {
            selector,
            weight,
            style,
        }));
    }
    if rules.len() > MAX_RULES { Err(too_many()) } else { Ok(()) }
}

/// Conditions of selectors that hold or not as a page stands, and are not followed here.
const STATIC: [&str; 12] = [
    ":lang(",
    ":link",
    ":any-link",
    ":defined",
    ":dir(",
    ":read-only",
    ":read-write",
    ":checked",
    ":enabled",
    ":disabled",
    ":nth-child(",
    ":not(",
];

/// A selector without the conditions that are not followed; none where it has others, or is nothing else.
fn without_unknown(name: &str) -> Option<String> {
    let mut kept = String::new();
    let mut rest = name;
    while let Some(at) = rest.find(':') {
        let (before, condition) = rest.split_at(at);
        kept.push_str(before);
        let known = STATIC.iter().find(|known| condition.starts_with(**known))?;
        let after = condition.strip_prefix(known)?;
        rest = if known.ends_with('(') { behind_bracket(after) } else { after };
    }
    kept.push_str(rest);
    let kept = kept.trim();
    (!kept.is_empty()).then(|| kept.to_owned())
}

/// What stands behind the bracket that closes one which was opened before.
fn behind_bracket(text: &str) -> &str {
    let mut depth = 1usize;
    for (at, character) in text.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return text.get(at + 1..).unwrap_or_default();
        }
    }
    ""
}

/// The declarations of a rule; the rules within it are added for themselves.
fn without_nested(head: &str, body: &str, around: Inside, blocks: &mut Vec<Block>) -> Result<String, ReadError> {
    let (mut own, mut rest) = (String::new(), body);
    while let Some((before, inside)) = rest.split_once('{') {
        let (inner, after) = block(inside);
        rest = after;
        let (declarations, name) = before.rsplit_once(';').unwrap_or(("", before));
        own.push_str(declarations);
        own.push(';');
        let name = name.trim();
        if around.depth >= MAX_DEPTH {
            continue;
        }
        if name.starts_with('@') {
            if is_followed(name) {
                open(head, inner, around.of(name), blocks)?;
            }
            continue;
        }
        for outer in split(head, ',').map(str::trim) {
            let names = split(name, ',').map(str::trim).map(|name| match name.contains('&') {
                true => name.replace('&', outer),
                false => format!("{outer} {name}"),
            });
            for name in names {
                open(&name, inner, around.of(""), blocks)?;
            }
        }
    }
    own.push_str(rest);
    Ok(own)
}

/// The element of which a selector names a part that the page does not write, and whether that is put beside it.
fn of_pseudo_element(name: &str) -> Option<(&str, bool)> {
    let (element, part) = name.rsplit_once(':')?;
    let element = element.strip_suffix(':').unwrap_or(element);
    let is_added = match part {
        "before" | "after" => true,
        "first-letter" | "first-line" => false,
        _ => return None,
    };
    Some((if element.is_empty() { "*" } else { element }, is_added))
}

/// Whether declarations put digits beside a text, or something that is not known here.
fn writes_digits(body: &str) -> bool {
    let contents = split(body, ';').filter_map(|declaration| declaration.split_once(':'));
    let contents = contents.filter(|(name, _)| name.trim().eq_ignore_ascii_case("content")).map(|(_, value)| value);
    contents.map(without_escapes).any(|content| content.contains('(') || content.chars().any(char::is_numeric))
}

/// A text with the characters that it names by their number.
fn without_escapes(text: &str) -> String {
    let mut parts = text.split('\\');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.bytes().take(6).take_while(u8::is_ascii_hexdigit).count();
        let (digits, rest) = part.split_at_checked(end).unwrap_or(("", part));
        plain.extend(u32::from_str_radix(digits, 16).ok().and_then(char::from_u32));
        plain.push_str(rest);
    }
    plain
}

/// How many ids, classes and names a selector has.
fn exactness(selector: &str) -> [usize; 3] {
    let count = |marks: &[char]| selector.matches(marks).count();
    let names = selector.split([' ', '>', '+', '~']).filter(|part| part.starts_with(|c: char| c.is_ascii_alphabetic()));
    [count(&['#']), count(&['.', '[', ':']), names.count()]
}
