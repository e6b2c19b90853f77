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
mod clock;
mod clusters;
mod commands;
mod conditions;
mod connection;
mod credentials;
mod databases;
mod default_class;
mod deletion;
mod direct;
mod drift;
mod events;
mod examples;
mod faults;
mod health;
mod hostile;
mod installations;
mod isolation;
mod leadership;
mod lifecycle;
mod lives;
mod metrics;
mod migrations;
mod namespaced;
mod neighbour;
mod outages;
mod people;
mod protocol;
mod published_tests;
mod rights;
mod routes;
mod run;
mod secrets;
mod seeds;
mod settled;
mod uninstall;
mod ways_in;
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
    admission::the_api_server_refuses_classes_that_cannot_work,
    admission::the_api_server_refuses_ways_in_that_cannot_work,
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
    ways_in::basic_and_bearer_work_with_the_same_password,
    ways_in::a_client_gets_access_tokens_from_the_token_endpoint,
    ways_in::a_directory_federates_without_a_secret,
    ways_in::signed_tokens_are_taken_in_place_of_a_secret,
    ways_in::a_brought_token_works_and_follows_its_secret,
    ways_in::a_secret_without_consent_is_not_read,
    ways_in::another_way_in_leaves_no_gap,
    ways_in::an_overlap_by_time_lets_both_work_and_then_ends,
    ways_in::a_schedule_rotates_what_was_used,
    ways_in::an_unused_key_in_the_secret_does_no_harm,
    lifecycle::retained_data_is_taken_up_again,
    lifecycle::deleted_data_is_gone,
    lifecycle::a_tenant_that_was_never_valid_is_deleted_at_once,
    lifecycle::a_terminating_namespace_takes_its_tenants_along,
    lifecycle::retained_data_is_not_handed_to_a_namespace_of_the_same_name,
    lifecycle::a_tenant_whose_finalizer_was_taken_by_force_loses_access,
    lifecycle::a_foreign_ingress_is_never_touched,
    lifecycle::a_class_in_use_waits_for_its_tenants,
    lifecycle::an_ingress_deleted_by_hand_comes_back,
    lives::a_suspended_tenant_is_told_to_come_back_and_keeps_its_data,
    lives::a_paused_tenant_is_left_alone_and_can_be_deleted,
    lives::a_delayed_deletion_can_be_undone_and_else_happens,
    lives::a_class_may_let_a_namespace_of_the_same_name_adopt_the_data,
    lives::a_restored_database_takes_the_tokens_of_the_secrets_up,
    routes::an_http_route_is_accepted_by_its_gateway_and_routes,
    routes::another_kind_of_route_leaves_no_gap_and_no_orphan,
    routes::a_namespace_has_a_host_of_its_own_where_the_class_says_so,
    routes::requests_come_from_where_class_and_tenant_say,
    drift::an_edited_secret_and_an_edited_ingress_come_back,
    drift::rights_that_were_revoked_in_postgresql_come_back,
    drift::an_edited_row_of_the_registry_comes_back,
    drift::a_dropped_schema_is_made_anew_and_told,
    drift::a_dropped_table_is_reported_and_nothing_is_overwritten,
    drift::a_deleted_row_is_reported_as_long_as_its_schema_is_there,
    drift::a_secret_that_was_made_anew_by_somebody_else_is_theirs,
    deletion::of_a_tenant_that_was_never_reconciled_nothing_is_left,
    deletion::of_a_tenant_that_was_half_reconciled_the_policy_decides,
    deletion::of_a_ready_tenant_the_policy_decides,
    deletion::of_a_tenant_in_conflict_the_policy_decides_and_the_other_object_stays,
    deletion::of_a_tenant_with_an_invalid_spec_the_last_accepted_policy_decides,
    deletion::of_a_terminating_namespace_the_policy_decides,
    deletion::without_postgresql_a_deletion_waits_and_then_the_policy_decides,
    deletion::when_the_operator_is_replaced_the_policy_decides,
    health::gitops_tools_see_every_stage_of_a_tenants_life,
    health::gitops_tools_see_whether_a_class_is_accepted,
    hostile::no_resource_harms_the_operator_or_others,
    faults::what_the_api_server_refuses_for_a_while_is_done_afterwards,
    faults::dropped_and_expired_watches_are_opened_again,
    faults::two_leaders_at_once_do_no_harm,
    faults::an_operator_killed_at_each_write_ends_in_the_same_state,
    faults::a_restart_of_postgresql_under_traffic_costs_retries_and_nothing_else,
    settled::a_settled_tenant_is_reconciled_without_a_write,
    isolation::two_tenants_under_load_never_see_each_other,
    leadership::two_operators_at_once_are_harmless,
    leadership::when_the_leader_is_lost_the_other_one_takes_over,
    outages::an_operator_killed_at_any_time_ends_in_the_same_state,
    outages::scim_goes_on_while_operator_and_api_server_are_away,
    outages::without_postgresql_the_server_says_503_and_recovers_by_itself,
    installations::two_installations_side_by_side_leave_each_other_alone,
    installations::two_installations_on_one_database_do_not_see_each_other,
    installations::a_tenant_moves_to_a_class_of_another_installation_and_back,
    installations::a_tenant_that_is_deleted_while_it_moves_goes,
    installations::several_connections_of_a_customer_have_nothing_in_common,
    clusters::an_installation_of_another_cluster_is_refused_until_it_is_taken_over,
    clusters::a_cluster_that_was_built_anew_takes_up_the_data_of_the_old_one,
    databases::each_tenant_is_in_the_database_of_its_class_and_served_from_there,
    databases::a_wrong_database_is_told_holds_up_nobody_and_works_when_its_files_are_mended,
    databases::a_database_that_got_another_name_takes_its_tenants_along,
    namespaced::an_operator_of_some_namespaces_works_there_and_nowhere_else,
    default_class::a_class_follows_the_file_unless_somebody_else_made_it,
    uninstall::an_operator_that_goes_leaves_nothing_that_blocks_and_takes_everything_up_when_it_comes_again,
    uninstall::an_operator_that_does_not_end_keeps_its_finalizers,
    commands::passwords_are_made_once,
    commands::a_tenant_to_try_with_comes_and_goes,
    rights::people_get_what_their_role_in_the_namespace_says,
    migrations::a_new_schema_rolls_over_live_tenants_and_is_resumed,
    clock::validity_goes_by_the_clock_of_postgresql,
    examples::the_chart_takes_the_values_of_every_example,
    examples::kustomize_builds_what_flux_applies,
    examples::the_api_server_takes_every_object_by_the_crds_of_its_tool,
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
