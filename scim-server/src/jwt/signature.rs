//! Signatures by ring, as `jsonwebtoken` wants them: it brings the form of tokens and leaves the cryptography to others.

use jsonwebtoken::{
    Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind,
    crypto::{CryptoProvider, JwtVerifier, KeyUtils},
    errors::{Error, ErrorKind},
    signature::{self, Verifier},
};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, EcdsaVerificationAlgorithm, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RsaParameters,
    RsaPublicKeyComponents, UnparsedPublicKey,
};

static PROVIDER: CryptoProvider = CryptoProvider {
    // Nothing is signed here.
    signer_factory: |_, _| Err(ErrorKind::UnsupportedAlgorithm.into()),
    verifier_factory: |algorithm, key| verifier(*algorithm, key),
    // Derives public keys and thumbprints, which nothing here asks for.
    key_utils: KeyUtils::new_unimplemented(),
};

/// Makes `jsonwebtoken` verify with ring, in the whole process. Again and again is as good as once.
pub(super) fn install() {
    let _ = PROVIDER.install_default();
}

fn verifier(algorithm: Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>, Error> {
    let kind = match (key.family(), key.kind()) {
        (AlgorithmFamily::Rsa, DecodingKeyKind::RsaModulusExponent { n, e }) => {
            let components = RsaPublicKeyComponents { n: n.clone(), e: e.clone() };
            Kind::Rsa(rsa(algorithm).ok_or(ErrorKind::InvalidAlgorithm)?, components)
        }
        (AlgorithmFamily::Ec, DecodingKeyKind::SecretOrDer(point)) => {
            let algorithm = ecdsa(algorithm).ok_or(ErrorKind::InvalidAlgorithm)?;
            Kind::Ecdsa(UnparsedPublicKey::new(algorithm, point.clone()))
        }
        _ => return Err(ErrorKind::InvalidKeyFormat.into()),
    };
    Ok(Box::new(RingVerifier { algorithm, kind }))
}

/// All of them refuse keys of less than 2048 bits.
fn rsa(algorithm: Algorithm) -> Option<&'static RsaParameters> {
    match algorithm {
        Algorithm::RS256 => Some(&RSA_PKCS1_2048_8192_SHA256),
        Algorithm::RS384 => Some(&RSA_PKCS1_2048_8192_SHA384),
        Algorithm::RS512 => Some(&RSA_PKCS1_2048_8192_SHA512),
        Algorithm::PS256 => Some(&RSA_PSS_2048_8192_SHA256),
        _ => None,
    }
}

/// Each has one curve and refuses points of another (RFC 7518, section 3.4).
fn ecdsa(algorithm: Algorithm) -> Option<&'static EcdsaVerificationAlgorithm> {
    match algorithm {
        Algorithm::ES256 => Some(&ECDSA_P256_SHA256_FIXED),
        Algorithm::ES384 => Some(&ECDSA_P384_SHA384_FIXED),
        _ => None,
    }
}

struct RingVerifier {
    algorithm: Algorithm,
    kind: Kind,
}

enum Kind {
    Rsa(&'static RsaParameters, RsaPublicKeyComponents<Vec<u8>>),
    Ecdsa(UnparsedPublicKey<Vec<u8>>),
}

impl JwtVerifier for RingVerifier {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

impl Verifier<Vec<u8>> for RingVerifier {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        let verified = match &self.kind {
            Kind::Rsa(parameters, key) => key.verify(parameters, message, signature),
            Kind::Ecdsa(key) => key.verify(message, signature),
        };
        verified.map_err(|_| signature::Error::new())
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    use ring::{
        rand::SystemRandom,
        rsa::PublicKeyComponents,
        signature::{
            ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _,
            RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair,
        },
    };
    use serde_json::json;

    use super::*;
    use crate::jwt::Unverified;

    /// ring makes no keys for RSA.
    const RSA: &[u8] = include_bytes!("../../../tests/identity-provider/keys/first.pkcs8");

    /// A token with this algorithm in its header, signed by `sign`.
    fn token(algorithm: &str, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
        let encoded = |text: String| URL_SAFE_NO_PAD.encode(text);
        let header = encoded(json!({"alg": algorithm, "kid": "1"}).to_string());
        let message = format!("{header}.{}", encoded(json!({"iss": "i", "aud": "a", "exp": 1}).to_string()));
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(sign(message.as_bytes())))
    }

    fn by_rsa(algorithm: &str, encoding: &'static dyn RsaEncoding) -> (String, DecodingKey) {
        let pair = RsaKeyPair::from_pkcs8(RSA).unwrap();
        let token = token(algorithm, |message| {
            let mut signature = vec![0; pair.public().modulus_len()];
            pair.sign(encoding, &SystemRandom::new(), message, &mut signature).unwrap();
            signature
        });
        let PublicKeyComponents { n, e } = PublicKeyComponents::<Vec<u8>>::from(pair.public());
        (token, DecodingKey::from_rsa_raw_components(&n, &e))
    }

    fn by_ecdsa(algorithm: &str) -> (String, DecodingKey) {
        let signing = match algorithm {
            "ES256" => &ECDSA_P256_SHA256_FIXED_SIGNING,
            _ => &ECDSA_P384_SHA384_FIXED_SIGNING,
        };
        let random = SystemRandom::new();
        let pair = EcdsaKeyPair::generate_pkcs8(signing, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(signing, pair.as_ref(), &random).unwrap();
        let token = token(algorithm, |message| pair.sign(&random, message).unwrap().as_ref().to_vec());
        (token, DecodingKey::from_ec_der(pair.public_key().as_ref()))
    }

    fn all() -> [(String, DecodingKey); 6] {
        [
            by_rsa("RS256", &RSA_PKCS1_SHA256),
            by_rsa("RS384", &RSA_PKCS1_SHA384),
            by_rsa("RS512", &RSA_PKCS1_SHA512),
            by_rsa("PS256", &RSA_PSS_SHA256),
            by_ecdsa("ES256"),
            by_ecdsa("ES384"),
        ]
    }

    fn is_signed(token: &str, key: &DecodingKey) -> bool {
        Unverified::read(token).unwrap().signed_by(key).is_some()
    }

    #[test]
    fn each_accepted_algorithm_is_verified() {
        for (token, key) in all() {
            assert!(is_signed(&token, &key), "{token}");
        }
    }

    #[test]
    fn a_token_that_was_changed_is_not_signed() {
        for (token, key) in all() {
            let (message, signature) = token.rsplit_once('.').unwrap();
            let (header, _) = message.split_once('.').unwrap();
            let claims = URL_SAFE_NO_PAD.encode(json!({"iss": "i", "aud": "b", "exp": 1}).to_string());
            assert!(!is_signed(&format!("{header}.{claims}.{signature}"), &key));
            assert!(!is_signed(&format!("{message}.{}", &signature[4..]), &key));
            assert!(!is_signed(&format!("{message}.AAAA"), &key));
        }
    }

    #[test]
    fn another_key_algorithm_or_curve_is_not_the_same() {
        let (rs256, rsa) = by_rsa("RS256", &RSA_PKCS1_SHA256);
        let (es256, p256) = by_ecdsa("ES256");
        let (es384, p384) = by_ecdsa("ES384");
        let (_, other_p256) = by_ecdsa("ES256");
        for (token, key) in [
            (&rs256, &p256),
            (&es256, &rsa),
            (&es256, &p384),
            (&es384, &p256),
            (&es256, &other_p256),
            (&by_rsa("RS256", &RSA_PSS_SHA256).0, &rsa),
            (&by_rsa("RS384", &RSA_PKCS1_SHA256).0, &rsa),
            (&rs256, &DecodingKey::from_secret(RSA)),
        ] {
            assert!(!is_signed(token, key));
        }
    }

    #[test]
    fn an_rsa_key_has_2048_bits_at_least() {
        let modulus = "rIrOe6WKvkKsbkpg6G9lxyFHKYJqjz6eXcOhI0OWcwatqWxEiW4RTC2rslJ8kc5SXIMyVr3A-AibFBWVZMKMgs\
                       IvEPyx1en4cxCT9U92CtS7SHor2TGArrFiCHP8wTBHo-4zFcdXujRQu01ExfGmK9QjJmgnQYjmYE0IstdAIlE";
        let message = "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.eyJpc3MiOiJpIiwiYXVkIjoiYSIsImV4cCI6MX0";
        let signature = "GAIpp4rZfXugx9iDsK6rmunP-lcWFK36uImThDbVxTTbBjdDbBZ55pN4XhJsIsZoqyt1OD65RAc_aGg66WjExG\
                         O8ekOUQZ-0BVaR4jLYnBZo5pTDVuBOsyiyrzyVVbdmJjYdTtNRgXN5VG2y8jYZfGgcegwMuFd8DCj5jgDGmq8";
        let key = DecodingKey::from_rsa_components(modulus, "AQAB").unwrap();
        assert!(!is_signed(&format!("{message}.{signature}"), &key));
    }
}
