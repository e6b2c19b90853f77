//! The program itself: its environment and arguments, its probes, its log, its end.

use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::Duration,
};

use database::testing::{INSTALLATION, TestDatabase, TestTenant};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::server::{Client, http_client};

#[tokio::test]
async fn the_program_serves_is_probed_logs_and_ends_on_sigterm() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let mut program = Program::start(&database, "1s");
    program.until("/readyz", 200).await;
    program.until("/livez", 200).await;
    let scim = program.client(&tenant);
    let id = scim.create("/Users", json!({"userName": "ada", "password": "hunter2"})).await;
    assert_eq!(scim.filter("/Users", "userName eq \"ada\"").await.ids(), [&id]);
    let metrics = http_client().get(program.url("/metrics")).send().await.unwrap().text().await.unwrap();
    assert!(metrics.contains("scim_requests_total"), "{metrics}");

    program.terminate();
    program.until("/readyz", 503).await;
    program.until("/livez", 200).await;
    assert_eq!(scim.get(&format!("/Users/{id}")).await.status, 200, "served until proxies have noticed");
    let (code, log) = program.ended();
    assert_eq!(code, Some(0), "{log}");

    let answered: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")))
        .filter(|line: &Value| line["message"] == "answered")
        .collect();
    assert_eq!(answered.len(), 3, "{log}");
    let created = answered.first().unwrap();
    assert_eq!(created["namespace"], tenant.key.namespace.as_str());
    assert_eq!(created["name"], tenant.key.name.as_str());
    assert_eq!((&created["method"], &created["route"]), (&json!("POST"), &json!("/Users")));
    assert_eq!(created["status"], 201);
    assert!(created["duration_ms"].as_f64().unwrap() > 0.0);
    assert!(created["span"]["id"].is_string(), "{created}");
    for secret in [tenant.token.expose(), "hunter2", "ada"] {
        assert!(!log.contains(secret), "{secret} is in the log: {log}");
    }
}

#[tokio::test]
async fn the_program_says_in_one_line_why_it_does_not_start() {
    let program = Command::new(env!("CARGO_BIN_EXE_scim-server"))
        .args(["--installation", INSTALLATION])
        .env_remove("DATABASE_URL")
        .output()
        .unwrap();
    assert_eq!(program.status.code(), Some(1));
    let said = String::from_utf8(program.stderr).unwrap();
    let expected =
        "scim-server: no database: set the environment variable DATABASE_URL or give --database-url-file\n";
    assert_eq!(said, expected);
}

/// The program as a process of its own; it is killed when a test ends before it.
struct Program {
    child: Option<Child>,
    scim: String,
    observability: String,
}

impl Program {
    fn start(database: &TestDatabase, delay: &str) -> Self {
        let [scim, observability] = [free_address(), free_address()];
        let child = Command::new(env!("CARGO_BIN_EXE_scim-server"))
            .args([
                "--installation",
                INSTALLATION,
                "--address",
                &scim,
                "--observability-address",
                &observability,
            ])
            .args(["--shutdown-delay", delay, "--log-format", "json"])
            .env("DATABASE_URL", database.server_url())
            .env_remove("RUST_LOG")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Self { child: Some(child), scim, observability }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.observability)
    }

    async fn until(&self, path: &str, status: u16) {
        let http = http_client();
        for _ in 0..200 {
            let response = http.get(self.url(path)).send().await;
            if response.is_ok_and(|response| response.status() == status) {
                return;
            }
            sleep(Duration::from_millis(25)).await;
        }
        panic!("{path} never answered {status}");
    }

    fn client(&self, tenant: &TestTenant) -> Client {
        Client {
            http: http_client(),
            base: format!("http://{}/{}/{}/scim/v2", self.scim, tenant.key.namespace, tenant.key.name),
            token: Some(tenant.token.expose().to_owned()),
        }
    }

    fn terminate(&self) {
        let id = self.child.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    }

    fn ended(&mut self) -> (Option<i32>, String) {
        let output = self.child.take().unwrap().wait_with_output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}
