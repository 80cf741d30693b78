//! The little of DER that public keys and certificates need to be written down.

/// The tag of a BOOLEAN.
pub(super) const BOOLEAN: u8 = 0x01;
/// The tag of an INTEGER.
pub(super) const INTEGER: u8 = 0x02;
/// The tag of a BIT STRING.
pub(super) const BIT_STRING: u8 = 0x03;
/// The tag of an OCTET STRING.
pub(super) const OCTET_STRING: u8 = 0x04;
/// The tag of an OBJECT IDENTIFIER.
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
/// The tag of a UTF8String.
pub(super) const UTF8_STRING: u8 = 0x0c;
/// The tag of a PrintableString.
pub(super) const PRINTABLE_STRING: u8 = 0x13;
/// The tag of a UTCTime.
pub(super) const UTC_TIME: u8 = 0x17;
/// The tag of a GeneralizedTime.
pub(super) const GENERALIZED_TIME: u8 = 0x18;
/// The tag of a SEQUENCE.
pub(super) const SEQUENCE: u8 = 0x30;
/// The tag of a SET.
pub(super) const SET: u8 = 0x31;

/// `rsaEncryption` without parameters.
const RSA: &[u8] = &[
    0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
];
/// `ecPublicKey` on the curve P-256.
const EC_P256: &[u8] = &[
    0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d,
    0x03, 0x01, 0x07,
];

/// The SubjectPublicKeyInfo of an RSA key, which is given as its modulus and exponent in DER.
pub(super) fn rsa_public_key(key: &[u8]) -> Vec<u8> {
    public_key(RSA, key)
}

/// The SubjectPublicKeyInfo of a point on P-256.
pub(super) fn p256_public_key(point: &[u8]) -> Vec<u8> {
    public_key(EC_P256, point)
}

fn public_key(algorithm: &[u8], key: &[u8]) -> Vec<u8> {
    let mut info = element(SEQUENCE, algorithm);
    info.extend(bit_string(key));
    element(SEQUENCE, &info)
}

/// Whole bytes as a BIT STRING.
pub(super) fn bit_string(bytes: &[u8]) -> Vec<u8> {
    // No bits of the last byte are unused.
    let mut bits = vec![0];
    bits.extend_from_slice(bytes);
    element(BIT_STRING, &bits)
}

/// An INTEGER that is not negative.
pub(super) fn unsigned(number: u128) -> Vec<u8> {
    let bytes = number.to_be_bytes();
    let mut content: Vec<u8> = bytes
        .iter()
        .copied()
        .skip_while(|byte| *byte == 0)
        .collect();
    // A first bit of one would make it negative.
    if content.first().is_none_or(|first| first & 0x80 != 0) {
        content.insert(0, 0);
    }
    element(INTEGER, &content)
}

/// An OBJECT IDENTIFIER, given as its numbers, of which there are two at least.
pub(super) fn object_identifier(numbers: &[u64]) -> Vec<u8> {
    let mut content = Vec::new();
    let (first, rest) = numbers.split_at(numbers.len().min(2));
    let first = first.iter().fold(0, |sum, number| sum * 40 + number);
    for number in std::iter::once(&first).chain(rest) {
        let mut sevens = vec![low_seven_bits(*number)];
        let mut left = number >> 7;
        while left > 0 {
            sevens.push(low_seven_bits(left) | 0x80);
            left >>= 7;
        }
        content.extend(sevens.iter().rev());
    }
    element(OBJECT_IDENTIFIER, &content)
}

fn low_seven_bits(number: u64) -> u8 {
    u8::try_from(number & 0x7f).unwrap_or_default()
}

/// Elements one after another, as the content of a SEQUENCE.
pub(super) fn sequence(elements: &[Vec<u8>]) -> Vec<u8> {
    element(SEQUENCE, &elements.concat())
}

/// An element of any tag.
pub(super) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let length = content.len();
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => out.push(short),
        _ => {
            let bytes = length.to_be_bytes();
            let significant = bytes.iter().skip_while(|byte| **byte == 0);
            let count = significant.clone().count();
            out.push(0x80 | u8::try_from(count).unwrap_or_default());
            out.extend(significant);
        }
    }
    out.extend_from_slice(content);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_short_as_can_be_and_never_negative() {
        assert_eq!(unsigned(0), [2, 1, 0]);
        assert_eq!(unsigned(127), [2, 1, 127]);
        assert_eq!(unsigned(128), [2, 2, 0, 128]);
        assert_eq!(unsigned(u128::MAX).len(), 19);
    }

    #[test]
    fn identifiers_are_written_in_sevens_of_bits() {
        assert_eq!(object_identifier(&[2, 5, 29, 37, 0]), [6, 4, 85, 29, 37, 0]);
        let netscape = object_identifier(&[2, 16, 840, 1, 113_730, 4, 1]);
        assert_eq!(
            netscape,
            [6, 9, 0x60, 0x86, 0x48, 0x01, 0x86, 0xf8, 0x42, 0x04, 0x01]
        );
    }

    #[test]
    fn long_contents_say_their_length_in_bytes() {
        assert_eq!(element(4, &[0; 3]), [4, 3, 0, 0, 0]);
        assert_eq!(element(4, &[0; 200])[..3], [4, 0x81, 200]);
        assert_eq!(element(4, &[0; 300])[..4], [4, 0x82, 1, 44]);
    }
}
