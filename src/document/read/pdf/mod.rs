//! PDF with a text layer. Characters and lines are taken from the page's instructions on top of lopdf. Text extractors lose
//! what tells cells apart and which characters are to be seen, and the tables that font and page bring along can make them
//! panic or never end.

mod cmap;
mod font;
mod ink;
mod layers;
mod locked;
mod page;
mod pen;
mod state;
mod unlooked;
mod unpack;

use super::error::ReadError;
use super::page::{Pages, max_characters};
use super::{Limits, Password, Printed};
use page::Painter;

/// Reads a PDF into printed rows.
///
/// # Errors
/// [`ReadError::Damaged`], [`ReadError::Locked`], [`ReadError::WrongPassword`] and the errors of limits.
pub fn read_pdf(bytes: &[u8], password: &Password, limits: &Limits) -> Result<Printed, ReadError> {
    let document = unpack::load(bytes, password)?;
    let ids: Vec<_> = document.page_iter().take(limits.max_pages + 1).collect();
    if ids.len() > limits.max_pages {
        return Err(ReadError::TooManyPages { limit: limits.max_pages });
    }
    let mut painter = Painter::new(&document, max_characters(limits), limits.max_unpacked_bytes);
    let mut pages = Pages::default();
    for id in ids {
        pages.add(painter.page(id)?);
    }
    pages.printed(limits)
}
