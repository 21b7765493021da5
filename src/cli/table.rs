//! One table, three ways to print it: aligned columns, JSON objects, comma-separated values.

use std::fmt::Write as _;
use std::io::Write;

use serde_json::{Number, Value};
use unicode_width::UnicodeWidthStr;

use crate::printable::{printable, steers};

/// What stands in one place of a table.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    /// A whole number.
    Count(usize),
    /// Any number; one that is not finite is absent.
    Number(f64),
    /// Text from a file: anything may be in it.
    Text(String),
    /// The sizes of an array.
    Shape(Vec<usize>),
    /// Nothing is known.
    Absent,
}

impl From<Option<f64>> for Cell {
    fn from(number: Option<f64>) -> Self {
        number.map_or(Self::Absent, Self::Number)
    }
}

impl From<Option<usize>> for Cell {
    fn from(count: Option<usize>) -> Self {
        count.map_or(Self::Absent, Self::Count)
    }
}

impl Cell {
    fn json(&self) -> Option<Value> {
        match self {
            Self::Count(count) => Some((*count).into()),
            Self::Number(number) => Number::from_f64(*number).map(Value::Number),
            Self::Text(text) => Some(text.as_str().into()),
            Self::Shape(sizes) => Some(sizes.clone().into()),
            Self::Absent => None,
        }
    }

    /// For another program: every digit, nothing where nothing is known.
    fn exact(&self) -> String {
        match self {
            Self::Number(number) if number.is_finite() => number.to_string(),
            Self::Number(_) | Self::Absent => String::new(),
            _ => self.short(),
        }
    }

    /// For people: four digits, – where nothing is known.
    fn short(&self) -> String {
        match self {
            Self::Count(count) => count.to_string(),
            Self::Number(number) if number.is_finite() => four_digits(*number),
            Self::Text(text) => printable(text).into_owned(),
            Self::Shape(sizes) => sizes.iter().map(ToString::to_string).collect::<Vec<_>>().join("×"),
            Self::Number(_) | Self::Absent => "–".to_owned(),
        }
    }

    fn is_number(&self) -> bool {
        !matches!(self, Self::Text(_) | Self::Shape(_))
    }
}

/// Four significant digits, without an exponent where the number is of a common size.
fn four_digits(number: f64) -> String {
    let size = number.abs();
    if size == 0.0 {
        "0".to_owned()
    } else if (1e-4..1e6).contains(&size) {
        let whole = size.log10().floor() as i32;
        format!("{number:.*}", usize::try_from(3 - whole).unwrap_or(0))
    } else {
        format!("{number:.3e}")
    }
}

/// Rows of named cells.
pub(super) struct Table {
    /// One name a column.
    pub(super) columns: Vec<&'static str>,
    /// One cell a column each.
    pub(super) rows: Vec<Vec<Cell>>,
}

impl Table {
    /// Prints a JSON array with an object a row, a line each; absent cells are left out.
    pub(super) fn json(&self, out: &mut dyn Write) -> anyhow::Result<()> {
        // Put together by hand: a map of serde_json's would sort the names.
        let object = |row: &Vec<Cell>| {
            let cells = self.columns.iter().zip(row);
            let known =
                cells.filter_map(|(name, cell)| Some(format!("{}: {}", Value::from(*name), cell.json()?)));
            format!("{{{}}}", known.collect::<Vec<_>>().join(", "))
        };
        let objects = self.rows.iter().map(object).collect::<Vec<_>>();
        let separator = if objects.is_empty() { "" } else { "\n" };
        Ok(writeln!(out, "[{separator}{}{separator}]", escaped(&objects.join(",\n")))?)
    }

    /// Prints comma-separated values under a line of names; absent cells are empty.
    pub(super) fn csv(&self, out: &mut dyn Write) -> anyhow::Result<()> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(&self.columns)?;
        for row in &self.rows {
            writer.write_record(row.iter().map(Cell::exact))?;
        }
        Ok(out.write_all(&writer.into_inner().map_err(csv::IntoInnerError::into_error)?)?)
    }

    /// Prints aligned columns: numbers to the right, text to the left.
    pub(super) fn aligned(&self, out: &mut dyn Write) -> anyhow::Result<()> {
        self.colored(&|_, _| "", out)
    }

    /// The same with colours: `style` gives the parameters of the SGR sequence for a row and column, empty for none.
    pub(super) fn colored(
        &self,
        style: &dyn Fn(usize, usize) -> &'static str,
        out: &mut dyn Write,
    ) -> anyhow::Result<()> {
        let head = self.columns.iter().map(|name| (*name).to_owned()).collect();
        let body = self.rows.iter().map(|row| row.iter().map(Cell::short).collect());
        let lines: Vec<Vec<String>> = std::iter::once(head).chain(body).collect();
        let width = |column: usize| lines.iter().map(|line| line[column].width()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..self.columns.len()).map(width).collect();
        let right: Vec<bool> = (0..self.columns.len())
            .map(|column| self.rows.iter().all(|row| row[column].is_number()))
            .collect();
        for (at, line) in lines.iter().enumerate() {
            let mut text = String::new();
            for (column, cell) in line.iter().enumerate() {
                let blanks = " ".repeat(widths[column] - cell.width());
                let gap = if column == 0 { "" } else { "  " };
                // The first line is the head.
                let cell = match at.checked_sub(1).map_or("", |row| style(row, column)) {
                    "" => cell.clone(),
                    style => format!("\x1b[{style}m{cell}\x1b[0m"),
                };
                text.extend(if right[column] { [gap, &blanks, &cell] } else { [gap, &cell, &blanks] });
            }
            writeln!(out, "{}", text.trim_end())?;
        }
        Ok(())
    }
}

/// JSON with every character that could steer a terminal escaped too, which JSON itself does not ask for.
pub(super) fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        // Line ends are ours: within a string they are escaped already.
        if steers(c) && c != '\n' {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                // A string takes everything.
                let _ = write!(text, "\\u{unit:04x}");
            }
        } else {
            text.push(c);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        Table {
            columns: vec!["name", "n", "mean"],
            rows: vec![
                vec![Cell::Text("a\u{9b}\u{e0001},".into()), Cell::Count(7), Cell::Number(-0.123_456)],
                vec![Cell::Text("畳み".into()), Cell::Count(12), Cell::Number(f64::NAN)],
            ],
        }
    }

    fn printed(print: impl Fn(&Table, &mut dyn Write) -> anyhow::Result<()>) -> String {
        let mut out = Vec::new();
        print(&table(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn json_leaves_out_what_is_not_known_and_steers_no_terminal() {
        let text = printed(Table::json);
        assert!(text.contains("\"a\\u009b\\udb40\\udc01,\"") && !text.contains('\u{9b}'), "{text}");
        let rows: Vec<serde_json::Map<String, Value>> = serde_json::from_str(&text).unwrap();
        assert_eq!(rows[0]["name"], "a\u{9b}\u{e0001},");
        assert_eq!((rows[0].len(), rows[1].len()), (3, 2));
    }

    #[test]
    fn csv_and_columns() {
        assert!(printed(Table::csv).ends_with("畳み,12,\n"));
        let lines: Vec<String> = printed(Table::aligned).lines().map(str::to_owned).collect();
        assert_eq!(lines[2], "畳み               12        –");
        assert_eq!(lines[0].width(), lines[1].width());
        let style = |row, column| if (row, column) == (1, 0) { "33" } else { "" };
        let colored: Vec<String> =
            printed(|table, out| table.colored(&style, out)).lines().map(str::to_owned).collect();
        assert_eq!(colored[2], "\x1b[33m畳み\x1b[0m               12        –");
        assert_eq!(colored[1], lines[1]);
    }

    #[test]
    fn numbers_have_four_digits() {
        let rows =
            [(0.0, "0"), (1.0, "1.000"), (-0.012_345, "-0.01235"), (123_456.0, "123456"), (1e-9, "1.000e-9")];
        for (number, text) in rows {
            assert_eq!(four_digits(number), text);
        }
    }
}
