//! PDFs as programs make them, and as they are made to do harm.

use lopdf::encryption::crypt_filters::Aes256CryptFilter;
use lopdf::{
    Document, EncryptionState, EncryptionVersion, Object, ObjectId, Permissions, Stream, StringFormat, dictionary,
};

use super::super::{Format, Limits, Password, ReadError, Reading, read_document, read_on_this_thread};
use super::formats::pdf;
use super::layout::document;
use super::notes;
use crate::form::{CellInfo, EDITIONS, Presence, catalogue};
use crate::report::{Cell, Figures};

fn read(bytes: &[u8]) -> Result<Reading, ReadError> {
    read_document(bytes, "report.pdf", &Limits::default())
}

fn report() -> (Figures, Document) {
    let mut figures = Figures::blank(EDITIONS.last().unwrap());
    let edition = figures.edition();
    let is_prescribed = |cell: &&CellInfo| catalogue().presence(edition, cell.id) == Presence::Prescribed;
    for (number, cell) in (100..).zip(catalogue().cells_of(edition).filter(is_prescribed)) {
        figures.set(cell.id, Cell::Number(number));
    }
    let bytes = pdf(&document(&figures));
    (figures, Document::load_mem(&bytes).unwrap())
}

fn saved(mut document: Document) -> Vec<u8> {
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).unwrap();
    bytes
}

fn encrypted(mut document: Document, user_password: &str) -> Document {
    let id = || Object::String(vec![7; 16], StringFormat::Hexadecimal);
    document.trailer.set("ID", vec![id(), id()]);
    let filter: std::sync::Arc<dyn lopdf::encryption::crypt_filters::CryptFilter> =
        std::sync::Arc::new(Aes256CryptFilter);
    let version = EncryptionVersion::V5 {
        encrypt_metadata: true,
        crypt_filters: [(b"StdCF".to_vec(), filter)].into(),
        file_encryption_key: &[9; 32],
        stream_filter: b"StdCF".to_vec(),
        string_filter: b"StdCF".to_vec(),
        owner_password: "owner",
        user_password,
        permissions: Permissions::all(),
    };
    let state = EncryptionState::try_from(version).unwrap();
    document.encrypt(&state).unwrap();
    document
}

#[test]
fn a_document_that_only_its_owner_may_change_is_read() {
    let (figures, document) = report();
    let locked = encrypted(document, "");
    assert!(read(&saved(locked.clone())).unwrap().figures == figures);
    // The encryption stands in the trailer itself, as LibreOffice and qpdf also write it.
    let mut direct = locked;
    let id: ObjectId = direct.trailer.get(b"Encrypt").unwrap().as_reference().unwrap();
    let encryption = direct.objects.remove(&id).unwrap();
    direct.trailer.set("Encrypt", encryption);
    assert!(read(&saved(direct)).unwrap().figures == figures);
}

#[test]
fn a_document_that_needs_a_password_is_said_to_need_it() {
    let (_, document) = report();
    let locked = encrypted(document, "secret");
    assert_eq!(read(&saved(locked)).unwrap_err(), ReadError::Locked { format: Format::Pdf.name() });
}

#[test]
fn a_password_opens_what_needs_it_and_is_not_printed() {
    let (figures, document) = report();
    let locked = saved(encrypted(document.clone(), "secret"));
    let with = |bytes: &[u8], password: &str| {
        let password = Password::new(Some(password.to_owned()));
        assert!(!format!("{password:?}").contains("secret"));
        read_on_this_thread(bytes, "a", &password, &Limits::default()).map(|reading| reading.figures)
    };
    for password in ["secret", "owner"] {
        assert_eq!(with(&locked, password), Ok(figures.clone()), "{password}");
    }
    assert_eq!(with(&locked, "other"), Err(ReadError::WrongPassword { format: Format::Pdf.name() }));
    assert_eq!(with(&saved(document), "secret"), Ok(figures), "none is needed");
}

#[test]
fn pictures_of_any_size_and_packing_do_not_keep_a_report_from_being_read() {
    let (figures, mut document) = report();
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut encoder, &vec![0; 40_000_000]).unwrap();
    for (filter, content) in [("FlateDecode", encoder.finish().unwrap()), ("RunLengthDecode", vec![1, 2, 3])] {
        let image = dictionary! { "Type" => "XObject", "Subtype" => "Image", "Filter" => filter };
        document.add_object(Stream::new(image, content));
    }
    let mut bytes = Vec::new();
    document.save_modern(&mut bytes).unwrap();
    assert!(bytes.windows(6).any(|word| word == b"ObjStm"));
    let reading = read(&bytes).unwrap();
    assert!(reading.figures == figures);
    assert_eq!(notes(&reading), Vec::<String>::new());
}

/// A document whose object number four is `object`.
fn with_object(object: &[u8]) -> Vec<u8> {
    let head = b"%PDF-1.5\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n2 0 obj\n<< /Type /Pages /Kids [3 0 R] \
                 /Count 1 >>\nendobj\n3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>\nendobj\n";
    let tail = b"\nendobj\ntrailer\n<< /Size 5 /Root 1 0 R >>\nstartxref\n0\n%%EOF\n";
    [&head[..], b"4 0 obj\n", object, tail].concat()
}

fn table(more: &str, content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut encoder, content).unwrap();
    let packed = encoder.finish().unwrap();
    let head =
        format!("<< /Type /ObjStm /N 1 /First 4 /Filter /FlateDecode {more} /Length {} >>\nstream\n", packed.len());
    [head.as_bytes(), &packed, b"\nendstream"].concat()
}

#[test]
fn numbers_that_a_hostile_document_states_size_no_memory() {
    // A row of a predictor of 2^32 columns, and two million objects in four thousand bytes.
    let columns = table("/DecodeParms << /Predictor 12 /Columns 4294967296 >>", b"\x025 0 << >>");
    let objects = table("", &[b"5 0 [".to_vec(), b"0 ".repeat(2_000_000), b"]".to_vec()].concat());
    let width = b"<< /Type /XRef /Size 8 /W [1152921504606846976 1 1] /Root 1 0 R /Length 3 >>\nstream\nabc\nendstream"
        .to_vec();
    for hostile in [columns, objects, width] {
        let started = std::time::Instant::now();
        match read(&with_object(&hostile)) {
            Err(ReadError::Damaged { .. } | ReadError::TooLargeInside { .. }) => {}
            Ok(reading) => assert!(reading.cells.is_empty(), "nothing is printed"),
            Err(other) => panic!("{other}"),
        }
        assert!(started.elapsed() < std::time::Duration::from_secs(10));
    }
}
