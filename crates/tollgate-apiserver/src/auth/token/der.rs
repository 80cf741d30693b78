//! The little of DER that a public key needs to be written down.

const SEQUENCE: u8 = 0x30;
const BIT_STRING: u8 = 0x03;
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
    // No bits of the last byte are unused.
    let mut bits = vec![0];
    bits.extend_from_slice(key);
    let mut info = element(SEQUENCE, algorithm);
    info.extend(element(BIT_STRING, &bits));
    element(SEQUENCE, &info)
}

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
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
