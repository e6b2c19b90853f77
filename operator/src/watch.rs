//! A watch that tells of what was declared, and not of what we say about it in a status.

use std::collections::HashMap;
use std::future::ready;

use futures::{Stream, TryStreamExt as _};
use kube::ResourceExt;
use kube::runtime::{Predicate, watcher};

/// The objects that are new, that changed in the properties of a predicate, or that are gone.
///
/// kube's `predicate_filter` would lose the last of these: the object that a deletion tells of is the one that the
/// API server had stored, which was told before.
pub(crate) fn declared_changes<K: ResourceExt>(
    events: impl Stream<Item = Result<watcher::Event<K>, watcher::Error>>,
    predicate: impl Predicate<K>,
) -> impl Stream<Item = Result<K, watcher::Error>> {
    let mut told: HashMap<String, Option<u64>> = HashMap::new();
    events.try_filter_map(move |event| {
        let uid = |object: &K| object.uid().unwrap_or_default();
        let news = match event {
            watcher::Event::Apply(object) | watcher::Event::InitApply(object) => {
                let properties = predicate.hash_property(&object);
                (told.insert(uid(&object), properties) != Some(properties)).then_some(object)
            }
            watcher::Event::Delete(object) => {
                told.remove(&uid(&object));
                Some(object)
            }
            // Everything is listed anew, and some of it may have gone without a word.
            watcher::Event::Init => {
                told.clear();
                None
            }
            watcher::Event::InitDone => None,
        };
        ready(Ok(news))
    })
}

#[cfg(test)]
mod tests {
    use crds::ScimTenant;
    use futures::{FutureExt as _, StreamExt as _, stream};
    use kube::runtime::predicates;
    use kube::runtime::watcher::Event;
    use serde_json::json;

    use super::*;
    use crate::fixtures::tenant;

    /// The generations of those that are told.
    fn told(events: Vec<Event<ScimTenant>>) -> Vec<i64> {
        let changes = declared_changes(stream::iter(events).map(Ok), predicates::generation);
        let told: Vec<ScimTenant> = changes.try_collect().now_or_never().unwrap().unwrap();
        told.iter().map(|tenant| tenant.metadata.generation.unwrap()).collect()
    }

    fn version(generation: i64) -> ScimTenant {
        let mut tenant = tenant(json!({}));
        tenant.metadata.generation = Some(generation);
        tenant
    }

    #[test]
    fn a_change_of_the_status_alone_is_not_told() {
        let mut same = version(1);
        same.status.get_or_insert_default().users = Some(3);
        assert_eq!(
            told(vec![Event::Apply(version(1)), Event::Apply(same), Event::Apply(version(2))]),
            [1, 2]
        );
    }

    #[test]
    fn an_object_that_is_gone_is_told_though_nothing_changed_in_it() {
        let again = Event::Apply(version(2));
        assert_eq!(told(vec![Event::Apply(version(2)), Event::Delete(version(2)), again]), [2, 2, 2]);
    }

    #[test]
    fn a_new_list_tells_of_everything() {
        let list = || vec![Event::Init, Event::InitApply(version(1)), Event::InitDone];
        assert_eq!(told([list(), list()].concat()), [1, 1]);
    }
}
