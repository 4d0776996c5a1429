//! Huizong (汇总): cross-agency aggregation of annual government-information-disclosure reports.

#![forbid(unsafe_code)]

pub mod document;
pub mod form;
pub mod report;
