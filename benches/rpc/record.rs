//! What was measured: printed as it comes, and kept as JSON lines for `benches/report.py`.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::load;

/// Takes figures down, each with what they are all about, such as the province.
#[derive(Clone)]
pub struct Record {
    file: Arc<File>,
    about: Map<String, Value>,
}

/// The members of a JSON object.
fn members(object: Value) -> Map<String, Value> {
    let Value::Object(members) = object else { panic!("{object} is no object") };
    members
}

impl Record {
    /// Adds to the figures that are in `folder` already.
    pub fn new(folder: &Path) -> Self {
        std::fs::create_dir_all(folder).unwrap();
        let file = OpenOptions::new().create(true).append(true).open(folder.join("figures.jsonl")).unwrap();
        Self { file: Arc::new(file), about: Map::new() }
    }

    /// The same, about something more.
    pub fn about(mut self, what: Value) -> Self {
        self.about.extend(members(what));
        self
    }

    /// Takes down a figure of a call, by whom it was answered.
    pub fn add(&self, measure: &str, call: &str, engine: &str, figures: Value) {
        let figures = members(figures);
        let shown: Vec<_> = figures.iter().map(|(name, value)| format!("{name} {}", short(value))).collect();
        println!("{measure:<10} {call:<38} {engine:<10} {}", shown.join(", "));
        let mut line = members(json!({ "measure": measure, "call": call, "engine": engine }));
        line.extend(self.about.clone());
        line.extend(figures);
        writeln!(&*self.file, "{}", Value::Object(line)).unwrap();
    }

    /// Takes down what the figures depend on, and what was asked for.
    pub fn machine(&self, measures: &[&str], provinces: &[&str]) {
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let value_of = |text: &str, key: &str| {
            let line = text.lines().find(|line| line.starts_with(key))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        };
        self.add(
            "machine",
            "",
            "",
            json!({
                "date": Timestamp::now().strftime("%Y-%m-%d").to_string(),
                "cores": std::thread::available_parallelism().map_or(0, usize::from),
                "processor": value_of(&read("/proc/cpuinfo"), "model name"),
                "memory": value_of(&read("/proc/meminfo"), "MemTotal"),
                "kernel": read("/proc/sys/kernel/osrelease").trim(),
                "profile": if cfg!(debug_assertions) { "development" } else { "optimized" },
                "seconds_a_round": load::round().as_secs(),
                "rounds": load::ROUNDS,
            "measures": measures.join(" "),
            "provinces": provinces.join(" "),
            }),
        );
    }
}

/// A value as people read it.
fn short(value: &Value) -> String {
    match value {
        Value::Number(number) if number.is_f64() => {
            let number = number.as_f64().unwrap_or(f64::NAN);
            if number.abs() < 100.0 { format!("{number:.3}") } else { format!("{number:.0}") }
        }
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}
