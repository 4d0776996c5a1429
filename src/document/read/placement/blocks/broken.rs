//! Labels of chapter four that a page breaks over lines, put together again: the upper pieces of a line of a text with
//! the lower ones of a later line, piece by piece, each pair being a label.

/// The columns that the labels of a header name from left to right, and how many of the labels stood whole on a line of
/// their own, where nothing says before or behind which others.
#[derive(Debug, PartialEq, Eq)]
pub struct Mended {
    pub columns: Vec<usize>,
    pub whole: Vec<usize>,
}

/// Most pieces of one label on one line.
const PIECES: usize = 2;
/// Most pieces on a line.
const MAX_PIECES: usize = 32;

/// Puts the pieces of `lines` together; none where any is left over.
pub fn mended(lines: &[Vec<String>], labels: &[String]) -> Option<Mended> {
    let mut whole = Vec::new();
    let mut broken: Vec<Vec<&str>> = Vec::new();
    for line in lines {
        let mut pieces = Vec::new();
        for piece in line.iter().take(MAX_PIECES) {
            match labels.iter().position(|label| label == piece) {
                Some(column) => whole.push(column),
                None => pieces.push(piece.as_str()),
            }
        }
        if !pieces.is_empty() {
            broken.push(pieces);
        }
    }
    let mut columns = Vec::new();
    while !broken.is_empty() {
        let upper = broken.remove(0);
        let (at, found) =
            broken.iter().enumerate().find_map(|(at, lower)| Some((at, joined(&upper, lower, labels)?)))?;
        broken.remove(at);
        columns.extend(found);
    }
    (!columns.is_empty()).then_some(Mended { columns, whole })
}

/// The labels that upper and lower pieces make together, each of one or two of both.
fn joined(upper: &[&str], lower: &[&str], labels: &[String]) -> Option<Vec<usize>> {
    if upper.is_empty() && lower.is_empty() {
        return Some(Vec::new());
    }
    for above in 1..=PIECES.min(upper.len()) {
        for below in 1..=PIECES.min(lower.len()) {
            let text = upper.get(..above)?.concat() + &lower.get(..below)?.concat();
            let Some(column) = labels.iter().position(|label| *label == text) else { continue };
            if let Some(mut rest) = joined(upper.get(above..)?, lower.get(below..)?, labels) {
                rest.insert(0, column);
                return Some(rest);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<Vec<String>> {
        text.lines().map(|line| line.split_whitespace().map(str::to_owned).collect()).collect()
    }

    fn labels() -> Vec<String> {
        ["结果维持", "结果纠正", "其他结果", "尚未审结", "总计"].map(str::to_owned).into()
    }

    #[test]
    fn pieces_are_labels_in_the_order_in_which_they_stand() {
        let text = "结果 结果 其他结 尚未\n总计\n结 果 结果 其他 尚未审\n维持 纠正 果 审结\n总计\n纠正 维持 结果 结";
        let expected = Mended { columns: vec![0, 1, 2, 3, 1, 0, 2, 3], whole: vec![4, 4] };
        assert_eq!(mended(&lines(text), &labels()), Some(expected));
    }

    #[test]
    fn pieces_that_are_left_over_or_make_no_label_name_nothing() {
        for text in ["结果 结果\n维持", "结果\n维持 纠正", "结果 其他\n维持 结", "", "总计"] {
            assert_eq!(mended(&lines(text), &labels()), None, "{text}");
        }
    }
}
