//! What the processes tell Prometheus.

use std::collections::BTreeMap;

use product::Program;

use crate::world::World;

/// How often an operator looked at tenants, by result.
pub(crate) const RECONCILED: &str = "controller_runtime_reconcile_total{controller=\"scimtenant\"";

/// How often the world's operators looked at tenants, with whatever result; the few young ones are looked at again now and
/// then.
pub(crate) async fn reconciles(world: &World) -> f64 {
    let mut reconciles = 0.0;
    for operator in world.installation.operators() {
        reconciles += sum(operator, RECONCILED, "").await;
    }
    reconciles
}

/// The sum of an operator's samples whose name and labels begin with `name` and hold `label`.
pub(crate) async fn sum(operator: &Program, name: &str, label: &str) -> f64 {
    let url = format!("http://{}/metrics", operator.observability());
    let samples = parse(&reqwest::get(url).await.unwrap().text().await.unwrap());
    let wanted = samples.iter().filter(|(sample, _)| sample.starts_with(name) && sample.contains(label));
    wanted.map(|(_, value)| value).sum()
}

/// Samples by name and labels, out of the text format.
pub(crate) fn parse(text: &str) -> BTreeMap<String, f64> {
    let lines = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.rsplit_once(' '));
    lines.filter_map(|(name, value)| Some((name.to_owned(), value.parse().ok()?))).collect()
}
