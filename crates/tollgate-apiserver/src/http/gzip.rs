//! Large answers are compressed for those who ask for it, as kube-apiserver compresses: never streams, never small ones.

use super::body::AnswerBody;
use super::respond::HttpAnswer;
use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::header::{CONTENT_ENCODING, HeaderValue, VARY};
use std::io::Write as _;

/// From which size on an answer is compressed.
const BYTES_MIN: usize = 128 * 1024;

/// Compresses the answer, if it is large enough and whole.
pub(super) fn compress(response: &mut HttpAnswer) {
    let AnswerBody::Whole(Some(bytes)) = response.body() else {
        return;
    };
    if bytes.len() < BYTES_MIN {
        return;
    }
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 4), Compression::fast());
    // Writing to a Vec cannot fail.
    let packed = encoder.write_all(bytes).and_then(|()| encoder.finish());
    let Ok(packed) = packed else {
        return;
    };
    *response.body_mut() = packed.into();
    let headers = response.headers_mut();
    headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    headers.append(VARY, HeaderValue::from_static("Accept-Encoding"));
}

/// Whether an `Accept-Encoding` header asks for gzip.
pub(super) fn is_accepted(accept_encoding: &str) -> bool {
    accept_encoding.split(',').any(|encoding| {
        encoding
            .split(';')
            .next()
            .is_some_and(|name| name.trim() == "gzip")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::respond::answer;
    use flate2::read::GzDecoder;
    use std::io::Read as _;

    #[test]
    fn only_large_answers_are_compressed() {
        let mut small = answer(200, "application/json", vec![b'a'; 1000]);
        compress(&mut small);
        assert!(small.headers().get(CONTENT_ENCODING).is_none());
        let mut large = answer(200, "application/json", vec![b'a'; BYTES_MIN]);
        compress(&mut large);
        assert_eq!(large.headers()[CONTENT_ENCODING], "gzip");
        let AnswerBody::Whole(Some(packed)) = large.body() else {
            panic!("the body is whole");
        };
        let mut text = Vec::new();
        GzDecoder::new(&packed[..]).read_to_end(&mut text).unwrap();
        assert_eq!(text.len(), BYTES_MIN);
        assert!(is_accepted("deflate, gzip;q=1.0") && !is_accepted("br"));
    }
}
