//! Case folding: the one place that says which strings a case-insensitive attribute takes for equal.

use unicase::UniCase;

/// The string with all differences of case removed (Unicode full case folding, without normalisation). Two
/// values of an attribute that is not `caseExact` are equal exactly when their folded forms are the same
/// bytes.
///
/// Folding a folded string changes nothing.
pub fn fold(text: &str) -> String {
    if text.is_ascii() { text.to_ascii_lowercase() } else { UniCase::unicode(text).to_folded_case() }
}

/// Whether two names differ in case at most.
pub(crate) fn same(left: &str, right: &str) -> bool {
    if left.is_ascii() && right.is_ascii() {
        left.eq_ignore_ascii_case(right)
    } else {
        fold(left) == fold(right)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn case_makes_no_difference_in_any_script() {
        assert_eq!(fold("Ada@Example.COM"), fold("ada@example.com"));
        assert_eq!(fold("STRASSE"), fold("straße"));
        assert_eq!(fold("ΟΔΟΣ"), fold("οδος"));
        assert_ne!(fold("Jürgen"), fold("Jurgen"));
    }

    proptest! {
        #[test]
        fn folding_a_folded_string_changes_nothing(text in ".*") {
            let folded = fold(&text);
            prop_assert_eq!(fold(&folded), folded);
        }
    }
}
