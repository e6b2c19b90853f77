//! Objects for tests, said in few words.

use crds::{ScimTenant, ScimTenantClass};
use database::registry::{Credential, HandledAnnotations, RegisteredTenant, SchemaState, State};
use jiff::Timestamp;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::core::ObjectMeta;
use serde_json::{Value, json};
use tenancy::{CredentialKind, Generation, Owner, TenantId, Token, Trust};

use crate::object::Found;
use crate::route::{FoundHttpRoute, FoundRoutes};
use crate::scope::Scope;
use crate::settings::{ServerService, Settings};
use crate::tenant::{Dereferenced, FoundNamespace, Home, Identity, LiveSecret};

/// `metadata.uid` of [`tenant`].
pub(crate) const TENANT_UID: &str = "7e4a4700-0000-4000-8000-000000000000";
/// `metadata.uid` of its namespace.
pub(crate) const NAMESPACE_UID: &str = "4a3e5ace-0000-4000-8000-000000000000";

/// The installation of all tests.
pub(crate) fn settings() -> Settings {
    Settings {
        installation: "test".parse().unwrap(),
        controller_name: "scim-operator.io/operator".to_owned(),
        scope: Scope::Cluster,
        databases: vec!["primary".to_owned()],
        server: ServerService {
            namespace: "scim-system".parse().unwrap(),
            name: "scim-server".to_owned(),
            of_database: [("eu".to_owned(), "scim-server-eu".to_owned())].into(),
            port: 80,
        },
    }
}

/// A default class with this name, its spec changed by `spec`.
pub(crate) fn class(name: &str, spec: Value) -> ScimTenantClass {
    let mut class = json!({
        "apiVersion": "scim-operator.io/v1alpha1",
        "kind": "ScimTenantClass",
        "metadata": {
            "name": name,
            "uid": "c1a55000-0000-4000-8000-000000000000",
            "annotations": {"scimtenantclass.scim-operator.io/is-default-class": "true"},
        },
        "spec": {
            "url": "https://scim.example.com",
            "route": {"kind": "Ingress", "ingress": {"className": "contour"}},
        },
    });
    merge(&mut class["spec"], spec);
    serde_json::from_value(class).unwrap()
}

/// The ScimTenant `acme` in `customer-acme`, its spec changed by `spec`.
pub(crate) fn tenant(spec: Value) -> ScimTenant {
    let mut tenant = json!({
        "apiVersion": "scim-operator.io/v1alpha1",
        "kind": "ScimTenant",
        "metadata": {
            "name": "acme",
            "namespace": "customer-acme",
            "uid": TENANT_UID,
            "generation": 1,
            "resourceVersion": "100",
        },
        "spec": {"displayName": "Acme Inc."},
        "status": {"observedGeneration": -1},
    });
    merge(&mut tenant["spec"], spec);
    serde_json::from_value(tenant).unwrap()
}

fn merge(into: &mut Value, from: Value) {
    let Value::Object(from) = from else { panic!("an object") };
    for (key, value) in from {
        into[key] = value;
    }
}

/// A token that is told from others by a number.
pub(crate) fn token(number: u8) -> Token {
    Token::from_random([number; 32])
}

/// PostgreSQL's time in [`registered`]: after everything was issued.
pub(crate) const NOW: Timestamp = Timestamp::constant(1_900_000_000, 0);

/// A token that was issued and not used.
pub(crate) fn credential(generation: u32, token: &Token) -> Credential {
    Credential {
        generation: Generation::new(generation),
        kind: CredentialKind::BearerToken,
        digest: token.digest(),
        principal: None,
        trust: None,
        issued_at: Timestamp::from_second(1_800_000_000 + i64::from(generation)).unwrap(),
        first_used_at: None,
        last_used_at: None,
        revoked_at: None,
        valid_until: None,
    }
}

/// The same, which was used a minute after.
pub(crate) fn used(credential: Credential) -> Credential {
    let at = credential.issued_at + jiff::SignedDuration::from_mins(1);
    Credential { first_used_at: Some(at), last_used_at: Some(at), ..credential }
}

/// Trust in an issuer that is told from others by its audience.
pub(crate) fn trust(audience: &str) -> Trust {
    Trust {
        issuer: "https://id.example.com".to_owned(),
        jwks_uri: "https://id.example.com/keys".to_owned(),
        audience: audience.to_owned(),
        subject: Some("workload".to_owned()),
        directory_id: None,
    }
}

/// The registry's row of [`tenant`], with these credentials.
pub(crate) fn registered(credentials: Vec<Credential>) -> RegisteredTenant {
    let configuration = json!({
        "displayName": "Acme Inc.",
        "tenantURL": "https://scim.example.com/customer-acme/acme/scim/v2",
        "profile": {},
        "limits": {"maxPageSize": 1000},
    });
    RegisteredTenant {
        id: TenantId::new(42),
        owner: Owner { uid: TENANT_UID.parse().unwrap(), namespace_uid: NAMESPACE_UID.parse().unwrap() },
        state: State::Active,
        configuration: serde_json::from_value(configuration).unwrap(),
        schema_version: 1,
        schema: SchemaState::Whole,
        handled: HandledAnnotations::default(),
        credentials,
        now: NOW,
        drop_after: None,
    }
}

/// The Secret `acme-scim`, which holds a token.
pub(crate) fn secret_with(token: &Token) -> LiveSecret {
    let data = [("token".to_owned(), ByteString(token.expose().as_bytes().to_vec()))];
    let metadata = ObjectMeta { name: Some("acme-scim".to_owned()), ..ObjectMeta::default() };
    LiveSecret::new(Secret { metadata, data: Some(data.into()), ..Secret::default() })
}

/// The namespace `customer-acme`.
pub(crate) fn namespace() -> FoundNamespace {
    let labels = [("plan".to_owned(), "special".to_owned())];
    FoundNamespace { uid: NAMESPACE_UID.parse().unwrap(), labels: labels.into(), is_terminating: false }
}

/// What a reconcile of [`tenant`] reads when there is a class and nothing else.
pub(crate) fn found(classes: Vec<ScimTenantClass>) -> Dereferenced {
    Dereferenced {
        classes,
        namespace: namespace(),
        home: Home { database: "primary".to_owned(), holds_data: false },
        registered: Ok(None),
        lost_schema: None,
        statistics: None,
        secret: Found::Absent,
        old_secret: None,
        brought: None,
        routes: FoundRoutes { ingress: Found::Absent, http_route: FoundHttpRoute::Known(Found::Absent) },
    }
}

/// Who [`tenant`] is.
pub(crate) fn identity(tenant: &ScimTenant) -> Identity {
    Identity::of(tenant, &settings()).unwrap()
}
