//! Whether what somebody brings can be guessed, or cannot be sent.

use std::fmt;
use std::panic::catch_unwind;

use tenancy::CredentialKind;
use zxcvbn::zxcvbn;

/// Longest credential, in bytes: longer ones do not fit into the head of a request.
const LONGEST: usize = 8 * 1024;
/// Longest user name, in bytes.
const LONGEST_USER_NAME: usize = 256;
/// Fewest characters. zxcvbn counts ten guesses for a character that follows from nothing: this is 10²⁸ of them.
const FEWEST: usize = 28;
/// As many characters are looked at: more take long, and make nothing stronger.
const LOOKED_AT: usize = 64;

/// What is wrong with a credential, as the end of a sentence. It does not repeat any of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    Empty,
    TooLong(usize),
    NotAToken,
    NotPrintable,
    Colon,
    TooShort,
    Guessable,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("is empty"),
            Self::TooLong(longest) => write!(f, "has more than {longest} bytes"),
            Self::NotAToken => f.write_str(
                "has other characters than letters, digits, - . _ ~ + / and = at its end (RFC 6750)",
            ),
            Self::NotPrintable => f.write_str("has other characters than those that ASCII prints"),
            Self::Colon => f.write_str("has a colon (RFC 7617)"),
            Self::TooShort => write!(f, "has fewer than {FEWEST} characters"),
            Self::Guessable => f.write_str("is too easy to guess"),
        }
    }
}

/// What is wrong with a token or a password. `known` is what a guess would begin with.
pub(super) fn flaw(kind: CredentialKind, secret: &str, known: &[&str]) -> Option<Flaw> {
    if secret.len() > LONGEST {
        return Some(Flaw::TooLong(LONGEST));
    }
    match kind {
        // Identity providers do not agree on how to send other characters (RFC 7617, section 2.1).
        CredentialKind::Basic if !is_printable(secret) => Some(Flaw::NotPrintable),
        CredentialKind::Basic => guessable(secret, known),
        _ if !secret.is_empty() && !is_token(secret) => Some(Flaw::NotAToken),
        _ => guessable(secret, known),
    }
}

/// What is wrong with a user name.
pub(super) fn flaw_of_user_name(user_name: &str) -> Option<Flaw> {
    match user_name {
        "" => Some(Flaw::Empty),
        name if name.len() > LONGEST_USER_NAME => Some(Flaw::TooLong(LONGEST_USER_NAME)),
        name if !is_printable(name) => Some(Flaw::NotPrintable),
        name if name.contains(':') => Some(Flaw::Colon),
        _ => None,
    }
}

/// `b64token` (RFC 6750, section 2.1).
fn is_token(text: &str) -> bool {
    let text = text.trim_end_matches('=');
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte))
}

fn is_printable(text: &str) -> bool {
    text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
}

/// zxcvbn counts guesses up to 2⁶⁴. What it cannot explain with fewer is as good as its length, since there is no pattern in
/// it that would make it short.
fn guessable(text: &str, known: &[&str]) -> Option<Flaw> {
    if text.len() < FEWEST {
        return Some(Flaw::TooShort);
    }
    let begin: String = text.chars().take(LOOKED_AT).collect();
    // Whatever somebody puts into a Secret must not end the operator.
    let guesses = catch_unwind(|| zxcvbn(&begin, known).guesses()).unwrap_or(0);
    (guesses < u64::MAX).then_some(Flaw::Guessable)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bearer(text: &str) -> Option<Flaw> {
        flaw(CredentialKind::BearerToken, text, &["acme", "customer-acme"])
    }

    fn password(text: &str) -> Option<Flaw> {
        flaw(CredentialKind::Basic, text, &["acme", "customer-acme", "scim"])
    }

    #[test]
    fn random_characters_are_good_enough() {
        for text in [
            "d41d8cd98f00b204e9800998ecf8427e",
            "8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4",
            "3q2+7xFpJd0kZ8mYtQv1bW5nRc7uLh4sGa9eXo6iKz0=",
            "9b2f7c1e-4d83-4a6b-b5d0-7e1f3c9a8d42",
            "scim_4fGk92LmQx7RtZ0bVc8NpWs3YhJd6EaUi1OoKe5TyBqXrMu2",
            "Hq7-Zt2_Lw9.Kx4~Vn6+Bm3/Cp8Rd1Fs",
        ] {
            assert_eq!(bearer(text), None, "{text}");
            assert_eq!(password(text), None, "{text}");
        }
        assert_eq!(password("k3!Vq@9z$Lw7^Tp2&Xn5*Rb8(Jd4)Hm6"), None);
        assert_eq!(bearer(&"8f434346648f6b96df89dda901c5176b".repeat(256)), None, "8 KiB");
    }

    #[test]
    fn what_could_be_guessed_is_refused() {
        for text in [
            "password".repeat(5),
            "changeme-changeme-changeme-changeme".to_owned(),
            "a".repeat(64),
            "0123456789abcdef0123456789abcdef".to_owned(),
            "abcdefghijklmnopqrstuvwxyzabcdef".to_owned(),
            "11111111-2222-3333-4444-555555555555".to_owned(),
            "customer-acme-customer-acme-customer-acme".to_owned(),
            "qwertyuiopasdfghjklzxcvbnm1234567890".to_owned(),
        ] {
            assert_eq!(bearer(&text), Some(Flaw::Guessable), "{text}");
            assert_eq!(password(&text), Some(Flaw::Guessable), "{text}");
        }
        assert_eq!(bearer(""), Some(Flaw::TooShort));
        assert_eq!(bearer("d41d8cd98f00b204e9800998ecf"), Some(Flaw::TooShort));
    }

    #[test]
    fn what_cannot_be_sent_is_refused() {
        let random = "d41d8cd98f00b204e9800998ecf8427e";
        for end in ["ä", " a", "\u{0}a", "\na", "\"", ":", "=a", "…"] {
            assert_eq!(bearer(&format!("{random}{end}")), Some(Flaw::NotAToken), "{end:?}");
        }
        assert_eq!(bearer("==="), Some(Flaw::NotAToken));
        for end in ["ä", "\u{0}a", "\na", "\u{7f}"] {
            assert_eq!(password(&format!("{random}{end}")), Some(Flaw::NotPrintable), "{end:?}");
        }
        assert_eq!(password(&format!("{random} a:\"")), None);
        assert_eq!(bearer(&"a".repeat(LONGEST + 1)), Some(Flaw::TooLong(LONGEST)));
    }

    #[test]
    fn a_user_name_can_be_sent() {
        assert_eq!(flaw_of_user_name("scim"), None);
        assert_eq!(flaw_of_user_name("scim@acme example"), None);
        assert_eq!(flaw_of_user_name(""), Some(Flaw::Empty));
        assert_eq!(flaw_of_user_name("a:b"), Some(Flaw::Colon));
        assert_eq!(flaw_of_user_name("ä"), Some(Flaw::NotPrintable));
        assert_eq!(flaw_of_user_name(&"a".repeat(257)), Some(Flaw::TooLong(256)));
    }

    #[test]
    fn no_text_ends_the_operator() {
        let leet = "4@8({[<3691!|0$5+7%2".repeat(4);
        let walk = "qwqwqwqwqwertrewqasdfdsaqwedsazxcvcxzasdewqqwertyuioplkjhgfdsazxcvbnm";
        let dates = "01011990020219910303199204041993050519940606199507071996080819970909";
        for text in [&*leet, walk, dates, &"\u{10ffff}".repeat(64), &"ß".repeat(64), &"İ".repeat(64)] {
            let _ = guessable(text, &["İ", "", "acme"]);
        }
    }
}
