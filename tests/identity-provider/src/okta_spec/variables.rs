//! The `{{variables}}` of a test.

use std::collections::BTreeMap;

/// Names and their values.
#[derive(Debug)]
pub(super) struct Variables(BTreeMap<String, String>);

impl Variables {
    /// The initial variables, in the form that Okta's guide gives for them; `unique` makes those that name a person
    /// new with each run.
    pub(super) fn of(authorization: &str, unique: &str) -> Self {
        let (given_name, family_name) = (format!("Runscope{unique}"), format!("Hfluaklab{unique}"));
        let user_name = format!("{given_name}{family_name}@example.com");
        let capitals = user_name.to_uppercase();
        let values = [
            // The connection knows the base.
            ("SCIMBaseURL", ""),
            ("auth", authorization),
            ("InvalidUserEmail", "abcdefgh@atko.com"),
            ("UserIdThatDoesNotExist", "010101001010101011001010101011"),
            ("randomEmail", &format!("runscope.{unique}@atko.com")),
            ("randomUsername", &user_name),
            ("randomUsernameCaps", &capitals),
            ("randomGivenName", &given_name),
            ("randomFamilyName", &family_name),
        ];
        Self(values.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    /// Remembers a value for the steps that follow.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        self.0.insert(name.to_owned(), value.to_owned());
    }

    /// The text with each `{{name}}` replaced; the error names one that is unknown.
    pub(super) fn substitute(&self, text: &str) -> Result<String, String> {
        let (mut result, mut rest) = (String::new(), text);
        while let Some((before, after)) = rest.split_once("{{") {
            // Braces of JSON come in pairs too: `}}` without a name before it is none of ours.
            let Some((name, remainder)) = after.split_once("}}") else { break };
            let value = self.0.get(name).ok_or_else(|| format!("no step has set {name}"))?;
            result.push_str(before);
            result.push_str(value);
            rest = remainder;
        }
        result.push_str(rest);
        Ok(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_variable_of_a_text_is_replaced() {
        let mut variables = Variables::of("Bearer secret", "01");
        variables.set("id", "1a");
        assert_eq!(
            variables.substitute(r#"{"a":{"b":"{{id}} {{auth}}"}}"#),
            Ok(r#"{"a":{"b":"1a Bearer secret"}}"#.to_owned())
        );
    }

    #[test]
    fn an_unknown_variable_is_named() {
        let variables = Variables::of("", "01");
        assert_eq!(variables.substitute("/Users/{{idUserOne}}"), Err("no step has set idUserOne".to_owned()));
    }
}
