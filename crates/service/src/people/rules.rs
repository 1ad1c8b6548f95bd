//! What a name, an address and a password must be. Says all complaints at once, each at its field.

use std::collections::BTreeSet;

use types::{FieldProblem, Password, Problem, ProblemCode, Rights, Role};
use zxcvbn::{Score, zxcvbn};

use crate::ServiceError;

/// Shortest password, in characters.
const PASSWORD_MIN: usize = 10;
/// Longest password, in characters: enough for any phrase, short enough to compute.
const PASSWORD_MAX: usize = 256;
const NAME_MAX: usize = 100;
/// RFC 5321 §4.5.3.1.3, less the angle brackets.
const EMAIL_MAX: usize = 254;
const NOTE_MAX: usize = 200;
/// Most environments one person may be granted by name.
const ENVIRONMENTS_MAX: usize = 100;

/// Gathers complaints.
#[derive(Default)]
pub(super) struct Complaints(Vec<FieldProblem>);

impl Complaints {
    pub(super) fn add(&mut self, field: &str, message: impl Into<String>) {
        self.0.push(FieldProblem { field: field.into(), message: message.into() });
    }

    /// Nothing to complain about, or one problem with all complaints.
    pub(super) fn settle(self) -> Result<(), ServiceError> {
        let message = match self.0.as_slice() {
            [] => return Ok(()),
            [only] => only.message.clone(),
            [..] => "Some fields need another look; each says what.".into(),
        };
        Err(Problem { fields: self.0, ..Problem::new(ProblemCode::Invalid, message) }.into())
    }
}

/// An address as it is stored and compared.
pub(super) fn normal_email(email: &str) -> String {
    email.trim().to_lowercase()
}

/// A name as it is stored: without spaces around it.
pub(super) fn name(text: &str, complaints: &mut Complaints) -> String {
    let name = text.trim();
    if name.is_empty() {
        complaints.add("name", "Type the name others should see.");
    } else if name.chars().count() > NAME_MAX {
        complaints.add("name", format!("Use at most {NAME_MAX} characters for the name."));
    } else if name.chars().any(char::is_control) {
        complaints.add("name", "The name contains a line break or another invisible character. Type it anew.");
    }
    name.into()
}

/// An address as it is stored. Only its shape is checked: whether it exists, only a message to it could tell.
pub(super) fn email(text: &str, complaints: &mut Complaints) -> String {
    let email = normal_email(text);
    let shape = email.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty()
            && !domain.is_empty()
            && !domain.contains('@')
            && !domain.starts_with('.')
            && !domain.ends_with('.')
            && !domain.contains("..")
    });
    if !shape || email.len() > EMAIL_MAX || email.chars().any(|c| c.is_whitespace() || c.is_control()) {
        complaints.add("email", "Type a whole e-mail address, such as name@example.com.");
    }
    email
}

/// A note of whom an invitation is for.
pub(super) fn note(text: &str, complaints: &mut Complaints) -> String {
    let note = text.trim();
    if note.chars().count() > NOTE_MAX {
        complaints.add("note", format!("Use at most {NOTE_MAX} characters for the note."));
    }
    note.into()
}

/// A role with what it grants. Only a deployer has environments, and needs one.
pub(super) fn rights(rights: Rights, complaints: &mut Complaints) -> Rights {
    if rights.role != Role::Deployer {
        return rights.role.into();
    }
    let environments: BTreeSet<String> =
        rights.environments.iter().map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect();
    if environments.is_empty() {
        complaints.add("environments", "Choose at least one environment for a deployer, or another role.");
    } else if environments.len() > ENVIRONMENTS_MAX
        || environments.iter().any(|name| name.chars().count() > NAME_MAX || name.chars().any(char::is_control))
    {
        let message =
            format!("Choose at most {ENVIRONMENTS_MAX} environments, each with the name it has in the catalog.");
        complaints.add("environments", message);
    }
    Rights { role: Role::Deployer, environments }
}

/// A new password, in the spirit of NIST SP 800-63B: length and guessability count, not kinds of characters. `own` are words
/// that an attacker who knows the person tries first. Takes milliseconds of processor time: call it off the runtime's threads.
pub(super) fn password(field: &str, password: &Password, own: &[&str], complaints: &mut Complaints) {
    let text = password.expose();
    let length = text.chars().count();
    if length < PASSWORD_MIN {
        complaints
            .add(field, format!("Use at least {PASSWORD_MIN} characters. A few uncommon words make a good password."));
        return;
    }
    if length > PASSWORD_MAX {
        complaints.add(field, format!("Use at most {PASSWORD_MAX} characters."));
        return;
    }
    let lower = text.to_lowercase();
    if own.iter().any(|word| !word.is_empty() && lower == word.to_lowercase()) {
        complaints.add(field, "The password must not be the name or the e-mail address. Choose another.");
        return;
    }
    let mut words = vec!["thinkheads", "phoenix", "rumple"];
    words.extend(own.iter().flat_map(|word| word.split(|c: char| !c.is_alphanumeric())).filter(|word| word.len() > 2));
    let estimate = zxcvbn(text, &words);
    if estimate.score() < Score::Two {
        let mut advice = vec!["This password is easy to guess.".to_owned()];
        if let Some(feedback) = estimate.feedback() {
            advice.extend(feedback.warning().map(|warning| warning.to_string()));
            advice.extend(feedback.suggestions().iter().map(ToString::to_string));
        }
        complaints.add(field, advice.join(" "));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint(text: &str) -> Option<String> {
        let mut complaints = Complaints::default();
        password("password", &Password::new(text), &["ada@example.com", "Ada Lovelace"], &mut complaints);
        complaints.0.pop().map(|problem| problem.message)
    }

    #[test]
    fn passwords_that_are_easy_to_guess_are_refused_with_advice() {
        for bad in
            ["short", "password123", "aaaaaaaaaaaa", "1234567890", "ada@example.com", "adalovelace", "thinkheads1"]
        {
            assert!(complaint(bad).is_some(), "{bad}");
        }
        assert!(complaint("password123").expect("refused").starts_with("This password is easy to guess. "));
        assert!(complaint(&"x y".repeat(100)).expect("refused").contains("at most 256"));
        for good in ["correct horse battery staple", "mirthful-otter-42-quay", "žluťoučký kůň běží"] {
            assert_eq!(complaint(good), None, "{good}");
        }
    }

    #[test]
    fn addresses_keep_one_shape() {
        for (text, good) in [
            (" Ada@Example.COM ", true),
            ("root@localhost", true),
            ("ada", false),
            ("ada@", false),
            ("@example.com", false),
            ("a@b@c", false),
            ("a b@example.com", false),
            ("a@example..com", false),
        ] {
            let mut complaints = Complaints::default();
            let email = email(text, &mut complaints);
            assert_eq!(complaints.settle().is_ok(), good, "{text}");
            assert_eq!(email, text.trim().to_lowercase());
        }
    }

    #[test]
    fn all_complaints_come_at_once() {
        let mut complaints = Complaints::default();
        name(" ", &mut complaints);
        email("x", &mut complaints);
        let problem = complaints.settle().expect_err("two complaints").problem();
        assert!(problem.for_field("name").is_some() && problem.for_field("email").is_some());
    }
}
