-- The registry of tenants. The operator's role owns it; what the server's role may do is in grants.sql.

CREATE TABLE scim_control.tenants (
    id                  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    installation        text COLLATE "C" NOT NULL,
    namespace           text COLLATE "C" NOT NULL,
    name                text COLLATE "C" NOT NULL,
    namespace_uid       uuid NOT NULL,
    owner_uid           uuid NOT NULL,
    state               text NOT NULL CHECK (state IN ('active', 'retained', 'deleted')),
    configuration       jsonb NOT NULL,
    schema_version      integer NOT NULL DEFAULT 0,
    handled_annotations jsonb NOT NULL DEFAULT '{}',
    -- Counts the profiles that the configuration has had.
    profile_version     bigint NOT NULL DEFAULT 1,
    -- The form of the schemas by which all of the tenant's rows are derived (tenant table users, column form). NULL where
    -- that is not known: for a new tenant, and after each change of the profile, also one back to an earlier profile, since
    -- rows were written by the one in between.
    derived_form        bigint,
    -- The transaction that changed this row or one of its credentials last. Servers poll by it.
    changed             xid8 NOT NULL DEFAULT pg_current_xact_id(),
    created_at          timestamptz NOT NULL DEFAULT now(),
    changed_at          timestamptz NOT NULL DEFAULT now()
);

CREATE UNIQUE INDEX tenants_key_unique ON scim_control.tenants (installation, namespace, name)
    WHERE state <> 'deleted';
CREATE INDEX tenants_changed ON scim_control.tenants (installation, changed);

CREATE TABLE scim_control.credentials (
    tenant_id     bigint NOT NULL REFERENCES scim_control.tenants ON DELETE CASCADE,
    generation    integer NOT NULL CHECK (generation > 0),
    digest        bytea NOT NULL CHECK (length(digest) = 32),
    issued_at     timestamptz NOT NULL DEFAULT now(),
    first_used_at timestamptz,
    last_used_at  timestamptz,
    revoked_at    timestamptz,
    PRIMARY KEY (tenant_id, generation),
    CONSTRAINT credentials_digest_unique UNIQUE (digest)
);

-- Every change of a tenant carries the transaction that made it.
CREATE FUNCTION scim_control.mark_tenant() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    NEW.changed := pg_current_xact_id();
    NEW.changed_at := now();
    RETURN NEW;
END
$$;

CREATE TRIGGER mark_tenant BEFORE INSERT OR UPDATE ON scim_control.tenants
    FOR EACH ROW EXECUTE FUNCTION scim_control.mark_tenant();

-- A change of a credential is a change of its tenant. The server's role may note a use but not write tenants, so the
-- function runs with the rights of its owner.
CREATE FUNCTION scim_control.mark_tenant_of_credential() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE scim_control.tenants SET changed = pg_current_xact_id()
     WHERE id = CASE TG_OP WHEN 'DELETE' THEN OLD.tenant_id ELSE NEW.tenant_id END;
    RETURN NULL;
END
$$;

REVOKE EXECUTE ON FUNCTION scim_control.mark_tenant_of_credential() FROM PUBLIC;

CREATE TRIGGER mark_tenant AFTER INSERT OR DELETE ON scim_control.credentials
    FOR EACH ROW EXECUTE FUNCTION scim_control.mark_tenant_of_credential();

-- last_used_at is no change: it is written all the time and nobody decides by it.
CREATE TRIGGER mark_tenant_unless_merely_used AFTER UPDATE ON scim_control.credentials
    FOR EACH ROW
    WHEN ((OLD.tenant_id, OLD.generation, OLD.digest, OLD.issued_at, OLD.first_used_at, OLD.revoked_at)
          IS DISTINCT FROM
          (NEW.tenant_id, NEW.generation, NEW.digest, NEW.issued_at, NEW.first_used_at, NEW.revoked_at))
    EXECUTE FUNCTION scim_control.mark_tenant_of_credential();
