//! Asking for consent and for secrets.

use std::{
    fs,
    io::{self, BufRead, IsTerminal as _, Read as _, Write},
    path::Path,
};

use config::SecretString;

use crate::failure::Failure;

/// A question whose answer is a word typed out, so that nobody says yes by habit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Question {
    /// What is about to happen.
    pub(crate) about: String,
    /// What must be typed: each word on a line of its own.
    pub(crate) words: Vec<String>,
}

impl Question {
    /// Asks; true if every word was typed as wanted.
    ///
    /// # Errors
    /// When nobody can be read or written to.
    pub(crate) fn ask(&self, input: &mut dyn BufRead, output: &mut dyn Write) -> io::Result<bool> {
        writeln!(output, "{}", self.about)?;
        for word in &self.words {
            write!(output, "Type {word} to go on: ")?;
            output.flush()?;
            let mut line = String::new();
            input.read_line(&mut line)?;
            if line.trim() != word {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// The value of a secret: from a file, from standard input, or typed twice without being shown.
pub(crate) fn secret(what: &str, file: Option<&Path>) -> Result<SecretString, Failure> {
    let text = match file {
        Some(path) => fs::read_to_string(path).map_err(|error| {
            Failure::invalid(format!("{} can't be read: {error}. Name a file with the value as text.", path.display()))
        })?,
        None if io::stdin().is_terminal() => return typed(what),
        None => {
            let mut text = String::new();
            io::stdin()
                .lock()
                .read_to_string(&mut text)
                .map_err(|error| Failure::invalid(format!("The value can't be read from standard input: {error}.")))?;
            text
        }
    };
    let value = text.strip_suffix('\n').map_or(text.as_str(), |text| text.strip_suffix('\r').unwrap_or(text));
    if value.is_empty() {
        return Err(Failure::invalid(format!("The value of {what} is empty, so nothing was changed.")));
    }
    Ok(SecretString::from(value))
}

fn typed(what: &str) -> Result<SecretString, Failure> {
    let failed = |error: io::Error| Failure::invalid(format!("The value can't be read from the terminal: {error}."));
    let first = rpassword::prompt_password(format!("Value of {what} (not shown): ")).map_err(failed)?;
    if first.is_empty() {
        return Err(Failure::invalid(format!("The value of {what} is empty, so nothing was changed.")));
    }
    let second = rpassword::prompt_password("The same again: ").map_err(failed)?;
    if first != second {
        return Err(Failure::invalid("The two values differ, so nothing was changed. Try again."));
    }
    Ok(SecretString::from(first))
}

#[cfg(test)]
mod tests {
    use super::Question;

    fn ask(words: &[&str], typed: &str) -> (bool, String) {
        let question =
            Question { about: "Two stacks go away.".into(), words: words.iter().map(ToString::to_string).collect() };
        let mut said = Vec::new();
        let answer = question.ask(&mut typed.as_bytes(), &mut said).unwrap();
        (answer, String::from_utf8(said).unwrap())
    }

    #[test]
    fn only_the_whole_word_is_consent() {
        assert!(ask(&["yes"], "yes\n").0);
        for typed in ["y\n", "Yes\n", "\n", "", "yes please\n", "no\n"] {
            assert!(!ask(&["yes"], typed).0, "{typed:?}");
        }
    }

    #[test]
    fn each_thing_that_goes_away_is_named() {
        let (answer, said) = ask(&["web", "db"], "web\ndb\n");
        assert!(answer);
        assert!(
            said.starts_with("Two stacks go away.\n") && said.contains("Type web") && said.contains("Type db"),
            "{said}"
        );
        assert!(!ask(&["web", "db"], "web\nweb\n").0);
        assert!(!ask(&["web", "db"], "web\n").0);
    }
}
