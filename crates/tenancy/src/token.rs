//! Bearer tokens: made from random bits, recognisable by secret scanners, never printed by accident.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::base62;
use crate::digest::TokenDigest;

const PREFIX: &str = "scim_";
/// Digits that hold 32 random bytes: 62^43 > 2^256.
const RANDOM_DIGITS: usize = 43;
/// Digits that hold the four bytes of the checksum: 62^6 > 2^32.
const CHECKSUM_DIGITS: usize = 6;

/// The secret that an identity provider presents (RFC 6750).
///
/// `scim_`, 43 base62 digits (0-9A-Za-z) of 256 random bits, 6 base62 digits of checksum: the first four bytes of the
/// SHA-256 of everything before. A secret scanner matches `scim_[0-9A-Za-z]{49}` and drops what fails the checksum.
/// Only [`Token::expose`] gives the text away; there is no `Display` and no serde.
#[derive(Clone)]
pub struct Token(String);

/// Why a text is no token of ours. None of them repeats the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Another prefix, length or alphabet.
    #[error("does not look like scim_ and 49 letters and digits")]
    Form,
    /// The last six digits do not belong to the rest: a typing error or a cut.
    #[error("has a wrong checksum; was it copied in full?")]
    Checksum,
}

impl Token {
    /// Makes a token. The caller brings the random bits from the operating system.
    pub fn from_random(random: [u8; 32]) -> Self {
        let body = format!("{PREFIX}{}", base62::encode(&random, RANDOM_DIGITS));
        let checksum = checksum(&body);
        Self(body + &checksum)
    }

    /// Reads a token and checks its checksum.
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        let digits = text.strip_prefix(PREFIX).ok_or(TokenError::Form)?;
        if digits.len() != RANDOM_DIGITS + CHECKSUM_DIGITS || !base62::is_base62(digits) {
            return Err(TokenError::Form);
        }
        let (body, given) = text.split_at_checked(PREFIX.len() + RANDOM_DIGITS).ok_or(TokenError::Form)?;
        if given == checksum(body) { Ok(Self(text.to_owned())) } else { Err(TokenError::Checksum) }
    }

    /// The secret itself, for the Secret that the customer reads it from.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What the registry keeps of it.
    pub fn digest(&self) -> TokenDigest {
        TokenDigest::of(&self.0)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

fn checksum(body: &str) -> String {
    let digest: [u8; 32] = Sha256::digest(body.as_bytes()).into();
    base62::encode(digest.first_chunk::<4>().unwrap_or(&[0; 4]), CHECKSUM_DIGITS)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_token_looks_as_documented() {
        insta::assert_snapshot!(
            Token::from_random([0; 32]).expose(),
            @"scim_00000000000000000000000000000000000000000004RBaav"
        );
        assert_eq!(Token::from_random([0xff; 32]).expose().len(), 54);
    }

    #[test]
    fn a_token_is_not_printed_by_accident() {
        assert_eq!(format!("{:?}", Token::from_random([7; 32])), "Token(…)");
    }

    #[test]
    fn a_text_of_another_form_is_no_token() {
        for text in ["", "scim_", "scim_abc", "ghp_0123", &format!("scim_{}", "ä".repeat(24) + "0")] {
            assert_eq!(Token::parse(text).unwrap_err(), TokenError::Form, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_token_can_be_read_back(random: [u8; 32]) {
            let token = Token::from_random(random);
            prop_assert_eq!(Token::parse(token.expose()).unwrap().digest(), token.digest());
        }

        #[test]
        fn a_changed_digit_fails_the_checksum(random: [u8; 32], position in 5_usize..54) {
            let mut text = Token::from_random(random).expose().to_owned().into_bytes();
            text[position] = if text[position] == b'x' { b'y' } else { b'x' };
            let text = String::from_utf8(text).unwrap();
            prop_assert_eq!(Token::parse(&text).unwrap_err(), TokenError::Checksum);
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in ".{0,80}") {
            let _ = Token::parse(&text);
        }
    }
}
