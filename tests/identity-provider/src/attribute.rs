//! The SCIM attributes of the seeds' mapping tables: where each stands in a document and in a PATCH path.

use std::fmt;

use serde_json::{Map, Value, json};

/// RFC 7643 §4.3.
pub(crate) const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const CUSTOM: &str = "urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName";
const METADATA: &str = "urn:ietf:params:scim:schemas:extension:2.0:Metadata";

/// A target attribute of a user mapping.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is named as its attribute")]
pub enum Attribute {
    UserName,
    ExternalId,
    Active,
    DisplayName,
    Title,
    PreferredLanguage,
    Locale,
    UserType,
    GivenName,
    FamilyName,
    FormattedName,
    WorkEmail,
    MobilePhone,
    WorkPhone,
    Country,
    Locality,
    Region,
    PostalCode,
    FormattedAddress,
    StreetAddress,
    Department,
    EmployeeNumber,
    CostCenter,
    Organization,
    Division,
    Manager,
    /// The one role of Entra's `SingleAppRoleAssignment()` `[attr]`.
    Role,
    /// The multi-valued attribute of the platform's extension.
    Folders,
    /// A key of the platform's free metadata.
    Metadata(String),
}

/// Where an attribute stands.
enum Place<'a> {
    Attribute(&'a str),
    SubAttribute(&'a str, &'a str),
    /// A sub-attribute of the element that the key attribute selects.
    Element {
        attribute: &'a str,
        key: (&'a str, &'a str),
        sub_attribute: &'a str,
    },
    Extension(&'a str, &'a str),
}

impl Attribute {
    fn place(&self) -> Place<'_> {
        let address =
            |sub_attribute| Place::Element { attribute: "addresses", key: ("type", "work"), sub_attribute };
        let phone =
            |kind| Place::Element { attribute: "phoneNumbers", key: ("type", kind), sub_attribute: "value" };
        match self {
            Self::UserName => Place::Attribute("userName"),
            Self::ExternalId => Place::Attribute("externalId"),
            Self::Active => Place::Attribute("active"),
            Self::DisplayName => Place::Attribute("displayName"),
            Self::Title => Place::Attribute("title"),
            Self::PreferredLanguage => Place::Attribute("preferredLanguage"),
            Self::Locale => Place::Attribute("locale"),
            Self::UserType => Place::Attribute("userType"),
            Self::GivenName => Place::SubAttribute("name", "givenName"),
            Self::FamilyName => Place::SubAttribute("name", "familyName"),
            Self::FormattedName => Place::SubAttribute("name", "formatted"),
            Self::WorkEmail => {
                Place::Element { attribute: "emails", key: ("type", "work"), sub_attribute: "value" }
            }
            Self::MobilePhone => phone("mobile"),
            Self::WorkPhone => phone("work"),
            Self::Country => address("country"),
            Self::Locality => address("locality"),
            Self::Region => address("region"),
            Self::PostalCode => address("postalCode"),
            Self::FormattedAddress => address("formatted"),
            Self::StreetAddress => address("streetAddress"),
            Self::Department => Place::Extension(ENTERPRISE, "department"),
            Self::EmployeeNumber => Place::Extension(ENTERPRISE, "employeeNumber"),
            Self::CostCenter => Place::Extension(ENTERPRISE, "costCenter"),
            Self::Organization => Place::Extension(ENTERPRISE, "organization"),
            Self::Division => Place::Extension(ENTERPRISE, "division"),
            Self::Manager => Place::Extension(ENTERPRISE, "manager"),
            Self::Role => {
                Place::Element { attribute: "roles", key: ("primary", "True"), sub_attribute: "value" }
            }
            Self::Folders => Place::Extension(CUSTOM, "folders"),
            Self::Metadata(key) => Place::Extension(METADATA, key),
        }
    }

    /// Whether Entra addresses it by a value path, `emails[type eq "work"].value`.
    pub(crate) fn is_element(&self) -> bool {
        matches!(self.place(), Place::Element { .. })
    }

    /// Writes the value into a document to be created.
    pub(crate) fn write(&self, document: &mut Map<String, Value>, value: Value) {
        match self.place() {
            Place::Attribute(name) => {
                document.insert(name.to_owned(), value);
            }
            Place::SubAttribute(parent, name) | Place::Extension(parent, name) => {
                let parent = document.entry(parent).or_insert_with(|| json!({}));
                if let Some(parent) = parent.as_object_mut() {
                    parent.insert(name.to_owned(), value);
                }
            }
            Place::Element { attribute, key, sub_attribute } => {
                let elements = document.entry(attribute).or_insert_with(|| json!([]));
                let Some(elements) = elements.as_array_mut() else { return };
                match elements
                    .iter_mut()
                    .find(|element| is_selected(element, key))
                    .and_then(Value::as_object_mut)
                {
                    Some(element) => {
                        element.insert(sub_attribute.to_owned(), value);
                    }
                    None => elements.push(json!({ key.0: key.1, sub_attribute: value })),
                }
            }
        }
    }

    /// The value in a document that a server answered; of a manager its `value`. Nothing for an absent one.
    pub fn read<'a>(&self, document: &'a Value) -> Option<&'a Value> {
        let found = match self.place() {
            Place::Attribute(name) => document.get(name),
            Place::SubAttribute(parent, name) | Place::Extension(parent, name) => {
                document.get(parent)?.get(name)
            }
            Place::Element { attribute, key, sub_attribute } => {
                let elements = document.get(attribute)?.as_array()?;
                elements.iter().find(|element| is_selected(element, key))?.get(sub_attribute)
            }
        };
        if *self == Self::Manager { found?.get("value") } else { found }
    }

    /// What a server that was sent the value is to answer: the platform's metadata are strings, whatever arrives.
    pub fn kept(&self, sent: &Value) -> Value {
        match (self, sent) {
            (Self::Metadata(_), Value::Bool(_) | Value::Number(_)) => Value::String(sent.to_string()),
            _ => sent.clone(),
        }
    }
}

/// As it stands in the `path` of a PATCH operation and in a filter.
impl fmt::Display for Attribute {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place() {
            Place::Attribute(name) => formatter.write_str(name),
            Place::SubAttribute(parent, name) => write!(formatter, "{parent}.{name}"),
            Place::Extension(urn, name) => write!(formatter, "{urn}:{name}"),
            Place::Element { attribute, key: (key, value), sub_attribute } => {
                write!(formatter, "{attribute}[{key} eq \"{value}\"].{sub_attribute}")
            }
        }
    }
}

/// Both providers mark the work e-mail of a document to be created as the primary one.
pub(crate) fn make_work_email_primary(document: &mut Map<String, Value>) {
    let emails = document.get_mut("emails").and_then(Value::as_array_mut);
    let work = emails.and_then(|emails| emails.iter_mut().find(|email| is_selected(email, ("type", "work"))));
    if let Some(email) = work.and_then(Value::as_object_mut) {
        email.insert("primary".to_owned(), json!(true));
    }
}

/// `primary` may be the boolean or the string "True" that Entra writes.
fn is_selected(element: &Value, (key, wanted): (&str, &str)) -> bool {
    match element.get(key) {
        Some(Value::String(value)) => value.eq_ignore_ascii_case(wanted),
        Some(Value::Bool(value)) => value.to_string().eq_ignore_ascii_case(wanted),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_written_as_entra_writes_it() {
        assert_eq!(Attribute::WorkEmail.to_string(), r#"emails[type eq "work"].value"#);
        assert_eq!(Attribute::Role.to_string(), r#"roles[primary eq "True"].value"#);
        assert_eq!(
            Attribute::Department.to_string(),
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department"
        );
        assert_eq!(
            Attribute::Metadata("badge".into()).to_string(),
            "urn:ietf:params:scim:schemas:extension:2.0:Metadata:badge"
        );
    }

    #[test]
    fn the_sub_attributes_of_one_address_fill_one_element() {
        let mut document = Map::new();
        Attribute::Country.write(&mut document, json!("NO"));
        Attribute::Locality.write(&mut document, json!("Bergen"));
        let document = Value::Object(document);
        assert_eq!(document, json!({"addresses": [{"type": "work", "country": "NO", "locality": "Bergen"}]}));
        assert_eq!(Attribute::Locality.read(&document), Some(&json!("Bergen")));
    }

    #[test]
    fn the_primary_role_is_found_whether_primary_is_a_boolean_or_a_string() {
        let document = json!({"roles": [{"value": "User"}, {"value": "Admin", "primary": true}]});
        assert_eq!(Attribute::Role.read(&document), Some(&json!("Admin")));
        let document = json!({"roles": [{"value": "Admin", "primary": "True"}]});
        assert_eq!(Attribute::Role.read(&document), Some(&json!("Admin")));
    }

    #[test]
    fn metadata_are_kept_as_strings() {
        let badge = Attribute::Metadata("badge".into());
        assert_eq!(badge.kept(&json!(42)), json!("42"));
        assert_eq!(Attribute::Active.kept(&json!(true)), json!(true));
    }
}
