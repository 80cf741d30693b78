//! Bearer tokens in the `Authorization` header.

use std::fmt;

/// A bearer token. Nothing prints it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// The token that is written so.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for those who verify it or hand it to its owner.
    pub fn secret(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(not shown)")
    }
}

/// The token of an `Authorization` header; none if it holds no bearer token.
pub(super) fn bearer_token(authorization: &str) -> Option<Token> {
    let (_, token) = split(authorization)?;
    (!token.is_empty()).then(|| Token::new(token))
}

/// What a client is warned of if its header holds a bearer token that does not count.
pub fn misplaced_token_warning(authorization: &str) -> Option<&'static str> {
    let (rest, token) = split(authorization)?;
    let is_misplaced = token.is_empty() && rest.is_some();
    is_misplaced.then_some(
        "the provided Authorization header contains extra space before the bearer token, and is ignored",
    )
}

/// What stands behind the token, and the token itself, of a header that begins with `Bearer`.
fn split(authorization: &str) -> Option<(Option<&str>, &str)> {
    let mut words = authorization.trim().splitn(3, ' ');
    let scheme = words.next()?;
    let token = words.next()?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| (words.next(), token))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_never_shown() {
        let token = bearer_token("Bearer s3cret").unwrap();
        assert_eq!(token.secret(), "s3cret");
        assert!(!format!("{token:?}").contains("s3cret"));
    }

    #[test]
    fn a_space_too_many_is_warned_of() {
        assert!(misplaced_token_warning("Bearer  abc").is_some());
        assert_eq!(misplaced_token_warning("Bearer abc"), None);
        assert_eq!(misplaced_token_warning("Basic  abc"), None);
    }
}
