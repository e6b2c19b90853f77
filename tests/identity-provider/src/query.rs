//! The two encodings of a query that identity providers use.

use url::form_urlencoded::Serializer;

/// As Entra writes it: a form, so a space is `+`, a quote `%22` and a plus `%2B` `[dev]`.
pub(crate) fn form_encoded(parameters: &[(&str, &str)]) -> String {
    Serializer::new(String::new()).extend_pairs(parameters).finish()
}

/// As Okta writes it: a space is `%20` `[okta]`.
pub(crate) fn percent_encoded(parameters: &[(&str, &str)]) -> String {
    // The form's own plus signs are `%2B` by then, so each `+` that is left stands for a space.
    form_encoded(parameters).replace('+', "%20")
}

/// `attribute eq "value"` with the quotes and backslashes of the value escaped (RFC 7644 §3.4.2.2: a JSON string).
pub(crate) fn equals(attribute: &str, value: &str) -> String {
    format!("{attribute} eq {}", serde_json::Value::from(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entra_encodes_a_space_as_plus_and_a_plus_as_percent_2b() {
        let filter = equals("userName", "anna+test@acme.example");
        insta::assert_snapshot!(
            form_encoded(&[("excludedAttributes", "members"), ("filter", &filter)]),
            @"excludedAttributes=members&filter=userName+eq+%22anna%2Btest%40acme.example%22"
        );
    }

    #[test]
    fn okta_encodes_a_space_as_percent_20() {
        let filter = equals("userName", "anna+test@acme.example");
        insta::assert_snapshot!(
            percent_encoded(&[("filter", &filter), ("startIndex", "1")]),
            @"filter=userName%20eq%20%22anna%2Btest%40acme.example%22&startIndex=1"
        );
    }

    #[test]
    fn a_quote_in_a_value_is_escaped_in_the_filter() {
        insta::assert_snapshot!(equals("displayName", r#"the "best" \ team"#), @r#"displayName eq "the \"best\" \\ team""#);
    }
}
