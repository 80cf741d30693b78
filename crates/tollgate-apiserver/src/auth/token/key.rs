//! Keys that sign and verify tokens: RSA with RS256, as upstream's installers make them, or P-256 with ES256.

use crate::auth::der;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use ring::rand::SecureRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, RsaPublicKeyComponents,
    UnparsedPublicKey,
};
use rsa::pkcs8::{EncodePrivateKey as _, LineEnding};
use rsa::rand_core::{TryCryptoRng, TryRng};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use std::fmt;
use tollgate_api::{Object, Value};

/// The size of keys that are made here.
const RSA_BITS: usize = 2048;

/// Why a key cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// There is no private key in the text.
    #[error("no private key in PEM form was found")]
    NoPem,
    /// It is neither RSA of at least 2048 bits nor P-256, or it is damaged.
    #[error("the private key is neither an RSA key of 2048 bits or more nor a P-256 key")]
    Unusable,
    /// There is no key, because it could not be made or kept.
    #[error("the key that signs tokens could not be made")]
    NotMade,
    /// Random numbers cannot be had.
    #[error("the system gives no random numbers")]
    NoRandomness,
}

/// A private key that signs tokens.
pub struct SigningKey {
    pair: Pair,
    public: PublicKey,
}

enum Pair {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
}

impl SigningKey {
    /// Makes an RSA key, to be kept in PEM form and read with [`Self::from_pem`].
    ///
    /// This takes a few tenths of a second, so whoever starts a server does it beside, not before, everything else.
    pub fn generate(random: &dyn SecureRandom) -> Result<String, KeyError> {
        let key = rsa::PrivateKey::new(&mut System(random), RSA_BITS)
            .map_err(|_| KeyError::NoRandomness)?;
        let pem = key.to_pkcs8_pem(LineEnding::LF);
        Ok(pem.map_err(|_| KeyError::Unusable)?.to_string())
    }

    /// Reads the first private key of a PEM text: PKCS#8, or PKCS#1 for RSA.
    pub fn from_pem(pem: &str, random: &dyn SecureRandom) -> Result<Self, KeyError> {
        let der = PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| KeyError::NoPem)?;
        let rsa = match &der {
            PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()),
            PrivateKeyDer::Pkcs8(der) => RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()),
            _ => return Err(KeyError::Unusable),
        };
        match (rsa, &der) {
            (Ok(pair), _) => Ok(Self::from_rsa(pair)),
            (Err(_), PrivateKeyDer::Pkcs8(der)) => Self::from_p256(der.secret_pkcs8_der(), random),
            (Err(_), _) => Err(KeyError::Unusable),
        }
    }

    fn from_rsa(pair: RsaKeyPair) -> Self {
        let components = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public());
        let id = key_id(&der::rsa_public_key(pair.public().as_ref()));
        Self {
            pair: Pair::Rsa(pair),
            public: PublicKey {
                id,
                form: Form::Rsa(components),
            },
        }
    }

    fn from_p256(pkcs8: &[u8], random: &dyn SecureRandom) -> Result<Self, KeyError> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8, random)
            .map_err(|_| KeyError::Unusable)?;
        let point = pair.public_key().as_ref().to_vec();
        Ok(Self {
            pair: Pair::P256(pair),
            public: PublicKey {
                id: key_id(&der::p256_public_key(&point)),
                form: Form::P256(point),
            },
        })
    }

    /// The public half.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The signature of `message`.
    pub(super) fn sign(
        &self,
        message: &[u8],
        random: &dyn SecureRandom,
    ) -> Result<Vec<u8>, KeyError> {
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, random, message, &mut signature)
                    .map_err(|_| KeyError::NoRandomness)?;
                Ok(signature)
            }
            Pair::P256(pair) => {
                let signature = pair.sign(random, message);
                let signature = signature.map_err(|_| KeyError::NoRandomness)?;
                Ok(signature.as_ref().to_vec())
            }
        }
    }
}

/// Nothing of the private half is shown.
impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("id", &self.public.id)
            .finish_non_exhaustive()
    }
}

/// A key that verifies tokens.
#[derive(Debug, Clone)]
pub struct PublicKey {
    id: String,
    form: Form,
}

#[derive(Debug, Clone)]
enum Form {
    Rsa(RsaPublicKeyComponents<Vec<u8>>),
    /// The point, uncompressed: 4, x, y.
    P256(Vec<u8>),
}

impl PublicKey {
    /// The name under which tokens speak of it, which gives nothing of the key away.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The algorithm of its signatures, as tokens name it.
    pub fn algorithm(&self) -> &'static str {
        match self.form {
            Form::Rsa(_) => "RS256",
            Form::P256(_) => "ES256",
        }
    }

    /// Whether `signature` is that of `message`.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let result = match &self.form {
            Form::Rsa(key) => key.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature),
            Form::P256(point) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature)
            }
        };
        result.is_ok()
    }

    /// The key as a JSON Web Key, its members in upstream's order.
    pub(super) fn to_jwk(&self) -> Value {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let mut jwk = Object::new();
        jwk.insert("use", "sig");
        jwk.insert(
            "kty",
            if matches!(self.form, Form::Rsa(_)) {
                "RSA"
            } else {
                "EC"
            },
        );
        jwk.insert("kid", self.id.as_str());
        match &self.form {
            Form::Rsa(key) => {
                jwk.insert("alg", self.algorithm());
                jwk.insert("n", text(&key.n));
                jwk.insert("e", text(&key.e));
            }
            Form::P256(point) => {
                let coordinates = point.get(1..).unwrap_or_default();
                let (x, y) = coordinates.split_at(coordinates.len() / 2);
                jwk.insert("crv", "P-256");
                jwk.insert("alg", self.algorithm());
                jwk.insert("x", text(x));
                jwk.insert("y", text(y));
            }
        }
        Value::from(jwk)
    }
}

fn key_id(public_key_info: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, public_key_info))
}

/// Random numbers of one library for the other.
struct System<'r>(&'r dyn SecureRandom);

impl TryRng for System<'_> {
    type Error = KeyError;

    fn try_next_u32(&mut self) -> Result<u32, KeyError> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, KeyError> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), KeyError> {
        self.0.fill(bytes).map_err(|_| KeyError::NoRandomness)
    }
}

impl TryCryptoRng for System<'_> {}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use ring::rand::SystemRandom;
    use x509_parser::prelude::FromDer as _;
    use x509_parser::x509::SubjectPublicKeyInfo;

    /// A P-256 key, which is made in no time.
    pub(in crate::auth) fn p256_key() -> SigningKey {
        let random = SystemRandom::new();
        let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let text = base64::engine::general_purpose::STANDARD.encode(der.as_ref());
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n");
        SigningKey::from_pem(&pem, &random).unwrap()
    }

    #[test]
    fn an_rsa_key_that_is_made_here_signs_and_reads_back_the_same() {
        let random = SystemRandom::new();
        let pem = SigningKey::generate(&random).unwrap();
        let key = SigningKey::from_pem(&pem, &random).unwrap();
        assert_eq!(key.public().algorithm(), "RS256");
        let signature = key.sign(b"message", &random).unwrap();
        assert!(key.public().verifies(b"message", &signature));
        assert!(!key.public().verifies(b"massage", &signature));
        let again = SigningKey::from_pem(&pem, &random).unwrap();
        assert_eq!(again.public().id(), key.public().id());
        assert!(!format!("{key:?}").contains("PRIVATE"));
        let jwk = key.public().to_jwk();
        assert_eq!(jwk.str("kty"), Some("RSA"));
        assert_eq!(jwk.str("e"), Some("AQAB"));
        let Pair::Rsa(pair) = &key.pair else { panic!() };
        check_info(
            &der::rsa_public_key(pair.public().as_ref()),
            "1.2.840.113549.1.1.1",
        );
    }

    #[test]
    fn a_p256_key_signs_as_well() {
        let key = p256_key();
        assert_eq!(key.public().algorithm(), "ES256");
        let signature = key.sign(b"message", &SystemRandom::new()).unwrap();
        assert_eq!(signature.len(), 64);
        assert!(key.public().verifies(b"message", &signature));
        assert!(!p256_key().public().verifies(b"message", &signature));
        let Form::P256(point) = &key.public().form else {
            panic!()
        };
        check_info(&der::p256_public_key(point), "1.2.840.10045.2.1");
    }

    #[track_caller]
    fn check_info(info: &[u8], algorithm: &str) {
        let (rest, info) = SubjectPublicKeyInfo::from_der(info).unwrap();
        assert!(rest.is_empty());
        assert_eq!(info.algorithm.algorithm.to_id_string(), algorithm);
        assert!(info.parsed().is_ok());
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let random = SystemRandom::new();
        assert_eq!(
            SigningKey::from_pem("x", &random).unwrap_err(),
            KeyError::NoPem
        );
        let pem = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        assert_eq!(
            SigningKey::from_pem(pem, &random).unwrap_err(),
            KeyError::Unusable
        );
    }
}
