//! References to resources that other operations of the same request create: `bulkId:<bulkId>` (RFC 7644 §3.7.2).

use serde_json::{Map, Value};
use uuid::Uuid;

use super::{Action, Refusal};

const PREFIX: &str = "bulkId:";

/// Shows every reference of an operation to `id_of`, and puts the id that it gives in its place; without an id the
/// reference stays. Of an operation that is refused the resource that it names is looked at alone.
///
/// A reference is a whole string (`"bulkId:a"`) or the end of a URL of a user or group (`"…/Users/bulkId:a"`), where one
/// may stand: under `value`, `$ref`, `members` or `manager`, as the id in the operation's path, and in the filters of a
/// PATCH's paths (`members[value eq "bulkId:a"]`). Any other text is what it is.
pub(super) fn replace(action: &mut Result<Action, Refusal>, id_of: &mut impl FnMut(&str) -> Option<Uuid>) {
    match action {
        Ok(Action::Create { data, .. }) => in_data(data, Position::Elsewhere, id_of),
        Ok(Action::Replace { target, data, .. }) => {
            in_text(&mut target.id, id_of);
            in_data(data, Position::Elsewhere, id_of);
        }
        Ok(Action::Patch { target, data, .. }) => {
            in_text(&mut target.id, id_of);
            in_patch(data, id_of);
        }
        Ok(Action::Delete { target, .. }) | Err(Refusal { target: Some(target), .. }) => {
            in_text(&mut target.id, id_of);
        }
        Err(Refusal { target: None, .. }) => {}
    }
}

/// Whether a text refers to what another operation creates.
pub(super) fn is_reference(text: &str) -> bool {
    after_prefix(text).is_some()
}

/// Where a string stands.
#[derive(Clone, Copy)]
enum Position {
    /// Where a reference may.
    OfReference,
    Elsewhere,
}

impl Position {
    /// What stands under the attribute, or part of one, that this name or path ends in; in any case, and also where its
    /// schema's URN stands before it.
    fn under(path: &str) -> Self {
        let after_filter = path.rsplit(']').next().unwrap_or(path);
        let last =
            if after_filter.is_empty() { path.split('[').next().unwrap_or(path) } else { after_filter };
        let last = last.rsplit([':', '.']).next().unwrap_or(last);
        let refers =
            ["value", "$ref", "members", "manager"].iter().any(|name| name.eq_ignore_ascii_case(last));
        if refers { Self::OfReference } else { Self::Elsewhere }
    }
}

/// The strings of a value, without recursion: nothing bounds its depth here.
fn in_data(data: &mut Value, position: Position, id_of: &mut impl FnMut(&str) -> Option<Uuid>) {
    let mut values = vec![(position, data)];
    while let Some((position, value)) = values.pop() {
        match (value, position) {
            (Value::String(text), Position::OfReference) => in_text(text, id_of),
            (Value::Array(elements), _) => {
                values.extend(elements.iter_mut().map(|element| (position, element)));
            }
            (Value::Object(parts), _) => {
                values.extend(parts.iter_mut().map(|(name, part)| (Position::under(name), part)));
            }
            _ => {}
        }
    }
}

fn in_text(text: &mut String, id_of: &mut impl FnMut(&str) -> Option<Uuid>) {
    let replaced = replaced(text, id_of);
    if let Some(replaced) = replaced {
        *text = replaced;
    }
}

/// The paths and values of a PATCH's operations.
fn in_patch(data: &mut Value, id_of: &mut impl FnMut(&str) -> Option<Uuid>) {
    let operations = data.as_object_mut().and_then(|body| named(body, "Operations"));
    let operations = operations.and_then(Value::as_array_mut).into_iter().flatten();
    for operation in operations.filter_map(Value::as_object_mut) {
        let path = named(operation, "path").and_then(|path| match path {
            Value::String(path) if !path.is_empty() => Some(path),
            _ => None,
        });
        let position = path.as_ref().map(|path| Position::under(path));
        if let Some(path) = path
            && let Some(replaced) = replaced_in_path(path, id_of)
        {
            *path = replaced;
        }
        let Some(value) = named(operation, "value") else { continue };
        in_data(value, position.unwrap_or(Position::Elsewhere), id_of);
        if position.is_none()
            && let Value::Object(values) = value
        {
            in_names(values, id_of);
        }
    }
}

/// The names of a value without a path, which are paths themselves.
fn in_names(values: &mut Map<String, Value>, id_of: &mut impl FnMut(&str) -> Option<Uuid>) {
    let paths = std::mem::take(values).into_iter();
    values.extend(paths.map(|(path, value)| (replaced_in_path(&path, id_of).unwrap_or(path), value)));
}

fn named<'a>(parts: &'a mut Map<String, Value>, name: &str) -> Option<&'a mut Value> {
    parts.iter_mut().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// The path with ids in its quoted strings; `None` if nothing changes.
fn replaced_in_path(path: &str, id_of: &mut impl FnMut(&str) -> Option<Uuid>) -> Option<String> {
    let mut written = String::new();
    let mut rest = path;
    let mut is_changed = false;
    while let Some((before, quoted)) = rest.find('"').and_then(|quote| rest.split_at_checked(quote)) {
        let mut strings = serde_json::Deserializer::from_str(quoted).into_iter::<String>();
        // What is no string is refused where the path is parsed.
        let Some(Ok(text)) = strings.next() else { break };
        let (literal, after) = quoted.split_at_checked(strings.byte_offset())?;
        written.push_str(before);
        match replaced(&text, id_of) {
            Some(text) => {
                is_changed = true;
                written.push_str(&Value::from(text).to_string());
            }
            None => written.push_str(literal),
        }
        rest = after;
    }
    written.push_str(rest);
    if is_changed { Some(written) } else { None }
}

fn replaced(text: &str, id_of: &mut impl FnMut(&str) -> Option<Uuid>) -> Option<String> {
    let (before, bulk_id) = reference(text)?;
    id_of(bulk_id).map(|id| format!("{before}{id}"))
}

/// The bulkId that a text refers to, and what stands before the reference.
fn reference(text: &str) -> Option<(&str, &str)> {
    if let Some(bulk_id) = after_prefix(text) {
        return Some(("", bulk_id));
    }
    text.match_indices('/').find_map(|(slash, _)| {
        let bulk_id = after_prefix(text.get(slash + 1..)?)?;
        let endpoint = text.get(..slash)?.rsplit('/').next()?;
        let before = text.get(..=slash)?;
        matches!(endpoint, "Users" | "Groups").then_some((before, bulk_id))
    })
}

fn after_prefix(text: &str) -> Option<&str> {
    let (prefix, bulk_id) = text.split_at_checked(PREFIX.len())?;
    prefix.eq_ignore_ascii_case(PREFIX).then_some(bulk_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_stand_under_names_and_paths_of_references_alone() {
        let refers = |path: &str| matches!(Position::under(path), Position::OfReference);
        for path in [
            "members",
            "Manager",
            "$ref",
            "manager.VALUE",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.$ref",
            "members[value eq \"a].x\"].value",
            "members[value eq \"bulkId:a\"]",
        ] {
            assert!(refers(path), "{path}");
        }
        for path in
            ["", "title", "manager.displayName", "members[value eq \"1\"].display", "values", "urn:manager:x"]
        {
            assert!(!refers(path), "{path}");
        }
    }

    #[test]
    fn a_reference_is_a_whole_string_or_the_end_of_a_resources_url() {
        assert_eq!(reference("bulkId:a"), Some(("", "a")));
        assert_eq!(reference("BULKID:a b/c:d"), Some(("", "a b/c:d")));
        assert_eq!(reference("bulkId:"), Some(("", "")));
        assert_eq!(reference("https://x/v2/Users/bulkId:a"), Some(("https://x/v2/Users/", "a")));
        assert_eq!(reference("../Groups/bulkId:a"), Some(("../Groups/", "a")));
        assert_eq!(reference("Users/bulkId:a"), Some(("Users/", "a")));
    }

    #[test]
    fn other_strings_are_what_they_are() {
        for text in ["", "bulkId", "a bulkId:a", "https://x/bulkId:a", "Users:bulkId:a", "ö", "bulkIö:a"] {
            assert_eq!(reference(text), None, "{text}");
        }
    }

    #[test]
    fn a_path_is_searched_in_its_quoted_strings() {
        let id = Uuid::from_u128(7);
        let path = |path: &str| replaced_in_path(path, &mut |bulk_id| (bulk_id == "a\"b").then_some(id));
        let found = path(r#"members[type eq "User" and value eq "bulkId:a\"b"].value"#);
        let expected = format!(r#"members[type eq "User" and value eq "{id}"].value"#);
        assert_eq!(found, Some(expected));
        for other in ["members", r#"x[value eq "bulkId:c"]"#, r#"x[value eq "bulkId:a"#, "\"", "bulkId:a"] {
            assert_eq!(path(other), None, "{other}");
        }
    }
}
