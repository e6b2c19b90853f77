//! What settled tenants cost: `make scale SCIM_TENANTS=1000 SCIM_QUIET=300`. It takes half an hour, most of which is waiting
//! for silence; without the variable `SCIM_TENANTS` there is nothing to do.

#![allow(missing_docs, reason = "a test")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says what it expects by panicking"
)]

mod figures;
mod observed;
mod statements;
mod tenants;

use std::time::{Duration, Instant};

use product::{ApiProxy, Installation, InstallationOptions, OperatorOptions};

use crate::figures::Figures;
use crate::observed::Observed;
use crate::statements::Log;

fn main() {
    let Some(tenants) = variable("SCIM_TENANTS") else {
        println!("scale: not asked for (make scale)");
        return;
    };
    let quiet = Duration::from_secs(variable("SCIM_QUIET").unwrap_or(300));
    let _ = rustls::crypto::ring::default_provider().install_default();
    tokio::runtime::Runtime::new().unwrap().block_on(run(u32::try_from(tenants).unwrap(), quiet));
}

fn variable(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok().filter(|text| !text.is_empty())?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

async fn run(tenants: u32, quiet: Duration) {
    let options = InstallationOptions { state_directory: None, operators: 1, servers: 2 };
    let installation = Installation::start(&options).await.unwrap();
    // The servers are ready since this one has made the registry. From now on one works that is counted.
    installation.operators()[0].stop().await;
    let proxy = ApiProxy::start(installation.stack()).await.unwrap();
    proxy.pass_by(&[]);
    let operator = OperatorOptions { api_server: Some(proxy.url()), ..OperatorOptions::default() };
    let operator = installation.add_operator(&operator).await.unwrap();
    let client = installation.client().unwrap();
    let superuser = installation.stack().postgresql().superuser_url();
    let database = format!("{}/scim", superuser.strip_suffix("/postgres").unwrap());
    let observed = Observed { proxy, database };

    let begin = Instant::now();
    tenants::class(&client, &installation).await;
    tenants::declare(&client, tenants).await;
    let declared = begin.elapsed();
    tenants::all_ready(&client, tenants).await;
    let ready = begin.elapsed();
    println!("scale: {tenants} tenants declared after {declared:.1?}, all Ready after {ready:.1?}");
    tenants::all_derived(&observed.database).await;
    let settled = observed.silence(begin).await;
    println!("scale: settled after {settled:.1?}; now {quiet:?} of quiet");

    let log = Log::open(installation.stack()).await;
    let at_rest = observed.during(&log, async || tokio::time::sleep(quiet).await).await;

    operator.stop().await;
    let (mut restarted, begin) = (Duration::ZERO, Instant::now());
    let mut settling = async || {
        operator.start().await.unwrap();
        observed.looks_at_everything(&operator, tenants).await;
        restarted = observed.silence(begin).await;
    };
    let restart = observed.during(&log, &mut settling).await;

    let figures = Figures { tenants, ready, settled, quiet, at_rest, restarted, restart };
    println!("{figures}");
    operator.stop().await;
    installation.stop().await;
    figures.check();
}
