//! The scripts of a test. There is one in the files; it is read here by its text instead of being run as JavaScript.

use serde_json::Value;

use super::assertion::Verdict;

/// The message of the only script: it wants at least one group, and `Resources` to be an array.
const RESOURCES_IS_AN_ARRAY: &str = "assert.ok(exists, \"Resources is of type Array\");";

/// Evaluates the script; one that is not known fails, so that a new file cannot pass unread.
pub(super) fn evaluate(script: &str, document: Option<&Value>) -> Verdict {
    if !script.contains(RESOURCES_IS_AN_ARRAY) {
        return Verdict::Fails(format!("this script is not known: {script}"));
    }
    let total = document.and_then(|document| document.get("totalResults")).and_then(Value::as_u64);
    let is_array = document.and_then(|document| document.get("Resources")).is_some_and(Value::is_array);
    if total.is_some_and(|total| total >= 1) && is_array {
        Verdict::Holds
    } else {
        Verdict::Fails("script: Resources is of type Array, and there is one at least".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn resources_must_be_an_array_and_not_empty() {
        let script = format!("var data = 1;\n{RESOURCES_IS_AN_ARRAY}\n");
        let document = json!({ "totalResults": 1, "Resources": [{}] });
        assert_eq!(evaluate(&script, Some(&document)), Verdict::Holds);
        let document = json!({ "totalResults": 0, "Resources": [] });
        assert!(matches!(evaluate(&script, Some(&document)), Verdict::Fails(_)));
    }

    #[test]
    fn an_unknown_script_fails() {
        assert!(matches!(evaluate("assert.ok(true)", None), Verdict::Fails(_)));
    }
}
