//! The SQL of comparisons of members of groups, and of groups of users.

use scim::Kind;

use super::{BASE_URL, sql_of};

const ID: &str = "0198a5a6-0000-7000-8000-000000000001";

#[test]
fn groups_of_a_user_are_rows() {
    let of_users = [
        format!(r#"groups.value eq "{ID}""#),
        format!(r#"groups eq "{ID}""#),
        r#"groups.value eq "nothing""#.to_owned(),
        r#"groups.value sw "0198""#.to_owned(),
        "groups pr".to_owned(),
        r#"groups.display sw "Sta""#.to_owned(),
        r#"groups.type eq "direct""#.to_owned(),
        format!(r#"groups.$ref eq "{BASE_URL}/Groups/{ID}""#),
        format!(r#"groups.$ref eq "{BASE_URL}/Users/{ID}""#),
        format!(r#"groups.$ref co "{ID}""#),
        format!(r#"groups[value eq "{ID}" and display ne "Staff"]"#),
    ];
    insta::assert_snapshot!(sql_of(Kind::User, &of_users.each_ref().map(String::as_str)), @r#"
    groups.value eq "0198a5a6-0000-7000-8000-000000000001"
    EXISTS (SELECT FROM {group_members} AS membership WHERE membership.member_user = candidate.id AND membership.group_id = $1)
    -- $1 = uuid 0198a5a6-0000-7000-8000-000000000001

    groups eq "0198a5a6-0000-7000-8000-000000000001"
    EXISTS (SELECT FROM {group_members} AS membership WHERE membership.member_user = candidate.id AND membership.group_id = $1)
    -- $1 = uuid 0198a5a6-0000-7000-8000-000000000001

    groups.value eq "nothing"
    EXISTS (SELECT FROM {group_members} AS membership WHERE membership.member_user = candidate.id AND FALSE)

    groups.value sw "0198"
    EXISTS (SELECT FROM {group_members} AS membership WHERE membership.member_user = candidate.id AND starts_with(membership.group_id::text, $1))
    -- $1 = '0198'

    groups pr
    EXISTS (SELECT FROM {group_members} AS membership WHERE membership.member_user = candidate.id AND TRUE)

    groups.display sw "Sta"
    EXISTS (SELECT FROM {group_members} AS membership WHERE membership.member_user = candidate.id AND EXISTS (SELECT FROM {groups} AS shown WHERE shown.id = membership.group_id AND starts_with(shown.display_name_key, $1)))
    -- $1 = 'sta'

    groups.type eq "direct"
    EXISTS (SELECT FROM {group_members} AS membership WHERE membership.member_user = candidate.id AND 'direct'::text = $1)
    -- $1 = 'direct'

    groups.$ref eq "https://scim.example.com/customer/acme/scim/v2/Groups/0198a5a6-0000-7000-8000-000000000001"
    EXISTS (SELECT FROM {group_members} AS membership WHERE membership.member_user = candidate.id AND membership.group_id = $1)
    -- $1 = uuid 0198a5a6-0000-7000-8000-000000000001

    groups.$ref eq "https://scim.example.com/customer/acme/scim/v2/Users/0198a5a6-0000-7000-8000-000000000001"
    EXISTS (SELECT FROM {group_members} AS membership WHERE membership.member_user = candidate.id AND FALSE)

    groups.$ref co "0198a5a6-0000-7000-8000-000000000001"
    EXISTS (SELECT FROM {group_members} AS membership WHERE membership.member_user = candidate.id AND strpos(($1 || membership.group_id::text), $2) > 0)
    -- $1 = 'https://scim.example.com/customer/acme/scim/v2/Groups/'
    -- $2 = '0198a5a6-0000-7000-8000-000000000001'

    groups[value eq "0198a5a6-0000-7000-8000-000000000001" and display ne "Staff"]
    EXISTS (SELECT FROM {group_members} AS membership WHERE membership.member_user = candidate.id AND (membership.group_id = $1 AND (EXISTS (SELECT FROM {groups} AS shown WHERE shown.id = membership.group_id AND shown.display_name_key = $2)) IS NOT TRUE))
    -- $1 = uuid 0198a5a6-0000-7000-8000-000000000001
    -- $2 = 'staff'
    "#);
}

#[test]
fn members_of_a_group_are_rows() {
    let of_groups = [
        format!(r#"members.value eq "{ID}""#),
        format!(r#"members[value eq "{ID}"]"#),
        r#"members.value eq "nobody""#.to_owned(),
        r#"members.value sw "0198""#.to_owned(),
        "members pr".to_owned(),
        r#"members.display eq "Ada""#.to_owned(),
        r#"members.type eq "Group""#.to_owned(),
        format!(r#"members.$ref eq "{BASE_URL}/Users/{ID}""#),
        format!(r#"members.$ref eq "{BASE_URL}/Groups/{ID}""#),
        r#"members.$ref eq "elsewhere""#.to_owned(),
        r#"members.$ref ew "1""#.to_owned(),
        format!(r#"members[value eq "{ID}" and type eq "User"]"#),
        r#"members[not (type eq "User" or display co "a")]"#.to_owned(),
    ];
    insta::assert_snapshot!(sql_of(Kind::Group, &of_groups.each_ref().map(String::as_str)), @r#"
    members.value eq "0198a5a6-0000-7000-8000-000000000001"
    EXISTS (SELECT FROM {group_members} AS membership WHERE membership.group_id = candidate.id AND (membership.member_user = $1 OR membership.member_group = $2))
    -- $1 = uuid 0198a5a6-0000-7000-8000-000000000001
    -- $2 = uuid 0198a5a6-0000-7000-8000-000000000001

    members[value eq "0198a5a6-0000-7000-8000-000000000001"]
    EXISTS (SELECT FROM {group_members} AS membership WHERE membership.group_id = candidate.id AND (membership.member_user = $1 OR membership.member_group = $2))
    -- $1 = uuid 0198a5a6-0000-7000-8000-000000000001
    -- $2 = uuid 0198a5a6-0000-7000-8000-000000000001

    members.value eq "nobody"
    EXISTS (SELECT FROM {group_members} AS membership WHERE membership.group_id = candidate.id AND FALSE)

    members.value sw "0198"
    EXISTS (SELECT FROM {group_members} AS membership WHERE membership.group_id = candidate.id AND starts_with(coalesce(membership.member_user, membership.member_group)::text, $1))
    -- $1 = '0198'

    members pr
    EXISTS (SELECT FROM {group_members} AS membership WHERE membership.group_id = candidate.id AND TRUE)

    members.display eq "Ada"
    EXISTS (SELECT FROM {group_members} AS membership WHERE membership.group_id = candidate.id AND (EXISTS (SELECT FROM {users} AS shown WHERE shown.id = membership.member_user AND coalesce(shown.comparable ->> 'displayName', shown.comparable -> 'name' ->> 'formatted', shown.user_name_key) = $1) OR EXISTS (SELECT FROM {groups} AS shown WHERE shown.id = membership.member_group AND shown.display_name_key = $2)))
    -- $1 = 'ada'
    -- $2 = 'ada'

    members.type eq "Group"
    EXISTS (SELECT FROM {group_members} AS membership WHERE membership.group_id = candidate.id AND (CASE WHEN membership.member_user IS NULL THEN 'group' ELSE 'user' END) = $1)
    -- $1 = 'group'

    members.$ref eq "https://scim.example.com/customer/acme/scim/v2/Users/0198a5a6-0000-7000-8000-000000000001"
    EXISTS (SELECT FROM {group_members} AS membership WHERE membership.group_id = candidate.id AND membership.member_user = $1)
    -- $1 = uuid 0198a5a6-0000-7000-8000-000000000001

    members.$ref eq "https://scim.example.com/customer/acme/scim/v2/Groups/0198a5a6-0000-7000-8000-000000000001"
    EXISTS (SELECT FROM {group_members} AS membership WHERE membership.group_id = candidate.id AND membership.member_group = $1)
    -- $1 = uuid 0198a5a6-0000-7000-8000-000000000001

    members.$ref eq "elsewhere"
    EXISTS (SELECT FROM {group_members} AS membership WHERE membership.group_id = candidate.id AND FALSE)

    members.$ref ew "1"
    EXISTS (SELECT FROM {group_members} AS membership WHERE membership.group_id = candidate.id AND (CASE WHEN membership.member_user IS NULL THEN $1 || membership.member_group::text ELSE $2 || membership.member_user::text END) LIKE $3)
    -- $1 = 'https://scim.example.com/customer/acme/scim/v2/Groups/'
    -- $2 = 'https://scim.example.com/customer/acme/scim/v2/Users/'
    -- $3 = '%1'

    members[value eq "0198a5a6-0000-7000-8000-000000000001" and type eq "User"]
    EXISTS (SELECT FROM {group_members} AS membership WHERE membership.group_id = candidate.id AND ((membership.member_user = $1 OR membership.member_group = $2) AND (CASE WHEN membership.member_user IS NULL THEN 'group' ELSE 'user' END) = $3))
    -- $1 = uuid 0198a5a6-0000-7000-8000-000000000001
    -- $2 = uuid 0198a5a6-0000-7000-8000-000000000001
    -- $3 = 'user'

    members[not (type eq "User" or display co "a")]
    EXISTS (SELECT FROM {group_members} AS membership WHERE membership.group_id = candidate.id AND (((CASE WHEN membership.member_user IS NULL THEN 'group' ELSE 'user' END) = $1 OR (EXISTS (SELECT FROM {users} AS shown WHERE shown.id = membership.member_user AND strpos(coalesce(shown.comparable ->> 'displayName', shown.comparable -> 'name' ->> 'formatted', shown.user_name_key), $2) > 0) OR EXISTS (SELECT FROM {groups} AS shown WHERE shown.id = membership.member_group AND strpos(shown.display_name_key, $3) > 0)))) IS NOT TRUE)
    -- $1 = 'user'
    -- $2 = 'a'
    -- $3 = 'a'
    "#);
}
