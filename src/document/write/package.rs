//! A package: files in a ZIP archive, compressed, the same bytes for the same files.

use std::io::{Cursor, Write as _};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::WriteError;

/// # Errors
/// Where the archive cannot be made, such as beyond its limit of 4 GiB.
pub fn pack(files: &[(&str, &[u8])]) -> Result<Vec<u8>, WriteError> {
    let mut package = ZipWriter::new(Cursor::new(Vec::new()));
    // Without the time of writing: the same document is the same bytes.
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, bytes) in files {
        package.start_file(*name, options).map_err(WriteError::new)?;
        package.write_all(bytes).map_err(WriteError::new)?;
    }
    Ok(package.finish().map_err(WriteError::new)?.into_inner())
}
