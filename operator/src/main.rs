//! `scim-operator`: see the library.

use std::process::ExitCode;

use database::migration::TenantMigrations;

fn main() -> ExitCode {
    operator::main_with(TenantMigrations::CURRENT)
}
