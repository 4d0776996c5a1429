//! Huizong (汇总): cross-agency aggregation of annual government-information-disclosure reports.
//!
//! From the ground up, each using only what is above it: `ARCHITECTURE.md` has the map in full.
//!
//! - [`form`]: what may be filled in. [`report`]: what a report is.
//! - [`rules`]: what must hold. [`registry`]: who belongs to whom. [`access`]: who may do what.
//! - [`rollup`]: what it adds up to. [`store`]: where it is kept. [`live`]: what is in memory and follows the journal.
//! - [`document`]: documents in and out. [`simulation`]: a province from a seed.
//! - [`service`]: what can be done, one file a use case.
//! - [`pb`]: the contract. [`wire`]: between it and our values.
//! - [`grpc`], [`http`]: in and out. [`identity`]: who the identity provider says somebody is.
//! - [`ship`], [`remind`], [`stamp`], [`outbound`]: what goes to others. [`admin`], [`telemetry`]: what an operator sees.
//! - [`server`]: the process. [`cli`]: the command line. [`config`]: settings.

#![forbid(unsafe_code)]
// What only this crate needs is for it alone, so that the compiler sees what nobody needs any more.
#![warn(unreachable_pub)]
// And what others may need says what it is.
#![warn(missing_docs)]
// Only commands have anybody to print for; and tests.
#![cfg_attr(not(test), warn(clippy::print_stdout, clippy::print_stderr))]

pub mod access;
pub mod admin;
#[allow(clippy::print_stdout, clippy::print_stderr)]
pub mod cli;
pub mod config;
// Its readers and writers still show each other more than they need to.
#[allow(unreachable_pub)]
pub mod document;
pub mod form;
pub mod grpc;
pub mod http;
pub mod identity;
pub mod live;
pub mod outbound;
#[allow(unreachable_pub)]
pub mod pb;
pub mod registry;
pub mod remind;
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
