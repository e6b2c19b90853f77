//! The SQL of every operator on every kind of attribute.

mod memberships;

use scim::{Catalog, Filter, Kind, Profile};

use super::{Scope, condition};

const BASE_URL: &str = "https://scim.example.com/customer/acme/scim/v2";

fn catalog() -> Catalog {
    let profile: Profile = serde_json::from_value(serde_json::json!({
        "extensions": [
            {"urn": "urn:example:Badge", "resource": "User", "attributes": [
                {"name": "level", "type": "integer"},
                {"name": "issued", "type": "dateTime"},
                {"name": "areas", "type": "string", "multiValued": true},
                {"name": "doors", "type": "complex", "multiValued": true, "subAttributes": [
                    {"name": "value", "type": "string"},
                    {"name": "floor", "type": "integer"},
                    {"name": "keys", "type": "string", "multiValued": true, "caseExact": true}
                ]}
            ]},
            {"urn": "urn:example:Metadata", "resource": "User", "additionalAttributes": "String"}
        ]
    }))
    .unwrap();
    Catalog::new(&profile).unwrap()
}

/// What the filters become, one after the other.
fn sql_of(kind: Kind, filters: &[&str]) -> String {
    let catalog = catalog();
    let resource_type = catalog.resource_type(kind).unwrap();
    let one = |text: &&str| {
        let filter = Filter::parse(text, resource_type).unwrap();
        format!("{text}\n{}", condition(&filter, Scope { kind, base_url: BASE_URL }))
    };
    filters.iter().map(one).collect::<Vec<_>>().join("\n\n")
}

#[test]
fn names_and_ids_are_compared_in_their_columns() {
    let sql = sql_of(
        Kind::User,
        &[
            r#"userName eq "Ada@Example.com""#,
            r#"userName ne "ada""#,
            r#"userName co "ada""#,
            r#"userName sw "ada""#,
            r#"userName ew "50%_\\""#,
            r#"userName gt "ada""#,
            r#"userName ge "ada""#,
            r#"userName lt "ada""#,
            r#"userName le "ada""#,
            "userName pr",
            r#"externalId eq "E-1""#,
            "externalId pr",
            r#"id eq "0198a5a6-0000-7000-8000-000000000001""#,
            r#"id eq "0198A5A6-0000-7000-8000-000000000001""#,
            r#"id eq "nobody""#,
            r#"id sw "0198""#,
            r#"meta.version eq "W/\"7\"""#,
            r#"meta.location eq "https://scim.example.com/customer/acme/scim/v2/Users/0198a5a6-0000-7000-8000-000000000001""#,
            r#"meta.location eq "https://scim.example.com/""#,
            r#"meta.location sw "https://scim.example.com/""#,
        ],
    );
    insta::assert_snapshot!(sql, @r#"
    userName eq "Ada@Example.com"
    candidate.user_name_key = $1
    -- $1 = 'ada@example.com'

    userName ne "ada"
    (candidate.user_name_key = $1) IS NOT TRUE
    -- $1 = 'ada'

    userName co "ada"
    strpos(candidate.user_name_key, $1) > 0
    -- $1 = 'ada'

    userName sw "ada"
    starts_with(candidate.user_name_key, $1)
    -- $1 = 'ada'

    userName ew "50%_\\"
    candidate.user_name_key LIKE $1
    -- $1 = '%50\%\_\\'

    userName gt "ada"
    candidate.user_name_key COLLATE "C" > $1
    -- $1 = 'ada'

    userName ge "ada"
    candidate.user_name_key COLLATE "C" >= $1
    -- $1 = 'ada'

    userName lt "ada"
    candidate.user_name_key COLLATE "C" < $1
    -- $1 = 'ada'

    userName le "ada"
    candidate.user_name_key COLLATE "C" <= $1
    -- $1 = 'ada'

    userName pr
    TRUE

    externalId eq "E-1"
    candidate.external_id = $1
    -- $1 = 'E-1'

    externalId pr
    candidate.external_id IS NOT NULL

    id eq "0198a5a6-0000-7000-8000-000000000001"
    candidate.id = $1
    -- $1 = uuid 0198a5a6-0000-7000-8000-000000000001

    id eq "0198A5A6-0000-7000-8000-000000000001"
    FALSE

    id eq "nobody"
    FALSE

    id sw "0198"
    starts_with((candidate.id::text COLLATE "C"), $1)
    -- $1 = '0198'

    meta.version eq "W/\"7\""
    (('W/"' || candidate.version || '"') COLLATE "C") = $1
    -- $1 = 'W/"7"'

    meta.location eq "https://scim.example.com/customer/acme/scim/v2/Users/0198a5a6-0000-7000-8000-000000000001"
    candidate.id = $1
    -- $1 = uuid 0198a5a6-0000-7000-8000-000000000001

    meta.location eq "https://scim.example.com/"
    FALSE

    meta.location sw "https://scim.example.com/"
    starts_with((($1 || candidate.id::text) COLLATE "C"), $2)
    -- $1 = 'https://scim.example.com/customer/acme/scim/v2/Users/'
    -- $2 = 'https://scim.example.com/'
    "#);
    insta::assert_snapshot!(sql_of(Kind::Group, &[r#"displayName eq "Staff""#, r#"externalId eq "E-1""#]), @r#"
    displayName eq "Staff"
    candidate.display_name_key = $1
    -- $1 = 'staff'

    externalId eq "E-1"
    candidate.external_id = $1
    -- $1 = 'E-1'
    "#);
}

#[test]
fn moments_are_compared_as_finely_as_they_are_kept() {
    let sql = sql_of(
        Kind::User,
        &[
            r#"meta.created gt "2026-01-31T08:00:00Z""#,
            r#"meta.lastModified le "2026-01-31T08:00:00.123456Z""#,
            r#"meta.lastModified ge "2026-01-31T08:00:00.1234567Z""#,
            r#"meta.lastModified lt "2026-01-31T08:00:00.1234567Z""#,
            r#"meta.lastModified eq "2026-01-31T08:00:00.1234567Z""#,
            r#"meta.created gt "0000-01-02T00:00:00Z""#,
        ],
    );
    insta::assert_snapshot!(sql, @r#"
    meta.created gt "2026-01-31T08:00:00Z"
    candidate.created_at > $1
    -- $1 = 2026-01-31T08:00:00Z

    meta.lastModified le "2026-01-31T08:00:00.123456Z"
    candidate.last_modified_at <= $1
    -- $1 = 2026-01-31T08:00:00.123456Z

    meta.lastModified ge "2026-01-31T08:00:00.1234567Z"
    candidate.last_modified_at > $1
    -- $1 = 2026-01-31T08:00:00.1234567Z

    meta.lastModified lt "2026-01-31T08:00:00.1234567Z"
    candidate.last_modified_at <= $1
    -- $1 = 2026-01-31T08:00:00.1234567Z

    meta.lastModified eq "2026-01-31T08:00:00.1234567Z"
    FALSE

    meta.created gt "0000-01-02T00:00:00Z"
    candidate.created_at > $1
    -- $1 = 0001-01-01T00:00:00Z
    "#);
}

#[test]
fn single_values_in_the_document_are_contained_or_looked_at() {
    let sql = sql_of(
        Kind::User,
        &[
            r#"title eq "Boss""#,
            r#"title ne "Boss""#,
            r#"title co "Boss""#,
            r#"name.familyName sw "Love""#,
            r#"name.familyName ew "lace""#,
            r#"name.familyName gt "L""#,
            "name.familyName pr",
            "name pr",
            "active eq true",
            r#"profileUrl eq "https://example.com/Ada""#,
        ],
    );
    insta::assert_snapshot!(sql, @r#"
    title eq "Boss"
    candidate.comparable @> $1
    -- $1 = {"title":"boss"}

    title ne "Boss"
    (candidate.comparable @> $1) IS NOT TRUE
    -- $1 = {"title":"boss"}

    title co "Boss"
    strpos((candidate.comparable ->> $1), $2) > 0
    -- $1 = 'title'
    -- $2 = 'boss'

    name.familyName sw "Love"
    starts_with(((candidate.comparable -> $1) ->> $2), $3)
    -- $1 = 'name'
    -- $2 = 'familyName'
    -- $3 = 'love'

    name.familyName ew "lace"
    ((candidate.comparable -> $1) ->> $2) LIKE $3
    -- $1 = 'name'
    -- $2 = 'familyName'
    -- $3 = '%lace'

    name.familyName gt "L"
    ((candidate.comparable -> $1) ->> $2) COLLATE "C" > $3
    -- $1 = 'name'
    -- $2 = 'familyName'
    -- $3 = 'l'

    name.familyName pr
    ((candidate.comparable -> $1) -> $2) IS NOT NULL
    -- $1 = 'name'
    -- $2 = 'familyName'

    name pr
    (candidate.comparable -> $1) IS NOT NULL
    -- $1 = 'name'

    active eq true
    candidate.comparable @> $1
    -- $1 = {"active":true}

    profileUrl eq "https://example.com/Ada"
    candidate.comparable @> $1
    -- $1 = {"profileUrl":"https://example.com/Ada"}
    "#);
}

#[test]
fn one_of_several_values_is_enough() {
    let sql = sql_of(
        Kind::User,
        &[
            r#"emails eq "Ada@example.com""#,
            r#"emails.value eq "ada@example.com""#,
            r#"emails.value co "@example""#,
            "emails.value pr",
            "emails pr",
            "emails.primary eq true",
        ],
    );
    insta::assert_snapshot!(sql, @r#"
    emails eq "Ada@example.com"
    candidate.comparable @> $1
    -- $1 = {"emails":[{"value":"ada@example.com"}]}

    emails.value eq "ada@example.com"
    candidate.comparable @> $1
    -- $1 = {"emails":[{"value":"ada@example.com"}]}

    emails.value co "@example"
    EXISTS (SELECT FROM jsonb_path_query((candidate.comparable -> $1), '$[*]') AS element(value) WHERE strpos((element.value ->> $2), $3) > 0)
    -- $1 = 'emails'
    -- $2 = 'value'
    -- $3 = '@example'

    emails.value pr
    EXISTS (SELECT FROM jsonb_path_query((candidate.comparable -> $1), '$[*]') AS element(value) WHERE (element.value -> $2) IS NOT NULL)
    -- $1 = 'emails'
    -- $2 = 'value'

    emails pr
    (candidate.comparable -> $1) IS NOT NULL
    -- $1 = 'emails'

    emails.primary eq true
    candidate.comparable @> $1
    -- $1 = {"emails":[{"primary":true}]}
    "#);
}

#[test]
fn what_brackets_say_by_eq_and_and_is_one_containment() {
    let sql = sql_of(
        Kind::User,
        &[
            r#"emails[type eq "work"]"#,
            r#"emails[type eq "work" and value eq "ada@example.com"]"#,
            r#"emails[type eq "work" and value co "@example.com"]"#,
            r#"emails[type eq "work" and type eq "home"]"#,
            r#"emails[type eq "work" or primary eq true]"#,
            r#"emails[not (type eq "work") and value pr]"#,
            r#"emails[type eq "work"].value eq "ada@example.com""#,
            r#"name[givenName eq "Ada" and familyName sw "L"]"#,
        ],
    );
    insta::assert_snapshot!(sql, @r#"
    emails[type eq "work"]
    candidate.comparable @> $1
    -- $1 = {"emails":[{"type":"work"}]}

    emails[type eq "work" and value eq "ada@example.com"]
    candidate.comparable @> $1
    -- $1 = {"emails":[{"type":"work","value":"ada@example.com"}]}

    emails[type eq "work" and value co "@example.com"]
    (candidate.comparable @> $1 AND EXISTS (SELECT FROM jsonb_path_query((candidate.comparable -> $2), '$[*]') AS element(value) WHERE (element.value @> $3 AND strpos((element.value ->> $4), $5) > 0)))
    -- $1 = {"emails":[{"type":"work"}]}
    -- $2 = 'emails'
    -- $3 = {"type":"work"}
    -- $4 = 'value'
    -- $5 = '@example.com'

    emails[type eq "work" and type eq "home"]
    (candidate.comparable @> $1 AND EXISTS (SELECT FROM jsonb_path_query((candidate.comparable -> $2), '$[*]') AS element(value) WHERE (element.value @> $3 AND element.value @> $4)))
    -- $1 = {"emails":[{"type":"work"}]}
    -- $2 = 'emails'
    -- $3 = {"type":"work"}
    -- $4 = {"type":"home"}

    emails[type eq "work" or primary eq true]
    EXISTS (SELECT FROM jsonb_path_query((candidate.comparable -> $1), '$[*]') AS element(value) WHERE (element.value @> $2 OR element.value @> $3))
    -- $1 = 'emails'
    -- $2 = {"type":"work"}
    -- $3 = {"primary":true}

    emails[not (type eq "work") and value pr]
    EXISTS (SELECT FROM jsonb_path_query((candidate.comparable -> $1), '$[*]') AS element(value) WHERE ((element.value @> $2) IS NOT TRUE AND (element.value -> $3) IS NOT NULL))
    -- $1 = 'emails'
    -- $2 = {"type":"work"}
    -- $3 = 'value'

    emails[type eq "work"].value eq "ada@example.com"
    candidate.comparable @> $1
    -- $1 = {"emails":[{"type":"work","value":"ada@example.com"}]}

    name[givenName eq "Ada" and familyName sw "L"]
    (candidate.comparable @> $1 AND starts_with(((candidate.comparable -> $2) ->> $3), $4))
    -- $1 = {"name":{"givenName":"ada"}}
    -- $2 = 'name'
    -- $3 = 'familyName'
    -- $4 = 'l'
    "#);
}

#[test]
fn extensions_are_found_under_their_urn() {
    let sql = sql_of(
        Kind::User,
        &[
            r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "R&D""#,
            r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value eq "42""#,
            r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department sw "R""#,
            "urn:example:Badge:level ge 3",
            "urn:example:Badge:level eq 3",
            r#"urn:example:Badge:issued lt "2026-01-31T09:00:00+01:00""#,
            r#"urn:example:Badge:issued eq "2026-01-31T09:00:00+01:00""#,
            r#"urn:example:Badge:areas eq "North""#,
            r#"urn:example:Badge:areas sw "No""#,
            "urn:example:Badge:areas pr",
            r#"urn:example:Badge:areas[value sw "N" and value ew "th"]"#,
            r#"urn:example:Badge:areas[value eq "North" and not (value co "x")]"#,
            r#"urn:example:Badge:doors[floor gt 2 and keys eq "K"]"#,
            r#"urn:example:Badge:doors.keys co "K""#,
            r#"urn:example:Metadata:CostCentre eq "A1""#,
        ],
    );
    insta::assert_snapshot!(sql, @r#"
    urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "R&D"
    candidate.comparable @> $1
    -- $1 = {"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"r&d"}}

    urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value eq "42"
    candidate.comparable @> $1
    -- $1 = {"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{"value":"42"}}}

    urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department sw "R"
    starts_with(((candidate.comparable -> $1) ->> $2), $3)
    -- $1 = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
    -- $2 = 'department'
    -- $3 = 'r'

    urn:example:Badge:level ge 3
    (jsonb_typeof(((candidate.comparable -> $1) -> $2)) = 'number' AND ((candidate.comparable -> $3) -> $4) >= $5)
    -- $1 = 'urn:example:Badge'
    -- $2 = 'level'
    -- $3 = 'urn:example:Badge'
    -- $4 = 'level'
    -- $5 = 3

    urn:example:Badge:level eq 3
    candidate.comparable @> $1
    -- $1 = {"urn:example:Badge":{"level":3}}

    urn:example:Badge:issued lt "2026-01-31T09:00:00+01:00"
    ((candidate.comparable -> $1) ->> $2) COLLATE "C" < $3
    -- $1 = 'urn:example:Badge'
    -- $2 = 'issued'
    -- $3 = '2026-01-31T08:00:00.000000000Z'

    urn:example:Badge:issued eq "2026-01-31T09:00:00+01:00"
    candidate.comparable @> $1
    -- $1 = {"urn:example:Badge":{"issued":"2026-01-31T08:00:00.000000000Z"}}

    urn:example:Badge:areas eq "North"
    candidate.comparable @> $1
    -- $1 = {"urn:example:Badge":{"areas":["north"]}}

    urn:example:Badge:areas sw "No"
    EXISTS (SELECT FROM jsonb_path_query(((candidate.comparable -> $1) -> $2), '$[*]') AS element(value) WHERE starts_with((element.value #>> '{}'), $3))
    -- $1 = 'urn:example:Badge'
    -- $2 = 'areas'
    -- $3 = 'no'

    urn:example:Badge:areas pr
    ((candidate.comparable -> $1) -> $2) IS NOT NULL
    -- $1 = 'urn:example:Badge'
    -- $2 = 'areas'

    urn:example:Badge:areas[value sw "N" and value ew "th"]
    EXISTS (SELECT FROM jsonb_path_query(((candidate.comparable -> $1) -> $2), '$[*]') AS element(value) WHERE (starts_with((element.value #>> '{}'), $3) AND (element.value #>> '{}') LIKE $4))
    -- $1 = 'urn:example:Badge'
    -- $2 = 'areas'
    -- $3 = 'n'
    -- $4 = '%th'

    urn:example:Badge:areas[value eq "North" and not (value co "x")]
    EXISTS (SELECT FROM jsonb_path_query(((candidate.comparable -> $1) -> $2), '$[*]') AS element(value) WHERE (element.value @> $3 AND (strpos((element.value #>> '{}'), $4) > 0) IS NOT TRUE))
    -- $1 = 'urn:example:Badge'
    -- $2 = 'areas'
    -- $3 = "north"
    -- $4 = 'x'

    urn:example:Badge:doors[floor gt 2 and keys eq "K"]
    (candidate.comparable @> $1 AND EXISTS (SELECT FROM jsonb_path_query(((candidate.comparable -> $2) -> $3), '$[*]') AS element(value) WHERE ((jsonb_typeof((element.value -> $4)) = 'number' AND (element.value -> $5) > $6) AND element.value @> $7)))
    -- $1 = {"urn:example:Badge":{"doors":[{"keys":["K"]}]}}
    -- $2 = 'urn:example:Badge'
    -- $3 = 'doors'
    -- $4 = 'floor'
    -- $5 = 'floor'
    -- $6 = 2
    -- $7 = {"keys":["K"]}

    urn:example:Badge:doors.keys co "K"
    EXISTS (SELECT FROM jsonb_path_query(((candidate.comparable -> $1) -> $2), '$[*]') AS element(value) WHERE EXISTS (SELECT FROM jsonb_path_query((element.value -> $3), '$[*]') AS part(value) WHERE strpos((part.value #>> '{}'), $4) > 0))
    -- $1 = 'urn:example:Badge'
    -- $2 = 'doors'
    -- $3 = 'keys'
    -- $4 = 'K'

    urn:example:Metadata:CostCentre eq "A1"
    candidate.comparable @> $1
    -- $1 = {"urn:example:Metadata":{"costcentre":"a1"}}
    "#);
}

#[test]
fn schemas_and_the_kind_are_part_of_the_comparable_document() {
    let sql = sql_of(
        Kind::User,
        &[
            r#"meta.resourceType eq "User""#,
            r#"meta.resourceType eq "Group""#,
            "meta pr",
            r#"schemas eq "urn:ietf:params:scim:schemas:core:2.0:User""#,
            r#"schemas eq "urn:example:Badge""#,
            r#"schemas sw "urn:example:""#,
            r#"schemas eq "urn:nobody""#,
        ],
    );
    insta::assert_snapshot!(sql, @r#"
    meta.resourceType eq "User"
    TRUE

    meta.resourceType eq "Group"
    FALSE

    meta pr
    TRUE

    schemas eq "urn:ietf:params:scim:schemas:core:2.0:User"
    TRUE

    schemas eq "urn:example:Badge"
    (candidate.comparable -> $1) IS NOT NULL
    -- $1 = 'urn:example:Badge'

    schemas sw "urn:example:"
    ((candidate.comparable -> $1) IS NOT NULL OR (candidate.comparable -> $2) IS NOT NULL)
    -- $1 = 'urn:example:Badge'
    -- $2 = 'urn:example:Metadata'

    schemas eq "urn:nobody"
    FALSE
    "#);
}

#[test]
fn conditions_nest_as_they_were_written() {
    let sql = sql_of(
        Kind::User,
        &[
            r#"userName eq "a" or userName eq "b" and active eq true"#,
            r#"(userName eq "a" or userName eq "b") and active eq true"#,
            r#"not (title eq "a" or title pr) and active eq true"#,
            "title eq null",
        ],
    );
    insta::assert_snapshot!(sql, @r#"
    userName eq "a" or userName eq "b" and active eq true
    (candidate.user_name_key = $1 OR (candidate.user_name_key = $2 AND candidate.comparable @> $3))
    -- $1 = 'a'
    -- $2 = 'b'
    -- $3 = {"active":true}

    (userName eq "a" or userName eq "b") and active eq true
    ((candidate.user_name_key = $1 OR candidate.user_name_key = $2) AND candidate.comparable @> $3)
    -- $1 = 'a'
    -- $2 = 'b'
    -- $3 = {"active":true}

    not (title eq "a" or title pr) and active eq true
    (((candidate.comparable @> $1 OR (candidate.comparable -> $2) IS NOT NULL)) IS NOT TRUE AND candidate.comparable @> $3)
    -- $1 = {"title":"a"}
    -- $2 = 'title'
    -- $3 = {"active":true}

    title eq null
    ((candidate.comparable -> $1) IS NOT NULL) IS NOT TRUE
    -- $1 = 'title'
    "#);
}
