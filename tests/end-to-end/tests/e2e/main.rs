//! One control plane, one installation of the product, and every end-to-end test on it, one after the other: some of
//! them take parts away that the others need.

#![allow(missing_docs, reason = "tests are named as statements")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says what it expects by panicking"
)]

mod admission;
mod conditions;
mod connection;
mod credentials;
mod isolation;
mod leadership;
mod lifecycle;
mod metrics;
mod outages;
mod protocol;
mod published_tests;
mod seeds;
mod settled;
mod world;

use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Trial};
use tokio::runtime::Runtime;

use crate::world::World;

type Test = (&'static str, fn(Arc<World>) -> Pin<Box<dyn Future<Output = ()>>>);

/// `module::name` of asynchronous functions of a [`World`], as tests.
macro_rules! tests {
    ($($module:ident :: $name:ident),* $(,)?) => {
        &[$((concat!(stringify!($module), "::", stringify!($name)), |world| Box::pin(async move { $module::$name(&world).await }))),*]
    };
}

const TESTS: &[Test] = tests![
    connection::one_apply_makes_a_working_connection,
    connection::what_is_written_through_one_server_is_read_through_the_other_at_once,
    connection::a_tenant_is_reached_over_tls_from_a_secret,
    connection::an_unknown_tenant_and_a_wrong_token_get_the_same_answer,
    seeds::envoy_with_the_full_mapping_in_both_dialects,
    seeds::envoy_with_the_reduced_mapping_in_both_dialects,
    seeds::envoy_matches_by_whichever_attribute_is_chosen,
    seeds::the_platform_with_its_plans_roles_folders_and_metadata,
    seeds::the_platform_refuses_what_it_requires_otherwise,
    seeds::envkey_with_two_connections_of_one_organisation,
    published_tests::oktas_published_tests_pass_where_a_patch_answers_with_a_body,
    published_tests::oktas_published_tests_pass_where_a_patch_answers_without_one,
    published_tests::scim2_tester_passes_where_a_patch_answers_with_a_body,
    published_tests::scim2_tester_passes_where_a_patch_answers_without_one,
    protocol::resources_that_refer_to_each_other_are_created_by_one_bulk_request,
    protocol::a_group_of_ten_thousand_members_is_read_whole,
    protocol::a_walk_by_cursor_over_both_servers_loses_nobody,
    protocol::a_user_who_returns_has_the_same_id_where_the_tenant_says_so,
    protocol::a_changed_schema_takes_effect_on_what_is_stored_without_a_restart,
    admission::the_api_server_refuses_what_cannot_work,
    conditions::what_cannot_work_says_so_in_a_condition,
    conditions::an_invalid_edit_is_reported_and_the_last_configuration_goes_on_serving,
    conditions::a_class_that_serves_everybody_without_being_the_default_is_refused,
    conditions::a_change_of_the_class_reaches_its_tenants,
    credentials::revoked_tokens_end_on_every_server_within_a_second,
    credentials::a_rotated_token_ends_when_the_new_one_is_used,
    credentials::a_lost_secret_is_made_again_with_a_new_token,
    credentials::a_foreign_secret_is_never_touched,
    credentials::tokens_are_revoked_also_when_the_secret_cannot_be_written,
    credentials::a_secret_of_another_name_holds_the_same_token,
    lifecycle::retained_data_is_taken_up_again,
    lifecycle::deleted_data_is_gone,
    lifecycle::a_tenant_that_was_never_valid_is_deleted_at_once,
    lifecycle::a_terminating_namespace_takes_its_tenants_along,
    lifecycle::retained_data_is_not_handed_to_a_namespace_of_the_same_name,
    lifecycle::a_tenant_whose_finalizer_was_taken_by_force_loses_access,
    lifecycle::a_foreign_ingress_is_never_touched,
    lifecycle::a_class_in_use_waits_for_its_tenants,
    lifecycle::an_ingress_deleted_by_hand_comes_back,
    settled::a_settled_tenant_is_reconciled_without_a_write,
    isolation::two_tenants_under_load_never_see_each_other,
    leadership::two_operators_at_once_are_harmless,
    leadership::when_the_leader_is_lost_the_other_one_takes_over,
    outages::an_operator_killed_at_any_time_ends_in_the_same_state,
    outages::scim_goes_on_while_operator_and_api_server_are_away,
    outages::without_postgresql_the_server_says_503_and_recovers_by_itself,
];

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1);
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = Arc::new(Runtime::new().unwrap());
    let world = (!arguments.list).then(|| Arc::new(runtime.block_on(World::start())));
    let trials = TESTS.iter().map(|(name, test)| {
        let (runtime, world) = (Arc::clone(&runtime), world.clone());
        Trial::test(*name, move || {
            if let Some(world) = world {
                runtime.block_on(test(world));
            }
            Ok(())
        })
    });
    let conclusion = libtest_mimic::run(&arguments, trials.collect());
    if let Some(world) = world {
        runtime.block_on(world.stop(conclusion.has_failed()));
    }
    conclusion.exit_code()
}
