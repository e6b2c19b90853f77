//! `docs/conditions.md`: every reason of a condition, for the person who is on call.

use std::fmt::Write as _;

use crate::Reason;

const BEFORE: &str = "<!-- Made by `make crds` from crds/src/conditions.rs. -->

# Conditions and their reasons

`kubectl describe sct NAME` shows them. `Ready` sums up `Accepted`, `DatabaseReady`, `CredentialsReady` and `RouteReady`, and carries
the reason of the first that is not true. `Stalled` says that somebody has to change something; `Reconciling`, that it passes by
itself. A tenant that was Ready and is edited into something invalid goes on serving what was accepted last.

| Reason | It says | What to do |
|---|---|---|
";

const AFTER: &str = "
## A deletion that waits

Deleting a `ScimTenant` needs PostgreSQL: the finalizer `scim-operator.io/tenant` stays until the registry knows that the tenant is
gone. If PostgreSQL does not come back and the object must go, take the finalizer away by hand:

```console
$ kubectl patch sct NAME --type merge -p '{\"metadata\":{\"finalizers\":null}}'
```

Its schema and its row stay then, as with `Retain`, whatever its deletion policy says. Within ten minutes after PostgreSQL is back the
operator retains the row, which ends its tokens. A ScimTenant of the same name in the same namespace takes users, groups and tokens
up again, and deleting that one tidies up.
";

/// The page, as Markdown.
pub fn conditions() -> String {
    let mut page = BEFORE.to_owned();
    for reason in Reason::ALL {
        // Writing into a String cannot fail.
        let _ = writeln!(page, "| `{reason}` | {} | {} |", reason.meaning(), reason.remedy());
    }
    page.push_str(AFTER);
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_what_the_reasons_say() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/conditions.md");
        let found = std::fs::read_to_string(file).unwrap();
        assert!(found == conditions(), "run `make crds`: docs/conditions.md is old");
    }
}
