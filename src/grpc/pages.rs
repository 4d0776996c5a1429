//! Page sizes: what callers may ask for.

use crate::report::Message;
use crate::service::Problem;

/// Resources per page where the caller does not say, and at most.
pub const RESOURCES: Sizes = Sizes { default: 50, max: 1000 };
/// Rows of sums per page where the caller does not say, and at most.
pub const ROWS: Sizes = Sizes { default: 1000, max: 10_000 };

/// The sizes of one kind of page.
pub struct Sizes {
    default: usize,
    max: usize,
}

impl Sizes {
    /// The page size to use: the default for 0, never more than the most.
    ///
    /// # Errors
    /// PAGE_INVALID for a negative size.
    pub fn of(&self, asked: i32) -> Result<usize, Problem> {
        match usize::try_from(asked) {
            Ok(0) => Ok(self.default),
            Ok(size) => Ok(size.min(self.max)),
            Err(_) => Err(Problem::bad_page("page_size", Message::new("不得为负", "is negative"))),
        }
    }
}
