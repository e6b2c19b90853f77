//! The program itself: its environment and arguments, its probes, its log, its end.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use database::testing::{INSTALLATION, TestDatabase, TestTenant};
use identity_provider::{Algorithm, SigningKey};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    pki_types::{CertificateDer, PrivateKeyDer},
};
use serde_json::{Value, json};
use tenancy::{CredentialKind, Trust};
use tokio::time::sleep;

use crate::{
    federation,
    oauth::{self, TokenClient, with_secret},
    server::{Client, http_client},
};

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
async fn nothing_that_proves_who_somebody_is_gets_into_the_log() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let (secret, _) = with_secret(&database, &tenant).await;
    let issuer = federation::issuer(Algorithm::Es256).await;
    let trusted = federation::trust_in(&issuer);
    federation::trust(&database, &tenant, CredentialKind::Federation, trusted).await;
    let mut program = Program::start(&database, "0s");
    program.until("/readyz", 200).await;
    let scim = program.client(&tenant);
    let client = TokenClient::at(&program.scim, &tenant);
    let by_secret = client.token(&secret).await;
    let assertion = issuer.sign(&federation::claims(&issuer)).unwrap();
    let by_assertion = oauth::access_token(&client.by_assertion(&assertion).await);
    let forged = SigningKey::forged(Algorithm::Es256, issuer.key().unwrap().id()).unwrap();
    let forged = forged.sign(&federation::claims(&issuer)).unwrap();
    assert_eq!(client.by_assertion(&forged).await.status, 401);
    assert_eq!(scim.with_token(&by_secret).get("/Users").await.status, 200);
    assert_eq!(scim.get_as("hunter", "hunter2").await.status, 401);

    program.terminate();
    let (_, log) = program.ended();
    for said in ["\"route\":\"/oauth2/token\"", tenant.key.name.as_str(), "its signature is wrong"] {
        assert!(log.contains(said), "{said} is not in the log: {log}");
    }
    for hidden in [secret.expose(), &by_secret, &by_assertion, &assertion, &forged, "hunter", "aHVudGVy"] {
        assert!(!log.contains(hidden), "{hidden} is in the log: {log}");
    }
}

#[tokio::test]
async fn an_issuer_is_asked_by_tls_and_is_who_the_authorities_of_the_system_say() {
    let database = TestDatabase::start().await;
    let tenant = database.tenant().await;
    let issuer = federation::issuer(Algorithm::Es256).await;
    let keys = http_client().get(issuer.jwks_uri()).send().await.unwrap().text().await.unwrap();
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(certificate.path(), cert.pem()).unwrap();
    let jwks_uri = serve_by_tls(cert.der().clone(), signing_key.serialize_der(), keys);
    let trusted = Trust { jwks_uri, ..federation::trust_in(&issuer) };
    federation::trust(&database, &tenant, CredentialKind::Federation, trusted).await;
    let assertion = issuer.sign(&federation::claims(&issuer)).unwrap();
    for (environment, status) in
        [(&[][..], 401), (&[("SSL_CERT_FILE", certificate.path().to_str().unwrap())][..], 200)]
    {
        let program = Program::start_with(&database, "0s", environment);
        program.until("/readyz", 200).await;
        let answer = TokenClient::at(&program.scim, &tenant).by_assertion(&assertion).await;
        assert_eq!(answer.status, status, "{environment:?}");
    }
}

/// Answers everybody with this document, by TLS.
fn serve_by_tls(certificate: CertificateDer<'static>, key: Vec<u8>, document: String) -> String {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions =
        ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let key = PrivateKeyDer::try_from(key).unwrap();
    let config = Arc::new(versions.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            let connection = ServerConnection::new(config.clone()).unwrap();
            let mut stream = StreamOwned::new(connection, stream);
            // A head of a request fits. Who does not trust the certificate sends none.
            if stream.read(&mut [0; 4096]).is_ok() {
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", document.len());
                let _ = stream.write_all((head + &document).as_bytes());
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
        }
    });
    format!("https://localhost:{port}/keys")
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
    let expected = "scim-server: no database: set the environment variable DATABASE_URL, or name a folder by --database-directory (of an operator, --databases-directory)\n";
    assert_eq!(said, expected);
}

/// The program as a process of its own; it is killed when a test ends before it.
pub struct Program {
    child: Option<Child>,
    pub scim: String,
    observability: String,
}

impl Program {
    pub fn start(database: &TestDatabase, delay: &str) -> Self {
        Self::start_with(database, delay, &[("SCIM_TRUSTED_PROXIES", "10.0.0.0/8,192.0.2.1")])
    }

    pub fn start_with(database: &TestDatabase, delay: &str, environment: &[(&str, &str)]) -> Self {
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
            .envs(environment.iter().copied())
            .env_remove("RUST_LOG")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Self { child: Some(child), scim, observability }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.observability)
    }

    pub async fn until(&self, path: &str, status: u16) {
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

    pub fn client(&self, tenant: &TestTenant) -> Client {
        Client {
            http: http_client(),
            base: format!("http://{}/{}/{}/scim/v2", self.scim, tenant.key.namespace, tenant.key.name),
            token: Some(tenant.token.expose().to_owned()),
        }
    }

    pub fn terminate(&self) {
        let id = self.child.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    }

    pub fn ended(&mut self) -> (Option<i32>, String) {
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

pub fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}
