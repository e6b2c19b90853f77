-- Everything that the server's role may do to the registry.
GRANT USAGE ON SCHEMA scim_control TO {server_role};
GRANT SELECT ON scim_control.tenants, scim_control.credentials, scim_control.access_tokens TO {server_role};
GRANT UPDATE (first_used_at, last_used_at) ON scim_control.credentials TO {server_role};
GRANT UPDATE (derived_form) ON scim_control.tenants TO {server_role};
GRANT EXECUTE ON FUNCTION scim_control.issue_access_token(bigint, integer, bytea, interval) TO {server_role};
