//! Writing is tested by taking the written files apart with other libraries.

mod files;
mod grid;
mod printed;
