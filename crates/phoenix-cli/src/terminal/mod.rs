//! Writing to whoever reads, and asking whoever types.

mod ask;
mod paint;
mod progress;
mod table;

use std::io::{self, IsTerminal as _, Write as _};

use anstream::{AutoStream, ColorChoice};
use serde::Serialize;

pub(crate) use ask::{Question, secret};
pub(crate) use paint::{Paint, Tone};
pub(crate) use progress::Progress;
pub(crate) use table::{Cell, Table, clean};

use crate::{args::Global, failure::Failure};

/// Where answers, notices and errors go, and how they look.
#[derive(Debug)]
pub(crate) struct Terminal {
    json: bool,
    quiet: bool,
    colour: bool,
    colour_err: bool,
}

impl Terminal {
    /// As the command line, the environment's `NO_COLOR` and the kind of the streams say.
    pub(crate) fn new(global: &Global) -> Self {
        let colour = |choice| !global.no_colour && !matches!(choice, ColorChoice::Never);
        Self {
            json: global.json,
            quiet: global.quiet,
            colour: !global.json && colour(AutoStream::choice(&io::stdout())),
            colour_err: colour(AutoStream::choice(&io::stderr())),
        }
    }

    /// Whether programs read what is written.
    pub(crate) const fn is_json(&self) -> bool {
        self.json
    }

    /// How answers look.
    pub(crate) const fn paint(&self) -> Paint {
        Paint::new(self.colour)
    }

    /// How notices and errors look.
    pub(crate) const fn paint_err(&self) -> Paint {
        Paint::new(self.colour_err)
    }

    /// Writes an answer.
    pub(crate) fn out(&self, text: &str) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::OutputClosed,
            _ => Failure::invalid(format!("The answer can't be written: {error}.")),
        })
    }

    /// Writes an answer for programs: one line, with the version of its form and what it is.
    pub(crate) fn json(&self, kind: &str, body: &impl Serialize) -> Result<(), Failure> {
        #[derive(Serialize)]
        struct Line<'a, T> {
            format: u32,
            kind: &'a str,
            #[serde(flatten)]
            body: &'a T,
        }
        let line = serde_json::to_string(&Line { format: crate::render::FORMAT, kind, body })
            .map_err(|error| Failure::invalid(format!("The answer has no JSON: {error}.")))?;
        self.out(&format!("{line}\n"))
    }

    /// Tells what goes on.
    pub(crate) fn say(&self, text: &str) {
        if !self.quiet {
            self.complain(text);
        }
    }

    /// Tells what went wrong.
    pub(crate) fn complain(&self, text: &str) {
        // Nobody is left to be told when this fails.
        let _ = writeln!(io::stderr().lock(), "{text}");
    }

    /// Whether somebody can be asked.
    pub(crate) fn can_ask(&self) -> bool {
        !self.json && io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Asks; true if every word was typed as wanted.
    pub(crate) fn ask(&self, question: &Question) -> bool {
        question.ask(&mut io::stdin().lock(), &mut io::stderr().lock()).unwrap_or(false)
    }

    /// Shows an apply as it goes on.
    pub(crate) fn progress(&self) -> Progress {
        let live = !self.json && !self.quiet && io::stdout().is_terminal() && io::stderr().is_terminal();
        Progress::new(live, self.paint())
    }
}

/// Logs to standard error, if that is wanted.
///
/// # Errors
/// Words for the one who asked for it.
pub(crate) fn start_log(verbose: u8) -> Result<(), String> {
    let filter = match verbose {
        0 => return Ok(()),
        1 => "info",
        _ => "debug,sqlx=info,hyper=info,rustls=info",
    };
    tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_ansi(false)
        .with_env_filter(tracing_subscriber::EnvFilter::new(filter))
        .try_init()
        .map_err(|error| format!("can't log: {error}"))
}
