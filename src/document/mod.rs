//! Documents in and out. Only this module knows file formats; it judges nothing (see `rules`).

pub mod archive;
pub mod exchange;
pub mod process;
pub mod read;
pub mod table;
pub mod template;
pub mod write;

#[cfg(test)]
pub(crate) mod tests;
