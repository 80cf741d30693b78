//! Characters to tokens, by the rules of YAML 1.1 as kubectl's parser applies them.
//!
//! A key is only known to be one when its `:` is found. So tokens wait in a queue while what they belong to may still
//! turn out to be a key, and the tokens that open a key or a mapping are put in before them.

mod cursor;
mod property;
mod scalar_block;
mod scalar_plain;
mod scalar_quoted;
mod scanner;
mod simple_key;
mod token;

pub(super) use scalar_quoted::escaped;
pub(super) use scanner::Scanner;
pub(super) use token::{Kind, Token};
