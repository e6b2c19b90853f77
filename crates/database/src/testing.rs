//! A PostgreSQL database of its own for each test, of this crate and of those above.
//!
//! It needs a server: `TEST_DATABASE_URL`, the URL of a superuser, is set by `make test`.

#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot start says why by panicking")]

use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, PgConnection};
use tenancy::{
    ClassUrl, ClientId, CredentialKind, Generation, Limits, Owner, PrivateAddresses, Profile, Service,
    SourceRanges, TenantConfiguration, TenantKey, TenantPath, TenantUrl, Token, TokenDigest, Trust,
};
use uuid::Uuid;

use crate::migration::TenantMigrations;
use crate::registry::view::RegistryView;
use crate::registry::{
    Foreign, HandledAnnotations, Issue, NewCredential, RegisteredTenant, Registry, ServerRole,
};
use crate::scope::TenantScope;
use crate::sql::{self, Names};
use crate::tenant::TenantDatabase;
use crate::{Database, Options};

/// The installation that [`TestDatabase::key`] names.
pub const INSTALLATION: &str = "test";
/// The namespace that [`TestDatabase::key`] names.
pub const NAMESPACE: &str = "customer-test";

/// An address that requests of tests come from.
pub const SOURCE: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7));

/// How long a test waits at its end for its database to be dropped.
const DROPPED_WITHIN: Duration = Duration::from_secs(2);

/// A database with a migrated registry, an operator's role that is no superuser, and a server's role. Dropping it
/// drops all three.
#[derive(Debug)]
pub struct TestDatabase {
    administrator: PgConnectOptions,
    name: String,
    operator_role: String,
    server_role: String,
    tenants: AtomicU32,
    /// Connected with the operator's role.
    pub operator: Database,
    /// Connected with the server's role.
    pub server: Database,
    /// The registry as the operator has it.
    pub registry: Registry,
}

/// A registered tenant that has a token.
#[derive(Debug, Clone)]
pub struct TestTenant {
    /// Its key in the registry.
    pub key: TenantKey,
    /// Its `ScimTenant`.
    pub owner: Owner,
    /// Its row when it had its token.
    pub registered: RegisteredTenant,
    /// Its token.
    pub token: Token,
    /// What a server gets for that token.
    pub scope: TenantScope,
}

impl TestDatabase {
    /// A new database with a migrated registry.
    ///
    /// # Panics
    /// When `TEST_DATABASE_URL` is missing or its server cannot be used.
    pub async fn start() -> Self {
        let database = Self::start_without_registry().await;
        database.registry.migrate().await.expect("the registry is migrated");
        database
    }

    /// A new, empty database with both roles.
    ///
    /// # Panics
    /// As [`start`](Self::start).
    pub async fn start_without_registry() -> Self {
        let administrator = administrator();
        let unique = Uuid::now_v7().simple().to_string();
        let name = format!("test_{unique}");
        let operator_role = format!("test_operator_{unique}");
        let server_role = format!("test_server_{unique}");
        let others = [
            ("database", name.as_str()),
            ("operator_role", operator_role.as_str()),
            ("server_role", server_role.as_str()),
        ];
        let statements = [
            "CREATE ROLE {operator_role} LOGIN PASSWORD 'test'",
            "CREATE ROLE {server_role} LOGIN PASSWORD 'test'",
            // template0, because nobody can be connected to it, which would be an obstacle.
            "CREATE DATABASE {database} TEMPLATE template0",
            "GRANT CREATE ON DATABASE {database} TO {operator_role}",
        ];
        run(&administrator, &statements, Names { schema: None, others: &others })
            .await
            .expect("TEST_DATABASE_URL is that of a superuser");
        let operator = connect(&administrator, &name, &operator_role);
        let server = connect(&administrator, &name, &server_role);
        let role = ServerRole::from_str(&server_role).expect("a role's name");
        let registry = Registry::new(operator.clone(), role, TenantMigrations::CURRENT);
        Self {
            administrator,
            name,
            operator_role,
            server_role,
            tenants: AtomicU32::new(0),
            operator,
            server,
            registry,
        }
    }

    /// The URL of this database with the operator's role, for a program under test.
    pub fn operator_url(&self) -> String {
        options(&self.administrator, &self.name, &self.operator_role).to_url_lossy().to_string()
    }

    /// The URL of this database with the server's role, for a program under test.
    pub fn server_url(&self) -> String {
        options(&self.administrator, &self.name, &self.server_role).to_url_lossy().to_string()
    }

    /// The name of the server's role.
    pub fn server_role(&self) -> &str {
        &self.server_role
    }

    /// The registry as an operator of another version has it.
    ///
    /// # Panics
    /// Never.
    pub fn registry_with(&self, migrations: TenantMigrations) -> Registry {
        let role = ServerRole::from_str(&self.server_role).expect("a role's name");
        Registry::new(self.operator.clone(), role, migrations)
    }

    /// A connection of the superuser, to look at or to break what nobody else may.
    ///
    /// # Panics
    /// When it cannot be had.
    pub async fn administrator(&self) -> PgConnection {
        self.administrator.clone().database(&self.name).connect().await.expect("the superuser connects")
    }

    /// Registers a tenant with a plain profile and issues its token.
    ///
    /// # Panics
    /// When the registry refuses.
    pub async fn tenant(&self) -> TestTenant {
        self.tenant_with(|_| {}).await
    }

    /// Registers a tenant whose configuration was changed first, and issues its token.
    ///
    /// # Panics
    /// When the registry refuses.
    pub async fn tenant_with(&self, change: impl FnOnce(&mut TenantConfiguration)) -> TestTenant {
        let key = key(&format!("tenant-{}", self.tenants.fetch_add(1, Ordering::Relaxed)));
        let owner = owner();
        let mut configuration = configuration(&key);
        change(&mut configuration);
        let registering = self.registry.register(&key, owner, &configuration, Foreign::Refuse);
        let (registered, _) = registering.await.expect("registers");
        let (scope, token) = (TenantScope::of(registered.id), token());
        let mut tenant = TestTenant { key, owner, registered, token, scope };
        self.issue(&tenant, &bearer_token(&tenant.token), Issue::First).await;
        tenant.registered = self.read(&tenant).await;
        tenant
    }

    /// Issues a credential.
    ///
    /// # Panics
    /// When the registry refuses.
    pub async fn issue(&self, tenant: &TestTenant, credential: &NewCredential, issue: Issue) -> Generation {
        let handled = HandledAnnotations::default();
        let issuing = self.registry.issue(tenant.registered.id, tenant.owner, credential, issue, &handled);
        issuing.await.expect("issues a credential")
    }

    /// Reads the tenant's row.
    ///
    /// # Panics
    /// When it is not there.
    pub async fn read(&self, tenant: &TestTenant) -> RegisteredTenant {
        self.registry.tenant(&tenant.key).await.expect("reads").expect("is registered")
    }

    /// That tenant's tables as the store sees them, with the server's role.
    pub fn tenant_database(&self, tenant: &TestTenant) -> TenantDatabase {
        TenantDatabase::new(self.server.clone(), tenant.scope.clone())
    }

    /// The registry as a server has it; nobody runs it yet.
    pub fn view(&self) -> RegistryView {
        RegistryView::new(&self.server, key("any").installation)
    }
}

impl TestTenant {
    /// What a URL calls it.
    pub fn path(&self) -> TenantPath {
        self.key.path()
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let administrator = self.administrator.clone();
        let names = [self.name.clone(), self.operator_role.clone(), self.server_role.clone()];
        let (done, is_done) = mpsc::channel();
        // The test's own runtime may be gone or busy with waiting for this.
        std::thread::spawn(move || {
            let [database, operator_role, server_role] = &names;
            let others = [
                ("database", database.as_str()),
                ("operator_role", operator_role.as_str()),
                ("server_role", server_role.as_str()),
            ];
            let statements = [
                "DROP DATABASE IF EXISTS {database} WITH (FORCE)",
                "DROP ROLE IF EXISTS {operator_role}",
                "DROP ROLE IF EXISTS {server_role}",
            ];
            if let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() {
                let names = Names { schema: None, others: &others };
                // What is left behind on a server for tests does no harm.
                let _ = runtime.block_on(run(&administrator, &statements, names));
            }
            let _ = done.send(());
        });
        // No longer: PostgreSQL waits with it for every connection that is half way through its log-in, and if that is one
        // of the test's own, it gets no further before this thread lets the runtime go. The drop then ends behind the test.
        let _ = is_done.recv_timeout(DROPPED_WITHIN);
    }
}

/// Runs any SQL, as an administrator or an intruder would.
pub async fn execute(connection: &mut PgConnection, sql: &str) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(sql::of_a_test(sql)).execute(connection).await.map(|_| ())
}

/// The key of the tenant with this name in [`NAMESPACE`].
///
/// # Panics
/// When the name is no DNS label.
pub fn key(name: &str) -> TenantKey {
    TenantKey {
        installation: INSTALLATION.parse().expect("a DNS label"),
        namespace: NAMESPACE.parse().expect("a DNS label"),
        name: name.parse().expect("a DNS label"),
    }
}

/// A `ScimTenant` that nobody else is.
pub fn owner() -> Owner {
    Owner { uid: Uuid::now_v7(), namespace_uid: Uuid::now_v7() }
}

/// A token that nobody else has.
pub fn token() -> Token {
    Token::from_random(*TokenDigest::of(&Uuid::now_v7().to_string()).as_bytes())
}

/// A bearer token to be issued.
pub fn bearer_token(token: &Token) -> NewCredential {
    secret(CredentialKind::BearerToken, token, None)
}

/// A password to be issued.
pub fn basic(user_name: &str, password: &Token) -> NewCredential {
    secret(CredentialKind::Basic, password, Some(user_name.to_owned()))
}

/// A client secret to be issued for the client of this path.
pub fn client_secret(path: &TenantPath, secret_text: &Token) -> NewCredential {
    secret(CredentialKind::ClientSecret, secret_text, Some(ClientId::of(path).to_string()))
}

/// Trust to be put into somebody's signatures.
pub fn trusted(kind: CredentialKind, trust: Trust) -> NewCredential {
    NewCredential { kind, digest: trust.digest(), principal: None, trust: Some(trust) }
}

fn secret(kind: CredentialKind, secret: &Token, principal: Option<String>) -> NewCredential {
    NewCredential { kind, digest: secret.digest(), principal, trust: None }
}

/// A configuration with a plain profile.
///
/// # Panics
/// Never.
pub fn configuration(key: &TenantKey) -> TenantConfiguration {
    let class = ClassUrl::parse("https://scim.example.com").expect("a class URL");
    let host = class.for_all().expect("a class URL without placeholders");
    TenantConfiguration {
        display_name: "Test".to_owned(),
        tenant_url: TenantUrl::new(&host, &key.namespace, &key.name),
        profile: Profile::default(),
        limits: Limits { max_page_size: 1000 },
        service: Service::Active,
        source_ranges: SourceRanges::default(),
        access_token_seconds: 3600,
        // Issuers of tests are on the same machine.
        private_addresses: PrivateAddresses::Allow,
        class_name: "default".to_owned(),
    }
}

fn administrator() -> PgConnectOptions {
    let Ok(url) = std::env::var("TEST_DATABASE_URL") else {
        panic!(
            "TEST_DATABASE_URL is not set: this test needs PostgreSQL. Run `make test`, which starts one."
        );
    };
    PgConnectOptions::from_str(&url).expect("TEST_DATABASE_URL is a postgres:// URL")
}

fn options(administrator: &PgConnectOptions, database: &str, role: &str) -> PgConnectOptions {
    administrator.clone().database(database).username(role).password("test")
}

fn connect(administrator: &PgConnectOptions, database: &str, role: &str) -> Database {
    let url = options(administrator, database, role).to_url_lossy();
    let options = Options { max_connections: 8, application_name: "test".to_owned() };
    Database::connect(url.as_str(), options).expect("a URL")
}

async fn run(
    administrator: &PgConnectOptions,
    statements: &[&'static str],
    names: Names<'_>,
) -> Result<(), sqlx::Error> {
    let mut connection = administrator.connect().await?;
    for statement in statements {
        sqlx::raw_sql(sql::script(statement, names)).execute(&mut connection).await?;
    }
    connection.close().await
}
