//! The dashboard's files, as `web/` builds them. Without them the service runs all the same, and says so.

use axum::Router;
use axum::extract::Path;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use http::{HeaderMap, StatusCode, header};
use rust_embed::RustEmbed;

/// The built files; a debug build reads them from the folder each time.
#[derive(RustEmbed)]
#[folder = "web/dist"]
struct Files;

const PAGE: &str = "index.html";

/// Shown in place of the dashboard where it was not built.
const NOT_BUILT: &str = include_str!("not_built.html");

/// Names of these files contain a digest of their content, so they never change.
const LASTING: &str = "assets/";

/// Whether this program has the dashboard in it.
pub fn is_built() -> bool {
    Files::get(PAGE).is_some()
}

pub(crate) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let page = get(|headers: HeaderMap| async move { file(PAGE, &headers) });
    let asset =
        |Path(name): Path<String>, headers: HeaderMap| async move { file(&format!("{LASTING}{name}"), &headers) };
    let icon = get(|headers: HeaderMap| async move { file("icon.svg", &headers) });
    Router::new().route("/", page).route("/icon.svg", icon).route("/assets/{*name}", get(asset))
}

fn file(name: &str, headers: &HeaderMap) -> Response {
    let Some(file) = Files::get(name) else {
        return match name {
            PAGE => Html(NOT_BUILT).into_response(),
            _ => StatusCode::NOT_FOUND.into_response(),
        };
    };
    let tag = format!("\"{}\"", hex::encode(file.metadata.sha256_hash()));
    let caching = if name.starts_with(LASTING) { "public, max-age=31536000, immutable" } else { "no-cache" };
    let headers_of_ours = [(header::ETAG, tag.as_str()), (header::CACHE_CONTROL, caching)];
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return (StatusCode::NOT_MODIFIED, headers_of_ours).into_response();
    }
    let content_type = match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    };
    (headers_of_ours, [(header::CONTENT_TYPE, content_type)], file.data.into_owned()).into_response()
}
