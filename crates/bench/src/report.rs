//! The report: figures beside their bars, as a table and as JSON.

use std::fmt;

use serde::Serialize;

use crate::machine::Machine;

/// One figure.
#[derive(Serialize)]
struct Row {
    what: String,
    figure: f64,
    unit: &'static str,
    /// The most it may be; none for figures that only inform.
    at_most: Option<f64>,
}

impl Row {
    fn within(&self) -> bool {
        self.at_most.is_none_or(|bar| self.figure <= bar)
    }
}

/// All figures of a run and the machine they were taken on.
#[derive(Serialize)]
pub(crate) struct Report {
    machine: Machine,
    rows: Vec<Row>,
}

impl Report {
    pub(crate) fn new(machine: Machine) -> Self {
        Self { machine, rows: Vec::new() }
    }

    /// Adds a figure that must not exceed a bar.
    pub(crate) fn bar(&mut self, what: impl Into<String>, figure: f64, unit: &'static str, at_most: f64) {
        self.add(Row { what: what.into(), figure, unit, at_most: Some(at_most) });
    }

    /// Adds a figure that only informs.
    pub(crate) fn note(&mut self, what: impl Into<String>, figure: f64, unit: &'static str) {
        self.add(Row { what: what.into(), figure, unit, at_most: None });
    }

    fn add(&mut self, row: Row) {
        eprintln!("  {}: {:.3} {}", row.what, row.figure, row.unit);
        self.rows.push(row);
    }

    pub(crate) fn within_bars(&self) -> bool {
        self.rows.iter().all(Row::within)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.machine)?;
        writeln!(f, "| what | figure | unit | at most | |\n| --- | ---: | --- | ---: | --- |")?;
        for row in &self.rows {
            let bar = row.at_most.map_or_else(String::new, |bar| bar.to_string());
            let verdict = match row.at_most {
                None => "",
                Some(_) if row.within() => "ok",
                Some(_) => "TOO MUCH",
            };
            writeln!(f, "| {} | {:.3} | {} | {bar} | {verdict} |", row.what, row.figure, row.unit)?;
        }
        Ok(())
    }
}
