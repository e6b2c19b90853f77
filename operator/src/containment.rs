//! Whether an object already is what we want: whether everything that we ask for is in it.

use serde_json::Value;

/// Whether `live` holds everything that `desired` does. Objects may hold more, such as defaults and what others
/// added; lists are the same in length and order, because that is how Kubernetes applies most of them.
///
/// Recursion is as deep as `desired`, which we made ourselves.
pub(crate) fn is_contained(desired: &Value, live: &Value) -> bool {
    match (desired, live) {
        (Value::Object(desired), Value::Object(live)) => {
            desired.iter().all(|(key, value)| live.get(key).is_some_and(|found| is_contained(value, found)))
        }
        (Value::Array(desired), Value::Array(live)) => {
            desired.len() == live.len()
                && desired.iter().zip(live).all(|(desired, live)| is_contained(desired, live))
        }
        (desired, live) => desired == live,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_others_added_is_no_difference() {
        let live = json!({"metadata": {"labels": {"a": "1", "b": "2"}}, "spec": {"rules": [{"host": "h", "path": "/"}]}});
        assert!(is_contained(&json!({"metadata": {"labels": {"a": "1"}}}), &live));
        assert!(is_contained(&json!({"spec": {"rules": [{"host": "h"}]}}), &live));
    }

    #[test]
    fn what_is_missing_or_changed_is_a_difference() {
        let live = json!({"data": {"token": "a"}, "list": [1, 2]});
        assert!(!is_contained(&json!({"data": {"token": "b"}}), &live));
        assert!(!is_contained(&json!({"data": {"url": "a"}}), &live));
        assert!(!is_contained(&json!({"list": [1]}), &live));
        assert!(!is_contained(&json!({"list": [2, 1]}), &live));
    }
}
