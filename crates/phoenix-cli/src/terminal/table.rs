//! Tables: columns as wide as their widest cell, two spaces between, the last as long as it likes.

use unicode_width::UnicodeWidthStr as _;

use super::{Paint, Tone};

/// One cell.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cell {
    text: String,
    tone: Tone,
}

impl Cell {
    pub(crate) fn new(tone: Tone, text: impl Into<String>) -> Self {
        Self { text: clean(&text.into()), tone }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::new(Tone::Plain, text)
    }
}

/// A line stays a line, and a terminal is not commanded by what stands in a name.
pub(crate) fn clean(text: &str) -> String {
    text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect()
}

/// A table.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    rows: Vec<Vec<Cell>>,
    indent: usize,
}

impl Table {
    /// With these column titles.
    pub(crate) fn new(titles: &[&str]) -> Self {
        Self { rows: vec![titles.iter().map(|title| Cell::new(Tone::Faint, *title)).collect()], indent: 0 }
    }

    /// Moved to the right.
    pub(crate) const fn indent(mut self, by: usize) -> Self {
        self.indent = by;
        self
    }

    pub(crate) fn row(&mut self, cells: Vec<Cell>) {
        self.rows.push(cells);
    }

    /// The table as lines.
    pub(crate) fn render(&self, paint: Paint) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.text.width()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let mut text = String::new();
        for row in &self.rows {
            let mut line = " ".repeat(self.indent);
            let mut gap = 0;
            for (cell, width) in row.iter().zip(&widths) {
                // Spaces are written only when something follows.
                if !cell.text.is_empty() {
                    line.push_str(&" ".repeat(gap));
                    line.push_str(&paint.paint(cell.tone, &cell.text));
                    gap = 0;
                }
                gap += width - cell.text.width() + 2;
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_one_another_whatever_the_letters() {
        let mut table = Table::new(&["STACK", "STATE"]).indent(2);
        table.row(vec!["グラフ".into(), Cell::new(Tone::Good, "in step"), "".into(), "end".into()]);
        table.row(vec!["é".into(), "".into(), "x\u{1b}[31my".into()]);
        let plain = table.render(Paint::new(false));
        assert_eq!(plain, "  STACK   STATE\n  グラフ  in step           end\n  é                x [31my\n");
        let coloured = table.render(Paint::new(true));
        assert!(coloured.contains("\u{1b}[32min step\u{1b}[0m"), "{coloured:?}");
    }
}
