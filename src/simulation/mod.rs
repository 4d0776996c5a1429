//! A simulated province: real divisions, made-up agencies, plausible figures that keep every rule.
//!
//! For demonstrations, benchmarks and tests. Values in, values out: everything follows from the parameters, and
//! the same parameters give the same province on every machine. No clock, no input or output, no floating point.

mod activity;
mod departments;
mod divisions;
mod draw;
mod parameters;
mod province;
mod roster;
mod sheet;
#[cfg(test)]
mod tests;

pub use parameters::{DEFAULT_AGENCIES, DEFAULT_PROVINCE, MAXIMUM_AGENCIES, Parameters, SimulationError};
pub use province::{Province, SimulatedReport};
