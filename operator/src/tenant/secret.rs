//! The Secret that an administrator reads from what to paste into the identity provider.

use std::fmt;

use crds::ScimTenant;
use crds::metadata::connection_secret;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource as _;
use tenancy::{ClientId, TenantPath, TenantUrl, Token};

use crate::object::tenant_labels;
use crate::settings::Settings;
use crate::tenant::entrance::IssuedKind;

/// The user name that goes with every password of ours.
pub(crate) const USER_NAME: &str = "scim";

/// The Secret but for what is secret in it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ConnectionSecret {
    secret: Secret,
    kind: IssuedKind,
}

impl ConnectionSecret {
    /// The Secret of this tenant, in the tenant's namespace, and gone with the tenant.
    pub(crate) fn new(
        tenant: &ScimTenant,
        path: &TenantPath,
        name: &str,
        kind: IssuedKind,
        url: &TenantUrl,
        settings: &Settings,
    ) -> Self {
        let metadata = ObjectMeta {
            name: Some(name.to_owned()),
            namespace: tenant.metadata.namespace.clone(),
            labels: Some(tenant_labels(tenant, settings)),
            owner_references: tenant.controller_owner_ref(&()).map(|owner| vec![owner]),
            ..ObjectMeta::default()
        };
        let secret =
            Secret { metadata, type_: Some(connection_secret::TYPE.to_owned()), ..Secret::default() };
        let secret = Self { secret, kind }.put(connection_secret::TENANT_URL, url.as_str());
        match kind {
            IssuedKind::BearerToken => secret,
            IssuedKind::Basic => secret.put(connection_secret::USER_NAME, USER_NAME),
            IssuedKind::ClientSecret => secret
                .put(connection_secret::TOKEN_URL, &url.token_url())
                .put(connection_secret::CLIENT_ID, ClientId::of(path).as_str()),
        }
    }

    /// The name of the Secret.
    pub(crate) fn name(&self) -> &str {
        self.secret.metadata.name.as_deref().unwrap_or_default()
    }

    /// What is in it.
    pub(crate) fn kind(&self) -> IssuedKind {
        self.kind
    }

    /// The whole Secret. The text of what we issue leaves the operator here and nowhere else.
    pub(crate) fn with(&self, text: &str) -> Secret {
        let secret = self.clone().put(key(self.kind), text);
        match self.kind {
            // The password alone is good as a token.
            IssuedKind::Basic => secret.put(connection_secret::TOKEN, text).secret,
            IssuedKind::BearerToken | IssuedKind::ClientSecret => secret.secret,
        }
    }

    fn put(mut self, key: &str, text: &str) -> Self {
        let data = self.secret.data.get_or_insert_default();
        data.insert(key.to_owned(), ByteString(text.as_bytes().to_vec()));
        self
    }
}

/// The key of what is secret.
fn key(kind: IssuedKind) -> &'static str {
    match kind {
        IssuedKind::BearerToken => connection_secret::TOKEN,
        IssuedKind::Basic => connection_secret::PASSWORD,
        IssuedKind::ClientSecret => connection_secret::CLIENT_SECRET,
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

    /// The name.
    pub(crate) fn name(&self) -> &str {
        self.0.metadata.name.as_deref().unwrap_or_default()
    }

    /// What was issued as this kind, if it is in there.
    pub(crate) fn issued(&self, kind: IssuedKind) -> Option<Token> {
        let text = self.0.data.as_ref()?.get(key(kind))?;
        Token::parse(str::from_utf8(&text.0).ok()?).ok()
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
    use crate::fixtures::{identity, secret_with, settings, tenant, token};

    fn connection(kind: IssuedKind) -> Secret {
        let url = "https://scim.example.com/customer-acme/acme/scim/v2".to_owned().try_into().unwrap();
        let tenant = tenant(json!({}));
        let path = identity(&tenant).key.path();
        ConnectionSecret::new(&tenant, &path, "acme-scim", kind, &url, &settings()).with("[redacted]")
    }

    fn entries(kind: IssuedKind) -> String {
        let data = connection(kind).data.unwrap();
        let entries = data.iter().map(|(key, value)| format!("{key}: {}", str::from_utf8(&value.0).unwrap()));
        entries.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_secret_that_was_read_shows_no_token_and_has_one() {
        let secret = secret_with(&token(1));
        assert!(
            secret.issued(IssuedKind::BearerToken).is_some_and(|held| held.digest() == token(1).digest())
        );
        insta::assert_snapshot!(format!("{secret:?}"), @r#"LiveSecret { name: Some("acme-scim"), resource_version: None, .. }"#);
    }

    #[test]
    fn a_secret_that_holds_no_text_has_no_token() {
        for data in [json!({"token": "//79"}), json!({"token": "bWluZQ=="}), json!({})] {
            let secret = LiveSecret::new(serde_json::from_value(json!({"data": data})).unwrap());
            assert!(secret.issued(IssuedKind::BearerToken).is_none());
        }
    }

    #[test]
    fn what_was_issued_is_read_back_as_what_it_was_issued_as() {
        let url = "https://scim.example.com/customer-acme/acme/scim/v2".to_owned().try_into().unwrap();
        let tenant = tenant(json!({}));
        let path = identity(&tenant).key.path();
        for kind in [IssuedKind::BearerToken, IssuedKind::Basic, IssuedKind::ClientSecret] {
            let secret = ConnectionSecret::new(&tenant, &path, "acme-scim", kind, &url, &settings());
            let live = LiveSecret::new(secret.with(token(1).expose()));
            assert_eq!(live.issued(kind).unwrap().digest(), token(1).digest(), "{kind:?}");
            assert_eq!(secret.kind(), kind);
        }
    }

    #[test]
    fn it_holds_url_and_token_and_belongs_to_the_tenant() {
        insta::assert_yaml_snapshot!(connection(IssuedKind::BearerToken), @r#"
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

    #[test]
    fn each_way_in_has_its_keys() {
        insta::assert_snapshot!(entries(IssuedKind::BearerToken), @r"
        tenantURL: https://scim.example.com/customer-acme/acme/scim/v2
        token: [redacted]
        ");
        insta::assert_snapshot!(entries(IssuedKind::Basic), @r"
        password: [redacted]
        tenantURL: https://scim.example.com/customer-acme/acme/scim/v2
        token: [redacted]
        username: scim
        ");
        insta::assert_snapshot!(entries(IssuedKind::ClientSecret), @r"
        clientID: customer-acme.acme
        clientSecret: [redacted]
        tenantURL: https://scim.example.com/customer-acme/acme/scim/v2
        tokenURL: https://scim.example.com/customer-acme/acme/oauth2/token
        ");
    }
}
