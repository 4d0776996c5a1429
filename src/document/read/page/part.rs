//! What a part of a page is, besides what is drawn in it.

/// What a part of a page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Part {
    /// In a layer that is not shown.
    pub is_off: bool,
    pub is_watermark: bool,
    /// Laid over the page by someone who read it.
    pub is_laid: bool,
    /// At the head or foot of each page.
    pub is_running: bool,
}

impl Part {
    /// A part within another.
    pub fn within(self, outer: Self) -> Self {
        Self {
            is_off: self.is_off || outer.is_off,
            is_watermark: self.is_watermark || outer.is_watermark,
            is_laid: self.is_laid || outer.is_laid,
            is_running: self.is_running || outer.is_running,
        }
    }
}
