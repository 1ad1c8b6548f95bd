//! The list of steps a command goes through, with progress and seconds.

use std::{
    io::{IsTerminal as _, Write as _},
    time::{Duration, Instant},
};

use anyhow::Result;

struct Done {
    name: String,
    took: Duration,
    error: Option<String>,
}

/// Prints `[2/5] name` before and `✓ [2/5] name · 3.1 s` after each step.
pub(crate) struct Steps {
    total: usize,
    started: Instant,
    done: Vec<Done>,
}

impl Steps {
    /// A list of `total` steps; the clock starts now.
    pub(crate) fn new(total: usize) -> Self {
        Self { total, started: Instant::now(), done: Vec::new() }
    }

    /// More steps turned out to be needed.
    pub(crate) fn expect_more(&mut self, steps: usize) {
        self.total += steps;
    }

    /// Does one step. Its error ends up in the summary too.
    pub(crate) fn step<T>(&mut self, name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let label = format!("[{}/{}] {name}", self.done.len() + 1, self.total.max(self.done.len() + 1));
        println!("{} {label} …", paint("1;36", "▸"));
        flush();
        let begin = Instant::now();
        let result = work();
        let took = begin.elapsed();
        match &result {
            Ok(_) => println!("{} {label} · {}", paint("1;32", "✓"), seconds(took)),
            Err(error) => println!("{} {label} · {} · {error:#}", paint("1;31", "✗"), seconds(took)),
        }
        flush();
        let error = result.as_ref().err().map(|error| format!("{error:#}"));
        self.done.push(Done { name: name.to_owned(), took, error });
        result
    }

    /// Names of the steps that failed.
    pub(crate) fn failed(&self) -> Vec<&str> {
        self.done.iter().filter(|step| step.error.is_some()).map(|step| step.name.as_str()).collect()
    }

    /// Steps that went well.
    pub(crate) fn passed(&self) -> usize {
        self.done.iter().filter(|step| step.error.is_none()).count()
    }

    /// Seconds since the first step, for the closing line.
    pub(crate) fn elapsed(&self) -> String {
        seconds(self.started.elapsed())
    }

    /// A table of all steps.
    pub(crate) fn table(&self) {
        let width = self.done.iter().map(|step| step.name.chars().count()).max().unwrap_or(0);
        println!();
        for step in &self.done {
            let first_line = step.error.as_deref().and_then(|error| error.lines().next()).unwrap_or("");
            let mark = if step.error.is_none() { paint("1;32", "✓") } else { paint("1;31", "✗") };
            println!("{mark} {:<width$}  {:>8}  {first_line}", step.name, seconds(step.took));
        }
        println!("  {:<width$}  {:>8}\n", "together", self.elapsed());
        flush();
    }
}

fn seconds(time: Duration) -> String {
    match time.as_secs_f64() {
        short if short < 60.0 => format!("{short:.1} s"),
        long => format!("{} min {:02.0} s", (long / 60.0) as u64, long % 60.0),
    }
}

/// Colours `text` when somebody looks at a terminal.
pub(crate) fn paint(code: &str, text: &str) -> String {
    if std::io::stdout().is_terminal() { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
}

fn flush() {
    // A closed pipe shows up at the next print; nothing to do about it here.
    let _ = std::io::stdout().flush();
}
