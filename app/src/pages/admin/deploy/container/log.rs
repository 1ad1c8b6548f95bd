//! Lines of a log: which are shown, and how.

use leptos::prelude::*;
use service::deploy::{ContainerLog, LogLine};
use types::Millis;

use crate::server::{PageCx, exact, machine};

/// Choices of how many lines are read.
pub(super) const CHOICES: [u32; 4] = [100, 500, 2_000, 10_000];
/// Read unless somebody chooses.
const USUAL: u32 = 100;
/// The longest text to look for, in characters.
const LONGEST_SEARCH: usize = 200;

/// How a log is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogAsk {
    /// Lines that are read, from the end.
    pub lines: u32,
    /// Only lines with this text, whatever the case of a to z; empty: all.
    pub text: String,
    /// Whether each line tells when it was written.
    pub times: bool,
    /// Whether long lines are broken.
    pub wrap: bool,
}

impl LogAsk {
    /// Reads the words of an address.
    pub fn of(value: impl Fn(&str) -> Option<String>) -> Self {
        let lines = value("lines").and_then(|text| text.parse().ok()).filter(|lines| CHOICES.contains(lines));
        let text = value("q").map(|text| text.trim().chars().take(LONGEST_SEARCH).collect()).unwrap_or_default();
        let on = |name: &str| value(name).as_deref() != Some("off");
        Self { lines: lines.unwrap_or(USUAL), text, times: on("times"), wrap: on("wrap") }
    }

    pub(super) fn of_page(cx: &PageCx) -> Self {
        Self::of(|name| cx.query(name).map(str::to_owned))
    }

    /// The words of an address.
    pub(super) fn query(&self) -> String {
        let mut query = format!("lines={}", self.lines);
        if !self.text.is_empty() {
            query.push_str(&format!("&q={}", super::super::parts::encode(&self.text)));
        }
        for (name, on) in [("times", self.times), ("wrap", self.wrap)] {
            if !on {
                query.push_str(&format!("&{name}=off"));
            }
        }
        query
    }

    fn wants(&self, line: &LogLine) -> bool {
        self.text.is_empty() || !places(&line.text, &self.text).is_empty()
    }
}

/// How many of the lines are shown.
pub(super) fn counted(ask: &LogAsk, log: &ContainerLog) -> String {
    let all = log.lines.len();
    let found = log.lines.iter().filter(|line| ask.wants(line)).count();
    let more = if log.more { "the newest " } else { "" };
    match (all, ask.text.is_empty()) {
        (0, _) => "It has written nothing.".to_owned(),
        (_, true) => format!("{more}{}", super::super::parts::many(all, "line")),
        (_, false) => format!("{found} of {more}{}", super::super::parts::many(all, "line")),
    }
}

/// The lines that are wanted, as the page and what follows it show them.
pub(super) fn shown(ask: &LogAsk, lines: &[LogLine]) -> impl IntoView + use<> {
    lines.iter().filter(|line| ask.wants(line)).map(|line| one(ask, line)).collect_view()
}

fn one(ask: &LogAsk, line: &LogLine) -> impl IntoView + use<> {
    let time = line.at.filter(|_| ask.times).map(|at| {
        // The day is in the title: a log is most often read of today.
        let clock = machine(at).get(11..19).unwrap_or_default().to_owned();
        view! { <time class="log-from num" datetime=machine(at) title=exact(at)>{clock}</time> }
    });
    let stream = line.stderr.then(|| view! { <span class="log-stream">"err"</span>" " });
    let text = marked(&line.text, &ask.text);
    let source = if line.stderr { "stderr" } else { "stdout" };
    view! { <span class="log-line" data-stream=source>{time}{stream}{text}"\n"</span> }
}

/// The text with what was looked for marked.
fn marked(text: &str, wanted: &str) -> Vec<AnyView> {
    let mut pieces = Vec::new();
    let mut from = 0;
    for at in places(text, wanted) {
        pieces.push(text[from..at].to_owned().into_any());
        let found = text[at..at + wanted.len()].to_owned();
        pieces.push(view! { <mark>{found}</mark> }.into_any());
        from = at + wanted.len();
    }
    pieces.push(text[from..].to_owned().into_any());
    pieces
}

/// Where a text stands in another, without overlaps; a to z whatever their case.
fn places(text: &str, wanted: &str) -> Vec<usize> {
    if wanted.is_empty() {
        return Vec::new();
    }
    // Bytes keep their places: only ASCII changes.
    let (text, wanted) = (text.to_ascii_lowercase(), wanted.to_ascii_lowercase());
    text.match_indices(&wanted).map(|(at, _)| at).collect()
}

/// A log as a file to keep: a line each, with its time and its stream.
pub(super) fn as_text(log: &ContainerLog) -> String {
    let line = |line: &LogLine| {
        let at = line.at.map(precise).unwrap_or_else(|| "-".to_owned());
        format!("{at} {} {}\n", if line.stderr { "stderr" } else { "stdout" }, line.text)
    };
    log.lines.iter().map(line).collect()
}

/// The time to the millisecond, as machines read it.
fn precise(at: Millis) -> String {
    format!("{}.{:03}Z", machine(at).trim_end_matches('Z'), at.rem_euclid(1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str, stderr: bool) -> LogLine {
        LogLine {
            service: "web".into(),
            container: "web-1".into(),
            at: Some(1_767_225_600_000),
            stderr,
            text: text.into(),
        }
    }

    fn ask(text: &str) -> LogAsk {
        LogAsk::of(|name| (name == "q").then(|| text.to_owned()))
    }

    #[test]
    fn an_address_says_how_a_log_is_shown() {
        assert_eq!(ask("").query(), "lines=100");
        let all = LogAsk { lines: 500, text: "a b".into(), times: false, wrap: false };
        assert_eq!(all.query(), "lines=500&q=a%20b&times=off&wrap=off");
        let odd = LogAsk::of(|name| (name == "lines").then(|| "17".to_owned()));
        assert_eq!(odd.lines, 100, "only what is offered");
    }

    #[test]
    fn what_is_looked_for_is_found_in_any_case_and_nothing_is_html() {
        let log = ContainerLog { lines: vec![line("ERROR <b> äError", true), line("fine", false)], more: true };
        let html = shown(&ask("error"), &log.lines).to_html();
        assert_eq!(html.matches("<mark>").count(), 2, "{html}");
        assert!(
            html.contains("&lt;b&gt;") && !html.contains("fine") && html.contains("data-stream=\"stderr\""),
            "{html}"
        );
        assert_eq!(counted(&ask("error"), &log), "1 of the newest 2 lines");
        assert_eq!(counted(&ask(""), &ContainerLog { more: false, ..log.clone() }), "2 lines");
        let text = as_text(&log);
        assert!(text.starts_with("2026-01-01T00:00:00.000Z stderr ERROR <b>"), "{text}");
        assert_eq!(text.lines().count(), 2);
    }
}
