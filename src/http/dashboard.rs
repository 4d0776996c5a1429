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

/// Ends the names of files that are another one, compressed with Brotli; `web/vite.config.ts` makes them.
const COMPRESSED: &str = ".br";
const BROTLI: &str = "br";

/// Whether the caller takes Brotli; one that weighs it with 0 does not.
fn takes_brotli(headers: &HeaderMap) -> bool {
    let listed = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    listed.flat_map(|value| value.split(',')).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let weight = weight.trim().strip_prefix("q=").map_or(Ok(1.0), str::parse::<f32>);
        name.trim() == BROTLI && weight.is_ok_and(|weight| weight > 0.0)
    })
}

fn file(name: &str, headers: &HeaderMap) -> Response {
    let compressed = takes_brotli(headers).then(|| Files::get(&format!("{name}{COMPRESSED}"))).flatten();
    let encoding = compressed.as_ref().map(|_| [(header::CONTENT_ENCODING, BROTLI)]);
    let Some(file) = compressed.or_else(|| Files::get(name)) else {
        return match name {
            PAGE => Html(NOT_BUILT).into_response(),
            _ => StatusCode::NOT_FOUND.into_response(),
        };
    };
    let tag = format!("\"{}\"", hex::encode(file.metadata.sha256_hash()));
    let caching = if name.starts_with(LASTING) { "public, max-age=31536000, immutable" } else { "no-cache" };
    let headers_of_ours =
        [(header::ETAG, tag.as_str()), (header::CACHE_CONTROL, caching), (header::VARY, "accept-encoding")];
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
    let content = ([(header::CONTENT_TYPE, content_type)], file.data.into_owned());
    match encoding {
        Some(encoding) => (headers_of_ours, encoding, content).into_response(),
        None => (headers_of_ours, content).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brotli_is_given_to_whom_takes_it() {
        let takes = |accepted: &str| {
            takes_brotli(&HeaderMap::from_iter([(header::ACCEPT_ENCODING, accepted.parse().unwrap())]))
        };
        assert!(takes("br") && takes("gzip, deflate, br, zstd") && takes("gzip;q=0.8, br;q=0.5"));
        assert!(!takes("gzip") && !takes("br;q=0, gzip") && !takes("br;q=none") && !takes(""));
        assert!(!takes_brotli(&HeaderMap::new()));
    }
}
