//! Tests of the reader: what is read, to what, and what is refused with which path.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn refusal(text: impl AsRef<[u8]>) -> String {
    let error = parse(text.as_ref()).unwrap_err();
    let Error { status: 400, scim_type: Some(scim_type), detail } = Error::from(error) else {
        panic!("a 400 with its classification")
    };
    format!("{scim_type}: {detail}")
}

#[test]
fn a_value_is_read_as_it_is() {
    let text = r#"{"b": [1, -2, 2.5, true, null, "\ud83d\ude00"], "a": {"c": ""}}"#;
    let value = parse(text.as_bytes()).unwrap();
    assert_eq!(value, serde_json::from_str::<Value>(text).unwrap());
    assert_eq!(value.as_object().unwrap().keys().collect::<Vec<_>>(), ["b", "a"]);
}

#[test]
fn a_byte_order_mark_is_ignored_at_the_start_only() {
    assert_eq!(parse("\u{feff}{}".as_bytes()), Ok(json!({})));
    insta::assert_snapshot!(refusal("{}\u{feff}"), @"invalidSyntax: the body is not JSON at line 1 column 3: trailing characters");
}

#[test]
fn no_text_is_no_value() {
    for text in ["", " \r\n", "\u{feff}"] {
        insta::allow_duplicates!(
            insta::assert_snapshot!(refusal(text), @"invalidSyntax: the body is empty: send a JSON object")
        );
    }
}

#[test]
fn what_is_no_json_is_refused_with_its_position_and_path() {
    insta::assert_snapshot!(refusal("{\"a\": }"), @"invalidSyntax: the body is not JSON at a (line 1 column 7): expected value");
    insta::assert_snapshot!(refusal("{\"a\": [1,\n 2 3]}"), @"invalidSyntax: the body is not JSON at a[2] (line 2 column 4): expected `,` or `]`");
    insta::assert_snapshot!(refusal("{} {}"), @"invalidSyntax: the body is not JSON at line 1 column 4: trailing characters");
    insta::assert_snapshot!(refusal("{\"a\": \"b"), @"invalidSyntax: the body is not JSON at a (line 1 column 8): EOF while parsing a string");
    insta::assert_snapshot!(refusal("{'a': 1}"), @"invalidSyntax: the body is not JSON at line 1 column 2: key must be a string");
    insta::assert_snapshot!(refusal("[NaN]"), @"invalidSyntax: the body is not JSON at [0] (line 1 column 2): expected value");
}

#[test]
fn a_path_goes_through_lists_objects_and_extensions() {
    let bad = |path: &str| format!(r#"{{"emails": [{{}}, {{{path}: "\u0000"}}]}}"#);
    insta::assert_snapshot!(refusal(bad("\"value\"")), @"invalidValue: the body cannot be read at emails[1].value (line 1 column 34): the text holds the character U+0000: leave it out");
    let extension =
        r#"{"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": 1e400}}"#;
    insta::assert_snapshot!(refusal(extension), @"invalidValue: the body cannot be read at urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department (line 1 column 83): the number does not fit into 64 bits: send a smaller one, or a string");
    let long = format!("\"{}\"", "x".repeat(100_000));
    assert!(refusal(bad(&long)).contains("xxx… (line 1 column"), "a long name is cut");
    assert!(refusal(bad(&long)).len() < 300);
}

#[test]
fn a_name_twice_is_refused_in_any_case() {
    insta::assert_snapshot!(refusal("{\"a\": 1,\n \"a\": 2}"), @"invalidSyntax: the body cannot be read at line 2 column 4: 'a' and 'a' are the same name: send one of them");
    insta::assert_snapshot!(refusal(r#"{"name": {"givenName": 1, "b": 2, "GivenName": 2}}"#), @"invalidSyntax: the body cannot be read at name (line 1 column 45): 'givenName' and 'GivenName' are the same name: send one of them");
    insta::assert_snapshot!(refusal(r#"{"größe": 1, "GRÖSSE": 2}"#), @"invalidSyntax: the body cannot be read at line 1 column 24: 'größe' and 'GRÖSSE' are the same name: send one of them");
    insta::assert_snapshot!(refusal(r#"{"\u0061": 1, "a": 2}"#), @"invalidSyntax: the body cannot be read at line 1 column 17: 'a' and 'a' are the same name: send one of them");
    assert!(parse(br#"[{"a": 1}, {"a": {"a": 1}}]"#).is_ok());
}

#[test]
fn nul_is_refused_in_texts_and_names() {
    insta::assert_snapshot!(refusal(r#"{"a": "b\u0000"}"#), @"invalidValue: the body cannot be read at a (line 1 column 15): the text holds the character U+0000: leave it out");
    insta::assert_snapshot!(refusal(r#"{"a": {"\u0000": 1}}"#), @"invalidValue: the body cannot be read at a (line 1 column 15): the text holds the character U+0000: leave it out");
    insta::assert_snapshot!(refusal("{\"a\": \"\0\"}"), @"invalidSyntax: the body is not JSON at a (line 1 column 8): control character (\\u0000-\\u001F) found while parsing a string");
}

#[test]
fn what_is_no_unicode_is_refused() {
    insta::assert_snapshot!(refusal(b"{\"a\": \"\xff\"}"), @"invalidSyntax: the body cannot be read at a (line 1 column 8): the text is not UTF-8: encode the body so");
    insta::assert_snapshot!(refusal(b"{\"\xc3\": 1}"), @"invalidSyntax: the body cannot be read at line 1 column 3: the text is not UTF-8: encode the body so");
    for half in [r"\ud800", r"\ud800x", r"\udfff", r"\ud800\ud800", r"\ud800\n"] {
        let refused = refusal(format!("[\"{half}\"]"));
        assert!(refused.contains("at [0] (line 1 column"), "{half}: {refused}");
        assert!(
            refused.ends_with(
                "the text holds half a surrogate pair: write the whole pair, or the character itself"
            ),
            "{half}: {refused}"
        );
    }
}

#[test]
fn numbers_are_kept_or_refused_and_never_rounded_to_others() {
    let read = |text: &str| parse(text.as_bytes()).map(|value| value.to_string());
    for (text, value) in [
        ("18446744073709551615", "18446744073709551615"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("0", "0"),
        ("-0", "0"),
        ("-0.0", "0"),
        ("2.50", "2.5"),
        ("1e3", "1000.0"),
        ("1e-999", "0.0"),
    ] {
        assert_eq!(read(text).as_deref(), Ok(value), "{text}");
    }
    for text in [
        "18446744073709551616",
        "-9223372036854775809",
        "1e20",
        "-1e20",
        "1e308",
        "1e999",
        "-1e99999999999",
        "1".repeat(1000).as_str(),
    ] {
        let refused = refusal(format!("{{\"badge\": {text}}}"));
        assert!(
            refused.starts_with("invalidValue: the body cannot be read at badge (line 1 column"),
            "{refused}"
        );
        assert!(
            refused.ends_with("the number does not fit into 64 bits: send a smaller one, or a string"),
            "{refused}"
        );
    }
}

#[test]
fn nesting_is_bounded() {
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert!(parse(nested(limits::BODY_DEPTH).as_bytes()).is_ok());
    insta::assert_snapshot!(refusal(nested(limits::BODY_DEPTH + 1)), @"invalidSyntax: the body cannot be read at [0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0] (line 1 column 18): nested too deeply, in more than 16 lists and objects");
    assert!(refusal("[".repeat(1_000_000)).contains("nested too deeply"));
    assert!(refusal("{\"a\":".repeat(1_000_000)).contains("nested too deeply"));
}

#[test]
fn the_number_of_values_is_bounded() {
    let list = |count: usize| format!("[{}0]", "0,".repeat(count - 2));
    assert!(parse(list(limits::BODY_VALUES).as_bytes()).is_ok());
    let refused = refusal(list(limits::BODY_VALUES + 1));
    insta::assert_snapshot!(refused, @"invalidSyntax: the body cannot be read at [99999] (line 1 column 199999): more than 100000 values: send several requests");
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&bytes);
    }

    #[test]
    fn whatever_is_accepted_means_what_it_means_to_others(text in r#"(\{|\}|\[|\]|,|:|"a"|"b"|1|null){0,12}"#) {
        if let Ok(value) = parse(text.as_bytes()) {
            prop_assert_eq!(value, serde_json::from_str::<Value>(&text).unwrap());
        }
    }

    #[test]
    fn what_was_read_is_read_again_as_the_same(text in r#"\{"a": (-?[0-9]{1,21}(\.[0-9]{1,20})?(e-?[0-9]{1,2})?|"[ -!#-\[\]-~]{0,9}"|\[(1|null)?\])\}"#) {
        if let Ok(value) = parse(text.as_bytes()) {
            prop_assert_eq!(parse(value.to_string().as_bytes()), Ok(value));
        }
    }
}
