//! What programs draw on, over and through the figures of a PDF: what leaves a figure open is not read, and what only
//! adorns it changes neither the figure nor the cells around it.

use lopdf::{Dictionary, Object, Stream, dictionary};

use super::pdf_pages::{
    COLUMN, DOCUMENTS, DOCUMENTS_PATH, PERMITS, PERMITS_PATH, RULES, RULES_PATH, Sheet, check, sheet,
};
use super::{cell, notes};

/// Where a digit behind that of the rules begins.
const AFTER: f64 = COLUMN + 7.2;

fn with(sheet: Sheet, operator: &str, operands: &[Object], draw: impl Fn(Sheet) -> Sheet) -> Sheet {
    draw(sheet.add("q", &[]).add(operator, operands)).add("Q", &[])
}

fn digit(sheet: Sheet) -> Sheet {
    sheet.text(AFTER, RULES, 10.0, "3")
}

#[test]
fn digits_of_which_it_is_open_whether_they_are_seen_leave_the_cell_unread() {
    let state = |state: Dictionary| with(sheet().resource("ExtGState", "G1", state), "gs", &["G1".into()], digit);
    let beside = || digit(sheet());
    let cases = [
        ("half covered", beside().area(1.0, AFTER - 1.0, RULES + 2.0, 8.0, 9.0)),
        ("cut through", {
            let cut = sheet().add("q", &[]).numbers("re", &[0.0, RULES - 5.0, AFTER + 2.0, 20.0]);
            digit(cut.add("W", &[]).add("n", &[])).add("Q", &[])
        }),
        ("crossed", beside().numbers("m", &[AFTER, RULES]).numbers("l", &[AFTER + 5.0, RULES + 7.0]).add("S", &[])),
        (
            "cut by a line down",
            beside().numbers("m", &[AFTER + 3.0, RULES]).numbers("l", &[AFTER + 3.0, RULES + 9.0]).add("S", &[]),
        ),
        ("a line at its top", beside().line(RULES + 6.2, AFTER - 1.0, AFTER + 7.0)),
        ("mirrored", sheet().turned([1.0, 0.0, 0.0, -1.0, AFTER, RULES], 10.0, "3")),
        ("squeezed", with(sheet(), "Tz", &[20.into()], digit)),
        ("faint", with(sheet(), "g", &[Object::Real(0.75)], digit)),
        ("masked", state(dictionary! { "SMask" => dictionary! { "S" => "Luminosity" } })),
        ("mixed with the paper", state(dictionary! { "BM" => "Screen" })),
        ("under what is nearly opaque", {
            let pale = beside().resource("ExtGState", "G1", dictionary! { "ca" => 0.8 });
            with(pale, "gs", &["G1".into()], |sheet| sheet.area(1.0, AFTER - 1.0, RULES - 3.0, 8.0, 12.0))
        }),
    ];
    for (name, sheet) in cases {
        check(name, &sheet.read(), RULES_PATH, "", Some("CELL"));
    }
}

#[test]
fn what_covers_or_cuts_off_has_any_outline() {
    let beside = || digit(sheet());
    let polygon = |sheet: Sheet, corners: &[(f64, f64)]| {
        let mut sheet = sheet.numbers("g", &[1.0]);
        for (at, (x, y)) in corners.iter().enumerate() {
            sheet = sheet.numbers(if at == 0 { "m" } else { "l" }, &[AFTER + x, RULES + y]);
        }
        sheet.add("f", &[]).numbers("g", &[0.0])
    };
    let stripes = |sheet: Sheet| {
        let above = sheet.add("q", &[]).numbers("re", &[0.0, RULES + 20.0, 500.0, 10.0]);
        digit(above.numbers("re", &[0.0, RULES - 40.0, 500.0, 10.0]).add("W", &[]).add("n", &[])).add("Q", &[])
    };
    let group = |sheet: Sheet, alpha: f64| {
        let form = dictionary! {
            "Subtype" => "Form", "BBox" => vec![0.into(), (-2000).into(), 4000.into(), 0.into()],
            "Group" => dictionary! { "S" => "Transparency" },
            "Resources" => sheet.resources_with(dictionary! { "G2" => dictionary! { "ca" => 1 } }),
        };
        let content = format!("/G2 gs BT /F2 10 Tf {AFTER} {RULES} Td (3) Tj ET");
        let sheet = sheet.object("XObject", "X1", Stream::new(form, content.into_bytes()));
        let sheet = sheet.resource("ExtGState", "G1", dictionary! { "ca" => alpha });
        with(sheet, "gs", &["G1".into()], |sheet| sheet.add("Do", &["X1".into()]))
    };
    for (name, sheet) in [
        (
            "covered by six corners",
            polygon(beside(), &[(0.0, -3.0), (3.0, -4.0), (6.0, -3.0), (6.0, 9.0), (3.0, 10.0), (0.0, 9.0)]),
        ),
        ("covered by a broad line", {
            let broad = beside().add("q", &[]).numbers("G", &[1.0]).numbers("w", &[11.0]);
            broad.line(RULES + 3.0, AFTER - 0.2, AFTER + 8.0).add("Q", &[])
        }),
        ("cut off by two areas", stripes(sheet())),
        ("in a group that is not seen", group(sheet(), 0.02)),
        ("narrower than a hair", with(sheet(), "Tz", &[2.into()], digit)),
    ] {
        let reading = sheet.read();
        assert_eq!(cell(&reading, RULES_PATH), "12", "{name}: {:?}", notes(&reading));
    }
    let frame = sheet()
        .numbers("re", &[COLUMN - 30.0, RULES - 8.0, 90.0, 30.0])
        .numbers("re", &[COLUMN - 26.0, RULES - 4.0, 82.0, 22.0]);
    check("within a frame", &frame.add("f*", &[]).read(), RULES_PATH, "12", None);
    assert_eq!(cell(&group(sheet(), 1.0).read(), RULES_PATH), "123", "a group that is seen");
}

#[test]
fn lines_as_long_as_a_figure_divide_no_cell() {
    // The figure fills its cell, so that both ends of the line are near the sides of the cell.
    let full = "1".repeat(10);
    let filled = || sheet_of(&full);
    for (name, y, expected, note) in
        [("underlined", PERMITS - 1.5, full.as_str(), None), ("struck out", PERMITS + 3.0, "", Some("CELL"))]
    {
        let area = filled().area(0.0, COLUMN, y, 55.6, 0.6).read();
        check(name, &area, PERMITS_PATH, expected, note);
    }
    let replaced =
        sheet_of(&full[..6]).line(PERMITS + 3.0, COLUMN, COLUMN + 33.4).text(COLUMN + 33.4, PERMITS, 10.0, "29");
    check("replaced", &replaced.read(), PERMITS_PATH, "29", Some("CELL-REMARK"));
}

/// The table with this written for permits, in a narrow cell of its own.
fn sheet_of(permits: &str) -> Sheet {
    let sheet = Sheet::new(&super::pdf_pages::table("")).text(COLUMN, PERMITS, 10.0, permits);
    sheet.numbers("m", &[COLUMN + 57.0, PERMITS + 8.0]).numbers("l", &[COLUMN + 57.0, PERMITS - 92.0]).add("S", &[])
}

#[test]
fn annotations_without_a_look_of_their_own_are_seen() {
    let [left, bottom, right, top] = [COLUMN, DOCUMENTS - 2.0, COLUMN + 4.0, DOCUMENTS + 8.0];
    let numbers = |numbers: &[f64]| Object::Array(numbers.iter().map(|n| Object::Real(*n as f32)).collect());
    let place = || numbers(&[left, bottom, right, top]);
    let struck = dictionary! { "Subtype" => "StrikeOut", "Rect" => place(),
    "QuadPoints" => numbers(&[left, top, right, top, left, bottom, right, bottom]) };
    let line = dictionary! { "Subtype" => "Line", "Rect" => place(),
    "L" => numbers(&[left - 1.0, DOCUMENTS + 3.0, right + 1.0, DOCUMENTS + 3.0]) };
    let ink = dictionary! { "Subtype" => "Ink", "Rect" => place(),
    "InkList" => vec![numbers(&[left, bottom, right, top])] };
    let square = dictionary! { "Subtype" => "Square", "Rect" => place(), "IC" => numbers(&[1.0, 1.0, 1.0]) };
    for (name, annotation) in [("struck out", struck), ("line", line), ("ink", ink), ("covered", square)] {
        check(name, &sheet().annotated(annotation).read(), DOCUMENTS_PATH, "", Some("CELL"));
    }
    let field = dictionary! { "Subtype" => "Widget", "V" => Object::string_literal("3985"),
    "Rect" => numbers(&[110.0, PERMITS - 2.0, 150.0, PERMITS + 9.0]) };
    let blank = Sheet::new(&super::pdf_pages::table(""));
    check("field", &blank.annotated(field).read(), PERMITS_PATH, "", Some("CELL"));
}
