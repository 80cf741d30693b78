//! Static tokens: a line each with token, user name, unique id and, if there are any, groups in quotes.

use super::bearer::Token;
use super::csv::{CsvError, records};
use compact_str::CompactString;
use ring::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use std::collections::BTreeMap;
use std::fmt;
use tollgate_api::UserInfo;

/// What is wrong with a token file, in upstream's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenFileError {
    /// It is no list of values.
    #[error(transparent)]
    Csv(#[from] CsvError),
    /// A line is too short.
    #[error(
        "token file '{path}' must have at least 3 columns (token, user name, user uid), found {found}"
    )]
    Columns {
        /// The file.
        path: String,
        /// How many columns the line has.
        found: usize,
    },
}

type Digest = [u8; SHA256_OUTPUT_LEN];

/// The users of a token file, by digests of their tokens; the tokens themselves are not kept.
#[derive(Default)]
pub struct TokenFile {
    users: BTreeMap<Digest, UserInfo>,
    /// Lines without a token, counted from 1: they are left out, and whoever starts the server should be told.
    pub empty_tokens: Vec<usize>,
    /// Lines whose token stands in an earlier line, which they replace.
    pub duplicates: Vec<usize>,
}

impl TokenFile {
    /// Reads the text of the file at `path`.
    pub fn parse(path: &str, text: &str) -> Result<Self, TokenFileError> {
        let mut file = Self::default();
        for (place, record) in records(text)?.into_iter().enumerate() {
            let number = place.saturating_add(1);
            let [token, name, uid, rest @ ..] = record.as_slice() else {
                let (path, found) = (path.to_owned(), record.len());
                return Err(TokenFileError::Columns { path, found });
            };
            if token.is_empty() {
                file.empty_tokens.push(number);
                continue;
            }
            let groups = rest.first().map(|groups| groups.split(','));
            let user = UserInfo {
                name: name.into(),
                uid: uid.into(),
                groups: groups
                    .into_iter()
                    .flatten()
                    .map(CompactString::from)
                    .collect(),
                ..UserInfo::default()
            };
            if file.users.insert(digest_of(token), user).is_some() {
                file.duplicates.push(number);
            }
        }
        Ok(file)
    }

    /// Whose token it is. All tokens are looked at, and wholly, so that the time says nothing about any of them.
    pub fn user(&self, token: &Token) -> Option<&UserInfo> {
        let wanted = digest_of(token.secret());
        let mut found = None;
        for (known, user) in &self.users {
            let pairs = known.iter().zip(&wanted);
            let difference = pairs.fold(0, |difference, (a, b)| difference | (a ^ b));
            if std::hint::black_box(difference) == 0 {
                found = Some(user);
            }
        }
        found
    }
}

/// Neither tokens nor their digests are shown.
impl fmt::Debug for TokenFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("TokenFile");
        out.field("users", &self.users.len())
            .finish_non_exhaustive()
    }
}

fn digest_of(token: &str) -> Digest {
    let mut bytes = [0; SHA256_OUTPUT_LEN];
    let digest = digest(&SHA256, token.as_bytes());
    for (to, from) in bytes.iter_mut().zip(digest.as_ref()) {
        *to = *from;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_token_a_name_an_id_and_groups() {
        let text = "t1,sam,1\nt2,eve,2,\"a,b\",more\n,nobody,3\nt1,max,4,\n";
        let file = TokenFile::parse("f", text).unwrap();
        let user = |token: &str| file.user(&Token::new(token));
        let eve = user("t2").unwrap();
        assert_eq!((eve.name.as_str(), eve.uid.as_str()), ("eve", "2"));
        assert_eq!(eve.groups, ["a", "b"]);
        // The later line counts, and an empty column is one group without a name, as upstream.
        let max = user("t1").unwrap();
        assert_eq!(max.name, "max");
        assert_eq!(max.groups, [""]);
        assert_eq!(user(""), None);
        assert_eq!(user("t"), None);
        assert_eq!(
            (file.empty_tokens.clone(), file.duplicates.clone()),
            (vec![3], vec![4])
        );
    }

    #[test]
    fn a_short_line_is_refused_in_upstreams_words() {
        assert_eq!(
            TokenFile::parse("/x", "a,b\n").unwrap_err().to_string(),
            "token file '/x' must have at least 3 columns (token, user name, user uid), found 2"
        );
    }

    #[test]
    fn nothing_of_a_token_is_shown() {
        let file = TokenFile::parse("f", "s3cret,sam,1\n").unwrap();
        assert_eq!(format!("{file:?}"), "TokenFile { users: 1, .. }");
    }
}
