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

-- Values of attributes that the profile declares unique, as digests, so that their length does not matter.
CREATE TABLE {unique_values} (
    attribute   text COLLATE "C" NOT NULL,
    digest      bytea NOT NULL,
    resource_id uuid NOT NULL CONSTRAINT unique_values_resource REFERENCES {users} ON DELETE CASCADE,
    CONSTRAINT unique_values_unique PRIMARY KEY (attribute, digest)
);

CREATE INDEX unique_values_by_resource ON {unique_values} (resource_id);

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
