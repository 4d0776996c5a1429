//! Pages of things in order.

use std::str::FromStr;

use super::problem::Problem;

/// Where a page ended that another one follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageEnd {
    /// Journal sequence of the first page.
    pub sequence: u64,
    /// Key of the last thing on the page.
    pub key: String,
}

/// A page of something in order.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// In the order of the list.
    pub items: Vec<T>,
    /// Key of the last item; none on the last page.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// The first `size` of the items (of which one more than a page was asked for), and where the next page begins.
    pub fn cut(mut items: Vec<T>, size: usize, mark: impl Fn(&T) -> String) -> Self {
        let more = items.len() > size;
        items.truncate(size);
        let next = items.last().filter(|_| more).map(mark);
        Self { items, next }
    }

    /// The page with each item made into another.
    pub fn map<U>(self, make: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(make).collect(), next: self.next }
    }
}

/// The id that a key names, after which the page begins; none for the first page.
pub(super) fn id_in_token<T: FromStr>(token: &str) -> Result<Option<T>, Problem> {
    if token.is_empty() { Ok(None) } else { token.parse().map(Some).map_err(|_| Problem::bad_page_token()) }
}
