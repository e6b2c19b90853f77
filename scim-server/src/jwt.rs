//! Signed tokens of an issuer that a tenant trusts: JWTs (RFC 7519) in the compact form of RFC 7515.

pub mod claims;
mod signature;

use jsonwebtoken::{Algorithm, DecodingKey, Validation, dangerous, decode};

use crate::jwt::claims::Claims;

/// Longest token that is looked at, in bytes.
const LONGEST: usize = 16 * 1024;

/// What is accepted. All of them are asymmetric: a public key is never good as a shared secret.
const ALGORITHMS: [Algorithm; 6] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::ES256,
    Algorithm::ES384,
];

/// A token of which nothing is believed yet.
pub struct Unverified<'a> {
    text: &'a str,
    key_id: String,
    algorithm: Algorithm,
    claims: Claims,
}

/// Whether a text has the form of a JWT: three parts of base64url, between dots.
pub fn has_form(text: &str) -> bool {
    let mut parts = text.split('.');
    let is_part = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    parts.by_ref().take(3).filter(|part| is_part(part)).count() == 3 && parts.next().is_none()
}

impl<'a> Unverified<'a> {
    /// Reads a token; `None` if it is none, or of a kind that is never accepted. One without `kid` is not, because it
    /// would have to be tried with every key; nor one that has `crit`, because nothing that it could name is
    /// understood (RFC 7515, section 4.1.11).
    pub fn read(text: &'a str) -> Option<Self> {
        if text.len() > LONGEST || !has_form(text) {
            return None;
        }
        let token = dangerous::insecure_decode::<Claims>(text).ok()?;
        let header = token.header;
        let is_accepted = ALGORITHMS.contains(&header.alg) && header.crit.is_none();
        let key_id = header.kid.filter(|_| is_accepted)?;
        Some(Self { text, key_id, algorithm: header.alg, claims: token.claims })
    }

    /// Who is said to have issued it.
    pub fn issuer(&self) -> &str {
        self.claims.issuer()
    }

    /// Which key is said to have signed it, and how.
    pub fn key(&self) -> (&str, Algorithm) {
        (&self.key_id, self.algorithm)
    }

    /// What it says, if this key signed it. Whether that is enough is for [`Claims::satisfy`] to say.
    pub fn signed_by(&self, key: &DecodingKey) -> Option<&Claims> {
        signature::install();
        let mut signature_alone = Validation::new(self.algorithm);
        signature_alone.required_spec_claims.clear();
        signature_alone.validate_exp = false;
        signature_alone.validate_aud = false;
        decode::<Claims>(self.text, key, &signature_alone).ok().map(|_| &self.claims)
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    use serde_json::{Value, json};

    use super::*;

    fn token(header: &Value) -> String {
        let claims = json!({"iss": "https://issuer.example.com", "aud": "a", "exp": 1});
        let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
        format!("{}.{}.c2lnbmF0dXJl", part(header), part(&claims))
    }

    fn is_read(header: &Value) -> bool {
        Unverified::read(&token(header)).is_some()
    }

    #[test]
    fn three_parts_of_base64url_have_the_form_of_a_token() {
        assert!(has_form("eyJh.eyJp.c2ln-_"));
        for text in
            ["", "a", "a.b", "a.b.", ".b.c", "a..c", "a.b.c.d", "a.b.c=", "a.b.c+", "a b.c.d", "scim_abc"]
        {
            assert!(!has_form(text), "{text}");
        }
    }

    #[test]
    fn asymmetric_signatures_are_accepted_and_nothing_else() {
        for algorithm in ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384"] {
            assert!(is_read(&json!({"alg": algorithm, "kid": "1"})), "{algorithm}");
        }
        for algorithm in
            ["none", "None", "HS256", "HS384", "HS512", "EdDSA", "ES512", "PS512", "RS1", "dir", ""]
        {
            assert!(!is_read(&json!({"alg": algorithm, "kid": "1"})), "{algorithm}");
        }
    }

    #[test]
    fn a_token_names_its_key_and_nothing_that_is_critical() {
        assert!(!is_read(&json!({"alg": "RS256"})));
        assert!(!is_read(&json!({"alg": "RS256", "kid": 7})));
        assert!(!is_read(&json!({"alg": "RS256", "kid": "1", "crit": ["b64"], "b64": false})));
        assert!(!is_read(&json!({"kid": "1"})));
        assert!(!is_read(&json!([])));
    }

    #[test]
    fn a_token_that_is_too_long_or_no_json_is_not_read() {
        assert!(!is_read(&json!({"alg": "RS256", "kid": "x".repeat(LONGEST)})));
        assert!(Unverified::read("eyJh.eyJp.c2ln").is_none());
        let header = URL_SAFE_NO_PAD.encode(json!({"alg": "RS256", "kid": "1"}).to_string());
        for claims in
            ["", "{}", "[]", "{\"iss\": 1}", "{\"iss\":\"a\",\"iss\":\"b\",\"aud\":\"a\",\"exp\":1}"]
        {
            let text = format!("{header}.{}.c2ln", URL_SAFE_NO_PAD.encode(claims));
            assert!(Unverified::read(&text).is_none(), "{claims}");
        }
    }
}
