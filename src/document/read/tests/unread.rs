//! Unread is a third thing: neither a number nor blank. A cell is blank only where the document shows it blank.

use super::super::placement::{Columns, Extent, PrintedCell, PrintedRow};
use super::super::{Format, Limits, Place, Printed as RowsRead, Reading, Spot, read_document, understood};
use super::formats::html;
use super::layout::document;
use super::render::{render, render_rows, text};
use super::{cell, line, notes, read, unread};
use crate::form::{CellId, EDITIONS, Presence, catalogue};
use crate::report::{Cell, Figures};

const HEADER: &str =
    "二、主动公开政府信息情况\n第二十条第（一）项\n信息内容\n本年制发件数\n本年废止件数\n现行有效件数\n";

fn id(path: &str) -> CellId {
    catalogue().cell_at(path).unwrap()
}

/// The prescribed cells of an edition.
fn prescribed(edition: usize) -> Vec<CellId> {
    let cells = catalogue().cells_of(&EDITIONS[edition]).map(|info| info.id);
    cells.filter(|cell| catalogue().presence(&EDITIONS[edition], *cell) == Presence::Prescribed).collect()
}

fn numbered(edition: usize) -> Figures {
    let mut figures = Figures::blank(&EDITIONS[edition]);
    for (at, cell) in prescribed(edition).into_iter().enumerate() {
        figures.set(cell, Cell::Number(i64::try_from(at).unwrap() + 100));
    }
    figures
}

#[test]
fn of_a_document_without_tables_every_cell_is_unread_and_none_is_blank() {
    let reading = read("关于召开会议的通知\n定于5月召开会议。\n");
    let all = Figures::unread(reading.edition);
    let differing = catalogue().cells.iter().filter(|info| reading.figures.get(info.id) != all.get(info.id));
    assert_eq!(differing.map(|info| info.path.as_str()).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn what_is_printed_and_is_no_number_is_unread_and_what_is_printed_blank_is_blank() {
    let reading = read(&format!("{HEADER}规章\n约40余\n-\n3\n行政规范性文件\n251000元\n不适用\n6\n"));
    let rules = ["issued", "repealed", "in_force"].map(|column| format!("proactive_disclosure.rules.{column}"));
    let values = rules.each_ref().map(|path| reading.figures.get(id(path)));
    assert_eq!(values, [Cell::Unread, Cell::Blank, Cell::Number(3)]);
    let path = "proactive_disclosure.normative_documents.issued";
    assert_eq!(reading.figures.get(id(path)), Cell::Unread);
    assert!(unread(&reading).contains(&path));
}

#[test]
fn a_row_that_is_not_found_is_unread_and_named_once_for_its_table() {
    for damaged in ["", "某某某某某某"] {
        let whole = render(&numbered(1), "\n");
        let lines = whole.lines().map(|line| if line == "4.保护第三方合法权益" { damaged } else { line });
        let reading = read(&lines.collect::<Vec<_>>().join("\n"));
        let of_line: Vec<_> = catalogue().line_at("requests.refused.third_party_rights").unwrap().cells().collect();
        assert!(of_line.iter().all(|cell| reading.figures.get(*cell) == Cell::Unread), "{:?}", notes(&reading));
        let naming: Vec<_> = reading.notes.iter().filter(|note| note.cells == of_line).collect();
        assert_eq!(naming.iter().map(|note| note.code.id()).collect::<Vec<_>>(), ["ROW-NOT-FOUND"]);
        assert!(naming[0].message.zh.contains("保护第三方合法权益"), "{}", naming[0].message.zh);
    }
}

#[test]
fn a_row_printed_whole_with_nothing_in_it_is_blank_where_the_format_keeps_blank_cells() {
    let mut figures = numbered(1);
    let of_line = catalogue().line_at("requests.disclosed").unwrap().cells();
    of_line.for_each(|cell| _ = figures.set(cell, Cell::Blank));
    let page = html(&document(&figures));
    let reading = read_document(page.as_bytes(), "a.html", &Limits::default()).unwrap();
    assert!(reading.figures == figures, "{:?} {:?}", unread(&reading), notes(&reading));
    // A dump of one cell a line keeps no blank cells: values may have been there.
    let dump = render(&figures, "\n").replace("（一）予以公开\n-\n-\n-\n-\n-\n-\n-\n", "（一）予以公开\n");
    let reading = read(&dump);
    assert_eq!(reading.figures.get(id("requests.disclosed.total")), Cell::Unread);
}

#[test]
fn values_that_cannot_be_placed_leave_their_row_unread() {
    let reading = read(&format!("{HEADER}规章\n1\n2\n3\n4\n行政规范性文件\n5\n6\n"));
    for path in ["proactive_disclosure.rules.issued", "proactive_disclosure.normative_documents.in_force"] {
        assert_eq!(reading.figures.get(id(path)), Cell::Unread, "{path}");
    }
}

#[test]
fn where_one_line_stands_for_several_these_are_blank() {
    let mut figures = numbered(1);
    for (path, value) in [
        ("requests.other.correction_overdue", Cell::Blank),
        ("requests.other.fee_unpaid", Cell::Blank),
        ("requests.other.miscellaneous", Cell::Blank),
        ("requests.other.unspecified", Cell::Number(7)),
    ] {
        catalogue().line_at(path).unwrap().cells().for_each(|cell| _ = figures.set(cell, value));
    }
    let reading = read(&render(&figures, "\n"));
    assert_eq!(unread(&reading), [""; 0], "{:?}", notes(&reading));
    assert!(reading.figures == figures);
    // Where the one line cannot be read, it is the one to be filled in.
    let dump = render(&figures, "\n").replacen("（六）其他处理\n7\n", "（六）其他处理\n", 1);
    let reading = read(&dump);
    assert_eq!(line(&reading, "requests.other.unspecified"), [""; 7]);
    let unread = unread(&reading);
    assert!(unread.iter().all(|path| path.starts_with("requests.other.unspecified.")), "{unread:?}");
    assert_eq!(unread.len(), 7);
}

#[test]
fn every_cell_of_the_edition_is_a_number_or_blank_or_unread_by_what_is_printed_there() {
    for edition in 0..EDITIONS.len() {
        let mut figures = numbered(edition);
        for (at, cell) in prescribed(edition).into_iter().enumerate() {
            let value = [Cell::Unread, Cell::Blank, Cell::NotApplicable, Cell::Number(5)][at % 4];
            figures.set(cell, value);
        }
        let reading = read(&render(&figures, "\n"));
        // In a dump of one cell a line, words amid the figures of chapter four end them.
        let of_rows = |cell: &CellId| !catalogue().cell(*cell).path.starts_with("disputes.");
        for cell in prescribed(edition).into_iter().filter(of_rows) {
            let path = &catalogue().cell(cell).path;
            assert_eq!(reading.figures.get(cell), figures.get(cell), "{path}: {}", text(&figures, cell));
        }
        assert_eq!(cell(&reading, &catalogue().cell(prescribed(edition)[0]).path), "");
    }
}

/// The cells of the tables of rows that are read, each as it is printed.
fn read_as_printed(figures: &Figures, reading: &Reading) -> usize {
    let of_rows = |info: &&crate::form::CellInfo| !info.path.starts_with("disputes.");
    let read = catalogue().cells_of(figures.edition()).filter(of_rows).filter(|info| {
        let found = reading.figures.get(info.id);
        // The line that stands in place of others is not printed.
        assert!(
            matches!(found, Cell::Unread | Cell::Blank) || found == figures.get(info.id),
            "{}: {found:?}",
            info.path
        );
        found != Cell::Unread && figures.get(info.id) != Cell::Blank
    });
    read.count()
}

#[test]
fn figures_of_a_text_that_stand_before_their_labels_are_not_those_of_the_label_before() {
    for edition in 0..EDITIONS.len() {
        let figures = numbered(edition);
        let before = render_rows(&figures, "\n", |label, values| [values, vec![label]].concat());
        let reading = read(&before);
        assert_eq!(read_as_printed(&figures, &reading), 0, "{before}");
        let told = reading.notes.iter().any(|note| note.message.zh.contains("在第一个行名之前已有数值"));
        assert!(told, "{:?}", notes(&reading));
        // Where each row has a line of its own, neither the line above nor the one below is its label.
        let lines = render_rows(&figures, "\n", |label, values| vec![values.join(" "), label]);
        assert_eq!(read_as_printed(&figures, &read(&lines)), 0, "{lines}");
    }
}

#[test]
fn a_reading_names_its_unread_cells_in_the_order_of_the_form() {
    let reading: Reading = read(&format!("{HEADER}规章\n约1\n2\n3\n"));
    let unread = unread(&reading);
    assert_eq!(unread.first(), Some(&"proactive_disclosure.rules.issued"));
    assert_eq!(unread.last(), Some(&"disputes.litigation_after_reconsideration.total"));
}

#[test]
fn blanks_of_a_row_that_a_box_around_its_figures_divides_are_not_blank() {
    let page = |rows: &str| {
        format!(
            "<h2>二、主动公开政府信息情况</h2><table><tr><td>信息内容</td><td>本年制发件数</td><td>本年废止件数</td>\
             <td>现行有效件数</td></tr>{rows}</table>"
        )
    };
    let read = |rows: &str| read_document(page(rows).as_bytes(), "a.html", &Limits::default()).unwrap();
    let path = |column: &str| id(&format!("proactive_disclosure.rules.{column}"));
    let values = |reading: &Reading| ["issued", "repealed", "in_force"].map(|column| reading.figures.get(path(column)));
    let divided = "<tr><td rowspan=2>规章</td><td></td><td>-</td><td></td></tr><tr><td>1</td><td></td><td>3</td></tr>";
    let reading = read(divided);
    assert_eq!(values(&reading), [Cell::Unread, Cell::Blank, Cell::Unread], "{:?}", notes(&reading));
    assert!(notes(&reading).iter().any(|note| note.starts_with("CELL-UNPLACED")), "{:?}", notes(&reading));
    let whole = "<tr><td rowspan=2>规章</td><td></td><td></td><td></td></tr><tr><td>1</td><td>2</td><td>3</td></tr>";
    assert_eq!(values(&read(whole)), [Cell::Unread; 3]);
    // Where another row stands between, the figures are not its.
    let apart = "<tr><td>规章</td><td></td><td>2</td><td></td></tr><tr><td>行政规范性文件</td><td>4</td><td>5</td><td>6</td></tr>\
        <tr><td></td><td>1</td><td>2</td><td>3</td></tr>";
    assert_eq!(values(&read(apart)), [Cell::Blank, Cell::Number(2), Cell::Blank]);
}

#[test]
fn a_damaged_label_of_the_line_that_stands_for_three_is_that_line_or_their_heading() {
    let rows = |damaged: &str, with_others: bool| {
        let mut figures = numbered(1);
        if !with_others {
            for line in ["correction_overdue", "fee_unpaid", "miscellaneous"] {
                let cells = catalogue().line_at(&format!("requests.other.{line}")).unwrap().cells();
                cells.for_each(|cell| _ = figures.set(cell, Cell::Blank));
            }
            let cells = catalogue().line_at("requests.other.unspecified").unwrap().cells();
            cells.for_each(|cell| _ = figures.set(cell, Cell::Number(7)));
        }
        let whole = render(&figures, "\n");
        assert!(whole.contains("（六）其他处理\n"), "{whole}");
        (figures, read(&whole.replace("（六）其他处理\n", &format!("{damaged}\n"))))
    };
    for damaged in ["（六）其它处理", "（六）其他处里"] {
        let (figures, reading) = rows(damaged, false);
        assert!(reading.figures == figures, "{damaged} {:?} {:?}", unread(&reading), notes(&reading));
        assert!(
            notes(&reading).iter().any(|note| note.starts_with("LABEL-INEXACT")),
            "{damaged} {:?}",
            notes(&reading)
        );
        let (figures, reading) = rows(damaged, true);
        assert!(reading.figures == figures, "{damaged} {:?} {:?}", unread(&reading), notes(&reading));
    }
}

/// Rows of tables on pages, each with its page.
fn of_pages(rows: &[(usize, &[&str])]) -> Reading {
    let rows = rows.iter().enumerate().map(|(order, (page, texts))| {
        let cells = texts.iter().enumerate().map(|(at, text)| {
            let place = Place { order, spot: Spot::Page { page: *page, line: order + 1 }, cell: at + 1 };
            PrintedCell::new((*text).into(), place, Some(Columns { first: at, last: at }), 1)
        });
        PrintedRow { cells: cells.collect(), extent: Extent::Complete }
    });
    understood(Format::Pdf, RowsRead { rows: rows.collect(), ..RowsRead::default() }, &Limits::default())
}

#[test]
fn a_row_that_the_end_of_a_page_divides_is_not_read() {
    let head: &[&str] = &["信息内容", "本年制发件数", "本年废止件数", "现行有效件数"];
    let title: &[&str] = &["二、主动公开政府信息情况"];
    let values = |reading: &Reading| {
        ["issued", "repealed", "in_force"]
            .map(|column| reading.figures.get(id(&format!("proactive_disclosure.rules.{column}"))))
    };
    // A number goes on overleaf, beside nothing or beside the label; the figures stand overleaf; the label goes on overleaf.
    for (before, after) in [
        (&["规章", "12", "345", "6"][..], &["", "", "67", ""][..]),
        (&["规章", "", "", ""], &["", "1", "2", "3"]),
        (&["规", "1", "2", "3"], &["规章", "", "", ""]),
        (&["规", "1", "2", "3"], &["规章", "4", "5", "6"]),
        (&["", "1", "2", "3"], &["规章", "4", "5", "6"]),
    ] {
        let reading = of_pages(&[(1, title), (1, head), (1, before), (2, after)]);
        assert_eq!(values(&reading), [Cell::Unread; 3], "{before:?} {after:?} {:?}", notes(&reading));
    }
    let reading = of_pages(&[(1, title), (1, head), (2, &["规章", "1", "", "3"])]);
    assert_eq!(values(&reading), [Cell::Number(1), Cell::Blank, Cell::Number(3)], "{:?}", notes(&reading));
}

#[test]
fn figures_beside_both_parts_of_a_divided_label_are_not_read() {
    let head: &[&str] = &["申请情况", "自然人", "商业企业", "科研机构", "社会公益组织", "法律服务机构", "其他", "总计"];
    let title: &[&str] = &["三、收到和处理政府信息公开申请情况"];
    let before: &[&str] = &["2.没有现成信息需要另", "17775", "256", "61", "0", "67", "0", "91"];
    for (page, rest, is_read) in [
        (2, ["行制作", "", "", "", "", "", "", "694"], false),
        (1, ["行制作", "", "", "", "", "", "", "694"], false),
        (2, ["行制作", "", "", "", "", "", "", ""], true),
    ] {
        let reading = of_pages(&[(1, title), (1, head), (1, before), (page, &rest)]);
        let total = reading.figures.get(id("requests.unavailable.needs_creation.total"));
        let expected = if is_read { Cell::Number(91) } else { Cell::Unread };
        assert_eq!(total, expected, "{page} {rest:?} {:?}", notes(&reading));
    }
}

#[test]
fn a_row_whose_label_a_page_leaves_only_in_part_is_not_read() {
    let head: &[&str] = &["申请情况", "自然人", "商业企业", "科研机构", "社会公益组织", "法律服务机构", "其他", "总计"];
    let title: &[&str] = &["三、收到和处理政府信息公开申请情况"];
    let row = |label: &'static str, text: &'static str| [label, text, text, text, text, text, text, text];
    let totals = |part: [&str; 8], page: usize| {
        let rows = [row("1.属于国家秘密", "1"), part, row("8.属于行政查询事项", "3")];
        let reading = of_pages(&[(1, title), (1, head), (1, &rows[0]), (page, &rows[1]), (2, &rows[2])]);
        let total = |line: &str| reading.figures.get(id(&format!("requests.refused.{line}.total")));
        (total("state_secret"), total("internal_affairs"), total("administrative_query"))
    };
    let read = |whole| (Cell::Number(1), whole, Cell::Number(3));
    // The last one of a page, and the first one of the next: the rest may make another line of it.
    assert_eq!(totals(row("5.属于三类内部", "2"), 1), read(Cell::Unread));
    assert_eq!(totals(row("类内部事务信息", "2"), 2), read(Cell::Unread));
    assert_eq!(totals(row("5.属于三类内部事务信息", "2"), 1), read(Cell::Number(2)));
}

#[test]
fn a_row_of_which_one_part_has_figures_is_not_blank_for_the_other() {
    // The header is not the form's, so that no row below it is read.
    let head: &[&str] = &["申请情况", "科研机构", "商业企业", "自然人", "自然人"];
    let rows: [(usize, &[&str]); 5] = [
        (1, &["三、收到和处理政府信息公开申请情况"]),
        (1, head),
        (1, &["2.没有现成信息需要另", "", "", "", ""]),
        (1, &["", "0", "85562379", "21", "9"]),
        (2, &["行制作", "", "", "", ""]),
    ];
    let reading = of_pages(&rows);
    let found = reading.figures.get(id("requests.unavailable.needs_creation.natural_person"));
    assert_eq!(found, Cell::Unread, "{:?}", notes(&reading));
}

#[test]
fn figures_below_a_part_of_a_label_are_not_those_of_a_blank_row() {
    let head: &[&str] = &["申请情况", "自然人", "商业企业", "科研机构", "社会公益组织", "法律服务机构", "其他", "总计"];
    let rows: [(usize, &[&str]); 5] = [
        (1, &["三、收到和处理政府信息公开申请情况"]),
        (1, head),
        (1, &["4.保护第三方合", "", "", "", "", "", "", ""]),
        (1, &["", "55202", "91", "70", "4748", "36201", "0", "1"]),
        (1, &["5.属于三类内部事务信息", "2", "2", "2", "2", "2", "2", "2"]),
    ];
    let reading = of_pages(&rows);
    let of = |line: &str| reading.figures.get(id(&format!("requests.refused.{line}.natural_person")));
    assert_eq!(
        (of("third_party_rights"), of("internal_affairs")),
        (Cell::Unread, Cell::Number(2)),
        "{:?}",
        notes(&reading)
    );
}

#[test]
fn several_rows_of_figures_below_one_header_of_blocks_may_be_one() {
    let head: &[&str] = &["结果维持", "结果纠正", "其他结果", "尚未审结", "总计"];
    let title: &[&str] = &["四、政府信息公开行政复议、行政诉讼情况"];
    let upheld_and_total = |rows: &[&[&str]]| {
        let mut all: Vec<(usize, &[&str])> = vec![(1, title), (1, &["行政复议"]), (1, head)];
        all.extend(rows.iter().map(|row| (1, *row)));
        let reading = of_pages(&all);
        ["upheld", "total"].map(|column| reading.figures.get(id(&format!("disputes.reconsideration.{column}"))))
    };
    assert_eq!(upheld_and_total(&[&["1", "2", "3", "4", "10"]]), [Cell::Number(1), Cell::Number(10)]);
    assert_eq!(upheld_and_total(&[&["", "0", "44", "0", "471"], &["", "", "", "", "", "14718"]]), [Cell::Unread; 2]);
}

#[test]
fn figures_overleaf_beside_words_that_are_no_label_may_be_the_rest_of_a_row_of_blocks() {
    let head: &[&str] = &["结果维持", "结果纠正", "其他结果", "尚未审结", "总计"];
    let title: &[&str] = &["四、政府信息公开行政复议、行政诉讼情况"];
    let total = |page: usize| {
        let rows: [(usize, &[&str]); 5] = [
            (1, title),
            (1, &["行政复议"]),
            (1, head),
            (1, &["0", "0", "5313", "0", "5313"]),
            (page, &["草稿", "", "4", "", "4"]),
        ];
        of_pages(&rows).figures.get(id("disputes.reconsideration.total"))
    };
    assert_eq!([total(2), total(1)], [Cell::Unread, Cell::Number(5313)]);
}

#[test]
fn figures_beside_words_that_are_no_label_may_be_those_that_a_row_of_blocks_lacks() {
    let head: &[&str] = &["结果维持", "结果纠正", "其他结果", "尚未审结", "总计"];
    let read = |first: &'static [&'static str]| {
        let rows: [(usize, &[&str]); 5] = [
            (1, &["四、政府信息公开行政复议、行政诉讼情况"]),
            (1, &["行政复议"]),
            (1, head),
            (1, first),
            (1, &["草稿2025", "", "（其中修订件）", "82224", "13"]),
        ];
        let reading = of_pages(&rows);
        ["upheld", "other_result"].map(|column| reading.figures.get(id(&format!("disputes.reconsideration.{column}"))))
    };
    assert_eq!(read(&["", "", "0", "", ""]), [Cell::Unread; 2]);
    assert_eq!(read(&["1", "2", "3", "4", "10"]), [Cell::Number(1), Cell::Number(3)], "nothing is lacking");
}

#[test]
fn a_label_that_says_another_period_a_part_or_a_share_is_not_read_for_one_near_it() {
    let head = |last: &'static str| {
        ["申请情况", "自然人", "商业企业", "科研机构", "社会公益组织", "法律服务机构", "其他", last]
    };
    let received = |label: &'static str, last: &'static str| {
        let (head, row) = (head(last), [label, "1", "2", "3", "4", "5", "6", "21"]);
        let rows: [(usize, &[&str]); 3] = [(1, &["三、收到和处理政府信息公开申请情况"]), (1, &head), (1, &row)];
        let reading = of_pages(&rows);
        ["natural_person", "total"].map(|column| reading.figures.get(id(&format!("requests.received.{column}"))))
    };
    assert_eq!(received("一、本年新收政府信息公开申请数量", "总计"), [Cell::Number(1), Cell::Number(21)]);
    for label in ["去年新收", "上年新收", "累计新收", "本月新收", "其中本年新收"] {
        let label: &'static str = Box::leak(format!("一、{label}政府信息公开申请数量").into_boxed_str());
        assert_eq!(received(label, "总计")[0], Cell::Unread, "{label}");
    }
    for last in ["占比（%）", "平均"] {
        assert_eq!(received("一、本年新收政府信息公开申请数量", last)[1], Cell::Unread, "{last}");
    }
}
