//! Writing is tested by taking the written files apart.
