//! What came out, as one table, and what must come out.

use std::fmt;
use std::time::Duration;

use product::Verb;

use crate::observed::Counts;
use crate::statements::is_write;

/// The roles of operator and servers in PostgreSQL.
const ROLES: [&str; 2] = ["scim_operator", "scim_server"];
/// Requests that have nothing to do with how many tenants there are: a watch is opened anew every five minutes, and what is
/// left of tenants that are gone is looked for every ten.
const BESIDE: u64 = 30;

/// The figures of one run.
#[derive(Debug)]
pub(crate) struct Figures {
    pub(crate) tenants: usize,
    /// From the first request to the last tenant that became Ready.
    pub(crate) ready: Duration,
    /// From the first request to the last one of the operator about it.
    pub(crate) settled: Duration,
    pub(crate) quiet: Duration,
    pub(crate) at_rest: Counts,
    /// From the start of the operator to its last request.
    pub(crate) restarted: Duration,
    pub(crate) restart: Counts,
}

impl Figures {
    /// Settled tenants cost nothing.
    pub(crate) fn check(&self) {
        for (when, counts) in [("at rest", &self.at_rest), ("on restart", &self.restart)] {
            assert_eq!(counts.written_objects, [""; 0], "{when}, the operator writes objects");
            assert_eq!(counts.writes(), 0, "{when}, statements write: {:?}", counts.statements);
            assert_eq!(counts.written_rows, 0, "{when}, rows are written");
        }
        let most = (self.tenants as u64 / 10).max(BESIDE);
        let asked = self.at_rest.asked();
        assert!(asked < most, "{asked} requests at rest, with {} tenants", self.tenants);
    }
}

impl Counts {
    /// Without leases.
    fn asked(&self) -> u64 {
        self.requests.iter().filter(|((_, resource), _)| resource != "leases").map(|(_, count)| count).sum()
    }

    fn leases(&self) -> u64 {
        self.requests.iter().filter(|((_, resource), _)| resource == "leases").map(|(_, count)| count).sum()
    }

    fn statements_of(&self, role: &str) -> u64 {
        self.statements.iter().filter(|((of, _), _)| of == role).map(|(_, count)| count).sum()
    }

    fn writes(&self) -> u64 {
        let writes =
            self.statements.iter().filter(|((of, text), _)| ROLES.contains(&of.as_str()) && is_write(text));
        writes.map(|(_, count)| count).sum()
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut row = |name: &str, value: &dyn fmt::Display| writeln!(f, "{name:<52} {value}");
        let rate = self.tenants as f64 / self.ready.as_secs_f64();
        row("tenants", &self.tenants)?;
        row("all Ready after", &format_args!("{:.1} s ({rate:.1} in a second)", self.ready.as_secs_f64()))?;
        row("the operator's last request about them", &format_args!("{:.0} s", self.settled.as_secs_f64()))?;
        let quiet = format!("{} quiet seconds", self.quiet.as_secs());
        let restart = "a restart of the operator".to_owned();
        for (when, counts) in [(quiet, &self.at_rest), (restart, &self.restart)] {
            row(&format!("{when}: requests to the API server"), &counts.asked())?;
            row(&format!("{when}: … for the lease, besides"), &counts.leases())?;
            for role in ROLES {
                row(&format!("{when}: statements of {role}"), &counts.statements_of(role))?;
            }
            row(&format!("{when}: writes to Kubernetes"), &counts.written_objects.len())?;
            row(&format!("{when}: writes to PostgreSQL"), &counts.writes())?;
            row(&format!("{when}: rows written"), &counts.written_rows)?;
        }
        row("the restarted operator's last request", &format_args!("{:.0} s", self.restarted.as_secs_f64()))?;
        for (when, counts) in [("at rest", &self.at_rest), ("restart", &self.restart)] {
            for ((verb, resource), count) in by_count(&counts.requests) {
                let verb: &Verb = verb;
                writeln!(f, "{when}: {count:>8} × {verb} {resource}")?;
            }
            for ((role, statement), count) in by_count(&counts.statements) {
                let start: String = statement.chars().take(90).collect();
                writeln!(f, "{when}: {count:>8} × {role}: {start}")?;
            }
        }
        Ok(())
    }
}

/// The most frequent first.
fn by_count<K>(counted: &std::collections::BTreeMap<K, u64>) -> Vec<(&K, &u64)> {
    let mut counted: Vec<_> = counted.iter().collect();
    counted.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    counted
}
