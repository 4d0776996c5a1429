//! `/map.json`: the outlines of jurisdictions that the operator supplies, for the map of the overview. None is shipped.

use std::path::Path;

use anyhow::{Context as _, ensure};
use axum::Router;
use axum::body::Bytes;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{StatusCode, header};
use tower_http::compression::CompressionLayer;

/// Largest file, in bytes; a province with its counties is some MiB.
const MAX_BYTES: u64 = 32 << 20;

/// The route; an empty path is no map.
///
/// # Errors
/// Where the file cannot be read, is too large, or is no GeoJSON of features.
pub fn routes(path: &Path) -> anyhow::Result<Router> {
    let map = if path.as_os_str().is_empty() { None } else { Some(read(path)?) };
    let answer = move || std::future::ready(response(map.clone()));
    Ok(Router::new().route("/map.json", get(answer)).layer(CompressionLayer::new().gzip(true)))
}

fn read(path: &Path) -> anyhow::Result<Bytes> {
    let place = || format!("dashboard.map {}", path.display());
    let bytes = std::fs::metadata(path).with_context(place)?.len();
    ensure!(bytes <= MAX_BYTES, "{}: has {bytes} bytes, at most {MAX_BYTES} are taken", place());
    let text = std::fs::read(path).with_context(place)?;
    let json: serde_json::Value = serde_json::from_slice(&text).with_context(place)?;
    ensure!(json["features"].is_array(), "{}: is no GeoJSON with features", place());
    Ok(text.into())
}

/// Nothing where there is no map: that is no failure, and no page complains of it.
fn response(map: Option<Bytes>) -> Response {
    let Some(map) = map else { return StatusCode::NO_CONTENT.into_response() };
    ([(header::CONTENT_TYPE, "application/geo+json"), (header::CACHE_CONTROL, "no-cache")], map).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_that_is_none_is_refused_by_name_before_anything_is_served() {
        assert!(routes(Path::new("")).is_ok());
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("map.json");
        for (text, fault) in [("", "EOF"), ("{}", "no GeoJSON"), (r#"{"features":1}"#, "no GeoJSON")] {
            std::fs::write(&file, text).unwrap();
            let error = format!("{:#}", routes(&file).unwrap_err());
            assert!(error.contains("dashboard.map") && error.contains(fault), "{error}");
        }
        std::fs::write(&file, r#"{"type":"FeatureCollection","features":[]}"#).unwrap();
        assert!(routes(&file).is_ok());
        assert!(routes(&folder.path().join("none")).is_err());
    }
}
