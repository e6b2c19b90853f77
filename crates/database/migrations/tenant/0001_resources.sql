-- Users and groups of one tenant. Texts compare by code point: folding of case was done before they were stored.

CREATE TABLE {users} (
    id               uuid PRIMARY KEY,
    user_name_key    text COLLATE "C" NOT NULL,
    external_id      text COLLATE "C",
    active           boolean NOT NULL,
    resource         jsonb NOT NULL,
    comparable       jsonb NOT NULL,
    -- Which form of the schemas `comparable` and `unique_values` were derived by: rows of another form are derived anew.
    form             bigint NOT NULL,
    -- Counts what was written, members of a group included: the entity tag.
    version          bigint NOT NULL DEFAULT 1,
    created_at       timestamptz NOT NULL,
    last_modified_at timestamptz NOT NULL,
    CONSTRAINT users_user_name_key_unique UNIQUE (user_name_key)
);

CREATE INDEX users_external_id ON {users} (external_id) WHERE external_id IS NOT NULL;
CREATE INDEX users_comparable ON {users} USING gin (comparable jsonb_path_ops);

CREATE TABLE {groups} (
    id               uuid PRIMARY KEY,
    display_name_key text COLLATE "C" NOT NULL,
    external_id      text COLLATE "C",
    resource         jsonb NOT NULL,
    comparable       jsonb NOT NULL,
    -- Which form of the schemas `comparable` and `unique_values` were derived by: rows of another form are derived anew.
    form             bigint NOT NULL,
    -- Counts what was written, members of a group included: the entity tag.
    version          bigint NOT NULL DEFAULT 1,
    created_at       timestamptz NOT NULL,
    last_modified_at timestamptz NOT NULL,
    CONSTRAINT groups_display_name_key_unique UNIQUE (display_name_key)
);

CREATE INDEX groups_external_id ON {groups} (external_id) WHERE external_id IS NOT NULL;
CREATE INDEX groups_comparable ON {groups} USING gin (comparable jsonb_path_ops);

CREATE TABLE {group_members} (
    group_id     uuid NOT NULL CONSTRAINT group_members_group REFERENCES {groups} ON DELETE CASCADE,
    member_user  uuid CONSTRAINT group_members_member_user REFERENCES {users} ON DELETE CASCADE,
    member_group uuid CONSTRAINT group_members_member_group REFERENCES {groups} ON DELETE CASCADE,
    CONSTRAINT group_members_one_member CHECK (num_nonnulls(member_user, member_group) = 1),
    -- Also finds the members of a group, hence without a condition on member_user.
    CONSTRAINT group_members_user_unique UNIQUE (group_id, member_user)
);

CREATE UNIQUE INDEX group_members_group_unique ON {group_members} (group_id, member_group)
    WHERE member_group IS NOT NULL;
CREATE INDEX group_members_by_user ON {group_members} (member_user) WHERE member_user IS NOT NULL;
CREATE INDEX group_members_by_group ON {group_members} (member_group) WHERE member_group IS NOT NULL;

-- Values of attributes that the profile declares unique, as digests, so that their length does not matter. Whoever has a
-- value holds a claim, also several who had it before it became unique. One of them is always at ordinal 0, where everybody
-- claims who is new: hence nobody new gets a value while anybody has it.
--
-- Why that holds when several write at once (read committed). Ordinal 0 is left by a deletion alone, which moves the next
-- claim there in the same transaction; whoever is new waits for its end and meets that claim. The deletion misses none: who
-- adds a claim beside others locks the one at 0 first, so the deletion waits for them or they for it, and either looks anew
-- after it has waited. A claim that is deleted at that moment is waited for too, and passed over if it is gone. If it was
-- moved to 0 before its own deletion got it, that deletion sees it there and moves the next one.
CREATE TABLE {unique_values} (
    attribute   text COLLATE "C" NOT NULL,
    digest      bytea NOT NULL,
    resource_id uuid NOT NULL CONSTRAINT unique_values_resource REFERENCES {users} ON DELETE CASCADE,
    ordinal     integer NOT NULL DEFAULT 0,
    CONSTRAINT unique_values_unique PRIMARY KEY (attribute, digest, ordinal)
);

CREATE UNIQUE INDEX unique_values_by_resource ON {unique_values} (resource_id, attribute, digest);

-- The claim of somebody who has the value already, whoever else has. The caller has locked the resource and knows that it
-- does not hold this claim yet.
CREATE FUNCTION {schema}.claim_beside_others(value_attribute text, value_digest bytea, claimant uuid) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    LOOP
        INSERT INTO {unique_values} (attribute, digest, resource_id)
        VALUES (value_attribute, value_digest, claimant) ON CONFLICT DO NOTHING;
        EXIT WHEN FOUND;
        PERFORM FROM {unique_values}
          WHERE attribute = value_attribute AND digest = value_digest AND ordinal = 0 FOR NO KEY UPDATE;
        IF FOUND THEN
            INSERT INTO {unique_values} (attribute, digest, resource_id, ordinal)
            SELECT value_attribute, value_digest, claimant, max(ordinal) + 1
              FROM {unique_values} WHERE attribute = value_attribute AND digest = value_digest;
            EXIT;
        END IF;
    END LOOP;
END
$$;

CREATE FUNCTION {schema}.move_next_claim() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE {unique_values} SET ordinal = 0
     WHERE attribute = OLD.attribute AND digest = OLD.digest AND ordinal =
           (SELECT ordinal FROM {unique_values} WHERE attribute = OLD.attribute AND digest = OLD.digest
             ORDER BY ordinal LIMIT 1 FOR UPDATE);
    RETURN NULL;
END
$$;

CREATE TRIGGER move_next_claim AFTER DELETE ON {unique_values}
    FOR EACH ROW WHEN (OLD.ordinal = 0) EXECUTE FUNCTION {schema}.move_next_claim();

-- Who returns: the ids of users that were deleted while the profile said that they may come back, by a digest of the
-- folded userName. The name cannot be read out of it, but found by trying: whoever has the table can ask it whether a
-- person was here whose e-mail address they know. There is no row for the name of a user who exists.
CREATE TABLE {removed_users} (
    user_name_digest bytea CONSTRAINT removed_users_unique PRIMARY KEY,
    id               uuid NOT NULL,
    -- The user's last one: the next life counts on, so that no entity tag is given twice.
    version          bigint NOT NULL,
    removed_at       timestamptz NOT NULL DEFAULT now()
);
