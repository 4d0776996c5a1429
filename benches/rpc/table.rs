//! What was measured, line by line.

pub fn heading() {
    println!("{:<40}{:>10}{:>12}  {:<12}{:>12}{:>9}", "call", "in flight", "calls/s", "beside", "calls/s", "ratio");
}

/// Prints calls per second, beside those of something else.
pub fn line(what: &str, in_flight: usize, rate: f64, (beside, base): (&str, f64)) {
    println!("{what:<40}{in_flight:>10}{rate:>12.0}  {beside:<12}{base:>12.0}{:>9.2}", rate / base);
}
