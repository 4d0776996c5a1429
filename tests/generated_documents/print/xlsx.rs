//! XLSX as spreadsheet programs write it: numbers with formats, texts in runs, styles of cells, hidden rows.

use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use super::{Cell, Sheet, archive, escaped};
use crate::asides::{Piece, Set};

/// Number formats that show a whole number as it is, by the number of their style below.
const PLAIN_STYLES: &[usize] = &[0, 1, 2, 3];
const STYLES: &str = "<styleSheet><numFmts><numFmt numFmtId=\"164\" formatCode=\"#,##0_ \"/><numFmt numFmtId=\"165\" \
    formatCode=\"0!.0000&quot;万元&quot;\"/></numFmts><fonts><font><sz val=\"11\"/></font><font><strike/></font></fonts>\
    <fills><fill><patternFill patternType=\"none\"/></fill></fills><cellStyleXfs><xf/></cellStyleXfs><cellXfs>\
    <xf numFmtId=\"0\" fontId=\"0\"/><xf numFmtId=\"1\" fontId=\"0\"/><xf numFmtId=\"3\" fontId=\"0\"/>\
    <xf numFmtId=\"164\" fontId=\"0\"/><xf numFmtId=\"165\" fontId=\"0\"/></cellXfs></styleSheet>";

fn run(piece: &Piece, random: &mut ChaCha8Rng) -> String {
    let properties = match piece.set {
        Set::Plain => "<sz val=\"11\"/>",
        Set::Raised => "<vertAlign val=\"superscript\"/>",
        Set::Lowered => "<vertAlign val=\"subscript\"/>",
        Set::Struck => "<strike/>",
        Set::Hidden => ["<color rgb=\"FFFFFFFF\"/>", "<color theme=\"0\"/>"].choose(random).unwrap(),
        Set::Small => "<sz val=\"5\"/>",
        Set::Ruby | Set::Over => return format!("<rPh sb=\"0\" eb=\"1\"><t>{}</t></rPh>", escaped(&piece.text)),
    };
    format!("<r><rPr>{properties}</rPr><t xml:space=\"preserve\">{}</t></r>", escaped(&piece.text))
}

fn reference(row: usize, column: usize) -> String {
    format!("{}{}", char::from(b'A' + u8::try_from(column).unwrap_or(25).min(25)), row + 1)
}

/// A number as binary fractions leave it.
fn noisy(text: &str, random: &mut ChaCha8Rng) -> String {
    if text.contains('.') && random.random_bool(0.3) {
        format!("{text}0000000000003").chars().take(19).collect()
    } else {
        text.to_owned()
    }
}

struct Writer {
    texts: Vec<String>,
    data: String,
    merged: String,
    hides: bool,
}

impl Writer {
    fn text(&mut self, content: String) -> usize {
        self.texts.push(format!("<si>{content}</si>"));
        self.texts.len() - 1
    }

    fn cell(&mut self, row: usize, cell: &Cell, random: &mut ChaCha8Rng) {
        let place = reference(row, cell.column);
        let whole: String = cell.pieces.iter().map(|piece| piece.text.as_str()).collect();
        let is_plain = cell.pieces.iter().all(|piece| piece.set == Set::Plain);
        let is_short = whole.len() < 15;
        if cell.is_figure && is_plain && is_short && whole.parse::<f64>().is_ok() && random.random_bool(0.7) {
            let is_whole = !whole.contains('.');
            // An amount that is kept in yuan and shown in its unit.
            let decimals = whole.split_once('.').map_or(0, |(_, fraction)| fraction.len());
            if (1..=4).contains(&decimals) && random.random_bool(0.3) {
                let yuan = whole.replace('.', "") + &"0".repeat(4 - decimals);
                self.data += &format!("<c r=\"{place}\" s=\"4\"><v>{yuan}</v></c>");
                return;
            }
            let style = if is_whole { *PLAIN_STYLES.choose(random).unwrap() } else { 0 };
            self.data += &format!("<c r=\"{place}\" s=\"{style}\"><v>{}</v></c>", noisy(&whole, random));
        } else if !whole.is_empty() {
            let content = match &cell.pieces[..] {
                [only] if only.set == Set::Plain && !cell.is_figure => {
                    format!("<t>{}</t>", escaped(&only.text).replace("行政", "行政_x000D_"))
                }
                all => all.iter().map(|piece| run(piece, random)).collect(),
            };
            let at = self.text(content);
            self.data += &format!("<c r=\"{place}\" t=\"s\"><v>{at}</v></c>");
        }
        if cell.rows > 1 || cell.columns > 1 {
            let last = reference(row + cell.rows - 1, cell.column + cell.columns - 1);
            self.merged += &format!("<mergeCell ref=\"{place}:{last}\"/>");
        }
    }

    fn words(&mut self, row: usize, text: &str) {
        let at = self.text(format!("<t>{}</t>", escaped(text)));
        self.data += &format!("<row r=\"{}\"><c r=\"A{}\" t=\"s\"><v>{at}</v></c></row>", row + 1, row + 1);
    }
}

pub fn print(sheet: &Sheet, random: &mut ChaCha8Rng) -> Vec<u8> {
    let mut writer =
        Writer { texts: Vec::new(), data: String::new(), merged: String::new(), hides: random.random_ratio(1, 6) };
    let mut top = 0;
    writer.words(top, &sheet.title);
    top += 1;
    for (heading, tables) in &sheet.chapters {
        writer.words(top, heading);
        top += 1;
        for table in tables {
            for (row, cells) in super::rows(table).into_iter().enumerate() {
                writer.data += &format!("<row r=\"{}\">", top + row + 1);
                for cell in cells {
                    writer.cell(top + row, cell, random);
                }
                writer.data += "</row>";
            }
            top += super::rows(table).len();
            if writer.hides {
                writer.data += &format!(
                    "<row r=\"{0}\" hidden=\"1\"><c r=\"A{0}\"><v>77</v></c><c r=\"B{0}\"><v>78</v></c></row>",
                    top + 1
                );
            }
            top += 2;
        }
    }
    let strings = ["xl/sharedStrings.xml", "xl/strings7.xml", "xl/SharedStrings.xml"].choose(random).unwrap();
    let target = strings.trim_start_matches("xl/");
    let data = format!(
        "<worksheet><sheetData>{}</sheetData><mergeCells>{}</mergeCells></worksheet>",
        writer.data, writer.merged
    );
    let texts = format!("<sst>{}</sst>", writer.texts.concat());
    let relations = format!(
        "<Relationships><Relationship Id=\"r1\" Type=\"x/worksheet\" Target=\"worksheets/sheet1.xml\"/>\
         <Relationship Id=\"r2\" Type=\"x/sharedStrings\" Target=\"{target}\"/></Relationships>"
    );
    archive(&[
        ("xl/workbook.xml", "<workbook><sheets><sheet name=\"年报\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>"),
        ("xl/_rels/workbook.xml.rels", &relations),
        ("xl/styles.xml", STYLES),
        (strings, &texts),
        ("xl/worksheets/sheet1.xml", &data),
    ])
}
