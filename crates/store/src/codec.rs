//! Between the words in columns and the types of the product.

use std::str::FromStr;

use types::{GenerationState, MessageRole, MessageStatus};

use crate::{Result, StoreError};

/// Reads a column that must hold a word, an identifier, or anything else with `FromStr`.
pub(crate) fn parse<T: FromStr>(column: &'static str, text: &str) -> Result<T> {
    text.parse().map_err(|_| StoreError::Corrupt(format!("column {column} holds an unknown value")))
}

/// As [`parse`], for a column that may be NULL.
pub(crate) fn parse_optional<T: FromStr>(column: &'static str, text: Option<&str>) -> Result<Option<T>> {
    text.map(|text| parse(column, text)).transpose()
}

/// Reads a number that must fit.
pub(crate) fn number<T: TryFrom<i64>>(column: &'static str, value: i64) -> Result<T> {
    T::try_from(value).map_err(|_| StoreError::Corrupt(format!("column {column} holds a number out of range")))
}

/// A type stored as a word.
pub(crate) trait Word: Sized + Copy + 'static {
    /// Every value with its word.
    const WORDS: &'static [(Self, &'static str)];

    fn word(self) -> &'static str
    where
        Self: PartialEq,
    {
        Self::WORDS.iter().find(|(value, _)| *value == self).map_or("", |(_, word)| word)
    }

    fn from_word(column: &'static str, text: &str) -> Result<Self> {
        Self::WORDS
            .iter()
            .find(|(_, word)| *word == text)
            .map(|(value, _)| *value)
            .ok_or_else(|| StoreError::Corrupt(format!("column {column} holds an unknown word")))
    }
}

impl Word for MessageRole {
    const WORDS: &'static [(Self, &'static str)] = &[(Self::User, "user"), (Self::Assistant, "assistant")];
}

impl Word for MessageStatus {
    const WORDS: &'static [(Self, &'static str)] = &[
        (Self::Running, "running"),
        (Self::Complete, "complete"),
        (Self::Stopped, "stopped"),
        (Self::Interrupted, "interrupted"),
        (Self::Failed, "failed"),
    ];
}

impl Word for GenerationState {
    const WORDS: &'static [(Self, &'static str)] = &[
        (Self::Running, "running"),
        (Self::Complete, "complete"),
        (Self::Stopped, "stopped"),
        (Self::Interrupted, "interrupted"),
        (Self::Failed, "failed"),
    ];
}
