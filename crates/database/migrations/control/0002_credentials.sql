-- One ladder of ways in for each tenant, access tokens of the token endpoint, deletions that can be undone, and the cluster
-- that an installation belongs to.

-- kind has no list of values here: a server skips what a newer operator adds, and keeps its place on the ladder.
ALTER TABLE scim_control.credentials
    ADD COLUMN kind        text COLLATE "C" NOT NULL DEFAULT 'bearerToken',
    ADD COLUMN principal   text COLLATE "C",
    ADD COLUMN trust       jsonb,
    -- Ends it at this time, whether or not a later one was used by then.
    ADD COLUMN valid_until timestamptz CHECK (isfinite(valid_until)),
    -- Two tenants may bring the same token, and neither learns of it by an error.
    DROP CONSTRAINT credentials_digest_unique;

-- Set for a retained tenant whose schema is dropped then.
ALTER TABLE scim_control.tenants
    ADD COLUMN drop_after timestamptz CHECK (isfinite(drop_after));

CREATE INDEX tenants_drop_after ON scim_control.tenants (installation, drop_after)
    WHERE state = 'retained' AND drop_after IS NOT NULL;

DROP TRIGGER mark_tenant_unless_merely_used ON scim_control.credentials;
-- last_used_at is no change: it is written all the time and nobody decides by it.
CREATE TRIGGER mark_tenant_unless_merely_used AFTER UPDATE ON scim_control.credentials
    FOR EACH ROW
    WHEN ((OLD.tenant_id, OLD.generation, OLD.kind, OLD.digest, OLD.principal, OLD.trust,
           OLD.issued_at, OLD.first_used_at, OLD.revoked_at, OLD.valid_until)
          IS DISTINCT FROM
          (NEW.tenant_id, NEW.generation, NEW.kind, NEW.digest, NEW.principal, NEW.trust,
           NEW.issued_at, NEW.first_used_at, NEW.revoked_at, NEW.valid_until))
    EXECUTE FUNCTION scim_control.mark_tenant_of_credential();

-- Access tokens (RFC 6749, section 1.4), as digests. They go with the credential that they were issued for.
CREATE TABLE scim_control.access_tokens (
    tenant_id  bigint NOT NULL,
    digest     bytea NOT NULL CHECK (length(digest) = 32),
    generation integer NOT NULL,
    issued_at  timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL CHECK (isfinite(expires_at)),
    PRIMARY KEY (tenant_id, digest),
    CONSTRAINT access_tokens_credential
        FOREIGN KEY (tenant_id, generation) REFERENCES scim_control.credentials ON DELETE CASCADE
);

-- A new access token is a change of its tenant, so that every replica learns of it. One that is gone had ended before.
CREATE TRIGGER mark_tenant AFTER INSERT ON scim_control.access_tokens
    FOR EACH ROW EXECUTE FUNCTION scim_control.mark_tenant_of_credential();

-- The one way in which the server's role adds access tokens. NULL where the credential cannot have any (any more).
--
-- The insert locks the credential first and, by its trigger, the tenant then: the order that everybody keeps. Whoever
-- issues for the same tenant waits there, so that the deletions never meet each other half way. Nobody waits for longer than
-- a second: while an operator works on one tenant, its clients must not keep those of the others from the connections.
CREATE FUNCTION scim_control.issue_access_token(
    of_tenant bigint, of_generation integer, token_digest bytea, lifetime interval
) RETURNS timestamptz
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '1s'
AS $$
DECLARE
    expiry timestamptz;
BEGIN
    IF lifetime IS NULL OR lifetime <= interval '0' OR lifetime > interval '6 hours' THEN
        RAISE invalid_parameter_value USING MESSAGE = 'an access token lives for six hours at most';
    END IF;
    INSERT INTO scim_control.access_tokens (tenant_id, generation, digest, expires_at)
    SELECT c.tenant_id, c.generation, token_digest, now() + lifetime
      FROM scim_control.credentials c JOIN scim_control.tenants t ON t.id = c.tenant_id
     WHERE c.tenant_id = of_tenant AND c.generation = of_generation
       AND c.kind IN ('clientSecret', 'federation') AND c.revoked_at IS NULL AND t.state = 'active'
    RETURNING expires_at INTO expiry;
    IF expiry IS NOT NULL THEN
        DELETE FROM scim_control.access_tokens
         WHERE tenant_id = of_tenant AND digest <> token_digest
           AND (expires_at <= now()
                OR digest IN (SELECT digest FROM scim_control.access_tokens
                               WHERE tenant_id = of_tenant AND expires_at > now()
                               ORDER BY issued_at DESC, digest OFFSET 256));
    END IF;
    RETURN expiry;
END
$$;

REVOKE EXECUTE ON FUNCTION scim_control.issue_access_token(bigint, integer, bytea, interval) FROM PUBLIC;

-- Which cluster's operator writes for an installation: the UID of its namespace kube-system.
CREATE TABLE scim_control.installations (
    installation text COLLATE "C" PRIMARY KEY,
    cluster      uuid NOT NULL,
    bound_at     timestamptz NOT NULL DEFAULT now()
);
