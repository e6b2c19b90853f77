//! What the operator asks of the API server, and what everybody asks of PostgreSQL, for a while.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use product::{ApiProxy, Program, Verb};
use sqlx::{Connection as _, PgConnection};

use crate::statements::{Log, Statements};

/// Longer than any pause between two looks at a young tenant, whose users are counted ever less often.
const SILENCE: Duration = Duration::from_secs(250);
const PATIENCE: Duration = Duration::from_mins(40);

/// The places where it is counted.
pub(crate) struct Observed {
    pub(crate) proxy: ApiProxy,
    /// The product's database as its superuser, whose own statements are nobody's.
    pub(crate) database: String,
}

/// What was counted.
#[derive(Debug)]
pub(crate) struct Counts {
    /// By verb and resource, leases included.
    pub(crate) requests: BTreeMap<(Verb, String), u64>,
    /// The paths of what the operator wrote in Kubernetes, without leases.
    pub(crate) written_objects: Vec<String>,
    /// By role.
    pub(crate) statements: Statements,
    /// In all tables, by PostgreSQL's statistics.
    pub(crate) written_rows: i64,
}

impl Observed {
    /// Waits until the operator has long asked nothing of the API server but to keep its lease and its watches; how long
    /// after `begin` it last did.
    pub(crate) async fn silence(&self, begin: Instant) -> Duration {
        let (mut last, mut asked) = (Instant::now(), self.asked());
        while last.elapsed() < SILENCE {
            assert!(begin.elapsed() < PATIENCE, "it is not quiet after {PATIENCE:?}");
            tokio::time::sleep(Duration::from_millis(200)).await;
            let now = self.asked();
            if now != asked {
                (last, asked) = (Instant::now(), now);
            }
        }
        last - begin
    }

    /// Waits until an operator that was just started has looked at every tenant.
    pub(crate) async fn looks_at_everything(&self, operator: &Program, tenants: u32) {
        let url = format!("http://{}/metrics", operator.observability());
        let begin = Instant::now();
        let looked_at = async || {
            let text = reqwest::get(&url).await.unwrap().text().await.unwrap();
            let name = "controller_runtime_reconcile_total{controller=\"scimtenant\"";
            let samples = text.lines().filter(|line| line.starts_with(name));
            samples.filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok()).sum::<f64>()
        };
        while looked_at().await < f64::from(tenants) {
            assert!(begin.elapsed() < PATIENCE, "it has not looked at every tenant after {PATIENCE:?}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Counts what comes meanwhile.
    pub(crate) async fn during(&self, log: &Log, meanwhile: impl AsyncFnOnce()) -> Counts {
        self.proxy.reset();
        let (end, rows) = (log.end(), self.rows().await);
        meanwhile().await;
        let statements = log.since(end);
        // The statistics are up to date a second after a backend became idle.
        tokio::time::sleep(Duration::from_secs(2)).await;
        let writes = self.proxy.writes();
        let written = writes.iter().filter(|write| !write.path.contains("/leases")).map(ToString::to_string);
        Counts {
            requests: self.proxy.requests(),
            written_objects: written.collect(),
            statements,
            written_rows: self.rows().await - rows,
        }
    }

    fn asked(&self) -> u64 {
        let requests = self.proxy.requests();
        requests
            .iter()
            .filter(|((verb, of), _)| *verb != Verb::Watch && of != "leases")
            .map(|(_, count)| count)
            .sum()
    }

    /// How many rows were ever written, and how many objects there are that hold them.
    async fn rows(&self) -> i64 {
        let statement = "SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::bigint \
                                + (SELECT count(*) FROM pg_class) + (SELECT count(*) FROM pg_namespace) \
                           FROM pg_stat_user_tables";
        let mut connection = PgConnection::connect(&self.database).await.unwrap();
        sqlx::query_scalar(statement).fetch_one(&mut connection).await.unwrap()
    }
}
