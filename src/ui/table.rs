//! Tables that fit: as wide as their contents on a file or pipe, never wider than a terminal.
//!
//! Where there is too little room, columns that may shrink give way, the widest first, and what is
//! cut off is marked with `…`. Cells are escaped here, so that no caller can forget to.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::ui::escape;
use crate::ui::style::Style;

/// Where a cell's text stands in its column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// What is cut off where a cell does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shrink {
    /// Nothing: the column keeps its width.
    Never,
    /// The end.
    End,
    /// The beginning: the end of a path says more.
    Start,
}

#[derive(Clone, Debug)]
struct Column {
    title: String,
    align: Align,
    shrink: Shrink,
}

/// A table that is being filled.
#[derive(Clone, Debug, Default)]
pub struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
}

const GAP: &str = "  ";
/// A column is not made narrower than this.
const MIN_COLUMN: usize = 6;

impl Table {
    /// A table without columns.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a column of words.
    pub fn words(self, title: &str, shrink: Shrink) -> Self {
        self.column(title, Align::Left, shrink)
    }

    /// Adds a column of numbers: to the right, and never cut.
    pub fn numbers(self, title: &str) -> Self {
        self.column(title, Align::Right, Shrink::Never)
    }

    fn column(mut self, title: &str, align: Align, shrink: Shrink) -> Self {
        self.columns.push(Column { title: title.to_owned(), align, shrink });
        self
    }

    /// Adds a row; what is missing is empty, what is too much is left out.
    pub fn row<I: IntoIterator<Item: AsRef<str>>>(&mut self, cells: I) {
        let mut row: Vec<String> =
            cells.into_iter().map(|cell| escape::text(cell.as_ref()).into_owned()).collect();
        row.resize(self.columns.len(), String::new());
        self.rows.push(row);
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table's text, within `width` columns if that is given.
    pub fn render(&self, width: Option<usize>, style: Style) -> String {
        let widths = self.widths(width);
        let titles: Vec<String> = self.columns.iter().map(|column| column.title.clone()).collect();
        let mut text = style.bold(&self.line(&titles, &widths));
        text.push('\n');
        for row in &self.rows {
            text.push_str(&self.line(row, &widths));
            text.push('\n');
        }
        text
    }

    fn widths(&self, limit: Option<usize>) -> Vec<usize> {
        let natural = |(index, column): (usize, &Column)| {
            let cells = self.rows.iter().map(|row| row[index].width());
            cells.chain([column.title.width()]).max().unwrap_or(0)
        };
        let mut widths: Vec<usize> = self.columns.iter().enumerate().map(natural).collect();
        let Some(limit) = limit else { return widths };
        let gaps = GAP.len() * widths.len().saturating_sub(1);
        loop {
            let used = widths.iter().sum::<usize>() + gaps;
            let widest = (0..widths.len())
                .filter(|index| self.columns[*index].shrink != Shrink::Never && widths[*index] > MIN_COLUMN)
                .max_by_key(|index| widths[*index]);
            match widest {
                Some(index) if used > limit => {
                    // One step at a time, so that long columns share the loss.
                    widths[index] -= 1;
                }
                _ => return widths,
            }
        }
    }

    fn line(&self, cells: &[String], widths: &[usize]) -> String {
        let mut line = String::new();
        for (index, (cell, column)) in cells.iter().zip(&self.columns).enumerate() {
            if index > 0 {
                line.push_str(GAP);
            }
            let cell = fit(cell, widths[index], column.shrink);
            let padding = widths[index].saturating_sub(cell.width());
            match column.align {
                Align::Left => line.extend([cell.as_str(), &" ".repeat(padding)]),
                Align::Right => line.extend([" ".repeat(padding).as_str(), &cell]),
            }
        }
        line.truncate(line.trim_end().len());
        line
    }
}

/// `text` in at most `width` columns; what is cut off is marked with `…`.
pub fn fit(text: &str, width: usize, shrink: Shrink) -> String {
    if shrink == Shrink::Never || text.width() <= width {
        return text.to_owned();
    }
    let room = width.saturating_sub(1);
    let mut used = 0;
    let mut fits = |c: &char| {
        used += c.width().unwrap_or(0);
        used <= room
    };
    match shrink {
        Shrink::Start => {
            let kept: Vec<char> = text.chars().rev().take_while(&mut fits).collect();
            std::iter::once('…').chain(kept.into_iter().rev()).collect()
        }
        _ => text.chars().take_while(&mut fits).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr;

    use super::{Shrink, Table, fit};
    use crate::ui::style::Style;

    fn table() -> Table {
        let mut table = Table::new().words("Id", Shrink::Never).numbers("Size").words("Path", Shrink::Start);
        table.row(["1f3a9c7e", "9 B", "/etc"]);
        table.row(["00000000", "117 GiB", "/home/somebody/a/rather/long/path/日本語/end"]);
        table
    }

    #[test]
    fn columns_line_up_and_numbers_stand_to_the_right() {
        let text = table().render(None, Style::new(false));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "Id           Size  Path");
        assert_eq!(lines[1], "1f3a9c7e      9 B  /etc");
        assert_eq!(lines[2], "00000000  117 GiB  /home/somebody/a/rather/long/path/日本語/end");
    }

    #[test]
    fn no_line_is_wider_than_the_terminal_and_cuts_are_marked() {
        for width in 25..80 {
            let text = table().render(Some(width), Style::new(false));
            assert!(text.lines().all(|line| line.width() <= width), "{width}:\n{text}");
        }
        let text = table().render(Some(40), Style::new(false));
        assert!(text.contains("…") && text.contains("/end"), "{text}");
    }

    #[test]
    fn cells_cannot_command_the_terminal_or_break_the_line() {
        let mut table = Table::new().words("Name", Shrink::End);
        table.row(["a\x1b[2J\nb"]);
        assert_eq!(table.render(None, Style::new(false)), "Name\na\\x1b[2J\\nb\n");
    }

    #[test]
    fn cutting_respects_characters_of_two_columns() {
        assert_eq!(fit("日本語", 5, Shrink::End), "日本…");
        assert_eq!(fit("日本語", 4, Shrink::End), "日…");
        assert_eq!(fit("日本語", 4, Shrink::Start), "…語");
        assert_eq!(fit("abc", 3, Shrink::End), "abc");
        assert_eq!(fit("abc", 0, Shrink::End), "…");
    }
}
