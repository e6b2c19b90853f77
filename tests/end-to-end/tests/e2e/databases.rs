//! An installation with several databases, each with servers of its own: its tenants' data is there and nowhere else, and one that
//! is wrong holds up nobody but them.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crds::Reason;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use product::{Customer, OperatorOptions, Program, Server, ServerOptions, Site};
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::direct::to_server;
use crate::events::warned;
use crate::neighbour::{class, install, of_class, options, remove_class, site, through_ingress};
use crate::people::{create_user, status, users};
use crate::world::{SOON, World, eventually, eventually_within};

const DATABASES: [&str; 2] = ["primary", "second"];
const TENANT: &str = "tenant";

/// An installation whose operator is told of databases by a folder, with a class for each of them of the name
/// `<installation>-<database>`.
struct Several {
    site: Site,
    folder: PathBuf,
    superuser_url: String,
    operator: Program,
    servers: Vec<Server>,
}

impl Several {
    /// With two databases, whose servers' roles the operator is to make, and the files of `more` besides.
    async fn start(world: &World, name: &str, more: &[(&str, &str)]) -> Self {
        let site = site(name);
        let superuser_url = world.installation.stack().postgresql().superuser_url();
        let folder = world.installation.stack().log_directory().join(format!("{name}-databases"));
        let (host, port) = address(&superuser_url);
        for database in DATABASES {
            let role = format!("{name}_{database}");
            for statement in [
                format!("CREATE ROLE {role} LOGIN CREATEROLE PASSWORD 'operator'"),
                format!("CREATE DATABASE {role} OWNER {role}"),
            ] {
                execute(&superuser_url, statement).await;
            }
            write(&folder, &format!("{database}/url"), &format!("postgres://{role}@{host}:{port}/{role}\n"));
            write(&folder, &format!("{database}/password"), "operator\n");
            write(&folder, &format!("{database}/server/username"), &format!("{role}_server\n"));
            write(&folder, &format!("{database}/server/password"), "server\n");
        }
        for (file, text) in more {
            write(&folder, file, &text.replace("$host", &host).replace("$port", &port));
        }
        install(world, &site).await;
        let operator = operator(world, &site, &folder, "second").await;
        let mut several = Self { site, folder, superuser_url, operator, servers: vec![] };
        for database in DATABASES {
            several.class(world, database).await;
            several.serve(world, database).await;
        }
        several
    }

    fn class_name(&self, database: &str) -> String {
        format!("{}-{database}", self.site.id)
    }

    /// All of its classes are for the same namespaces, so that tenants may go from one to another.
    async fn class(&self, world: &World, database: &str) {
        self.class_with(world, database, database).await;
    }

    async fn class_with(&self, world: &World, name: &str, database: &str) {
        let site = Site { id: self.class_name(name), ..self.site.clone() };
        let selector = json!({"matchLabels": {"installation": self.site.id}});
        let allowed = json!({"from": "Selector", "selector": selector});
        class(world, &site, json!({"database": database, "allowedNamespaces": allowed})).await;
    }

    /// Starts a server of a database, which gets its account by files too, and has its Service lead there.
    async fn serve(&mut self, world: &World, database: &str) {
        let (host, port) = address(&self.superuser_url);
        let role = format!("{}_{database}", self.site.id);
        let folder = self.folder.with_extension("server").join(database);
        for (file, text) in [
            ("host", &*host),
            ("port", &*port),
            ("dbname", &*role),
            ("username", &*format!("{role}_server")),
            ("password", "server"),
        ] {
            write(&folder, file, text);
        }
        let options = ServerOptions {
            site: self.site.clone(),
            arguments: vec![format!("--database-directory={}", folder.display())],
            ..ServerOptions::default()
        };
        let server = world.installation.add_server(&options).await.unwrap();
        let service =
            if database == "primary" { self.site.service.clone() } else { format!("scim-server-{database}") };
        let stack = world.installation.stack();
        stack.route_to(&self.site.namespace, &service, &[server.address()]).await.unwrap();
        self.servers.push(server);
    }

    async fn declare(&self, world: &World, namespace: &str, database: &str) {
        world.namespace(namespace, json!({"installation": self.site.id})).await;
        let spec = of_class(&self.class_name(database), json!({"deletionPolicy": "Delete"}));
        world.redeclare(namespace, TENANT, spec).await;
    }

    async fn customer(&self, world: &World, namespace: &str) -> Customer {
        let customer = Customer::when_ready(&world.client, namespace, TENANT, SOON).await.unwrap();
        let connection = through_ingress(world, &customer);
        eventually("its host leads to its server", async || status(&connection).await == 200).await;
        customer
    }

    /// The schemas of tenants that are in a database.
    async fn schemas(&self, database: &str) -> Vec<String> {
        let url = self.superuser_url.rsplit_once('/').unwrap().0;
        let mut connection =
            PgConnection::connect(&format!("{url}/{}_{database}", self.site.id)).await.unwrap();
        let schemas =
            "SELECT nspname::text FROM pg_namespace WHERE nspname LIKE 'tenant!_%' ESCAPE '!' ORDER BY 1";
        sqlx::query_scalar(schemas).fetch_all(&mut connection).await.unwrap()
    }

    async fn database_condition(&self, world: &World, database: &str) -> Option<Condition> {
        let class = world.classes().get(&self.class_name(database)).await.unwrap();
        let conditions = class.status.map(|status| status.conditions).unwrap_or_default();
        conditions.into_iter().find(|condition| condition.type_ == "DatabaseReady")
    }

    async fn end(self, world: &World, classes: &[&str]) {
        for name in classes {
            remove_class(world, &Site { id: self.class_name(name), ..self.site.clone() }).await;
        }
        self.operator.stop().await;
        for server in &self.servers {
            server.program().stop().await;
        }
    }
}

pub(crate) async fn each_tenant_is_in_the_database_of_its_class_and_served_from_there(world: &World) {
    let several = Several::start(world, "several", &[]).await;
    several.declare(world, "several-a", "primary").await;
    several.declare(world, "several-b", "second").await;
    let a = several.customer(world, "several-a").await;
    let b = several.customer(world, "several-b").await;
    let database = async |namespace: &str| {
        world.tenants(namespace).get(TENANT).await.unwrap().status.and_then(|status| status.database)
    };
    assert_eq!(database("several-a").await.as_deref(), Some("primary"));
    assert_eq!(database("several-b").await.as_deref(), Some("second"));
    for database in DATABASES {
        assert_eq!(several.schemas(database).await.len(), 1, "{database}");
        let condition = several.database_condition(world, database).await.unwrap();
        assert_eq!((condition.status.as_str(), condition.reason.as_str()), ("True", "Provisioned"));
    }
    // The servers of a database know the tenants of that one alone.
    for (server, ours, theirs) in [(&several.servers[0], &a, &b), (&several.servers[1], &b, &a)] {
        assert_eq!(status(&to_server(server, ours)).await, 200);
        assert_eq!(status(&to_server(server, theirs)).await, 401);
    }

    // A tenant that goes to a class of another database stays where it is, and so does that of a class that does.
    create_user(&through_ingress(world, &a), "ada").await;
    several.declare(world, "several-a", "second").await;
    let message = world.condition("several-a", TENANT, "Accepted", "False", "DatabaseChanged").await;
    assert!(message.contains("primary") && message.contains("second"), "{message}");
    assert_eq!(users(&through_ingress(world, &a)).await, 1);
    several.class_with(world, "second", "primary").await;
    world.condition("several-b", TENANT, "Accepted", "False", Reason::DatabaseChanged.as_str()).await;
    world.condition("several-a", TENANT, "Ready", "True", "Connected").await;
    assert_eq!(status(&through_ingress(world, &b)).await, 200);
    assert_eq!((several.schemas("primary").await.len(), several.schemas("second").await.len()), (1, 1));
    several.class(world, "second").await;
    several.declare(world, "several-a", "primary").await;
    for namespace in ["several-a", "several-b"] {
        world.condition(namespace, TENANT, "Ready", "True", "Connected").await;
    }
    assert_eq!(users(&through_ingress(world, &a)).await, 1);

    // What is deleted is deleted where it is.
    world.delete_tenant("several-b", TENANT).await;
    assert_eq!((several.schemas("primary").await.len(), several.schemas("second").await.len()), (1, 0));
    world.delete_tenant("several-a", TENANT).await;
    several.end(world, &DATABASES).await;
}

pub(crate) async fn a_wrong_database_is_told_holds_up_nobody_and_works_when_its_files_are_mended(
    world: &World,
) {
    let wrong = [
        ("wrong/host", "$host"),
        ("wrong/port", "$port"),
        ("wrong/dbname", "mended_second"),
        ("wrong/username", "mended_second"),
        ("wrong/password", "what-nobody-said"),
        ("wrong/server/username", "mended_second_server"),
        ("away/url", "postgres://nobody:what-nobody-said@127.0.0.1:1/nothing"),
        ("empty/password", "what-nobody-said"),
    ];
    let several = Several::start(world, "mended", &wrong).await;
    let told = [
        ("wrong", "DatabaseFailed", "as mended_second: the password is wrong"),
        (
            "away",
            "DatabaseUnavailable",
            "PostgreSQL at 127.0.0.1:1, database nothing, as nobody: the connection is refused",
        ),
        ("empty", "DatabaseFailed", "there is no file url and no file host"),
    ];
    for (database, reason, text) in told {
        several.class(world, database).await;
        let is_told = async || {
            let condition = several.database_condition(world, database).await;
            condition.is_some_and(|condition| {
                assert!(!condition.message.contains("what-nobody-said"), "{}", condition.message);
                condition.reason == reason && condition.message.contains(text)
            })
        };
        eventually(&format!("{database}: {reason}, {text}"), is_told).await;
        assert!(warned(world, "default", reason).await, "{reason}");
    }
    several.declare(world, "mended-wrong", "wrong").await;
    world.condition("mended-wrong", TENANT, "DatabaseReady", "False", "DatabaseFailed").await;
    several.declare(world, "mended-ok", "primary").await;
    let customer = several.customer(world, "mended-ok").await;
    assert_eq!(status(&through_ingress(world, &customer)).await, 200);

    write(&several.folder, "wrong/password", "operator");
    let within = Duration::from_mins(1);
    eventually_within(within, "the database can be used", async || {
        let condition = several.database_condition(world, "wrong").await;
        condition.is_some_and(|condition| condition.status == "True")
    })
    .await;
    world.condition_within(within, "mended-wrong", TENANT, "DatabaseReady", "True", "Provisioned").await;
    assert_eq!(several.schemas("second").await.len(), 1);
    for namespace in ["mended-wrong", "mended-ok"] {
        world.delete_tenant(namespace, TENANT).await;
    }
    several.end(world, &["primary", "second", "wrong", "away", "empty"]).await;
}

pub(crate) async fn a_database_that_got_another_name_takes_its_tenants_along(world: &World) {
    let mut several = Several::start(world, "renamed", &[]).await;
    several.declare(world, "renamed-a", "second").await;
    let connection = through_ingress(world, &several.customer(world, "renamed-a").await);
    create_user(&connection, "ada").await;

    several.operator.stop().await;
    fs::rename(several.folder.join("second"), several.folder.join("third")).unwrap();
    several.class_with(world, "second", "third").await;
    several.operator = operator(world, &several.site, &several.folder, "third").await;
    eventually("the status has the name that the database has now", async || {
        let status = world.tenants("renamed-a").get(TENANT).await.unwrap().status;
        status.and_then(|status| status.database).as_deref() == Some("third")
    })
    .await;
    world.condition("renamed-a", TENANT, "Ready", "True", "Connected").await;
    assert_eq!(users(&connection).await, 1);

    world.delete_tenant("renamed-a", TENANT).await;
    assert_eq!(several.schemas("second").await.len(), 0);
    several.end(world, &DATABASES).await;
}

/// Starts an operator that is told of databases by a folder; `other` has the Service `scim-server-second`.
async fn operator(world: &World, site: &Site, folder: &Path, other: &str) -> Program {
    let arguments = vec![
        format!("--databases-directory={}", folder.display()),
        format!("--server-service={other}=scim-server-second"),
    ];
    world.installation.add_operator(&OperatorOptions { arguments, ..options(site) }).await.unwrap()
}

/// Host and port of a URL.
fn address(url: &str) -> (String, String) {
    let rest = url.rsplit_once('@').unwrap().1;
    let (host, port) = rest.split('/').next().unwrap().split_once(':').unwrap();
    (host.to_owned(), port.to_owned())
}

fn write(folder: &Path, file: &str, text: &str) {
    let path = folder.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

async fn execute(url: &str, statement: String) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::query(AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
}
