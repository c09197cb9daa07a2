//! Vietnamese administrative text: one spelling per word, whatever the keyboard, font or system behind it.
//!
//! Owns folding (tone marks, missing accents, case, blanks), repair of text damaged by old fonts and wrong
//! encodings, decoding of bytes, abbreviations, dates as people write them, and cutting a title into tokens.
//! It must not know what a text is about. Nothing here fails on strange input except decoding and dates,
//! which refuse rather than guess.

pub mod abbreviation;
pub mod date;
pub mod deadline;
pub mod encoding;
pub mod fold;
pub mod keys;
mod letter;
pub mod mask;
pub mod mention;
pub mod repair;
pub mod syllable;
pub mod tokens;

pub use abbreviation::Abbreviations;
pub use encoding::{Encoding, decode, decode_as};
pub use fold::{clean, fold, lower_key};
pub use repair::repair;
pub use tokens::{Token, Written, legible, tokens, tokens_with};
