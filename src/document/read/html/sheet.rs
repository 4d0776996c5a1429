//! The style sheets within a page: which rules an element has, in the order in which they count.

use std::cell::Cell;

use scraper::{ElementRef, Html, Selector};

use super::super::error::ReadError;
use super::colour::Colour;
use super::media::holds;
use super::style::{Flowing, Style};
use super::value::{split, without_escapes};
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
            let media = element.attr("media").unwrap_or_default();
            if element.value().name() == "style" && holds(media) != Some(false) {
                let text: String = element.text().collect();
                let inside = Inside { is_conditional: holds(media).is_none(), ..Inside::default() };
                read(&without_comments(&text), inside, &mut blocks)?;
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
    /// Within a rule of this head besides; none where what stands in it does not count. A condition that is not looked at
    /// may hold.
    fn of(self, head: &str) -> Option<Self> {
        let (name, condition) = head.split_at(head.find([' ', '(']).unwrap_or(head.len()));
        let is_doubtful = match name {
            "@media" => match holds(condition) {
                Some(false) => return None,
                holds => holds.is_none(),
            },
            "@supports" | "@container" | "@scope" => true,
            "@layer" => false,
            _ => return None,
        };
        Some(Self {
            depth: self.depth + 1,
            is_conditional: self.is_conditional || is_doubtful,
            is_layered: self.is_layered || name == "@layer",
        })
    }

    /// Within another rule.
    fn nested(self) -> Self {
        Self { depth: self.depth + 1, ..self }
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
        if head.starts_with(['@', '\\']) {
            if let Some(inside) = inside.of(&without_escapes(head)).filter(|inside| inside.depth <= MAX_DEPTH) {
                read(body, inside, blocks)?;
            }
        } else {
            open(head, body, inside, blocks)?;
        }
    }
    Ok(())
}

/// What stands up to the bracket that closes the block, and what follows.
fn block(text: &str) -> (&str, &str) {
    let (mut depth, mut quote, mut is_escaped) = (0usize, None, false);
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            _ if is_escaped => is_escaped = false,
            (_, b'\\') => is_escaped = true,
            // A quotation ends with its line at the latest.
            (Some(_), b'\n') => quote = None,
            (Some(open), _) => quote = quote.filter(|_| byte != open),
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'{') => depth += 1,
            (None, b'}') if depth == 0 => {
                return (text.get(..at).unwrap_or_default(), text.get(at + 1..).unwrap_or_default());
            }
            (None, b'}') => depth -= 1,
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
    let names = || split(&block.head, ',').map(str::trim);
    // A list of which one selector is none of CSS's is as if not written.
    let is_sound = names().all(is_selector);
    for name in names() {
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
                let is_doubtful =
                    block.inside.is_conditional || !is_sound || (block.inside.is_layered && ids + classes > 0);
                for (is_important, style) in [(false, plain), (true, important)] {
                    let is_unfollowed = is_doubtful && style.tells();
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
    } else if style.tells() {
        // Of which elements it tells something, a part of its name that is not known here says; what names none of the page
        // as it stands, such as `:hover`, is none of ours.
        let known = without(name, &STATIC);
        let style = Style { is_unfollowed: Some(true), ..Style::default() };
        rules.extend(known.and_then(|name| Selector::parse(&name).ok()).map(|selector| Rule {
            selector,
            weight,
            style,
        }));
    }
    if rules.len() > MAX_RULES { Err(too_many()) } else { Ok(()) }
}

/// Conditions of selectors that hold or not as a page stands and are not followed here, with the elements that they are of.
const STATIC: [(&str, &str); 12] = [
    (":lang(", "[lang]"),
    (":dir(", "[dir]"),
    (":nth-child(", "*"),
    (":not(", "*"),
    (":link", "a"),
    (":any-link", "a"),
    (":read-only", "input"),
    (":read-write", "input"),
    (":checked", "input"),
    (":enabled", "input"),
    (":disabled", "input"),
    (":defined", "*"),
];

/// Those that no element of a page meets while nobody uses it, and parts of elements that the page does not write.
const DYNAMIC: [(&str, &str); 16] = [
    ("::-webkit-", ""),
    ("::placeholder", ""),
    ("::selection", ""),
    ("::marker", ""),
    ("::backdrop", ""),
    (":hover", ""),
    (":active", ""),
    (":focus-visible", ""),
    (":focus-within", ""),
    (":focus", ""),
    (":visited", ""),
    (":target", ""),
    (":fullscreen", ""),
    (":invalid", ""),
    (":valid", ""),
    (":placeholder-shown", ""),
];

/// A selector without these conditions; none where it has others.
fn without(name: &str, conditions: &[(&str, &str)]) -> Option<String> {
    let mut kept = String::new();
    let mut rest = name;
    while let Some(at) = rest.find(':') {
        let (before, condition) = rest.split_at(at);
        let (known, element) = conditions.iter().find(|(known, _)| condition.starts_with(known))?;
        let after = condition.strip_prefix(known)?;
        // Of elements that are not written as HTML has them.
        if after.trim_start().starts_with(":defined") {
            return None;
        }
        kept.push_str(before);
        if before.is_empty() || before.ends_with([' ', '>', '+', '~', '(']) {
            kept.push_str(element);
        }
        rest = if known.ends_with('(') { behind_bracket(after) } else { after };
        rest = if known.ends_with('-') {
            rest.trim_start_matches(|c: char| c.is_ascii_alphabetic() || c == '-')
        } else {
            rest
        };
    }
    kept.push_str(rest);
    Some(kept.trim().to_owned())
}

/// Whether browsers know a selector as one, as far as that can be told.
fn is_selector(name: &str) -> bool {
    let parses = |name: &str| name.is_empty() || Selector::parse(name).is_ok();
    let all: Vec<(&str, &str)> = STATIC.into_iter().chain(DYNAMIC).collect();
    of_pseudo_element(name).is_some() || parses(name) || without(name, &all).is_some_and(|name| parses(&name))
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
        if around.depth >= MAX_DEPTH || name.is_empty() {
            continue;
        }
        if name.starts_with('@') {
            if let Some(around) = around.of(name) {
                open(head, inner, around, blocks)?;
            }
            continue;
        }
        for outer in split(head, ',').map(str::trim) {
            let names = split(name, ',').map(str::trim).map(|name| match name.contains('&') {
                true => name.replace('&', outer),
                false => format!("{outer} {name}"),
            });
            for name in names {
                open(&name, inner, around.nested(), blocks)?;
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

/// How many ids, classes and names a selector has.
fn exactness(selector: &str) -> [usize; 3] {
    let count = |marks: &[char]| selector.matches(marks).count();
    let names = selector.split([' ', '>', '+', '~']).filter(|part| part.starts_with(|c: char| c.is_ascii_alphabetic()));
    [count(&['#']), count(&['.', '[', ':']), names.count()]
}
