//! What the server says while it runs.

use crate::source::Reader;

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For a person at a terminal.
    Human,
    /// One JSON object a line, for a log collector.
    Json,
}

/// Log filter and format.
#[derive(Clone, Debug)]
pub struct LogConfig {
    /// A level or tracing directives (`THINKHEADS_LOG`).
    pub filter: String,
    /// The look (`THINKHEADS_LOG_FORMAT`).
    pub format: LogFormat,
}

impl LogConfig {
    pub(crate) fn read(reader: &mut Reader) -> Self {
        const NAME: &str = "THINKHEADS_LOG_FORMAT";
        let format = match reader.text(NAME).as_str() {
            "human" => LogFormat::Human,
            "json" => LogFormat::Json,
            _ => {
                reader.wrong(NAME, "`human` or `json`");
                LogFormat::Human
            }
        };
        Self { filter: reader.text("THINKHEADS_LOG"), format }
    }
}
