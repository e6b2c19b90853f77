//! `scim-operator` of a version that is to come: with one migration of tenants' schemas more, which an old server does
//! not notice. Tests roll it out.

use std::process::ExitCode;

use database::migration::TenantMigrations;

/// Expands, as every migration does first: a column that nobody has to fill, and an index of it.
const NEXT: &str = "
    ALTER TABLE {users} ADD COLUMN next text COLLATE \"C\";
    CREATE INDEX users_next ON {users} (next) WHERE next IS NOT NULL;
";

fn main() -> ExitCode {
    operator::main_with(TenantMigrations::CURRENT.with(NEXT))
}
