-- Everything that the server's role may do to a tenant.
GRANT USAGE ON SCHEMA {schema} TO {server_role};
GRANT SELECT, INSERT, UPDATE, DELETE ON {users}, {groups}, {group_members}, {unique_values}, {removed_users} TO {server_role};
GRANT EXECUTE ON FUNCTION {schema}.claim_beside_others(text, bytea, uuid) TO {server_role};
