//! The labelled sample answers of `serve --demo`.

use std::time::Duration;

use serde_json::Value;

use super::script::Script;

/// The demo models in the order of the list.
pub(super) const MODELS: [&str; 4] = ["demo-sample", "demo-slow", "demo-failing", "demo-huge"];

/// Tokens of `demo-huge`.
const HUGE: usize = 20_000;

/// What a chat call asks for, as far as the stand-in cares.
pub(super) struct Asked {
    pub(super) model: String,
    /// The person's last message.
    pub(super) question: String,
    /// The caller wants a title, not an answer.
    pub(super) title: bool,
    pub(super) stream: bool,
    /// Words of all messages.
    pub(super) prompt_tokens: u32,
}

impl Asked {
    pub(super) fn read(body: &Value) -> Self {
        let text = |message: &Value| message["content"].as_str().unwrap_or_default().to_owned();
        let messages = body["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
        let last = messages.iter().rev().find(|message| message["role"] == "user");
        let words: usize = messages.iter().map(|message| text(message).split_whitespace().count()).sum();
        Self {
            model: body["model"].as_str().unwrap_or_default().to_owned(),
            question: last.map(text).unwrap_or_default(),
            title: messages
                .iter()
                .any(|message| message["role"] == "system" && text(message).trim_start().starts_with("Write a title")),
            stream: body["stream"] == true,
            prompt_tokens: u32::try_from(words).unwrap_or(u32::MAX),
        }
    }

    /// The answer by model; none if there is no such model.
    pub(super) fn script(&self, listed: &[String]) -> Option<Script> {
        if let Some((count, per_second)) = bench(&self.model) {
            return Some(if self.title { self.whole(&self.title_text(), 0) } else { Script::timed(count, per_second) });
        }
        if !listed.contains(&self.model) {
            return None;
        }
        if self.title {
            return Some(self.whole(&self.title_text(), 0));
        }
        Some(match self.model.as_str() {
            "demo-slow" => self.whole(&self.sample_text(), 333),
            "demo-failing" => {
                let text = self.sample_text();
                let tokens = pieces(&text).take(60).map(str::to_owned);
                Script::sse().role().paced(tokens, Duration::from_millis(33)).cut()
            }
            "demo-huge" => Script::sse()
                .role()
                .paced(huge(), Duration::ZERO)
                .finish("stop")
                .usage(self.prompt_tokens, u32::try_from(HUGE).unwrap_or(u32::MAX))
                .done(),
            "demo-sample" => self.whole(&self.sample_text(), 33),
            _ => self.whole(&self.text(), 0),
        })
    }

    /// The answer in one piece, for a call without `stream`.
    pub(super) fn text(&self) -> String {
        if self.title {
            self.title_text()
        } else if self.model == "demo-huge" {
            huge().collect()
        } else if self.model.starts_with("demo-") {
            self.sample_text()
        } else {
            "Hello from the test model.".to_owned()
        }
    }

    fn whole(&self, text: &str, pause_ms: u64) -> Script {
        let count = u32::try_from(pieces(text).count()).unwrap_or(u32::MAX);
        Script::sse()
            .role()
            .paced(pieces(text).map(str::to_owned), Duration::from_millis(pause_ms))
            .finish("stop")
            .usage(self.prompt_tokens, count)
            .done()
    }

    fn title_text(&self) -> String {
        // A title is asked for with the conversation quoted; its first line is what the person said.
        let said = self.question.lines().next().unwrap_or_default();
        let said = said.strip_prefix("Person:").unwrap_or(said);
        let words: Vec<&str> = said.split_whitespace().take(6).collect();
        let short: String = words.join(" ").chars().take(48).collect();
        let short = short.trim_matches(|c: char| !c.is_alphanumeric());
        let mut letters = short.chars();
        match letters.next() {
            Some(first) => first.to_uppercase().chain(letters).collect(),
            None => "Sample conversation".to_owned(),
        }
    }

    /// What was asked, short enough to quote.
    fn gist(&self) -> String {
        let words: Vec<&str> = self.question.split_whitespace().take(14).collect();
        let gist: String =
            words.join(" ").chars().filter(|c| !matches!(c, '`' | '*' | '_' | '|' | '<' | '>')).collect();
        let short: String = gist.chars().take(90).collect();
        if short.len() < gist.len() || self.question.split_whitespace().count() > 14 {
            format!("{short} …")
        } else {
            short
        }
    }

    fn sample_text(&self) -> String {
        format!(
            "> **Sample answer.** The demo stand-in wrote this, not a model. Set `PHOENIX_URL` to talk to a real one.\n\n\
             You asked: *{}*\n\n\
             A real model would answer here. This sample shows how answers look while they stream in.\n\n\
             ## A table\n\n\
             | Demo model | What it shows |\n| --- | --- |\n\
             | `demo-sample` | an answer at a pleasant pace |\n\
             | `demo-slow` | a model that takes its time |\n\
             | `demo-failing` | a connection that breaks in mid-answer |\n\
             | `demo-huge` | an answer of about 20,000 tokens |\n\n\
             ## A list\n\n\
             1. Reload the page: the answer goes on.\n\
             2. Open it on a second device: same text, same place.\n\
             3. Press **Stop**: the upstream is free at once.\n\n\
             ## Some Rust\n\n\
             ```rust\n/// Greets everybody by name.\nfn greet(names: &[&str]) -> String {{\n    \
             names.iter().map(|name| format!(\"Hello, {{name}}!\")).collect::<Vec<_>>().join(\"\\n\")\n}}\n```\n\n\
             That is all: *naïve café, 你好, 👋🏽* are here to check letters of every size.\n",
            self.gist()
        )
    }
}

/// Splits after each run of white space: near enough to a model's tokens, and nothing is lost.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(char::is_whitespace)
}

/// `demo-huge`: numbered parts of sample sentences.
fn huge() -> impl Iterator<Item = String> {
    const SENTENCE: &str = "This sentence is sample text of the demo stand-in and says nothing at length. ";
    let intro = "> **Sample answer.** The demo stand-in wrote this very long text, not a model.\n\n";
    let parts = (1..).flat_map(|part: u32| {
        let head = format!("## Part {part}\n\n");
        let body = format!("{}\n\n", SENTENCE.repeat(8).trim_end());
        pieces(&head).chain(pieces(&body)).map(str::to_owned).collect::<Vec<_>>()
    });
    pieces(intro).map(str::to_owned).chain(parts).take(HUGE)
}

/// `bench-N-R`: tokens and tokens a second.
fn bench(model: &str) -> Option<(u64, f64)> {
    let (count, rate) = model.strip_prefix("bench-")?.split_once('-')?;
    Some((count.parse().ok()?, rate.parse().ok().filter(|rate: &f64| rate.is_finite() && *rate >= 0.0)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(question: &str) -> Asked {
        Asked::read(&serde_json::json!({
            "model": "demo-sample", "stream": true, "messages": [{ "role": "user", "content": question }],
        }))
    }

    #[test]
    fn the_sample_is_labelled_and_of_the_promised_length() {
        let text = asked("How do I bake `bread`?").sample_text();
        assert!(text.starts_with("> **Sample answer.**"));
        assert!(text.contains("*How do I bake bread?*"));
        assert!((120..=250).contains(&pieces(&text).count()), "{}", pieces(&text).count());
        assert_eq!(pieces(&text).collect::<String>(), text);
        assert_eq!(huge().count(), HUGE);
    }

    #[test]
    fn titles_and_bench_names() {
        assert_eq!(asked("how do I bake bread in the evening?").title_text(), "How do I bake bread in");
        assert_eq!(asked("").title_text(), "Sample conversation");
        assert_eq!(bench("bench-500-60"), Some((500, 60.0)));
        assert_eq!(bench("bench-500-0"), Some((500, 0.0)));
        assert_eq!(bench("bench-x-1"), None);
    }
}
