//! `/errors/REASON`: what stands in the help link of a refusal, as a page that needs no network but this service.

use axum::Router;
use axum::extract::Path;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use maud::{DOCTYPE, PreEscaped, html};
use pulldown_cmark::{Parser, html::push_html};
use rust_embed::RustEmbed;

/// One page a reason; a debug build reads them from the folder each time.
#[derive(RustEmbed)]
#[folder = "docs/errors"]
struct Pages;

pub(crate) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/errors/", get(async || page("README")))
        .route("/errors/{reason}", get(async |Path(reason): Path<String>| page(&reason)))
}

/// A page by the name of its reason, which may end as the file does.
fn page(name: &str) -> Response {
    let name = name.trim_end_matches(".md");
    let Some(file) = Pages::get(&format!("{name}.md")) else {
        return (StatusCode::NOT_FOUND, "没有此页 There is no such page\n").into_response();
    };
    let text = String::from_utf8_lossy(&file.data);
    let mut body = String::new();
    push_html(&mut body, Parser::new(&text));
    let page = html! {
        (DOCTYPE)
        html lang="zh-CN" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width";
                title { (name) }
            }
            body { main { (PreEscaped(body)) } }
        }
    };
    Html(page.into_string()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::Reason;

    #[test]
    fn every_reason_has_a_page_that_is_served_in_both_languages() {
        for reason in Reason::ALL {
            let file = Pages::get(&format!("{}.md", reason.as_str())).unwrap_or_else(|| panic!("{reason:?}"));
            let text = String::from_utf8(file.data.into_owned()).unwrap();
            assert!(text.contains("## 中文") && text.contains("## English"), "{reason:?}");
            assert_eq!(page(reason.as_str()).status(), StatusCode::OK, "{reason:?}");
        }
    }

    #[test]
    fn what_is_no_reason_has_no_page() {
        for name in ["NOTHING", "../operations", "", "%2e%2e"] {
            assert_eq!(page(name).status(), StatusCode::NOT_FOUND, "{name}");
        }
    }
}
