//! PostgreSQL: DDL, migrations, the registry of tenants, and access that is bound to one tenant.
