//! The Helm chart: what it renders, what it refuses, and what becomes of a release, one test after the other. The API server
//! and PostgreSQL are real; Pods are run as processes, for there is no kubelet.

#![allow(missing_docs, reason = "tests are named as statements")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says what it expects by panicking"
)]

#[path = "../e2e/people.rs"]
#[allow(dead_code, reason = "the other tests need more of it")]
mod people;

mod admission;
mod grants;
mod hooks;
mod life;
mod refused;
mod release;
mod renders;
mod rights;
mod rules;
mod running;
mod values_table;
mod world;

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Trial};
use tokio::runtime::Runtime;

use crate::world::Cluster;

/// A test that needs the cluster, or none, as it finds out.
macro_rules! trial {
    ($runtime:expr, $cluster:expr, $module:ident :: $name:ident) => {{
        let (runtime, cluster) = (Arc::clone($runtime), Arc::clone($cluster));
        Trial::test(concat!(stringify!($module), "::", stringify!($name)), move || {
            runtime.block_on($module::$name(&cluster));
            Ok(())
        })
    }};
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1);
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = Arc::new(Runtime::new().unwrap());
    let cluster = Arc::new(Cluster::default());
    let mut trials = vec![
        trial!(&runtime, &cluster, renders::helm_lint_is_content),
        trial!(&runtime, &cluster, renders::the_charts_definitions_are_those_of_crds),
        trial!(&runtime, &cluster, renders::a_new_release_is_told_what_to_do_next),
        trial!(&runtime, &cluster, refused::wrong_values_are_refused_with_their_key),
        trial!(&runtime, &cluster, grants::nobody_gets_everything),
        trial!(&runtime, &cluster, grants::an_operator_of_a_few_namespaces_only_reads_what_is_the_clusters),
        trial!(
            &runtime,
            &cluster,
            grants::an_operator_of_a_few_namespaces_may_do_there_what_the_other_may_do_everywhere
        ),
        trial!(&runtime, &cluster, grants::people_get_tenants_and_neither_their_status_nor_classes),
        trial!(&runtime, &cluster, values_table::the_readme_tells_every_value),
    ];
    for set in renders::sets() {
        let task = Arc::clone(&runtime);
        let name = set.clone();
        trials.push(Trial::test(format!("renders::{set}"), move || {
            task.block_on(renders::as_before(&name));
            Ok(())
        }));
    }
    // What the release leaves, its definitions, the others use; helm would not take over what they brought.
    trials.extend([
        trial!(&runtime, &cluster, release::a_release_lives_from_install_to_uninstall),
        trial!(&runtime, &cluster, hooks::passwords_are_made_once),
        trial!(&runtime, &cluster, admission::a_pod_that_is_not_restricted_is_refused),
    ]);
    for set in renders::sets() {
        let (task, cluster) = (Arc::clone(&runtime), Arc::clone(&cluster));
        trials.push(Trial::test(format!("admission::{set}"), move || {
            task.block_on(admission::is_accepted(&cluster, &set));
            Ok(())
        }));
    }
    trials.extend([
        trial!(&runtime, &cluster, rights::every_right_of_the_operator_is_needed),
        trial!(&runtime, &cluster, rights::every_right_of_a_hook_is_needed),
    ]);
    let conclusion = libtest_mimic::run(&arguments, trials);
    runtime.block_on(cluster.stop(conclusion.has_failed()));
    conclusion.exit_code()
}
