//! SCIM 2.0 (RFC 7643, 7644) as values: schema, resource, path, filter, PATCH, projection, errors. No I/O, no tenants.
