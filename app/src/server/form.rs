//! A form that was refused, on its way back to the person who sent it.

use std::collections::HashMap;

use types::Problem;

/// A form that was refused: where it went, why, and what was typed.
#[derive(Clone, Debug)]
pub struct FormOutcome {
    /// Where it was posted to, e.g. `/api/sign_in`.
    pub action: String,
    /// Why it was refused.
    pub problem: Problem,
    /// What was typed, without passwords.
    pub values: HashMap<String, String>,
}

/// The state of one form on a page. Empty unless it is the one that was refused.
#[derive(Clone, Debug, Default)]
pub struct FormState {
    /// Why it was refused.
    pub problem: Option<Problem>,
    values: HashMap<String, String>,
}

impl FormState {
    /// The state of the form that posts to `action`.
    #[must_use]
    pub fn of(outcome: Option<&FormOutcome>, action: &str) -> Self {
        outcome.filter(|outcome| outcome.action == action).map_or_else(Self::default, |outcome| Self {
            problem: Some(outcome.problem.clone()),
            values: outcome.values.clone(),
        })
    }

    /// Whether this is the form that was refused.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.problem.is_some()
    }

    /// What was typed into a field; empty if nothing.
    #[must_use]
    pub fn value(&self, field: &str) -> String {
        self.values.get(field).cloned().unwrap_or_default()
    }

    /// All that was typed, passwords aside.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.iter().map(|(name, text)| (name.as_str(), text.as_str()))
    }

    /// What was typed into a field, or what the field holds when the form was not sent yet.
    #[must_use]
    pub fn value_or(&self, field: &str, otherwise: impl Into<String>) -> String {
        self.values.get(field).cloned().unwrap_or_else(|| otherwise.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_refused_form_gets_its_words_back() {
        let outcome = FormOutcome {
            action: "/api/sign_in".into(),
            problem: Problem::field("email", "Unknown."),
            values: HashMap::from([("email".into(), "ada@example.org".into())]),
        };
        let mine = FormState::of(Some(&outcome), "/api/sign_in");
        assert_eq!(mine.value("email"), "ada@example.org");
        assert!(mine.is_refused());
        let other = FormState::of(Some(&outcome), "/api/invite");
        assert_eq!(other.value_or("email", "x"), "x");
        assert!(!other.is_refused());
    }
}
