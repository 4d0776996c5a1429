//! HTML in the several ways in which pages set what is not to be read.

use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use super::{Cell, Sheet, escaped, rows};
use crate::asides::{Piece, Set};

const STYLE: &str = "<style>.x1{display:none}.x2{text-decoration:line-through}span.x3{vertical-align:super;font-size:70%}\
    td .x4{position:absolute;transform:rotate(-30deg);color:#ccc}@media print{.x9{display:none}}</style>";

fn around(random: &mut ChaCha8Rng, set: Set) -> (&'static str, &'static str) {
    let ways: &[(&str, &str)] = match set {
        Set::Plain => &[("", ""), ("<span>", "</span>"), ("<b>", "</b>"), ("<span class=\"x9\">", "</span>")],
        Set::Raised => &[
            ("<sup>", "</sup>"),
            ("<span class=\"x3\">", "</span>"),
            ("<span style=\"position:relative;top:-4pt;mso-text-raise:4pt\">", "</span>"),
            ("<span style=\"vertical-align:super\">", "</span>"),
        ],
        Set::Lowered => &[("<sub>", "</sub>"), ("<span style='vertical-align:sub'>", "</span>")],
        Set::Struck => &[
            ("<s>", "</s>"),
            ("<del>", "</del>"),
            ("<strike>", "</strike>"),
            ("<span class='x2'>", "</span>"),
            ("<span style=\"text-decoration: line-through\"><b>", "</b></span>"),
        ],
        Set::Hidden => &[
            ("<span hidden>", "</span>"),
            ("<span class=x1>", "</span>"),
            ("<span style=\"display:none\">", "</span>"),
            ("<span style=\"visibility:hidden\">", "</span>"),
            ("<span style=\"font-size:0\">", "</span>"),
            ("<font color=\"#ffffff\">", "</font>"),
            ("<i style=\"opacity:0\">", "</i>"),
        ],
        Set::Ruby => &[("<ruby><rt>", "</rt></ruby>")],
        Set::Over => &[("<span class='x4'>", "</span>"), ("<span style='position:absolute;left:0'>", "</span>")],
        Set::Small => &[("<small>", "</small>"), ("<span style=\"font-size:8px\">", "</span>")],
    };
    *ways.choose(random).unwrap()
}

pub fn pieces(pieces: &[Piece], random: &mut ChaCha8Rng) -> String {
    let one = |piece: &Piece| {
        let (open, close) = around(random, piece.set);
        format!("{open}{}{close}", escaped(&piece.text))
    };
    pieces.iter().map(one).collect()
}

fn cell(cell: &Cell, random: &mut ChaCha8Rng, inputs: bool) -> String {
    let span = |name: &str, count: usize| if count > 1 { format!(" {name}=\"{count}\"") } else { String::new() };
    let spans = span("rowspan", cell.rows) + &span("colspan", cell.columns);
    let text = match &cell.pieces[..] {
        [only] if inputs && cell.is_figure && only.set == Set::Plain => {
            format!("<input type=\"text\" value=\"{}\">", escaped(&only.text))
        }
        // A label cut into one element for each character.
        [only] if !cell.is_figure && random.random_ratio(1, 8) => {
            only.text.chars().map(|c| format!("<span>{}</span>", escaped(&c.to_string()))).collect()
        }
        all => pieces(all, random),
    };
    format!("<td{spans}>{text}</td>")
}

pub fn print(sheet: &Sheet, random: &mut ChaCha8Rng) -> Vec<u8> {
    let inputs = random.random_ratio(1, 10);
    let mut page = format!("<html><head><title>{0}</title>{STYLE}</head><body><h1>{0}</h1>", sheet.title);
    for (heading, tables) in &sheet.chapters {
        page += &format!("<h2>{heading}</h2>");
        if tables.is_empty() {
            page += "<p>一是公开质量有待提高。</p>";
        }
        for table in tables {
            page += "<table border=1>";
            for row in rows(table) {
                let hidden = random.random_ratio(1, 40);
                page += "<tr>";
                page += &row.into_iter().map(|one| cell(one, random, inputs)).collect::<String>();
                page += "</tr>";
                if hidden {
                    page += "<tr style=\"display:none\"><td>行政许可</td><td>99</td></tr>";
                }
            }
            page += "</table>";
        }
    }
    page += "</body></html>";
    match random.random_range(0..3) {
        0 => encoding_rs::GB18030.encode(&page.replace("<head>", "<head><meta charset=gb2312>")).0.into_owned(),
        _ => page.into_bytes(),
    }
}
