//! Logs go to standard error, as lines for people or as JSON; standard output is for answers of commands.

use std::io::{self, IsTerminal as _};

use config::{LogConfig, LogFormat};
use tracing_subscriber::{EnvFilter, fmt, prelude::*};

/// Installs the log for the whole process. Later calls change nothing.
///
/// # Errors
/// A filter that can't be read, with what is wrong.
pub fn init(log: &LogConfig) -> Result<(), String> {
    let filter = EnvFilter::builder()
        .parse(&log.filter)
        .map_err(|error| format!("THINKHEADS_LOG: {error}. Use a level such as `info`, or tracing's directives."))?;
    let lines = fmt::layer().with_writer(io::stderr).with_ansi(io::stderr().is_terminal());
    let lines = match log.format {
        LogFormat::Human => lines.with_target(false).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).with_span_list(false).boxed(),
    };
    // Another one may be there already: a test's.
    let _ = tracing_subscriber::registry().with(filter).with(lines).try_init();
    Ok(())
}
