//! One attribute's definition: its type and characteristics (RFC 7643 §2, §7).

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The definition of an attribute. Its JSON form is that of RFC 7643 §7, with the defaults of §2.2, and
/// `enforce`.
#[expect(clippy::struct_excessive_bools, reason = "RFC 7643 §7 defines these characteristics as booleans")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attribute {
    /// The name, in its canonical spelling.
    pub name: String,
    /// The type of its value, or of each of its values.
    #[serde(rename = "type", default)]
    pub value_type: AttributeType,
    /// Whether it holds a list.
    #[serde(default)]
    pub multi_valued: bool,
    /// What it is for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Whether it must have a value (a sub-attribute: wherever its parent has one).
    #[serde(default)]
    pub required: bool,
    /// The values it usually has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub canonical_values: Vec<String>,
    /// Whether other values than the canonical ones are refused. Not part of RFC 7643, and not shown in
    /// `/Schemas`.
    #[serde(default)]
    pub enforce: bool,
    /// Whether strings differ when they differ in case.
    #[serde(default)]
    pub case_exact: bool,
    /// Who may write it, and when.
    #[serde(default)]
    pub mutability: Mutability,
    /// When an answer contains it.
    #[serde(default)]
    pub returned: Returned,
    /// Whether two resources may have the same value.
    #[serde(default)]
    pub uniqueness: Uniqueness,
    /// What a reference may point to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reference_types: Vec<String>,
    /// The parts of a complex attribute.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sub_attributes: Vec<Arc<Attribute>>,
}

/// The type of a value (RFC 7643 §2.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AttributeType {
    /// Text.
    #[default]
    String,
    /// `true` or `false`.
    Boolean,
    /// A number.
    Decimal,
    /// A number without fraction.
    Integer,
    /// A moment, as an xsd:dateTime.
    DateTime,
    /// Bytes, in base64.
    Binary,
    /// A URI.
    Reference,
    /// An object of sub-attributes.
    Complex,
}

/// Who may write an attribute, and when (RFC 7643 §2.2, §7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Mutability {
    /// The service provider alone.
    ReadOnly,
    /// The client, at any time.
    #[default]
    ReadWrite,
    /// The client, as long as it has no value.
    Immutable,
    /// The client; nobody reads it.
    WriteOnly,
}

/// When an answer contains an attribute (RFC 7643 §2.2, §7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Returned {
    /// In every answer.
    Always,
    /// In none.
    Never,
    /// Unless it is excluded.
    #[default]
    Default,
    /// Only when it is asked for.
    Request,
}

/// Whether two resources may have the same value (RFC 7643 §2.2, §7). `global` is not offered: nobody could
/// keep it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Uniqueness {
    /// They may.
    #[default]
    None,
    /// No two resources of one tenant may.
    Server,
}

impl Attribute {
    /// The sub-attribute of that name, in any case.
    pub fn sub_attribute(&self, name: &str) -> Option<&Arc<Self>> {
        self.sub_attributes.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name))
    }

    /// Whether it is an object of sub-attributes.
    pub fn is_complex(&self) -> bool {
        self.value_type == AttributeType::Complex
    }

    fn new(name: &str, value_type: AttributeType, description: &str) -> Self {
        Self {
            name: name.to_owned(),
            value_type,
            multi_valued: false,
            description: description.to_owned(),
            required: false,
            canonical_values: Vec::new(),
            enforce: false,
            case_exact: false,
            mutability: Mutability::ReadWrite,
            returned: Returned::Default,
            uniqueness: Uniqueness::None,
            reference_types: Vec::new(),
            sub_attributes: Vec::new(),
        }
    }

    pub(crate) fn string(name: &str, description: &str) -> Self {
        Self::new(name, AttributeType::String, description)
    }

    pub(crate) fn boolean(name: &str, description: &str) -> Self {
        Self::new(name, AttributeType::Boolean, description)
    }

    pub(crate) fn date_time(name: &str, description: &str) -> Self {
        Self::new(name, AttributeType::DateTime, description)
    }

    pub(crate) fn binary(name: &str, description: &str) -> Self {
        Self::new(name, AttributeType::Binary, description).case_exact()
    }

    pub(crate) fn reference(name: &str, types: &[&str], description: &str) -> Self {
        let reference_types = types.iter().map(|&text| text.to_owned()).collect();
        Self { reference_types, ..Self::new(name, AttributeType::Reference, description).case_exact() }
    }

    pub(crate) fn complex<const N: usize>(name: &str, description: &str, parts: [Self; N]) -> Self {
        let sub_attributes = parts.into_iter().map(Arc::new).collect();
        Self { sub_attributes, ..Self::new(name, AttributeType::Complex, description) }
    }

    pub(crate) fn multi_valued(self) -> Self {
        Self { multi_valued: true, ..self }
    }

    pub(crate) fn required(self) -> Self {
        Self { required: true, ..self }
    }

    pub(crate) fn case_exact(self) -> Self {
        Self { case_exact: true, ..self }
    }

    pub(crate) fn unique(self) -> Self {
        Self { uniqueness: Uniqueness::Server, ..self }
    }

    pub(crate) fn canonical(self, values: &[&str]) -> Self {
        Self { canonical_values: values.iter().map(|&text| text.to_owned()).collect(), ..self }
    }

    pub(crate) fn mutability(self, mutability: Mutability) -> Self {
        Self { mutability, ..self }
    }

    pub(crate) fn read_only(self) -> Self {
        self.mutability(Mutability::ReadOnly)
    }

    pub(crate) fn returned(self, returned: Returned) -> Self {
        Self { returned, ..self }
    }
}
