//! A list of numbers as one line of text. An artifact is printed one number a line otherwise, and trees hold many.

use std::fmt::{Display, Write};
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serializer};

/// `#[serde(with = "super::text")]`: numbers with spaces between them; floats as the shortest text that reads back to the same bits, also
/// infinite ones.
pub(super) fn serialize<S: Serializer, T: Display>(numbers: &[T], serializer: S) -> Result<S::Ok, S::Error> {
    let mut line = String::with_capacity(numbers.len() * 8);
    for (at, number) in numbers.iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = write!(line, "{}{number}", if at == 0 { "" } else { " " });
    }
    serializer.serialize_str(&line)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>, T: FromStr>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let line = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
    let read = |word: &str| word.parse().map_err(|_| D::Error::custom(format!("found {word:?}, expected a number within its range")));
    line.split_ascii_whitespace().map(read).collect()
}
