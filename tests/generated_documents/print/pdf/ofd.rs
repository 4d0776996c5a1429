//! A page as OFD describes it (GB/T 33190): objects in millimetres from the upper left corner, each with all that it is
//! drawn with, in the ways in which writers put it.

use lopdf::Object;
use lopdf::content::Operation;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::super::{archive, escaped};
use super::page::{Page, advance};

/// Millimetres in a point.
const MILLIMETRE: f32 = 25.4 / 72.0;
/// Width of the page, in points.
const WIDTH: f32 = 4000.0;

/// What instructions have set.
#[derive(Clone)]
struct State {
    matrix: [f32; 6],
    fill: [f32; 3],
    stroke: [f32; 3],
    /// Opacity, of 255.
    alpha: u8,
    width: f32,
    rise: f32,
    scale: f32,
    is_unseen: bool,
    /// An outline with its rule.
    clip: Option<(String, bool)>,
}

struct Writer<'r> {
    height: f32,
    state: State,
    states: Vec<State>,
    outline: String,
    /// Text: matrix, size, and the characters so far.
    text: ([f32; 6], f32, String),
    objects: Vec<String>,
    random: &'r mut ChaCha8Rng,
    /// Writers differ in the prefix and whether colours are attributes.
    prefix: &'static str,
}

fn numbers(operation: &Operation) -> Vec<f32> {
    operation.operands.iter().filter_map(|operand| operand.as_float().ok()).collect()
}

fn millimetres(points: f32) -> String {
    let text = format!("{:.4}", points * MILLIMETRE);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

impl Writer<'_> {
    fn place(&self, x: f32, y: f32) -> String {
        format!("{} {}", millimetres(x), millimetres(self.height_of(y)))
    }

    fn height_of(&self, y: f32) -> f32 {
        -y
    }

    /// The frame of the whole page.
    fn frame(&self) -> String {
        format!("0 0 {} {}", millimetres(WIDTH), millimetres(self.height))
    }

    fn colour(&self, kind: &str, colour: [f32; 3]) -> String {
        let [red, green, blue] = colour.map(|part| (part * 255.0).round() as u8);
        let prefix = self.prefix;
        match (red == green && green == blue && red > 0, prefix) {
            (true, _) => format!("<{prefix}{kind} Value=\"#{red:x} #{green:x} #{blue:x}\"/>"),
            (_, "") => format!("<{kind}><Value>{red} {green} {blue}</Value></{kind}>"),
            _ => format!("<{prefix}{kind} Value=\"{red} {green} {blue}\"/>"),
        }
    }

    fn add(&mut self, name: &str, attributes: &str, content: &str) {
        let prefix = self.prefix;
        let clips = match &self.state.clip {
            Some((outline, is_even_odd)) => {
                let rule = if *is_even_odd { " Rule=\"Even-Odd\"" } else { "" };
                format!(
                    "<{prefix}Clips><{prefix}Clip><{prefix}Area><{prefix}Path Boundary=\"{}\" Fill=\"true\"{rule}>\
                     <{prefix}AbbreviatedData>{outline}</{prefix}AbbreviatedData></{prefix}Path></{prefix}Area></{prefix}Clip></{prefix}Clips>",
                    self.frame()
                )
            }
            None => String::new(),
        };
        let alpha = if self.state.alpha < 255 { format!(" Alpha=\"{}\"", self.state.alpha) } else { String::new() };
        let id = self.objects.len() + 100;
        let object = format!("<{prefix}{name} ID=\"{id}\" {attributes}{alpha}>{clips}{content}</{prefix}{name}>");
        // Some put objects into blocks.
        let is_in_block = self.random.random_ratio(1, 50);
        self.objects.push(match is_in_block {
            true => format!("<{prefix}PageBlock>{object}</{prefix}PageBlock>"),
            false => object,
        });
    }

    fn paint(&mut self, is_stroke: bool, fill: Option<bool>) {
        let outline = std::mem::take(&mut self.outline);
        let mut attributes = format!("Boundary=\"{}\"", self.frame());
        let mut content = String::new();
        if is_stroke {
            attributes += &format!(" LineWidth=\"{}\"", millimetres(self.state.width));
            content += &self.colour("StrokeColor", self.state.stroke);
        } else {
            attributes += " Stroke=\"false\"";
        }
        if let Some(is_even_odd) = fill {
            attributes += if is_even_odd { " Fill=\"true\" Rule=\"Even-Odd\"" } else { " Fill=\"true\"" };
            content += &self.colour("FillColor", self.state.fill);
        }
        let prefix = self.prefix;
        content += &format!("<{prefix}AbbreviatedData>{outline}</{prefix}AbbreviatedData>");
        self.add("PathObject", &attributes, &content);
    }

    /// The steps between the characters of a text, each alone or those that are alike together.
    fn steps(&mut self, text: &str, size: f32) -> String {
        let all: Vec<char> = text.chars().collect();
        let steps: Vec<String> =
            all.iter().take(all.len().saturating_sub(1)).map(|c| millimetres(advance(*c) * size)).collect();
        if steps.is_empty() {
            return String::new();
        }
        let steps = match self.random.random_bool(0.5) {
            true => steps.join(" "),
            false => {
                let groups = steps.chunk_by(|one, other| one == other);
                groups.map(|group| format!("g {} {}", group.len(), group[0])).collect::<Vec<_>>().join(" ")
            }
        };
        format!(" DeltaX=\"{steps}\"")
    }

    fn write(&mut self) {
        let ([a, b, c, d, x, y], size, text) = self.text.clone();
        let State { rise, scale, is_unseen, fill, clip, .. } = self.state.clone();
        let y = y + rise;
        let is_level = [a, b, c, d] == [1.0, 0.0, 0.0, 1.0] && clip.is_none();
        let mut attributes = match is_level {
            // The frame of the text alone: a little more than its size is high.
            true => {
                let width: f32 = text.chars().map(|c| advance(c) * size).sum();
                let frame = format!("{} {} {}", self.place(x, y + size), millimetres(width), millimetres(size * 1.3));
                format!("Boundary=\"{frame}\"")
            }
            false if clip.is_some() => format!("Boundary=\"{}\"", self.frame()),
            false => {
                let place = self.place(x, y);
                format!("Boundary=\"{}\" CTM=\"{a} {} {} {d} {place}\"", self.frame(), -b, -c)
            }
        };
        let (start_x, start_y) = match (is_level, clip.is_some()) {
            (true, _) => ("0".to_owned(), millimetres(size)),
            (_, true) => (millimetres(x), millimetres(self.height_of(y))),
            _ => ("0".to_owned(), "0".to_owned()),
        };
        attributes += &format!(" Font=\"3\" Size=\"{}\"", millimetres(size));
        if scale != 1.0 {
            attributes += &format!(" HScale=\"{scale}\"");
        }
        if is_unseen {
            attributes += " Fill=\"false\"";
        }
        let steps = self.steps(&text, size);
        let prefix = self.prefix;
        let code =
            format!("<{prefix}TextCode X=\"{start_x}\" Y=\"{start_y}\"{steps}>{}</{prefix}TextCode>", escaped(&text));
        let colour = self.colour("FillColor", fill);
        self.add("TextObject", &attributes, &(colour + &code));
    }

    fn follow(&mut self, operation: &Operation, characters: &[char]) {
        let n = numbers(operation);
        match (operation.operator.as_str(), n.as_slice()) {
            ("q", _) => self.states.push(self.state.clone()),
            ("Q", _) => self.state = self.states.pop().unwrap(),
            ("cm", [a, b, c, d, e, f]) => self.state.matrix = [*a, *b, *c, *d, *e, *f],
            ("g", [grey]) => self.state.fill = [*grey; 3],
            ("rg", [red, green, blue]) => self.state.fill = [*red, *green, *blue],
            ("G", [grey]) => self.state.stroke = [*grey; 3],
            ("w", [width]) => self.state.width = *width,
            ("Ts", [rise]) => self.state.rise = *rise,
            ("Tz", [scale]) => self.state.scale = *scale / 100.0,
            ("Tr", [mode]) => self.state.is_unseen = *mode == 3.0,
            ("gs", _) => {
                let is_clear = operation.operands[0].as_name().unwrap() == b"Clear";
                self.state.alpha = if is_clear { 0 } else { 13 };
            }
            ("m", [x, y]) => self.outline += &format!("M {} ", self.place(*x, *y)),
            ("l", [x, y]) => self.outline += &format!("L {} ", self.place(*x, *y)),
            ("re", [x, y, width, height]) => {
                let corners = [(*x, *y), (x + width, *y), (x + width, y + height), (*x, y + height)];
                let [first, rest @ ..] = corners.map(|(x, y)| self.place(x, y));
                let rest: String = rest.iter().map(|corner| format!("L {corner} ")).collect();
                self.outline += &format!("M {first} {rest}C ");
            }
            ("S", _) => self.paint(true, None),
            ("f", _) => self.paint(false, Some(false)),
            ("f*", _) => self.paint(false, Some(true)),
            ("W" | "W*", _) => {
                self.state.clip = Some((std::mem::take(&mut self.outline), operation.operator == "W*"));
            }
            ("n", _) => {}
            ("Do", _) => {
                let [a, _, _, d, e, f] = self.state.matrix;
                let ctm = format!("{} 0 0 {} {}", millimetres(a), millimetres(d), self.place(e, f + d));
                let attributes = format!("Boundary=\"{}\" CTM=\"{ctm}\" ResourceID=\"9\"", self.frame());
                self.add("ImageObject", &attributes, "");
            }
            ("BT", _) => self.text.2.clear(),
            ("Tf", [size]) => self.text.1 = *size,
            ("Tm", [a, b, c, d, e, f]) => self.text.0 = [*a, *b, *c, *d, *e, *f],
            ("Tj", _) => {
                let Object::String(code, _) = &operation.operands[0] else { panic!("{operation:?}") };
                let code = usize::from(code[0]) * 256 + usize::from(code[1]);
                self.text.2.push(characters[code - 1]);
            }
            ("ET", _) => self.write(),
            _ => panic!("{operation:?}"),
        }
    }
}

/// The document of one page, so many points high.
pub fn document(page: &Page, height: f32, random: &mut ChaCha8Rng) -> Vec<u8> {
    let prefix = if random.random_bool(0.7) { "ofd:" } else { "" };
    let state = State {
        matrix: [1.0, 0.0, 0.0, 1.0, 0.0, 0.0],
        fill: [0.0; 3],
        stroke: [0.0; 3],
        alpha: 255,
        width: 1.0,
        rise: 0.0,
        scale: 1.0,
        is_unseen: false,
        clip: None,
    };
    let text = ([1.0, 0.0, 0.0, 1.0, 0.0, 0.0], 0.0, String::new());
    let (states, outline, objects) = (Vec::new(), String::new(), Vec::new());
    let mut writer = Writer { height, state, states, outline, text, objects, random, prefix };
    page.operations.iter().for_each(|operation| writer.follow(operation, &page.characters));
    let objects = std::mem::take(&mut writer.objects);
    // Lines that strike out what is below them.
    for annotation in &page.annotations {
        let sides = annotation.as_dict().unwrap().get(b"Rect").unwrap().as_array().unwrap();
        let sides: Vec<f32> = sides.iter().map(|side| side.as_float().unwrap()).collect();
        let y = (sides[1] + sides[3]) / 2.0;
        writer.outline = format!("M {} L {}", writer.place(sides[0], y), writer.place(sides[2], y));
        writer.paint(true, None);
    }
    let laid: String = writer.objects.concat();
    let frame = writer.frame();
    // What is behind comes from a template in some.
    let has_template = writer.random.random_bool(0.3);
    let (behind, before) = objects.split_at(if has_template { objects.len() / 2 } else { 0 });
    let p = prefix;
    let name = if p.is_empty() { "xmlns" } else { "xmlns:ofd" };
    let root = |element: &str, content: &str| {
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><{p}{element} {name}=\"http://www.ofdspec.org/2016\">{content}</{p}{element}>"
        )
    };
    let page = |objects: &[String], head: &str| {
        root("Page", &format!("{head}<{p}Content><{p}Layer ID=\"2\">{}</{p}Layer></{p}Content>", objects.concat()))
    };
    let template = match has_template {
        true => format!("<{p}TemplatePage ID=\"5\" BaseLoc=\"Tpls/Tpl_0/Content.xml\"/>"),
        false => String::new(),
    };
    let document = format!(
        "<{p}CommonData><{p}PageArea><{p}PhysicalBox>{frame}</{p}PhysicalBox></{p}PageArea>\
         <{p}DocumentRes>DocumentRes.xml</{p}DocumentRes>{template}</{p}CommonData>\
         <{p}Pages><{p}Page ID=\"1\" BaseLoc=\"/Doc_0/Pages/Page_0/Content.xml\"/></{p}Pages>\
         <{p}Annotations>Annots/Annotations.xml</{p}Annotations>"
    );
    let picture = format!(
        "<{p}MultiMedias><{p}MultiMedia ID=\"9\" Type=\"Image\" Format=\"JPEG\"><{p}MediaFile>white.jpg</{p}MediaFile></{p}MultiMedia></{p}MultiMedias>"
    );
    let annotation = format!(
        "<{p}Annot ID=\"7\" Type=\"Path\" Subtype=\"StrikeOut\"><{p}Appearance Boundary=\"{frame}\">{laid}</{p}Appearance></{p}Annot>"
    );
    let head =
        if has_template { format!("<{p}Template TemplateID=\"5\" ZOrder=\"Background\"/>") } else { String::new() };
    archive(&[
        ("OFD.xml", &root("OFD", &format!("<{p}DocBody><{p}DocRoot>Doc_0/Document.xml</{p}DocRoot></{p}DocBody>"))),
        ("Doc_0/Document.xml", &root("Document", &document)),
        ("Doc_0/DocumentRes.xml", &root("Res", &picture)),
        ("Doc_0/Pages/Page_0/Content.xml", &page(before, &head)),
        ("Doc_0/Tpls/Tpl_0/Content.xml", &page(behind, "")),
        (
            "Doc_0/Annots/Annotations.xml",
            &root("Annotations", &format!("<{p}Page PageID=\"1\"><{p}FileLoc>Page_0.xml</{p}FileLoc></{p}Page>")),
        ),
        ("Doc_0/Annots/Page_0.xml", &root("PageAnnot", &annotation)),
    ])
}
