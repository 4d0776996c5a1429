//! The figures in the store as one CSV file, and what was asked about them, for databases to be filled with and asked.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, Write as _};

use huizong::form::{CellInfo, EDITIONS, Kind, Presence, catalogue};
use huizong::registry::RegistryChange;
use huizong::report::AgencyKind;
use prost::Message as _;
use serde_json::json;

use super::folder;
use super::query::cells_of_form;
use super::scene::{FIRST_YEAR, Scene, stored_years};
use super::submit::payload;

/// Writes `figures.csv` and `scene.json` into a folder of the province.
pub fn figures(scene: &Scene) {
    let folder = folder().join(format!("{}x{}", scene.agencies, scene.years));
    std::fs::create_dir_all(&folder).unwrap();
    let cells: Vec<&CellInfo> = catalogue()
        .cells
        .iter()
        .filter(|cell| EDITIONS.iter().any(|edition| catalogue().presence(edition, cell.id) == Presence::Prescribed))
        .collect();
    let described = cells.iter().map(|cell| json!({ "path": cell.path, "amount": cell.kind == Kind::Money }));
    let about = json!({
        "agencies": scene.agencies,
        "years": scene.years,
        "first_year": FIRST_YEAR,
        "last_year": scene.last_year(),
        "cells": described.collect::<Vec<_>>(),
        "cells_of_form": cells_of_form(scene),
        "payload": hex::encode(payload(scene).encode_to_vec()),
    });
    std::fs::write(folder.join("scene.json"), about.to_string()).unwrap();

    let kinds: HashMap<_, _> = scene
        .province
        .changes
        .iter()
        .filter_map(|change| match change {
            RegistryChange::CreateAgency(agency) => Some((&agency.id, agency.kind)),
            _ => None,
        })
        .collect();
    let mut file = BufWriter::new(File::create(folder.join("figures.csv")).unwrap());
    for year in stored_years(scene.years) {
        for report in scene.reports_of(year) {
            let is_department = kinds[&report.agency] == AgencyKind::Department;
            write!(file, "{year},{},{is_department}", report.agency).unwrap();
            let values = report.figures.complete();
            for cell in &cells {
                write!(file, ",{}", values.value(cell.id)).unwrap();
            }
            writeln!(file).unwrap();
        }
    }
    file.flush().unwrap();
}
