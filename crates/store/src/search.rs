//! Finding words in titles and messages.

use types::{ConversationSummary, MessageId, SearchHit, UserId};

use crate::{
    Backend, Result, Store,
    codec::parse,
    conversations::SummaryDb,
    db::{Args, args},
};

/// Words that are looked for one by one; what follows them is looked for as one phrase.
const WORDS: usize = 4;

/// Characters shown on each side of a find.
const AROUND: usize = 80;

/// The two statements, for an operator that knows patterns: GLOB on SQLite, ILIKE on PostgreSQL.
macro_rules! statements {
    (title, $like:literal) => {
        concat!(
            "SELECT c.id AS conversation_id, c.title, c.updated_at FROM conversations c \
             WHERE c.user_id = $1 AND c.deleted_at IS NULL",
            " AND c.title ",
            $like,
            " $3 AND c.title ",
            $like,
            " $4 AND c.title ",
            $like,
            " $5 AND c.title ",
            $like,
            " $6 \
             ORDER BY c.updated_at DESC, c.id DESC LIMIT $2"
        )
    };
    (message, $like:literal) => {
        concat!(
            "SELECT c.id AS conversation_id, c.title, c.updated_at, m.id AS message_id, m.text \
             FROM conversations c JOIN messages m ON m.conversation_id = c.id \
             WHERE c.user_id = $1 AND c.deleted_at IS NULL",
            " AND m.text ",
            $like,
            " $3 AND m.text ",
            $like,
            " $4 AND m.text ",
            $like,
            " $5 AND m.text ",
            $like,
            " $6 \
             ORDER BY m.created_at DESC, m.id DESC LIMIT $2"
        )
    };
}

#[derive(sqlx::FromRow)]
struct HitDb {
    #[sqlx(flatten)]
    conversation: SummaryDb,
    message_id: String,
    text: String,
}

/// The words of a query, at most [`WORDS`].
fn split(query: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = query.trim();
    while !rest.is_empty() {
        let end =
            if words.len() + 1 == WORDS { rest.len() } else { rest.find(char::is_whitespace).unwrap_or(rest.len()) };
        let (word, after) = rest.split_at(end);
        words.push(word);
        rest = after.trim_start();
    }
    words
}

/// A pattern that finds `word` anywhere, in any case, with nothing in it taken for a wildcard.
///
/// SQLite's LIKE folds ASCII only, so there it is a GLOB with both cases of each letter: `[mM][üÜ][lL][lL]`.
fn pattern(backend: Backend, word: &str) -> String {
    match backend {
        Backend::Postgres => {
            let mut pattern = String::from("%");
            for letter in word.chars() {
                if matches!(letter, '%' | '_' | '\\') {
                    pattern.push('\\');
                }
                pattern.push(letter);
            }
            pattern.push('%');
            pattern
        }
        Backend::Sqlite => {
            let mut pattern = String::from("*");
            for letter in word.chars() {
                let mut cases = vec![letter];
                // A case of more than one letter (ß → SS) can't stand in a class and is left out.
                cases.extend(single(letter.to_lowercase()).into_iter().chain(single(letter.to_uppercase())));
                cases.sort_unstable();
                cases.dedup();
                if cases.len() > 1 || matches!(letter, '*' | '?' | '[') {
                    pattern.push('[');
                    pattern.extend(cases);
                    pattern.push(']');
                } else {
                    pattern.push(letter);
                }
            }
            pattern.push('*');
            pattern
        }
    }
}

fn single(mut letters: impl Iterator<Item = char>) -> Option<char> {
    letters.next().filter(|_| letters.next().is_none())
}

/// Text around the first find, on one line, with `…` where it was cut.
fn excerpt(text: &str, words: &[&str]) -> String {
    let letters: Vec<char> = text.chars().collect();
    let fold = |letter: &char| single(letter.to_lowercase()).unwrap_or(*letter);
    let folded: Vec<char> = letters.iter().map(fold).collect();
    let first = words
        .iter()
        .filter_map(|word| {
            let word: Vec<char> = word.chars().map(|letter| fold(&letter)).collect();
            folded.windows(word.len().max(1)).position(|window| window == word)
        })
        .min()
        .unwrap_or(0);
    let start = first.saturating_sub(AROUND);
    let end = (first + AROUND).min(letters.len());
    let middle: String = letters[start..end].iter().collect();
    let mut excerpt = middle.split_whitespace().collect::<Vec<_>>().join(" ");
    if start > 0 {
        excerpt.insert(0, '…');
    }
    if end < letters.len() {
        excerpt.push('…');
    }
    excerpt
}

impl Store {
    /// A person's conversations and messages that contain every one of `words`, in any case: titles first, then
    /// messages, latest first; at most `limit`.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`] when the database does not answer.
    pub async fn search(&self, user: UserId, words: &str, limit: u32) -> Result<Vec<SearchHit>> {
        let words = split(words);
        if words.is_empty() {
            return Ok(Vec::new());
        }
        let (titles, messages) = match self.backend() {
            Backend::Sqlite => (statements!(title, "GLOB"), statements!(message, "GLOB")),
            Backend::Postgres => (statements!(title, "ILIKE"), statements!(message, "ILIKE")),
        };
        let arguments = |limit: u32| -> Args {
            let mut args = args![user, limit];
            // A word left out becomes a pattern that finds everything.
            let patterns = words.iter().copied().chain(std::iter::repeat("")).take(WORDS);
            args.extend(patterns.map(|word| pattern(self.backend(), word).into()));
            args
        };
        let rows: Vec<SummaryDb> = self.db.all(titles, arguments(limit)).await?;
        let mut hits = Vec::new();
        for row in rows {
            let conversation: ConversationSummary = row.try_into()?;
            hits.push(SearchHit { excerpt: excerpt(&conversation.title, &words), conversation, message: None });
        }
        let left = limit.saturating_sub(u32::try_from(hits.len()).unwrap_or(u32::MAX));
        if left > 0 {
            let rows: Vec<HitDb> = self.db.all(messages, arguments(left)).await?;
            for row in rows {
                let message: MessageId = parse("messages.id", &row.message_id)?;
                hits.push(SearchHit {
                    conversation: row.conversation.try_into()?,
                    message: Some(message),
                    excerpt: excerpt(&row.text, &words),
                });
            }
        }
        Ok(hits)
    }
}
