//! Each kind of credential lets in by its own way, and from where the tenant takes requests only.

use std::net::IpAddr;

use database::registry::view::{Presented, Refused, RegistryView, Trusted};
use database::testing::{
    SOURCE, TestDatabase, TestTenant, basic, client_secret, configuration, token, trusted,
};
use tenancy::{CredentialKind, Generation, Service, Token, Trust};

use crate::support::{REPLACEMENT, admits, bearer, loaded, register, run, trust, within_a_second};

async fn with_password(
    view: &RegistryView,
    tenant: &TestTenant,
    user_name: &str,
    password: &Token,
) -> Result<(), Refused> {
    let presented = Presented::Basic { user_name, password: password.expose() };
    view.authenticate(&tenant.path(), presented, SOURCE).await.map(|_| ())
}

async fn used(database: &TestDatabase, tenant: &TestTenant) -> Vec<bool> {
    let credentials = database.read(tenant).await.credentials;
    credentials.iter().map(|credential| credential.first_used_at.is_some()).collect()
}

#[tokio::test]
async fn a_password_lets_in_with_its_user_name_or_as_a_bearer_token() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let password = token();
    let view = loaded(&database).await;
    database.issue(&tenant, &basic("scim", &password), REPLACEMENT).await;
    assert_eq!(with_password(&view, &tenant, "scim", &token()).await, Err(Refused::Unknown));
    assert_eq!(with_password(&view, &tenant, "other", &password).await, Err(Refused::Unknown));
    assert_eq!(with_password(&view, &tenant, "scim", &tenant.token).await, Err(Refused::Unknown));
    assert!(admits(&view, &tenant, &tenant.token).await, "nobody used the password yet");
    assert_eq!(with_password(&view, &tenant, "scim", &password).await, Ok(()));
    assert!(!admits(&view, &tenant, &tenant.token).await, "a change of the way in is a rotation");
    assert!(admits(&view, &tenant, &password).await);
}

#[tokio::test]
async fn a_client_proves_itself_to_its_own_tenant_with_id_and_secret() {
    let database = TestDatabase::start().await;
    let (tenant, other) = (database.tenant().await, database.tenant().await);
    let secret = token();
    for tenant in [&tenant, &other] {
        database.issue(tenant, &client_secret(&tenant.path(), &secret), REPLACEMENT).await;
    }
    let view = loaded(&database).await;
    let id = tenant.path().to_string().replace('/', ".");
    let ask = async |id: &str, secret: &str| {
        view.authenticate_client(&tenant.path(), id, secret, SOURCE).await.map(|client| client.configuration)
    };
    assert_eq!(ask(&id, token().expose()).await, Err(Refused::Unknown));
    assert_eq!(
        ask(&other.path().to_string().replace('/', "."), secret.expose()).await,
        Err(Refused::Unknown)
    );
    assert_eq!(bearer(&view, &tenant.path(), secret.expose()).await.unwrap_err(), Refused::Unknown);
    assert_eq!(*ask(&id, secret.expose()).await.unwrap(), tenant.registered.configuration);
    view.run(std::future::ready(())).await;
    assert_eq!(used(&database, &tenant).await, [false, true], "asking for an access token is a use");
}

#[tokio::test]
async fn a_signature_lets_in_by_a_trust_that_works_and_by_its_own_kind() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let (jwt, federation) = (trust("https://sts.example.com"), trust("https://login.example.com"));
    let view = loaded(&database).await;
    database.issue(&tenant, &trusted(CredentialKind::Jwt, jwt.clone()), REPLACEMENT).await;
    database.issue(&tenant, &trusted(CredentialKind::Federation, federation.clone()), REPLACEMENT).await;
    let path = tenant.path();
    assert_eq!(view.trusts(&path, CredentialKind::Jwt), [], "it asks nothing");
    view.refresh().await.unwrap();
    let (second, third) = (Generation::new(2), Generation::new(3));
    let only = |kind| -> Trusted {
        let [only] = view.trusts(&path, kind).try_into().unwrap();
        only
    };
    let (by_token, by_federation) = (only(CredentialKind::Jwt), only(CredentialKind::Federation));
    assert_eq!((by_token.generation(), by_token.trust()), (second, &jwt));
    assert_eq!((by_federation.generation(), by_federation.trust()), (third, &federation));

    let by_jwt = async |trusted: &Trusted, verdict: bool| {
        let verify = |trust: &Trust, now| {
            assert_eq!(trust, trusted.trust());
            assert!(view.now().unwrap() >= now);
            verdict
        };
        view.authenticate_trusted(&path, trusted, SOURCE, verify).await
    };
    assert_eq!(by_jwt(&by_token, false).await.unwrap_err(), Refused::Unknown);
    view.run(std::future::ready(())).await;
    assert_eq!(used(&database, &tenant).await, [false, false, false], "what was not proven is no use");
    assert_eq!(by_jwt(&by_federation, true).await.unwrap_err(), Refused::Unknown, "an assertion is no token");
    assert_eq!(by_jwt(&by_token, true).await.unwrap().scope, tenant.scope);
    assert!(!admits(&view, &tenant, &tenant.token).await);

    let by_assertion = async |trusted: &Trusted, verdict: bool| {
        view.authenticate_assertion(&path, trusted, SOURCE, |_, _| verdict).await.map(|_| ())
    };
    assert_eq!(by_assertion(&by_token, true).await, Err(Refused::Unknown));
    assert_eq!(by_assertion(&by_federation, false).await, Err(Refused::Unknown));
    assert_eq!(by_assertion(&by_federation, true).await, Ok(()));
    assert_eq!(view.trusts(&path, CredentialKind::Jwt), [], "the newer one was used");
    assert_eq!(by_jwt(&by_token, true).await.unwrap_err(), Refused::Unknown);
    view.run(std::future::ready(())).await;
    assert_eq!(used(&database, &tenant).await, [false, true, true]);
}

#[tokio::test]
async fn a_trust_lets_in_nobody_any_more_once_the_registry_has_another_in_its_place() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let credential = trusted(CredentialKind::Jwt, trust("https://sts.example.com"));
    database.issue(&tenant, &credential, REPLACEMENT).await;
    let view = loaded(&database).await;
    let path = tenant.path();
    let verified = view.trusts(&path, CredentialKind::Jwt).remove(0);
    let ask = async || view.authenticate_trusted(&path, &verified, SOURCE, |_, _| true).await;
    assert_eq!(ask().await.unwrap().scope, tenant.scope);
    let other = r#"UPDATE scim_control.credentials SET trust = trust || '{"issuer": "https://other.example"}'
                    WHERE tenant_id = $id AND generation = 2"#;
    run(&database, &tenant, other).await;
    view.refresh().await.unwrap();
    assert_eq!(ask().await.unwrap_err(), Refused::Unknown);
}

#[tokio::test]
async fn a_credential_that_cannot_be_read_breaks_no_poll_and_keeps_its_place() {
    let database = TestDatabase::start().await;
    let (tenant, neighbour) = (database.tenant().await, database.tenant().await);
    let credential = trusted(CredentialKind::Jwt, trust("https://sts.example.com"));
    database.issue(&tenant, &credential, REPLACEMENT).await;
    let newest = crate::support::issue(&database, &tenant, REPLACEMENT).await;
    for damage in [
        r#"UPDATE scim_control.credentials SET trust = '{"from": "the future"}' WHERE tenant_id = $id AND generation = 2"#,
        "UPDATE scim_control.credentials SET trust = NULL WHERE tenant_id = $id AND generation = 2",
        "UPDATE scim_control.credentials SET kind = 'fromTheFuture', trust = '[1]' WHERE tenant_id = $id AND generation = 2",
    ] {
        run(&database, &tenant, damage).await;
        let view = loaded(&database).await;
        assert_eq!(view.trusts(&tenant.path(), CredentialKind::Jwt), [], "{damage}");
        assert!(admits(&view, &neighbour, &neighbour.token).await);
        assert!(admits(&view, &tenant, &tenant.token).await, "it was not used yet");
        run(&database, &tenant, "UPDATE scim_control.credentials SET first_used_at = now() WHERE tenant_id = $id AND generation = 2").await;
        view.refresh().await.unwrap();
        assert!(!admits(&view, &tenant, &tenant.token).await, "{damage}");
        run(
            &database,
            &tenant,
            "UPDATE scim_control.credentials SET first_used_at = NULL WHERE tenant_id = $id",
        )
        .await;
    }
    assert!(admits(&loaded(&database).await, &tenant, &newest).await);
}

fn ranged(tenant: &TestTenant, range: &str) -> tenancy::TenantConfiguration {
    let mut configuration = configuration(&tenant.key);
    configuration.source_ranges.tenant.push(range.parse().unwrap());
    configuration
}

#[tokio::test]
async fn requests_come_from_where_the_tenant_takes_them_and_a_refused_one_is_no_use() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let replacement = crate::support::issue(&database, &tenant, REPLACEMENT).await;
    let elsewhere: IpAddr = "198.51.100.9".parse().unwrap();
    register(&database, &tenant.key, tenant.owner, &ranged(&tenant, "203.0.113.0/24")).await.unwrap();
    let view = loaded(&database).await;
    let from = async |source, token: &Token| {
        view.authenticate(&tenant.path(), Presented::Bearer(token.expose()), source).await.map(|_| ())
    };
    assert_eq!(from(elsewhere, &replacement).await, Err(Refused::Source(elsewhere)));
    assert_eq!(from(elsewhere, &token()).await, Err(Refused::Unknown), "only who proved something is told");
    view.run(std::future::ready(())).await;
    assert_eq!(used(&database, &tenant).await, [false, false]);
    assert_eq!(from(SOURCE, &tenant.token).await, Ok(()), "the new one does not count as used");

    register(&database, &tenant.key, tenant.owner, &ranged(&tenant, "198.51.100.0/24")).await.unwrap();
    assert_eq!(from(elsewhere, &replacement).await, Ok(()), "the registry is asked before the answer is no");
    assert_eq!(from(SOURCE, &replacement).await, Err(Refused::Source(SOURCE)));
}

#[tokio::test]
async fn signatures_and_clients_come_from_there_too() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let secret = token();
    database
        .issue(&tenant, &trusted(CredentialKind::Federation, trust("https://a.example")), REPLACEMENT)
        .await;
    database.issue(&tenant, &trusted(CredentialKind::Jwt, trust("https://b.example")), REPLACEMENT).await;
    database.issue(&tenant, &client_secret(&tenant.path(), &secret), REPLACEMENT).await;
    register(&database, &tenant.key, tenant.owner, &ranged(&tenant, "198.51.100.0/24")).await.unwrap();
    let view = loaded(&database).await;
    let path = tenant.path();
    let id = path.to_string().replace('/', ".");
    let trusted = |kind| view.trusts(&path, kind).remove(0);
    let (federation, jwt) = (trusted(CredentialKind::Federation), trusted(CredentialKind::Jwt));
    let refused = Some(Refused::Source(SOURCE));
    let by_client = view.authenticate_client(&path, &id, secret.expose(), SOURCE).await;
    assert_eq!(by_client.err(), refused);
    assert_eq!(view.authenticate_assertion(&path, &federation, SOURCE, |_, _| true).await.err(), refused);
    let by_jwt = view.authenticate_trusted(&path, &jwt, SOURCE, |_, _| true).await;
    assert_eq!(by_jwt.err(), refused);
    view.run(std::future::ready(())).await;
    assert_eq!(used(&database, &tenant).await, [false; 4]);
}

#[tokio::test]
async fn a_suspended_tenant_authenticates_and_every_view_knows_within_a_second() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let views = [loaded(&database).await, loaded(&database).await];
    for view in &views {
        let view = view.clone();
        tokio::spawn(async move { view.run(std::future::pending()).await });
    }
    let mut suspended = configuration(&tenant.key);
    suspended.service = Service::Suspended;
    register(&database, &tenant.key, tenant.owner, &suspended).await.unwrap();
    for view in &views {
        within_a_second(async || {
            let authenticated = bearer(view, &tenant.path(), tenant.token.expose()).await.unwrap();
            authenticated.configuration.service == Service::Suspended
        })
        .await;
    }
}
