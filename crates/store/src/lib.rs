//! SCIM resources in SQL: filters become SQL, rows become resources.
