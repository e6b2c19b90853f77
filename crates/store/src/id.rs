//! The one spelling of an id.

use uuid::Uuid;

/// The id that is written so: in lower case with hyphens, as every answer writes it. Ids are case-exact (RFC 7643 §3.1),
/// so that any other spelling of the same number is the id of nothing.
pub fn parse_id(text: &str) -> Option<Uuid> {
    Uuid::try_parse(text).ok().filter(|id| id.to_string() == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_spelling() {
        let id = "0198a5a6-0000-7000-8000-00000000000a";
        assert_eq!(parse_id(id).map(|id| id.to_string()).as_deref(), Some(id));
        let others = [
            id.to_uppercase(),
            id.replace('-', ""),
            format!("{{{id}}}"),
            format!("urn:uuid:{id}"),
            format!(" {id}"),
            String::new(),
        ];
        for other in others {
            assert_eq!(parse_id(&other), None, "{other}");
        }
    }
}
