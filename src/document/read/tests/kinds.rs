//! What may stand beside a number, above it and below it: each kind with a document of its own.

use super::super::{Certainty, Limits, NoteCode, Reading, read_document};
use super::formats::{docx_of, xlsx_of};
use super::{cell, line, notes};
use crate::form::catalogue;
use crate::report::Cell;

pub(super) const PERMITS: &str = "proactive_disclosure.administrative_permits";

fn read(bytes: &[u8], name: &str) -> Reading {
    read_document(bytes, name, &Limits::default()).unwrap()
}

pub(super) fn certainty(reading: &Reading, path: &str) -> Option<Certainty> {
    let cell = catalogue().cell_at(path).unwrap();
    let read = reading.cells.iter().find(|read| read.cell == cell).map(|read| read.certainty);
    read.or((reading.figures.get(cell) == Cell::Unread).then_some(Certainty::Unread))
}

/// The codes of the notes, save those on what these documents leave out.
pub(super) fn codes(reading: &Reading) -> Vec<NoteCode> {
    let codes = reading.notes.iter().map(|note| note.code);
    let is_left_out =
        |code: &NoteCode| matches!(code, NoteCode::TableNotFound | NoteCode::RowNotFound | NoteCode::EditionUncertain);
    codes.filter(|code| !is_left_out(code)).collect()
}

/// Permits with this content of their cell, below a style sheet.
pub(super) fn html(style: &str, content: &str) -> Reading {
    let page = format!(
        "<html><head><style>{style}</style></head><h2>二、主动公开政府信息情况</h2><table>\
         <tr><td colspan=2>第二十条第（五）项</td></tr><tr><td>信息内容</td><td>本年处理决定数量</td></tr>\
         <tr><td>行政许可</td><td>{content}</td></tr><tr><td>行政处罚</td><td>7</td></tr></table></html>"
    );
    let reading = read(page.as_bytes(), "a.html");
    assert_eq!(cell(&reading, "proactive_disclosure.administrative_penalties"), "7", "{content}");
    reading
}

pub(super) fn docx(styles: &str, content: &str) -> Reading {
    docx_table("", styles, content)
}

/// The same in a table with these properties.
pub(super) fn docx_table(table: &str, styles: &str, content: &str) -> Reading {
    let cell = |content: &str| format!("<w:tc><w:p>{content}</w:p></w:tc>");
    let text = |text: &str| cell(&format!("<w:r><w:t>{text}</w:t></w:r>"));
    let body = format!(
        "<w:document><w:body><w:p><w:r><w:t>二、主动公开政府信息情况</w:t></w:r></w:p><w:tbl>{table}<w:tr>{}{}</w:tr>\
         <w:tr>{}{}</w:tr></w:tbl></w:body></w:document>",
        text("信息内容"),
        text("本年处理决定数量"),
        text("行政许可"),
        cell(content)
    );
    if styles.is_empty() {
        return read(&docx_of(&body), "a.docx");
    }
    let parts = [("word/document.xml", body.as_str()), ("word/styles.xml", styles)];
    read(&super::formats::package(&parts), "a.docx")
}

/// A sheet with permits in B2, of the given cell element, styles and shared texts.
pub(super) fn xlsx(styles: &str, texts: &str, permits: &str) -> Reading {
    xlsx_sheet(styles, texts, permits, "")
}

/// The same with what stands behind the cells of the sheet.
pub(super) fn xlsx_sheet(styles: &str, texts: &str, permits: &str, behind: &str) -> Reading {
    let text = |place: &str, text: &str| format!("<c r=\"{place}\" t=\"inlineStr\"><is><t>{text}</t></is></c>");
    let sheet = format!(
        "<worksheet><sheetData><row r=\"1\">{}{}</row><row r=\"2\">{}{permits}</row></sheetData>{behind}</worksheet>",
        text("A1", "信息内容"),
        text("B1", "本年处理决定数量"),
        text("A2", "行政_x000D_许可")
    );
    let parts = [
        ("xl/workbook.xml", "<workbook><sheets><sheet name=\"a\" r:id=\"r1\"/></sheets></workbook>"),
        (
            "xl/_rels/workbook.xml.rels",
            "<Relationships><Relationship Id=\"r1\" Target=\"worksheets/sheet1.xml\"/>\
             <Relationship Id=\"r2\" Type=\"t/sharedStrings\" Target=\"texts.xml\"/></Relationships>",
        ),
        ("xl/texts.xml", texts),
        ("xl/styles.xml", styles),
        ("xl/worksheets/sheet1.xml", sheet.as_str()),
    ];
    read(&super::formats::package(&parts), "a.xlsx")
}

#[test]
fn what_a_page_sets_otherwise_is_no_part_of_the_number() {
    let style = ".h{display:none}.i{display:none}.i{display:inline}#k .h{display:inline}.s{text-decoration:line-through}\
        sup.n,.u{vertical-align:super}@media print{.p{display:none}}.w{color:#fff}";
    for content in [
        "169<sup>1</sup>",
        "169<sub>2</sub>",
        "<s>39</s>169",
        "<del>39</del>169",
        "<strike>39</strike>169",
        "<span style=\"text-decoration:line-through\">39</span>169",
        "<span class=s>39</span>169",
        "169<span hidden>5</span>",
        "169<span class=h>5</span>",
        "169<span style='display:none'>5</span>",
        "169<span style='visibility:hidden'>5</span>",
        "169<span style='font-size:0'>5</span>",
        "169<span style='opacity:0'>5</span>",
        "169<font color=white>5</font>",
        "169<span class=w>5</span>",
        "169<span class=u>5</span>",
        "169<span style='position:relative;top:-4pt'>5</span>",
        "169<span style='position:absolute;transform:rotate(30deg)'>2025</span>",
        "<ruby>169<rt>5</rt></ruby>",
        "169①",
        "169¹",
        "169₂",
    ] {
        let reading = html(style, content);
        assert_eq!(cell(&reading, PERMITS), "169", "{content}");
        assert_eq!(certainty(&reading, PERMITS), Some(Certainty::Annotated), "{content}");
        assert_eq!(codes(&reading), [NoteCode::CellRemark], "{content}");
    }
    // These are plain, whatever their elements are called.
    for content in [
        "<span class=i>169</span>",
        "<span id=k><b class=h>169</b></span>",
        "<span class=p>169</span>",
        "<span style='background:#00f'><i class=w>169</i></span>",
        "<span>1</span><b>6</b>9",
        "<input value=169>",
        "<select><option>5<option selected>169</select>",
        "<textarea>169</textarea>",
        "<small>169</small>",
        "<input type=hidden value=5>169",
    ] {
        let reading = html(style, content);
        assert_eq!(
            (cell(&reading, PERMITS).as_str(), codes(&reading).len()),
            ("169", 0),
            "{content} {:?}",
            notes(&reading)
        );
    }
}

#[test]
fn where_marks_and_digits_cannot_be_told_apart_the_cell_is_unread_and_says_so() {
    for content in [
        "169<small>1</small>",
        "<span style='font-size:9px'>1</span>69",
        "1<sup>2</sup>3",
        "1①3",
        "<s>169</s>",
        "<span hidden>169</span>",
        "<sup>169</sup>",
        "<bdo dir=rtl>169</bdo>",
        "12½",
        "1, 234",
        "<math><msup><mn>169</mn><mn>1</mn></msup></math>",
        "<span style='float:right'>9</span>16",
    ] {
        let reading = html("", content);
        assert_eq!(cell(&reading, PERMITS), "", "{content}");
        assert_eq!(certainty(&reading, PERMITS), Some(Certainty::Unread), "{content}");
        let permits = catalogue().cell_at(PERMITS).unwrap();
        assert!(reading.notes.iter().any(|note| note.cells.contains(&permits)), "{content}");
    }
}

#[test]
fn rows_and_cells_that_a_page_does_not_show_are_not_there() {
    let rows = "<tr><td>行政许可</td><td style='display:none'>5</td><td>169</td></tr>\
        <tr hidden><td>行政强制</td><td>3</td></tr>";
    let page = format!(
        "<h2>二、主动公开政府信息情况</h2><table><tr><td>信息内容</td><td>本年处理决定数量</td></tr>{rows}</table>"
    );
    let reading = read(page.as_bytes(), "a.html");
    assert_eq!(cell(&reading, PERMITS), "169");
    assert_eq!(cell(&reading, "proactive_disclosure.administrative_compulsions"), "");
}

#[test]
fn what_a_word_processor_sets_otherwise_is_no_part_of_the_number() {
    let run = |properties: &str, text: &str| format!("<w:r><w:rPr>{properties}</w:rPr><w:t>{text}</w:t></w:r>");
    let styles = "<w:styles><w:style w:type=\"character\" w:styleId=\"a\"><w:rPr><w:vertAlign w:val=\"superscript\"/></w:rPr></w:style>\
        <w:style w:type=\"character\" w:styleId=\"b\"><w:basedOn w:val=\"a\"/></w:style></w:styles>";
    for beside in [
        run("<w:vertAlign w:val=\"superscript\"/>", "1"),
        run("<w:position w:val=\"6\"/>", "1"),
        run("<w:rStyle w:val=\"b\"/>", "1"),
        run("<w:strike/>", "39"),
        run("<w:dstrike/>", "39"),
        run("<w:vanish/>", "5"),
        run("<w:color w:val=\"FFFFFF\"/>", "5"),
        run("<w:sz w:val=\"2\"/>", "5"),
        "<w:del><w:r><w:delText>39</w:delText></w:r></w:del>".to_owned(),
        format!("<w:r><w:pict><w:txbxContent><w:p>{}</w:p></w:txbxContent></w:pict></w:r>", run("", "2025")),
        format!("<m:sSup><m:sup>{}</m:sup></m:sSup>", run("", "2")),
    ] {
        let reading = docx(styles, &format!("{}{beside}", run("", "169")));
        assert_eq!(cell(&reading, PERMITS), "169", "{beside}");
        assert_eq!(codes(&reading), [NoteCode::CellRemark], "{beside} {:?}", notes(&reading));
    }
    for plain in
        [run("<w:strike w:val=\"0\"/>", "169"), run("", "16") + &run("<w:b/>", "9"), run("<w:sz w:val=\"15\"/>", "169")]
    {
        let reading = docx("", &plain);
        assert_eq!(
            (cell(&reading, PERMITS).as_str(), codes(&reading).len()),
            ("169", 0),
            "{plain} {:?}",
            notes(&reading)
        );
    }
    let reading = docx("", &(run("<w:sz w:val=\"21\"/>", "169") + &run("<w:sz w:val=\"11\"/>", "1")));
    assert_eq!(certainty(&reading, PERMITS), Some(Certainty::Unread));
}

#[test]
fn a_row_that_a_word_processor_hides_is_not_read() {
    let td = |text: &str| format!("<w:tc><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:tc>");
    let row = |properties: &str, cells: [&str; 2]| format!("<w:tr>{properties}{}</w:tr>", cells.map(td).concat());
    let body = format!(
        "<w:document><w:body><w:p><w:r><w:t>二、主动公开政府信息情况</w:t></w:r></w:p><w:tbl>{}{}{}</w:tbl></w:body></w:document>",
        row("", ["信息内容", "本年处理决定数量"]),
        row("<w:trPr><w:hidden/></w:trPr>", ["行政许可", "169"]),
        row("", ["行政处罚", "7"]),
    );
    let reading = read(&docx_of(&body), "a.docx");
    assert_eq!(certainty(&reading, PERMITS), Some(Certainty::Unread));
    assert_eq!(cell(&reading, "proactive_disclosure.administrative_penalties"), "7");
}

const STYLES: &str = "<styleSheet><numFmts><numFmt numFmtId=\"164\" formatCode=\"0!.0000&quot;万元&quot;\"/>\
    <numFmt numFmtId=\"165\" formatCode=\"#,##0,\"/><numFmt numFmtId=\"166\" formatCode=\";;;\"/></numFmts>\
    <fonts><font/><font><strike/></font><font><color rgb=\"FFFFFFFF\"/></font></fonts>\
    <fills><fill><patternFill patternType=\"none\"/></fill><fill><patternFill patternType=\"solid\"><fgColor rgb=\"FF0000FF\"/></patternFill></fill></fills>\
    <cellXfs><xf/><xf numFmtId=\"164\"/><xf numFmtId=\"165\"/><xf numFmtId=\"166\"/><xf fontId=\"1\"/><xf fontId=\"2\"/>\
    <xf fontId=\"2\" fillId=\"1\"/><xf numFmtId=\"3\"/><xf numFmtId=\"9\"/><xf numFmtId=\"14\"/><xf numFmtId=\"2\"/></cellXfs></styleSheet>";

#[test]
fn a_sheets_number_is_the_one_that_it_shows() {
    for (style, value, shown, certain) in [
        (0, "169", "169", Certainty::Exact),
        (7, "1234567", "1234567", Certainty::Exact),
        (6, "169", "169", Certainty::Exact),
        (0, "169.00000000000003", "169", Certainty::Exact),
        (7, "168.6", "169", Certainty::Annotated),
        (2, "1234567", "", Certainty::Unread),
        (3, "169", "", Certainty::Unread),
        (4, "169", "", Certainty::Unread),
        (5, "169", "", Certainty::Unread),
        (8, "0.5", "", Certainty::Unread),
        (9, "45000", "", Certainty::Unread),
        (1, "1690000", "", Certainty::Unread),
    ] {
        let reading = xlsx(STYLES, "<sst/>", &format!("<c r=\"B2\" s=\"{style}\"><v>{value}</v></c>"));
        assert_eq!(cell(&reading, PERMITS), shown, "style {style} of {value}: {:?}", notes(&reading));
        assert_eq!(certainty(&reading, PERMITS), Some(certain), "style {style} of {value}");
        assert_eq!(certain == Certainty::Exact, codes(&reading).is_empty(), "style {style} of {value}");
    }
}

#[test]
fn runs_of_a_sheets_text_are_told_apart() {
    for properties in
        ["<vertAlign val=\"superscript\"/>", "<vertAlign val=\"subscript\"/>", "<strike/>", "<color rgb=\"FFFFFFFF\"/>"]
    {
        let texts = format!("<sst><si><r><t>169</t></r><r><rPr>{properties}</rPr><t>1</t></r></si></sst>");
        let reading = xlsx(STYLES, &texts, "<c r=\"B2\" t=\"s\"><v>0</v></c>");
        assert_eq!(cell(&reading, PERMITS), "169", "{properties}");
        assert_eq!(codes(&reading), [NoteCode::CellRemark], "{properties}");
    }
}

#[test]
fn hidden_rows_of_a_sheet_are_not_read_and_that_is_said() {
    let permits = "<c r=\"B2\"><v>169</v></c></row><row r=\"3\" hidden=\"1\"><c r=\"A3\" t=\"inlineStr\"><is><t>行政处罚</t></is></c>\
        <c r=\"B3\"><v>5</v></c>";
    let reading = xlsx(STYLES, "<sst/>", permits);
    assert_eq!(cell(&reading, PERMITS), "169");
    assert_eq!(cell(&reading, "proactive_disclosure.administrative_penalties"), "");
    assert_eq!(codes(&reading), [NoteCode::HiddenNotRead]);
}

fn row(cells: &[&str]) -> String {
    format!("<tr>{}</tr>", cells.iter().map(|cell| format!("<td>{cell}</td>")).collect::<String>())
}

#[test]
fn columns_are_read_by_their_labels_in_any_order() {
    let labels = ["总计", "其他", "自然人", "商业企业", "科研机构", "社会公益组织", "法律服务机构"];
    let header = row(&[&["项目"][..], &labels].concat());
    let values = row(&["一、本年新收政府信息公开申请数量", "21", "6", "1", "2", "3", "4", "5"]);
    let page = format!("<h2>三、收到和处理政府信息公开申请情况</h2><table>{header}{values}</table>");
    let expected = ["1", "2", "3", "4", "5", "6", "21"];
    assert_eq!(line(&read(page.as_bytes(), "a.html"), "requests.received"), expected);
    // Without places the sequence may be that of two lines of which a heading is lost: the total is amid the others.
    let text = page.replace("</td>", "\n").replace("</h2>", "\n");
    let text: String = text.split('<').map(|piece| piece.split_once('>').map_or(piece, |(_, rest)| rest)).collect();
    let middle = text.replace("总计\n其他\n自然人", "自然人\n总计\n其他");
    let reading = read(middle.as_bytes(), "a.txt");
    assert_eq!(line(&reading, "requests.received"), [""; 7]);
    assert_eq!(codes(&reading).iter().filter(|code| **code == NoteCode::HeaderMismatch).count(), 1);
    assert_eq!(line(&read(text.as_bytes(), "a.txt"), "requests.received"), expected);
}

#[test]
fn a_heading_over_columns_stands_where_its_columns_stand() {
    let header = "申请人情况\n法人或其他组织\n自然人\n总计\n商业企业\n科研机构\n社会公益组织\n法律服务机构\n其他\n";
    let text =
        format!("三、收到和处理政府信息公开申请情况\n{header}一、本年新收政府信息公开申请数量\n2\n3\n4\n5\n6\n1\n21\n");
    assert_eq!(line(&read(text.as_bytes(), "a.txt"), "requests.received"), ["1", "2", "3", "4", "5", "6", "21"]);
}

#[test]
fn one_note_for_a_header_names_all_of_its_rows() {
    let header = row(&["项目", "甲", "乙", "丙", "丁", "戊", "己", "总计"]);
    let rows: String =
        ["一、本年新收政府信息公开申请数量", "二、上年结转政府信息公开申请数量", "（一）予以公开", "（七）总计"]
            .iter()
            .map(|label| row(&[label, "1", "2", "3", "4", "5", "6", "21"]))
            .collect();
    let page = format!("<h2>三、收到和处理政府信息公开申请情况</h2><table>{header}{rows}</table>");
    let reading = read(page.as_bytes(), "a.html");
    let headers: Vec<_> = reading.notes.iter().filter(|note| note.code == NoteCode::HeaderMismatch).collect();
    assert_eq!((headers.len(), headers[0].cells.len()), (1, 28), "{:?}", notes(&reading));
    assert_eq!(certainty(&reading, "requests.disclosed.total"), Some(Certainty::Unread));
}

#[test]
fn of_two_years_beside_each_other_the_titles_is_read() {
    let labels = ["本年制发件数", "本年废止件数", "现行有效件数"];
    let years = "<tr><td rowspan=2>信息内容</td><td colspan=3>2022年</td><td colspan=3>2023年</td></tr>";
    let table = |title: &str| {
        format!(
            "<h1>示例市某局{title}政府信息公开工作年度报告</h1><h2>二、主动公开政府信息情况</h2><table>{years}{}{}</table>",
            row(&[labels, labels].concat()),
            row(&["规章", "1", "2", "3", "4", "5", "6"])
        )
    };
    assert_eq!(line(&read(table("2023年").as_bytes(), "a.html"), "proactive_disclosure.rules"), ["4", "5", "6"]);
    assert_eq!(line(&read(table("2022年").as_bytes(), "a.html"), "proactive_disclosure.rules"), ["1", "2", "3"]);
    let reading = read(table("2021年").as_bytes(), "a.html");
    assert_eq!(line(&reading, "proactive_disclosure.rules"), ["", "", ""]);
    assert!(codes(&reading).contains(&NoteCode::HeaderMismatch), "{:?}", notes(&reading));
}

#[test]
fn a_label_with_words_of_two_rows_is_neither() {
    let labels = ["自然人", "商业企业", "科研机构", "社会公益组织", "法律服务机构", "其他", "总计"];
    let header = row(&[&["项目"][..], &labels].concat());
    let rows: String = ["（三）不予公开 5.属于三类过程性信息", "6.属于四类内部事务信息", "7.属于行政执法案卷"]
        .iter()
        .map(|label| row(&[label, "1", "0", "0", "0", "0", "0", "1"]))
        .collect();
    let page = format!("<h2>三、收到和处理政府信息公开申请情况</h2><table>{header}{rows}</table>");
    let reading = read(page.as_bytes(), "a.html");
    for path in ["requests.refused.internal_affairs", "requests.refused.deliberative_process"] {
        assert_eq!(line(&reading, path), [""; 7], "{path}");
        assert_eq!(certainty(&reading, &format!("{path}.total")), Some(Certainty::Unread), "{path}");
    }
    assert_eq!(line(&reading, "requests.refused.enforcement_case_file"), ["1", "0", "0", "0", "0", "0", "1"]);
}

const RESULTS: [&str; 5] = ["结果维持", "结果纠正", "其他结果", "尚未审结", "总计"];
const DISPUTES: [(&str, &str); 3] = [
    ("行政复议", "disputes.reconsideration"),
    ("未经复议直接起诉", "disputes.litigation_direct"),
    ("复议后起诉", "disputes.litigation_after_reconsideration"),
];

fn disputes(tables: &str) -> Reading {
    let page = format!("<h2>四、政府信息公开行政复议、行政诉讼情况</h2>{tables}<h2>五、存在的主要问题及改进情况</h2>");
    read(page.as_bytes(), "a.html")
}

/// Figures of block `at`: 11 to 14 and their sum, 21 to 24 and theirs.
fn block(at: usize) -> [String; 5] {
    let base = (at + 1) * 10;
    [base + 1, base + 2, base + 3, base + 4, base * 4 + 10].map(|number| number.to_string())
}

fn assert_disputes(reading: &Reading, layout: &str) {
    for (at, (_, path)) in DISPUTES.iter().enumerate() {
        assert_eq!(line(reading, path), block(at), "{layout} {path} {:?}", notes(reading));
    }
    assert_eq!(codes(reading), [], "{layout} {:?}", notes(reading));
}

#[test]
fn chapter_four_is_read_in_whatever_shape_it_is_printed() {
    let strs = |texts: &[String]| texts.iter().map(String::as_str).map(str::to_owned).collect::<Vec<_>>();
    let cells = |texts: &[String]| texts.iter().map(|text| format!("<td>{text}</td>")).collect::<String>();
    let results: String = RESULTS.iter().map(|text| format!("<td>{text}</td>")).collect();
    let three: String = [2, 0, 1]
        .iter()
        .map(|at| {
            format!(
                "<table><tr><td colspan=5>{}</td></tr><tr>{results}</tr><tr>{}</tr></table>",
                DISPUTES[*at].0,
                cells(&strs(&block(*at)))
            )
        })
        .collect();
    assert_disputes(&disputes(&three), "three tables");
    let captions: String = [0, 2, 1]
        .iter()
        .map(|at| {
            format!(
                "<p>（{}）{}</p><table><tr>{results}</tr><tr>{}</tr></table>",
                at + 1,
                DISPUTES[*at].0,
                cells(&block(*at))
            )
        })
        .collect();
    assert_disputes(&disputes(&captions), "three tables with captions");
    let lines: String =
        [1, 2, 0].iter().map(|at| format!("<tr><td>{}</td>{}</tr>", DISPUTES[*at].0, cells(&block(*at)))).collect();
    assert_disputes(&disputes(&format!("<table><tr><td></td>{results}</tr>{lines}</table>")), "a line a block");
    let head: String = [2, 1, 0].iter().map(|at| format!("<td>{}</td>", DISPUTES[*at].0)).collect();
    let sides: String = (0..5)
        .map(|result| {
            let figures: String = [2, 1, 0].iter().map(|at| format!("<td>{}</td>", block(*at)[result])).collect();
            format!("<tr><td>{}</td>{figures}</tr>", RESULTS[result])
        })
        .collect();
    assert_disputes(&disputes(&format!("<table><tr><td></td>{head}</tr>{sides}</table>")), "on its side");
    let swapped = |texts: &[String; 5]| {
        cells(&[texts[1].clone(), texts[0].clone(), texts[2].clone(), texts[3].clone(), texts[4].clone()])
    };
    let labels = swapped(&RESULTS.map(str::to_owned));
    let blocks = format!(
        "<table><tr><td colspan=10>行政诉讼</td><td colspan=5 rowspan=2>行政复议</td></tr><tr><td colspan=5>复议后起诉</td><td colspan=5>未经复议直接起诉</td></tr>\
         <tr>{labels}{labels}{labels}</tr><tr>{}{}{}</tr></table>",
        swapped(&block(2)),
        swapped(&block(1)),
        swapped(&block(0))
    );
    assert_disputes(&disputes(&blocks), "blocks and results exchanged");
}

#[test]
fn a_header_of_chapter_four_that_may_be_read_in_two_ways_is_not_read() {
    let results = RESULTS.join("\n");
    let fifteen = (0..3).flat_map(block).collect::<Vec<_>>().join("\n");
    let title = "四、政府信息公开行政复议、行政诉讼情况";
    for header in [
        // 行政诉讼 is lost, and with it whether 行政复议 stands left or right.
        format!("行政复议\n未经复议直接起诉\n复议后起诉\n{results}\n{results}\n{results}"),
        format!(
            "行政复议\n行政诉讼\n未经复议直接起诉\n复议后起诉\n{results}\n{results}\n{}",
            results.replace("结果维持\n结果纠正", "结果纠正\n结果维持")
        ),
        format!(
            "行政复议\n行政诉讼\n未经复议直接起诉\n复议后起诉\n{results}\n{results}\n{}",
            results.replace("结果维持\n结果纠正", "结果纠正\n结果纠正")
        ),
    ] {
        let reading = read(format!("{title}\n{header}\n{fifteen}\n五、存在的主要问题及改进情况\n").as_bytes(), "a.txt");
        assert_eq!(line(&reading, "disputes.reconsideration"), [""; 5], "{header}");
        assert!(codes(&reading).contains(&NoteCode::HeaderMismatch), "{header} {:?}", notes(&reading));
        assert_eq!(certainty(&reading, "disputes.reconsideration.total"), Some(Certainty::Unread));
    }
}

#[test]
fn a_unit_is_heard_in_whatever_words_it_stands() {
    let fees = |unit: &str| {
        let page = format!(
            "<h2>二、主动公开政府信息情况</h2><table><tr><td colspan=2>第二十条第（八）项</td></tr><tr><td>信息内容</td>\
             <td>本年收费金额{unit}</td></tr><tr><td>行政事业性收费</td><td>51.25</td></tr></table>"
        );
        cell(&read(page.as_bytes(), "a.html"), "proactive_disclosure.administrative_fees")
    };
    for unit in [
        "（单位：人民币元）",
        "（人民币：元）",
        "（单位：（元））",
        "（RMB元）",
        "（单位：圆）",
        "（単位：元）",
        "（金额：元）",
        "（￥）",
        "（角）",
        "（万美元）",
        "：元",
    ] {
        assert_eq!(fees(unit), "", "{unit}");
    }
    for unit in ["", "（单位：万元）", "（人民币万元）", "（金额：万元）"] {
        assert_eq!(fees(unit), "51.25", "{unit}");
    }
}

#[test]
fn noughts_of_formulas_that_are_computed_when_a_workbook_is_opened_are_not_read() {
    let of = |calculation: &str, value: &str| {
        let sheet = "<worksheet><sheetData><row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>信息内容</t></is></c>\
            <c r=\"B1\" t=\"inlineStr\"><is><t>本年处理决定数量</t></is></c></row><row r=\"2\"><c r=\"A2\" t=\"inlineStr\"><is>\
            <t>行政许可</t></is></c><c r=\"B2\"><f>A9+160</f><v>VALUE</v></c></row></sheetData></worksheet>"
            .replace("VALUE", value);
        let book = format!("<workbook><sheets><sheet name=\"a\" r:id=\"r1\"/></sheets>{calculation}</workbook>");
        let parts = [
            ("xl/workbook.xml", book.as_str()),
            (
                "xl/_rels/workbook.xml.rels",
                "<Relationships><Relationship Id=\"r1\" Type=\"a/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>",
            ),
            ("xl/worksheets/sheet1.xml", &sheet),
        ];
        let reading = read(&super::formats::package(&parts), "a.xlsx");
        (cell(&reading, PERMITS), certainty(&reading, PERMITS))
    };
    let anew = "<calcPr fullCalcOnLoad=\"1\"/>";
    assert_eq!(of(anew, "0"), (String::new(), Some(Certainty::Unread)));
    assert_eq!(of("", "0").0, "0");
    assert_eq!(of(anew, "169").0, "169");
}

#[test]
fn what_seems_blank_in_chapter_four_is_not_where_figures_stand_beside_no_label() {
    let row = |label: &str, cells: [&str; 3]| format!("<tr><td>{label}</td><td>{}</td></tr>", cells.join("</td><td>"));
    let head = row("", [DISPUTES[0].0, DISPUTES[1].0, DISPUTES[2].0]);
    let rows = |second: &str| {
        format!("<table>{head}{}{second}{}</table>", row(RESULTS[0], ["1", "2", "3"]), row(RESULTS[2], ["7", "8", "9"]))
    };
    // A box around figures parts them from their row.
    let divided = row(RESULTS[1], ["", "", "6"]) + "<tr><td></td><td>4</td><td>5</td><td></td></tr>";
    let cell = catalogue().cell_at("disputes.reconsideration.corrected").unwrap();
    let read = |second: &str| disputes(&rows(second)).figures.get(cell);
    assert_eq!(read(&divided), Cell::Unread);
    assert_eq!(read(&row(RESULTS[1], ["", "", "6"])), Cell::Blank);
    assert_eq!(read(&row(RESULTS[1], ["4", "", "6"])), Cell::Number(4));
}

#[test]
fn one_cell_on_a_line_whose_end_a_bar_marks_is_read_with_its_blanks() {
    let text = "二、主动公开政府信息情况\n第二十条第（一）项 |\n信息内容 |\n本年制发件数 |\n本年废止件数 |\n现行有效件数 |\n\
        规章 |\n1 |\n |\n3 |\n行政规范性文件 |\n4 |\n5 |\n6 |\n";
    let reading = read(text.as_bytes(), "a.txt");
    assert_eq!(line(&reading, "proactive_disclosure.rules"), ["1", "", "3"], "{:?}", notes(&reading));
    assert_eq!(line(&reading, "proactive_disclosure.normative_documents"), ["4", "5", "6"]);
}

#[test]
fn parts_of_a_package_are_found_by_their_relations() {
    let reading = xlsx_of("<worksheet/>", "<sst/>");
    assert!(read_document(&reading, "a.xlsx", &Limits::default()).is_ok());
    let texts = "<sst><si><t>169</t></si></sst>";
    let reading = xlsx(STYLES, texts, "<c r=\"B2\" t=\"s\"><v>0</v></c>");
    assert_eq!(cell(&reading, PERMITS), "169");
}
