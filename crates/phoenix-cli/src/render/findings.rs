//! What is wrong with the catalog: the place, the line, and what to do.

use std::{collections::BTreeMap, fmt::Write as _};

use service::deploy::catalog_types::{Diagnostic, DiagnosticCode, Severity};
use unicode_width::UnicodeWidthStr as _;

use super::count;
use crate::terminal::{Paint, Tone, clean};

/// Longest part of a line that is shown.
const LONGEST: usize = 160;

/// The findings, with their lines out of `texts`.
pub(crate) fn findings(found: &[Diagnostic], texts: &BTreeMap<String, Option<String>>, paint: Paint) -> String {
    let mut text = String::new();
    for one in found {
        let (word, tone) = match one.severity {
            Severity::Error => ("error", Tone::Bad),
            Severity::Warning => ("warning", Tone::Warn),
            Severity::Info => ("info", Tone::Faint),
        };
        let place = paint.paint(Tone::Place, &format!("{}:{}:{}", clean(&one.file), one.line, one.column));
        let word = paint.paint(tone, &format!("{word}[{}]", one.code.as_str()));
        let _ = writeln!(text, "{place}: {word}: {}", clean(&one.message));
        if let Some(line) = shown(one, texts) {
            text.push_str(&with_caret(&line, one, paint, tone));
        }
        if !one.remedy.is_empty() {
            let _ = writeln!(text, "    {}", clean(&one.remedy));
        }
    }
    let number = |severity| found.iter().filter(|one| one.severity == severity).count();
    let (errors, warnings) = (number(Severity::Error), number(Severity::Warning));
    let (errors, warnings, sign) = match (errors, warnings) {
        (0, 0) => {
            let _ = writeln!(text, "{} Nothing is wrong with the catalog.", paint.paint(Tone::Good, "✔"));
            return text;
        }
        (0, warnings) => (0, warnings, paint.paint(Tone::Good, "✔")),
        (errors, warnings) => (errors, warnings, paint.paint(Tone::Bad, "✘")),
    };
    let _ =
        writeln!(text, "\n{sign} {}, {}.", count(errors, "error", "errors"), count(warnings, "warning", "warnings"));
    text
}

/// The line, unless a secret stands in it in plain text.
fn shown(one: &Diagnostic, texts: &BTreeMap<String, Option<String>>) -> Option<String> {
    if one.code == DiagnosticCode::PlainSecret {
        return None;
    }
    let index = usize::try_from(one.line).ok()?.checked_sub(1)?;
    texts.get(&one.file)?.as_deref()?.lines().nth(index).map(ToOwned::to_owned)
}

fn with_caret(line: &str, one: &Diagnostic, paint: Paint, tone: Tone) -> String {
    let column = usize::try_from(one.column).unwrap_or(1).saturating_sub(1);
    // Deep in a long line only its surroundings are of use.
    let skipped = column.saturating_sub(LONGEST / 2);
    let shown: String =
        line.chars().skip(skipped).take(LONGEST).map(|char| if char.is_control() { ' ' } else { char }).collect();
    let before: String = shown.chars().take(column - skipped).collect();
    let number = one.line.to_string();
    let margin = " ".repeat(number.len());
    let bar = paint.paint(Tone::Faint, "|");
    format!(
        "  {} {bar} {shown}\n  {margin} {bar} {}{}\n",
        paint.paint(Tone::Faint, &number),
        " ".repeat(before.width()),
        paint.paint(tone, "^")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(code: DiagnosticCode, line: u32, column: u32) -> Diagnostic {
        Diagnostic {
            severity: Severity::Error,
            code,
            file: "a.json".into(),
            line,
            column,
            pointer: String::new(),
            message: "It is wrong.".into(),
            remedy: "Mend it.".into(),
            stack: None,
            guest: None,
        }
    }

    #[test]
    fn the_caret_stands_under_the_character_that_is_meant() {
        let texts = [("a.json".to_owned(), "{\n  \"naïve 图\": tru,\n}".to_owned().into())].into();
        let text = findings(&[finding(DiagnosticCode::Syntax, 2, 14)], &texts, Paint::new(false));
        assert_eq!(
            text,
            "a.json:2:14: error[syntax]: It is wrong.\n  2 |   \"naïve 图\": tru,\n    |               ^\n    Mend it.\n\n✘ 1 error, 0 warnings.\n"
        );
    }

    #[test]
    fn a_place_that_does_not_exist_and_a_long_line_do_no_harm() {
        let texts = [("a.json".to_owned(), Some("x".repeat(100_000)))].into();
        for (line, column) in [(0, 0), (1, 1), (1, 99_999), (9, 9), (u32::MAX, u32::MAX)] {
            let text = findings(&[finding(DiagnosticCode::Syntax, line, column)], &texts, Paint::new(false));
            assert!(text.len() < 1000, "{line}:{column}");
        }
    }

    #[test]
    fn a_line_with_a_secret_is_not_shown() {
        let texts = [("a.json".to_owned(), "\"password\": \"hunter2\"".to_owned().into())].into();
        let text = findings(&[finding(DiagnosticCode::PlainSecret, 1, 1)], &texts, Paint::new(false));
        assert!(!text.contains("hunter2"), "{text}");
    }
}
