//! Huizong (汇总): cross-agency aggregation of annual government-information-disclosure reports.

#![forbid(unsafe_code)]

pub mod access;
pub mod admin;
pub mod cli;
pub mod config;
pub mod document;
pub mod form;
pub mod grpc;
pub mod http;
pub mod identity;
pub mod live;
pub mod outbound;
pub mod pb;
pub mod registry;
pub mod report;
pub mod rollup;
pub mod rules;
pub mod server;
pub mod service;
pub mod ship;
pub mod simulation;
pub mod stamp;
pub mod store;
pub mod telemetry;
pub mod wire;
