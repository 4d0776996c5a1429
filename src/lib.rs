//! Huizong (汇总): cross-agency aggregation of annual government-information-disclosure reports.

#![forbid(unsafe_code)]

pub mod form;
pub mod report;
pub mod rules;
