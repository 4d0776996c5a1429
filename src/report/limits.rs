//! How much people may say in a report and about one. What is longer is refused before it is judged.

/// Longest reason for a correction, an answer or a review, and longest comment, in characters.
pub const REASON_MAX_CHARACTERS: usize = 2000;
/// Answers to warnings that a report may carry.
pub const ANSWERS_MAX: usize = 500;
/// Comments that a returned report may carry.
pub const COMMENTS_MAX: usize = 200;
/// Longest text of what a document says of itself, in characters.
pub const SOURCE_CHARACTERS_MAX: usize = 255;
/// Years that a document may name.
pub const SOURCE_YEARS_MAX: usize = 20;
