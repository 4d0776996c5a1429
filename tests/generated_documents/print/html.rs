//! HTML in the several ways in which pages set what is not to be read.

use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use super::{Cell, Medium, Sheet, escaped, rows};
use crate::asides::{Piece, Set};

const STYLE: &str = "<style>.x1{display:none}.x2{text-decoration:line-through}span.x3{vertical-align:super;font-size:70%}\
    td .x4{position:absolute;transform:rotate(-30deg);color:#ccc}@media print{.x9{display:none}}</style>";

/// Who knows a way of setting text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    Everywhere,
    /// Where style sheets are followed, which an office suite does in part.
    ByStyle,
    OnScreen,
}

use Known::{ByStyle, Everywhere, OnScreen};

type Way = (Known, &'static str, &'static str);

fn ways(set: Set) -> &'static [Way] {
    match set {
        Set::Plain => &[
            (Everywhere, "", ""),
            (Everywhere, "<span>", "</span>"),
            (Everywhere, "<b>", "</b>"),
            (OnScreen, "<span class=\"x9\">", "</span>"),
        ],
        Set::Raised => &[
            (Everywhere, "<sup>", "</sup>"),
            (ByStyle, "<span class=\"x3\">", "</span>"),
            (ByStyle, "<span style=\"position:relative;top:-4pt;mso-text-raise:4pt\">", "</span>"),
            (ByStyle, "<span style=\"vertical-align:super\">", "</span>"),
        ],
        Set::Lowered => &[(Everywhere, "<sub>", "</sub>"), (ByStyle, "<span style='vertical-align:sub'>", "</span>")],
        Set::Struck => &[
            (Everywhere, "<s>", "</s>"),
            (ByStyle, "<del>", "</del>"),
            (Everywhere, "<strike>", "</strike>"),
            (ByStyle, "<span class='x2'>", "</span>"),
            (ByStyle, "<span style=\"text-decoration: line-through\"><b>", "</b></span>"),
        ],
        Set::Hidden => &[
            (ByStyle, "<span hidden>", "</span>"),
            (ByStyle, "<span class=x1>", "</span>"),
            (ByStyle, "<span style=\"display:none\">", "</span>"),
            (ByStyle, "<span style=\"visibility:hidden\">", "</span>"),
            (ByStyle, "<span style=\"font-size:0\">", "</span>"),
            (Everywhere, "<font color=\"#ffffff\">", "</font>"),
            (ByStyle, "<i style=\"opacity:0\">", "</i>"),
        ],
        Set::Ruby => &[(ByStyle, "<ruby><rt>", "</rt></ruby>")],
        Set::Over => &[
            (ByStyle, "<span class='x4'>", "</span>"),
            (ByStyle, "<span style='position:absolute;left:0'>", "</span>"),
        ],
        Set::Small => &[(Everywhere, "<small>", "</small>"), (Everywhere, "<span style=\"font-size:8px\">", "</span>")],
    }
}

impl Medium {
    fn knows(self, way: &Way) -> bool {
        match way.0 {
            Everywhere => true,
            ByStyle => self != Self::PrintedByOffice,
            OnScreen => self == Self::File,
        }
    }
}

/// The tags around a piece; none where the medium knows no way to set it so.
fn around(random: &mut ChaCha8Rng, set: Set, medium: Medium) -> Option<(&'static str, &'static str)> {
    let known: Vec<&Way> = ways(set).iter().filter(|way| medium.knows(way)).collect();
    known.choose(random).map(|(_, open, close)| (*open, *close))
}

pub fn pieces(pieces: &[Piece], random: &mut ChaCha8Rng, medium: Medium) -> String {
    let one = |piece: &Piece| {
        around(random, piece.set, medium).map(|(open, close)| format!("{open}{}{close}", escaped(&piece.text)))
    };
    pieces.iter().filter_map(one).collect()
}

fn cell(cell: &Cell, random: &mut ChaCha8Rng, inputs: bool, medium: Medium) -> String {
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
        all => pieces(all, random, medium),
    };
    format!("<td{spans}>{text}</td>")
}

pub fn print(sheet: &Sheet, random: &mut ChaCha8Rng) -> Vec<u8> {
    // An office suite does not print what stands in fields.
    let inputs = random.random_ratio(1, 10) && sheet.medium != Medium::PrintedByOffice;
    let mut page = format!("<html><head><title>{0}</title>{STYLE}</head><body><h1>{0}</h1>", sheet.title);
    for (heading, tables) in &sheet.chapters {
        page += &format!("<h2>{heading}</h2>");
        if tables.is_empty() {
            page += "<p>一是公开质量有待提高。</p>";
        }
        for table in tables {
            page += "<table border=1>";
            for row in rows(table) {
                let hidden = random.random_ratio(1, 40) && sheet.medium != Medium::PrintedByOffice;
                page += "<tr>";
                page += &row.into_iter().map(|one| cell(one, random, inputs, sheet.medium)).collect::<String>();
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
