//! A service over a store of its own with a simulated province in it, and connections to it and to the echo.

use std::path::{Path, PathBuf};

use huizong::pb;
use huizong::report::ReportYear;
use huizong::simulation::{Parameters, Province};
use huizong::wire::figures_to_wire;
use serde_json::{Value, json};
use tempfile::TempDir;
use tonic::transport::Channel;

use super::query::cells_of_form;
use super::record::Record;
use super::server::{Running, Work, fill_store};

/// First year of reports.
pub const FIRST_YEAR: u16 = 2020;
/// Years whose reports are handed in for the first time while measuring, after those that are stored before.
pub const FRESH_YEARS: u16 = 3;

/// The province that everything is measured on.
pub const PROVINCE: &str = "jurisdictions/230000";

/// Where stores are put: on the disk that is to be measured.
const DISK_VARIABLE: &str = "BENCH_DISK";
const DISK: &str = "/var/tmp";

pub struct Scene {
    pub channel: Channel,
    pub echo: Channel,
    pub province: Province,
    pub agencies: usize,
    /// Years of reports in the store.
    pub years: u16,
    /// Reports in the store before anything is measured.
    pub reports: u32,
    record: Record,
    running: Option<Running>,
    folder: TempDir,
}

/// A province of so many agencies, which can be asked for reports of the fresh years, too.
pub fn parameters(agencies: usize, years: u16) -> Parameters {
    let year = |year| ReportYear::new(year).unwrap();
    Parameters {
        seed: 1,
        province: "230000".to_owned(),
        agencies,
        first_year: year(FIRST_YEAR),
        last_year: year(FIRST_YEAR + years + FRESH_YEARS - 1),
    }
}

/// The years whose reports are in the store before anything is measured.
pub fn stored_years(years: u16) -> impl Iterator<Item = u16> {
    FIRST_YEAR..FIRST_YEAR + years
}

impl Scene {
    pub async fn set(record: Record, agencies: usize, years: u16) -> Self {
        let disk = std::env::var_os(DISK_VARIABLE).map_or_else(|| PathBuf::from(DISK), PathBuf::from);
        let folder = TempDir::with_prefix_in("huizong-bench-", disk).unwrap();
        println!("\n{agencies} agencies, {years} years: filling a store in {}", folder.path().display());
        let reports = fill_store(folder.path(), agencies, years);
        let province = Province::simulate(&parameters(agencies, years)).unwrap();
        let running = Running::start(folder.path());
        let (channel, echo) = (running.connect().await, running.connect_to_echo().await);
        let record = record.about(json!({ "agencies": agencies, "years": years, "reports": reports }));
        Self { channel, echo, province, agencies, years, reports, record, running: Some(running), folder }
    }

    pub fn last_year(&self) -> u16 {
        FIRST_YEAR + self.years - 1
    }

    /// Folder of the store.
    pub fn store(&self) -> &Path {
        self.folder.path()
    }

    /// The simulated reports of a year that can be handed in without a reason.
    pub fn reports_of(&self, year: u16) -> impl Iterator<Item = huizong::simulation::SimulatedReport> {
        self.province.unquestioned_reports(ReportYear::new(year).unwrap())
    }

    /// The reports of a year, as they are handed in for the first time.
    pub fn reports(&self, of_year: u16) -> impl Iterator<Item = pb::SubmitReportRequest> {
        self.reports_of(of_year).map(move |report| pb::SubmitReportRequest {
            name: format!("agencies/{}/reports/{of_year}", report.agency),
            form: Some(figures_to_wire(&report.figures).into()),
            correction_reason: "measuring".to_owned(),
            // Corrected again and again, to what they were.
            allow_unchanged: true,
            ..Default::default()
        })
    }

    /// One more connection to the service.
    pub fn connect(&self) -> impl Future<Output = Channel> + Send + 'static {
        self.running().connect()
    }

    /// Stops the service; nothing can be asked until it is started again.
    pub fn stop(&mut self) {
        self.running = None;
    }

    /// Starts the service over its store again.
    pub async fn start(&mut self) {
        let running = Running::start(self.folder.path());
        (self.channel, self.echo) = (running.connect().await, running.connect_to_echo().await);
        self.running = Some(running);
    }

    fn running(&self) -> &Running {
        self.running.as_ref().expect("a service that runs")
    }

    /// Takes down a figure about this province.
    pub fn add(&self, measure: &str, call: &str, engine: &str, figures: Value) {
        self.record.add(measure, call, engine, figures);
    }

    /// Takes down a rate of calls beside that of an echo of the same payload.
    pub fn add_beside_echo(&self, measure: &str, call: &str, in_flight: usize, (rate, echo): (f64, f64)) {
        for (engine, rate) in [("huizong", rate), ("echo", echo)] {
            self.add(measure, call, engine, json!({ "in_flight": in_flight, "per_second": rate }));
        }
    }

    /// What the service has worked so far.
    pub fn work(&self) -> Work {
        self.running().work()
    }

    /// Takes down the memory of the service.
    pub fn memory(&self, when: &str) {
        let [now, most] = self.running().memory();
        let cells = cells_of_form(self).len();
        self.add("memory", when, "huizong", json!({ "bytes": now, "most_bytes": most, "cells": cells }));
    }
}
