//! What came out, as one table, and what must come out.

use std::fmt;
use std::time::Duration;

use product::Verb;

use crate::observed::Counts;
use crate::statements::Kind;

/// The roles of operator and servers in PostgreSQL.
const ROLES: [&str; 2] = ["scim_operator", "scim_server"];
/// Requests that have nothing to do with how many tenants there are: a watch is opened anew every five minutes, and what is
/// left of tenants that are gone is looked for every ten.
const BESIDE: u64 = 30;

/// The figures of one run.
#[derive(Debug)]
pub(crate) struct Figures {
    pub(crate) tenants: u32,
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
            assert_eq!(counts.of_kind(Kind::Write), 0, "{when}, statements write");
            assert_eq!(counts.written_rows, 0, "{when}, rows are written");
        }
        assert_eq!(self.at_rest.of_kind(Kind::Grant), 0, "at rest, rights are given");
        let most = (u64::from(self.tenants) / 10).max(BESIDE);
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

    fn of_kind(&self, kind: Kind) -> u64 {
        let ours = self.statements.iter().filter(|((role, _), _)| ROLES.contains(&role.as_str()));
        ours.filter(|((_, statement), _)| Kind::of(statement) == kind).map(|(_, count)| count).sum()
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut row = |name: &str, value: &dyn fmt::Display| writeln!(f, "{name:<58} {value}");
        let rate = f64::from(self.tenants) / self.ready.as_secs_f64();
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
            row(&format!("{when}: writes to PostgreSQL"), &counts.of_kind(Kind::Write))?;
            row(&format!("{when}: rights given anew"), &counts.of_kind(Kind::Grant))?;
            row(&format!("{when}: rows written in tables"), &counts.written_rows)?;
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
