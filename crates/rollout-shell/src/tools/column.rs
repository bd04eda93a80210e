//! `column -t`.

use super::{Lined, Options, Refused, Tool};

#[derive(Clone)]
pub(crate) struct Column {
    separators: Option<String>,
    table: bool,
    rows: Vec<Vec<String>>,
}

pub(crate) fn make(args: &[String]) -> Result<(Tool, Vec<String>), Refused> {
    let o = Options::read("column", args, "tx", "soc", &["table=t", "separator=s"])?;
    let column = Column {
        separators: o.value('s').map(str::to_owned),
        table: o.has('t'),
        rows: Vec::new(),
    };
    Ok((Tool::Column(column), o.operands))
}

impl Lined for Column {
    fn line(&mut self, line: &str, out: &mut String) {
        if !self.table {
            out.push_str(line);
            out.push('\n');
            return;
        }
        let cells: Vec<String> = match &self.separators {
            None => line.split_whitespace().map(str::to_owned).collect(),
            Some(s) => line.split(|c| s.contains(c)).map(str::to_owned).collect(),
        };
        if cells.iter().any(|c| !c.is_empty()) {
            self.rows.push(cells);
        }
    }
    fn end(&mut self, out: &mut String) -> i32 {
        let mut widths: Vec<usize> = Vec::new();
        for row in &self.rows {
            widths.resize(widths.len().max(row.len()), 0);
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        for row in &self.rows {
            let last = row.len().saturating_sub(1);
            for (i, (cell, width)) in row.iter().zip(&widths).enumerate() {
                out.push_str(cell);
                if i < last {
                    let pad = width - cell.chars().count() + 2;
                    out.extend(std::iter::repeat_n(' ', pad));
                }
            }
            out.push('\n');
        }
        0
    }
}
