//! Tests of the discovery documents.

use serde_json::{Value, json};

use super::*;
use crate::fixtures::{CUSTOM, METADATA, catalog, plain, platform};

const BASE: &str = "https://scim.example.com/ns/acme/scim/v2";

const CAPACITY: Capacity =
    Capacity { default_page_size: 100, max_page_size: 1000, max_payload_size: 1_048_576 };

/// A document, or a list of some, without `meta.version`: a digest says nothing to a reader.
fn unversioned(mut body: Value) -> Value {
    let documents = match body.get_mut("Resources") {
        Some(Value::Array(documents)) => documents.as_mut_slice(),
        _ => std::slice::from_mut(&mut body),
    };
    for document in documents {
        let meta = document["meta"].as_object_mut().unwrap();
        assert!(meta.remove("version").unwrap().as_str().unwrap().starts_with("W/\""));
    }
    body
}

#[test]
fn the_configuration_tells_the_truth() {
    insta::assert_json_snapshot!(unversioned(service_provider_config(BASE, CAPACITY).body), @r#"
    {
      "schemas": [
        "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
      ],
      "patch": {
        "supported": true
      },
      "bulk": {
        "supported": true,
        "maxOperations": 1000,
        "maxPayloadSize": 1048576
      },
      "filter": {
        "supported": true,
        "maxResults": 1000
      },
      "changePassword": {
        "supported": false
      },
      "sort": {
        "supported": true
      },
      "etag": {
        "supported": true
      },
      "pagination": {
        "cursor": true,
        "index": true,
        "defaultPaginationMethod": "index",
        "defaultPageSize": 100,
        "maxPageSize": 1000,
        "cursorTimeout": 3600
      },
      "authenticationSchemes": [
        {
          "type": "oauthbearertoken",
          "name": "OAuth Bearer Token",
          "description": "The token of the tenant's Secret, in the header Authorization",
          "specUri": "https://www.rfc-editor.org/rfc/rfc6750",
          "primary": true
        }
      ],
      "meta": {
        "resourceType": "ServiceProviderConfig",
        "location": "https://scim.example.com/ns/acme/scim/v2/ServiceProviderConfig"
      }
    }
    "#);
}

#[test]
fn a_document_has_another_version_where_anything_of_it_differs() {
    let config = |base, capacity| {
        let document = service_provider_config(base, capacity);
        assert_eq!(document.body["meta"]["version"], document.tag.to_string());
        assert_eq!(document.body["meta"]["location"], document.location);
        document.tag
    };
    let tag = config(BASE, CAPACITY);
    assert_eq!(config(BASE, CAPACITY), tag);
    assert_ne!(config("https://x", CAPACITY), tag);
    assert_ne!(config(BASE, Capacity { max_page_size: 7, ..CAPACITY }), tag);
}

#[test]
fn an_element_of_a_list_is_the_document_that_is_there_by_itself() {
    let catalog = plain();
    assert_eq!(
        resource_types(&catalog, BASE)["Resources"][0],
        resource_type(&catalog, "User", BASE).unwrap().body
    );
    let user = "urn:ietf:params:scim:schemas:core:2.0:User";
    assert_eq!(schemas(&catalog, BASE)["Resources"][0], schema(&catalog, user, BASE).unwrap().body);
}

#[test]
fn the_resource_types_name_their_extensions() {
    insta::assert_json_snapshot!(unversioned(resource_types(&platform(), BASE)), @r#"
    {
      "schemas": [
        "urn:ietf:params:scim:api:messages:2.0:ListResponse"
      ],
      "totalResults": 2,
      "itemsPerPage": 2,
      "startIndex": 1,
      "Resources": [
        {
          "schemas": [
            "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
          ],
          "id": "User",
          "name": "User",
          "endpoint": "/Users",
          "description": "User Account",
          "schema": "urn:ietf:params:scim:schemas:core:2.0:User",
          "schemaExtensions": [
            {
              "schema": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
              "required": false
            },
            {
              "schema": "urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName",
              "required": false
            },
            {
              "schema": "urn:ietf:params:scim:schemas:extension:2.0:Metadata",
              "required": false
            }
          ],
          "meta": {
            "resourceType": "ResourceType",
            "location": "https://scim.example.com/ns/acme/scim/v2/ResourceTypes/User"
          }
        },
        {
          "schemas": [
            "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
          ],
          "id": "Group",
          "name": "Group",
          "endpoint": "/Groups",
          "description": "Group",
          "schema": "urn:ietf:params:scim:schemas:core:2.0:Group",
          "schemaExtensions": [],
          "meta": {
            "resourceType": "ResourceType",
            "location": "https://scim.example.com/ns/acme/scim/v2/ResourceTypes/Group"
          }
        }
      ]
    }
    "#);
}

#[test]
fn a_resource_type_is_found_by_name() {
    let catalog = catalog(json!({"groups": "Disabled"}));
    assert_eq!(resource_type(&catalog, "User", BASE).unwrap().body["endpoint"], "/Users");
    assert_eq!(resource_type(&catalog, "Group", BASE), None);
    assert_eq!(resource_types(&catalog, BASE)["totalResults"], 1);
    assert_eq!(schemas(&catalog, BASE)["totalResults"], 2);
}

#[test]
fn all_schemas_are_listed() {
    let list = schemas(&platform(), BASE);
    let ids: Vec<_> =
        list["Resources"].as_array().unwrap().iter().map(|schema| schema["id"].as_str().unwrap()).collect();
    insta::assert_snapshot!(ids.join("\n"), @r#"
    urn:ietf:params:scim:schemas:core:2.0:User
    urn:ietf:params:scim:schemas:extension:enterprise:2.0:User
    urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName
    urn:ietf:params:scim:schemas:extension:2.0:Metadata
    urn:ietf:params:scim:schemas:core:2.0:Group
    "#);
}

#[expect(clippy::too_many_lines, reason = "one document is one snapshot")]
#[test]
fn an_extension_is_shown_with_its_attributes() {
    insta::assert_json_snapshot!(unversioned(schema(&platform(), &CUSTOM.to_lowercase(), BASE).unwrap().body), @r#"
    {
      "schemas": [
        "urn:ietf:params:scim:schemas:core:2.0:Schema"
      ],
      "id": "urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName",
      "name": "CustomExtensionName",
      "description": "Attributes that the application adds to User",
      "attributes": [
        {
          "name": "folders",
          "type": "string",
          "multiValued": true,
          "description": "",
          "required": false,
          "caseExact": false,
          "mutability": "readWrite",
          "returned": "default",
          "uniqueness": "none"
        },
        {
          "name": "badge",
          "type": "integer",
          "multiValued": false,
          "description": "",
          "required": false,
          "mutability": "readWrite",
          "returned": "default",
          "uniqueness": "server"
        },
        {
          "name": "hired",
          "type": "dateTime",
          "multiValued": false,
          "description": "",
          "required": false,
          "mutability": "readWrite",
          "returned": "default",
          "uniqueness": "none"
        },
        {
          "name": "ratio",
          "type": "decimal",
          "multiValued": false,
          "description": "",
          "required": false,
          "mutability": "readWrite",
          "returned": "default",
          "uniqueness": "none"
        },
        {
          "name": "key",
          "type": "binary",
          "multiValued": false,
          "description": "",
          "required": false,
          "caseExact": true,
          "mutability": "readWrite",
          "returned": "default",
          "uniqueness": "none"
        },
        {
          "name": "origin",
          "type": "string",
          "multiValued": false,
          "description": "",
          "required": false,
          "caseExact": false,
          "mutability": "immutable",
          "returned": "default",
          "uniqueness": "none"
        },
        {
          "name": "secret",
          "type": "string",
          "multiValued": false,
          "description": "",
          "required": false,
          "caseExact": false,
          "mutability": "readWrite",
          "returned": "never",
          "uniqueness": "none"
        },
        {
          "name": "history",
          "type": "string",
          "multiValued": false,
          "description": "",
          "required": false,
          "caseExact": false,
          "mutability": "readWrite",
          "returned": "request",
          "uniqueness": "none"
        },
        {
          "name": "desks",
          "type": "complex",
          "subAttributes": [
            {
              "name": "value",
              "type": "string",
              "multiValued": false,
              "description": "",
              "required": false,
              "caseExact": false,
              "mutability": "readWrite",
              "returned": "default",
              "uniqueness": "none"
            },
            {
              "name": "floors",
              "type": "integer",
              "multiValued": true,
              "description": "",
              "required": false,
              "mutability": "readWrite",
              "returned": "default",
              "uniqueness": "none"
            },
            {
              "name": "primary",
              "type": "boolean",
              "multiValued": false,
              "description": "",
              "required": false,
              "mutability": "readWrite",
              "returned": "default"
            }
          ],
          "multiValued": true,
          "description": "",
          "required": false,
          "mutability": "readWrite",
          "returned": "default",
          "uniqueness": "none"
        }
      ],
      "meta": {
        "resourceType": "Schema",
        "location": "https://scim.example.com/ns/acme/scim/v2/Schemas/urn:ietf:params:scim:schemas:extension:2.0:CustomExtensionName"
      }
    }
    "#);
}

#[test]
fn an_extension_of_any_attributes_says_so() {
    insta::assert_json_snapshot!(unversioned(schema(&platform(), METADATA, BASE).unwrap().body), @r#"
    {
      "schemas": [
        "urn:ietf:params:scim:schemas:core:2.0:Schema"
      ],
      "id": "urn:ietf:params:scim:schemas:extension:2.0:Metadata",
      "name": "Metadata",
      "description": "Any attribute is accepted under this URN, and kept as a string",
      "attributes": [],
      "meta": {
        "resourceType": "Schema",
        "location": "https://scim.example.com/ns/acme/scim/v2/Schemas/urn:ietf:params:scim:schemas:extension:2.0:Metadata"
      }
    }
    "#);
}

#[test]
fn narrowed_attributes_are_shown_narrowed() {
    let attribute = |name: &str| {
        let schema = schema(&platform(), "urn:ietf:params:scim:schemas:core:2.0:User", BASE).unwrap();
        let attributes = schema.body["attributes"].as_array().unwrap().clone();
        attributes.into_iter().find(|attribute| attribute["name"] == name).unwrap()
    };
    insta::assert_json_snapshot!(attribute("userType"), @r#"
    {
      "name": "userType",
      "type": "string",
      "multiValued": false,
      "description": "The relation between the organisation and the user, such as Employee",
      "required": false,
      "canonicalValues": [
        "Premium",
        "Standard"
      ],
      "caseExact": false,
      "mutability": "readWrite",
      "returned": "default",
      "uniqueness": "none"
    }
    "#);
    insta::assert_json_snapshot!(attribute("emails"), @r#"
    {
      "name": "emails",
      "type": "complex",
      "subAttributes": [
        {
          "name": "value",
          "type": "string",
          "multiValued": false,
          "description": "The e-mail address",
          "required": false,
          "caseExact": false,
          "mutability": "readWrite",
          "returned": "default",
          "uniqueness": "server"
        },
        {
          "name": "display",
          "type": "string",
          "multiValued": false,
          "description": "A name to show for the value",
          "required": false,
          "caseExact": false,
          "mutability": "readWrite",
          "returned": "default",
          "uniqueness": "none"
        },
        {
          "name": "type",
          "type": "string",
          "multiValued": false,
          "description": "What the value is for",
          "required": false,
          "canonicalValues": [
            "work",
            "home",
            "other"
          ],
          "caseExact": false,
          "mutability": "readWrite",
          "returned": "default",
          "uniqueness": "none"
        },
        {
          "name": "primary",
          "type": "boolean",
          "multiValued": false,
          "description": "Whether it is the preferred value",
          "required": false,
          "mutability": "readWrite",
          "returned": "default"
        }
      ],
      "multiValued": true,
      "description": "E-mail addresses",
      "required": true,
      "mutability": "readWrite",
      "returned": "default",
      "uniqueness": "none"
    }
    "#);
    insta::assert_json_snapshot!(attribute("name")["required"], @"true");
}

#[test]
#[expect(clippy::too_many_lines, reason = "it is the schema")]
fn the_group_schema_is_that_of_the_rfc_with_a_unique_name() {
    insta::assert_json_snapshot!(unversioned(schema(&plain(), "urn:ietf:params:scim:schemas:core:2.0:Group", BASE).unwrap().body), @r#"
    {
      "schemas": [
        "urn:ietf:params:scim:schemas:core:2.0:Schema"
      ],
      "id": "urn:ietf:params:scim:schemas:core:2.0:Group",
      "name": "Group",
      "description": "Group",
      "attributes": [
        {
          "name": "externalId",
          "type": "string",
          "multiValued": false,
          "description": "The provisioning client's identifier of the resource",
          "required": false,
          "caseExact": true,
          "mutability": "readWrite",
          "returned": "default",
          "uniqueness": "none"
        },
        {
          "name": "displayName",
          "type": "string",
          "multiValued": false,
          "description": "The name of the group, unique in the tenant",
          "required": true,
          "caseExact": false,
          "mutability": "readWrite",
          "returned": "default",
          "uniqueness": "server"
        },
        {
          "name": "members",
          "type": "complex",
          "subAttributes": [
            {
              "name": "value",
              "type": "string",
              "multiValued": false,
              "description": "The id of the member",
              "required": false,
              "caseExact": true,
              "mutability": "immutable",
              "returned": "default",
              "uniqueness": "none"
            },
            {
              "name": "$ref",
              "type": "reference",
              "multiValued": false,
              "description": "The URL of the member",
              "required": false,
              "caseExact": true,
              "mutability": "immutable",
              "returned": "default",
              "uniqueness": "none",
              "referenceTypes": [
                "User",
                "Group"
              ]
            },
            {
              "name": "type",
              "type": "string",
              "multiValued": false,
              "description": "The kind of the member",
              "required": false,
              "canonicalValues": [
                "User",
                "Group"
              ],
              "caseExact": false,
              "mutability": "immutable",
              "returned": "default",
              "uniqueness": "none"
            },
            {
              "name": "display",
              "type": "string",
              "multiValued": false,
              "description": "The name of the member",
              "required": false,
              "caseExact": false,
              "mutability": "readOnly",
              "returned": "request",
              "uniqueness": "none"
            }
          ],
          "multiValued": true,
          "description": "The members of the group",
          "required": false,
          "mutability": "readWrite",
          "returned": "default",
          "uniqueness": "none"
        }
      ],
      "meta": {
        "resourceType": "Schema",
        "location": "https://scim.example.com/ns/acme/scim/v2/Schemas/urn:ietf:params:scim:schemas:core:2.0:Group"
      }
    }
    "#);
}

/// RFC 7643 §8.7.1 by its names; the characteristics stand in the snapshots above.
#[test]
fn the_user_schemas_have_the_attributes_of_the_rfc() {
    let names = |urn: &str| {
        let schema = schema(&plain(), urn, BASE).unwrap();
        let attributes = schema.body["attributes"].as_array().unwrap().iter().map(|attribute| {
            let name = attribute["name"].as_str().unwrap();
            let list = if attribute["multiValued"] == true { "[]" } else { "" };
            let parts: Vec<_> = attribute["subAttributes"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|part| part["name"].as_str().unwrap())
                .collect();
            if parts.is_empty() {
                format!("{name}{list}")
            } else {
                format!("{name}{list}: {}", parts.join(" "))
            }
        });
        attributes.collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(names("urn:ietf:params:scim:schemas:core:2.0:User"), @r#"
    externalId
    userName
    name: formatted familyName givenName middleName honorificPrefix honorificSuffix
    displayName
    nickName
    profileUrl
    title
    userType
    preferredLanguage
    locale
    timezone
    active
    password
    emails[]: value display type primary
    phoneNumbers[]: value display type primary
    ims[]: value display type primary
    photos[]: value display type primary
    addresses[]: formatted streetAddress locality region postalCode country type primary
    groups[]: value $ref display type
    entitlements[]: value display type primary
    roles[]: value display type primary
    x509Certificates[]: value display type primary
    "#);
    insta::assert_snapshot!(names("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"), @r#"
    employeeNumber
    costCenter
    organization
    division
    department
    manager: value $ref displayName
    "#);
}

/// Entra's validator reads `emails[type eq "work"].value` out of the canonical values of `type`, and stumbles
/// over nulls.
#[test]
fn types_have_canonical_values_and_nothing_is_null() {
    let schemas = schemas(&plain(), BASE);
    assert!(!schemas.to_string().contains("null"));
    let user = schemas["Resources"][0]["attributes"].as_array().unwrap();
    for name in ["emails", "phoneNumbers", "addresses", "ims", "photos"] {
        let attribute = user.iter().find(|attribute| attribute["name"] == name).unwrap();
        let is_type = |part: &&Value| part["name"] == "type";
        let kind = attribute["subAttributes"].as_array().unwrap().iter().find(is_type).unwrap();
        assert!(kind["canonicalValues"].as_array().is_some_and(|values| values.len() > 1), "{name}");
    }
}
