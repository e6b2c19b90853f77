//! What a watch tells, once a store has it.

use futures::{Stream, StreamExt as _, stream};
use kube::runtime::watcher::{self, Event};

/// The objects that are new or another one, those of a list when all of it was read.
///
/// A store takes a list over as a whole, and kube's controller drops the reconcile of an object that the store does not
/// have (4.2: `ObjectNotFound`). kube's `applied_objects` tells of a listed object at once: one that was made while
/// nobody watched would never be reconciled.
pub(crate) fn applied_once_stored<K>(
    events: impl Stream<Item = Result<Event<K>, watcher::Error>>,
) -> impl Stream<Item = Result<K, watcher::Error>> {
    let mut listed = Vec::new();
    events.flat_map(move |event| {
        let told = match event {
            Ok(Event::Apply(object)) => vec![Ok(object)],
            Ok(Event::Delete(_)) => vec![],
            Ok(Event::Init) => {
                listed.clear();
                vec![]
            }
            Ok(Event::InitApply(object)) => {
                listed.push(object);
                vec![]
            }
            Ok(Event::InitDone) => std::mem::take(&mut listed).into_iter().map(Ok).collect(),
            Err(error) => vec![Err(error)],
        };
        stream::iter(told)
    })
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    fn told(events: &[Event<u8>]) -> Vec<Vec<u8>> {
        // After each event, what is told by then.
        (1..=events.len())
            .map(|count| {
                let events = stream::iter(events.iter().take(count).cloned().map(Ok));
                let told = applied_once_stored(events).collect::<Vec<_>>().now_or_never().unwrap();
                told.into_iter().map(Result::unwrap).collect()
            })
            .collect()
    }

    #[test]
    fn a_list_is_told_when_it_is_complete() {
        let events = [Event::Init, Event::InitApply(1), Event::InitApply(2), Event::InitDone];
        assert_eq!(told(&events), [vec![], vec![], vec![], vec![1, 2]]);
    }

    #[test]
    fn a_list_that_begins_anew_is_told_once() {
        let events = [Event::Init, Event::InitApply(1), Event::Init, Event::InitApply(2), Event::InitDone];
        assert_eq!(told(&events).pop(), Some(vec![2]));
    }

    #[test]
    fn what_changes_is_told_at_once() {
        assert_eq!(told(&[Event::Apply(1), Event::Delete(1), Event::Apply(2)]).pop(), Some(vec![1, 2]));
    }
}
