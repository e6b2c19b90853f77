//! What a watch has told so far, as it is now.

use std::sync::Arc;

use futures::{Stream, TryStreamExt as _};
use kube::Resource;
use kube::runtime::WatchStreamExt as _;
use kube::runtime::reflector::store::Writer;
use kube::runtime::reflector::{self, Store};
use kube::runtime::watcher::{self, Event};
use tokio::sync::watch;

/// All objects of a kind, as a watch knows them.
///
/// Any number of tasks can wait until they are listed. For kube's [`Store::wait_until_ready`] one can: it forgets all but
/// the last that asked (4.2 keeps one waker, in `DelayedInit`).
#[derive(Debug, Clone)]
pub(crate) struct Cache<K: Resource<DynamicType = ()> + 'static> {
    store: Store<K>,
    listed: watch::Receiver<bool>,
}

/// Fills a [`Cache`].
pub(crate) struct Filler<K: Resource<DynamicType = ()> + Clone + 'static> {
    writer: Writer<K>,
    listed: watch::Sender<bool>,
}

impl<K: Resource<DynamicType = ()> + Clone + 'static> Cache<K> {
    /// An empty cache, and what fills it.
    pub(crate) fn new() -> (Self, Filler<K>) {
        let (store, writer) = reflector::store();
        let (sender, listed) = watch::channel(false);
        (Self { store, listed }, Filler { writer, listed: sender })
    }

    /// Waits until everything is listed. Fails when nobody fills it any more, since the process ends.
    pub(crate) async fn wait_until_ready(&self) -> Result<(), watch::error::RecvError> {
        self.listed.clone().wait_for(|listed| *listed).await.map(|_| ())
    }

    /// Everything that is there.
    pub(crate) fn state(&self) -> Vec<Arc<K>> {
        self.store.state()
    }

    /// For a controller.
    pub(crate) fn store(&self) -> Store<K> {
        self.store.clone()
    }
}

impl<K: Resource<DynamicType = ()> + Clone + 'static> Filler<K> {
    /// Fills the cache with what a watch tells, before anybody else is told.
    pub(crate) fn fill(
        self,
        events: impl Stream<Item = Result<Event<K>, watcher::Error>>,
    ) -> impl Stream<Item = Result<Event<K>, watcher::Error>> {
        events.reflect(self.writer).inspect_ok(move |event| {
            if let Event::InitDone = event {
                self.listed.send_replace(true);
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use crds::ScimTenant;
    use futures::{StreamExt as _, stream};
    use serde_json::json;

    use super::*;
    use crate::fixtures::tenant;

    #[tokio::test]
    async fn all_who_wait_learn_that_everything_is_listed() {
        let (cache, filler) = Cache::<ScimTenant>::new();
        let waiting: Vec<_> = (0..3)
            .map(|_| {
                let cache = cache.clone();
                tokio::spawn(async move { cache.wait_until_ready().await.map(|()| cache.state().len()) })
            })
            .collect();
        tokio::task::yield_now().await;
        let events = [Event::Init, Event::InitApply(tenant(json!({}))), Event::InitDone].map(Ok);
        let told: Vec<_> = filler.fill(stream::iter(events)).collect().await;
        assert_eq!(told.len(), 3);
        for waiting in waiting {
            assert_eq!(waiting.await.unwrap().unwrap(), 1);
        }
    }

    #[tokio::test]
    async fn nobody_waits_for_what_is_not_filled_any_more() {
        let (cache, filler) = Cache::<ScimTenant>::new();
        drop(filler);
        assert!(cache.wait_until_ready().await.is_err());
    }
}
