//! `scim-operator` with a command, as a Job runs it: to its end, with the rights of a ServiceAccount of its own.

use std::path::Path;
use std::process::Stdio;

use product::Manifest;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::world::World;

/// What it came to.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) succeeded: bool,
    pub(crate) log: String,
}

impl Ended {
    /// Its log; it is to have succeeded.
    #[track_caller]
    pub(crate) fn expect_success(self) -> String {
        assert!(self.succeeded, "{}", self.log);
        self.log
    }

    /// Its log; it is to have failed.
    #[track_caller]
    pub(crate) fn expect_failure(self) -> String {
        assert!(!self.succeeded, "{}", self.log);
        self.log
    }
}

/// Runs it as this ServiceAccount, which exists.
pub(crate) async fn run(world: &World, namespace: &str, account: &str, arguments: &[&str]) -> Ended {
    let access = world.installation.stack().access_as(namespace, account).await.unwrap();
    // Beside the tests' own operator, where cargo puts it.
    let program = Path::new(env!("CARGO_BIN_EXE_next-operator")).with_file_name("scim-operator");
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env_remove("DATABASE_URL")
        .env("KUBECONFIG", access.kubeconfig())
        .env("POD_NAME", account)
        .env("RUST_LOG", "info")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = command.output().await.unwrap();
    let log = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    println!("$ scim-operator {}\n{log}", arguments.join(" "));
    Ended { succeeded: output.status.success(), log }
}

/// Makes a ServiceAccount that may do this in its namespace, and that in the whole cluster.
pub(crate) async fn account(world: &World, namespace: &str, name: &str, here: Value, everywhere: Value) {
    let (role, cluster_role) = (format!("run-{name}"), format!("run-{namespace}-{name}"));
    let subjects = json!([{"kind": "ServiceAccount", "name": name, "namespace": namespace}]);
    let (group, rbac) = ("rbac.authorization.k8s.io", "rbac.authorization.k8s.io/v1");
    let named = |name: &str| json!({"name": name, "namespace": namespace});
    let objects = [
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": named(name)}),
        json!({"apiVersion": rbac, "kind": "Role", "metadata": named(&role), "rules": here}),
        json!({
            "apiVersion": rbac, "kind": "RoleBinding", "metadata": named(&role), "subjects": subjects,
            "roleRef": {"apiGroup": group, "kind": "Role", "name": role},
        }),
        json!({"apiVersion": rbac, "kind": "ClusterRole", "metadata": {"name": cluster_role}, "rules": everywhere}),
        json!({
            "apiVersion": rbac, "kind": "ClusterRoleBinding", "metadata": {"name": cluster_role}, "subjects": subjects,
            "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": cluster_role},
        }),
    ];
    let yaml: Vec<String> = objects.iter().map(Value::to_string).collect();
    Manifest::parse("account", &yaml.join("\n---\n")).unwrap().apply(&world.client).await.unwrap();
}
