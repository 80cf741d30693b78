//! What nobody but fuzz targets reaches from outside.

use super::continue_token::ContinueToken;

/// Whether a continue token is one; one that is reads back as what it was.
pub fn continue_token(text: &str) -> bool {
    let Ok(token) = ContinueToken::decode(text) else {
        return false;
    };
    let again = ContinueToken::decode(&token.encode());
    assert_eq!(again.as_ref(), Ok(&token), "{text:?}");
    true
}
