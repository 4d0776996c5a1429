//! What a caller over gRPC is promised.

mod api;
mod arrival;
mod corrections;
mod described;
mod meaning;
mod mistakes;
mod narrative;
mod pages;
mod province;
mod registry;
mod year;
mod year_round;
