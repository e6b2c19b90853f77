//! The Secret that an administrator reads Tenant URL and token from.

use std::fmt;

use crds::ScimTenant;
use crds::metadata::connection_secret;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource as _;
use tenancy::{TenantUrl, Token};

use crate::object::tenant_labels;
use crate::settings::Settings;

/// The Secret but for its token.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ConnectionSecret(Secret);

impl ConnectionSecret {
    /// The Secret of this tenant, in the tenant's namespace, and gone with the tenant.
    pub(crate) fn new(tenant: &ScimTenant, name: &str, url: &TenantUrl, settings: &Settings) -> Self {
        let data = [(connection_secret::TENANT_URL.to_owned(), ByteString(url.as_str().as_bytes().to_vec()))];
        Self(Secret {
            metadata: ObjectMeta {
                name: Some(name.to_owned()),
                namespace: tenant.metadata.namespace.clone(),
                labels: Some(tenant_labels(tenant, settings)),
                owner_references: tenant.controller_owner_ref(&()).map(|owner| vec![owner]),
                ..ObjectMeta::default()
            },
            type_: Some(connection_secret::TYPE.to_owned()),
            data: Some(data.into()),
            ..Secret::default()
        })
    }

    /// The name of the Secret.
    pub(crate) fn name(&self) -> &str {
        self.0.metadata.name.as_deref().unwrap_or_default()
    }

    /// The whole Secret. The text of a token leaves the operator here and nowhere else.
    pub(crate) fn with_token(&self, token: &str) -> Secret {
        let mut secret = self.0.clone();
        let token = ByteString(token.as_bytes().to_vec());
        secret.data.get_or_insert_default().insert(connection_secret::TOKEN.to_owned(), token);
        secret
    }
}

/// A Secret as it was read. What is in it is not for logs.
#[derive(Clone, PartialEq)]
pub(crate) struct LiveSecret(Secret);

impl LiveSecret {
    /// This object, as read.
    pub(crate) fn new(object: Secret) -> Self {
        Self(object)
    }

    /// The object.
    pub(crate) fn object(&self) -> &Secret {
        &self.0
    }

    /// The token in it, if that is one.
    pub(crate) fn token(&self) -> Option<Token> {
        let text = self.0.data.as_ref()?.get(connection_secret::TOKEN)?;
        Token::parse(std::str::from_utf8(&text.0).ok()?).ok()
    }
}

impl fmt::Debug for LiveSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let metadata = &self.0.metadata;
        f.debug_struct("LiveSecret")
            .field("name", &metadata.name)
            .field("resource_version", &metadata.resource_version)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fixtures::{secret_with, settings, tenant, token};

    #[test]
    fn a_secret_that_was_read_shows_no_token_and_has_one() {
        let secret = secret_with(&token(1));
        assert!(secret.token().is_some_and(|held| held.digest().matches(&token(1).digest())));
        insta::assert_snapshot!(format!("{secret:?}"), @"LiveSecret { name: None, resource_version: None, .. }");
    }

    #[test]
    fn a_secret_that_holds_no_text_has_no_token() {
        for data in [json!({"token": "//79"}), json!({"token": "bWluZQ=="}), json!({})] {
            let secret = LiveSecret::new(serde_json::from_value(json!({"data": data})).unwrap());
            assert!(secret.token().is_none());
        }
    }

    #[test]
    fn it_holds_url_and_token_and_belongs_to_the_tenant() {
        let url = "https://scim.example.com/customer-acme/acme/scim/v2".to_owned().try_into().unwrap();
        let secret = ConnectionSecret::new(&tenant(json!({})), "acme-scim", &url, &settings());
        insta::assert_yaml_snapshot!(secret.with_token("[redacted]"), @r#"
        apiVersion: v1
        kind: Secret
        data:
          tenantURL: aHR0cHM6Ly9zY2ltLmV4YW1wbGUuY29tL2N1c3RvbWVyLWFjbWUvYWNtZS9zY2ltL3Yy
          token: W3JlZGFjdGVkXQ==
        metadata:
          labels:
            app.kubernetes.io/managed-by: scim-operator
            scim-operator.io/installation: test
            scim-operator.io/tenant-name: acme
            scim-operator.io/tenant-namespace: customer-acme
            scim-operator.io/tenant-uid: 7e4a4700-0000-4000-8000-000000000000
          name: acme-scim
          namespace: customer-acme
          ownerReferences:
            - apiVersion: scim-operator.io/v1alpha1
              controller: true
              kind: ScimTenant
              name: acme
              uid: 7e4a4700-0000-4000-8000-000000000000
        type: scim-operator.io/connection
        "#);
    }
}
