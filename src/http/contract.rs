//! `/v1/proto.zip`: what clients are generated from, as this service answers it: the protos, the descriptor set that they
//! compile to, and the description of the HTTP API.

use std::io::{Cursor, Write as _};
use std::sync::LazyLock;

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{StatusCode, header};
use rust_embed::RustEmbed;
use zip::result::ZipResult;
use zip::write::SimpleFileOptions;
use zip::{DateTime, ZipWriter};

use crate::pb;

use super::openapi;

/// The contract and what it imports, as it was compiled; a debug build reads it from the folder.
#[derive(RustEmbed)]
#[folder = "proto"]
struct Protos;

static ARCHIVE: LazyLock<ZipResult<Vec<u8>>> = LazyLock::new(archive);

pub(crate) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/v1/proto.zip", get(answer))
}

async fn answer() -> Response {
    let Ok(archive) = ARCHIVE.as_ref() else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let name = concat!("attachment; filename=\"huizong-", env!("CARGO_PKG_VERSION"), "-proto.zip\"");
    let headers = [(header::CONTENT_TYPE, "application/zip"), (header::CONTENT_DISPOSITION, name)];
    (headers, archive.as_slice()).into_response()
}

fn archive() -> ZipResult<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    // The same files make the same archive.
    let options = SimpleFileOptions::default().last_modified_time(DateTime::default());
    let mut names: Vec<_> = Protos::iter().filter(|name| name.ends_with(".proto") || name == "RELEASED").collect();
    names.sort();
    for name in names {
        let Some(file) = Protos::get(&name) else { continue };
        archive.start_file(format!("proto/{name}"), options)?;
        archive.write_all(&file.data)?;
    }
    archive.start_file("huizong.binpb", options)?;
    archive.write_all(pb::FILE_DESCRIPTOR_SET)?;
    archive.start_file("openapi.json", options)?;
    archive.write_all(openapi::description().as_bytes())?;
    Ok(archive.finish()?.into_inner())
}
