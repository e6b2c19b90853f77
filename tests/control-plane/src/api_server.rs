//! kube-apiserver, as a part, with the keys and the accounts of one run.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::time::Duration;

use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, Client};
use rustix::process::Signal;

use crate::access::{Access, Identity};
use crate::certificate::{CertificateAuthority, token_keys};
use crate::etcd::Etcd;
use crate::installation::{Artifact, Installation};
use crate::part::Part;
use crate::stack::StackError;
use crate::state::StateDirectory;
use crate::{port, private_file, text};

const READY_WITHIN: Duration = Duration::from_secs(90);
const PROBE_WITHIN: Duration = Duration::from_secs(2);

/// The file with the certificate authority that signs the API server's certificate.
pub(crate) const AUTHORITY: &str = "api-server-ca.crt";
const CERTIFICATE: &str = "api-server.crt";
const KEY: &str = "api-server.key";
const TOKEN_KEY: &str = "service-accounts.key";
const TOKEN_PUBLIC_KEY: &str = "service-accounts.pub";
const TOKENS: &str = "tokens.csv";

/// The API server on 127.0.0.1: TLS, RBAC, and an administrator with a token.
#[derive(Debug)]
pub struct ApiServer {
    part: Part,
    server: String,
    authority: CertificateAuthority,
    authority_file: PathBuf,
    admin: Access,
}

impl ApiServer {
    pub(crate) async fn new(
        installation: &Installation,
        state: &StateDirectory,
        etcd: &Etcd,
        machine: Ipv4Addr,
    ) -> Result<Self, StackError> {
        let port = port::free()?;
        let authority = write_keys(state, machine)?;
        let token = text::random(16)?;
        private_file::write(&state.file(TOKENS), &format!("{token},admin,admin,system:masters\n"))?;
        let server = format!("https://127.0.0.1:{port}");
        let authority_file = state.file(AUTHORITY);
        let identity =
            Identity { server: &server, authority: Some(&authority_file), user: "admin", token: &token };
        let admin = Access::write(state.file("kubeconfig"), &identity).await?;
        let command = state.command(
            installation.path(Artifact::KubeApiserver)?,
            arguments(etcd, port, machine),
            "kube-apiserver",
        );
        Ok(Self {
            part: Part::new("kube-apiserver", command, Signal::TERM),
            server,
            authority,
            authority_file,
            admin,
        })
    }

    /// Its URL, `https://127.0.0.1:<port>`.
    pub fn url(&self) -> &str {
        &self.server
    }

    /// The authority that signs its certificate. A proxy that stands before it can have one of the same authority.
    pub fn authority(&self) -> &CertificateAuthority {
        &self.authority
    }

    /// The file with the certificate (PEM) of [`authority`](Self::authority).
    pub fn authority_file(&self) -> PathBuf {
        self.authority_file.clone()
    }

    /// Access as an administrator (group `system:masters`).
    pub fn admin(&self) -> &Access {
        &self.admin
    }

    /// Starts it on its port, and waits until it is ready and has made the namespace `default`.
    pub async fn start(&self) -> Result<(), StackError> {
        let client = self.admin.client()?;
        self.part.start(READY_WITHIN, async |_| is_ready(&client).await).await?;
        Ok(())
    }

    /// Stops it in an orderly way.
    pub async fn stop(&self) {
        self.part.stop().await;
    }

    /// Ends it at once, as a crash does.
    pub async fn kill(&self) {
        self.part.kill().await;
    }

    /// Whether it runs at the moment.
    pub async fn is_running(&self) -> bool {
        self.part.is_running().await
    }
}

fn write_keys(state: &StateDirectory, machine: Ipv4Addr) -> Result<CertificateAuthority, StackError> {
    let authority = CertificateAuthority::new("scim-api-server")?;
    let machine = machine.to_string();
    let names =
        ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "127.0.0.1", &machine];
    let server = authority.issue(&names)?;
    let (token_key, token_public_key) = token_keys()?;
    private_file::write(&state.file(AUTHORITY), authority.certificate_pem())?;
    private_file::write(&state.file(CERTIFICATE), &server.certificate_pem)?;
    private_file::write(&state.file(KEY), &server.key_pem)?;
    private_file::write(&state.file(TOKEN_KEY), &token_key)?;
    private_file::write(&state.file(TOKEN_PUBLIC_KEY), &token_public_key)?;
    Ok(authority)
}

fn arguments(etcd: &Etcd, port: u16, machine: Ipv4Addr) -> Vec<String> {
    vec![
        format!("--etcd-servers={}", etcd.url()),
        "--bind-address=127.0.0.1".to_owned(),
        format!("--secure-port={port}"),
        // Must not be loopback; nobody uses it, because there are no Pods.
        format!("--advertise-address={machine}"),
        "--endpoint-reconciler-type=none".to_owned(),
        "--service-cluster-ip-range=10.96.0.0/16".to_owned(),
        format!("--tls-cert-file={CERTIFICATE}"),
        format!("--tls-private-key-file={KEY}"),
        "--authorization-mode=RBAC".to_owned(),
        format!("--token-auth-file={TOKENS}"),
        "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
        format!("--service-account-key-file={TOKEN_PUBLIC_KEY}"),
        format!("--service-account-signing-key-file={TOKEN_KEY}"),
        // Ends with watches open after two seconds, not after a minute.
        "--shutdown-send-retry-after=true".to_owned(),
        "--profiling=false".to_owned(),
    ]
}

async fn is_ready(client: &Client) -> bool {
    let Ok(request) = http::Request::get("/readyz").body(Vec::new()) else { return false };
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let both =
        async { client.request_text(request).await.is_ok() && namespaces.get("default").await.is_ok() };
    tokio::time::timeout(PROBE_WITHIN, both).await.unwrap_or(false)
}
