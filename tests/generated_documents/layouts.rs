//! What happens to the tables of a form before they are printed: columns and blocks in other orders, chapter four in
//! other shapes, rows dropped, labels damaged, another year beside.

use huizong::form::{Layout, catalogue};
use rand::Rng;
use rand::seq::{IndexedMutRandom, IndexedRandom, SliceRandom};
use rand_chacha::ChaCha8Rng;

use super::form::{Printed, Table, Text, Tile};

/// A change of the layout by its name; whether all of it can still be read in a format that has columns, and in one
/// that has only a sequence of words.
pub struct Change {
    pub name: &'static str,
    pub apply: fn(&mut Printed, &mut ChaCha8Rng),
    pub whole_by_place: bool,
    pub whole_by_sequence: bool,
}

const fn change(
    name: &'static str,
    apply: fn(&mut Printed, &mut ChaCha8Rng),
    whole_by_place: bool,
    whole_by_sequence: bool,
) -> Change {
    Change { name, apply, whole_by_place, whole_by_sequence }
}

pub const CHANGES: &[Change] = &[
    change("as the form", |_, _| {}, true, true),
    change("requesters in another order", requesters, true, true),
    change("one header line", one_header, true, false),
    change("documents in another order", document_columns, true, true),
    change("results in another order", |printed, random| results(printed, random, true), true, true),
    change("results differ by block", |printed, random| results(printed, random, false), true, false),
    change("blocks exchanged", blocks, true, false),
    change("chapter four: three tables", three_tables, true, true),
    change("chapter four: a line a block", line_a_block, true, true),
    change("chapter four: on its side", on_its_side, true, false),
    change("rows dropped", drop_rows, false, false),
    change("labels damaged", damage_labels, false, false),
    change("labels exchanged in part", mix_labels, false, false),
    change("headers damaged", damage_headers, false, false),
    change("another year beside", two_years, true, false),
    change("a column of remarks", remarks, true, false),
    change("rows lost above", header_rows_dropped, false, false),
];

fn table(printed: &mut Printed, layout: Layout, chapter: u8) -> Option<&mut Table> {
    let edition = printed.edition;
    let is_so =
        catalogue().sheets(edition).any(|(_, info)| info.table.chapter == chapter && info.table.layout == layout);
    printed.tables.iter_mut().find(|table| is_so && table.chapter == chapter)
}

/// Figures of the first full row: their columns from left to right.
fn figure_columns(table: &Table) -> Vec<usize> {
    let rows = (0..table.rows()).map(|row| {
        let figures = table.row(row).into_iter().filter(|tile| matches!(tile.text, Text::Figure(_)));
        figures.map(|tile| tile.column).collect::<Vec<_>>()
    });
    rows.max_by_key(Vec::len).unwrap_or_default()
}

/// Moves each tile to the place of its first column in `order`, which lists the old columns from left to right.
fn reorder(table: &mut Table, left: usize, order: &[usize]) {
    for tile in table.tiles.iter_mut().filter(|tile| tile.column >= left && tile.columns < order.len()) {
        let covered = tile.column..tile.column + tile.columns;
        let places = order.iter().enumerate().filter(|(_, old)| covered.contains(old)).map(|(at, _)| left + at);
        tile.column = places.min().unwrap_or(tile.column);
    }
}

fn requesters(printed: &mut Printed, random: &mut ChaCha8Rng) {
    let Some(table) = table(printed, Layout::Rows, 3) else { return };
    let columns = figure_columns(table);
    let (Some(first), Some(last)) = (columns.first().copied(), columns.last().copied()) else { return };
    let mut members: Vec<usize> = columns[1..columns.len() - 1].to_vec();
    if random.random_bool(0.5) {
        members.shuffle(random);
    }
    let mut top = [vec![first], members, vec![last]];
    top.shuffle(random);
    reorder(table, first, &top.concat());
}

fn one_header(printed: &mut Printed, random: &mut ChaCha8Rng) {
    let Some(table) = table(printed, Layout::Rows, 3) else { return };
    let columns = figure_columns(table);
    let Some(left) = columns.first().copied() else { return };
    let heads = table.heading_rows;
    let labels: Vec<(usize, String)> = columns
        .iter()
        .filter_map(|column| {
            let mut above =
                table.tiles.iter().filter(|tile| tile.row < heads && tile.column == *column && tile.columns == 1);
            let words = above.next_back().map(|tile| tile.text.clone());
            if let Some(Text::Words(words)) = words { Some((*column, words)) } else { None }
        })
        .collect();
    table.tiles.retain(|tile| tile.row >= heads);
    table.tiles.iter_mut().for_each(|tile| tile.row -= heads - 1);
    let words =
        |row, column, columns, text: &str| Tile { row, column, rows: 1, columns, text: Text::Words(text.to_owned()) };
    table.tiles.push(words(0, 0, left, "项目"));
    table.tiles.extend(labels.iter().map(|(column, text)| words(0, *column, 1, text)));
    table.heading_rows = 1;
    let mut order = columns;
    order.shuffle(random);
    reorder(table, left, &order);
}

fn document_columns(printed: &mut Printed, random: &mut ChaCha8Rng) {
    let Some(table) = table(printed, Layout::Rows, 2) else { return };
    // Rows of three figures below a header of three, whose tiles may be wider than one column.
    let mut order: Vec<usize> = vec![0, 1, 2];
    order.shuffle(random);
    for row in 0..table.rows() {
        let mut tiles: Vec<&mut Tile> =
            table.tiles.iter_mut().filter(|tile| tile.row == row && tile.column > 0).collect();
        tiles.sort_by_key(|tile| tile.column);
        if let [a, b, c] = &mut tiles[..] {
            let places = [a.column, b.column, c.column];
            for (tile, at) in [a, b, c].into_iter().zip(&order) {
                tile.column = places[*at];
            }
        }
    }
}

fn results(printed: &mut Printed, random: &mut ChaCha8Rng, alike: bool) {
    let Some(table) = table(printed, Layout::Blocks, 4) else { return };
    let mut order: Vec<usize> = (0..5).collect();
    order.shuffle(random);
    for block in 0..3 {
        if !alike {
            order.shuffle(random);
        }
        for tile in table.tiles.iter_mut().filter(|tile| tile.columns == 1 && tile.column / 5 == block) {
            tile.column = block * 5 + order[tile.column % 5];
        }
    }
}

fn blocks(printed: &mut Printed, random: &mut ChaCha8Rng) {
    let Some(table) = table(printed, Layout::Blocks, 4) else { return };
    let orders = [[0, 2, 1], [1, 2, 0], [2, 1, 0]];
    // Which block stands first, second and third; both of 行政诉讼 stay beside each other.
    let order = orders.choose(random).unwrap();
    let columns: Vec<usize> = order.iter().flat_map(|block| block * 5..block * 5 + 5).collect();
    for tile in &mut table.tiles {
        let covered = tile.column..tile.column + tile.columns;
        tile.column = columns.iter().position(|old| covered.contains(old)).unwrap_or(tile.column);
    }
}

fn words(row: usize, column: usize, columns: usize, text: &str) -> Tile {
    Tile { row, column, rows: 1, columns, text: Text::Words(text.to_owned()) }
}

/// The blocks of chapter four: label, labels of the results, figures.
fn parts_of_blocks(printed: &Printed) -> Vec<(String, Vec<String>, Vec<Text>)> {
    let sheets = catalogue().sheets(printed.edition).filter(|(_, info)| info.table.layout == Layout::Blocks);
    let lines = sheets.flat_map(|(_, info)| info.lines()).map(|line| catalogue().line(line));
    let block = |line: &huizong::form::LineInfo| {
        let results = line.line.columns.iter().map(|column| column.label.zh.to_owned()).collect();
        (line.line.label.zh.to_owned(), results, line.cells().map(Text::Figure).collect())
    };
    lines.map(block).collect()
}

fn replace_chapter_four(printed: &mut Printed, tables: Vec<Table>) {
    if let Some(at) = printed.tables.iter().position(|table| table.chapter == 4) {
        printed.tables.splice(at..=at, tables);
    }
}

fn three_tables(printed: &mut Printed, random: &mut ChaCha8Rng) {
    let mut blocks = parts_of_blocks(printed);
    blocks.shuffle(random);
    let tables = blocks.into_iter().map(|(label, results, figures)| {
        let mut tiles = vec![words(0, 0, results.len(), &label)];
        tiles.extend(results.iter().enumerate().map(|(at, text)| words(1, at, 1, text)));
        let figures = figures.into_iter().enumerate();
        tiles.extend(figures.map(|(at, text)| Tile { row: 2, column: at, rows: 1, columns: 1, text }));
        Table { chapter: 4, tiles, heading_rows: 2 }
    });
    let tables = tables.collect();
    replace_chapter_four(printed, tables);
}

fn line_a_block(printed: &mut Printed, random: &mut ChaCha8Rng) {
    let mut blocks = parts_of_blocks(printed);
    blocks.shuffle(random);
    let mut tiles = vec![words(0, 0, 1, "类别")];
    let mut order: Vec<usize> = (0..5).collect();
    order.shuffle(random);
    for (row, (label, results, figures)) in blocks.into_iter().enumerate() {
        tiles.push(words(row + 1, 0, 1, &label));
        for (place, at) in order.iter().enumerate() {
            if row == 0 {
                tiles.push(words(0, place + 1, 1, &results[*at]));
            }
            tiles.push(Tile { row: row + 1, column: place + 1, rows: 1, columns: 1, text: figures[*at].clone() });
        }
    }
    replace_chapter_four(printed, vec![Table { chapter: 4, tiles, heading_rows: 1 }]);
}

fn on_its_side(printed: &mut Printed, random: &mut ChaCha8Rng) {
    let blocks = parts_of_blocks(printed);
    let mut tiles = Vec::new();
    if random.random_bool(0.5) {
        // Blocks beside one another, results below one another.
        tiles.push(words(0, 0, 1, "结果"));
        for (column, (label, results, figures)) in blocks.into_iter().enumerate() {
            tiles.push(words(0, column + 1, 1, &label));
            for (at, text) in figures.into_iter().enumerate() {
                if column == 0 {
                    tiles.push(words(at + 1, 0, 1, &results[at]));
                }
                tiles.push(Tile { row: at + 1, column: column + 1, rows: 1, columns: 1, text });
            }
        }
    } else {
        for (block, (label, results, figures)) in blocks.into_iter().enumerate() {
            tiles.push(Tile { rows: 5, ..words(block * 5, 0, 1, &label) });
            for (at, text) in figures.into_iter().enumerate() {
                tiles.push(words(block * 5 + at, 1, 1, &results[at]));
                tiles.push(Tile { row: block * 5 + at, column: 2, rows: 1, columns: 1, text });
            }
        }
    }
    replace_chapter_four(printed, vec![Table { chapter: 4, tiles, heading_rows: 1 }]);
}

fn drop_row(table: &mut Table, row: usize) {
    table.tiles.retain(|tile| tile.row != row || tile.rows > 1);
    for tile in &mut table.tiles {
        if tile.row <= row && row < tile.row + tile.rows {
            tile.rows -= 1;
        } else if tile.row > row {
            tile.row -= 1;
        }
    }
}

fn drop_rows(printed: &mut Printed, random: &mut ChaCha8Rng) {
    for table in printed.tables.iter_mut().filter(|table| table.chapter < 4) {
        for _ in 0..random.random_range(1..4) {
            let row = random.random_range(table.heading_rows..table.rows());
            drop_row(table, row);
        }
    }
}

fn header_rows_dropped(printed: &mut Printed, random: &mut ChaCha8Rng) {
    if let Some(table) = printed.tables.choose_mut(random) {
        let row = random.random_range(0..table.heading_rows.max(2));
        drop_row(table, row);
        table.heading_rows = table.heading_rows.saturating_sub(1);
    }
}

fn damage(text: &str, random: &mut ChaCha8Rng) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    for _ in 0..random.random_range(1..4) {
        if characters.is_empty() {
            break;
        }
        let at = random.random_range(0..characters.len());
        match random.random_range(0..4) {
            0 => drop(characters.remove(at)),
            1 => characters.insert(at, *['的', '类', '三', '四', '其', ' '].choose(random).unwrap()),
            2 => characters[at] = *['的', '请', '年', '公', '开', '一'].choose(random).unwrap(),
            _ => characters.truncate(at.max(3)),
        }
    }
    characters.into_iter().collect()
}

fn damage_labels(printed: &mut Printed, random: &mut ChaCha8Rng) {
    for table in printed.tables.iter_mut().filter(|table| table.chapter < 4) {
        let heads = table.heading_rows;
        for _ in 0..random.random_range(1..4) {
            let labels = table.tiles.iter_mut().filter(|tile| tile.row >= heads && matches!(tile.text, Text::Words(_)));
            let mut labels: Vec<&mut Tile> = labels.collect();
            if let Some(tile) = labels.choose_mut(random)
                && let Text::Words(words) = tile.text.clone()
            {
                tile.text = Text::Words(damage(&words, random));
            }
        }
    }
}

fn damage_headers(printed: &mut Printed, random: &mut ChaCha8Rng) {
    if let Some(table) = printed.tables.choose_mut(random) {
        let heads = table.heading_rows.max(2);
        for tile in table.tiles.iter_mut().filter(|tile| tile.row < heads) {
            if let Text::Words(words) = tile.text.clone()
                && random.random_ratio(1, 6)
            {
                tile.text =
                    Text::Words(if random.random_bool(0.5) { damage(&words, random) } else { "指标".to_owned() });
            }
        }
    }
}

/// Two labels with a piece of each other: each is as well one as the other.
fn mix_labels(printed: &mut Printed, random: &mut ChaCha8Rng) {
    let pairs = [
        ("属于三类内部事务信息", "属于四类过程性信息", "属于四类内部事务信息", "属于三类过程性信息"),
        (
            "本年新收政府信息公开申请数量",
            "上年结转政府信息公开申请数量",
            "上年新收政府信息公开申请数量",
            "本年结转政府信息公开申请数量",
        ),
    ];
    let (one, other, first, second) = *pairs.choose(random).unwrap();
    let mut mixed = Vec::new();
    for table in &mut printed.tables {
        for row in 0..table.rows() {
            for tile in table.tiles.iter_mut().filter(|tile| tile.row == row) {
                let Text::Words(words) = &mut tile.text else { continue };
                if let Some((from, to)) =
                    [(one, first), (other, second)].into_iter().find(|(from, _)| words.ends_with(from))
                {
                    *words = words.replace(from, to);
                    mixed.push((table.chapter, row));
                }
            }
        }
    }
    // Nobody knows whose figures these are.
    for (chapter, row) in mixed {
        for table in printed.tables.iter_mut().filter(|table| table.chapter == chapter) {
            for tile in table.tiles.iter_mut().filter(|tile| tile.row == row) {
                if let Text::Figure(cell) = tile.text {
                    let number = match printed.figures.get(&cell) {
                        Some(huizong::report::Cell::Number(number)) => number.to_string(),
                        _ => String::new(),
                    };
                    tile.text = Text::Other(number);
                }
            }
        }
    }
}

fn two_years(printed: &mut Printed, random: &mut ChaCha8Rng) {
    let year: u16 = printed.document.year.get();
    let Some(table) = table(printed, Layout::Rows, 3) else { return };
    let columns = figure_columns(table);
    let (Some(left), width) = (columns.first().copied(), columns.len()) else { return };
    let is_own_first = random.random_bool(0.5);
    let own_left = if is_own_first { left } else { left + width };
    let other_left = if is_own_first { left + width } else { left };
    let mut others = Vec::new();
    for tile in &mut table.tiles {
        tile.row += 1;
        if tile.column >= left {
            let text = match &tile.text {
                Text::Figure(_) => Text::Other(random.random_range(0..500).to_string()),
                text => text.clone(),
            };
            others.push(Tile { column: tile.column - left + other_left, text, ..tile.clone() });
            tile.column = tile.column - left + own_left;
        } else if tile.row == 1 {
            (tile.row, tile.rows) = (0, tile.rows + 1);
        }
    }
    table.tiles.append(&mut others);
    table.tiles.push(words(0, own_left, width, &format!("{year}年")));
    table.tiles.push(words(0, other_left, width, &format!("{}年", year - 1)));
    table.heading_rows += 1;
}

fn remarks(printed: &mut Printed, random: &mut ChaCha8Rng) {
    let Some(table) = table(printed, Layout::Rows, 3) else { return };
    let right = table.tiles.iter().map(|tile| tile.column + tile.columns).max().unwrap_or(0);
    let (heads, rows) = (table.heading_rows, table.rows());
    table.tiles.push(Tile { rows: heads, ..words(0, right, 1, "备注") });
    for row in heads..rows {
        let text = if random.random_ratio(1, 10) { "已核" } else { "" };
        table.tiles.push(words(row, right, 1, text));
    }
}
