//! Has objects looked at: what watches, the audit and the rollout tell the two controllers.

use std::sync::Arc;
use std::time::Duration;

use crds::{ScimTenant, ScimTenantClass};
use futures::Stream;
use futures::channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use kube::runtime::reflector::ObjectRef;
use tokio::sync::Notify;

use crate::pace::{gathered, paced};

/// A changed class has fifty of its tenants looked at in a second.
const TENANT_INTERVAL: Duration = Duration::from_millis(20);
/// A class is looked at once for all tenants that changed in this time.
const CLASS_WINDOW: Duration = Duration::from_secs(2);

/// Has objects looked at.
#[derive(Debug, Clone)]
pub(crate) struct Wake {
    tenants: UnboundedSender<ObjectRef<ScimTenant>>,
    tenants_in_turn: UnboundedSender<ObjectRef<ScimTenant>>,
    classes: UnboundedSender<ObjectRef<ScimTenantClass>>,
    sweep: Arc<Notify>,
}

/// Where the other end of [`Wake`] is.
pub(crate) struct Woken {
    tenants: UnboundedReceiver<ObjectRef<ScimTenant>>,
    tenants_in_turn: UnboundedReceiver<ObjectRef<ScimTenant>>,
    classes: UnboundedReceiver<ObjectRef<ScimTenantClass>>,
}

impl Wake {
    /// Both ends.
    pub(crate) fn new() -> (Self, Woken) {
        let (tenants, woken_tenants) = unbounded();
        let (tenants_in_turn, woken_in_turn) = unbounded();
        let (classes, woken_classes) = unbounded();
        let wake = Self { tenants, tenants_in_turn, classes, sweep: Arc::default() };
        let woken = Woken { tenants: woken_tenants, tenants_in_turn: woken_in_turn, classes: woken_classes };
        (wake, woken)
    }

    /// Has tenants looked at, now.
    pub(crate) fn tenants(&self, tenants: impl IntoIterator<Item = ObjectRef<ScimTenant>>) {
        send(&self.tenants, tenants);
    }

    /// Has tenants looked at, after those that wait already and not too many at once.
    pub(crate) fn tenants_in_turn(&self, tenants: impl IntoIterator<Item = ObjectRef<ScimTenant>>) {
        send(&self.tenants_in_turn, tenants);
    }

    /// Has classes looked at, soon.
    pub(crate) fn classes(&self, classes: impl IntoIterator<Item = ObjectRef<ScimTenantClass>>) {
        send(&self.classes, classes);
    }

    /// Has what is left of tenants looked for, soon.
    pub(crate) fn sweep(&self) {
        self.sweep.notify_one();
    }

    /// Waits until somebody asks for a [sweep](Self::sweep).
    pub(crate) async fn sweep_is_wanted(&self) {
        self.sweep.notified().await;
    }
}

impl Woken {
    /// The tenants to look at, and the classes.
    pub(crate) fn into_streams(
        self,
    ) -> (impl Stream<Item = ObjectRef<ScimTenant>>, impl Stream<Item = ObjectRef<ScimTenantClass>>) {
        let tenants = futures::stream::select(self.tenants, paced(self.tenants_in_turn, TENANT_INTERVAL));
        (tenants, gathered(self.classes, CLASS_WINDOW))
    }
}

fn send<T>(sender: &UnboundedSender<T>, items: impl IntoIterator<Item = T>) {
    for item in items {
        // The receiver is gone when the process ends: then there is nothing to look at any more.
        drop(sender.unbounded_send(item));
    }
}

#[cfg(test)]
mod tests {
    use futures::StreamExt as _;
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_that_is_woken_does_not_wait_behind_those_that_are_woken_in_turn() {
        let (wake, woken) = Wake::new();
        let start = Instant::now();
        wake.tenants_in_turn((0..500).map(|number| ObjectRef::new(&number.to_string())));
        wake.tenants([ObjectRef::new("now")]);
        drop(wake);
        let (tenants, _) = woken.into_streams();
        let order: Vec<(String, u64)> =
            tenants.map(|tenant| (tenant.name, start.elapsed().as_secs())).collect().await;
        let now = order.iter().position(|(name, _)| name == "now").unwrap();
        assert!(now < 3, "{now}");
        assert!((9..=11).contains(&order.last().unwrap().1), "fifty in a second");
    }

    #[tokio::test(start_paused = true)]
    async fn a_class_is_looked_at_once_for_many_tenants() {
        let (wake, woken) = Wake::new();
        wake.classes((0..1000).map(|_| ObjectRef::new("default")));
        drop(wake);
        assert_eq!(woken.into_streams().1.count().await, 1);
    }

    #[tokio::test]
    async fn a_sweep_that_is_asked_for_before_somebody_waits_is_not_lost() {
        let (wake, _woken) = Wake::new();
        wake.sweep();
        wake.sweep();
        wake.sweep_is_wanted().await;
    }
}
