//! DNS labels (RFC 1123, section 2.1), the alphabet of every name that a tenant brings.

/// Longest DNS label, in characters.
const MAX_LENGTH: usize = 63;

/// Why a text is no DNS label.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LabelError {
    /// Nothing was given.
    #[error("is empty")]
    Empty,
    /// More than 63 characters.
    #[error("is longer than {MAX_LENGTH} characters")]
    TooLong,
    /// A character other than `a-z`, `0-9` and `-`.
    #[error("may hold only a-z, 0-9 and -, not {0:?}")]
    Character(char),
    /// A hyphen where a letter or digit must be.
    #[error("must start and end with a letter or digit")]
    Hyphen,
}

/// Checks that `text` is a DNS label as Kubernetes means it
/// (<https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-label-names>).
pub(crate) fn check(text: &str) -> Result<(), LabelError> {
    if text.is_empty() {
        return Err(LabelError::Empty);
    }
    if text.len() > MAX_LENGTH {
        return Err(LabelError::TooLong);
    }
    if let Some(other) = text.chars().find(|c| !matches!(c, 'a'..='z' | '0'..='9' | '-')) {
        return Err(LabelError::Character(other));
    }
    if text.starts_with('-') || text.ends_with('-') {
        return Err(LabelError::Hyphen);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_of_letters_digits_and_inner_hyphens_is_accepted() {
        for text in ["a", "0", "acme", "customer-acme-2", &"x".repeat(63)] {
            assert_eq!(check(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn what_is_no_label_is_refused_with_its_reason() {
        assert_eq!(check(""), Err(LabelError::Empty));
        assert_eq!(check(&"x".repeat(64)), Err(LabelError::TooLong));
        assert_eq!(check("Acme"), Err(LabelError::Character('A')));
        assert_eq!(check("a.b"), Err(LabelError::Character('.')));
        assert_eq!(check("a\"; drop"), Err(LabelError::Character('"')));
        assert_eq!(check("größe"), Err(LabelError::Character('ö')));
        assert_eq!(check("-a"), Err(LabelError::Hyphen));
        assert_eq!(check("a-"), Err(LabelError::Hyphen));
    }
}
