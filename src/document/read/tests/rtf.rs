//! RTF as several programs write it: characters of code pages and of Unicode, merged cells, tables within tables, and what
//! is set otherwise beside a figure.

use super::super::{Certainty, Format, Limits, NoteCode, Reading, read_document};
use super::kinds::{PERMITS, certainty, codes};
use super::{cell, line, notes};

const HEAD: &str = "{\\rtf1\\ansi\\ansicpg936{\\fonttbl{\\f0\\fnil\\fcharset134 SimSun;}{\\f1\\fcharset2 Symbol;}}\
    {\\colortbl;\\red255\\green255\\blue255;\\red0\\green0\\blue255;}{\\stylesheet{\\s0 Normal 12;}}{\\info{\\title 9}}\n";

fn read(rtf: &str) -> Reading {
    let reading = read_document(rtf.as_bytes(), "a.doc", &Limits::default()).unwrap();
    assert_eq!(reading.format, Format::Rtf);
    reading
}

/// Characters by their numbers, with a byte behind each for programs that do not know them.
fn unicode(text: &str) -> String {
    let escaped = |c: char| match c.is_ascii() {
        true => c.to_string(),
        false => c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{}?", unit.cast_signed())).collect(),
    };
    text.chars().map(escaped).collect()
}

/// Bytes of GB18030.
fn bytes(text: &str) -> String {
    let (bytes, _, _) = encoding_rs::GB18030.encode(text);
    bytes
        .iter()
        .map(|byte| if byte.is_ascii() { char::from(*byte).to_string() } else { format!("\\'{byte:02x}") })
        .collect()
}

/// A row whose cells end at these places, each with its content.
fn row(cells: &[(&str, &str)]) -> String {
    let sides: String = cells.iter().map(|(side, _)| format!("{side} ")).collect();
    let contents: String = cells.iter().map(|(_, content)| format!("\\pard\\intbl {content}\\cell")).collect();
    format!("\\trowd\\trleft0 {sides}{contents}\\row\n")
}

fn permits(content: &str) -> Reading {
    let text = format!(
        "{HEAD}\\pard {}\\par\n{}{}\\pard {}\\par}}",
        unicode("二、主动公开政府信息情况"),
        row(&[("\\cellx2000", &bytes("信息内容")), ("\\cellx4000", &bytes("本年处理决定数量"))]),
        row(&[("\\cellx2000", &bytes("行政许可")), ("\\cellx4000", content)]),
        unicode("三、收到和处理政府信息公开申请情况")
    );
    read(&text)
}

#[test]
fn what_stands_between_digits_or_in_a_frame_is_not_lost() {
    for content in [
        "16\\~9",
        "16\\_9",
        "{\\shp{\\*\\shpinst{\\shptxt \\pard\\intbl 169}}}",
        "{\\*\\do\\dptxbx{\\dptxbxtext 169}}",
        "{\\mmath{\\*\\moMath 169}}",
    ] {
        let reading = permits(content);
        assert_eq!(certainty(&reading, PERMITS), Some(Certainty::Unread), "{content} {:?}", notes(&reading));
    }
    for content in ["{\\webhidden 1}69", "{\\upr{9}{\\*\\ud 169}}"] {
        assert_eq!(cell(&permits(content), PERMITS), "169", "{content}");
    }
}

#[test]
fn characters_of_code_pages_and_of_unicode_are_read() {
    for content in ["169", "1{\\b 6}9", "\\u-239?\\u-234?\\u-231?", "{\\uc2 \\u49\\'a3\\'b1}69", "\\plain\\f0 169"] {
        assert_eq!(cell(&permits(content), PERMITS), "169", "{content} {:?}", notes(&permits(content)));
    }
}

#[test]
fn what_is_set_otherwise_is_no_part_of_the_number() {
    for beside in [
        "{\\super 1}",
        "{\\sub 1}",
        "{\\up6 1}",
        "{\\strike 39}",
        "{\\deleted 39}",
        "{\\mvf 39}",
        "{\\v 5}",
        "{\\cf1 5}",
        "{\\fs2 5}",
    ] {
        let reading = permits(&format!("169{beside}"));
        assert_eq!(cell(&reading, PERMITS), "169", "{beside} {:?}", notes(&reading));
        assert_eq!(codes(&reading), [NoteCode::CellRemark], "{beside}");
    }
    for content in [
        "169{\\fs12 1}",
        "{\\v 169}",
        "{\\f1 169}",
        "169{\\field{\\*\\fldinst EQ \\\\o\\\\ac(\\'81,1)}{\\fldrslt }}",
        "{\\pict 00}",
        "{\\listtext\\pard 1.\\tab}\\ls1 169",
        "{\\pntext\\pard 1.\\tab}169",
        "{\\*\\pn\\pnlvlbody\\pndec}169",
        "16\\column 9",
        "{\\field{\\*\\fldinst SUM(9)}{\\fldrslt }}",
        "\\sl-20 169",
    ] {
        let reading = permits(content);
        assert_eq!(certainty(&reading, PERMITS), Some(Certainty::Unread), "{content} {:?}", notes(&reading));
    }
    for content in [
        "{\\field{\\*\\fldinst SUM(9)}{\\fldrslt 169}}",
        "169{\\field{\\*\\fldinst FORMTEXT}{\\fldrslt }}",
        "\\sl-300 169",
        "169{\\footnote 5}",
        "\\ls0 169",
        "{\\*\\unknown 5}169",
        "{\\highlight2\\cf1 169}",
        "{\\nonshppict{\\pict 00}}169",
    ] {
        let reading = permits(content);
        assert_eq!(
            (cell(&reading, PERMITS).as_str(), codes(&reading)),
            ("169", vec![]),
            "{content} {:?}",
            notes(&reading)
        );
    }
}

#[test]
fn merged_cells_and_columns_of_other_widths_keep_their_places() {
    let header = ["本年制发件数", "本年废止件数", "现行有效件数"].map(bytes);
    let text = format!(
        "{HEAD}\\pard {}\\par\n{}{}{}{}\\pard\\par}}",
        unicode("二、主动公开政府信息情况"),
        row(&[
            ("\\clvmgf\\cellx1000", ""),
            ("\\clmgf\\cellx2000", &bytes("第二十条第（一）项")),
            ("\\clmrg\\cellx5000", "")
        ]),
        row(&[
            ("\\clvmrg\\cellx1000", ""),
            ("\\cellx2000", &bytes("信息内容")),
            ("\\cellx3000", &header[0]),
            ("\\cellx4000", &header[1]),
            ("\\cellx5000", &header[2]),
        ]),
        row(&[("\\cellx2010", &bytes("规章")), ("\\cellx2990", "1"), ("\\cellx4000", ""), ("\\cellx5000", "3")]),
        row(&[
            ("\\cellx2000", &bytes("行政规范性文件")),
            ("\\cellx3000", "{4}{\\par 5}"),
            ("\\cellx4000", "7"),
            ("\\cellx5000", "8")
        ]),
    );
    let reading = read(&text);
    assert_eq!(line(&reading, "proactive_disclosure.rules"), ["1", "", "3"], "{:?}", notes(&reading));
    assert_eq!(line(&reading, "proactive_disclosure.normative_documents"), ["", "7", "8"], "two lines are no number");
}

#[test]
fn a_table_within_a_cell_is_the_table() {
    let inner = |cells: &[&str]| {
        let sides: String = (1..=cells.len()).map(|at| format!("\\cellx{}", at * 1_000)).collect();
        let cells: String = cells.iter().map(|cell| format!("\\pard\\intbl\\itap2 {cell}\\nestcell")).collect();
        format!("{cells}{{\\*\\nesttableprops\\trowd{sides}\\nestrow}}{{\\nonesttables\\par}}\n")
    };
    let text = format!(
        "{HEAD}\\trowd\\cellx9000 \\pard\\intbl {}\\par{}{}\\pard\\intbl\\cell\\row\\pard\\par}}",
        unicode("二、主动公开政府信息情况"),
        inner(&[&bytes("信息内容"), &bytes("本年处理决定数量")]),
        inner(&[&bytes("行政许可"), "169"]),
    );
    assert_eq!(cell(&read(&text), PERMITS), "169");
}

#[test]
fn what_is_cut_off_or_nested_without_end_is_refused() {
    let deep = format!("{HEAD}{}", "{".repeat(5_000));
    assert!(read_document(deep.as_bytes(), "a.rtf", &Limits::default()).is_err());
    let whole = format!(
        "{HEAD}\\pard {}\\par\n{}{}}}",
        unicode("二、主动公开政府信息情况"),
        row(&[("\\cellx2000", &bytes("信息内容")), ("\\cellx4000", &bytes("本年处理决定数量"))]),
        row(&[("\\cellx2000", &bytes("行政许可")), ("\\cellx4000", "169")])
    );
    assert_eq!(cell(&read(&whole), PERMITS), "169");
    for end in 5..whole.len() {
        assert!(read_document(&whole.as_bytes()[..end], "a.rtf", &Limits::default()).is_err(), "{end}");
    }
}
