//! A key that signs JSON Web Tokens, and its public half as others read it.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use serde_json::{Value, json};

use crate::Error;

/// Keys of tests, that are secret to nobody: ring makes none for RSA.
const RSA: [&[u8]; 2] = [include_bytes!("../../keys/first.pkcs8"), include_bytes!("../../keys/second.pkcs8")];
const FORGED_RSA: &[u8] = include_bytes!("../../keys/forged.pkcs8");

/// How it is signed (RFC 7518, section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256, which Entra uses.
    Rs256,
    /// ECDSA with P-256 and SHA-256.
    Es256,
}

/// A key with its id.
pub struct SigningKey {
    id: String,
    pair: Pair,
}

enum Pair {
    Rsa(Box<RsaKeyPair>),
    Ecdsa(Box<EcdsaKeyPair>),
}

impl SigningKey {
    /// Another key than the one before. Of RSA there are two, which take turns.
    pub(crate) fn new(algorithm: Algorithm, id: &str) -> Result<Self, Error> {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let turn = NEXT.fetch_add(1, Ordering::Relaxed) % RSA.len();
        Self::of(algorithm, id, RSA.get(turn).copied().unwrap_or(FORGED_RSA))
    }

    /// A key that no issuer has, under an id that one of them may have.
    pub fn forged(algorithm: Algorithm, id: &str) -> Result<Self, Error> {
        Self::of(algorithm, id, FORGED_RSA)
    }

    fn of(algorithm: Algorithm, id: &str, rsa: &[u8]) -> Result<Self, Error> {
        let pair = match algorithm {
            Algorithm::Rs256 => {
                Pair::Rsa(Box::new(RsaKeyPair::from_pkcs8(rsa).map_err(|_| Error::Signature)?))
            }
            Algorithm::Es256 => {
                let (signing, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
                let pkcs8 = EcdsaKeyPair::generate_pkcs8(signing, &random).map_err(|_| Error::Signature)?;
                let pair = EcdsaKeyPair::from_pkcs8(signing, pkcs8.as_ref(), &random);
                Pair::Ecdsa(Box::new(pair.map_err(|_| Error::Signature)?))
            }
        };
        Ok(Self { id: id.to_owned(), pair })
    }

    /// What `kid` says.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The claims as a signed token.
    pub fn sign(&self, claims: &Value) -> Result<String, Error> {
        let algorithm = match self.pair {
            Pair::Rsa(_) => "RS256",
            Pair::Ecdsa(_) => "ES256",
        };
        self.sign_with_header(&json!({"typ": "JWT", "alg": algorithm, "kid": self.id}), claims)
    }

    /// The claims as a token with any header, whether it is true or not.
    pub fn sign_with_header(&self, header: &Value, claims: &Value) -> Result<String, Error> {
        let encoded = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", encoded(header), encoded(claims));
        let signature = self.signature(message.as_bytes())?;
        Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    fn signature(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .map_err(|_| Error::Signature)?;
                Ok(signature)
            }
            Pair::Ecdsa(pair) => {
                let signature = pair.sign(&random, message).map_err(|_| Error::Signature)?;
                Ok(signature.as_ref().to_vec())
            }
        }
    }

    /// The public half as a JSON Web Key (RFC 7517). Entra's have no `alg` either.
    pub(crate) fn public_half(&self) -> Value {
        let encoded = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match &self.pair {
            Pair::Rsa(pair) => {
                let PublicKeyComponents { n, e } = PublicKeyComponents::<Vec<u8>>::from(pair.public());
                json!({"kty": "RSA", "use": "sig", "kid": self.id, "n": encoded(&n), "e": encoded(&e)})
            }
            Pair::Ecdsa(pair) => {
                // An uncompressed point: the byte 4, then the two coordinates of 32 bytes (SEC 1, section 2.3.3).
                let point = pair.public_key().as_ref();
                let (x, y) = point.get(1..).unwrap_or_default().split_at_checked(32).unwrap_or_default();
                json!({
                    "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.id,
                    "x": encoded(x), "y": encoded(y),
                })
            }
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SigningKey").field("id", &self.id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use ring::signature::UnparsedPublicKey;
    use ring::signature::{ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};

    use super::*;

    /// Whether the token is signed by the key with this public half.
    fn is_signed(token: &str, public: &Value) -> bool {
        let bytes = |name: &str| URL_SAFE_NO_PAD.decode(public[name].as_str().unwrap()).unwrap();
        let (message, signature) = token.rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        if public["kty"] == "RSA" {
            let key = RsaPublicKeyComponents { n: bytes("n"), e: bytes("e") };
            return key.verify(&RSA_PKCS1_2048_8192_SHA256, message.as_bytes(), &signature).is_ok();
        }
        let point = [vec![4], bytes("x"), bytes("y")].concat();
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message.as_bytes(), &signature).is_ok()
    }

    #[test]
    fn what_a_key_signs_is_verified_with_its_public_half_and_no_other() {
        for algorithm in [Algorithm::Rs256, Algorithm::Es256] {
            let key = SigningKey::new(algorithm, "a").unwrap();
            let token = key.sign(&json!({"sub": "somebody"})).unwrap();
            assert!(is_signed(&token, &key.public_half()), "{algorithm:?}");
            let forged = SigningKey::forged(algorithm, "a").unwrap();
            assert!(!is_signed(&token, &forged.public_half()), "{algorithm:?}");
        }
    }

    #[test]
    fn a_token_names_its_key_and_algorithm() {
        let token = SigningKey::new(Algorithm::Es256, "a").unwrap().sign(&json!({"sub": "b"})).unwrap();
        let parts: Vec<_> = token.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).unwrap()).collect();
        assert_eq!(parts[0], br#"{"typ":"JWT","alg":"ES256","kid":"a"}"#);
        assert_eq!(parts[1], br#"{"sub":"b"}"#);
        assert_eq!(parts[2].len(), 64);
    }
}
