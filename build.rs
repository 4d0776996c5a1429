//! Compiles the contract without protoc, and generates the access to the figures of `Form` by path.
//!
//! Writes to `OUT_DIR`: `huizong.v1.rs` (messages and services), `descriptor.bin` (for reflection and canonical
//! JSON) and `form_cells.rs` (the cells of `Form`, so that no code lists them by hand).

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use prost_reflect::{DescriptorPool, Kind, MessageDescriptor};

const PROTO_DIR: &str = "proto";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed={PROTO_DIR}");
    println!("cargo:rerun-if-changed=build.rs");
    // Other builds read the dashboard's files at run time.
    if env::var("PROFILE")? == "release" {
        println!("cargo:rerun-if-changed=web/dist");
    }
    let mut files: Vec<PathBuf> = fs::read_dir(Path::new(PROTO_DIR).join("huizong/v1"))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "proto"));
    files.sort();

    let mut compiler = protox::Compiler::new([PROTO_DIR])?;
    compiler.include_imports(true).include_source_info(true).open_files(&files)?;
    let descriptors = compiler.file_descriptor_set();
    let out = PathBuf::from(env::var("OUT_DIR")?);
    // With the options that the contract gives its fields and methods.
    fs::write(out.join("descriptor.bin"), compiler.encode_file_descriptor_set())?;

    let pool = DescriptorPool::from_file_descriptor_set(descriptors.clone())?;
    let form = pool.get_message_by_name("huizong.v1.Form").ok_or("the contract has no message Form")?;
    fs::write(out.join("form_cells.rs"), form_cells(&form)?)?;

    let mut config = tonic_prost_build::Config::new();
    config.enable_type_names();
    // A report is handed on many times on its way, and its form is some thousand bytes.
    config.boxed(".huizong.v1.Report.form");
    config.boxed(".huizong.v1.SubmitReportRequest.form");
    tonic_prost_build::configure()
        .codec_path("crate::pb::bounded::BoundedCodec")
        .compile_fds_with_config(descriptors, config)?;
    Ok(())
}

/// One cell of `Form`: the fields on the way to it.
struct CellField {
    path: Vec<String>,
    is_text: bool,
}

/// Collects the optional scalar fields below `message`, in the order of their numbers.
fn collect_cells(message: &MessageDescriptor, way: &[String], cells: &mut Vec<CellField>) -> Result<(), String> {
    for field in message.fields().filter(|field| !field.is_list()) {
        let mut path = way.to_vec();
        path.push(field.name().to_owned());
        match field.kind() {
            Kind::Message(inner) => collect_cells(&inner, &path, cells)?,
            Kind::Int64 | Kind::String if field.supports_presence() => {
                cells.push(CellField { path, is_text: field.kind() == Kind::String });
            }
            _ => return Err(format!("{} is no optional int64 or string", field.full_name())),
        }
    }
    Ok(())
}

/// The Rust source of `FORM_CELL_PATHS`, `form_cell` and `set_form_cell`.
fn form_cells(form: &MessageDescriptor) -> Result<String, Box<dyn Error>> {
    let mut cells = Vec::new();
    collect_cells(form, &[], &mut cells)?;
    let mut paths = String::new();
    let mut getters = String::new();
    let mut setters = String::new();
    for (index, cell) in cells.iter().enumerate() {
        let (field, way) = cell.path.split_last().ok_or("a cell without a path")?;
        writeln!(paths, "    {:?},", cell.path.join("."))?;
        let reach: String = way.iter().map(|step| format!(".{step}.as_ref()?")).collect();
        let make: String = way.iter().map(|step| format!(".{step}.get_or_insert_default()")).collect();
        if cell.is_text {
            writeln!(getters, "        {index} => form{reach}.{field}.as_deref().map(FormCell::Amount),")?;
            writeln!(
                setters,
                "        ({index}, FormCell::Amount(text)) => form{make}.{field} = Some(text.to_owned()),"
            )?;
        } else {
            writeln!(getters, "        {index} => form{reach}.{field}.map(FormCell::Count),")?;
            writeln!(setters, "        ({index}, FormCell::Count(count)) => form{make}.{field} = Some(count),")?;
        }
    }
    Ok(format!(
        "/// Paths of all cells of `Form`, in the order of the fields.\n\
         pub const FORM_CELL_PATHS: [&str; {count}] = [\n{paths}];\n\n\
         /// The cell at `index` of [`FORM_CELL_PATHS`]; none where it is blank.\n\
         pub fn form_cell(form: &Form, index: usize) -> Option<FormCell<'_>> {{\n    match index {{\n{getters}        _ => None,\n    }}\n}}\n\n\
         /// Fills in the cell at `index` of [`FORM_CELL_PATHS`]; a value of the wrong kind changes nothing.\n\
         pub fn set_form_cell(form: &mut Form, index: usize, value: FormCell<'_>) {{\n    match (index, value) {{\n{setters}        _ => {{}}\n    }}\n}}\n",
        count = cells.len(),
    ))
}
