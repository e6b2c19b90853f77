//! Words that the operator and the server share: ids, schema names, tokens, a tenant's configuration. No I/O.
