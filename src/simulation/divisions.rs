//! The divisions of a province, from GB/T 2260 as of July 2016, and a few simulated functional zones.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::registry::{Jurisdiction, JurisdictionCode};
use crate::report::{Level, ReportYear};

use super::SimulationError;

/// Code and name of every entry of GB/T 2260 as the Ministry of Civil Affairs had it in July 2016, by code; taken over from
/// the crate gb2260 0.1.2, which has it from the cn/GB2260 data set.
static ENTRIES: LazyLock<BTreeMap<&str, &str>> =
    LazyLock::new(|| include_str!("divisions-201607.tsv").lines().filter_map(|line| line.split_once('\t')).collect());

/// Entries of GB/T 2260 that group others and have no government.
const WITHOUT_GOVERNMENT: &[&str] = &["市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"];

/// Last two digits of the statistical code of a city's first functional zone.
const ZONE_SUFFIX: &str = "71";

/// Every fourth city has a zone, from the second city on.
const ZONE_EVERY: usize = 4;
const ZONE_FIRST: usize = 1;

/// One jurisdiction to be.
#[derive(Debug, Clone)]
pub(super) struct Division {
    pub code: JurisdictionCode,
    pub parent: Option<JurisdictionCode>,
    pub name: String,
    /// As agencies' names begin: districts after their city, since district names recur.
    pub full_name: String,
    pub level: Level,
}

impl Division {
    pub(crate) fn jurisdiction(&self, first_year: ReportYear) -> Jurisdiction {
        Jurisdiction {
            code: self.code.clone(),
            parent: self.parent.clone(),
            display_name: self.name.clone(),
            level: self.level,
            first_year,
        }
    }
}

/// The divisions, parents before children: the province, then each city with what belongs to it.
pub(super) fn divisions(province: &str) -> Result<Vec<Division>, SimulationError> {
    let unknown = || SimulationError::UnknownProvince(province.to_owned());
    let prefix = province.strip_suffix("0000").filter(|prefix| prefix.len() == 2).ok_or_else(unknown)?;
    let name = name_of(province).ok_or_else(unknown)?;
    let root = Division {
        code: province.parse()?,
        parent: None,
        name: name.to_owned(),
        full_name: name.to_owned(),
        level: Level::Province,
    };
    let mut divisions = vec![root.clone()];
    let mut cities = 0;
    // Codes without a city of their own hang under the province.
    for hundred in 0..100 {
        let city_code = format!("{prefix}{hundred:02}00");
        let city = name_of(&city_code).filter(|_| city_code != province);
        let above = match city {
            Some(name) => below(&root, &city_code, name, Level::City)?,
            None => root.clone(),
        };
        if city.is_some() {
            divisions.push(above.clone());
            if cities % ZONE_EVERY == ZONE_FIRST {
                divisions.extend(zone(&above)?);
            }
            cities += 1;
        }
        for number in 1..100 {
            let code = format!("{prefix}{hundred:02}{number:02}");
            if let Some(name) = name_of(&code) {
                divisions.push(below(&above, &code, name, Level::County)?);
            }
        }
    }
    Ok(divisions)
}

fn name_of(code: &str) -> Option<&'static str> {
    ENTRIES.get(code).copied().filter(|name| !WITHOUT_GOVERNMENT.contains(name))
}

fn below(parent: &Division, code: &str, name: &str, level: Level) -> Result<Division, SimulationError> {
    let full_name = match level {
        Level::County if name.ends_with('区') => format!("{}{name}", parent.name),
        _ => name.to_owned(),
    };
    Ok(Division { code: code.parse()?, parent: Some(parent.code.clone()), name: name.to_owned(), full_name, level })
}

/// The city's zone, unless its code is taken.
fn zone(city: &Division) -> Result<Option<Division>, SimulationError> {
    let Some(prefix) = city.code.as_str().strip_suffix("00") else { return Ok(None) };
    let code = format!("{prefix}{ZONE_SUFFIX}");
    if name_of(&code).is_some() {
        return Ok(None);
    }
    let place = city.name.strip_suffix('市').unwrap_or(&city.name);
    below(city, &code, &format!("{place}经济技术开发区（模拟）"), Level::FunctionalZone).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(divisions: &[Division], level: Level) -> Vec<&str> {
        divisions.iter().filter(|division| division.level == level).map(|division| division.name.as_str()).collect()
    }

    #[test]
    fn heilongjiang_has_its_cities_counties_and_three_zones() {
        let divisions = divisions("230000").unwrap();
        assert_eq!(names(&divisions, Level::Province), ["黑龙江省"]);
        let cities = names(&divisions, Level::City);
        assert_eq!(cities.len(), 13);
        assert!(cities.contains(&"大兴安岭地区"));
        assert_eq!(names(&divisions, Level::County).len(), 128);
        let zones = names(&divisions, Level::FunctionalZone);
        assert_eq!(zones.len(), 3);
        assert!(zones.contains(&"牡丹江经济技术开发区（模拟）"), "{zones:?}");
        assert!(divisions.iter().any(|division| division.full_name == "牡丹江市东安区"));
        assert!(divisions.iter().any(|division| division.code.as_str() == "231071"));
    }

    #[test]
    fn counties_without_a_city_hang_under_the_province() {
        for (province, county) in [("110000", "110101"), ("420000", "429004")] {
            let divisions = divisions(province).unwrap();
            let county = divisions.iter().find(|division| division.code.as_str() == county).unwrap();
            assert_eq!(county.parent.as_ref().map(JurisdictionCode::as_str), Some(province));
        }
    }

    #[test]
    fn no_other_code_is_a_province() {
        for code in ["230100", "990000", "23", "", "省0000", "2300000000"] {
            assert!(matches!(divisions(code), Err(SimulationError::UnknownProvince(_))), "{code}");
        }
    }
}
