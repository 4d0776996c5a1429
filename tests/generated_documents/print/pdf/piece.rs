//! The pieces of a figure: what is raised, struck out, hidden or laid over beside it, in the ways in which programs draw
//! these, and what does not change it.

use lopdf::{Object, dictionary};
use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use super::page::{Page, SIZE, width};
use crate::asides::{Piece, Set};

/// A piece of writing where it stands.
#[derive(Clone, Copy)]
struct Spot<'t> {
    text: &'t str,
    x: f32,
    y: f32,
    end: f32,
}

impl Spot<'_> {
    fn write(&self, page: &mut Page) {
        page.text((self.x, self.y), SIZE, self.text);
    }

    /// What surrounds it: left, bottom, right, top.
    fn sides(&self) -> [f32; 4] {
        [self.x, self.y - 2.0, self.end, self.y + 8.5]
    }
}

type Way = fn(&mut Page, Spot<'_>);

const STRUCK: &[Way] = &[
    |page, spot| {
        spot.write(page);
        page.line((spot.x - 0.5, spot.y + 3.0), (spot.end + 0.5, spot.y + 3.0));
    },
    // As a browser does.
    |page, spot| {
        spot.write(page);
        page.area([spot.x, spot.y + 2.6, spot.end, spot.y + 3.2]);
    },
    |page, spot| {
        spot.write(page);
        page.area([spot.x, spot.y + 1.8, spot.end, spot.y + 2.4]);
        page.area([spot.x, spot.y + 3.6, spot.end, spot.y + 4.2]);
    },
    |page, spot| {
        page.broad(1.2, (spot.x, spot.y + 3.4), (spot.end, spot.y + 3.4));
        spot.write(page);
    },
    // In pieces.
    |page, spot| {
        spot.write(page);
        let mut x = spot.x;
        while x < spot.end {
            page.line((x, spot.y + 2.8), ((x + 2.0).min(spot.end), spot.y + 2.8));
            x += 3.0;
        }
    },
    |page, spot| {
        spot.write(page);
        let [left, bottom, right, top] = spot.sides();
        let corners = [left, top, right, top, left, bottom, right, bottom].map(Object::from).to_vec();
        let sides = spot.sides().map(Object::from).to_vec();
        page.annotation(dictionary! { "Subtype" => "StrikeOut", "Rect" => sides, "QuadPoints" => corners });
    },
];

/// Written between two instructions.
fn between(page: &mut Page, spot: Spot<'_>, operator: &str, operands: Vec<Object>) {
    page.add("q", vec![]);
    page.add(operator, operands);
    spot.write(page);
    page.add("Q", vec![]);
}

const HIDDEN: &[Way] = &[
    // The colour of paper, and of the ground that one of the hands draws.
    |page, spot| between(page, spot, "g", vec![1.into()]),
    |page, spot| between(page, spot, "rg", vec![0.96.into(), 0.95.into(), 0.97.into()]),
    |page, spot| between(page, spot, "Tr", vec![3.into()]),
    |page, spot| between(page, spot, "gs", vec!["Clear".into()]),
    |page, spot| between(page, spot, "gs", vec!["Pale".into()]),
    |page, spot| between(page, spot, "Tz", vec![2.into()]),
    |page, spot| page.text((spot.x, spot.y), 0.5, spot.text),
    |page, spot| page.text((spot.x - 9000.0, spot.y), SIZE, spot.text),
    // Covered.
    |page, spot| {
        spot.write(page);
        page.grey(1.0);
        page.area(spot.sides());
        page.grey(0.0);
    },
    |page, spot| {
        spot.write(page);
        let [left, bottom, right, top] = spot.sides();
        let beside = (left + right) / 2.0;
        page.grey(0.9);
        page.polygon(&[
            (left, bottom),
            (beside, bottom - 1.0),
            (right, bottom),
            (right, top),
            (beside, top + 1.0),
            (left, top),
        ]);
        page.grey(0.0);
    },
    |page, spot| {
        spot.write(page);
        let [left, bottom, right, top] = spot.sides();
        page.add("q", vec![]);
        page.numbers("cm", [right - left, 0.0, 0.0, top - bottom, left, bottom]);
        page.add("Do", vec!["White".into()]);
        page.add("Q", vec![]);
    },
    |page, spot| {
        spot.write(page);
        page.add("q", vec![]);
        page.numbers("G", [1.0]);
        page.broad(10.5, (spot.x, spot.y + 3.2), (spot.end, spot.y + 3.2));
        page.add("Q", vec![]);
    },
    // Cut off.
    |page, spot| {
        page.add("q", vec![]);
        page.rectangle([spot.x - 9.0, spot.y + 20.0, spot.end, spot.y + 30.0]);
        page.add("W", vec![]);
        page.add("n", vec![]);
        spot.write(page);
        page.add("Q", vec![]);
    },
    |page, spot| {
        page.add("q", vec![]);
        // Two areas of which neither contains it.
        page.rectangle([spot.x - 20.0, spot.y - 20.0, spot.end + 20.0, spot.y - 6.0]);
        page.rectangle([spot.x - 20.0, spot.y + 12.0, spot.end + 20.0, spot.y + 20.0]);
        page.add("W*", vec![]);
        page.add("n", vec![]);
        spot.write(page);
        page.add("Q", vec![]);
    },
];

/// What leaves it open whether the digits count.
const UNCLEAR: &[Way] = &[
    |page, spot| page.text((spot.x, spot.y), 6.0, spot.text),
    |page, spot| page.text((spot.x, spot.y + 3.9), SIZE, spot.text),
    |page, spot| page.text((spot.x, spot.y - 2.6), SIZE, spot.text),
    |page, spot| page.text((spot.x, spot.y - 0.9), 8.0, spot.text),
    |page, spot| page.text((spot.x, spot.y + 11.0), 5.0, spot.text),
    |page, spot| {
        spot.write(page);
        page.line((spot.x, spot.y - 1.0), (spot.end, spot.y + 8.0));
    },
    |page, spot| {
        spot.write(page);
        page.polygon(&[(spot.x, spot.y - 1.0), (spot.end, spot.y + 7.0), (spot.end, spot.y + 8.0), (spot.x, spot.y)]);
    },
    |page, spot| {
        spot.write(page);
        page.grey(1.0);
        page.area([spot.x, spot.y + 2.0, spot.end, spot.y + 9.0]);
        page.grey(0.0);
    },
    |page, spot| page.turned([1.0, 0.0, 0.0, -1.0, spot.x, spot.y + 7.0], SIZE, spot.text),
    |page, spot| {
        page.grey(0.8);
        spot.write(page);
        page.grey(0.0);
    },
];

/// What does not change a figure.
const UNCHANGED: &[Way] = &[
    |page, spot| spot.write(page),
    |page, spot| spot.write(page),
    |page, spot| spot.write(page),
    // Underlined.
    |page, spot| {
        page.area([spot.x, spot.y - 1.6, spot.end, spot.y - 1.0]);
        spot.write(page);
    },
    // On a ground, within a clip, in another colour.
    |page, spot| {
        page.numbers("rg", [1.0, 1.0, 0.4]);
        page.area(spot.sides());
        page.grey(0.0);
        spot.write(page);
    },
    |page, spot| {
        page.add("q", vec![]);
        page.rectangle([spot.x - 1.0, spot.y - 3.0, spot.end + 1.0, spot.y + 10.0]);
        page.add("W", vec![]);
        page.add("n", vec![]);
        spot.write(page);
        page.add("Q", vec![]);
    },
    |page, spot| between(page, spot, "rg", vec![0.8.into(), 0.into(), 0.into()]),
];

/// Sizes of what is raised or lowered, and how far.
const RAISED: &[(f32, f32)] = &[(6.0, 4.0), (8.33, 3.9), (7.0, 3.9), (5.8, 3.3)];
const LOWERED: &[(f32, f32)] = &[(6.0, -2.0), (8.33, -2.6), (5.8, -1.4)];

/// Draws the pieces one after the other.
pub fn figure(page: &mut Page, pieces: &[Piece], (mut x, y): (f32, f32), touches: bool, random: &mut ChaCha8Rng) {
    let is_alone = pieces.iter().all(|piece| piece.set != Set::Plain);
    let unchanged = *UNCHANGED.choose(random).unwrap();
    for Piece { text, set } in pieces {
        // Nothing tells that a number is raised where nothing stands beside it.
        let set = if is_alone && *set == Set::Raised { Set::Struck } else { *set };
        let spot = Spot { text, x, y, end: x + width(text, SIZE) };
        x = match set {
            Set::Plain => drawn(page, spot, unchanged),
            Set::Struck => drawn(page, spot, *STRUCK.choose(random).unwrap()),
            Set::Hidden => drawn(page, spot, *HIDDEN.choose(random).unwrap()),
            Set::Small => drawn(page, spot, *UNCLEAR.choose(random).unwrap()),
            Set::Raised | Set::Ruby => small(page, spot, *RAISED.choose(random).unwrap(), random),
            Set::Lowered => small(page, spot, *LOWERED.choose(random).unwrap(), random),
            Set::Over => {
                let (sine, cosine) = random.random_range(0.2f32..1.2).sin_cos();
                page.grey(0.8);
                page.turned([cosine, sine, -sine, cosine, x - 5.0, y - 5.0], SIZE, text);
                page.grey(0.0);
                x
            }
        };
        if matches!(set, Set::Struck | Set::Hidden) && !touches {
            x += 4.0;
        }
    }
}

fn drawn(page: &mut Page, spot: Spot<'_>, way: Way) -> f32 {
    way(page, spot);
    spot.end
}

/// By its place, or by the rise of the text.
fn small(page: &mut Page, Spot { text, x, y, .. }: Spot<'_>, (size, up): (f32, f32), random: &mut ChaCha8Rng) -> f32 {
    if random.random_bool(0.3) {
        page.numbers("Ts", [up]);
        page.text((x, y), size, text);
        page.numbers("Ts", [0.0]);
    } else {
        page.text((x, y + up), size, text);
    }
    x + width(text, size)
}
