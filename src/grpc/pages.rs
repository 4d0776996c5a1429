//! Page sizes: what callers may ask for.

use crate::config::Limits;
use crate::report::Message;
use crate::service::Problem;

/// The sizes of every kind of page.
#[derive(Clone, Copy)]
pub struct Pages {
    /// Of resources.
    pub resources: Sizes,
    /// Of rows of sums.
    pub rows: Sizes,
}

impl Pages {
    pub fn new(limits: &Limits) -> Self {
        Self {
            resources: Sizes { default: limits.page_resources, max: limits.page_resources_max },
            rows: Sizes { default: limits.page_rows, max: limits.page_rows_max },
        }
    }
}

/// The sizes of one kind of page.
#[derive(Clone, Copy)]
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
