//! The layout of tables: columns three blanks apart, at least six wide, the last one never padded.

/// Widths that a printer remembers, so that later rows line up with earlier ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    widths: Vec<usize>,
}

/// A cell is cut at its first line end; escapes are made visible.
fn cell(text: &str) -> String {
    let cut = text.find(['\n', '\r', '\u{c}']);
    let mut out: String = cut.map_or(text, |at| &text[..at]).replace('\u{1b}', "^[");
    if cut.is_some() {
        out.push_str("...");
    }
    out
}

impl Layout {
    /// Lays out rows (the header is one of them).
    pub fn lines(&mut self, rows: &[Vec<String>]) -> String {
        let rows: Vec<Vec<String>> = rows
            .iter()
            .map(|r| r.iter().map(|c| cell(c)).collect())
            .collect();
        for row in &rows {
            for (i, c) in row.iter().enumerate() {
                let width = (c.chars().count() + 3).max(6);
                match self.widths.get_mut(i) {
                    Some(w) => *w = (*w).max(width),
                    None => self.widths.push(width),
                }
            }
        }
        let mut out = String::new();
        for row in &rows {
            for (i, c) in row.iter().enumerate() {
                out.push_str(c);
                if i + 1 < row.len() {
                    pad(&mut out, self.widths[i] - c.chars().count());
                }
            }
            out.push('\n');
        }
        out
    }
}

/// Rows laid out once.
pub fn lines(rows: &[Vec<String>]) -> String {
    Layout::default().lines(rows)
}

fn pad(out: &mut String, n: usize) {
    for _ in 0..n {
        out.push(' ');
    }
}

/// Aligns tab-separated text: elastic columns, minimum width 0, two blanks between. Mirrors Go's `text/tabwriter` as kubectl's
/// describe uses it: a column is a run of neighbouring lines that have the cell; the last cell of a line is no part of it.
pub fn align(text: &str) -> String {
    align_with(text, 2)
}

/// As [`align`], with another distance.
pub fn align_with(text: &str, padding: usize) -> String {
    let lines: Vec<Vec<&str>> = text.split('\n').map(|l| l.split('\t').collect()).collect();
    let counts: Vec<Vec<usize>> = lines
        .iter()
        .map(|cells| cells.iter().map(|c| c.chars().count()).collect())
        .collect();
    // widths[line][column], found column by column over runs of lines.
    let mut widths: Vec<Vec<usize>> = counts
        .iter()
        .map(|c| vec![0; c.len().saturating_sub(1)])
        .collect();
    fn column(
        counts: &[Vec<usize>],
        widths: &mut [Vec<usize>],
        from: usize,
        to: usize,
        col: usize,
        padding: usize,
    ) {
        let mut at = from;
        while at < to {
            if counts[at].len() <= col + 1 {
                at += 1;
                continue;
            }
            let start = at;
            let mut width = 0;
            let mut discardable = true;
            while at < to && counts[at].len() > col + 1 {
                width = width.max(counts[at][col] + padding);
                if counts[at][col] > 0 {
                    discardable = false;
                }
                at += 1;
            }
            let _ = discardable;
            for w in &mut widths[start..at] {
                w[col] = width;
            }
            column(counts, widths, start, at, col + 1, padding);
        }
    }
    column(&counts, &mut widths, 0, lines.len(), 0, padding);
    let mut out = String::with_capacity(text.len() * 2);
    for (i, cells) in lines.iter().enumerate() {
        if i > 0 {
            out.push('\n');
        }
        for (c, text) in cells.iter().enumerate() {
            out.push_str(text);
            if c + 1 < cells.len() {
                pad(&mut out, widths[i][c].saturating_sub(counts[i][c]));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: &[&str]) -> Vec<String> {
        cells.iter().map(|c| (*c).to_owned()).collect()
    }

    #[test]
    fn widths_are_remembered() {
        let mut l = Layout::default();
        assert_eq!(
            l.lines(&[row(&["NAME", "AGE"]), row(&["a", "1s"])]),
            "NAME   AGE\na      1s\n"
        );
        assert_eq!(l.lines(&[row(&["abcdefgh", "2s"])]), "abcdefgh   2s\n");
        assert_eq!(l.lines(&[row(&["a", "3s"])]), "a          3s\n");
        assert_eq!(lines(&[row(&["0", "", "x\ny"])]), "0           x...\n");
    }

    #[test]
    fn elastic_columns() {
        assert_eq!(
            align("a:\tb\nlonger:\tc\nplain\nx:\ty"),
            "a:       b\nlonger:  c\nplain\nx:  y"
        );
        assert_eq!(align("k\t\n"), "k  \n");
    }
}
