//! What a watch tells, compared with what it told before: a list that is read again is no news.

mod cache;
mod gate;
mod merge;
mod patience;
mod stored;

use std::collections::{HashMap, HashSet};

use futures::{Stream, StreamExt as _};
use kube::ResourceExt;
use kube::runtime::watcher::{self, Event};
use tracing::warn;

pub(crate) use crate::watch::cache::{Cache, Filler};
pub(crate) use crate::watch::gate::{Gate, Ticket};
pub(crate) use crate::watch::merge::merged;
pub(crate) use crate::watch::patience::patient;
pub(crate) use crate::watch::stored::applied_once_stored;

use crate::error::in_full;

/// What became of an object, by a view of it: by what of it matters to others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change<V> {
    /// It was not there before.
    New(V),
    /// It is another in what matters.
    Changed {
        /// What it was.
        before: V,
        /// What it is.
        now: V,
    },
    /// It is there no more.
    Gone(V),
}

impl<V> Change<V> {
    /// What it was, and what it is.
    pub(crate) fn views(&self) -> impl Iterator<Item = &V> {
        let (before, now) = match self {
            Self::New(now) => (None, Some(now)),
            Self::Changed { before, now } => (Some(before), Some(now)),
            Self::Gone(before) => (Some(before), None),
        };
        before.into_iter().chain(now)
    }
}

/// Namespace and name.
type Name = (Option<String>, String);

/// What a watch has told so far.
///
/// kube's predicates would not do: they tell nothing of an object that is gone, and forget after a while.
#[derive(Debug)]
pub(crate) struct Known<V> {
    views: HashMap<Name, V>,
    /// What the list holds that is being read.
    listed: HashSet<Name>,
    /// As long as the first list is read that need not be told.
    first: Option<Ticket>,
}

impl<V: Clone + PartialEq> Known<V> {
    /// Tells of everything in the first list.
    pub(crate) fn told() -> Self {
        Self { views: HashMap::new(), listed: HashSet::new(), first: None }
    }

    /// Tells nothing of the first list, if it is complete before the gate opens.
    pub(crate) fn before(gate: Ticket) -> Self {
        Self { first: Some(gate), ..Self::told() }
    }

    /// What an event changes.
    pub(crate) fn observe<K: ResourceExt>(
        &mut self,
        event: &Event<K>,
        view: impl Fn(&K) -> V,
    ) -> Vec<Change<V>> {
        match event {
            Event::Apply(object) => self.put(name(object), view(object)).into_iter().collect(),
            Event::Delete(object) => {
                let before = self.views.remove(&name(object)).unwrap_or_else(|| view(object));
                vec![Change::Gone(before)]
            }
            Event::Init => {
                self.listed.clear();
                vec![]
            }
            Event::InitApply(object) => {
                let name = name(object);
                self.listed.insert(name.clone());
                self.put(name, view(object)).filter(|_| self.first.is_none()).into_iter().collect()
            }
            Event::InitDone => self.end_list(),
        }
    }

    fn put(&mut self, name: Name, now: V) -> Option<Change<V>> {
        match self.views.insert(name, now.clone()) {
            None => Some(Change::New(now)),
            Some(before) if before == now => None,
            Some(before) => Some(Change::Changed { before, now }),
        }
    }

    /// What is not in the list has gone without a word.
    fn end_list(&mut self) -> Vec<Change<V>> {
        let listed = std::mem::take(&mut self.listed);
        let gone: Vec<V> =
            self.views.extract_if(|name, _| !listed.contains(name)).map(|(_, view)| view).collect();
        match self.first.take() {
            None => gone.into_iter().map(Change::Gone).collect(),
            Some(gate) if gate.is_open() => self.views.values().cloned().map(Change::New).collect(),
            Some(_) => vec![],
        }
    }
}

/// Tells of every change that a watch sees, for as long as it lasts.
pub(crate) async fn follow<K: ResourceExt, V: Clone + PartialEq>(
    events: impl Stream<Item = Event<K>>,
    known: &mut Known<V>,
    view: impl Fn(&K) -> V,
    tell: impl Fn(Change<V>),
) {
    let mut events = std::pin::pin!(events);
    while let Some(event) = events.next().await {
        known.observe(&event, &view).into_iter().for_each(&tell);
    }
}

/// The events of a watch that is opened again whenever it fails.
pub(crate) fn lasting<K>(
    events: impl Stream<Item = Result<Event<K>, watcher::Error>>,
) -> impl Stream<Item = Event<K>> {
    events.filter_map(async |event| {
        event.inspect_err(|error| warn!(error = in_full(error), "a watch failed; it is opened again")).ok()
    })
}

fn name<K: ResourceExt>(object: &K) -> Name {
    (object.namespace(), object.name_any())
}

#[cfg(test)]
mod tests {
    use crds::ScimTenant;
    use serde_json::json;

    use super::*;
    use crate::fixtures::tenant;

    fn version(name: &str, generation: i64) -> ScimTenant {
        let mut tenant = tenant(json!({}));
        tenant.metadata.name = Some(name.to_owned());
        tenant.metadata.generation = Some(generation);
        tenant
    }

    /// The names and generations of what is told of these events.
    fn told(known: &mut Known<String>, events: &[Event<ScimTenant>]) -> Vec<String> {
        let view =
            |tenant: &ScimTenant| format!("{}{}", tenant.name_any(), tenant.metadata.generation.unwrap());
        let line = |change| match change {
            Change::New(now) => format!("+{now}"),
            Change::Changed { before, now } => format!("{before}→{now}"),
            Change::Gone(before) => format!("-{before}"),
        };
        events.iter().flat_map(|event| known.observe(event, view)).map(line).collect()
    }

    fn list(objects: &[(&str, i64)]) -> Vec<Event<ScimTenant>> {
        let objects = objects.iter().map(|(name, generation)| Event::InitApply(version(name, *generation)));
        [Event::Init].into_iter().chain(objects).chain([Event::InitDone]).collect()
    }

    #[test]
    fn a_change_of_what_does_not_matter_is_not_told() {
        let mut same = version("a", 1);
        same.status.get_or_insert_default().users = Some(3);
        let events = vec![Event::Apply(version("a", 1)), Event::Apply(same), Event::Apply(version("a", 2))];
        assert_eq!(told(&mut Known::told(), &events), ["+a1", "a1→a2"]);
    }

    #[test]
    fn an_object_that_is_gone_is_told_as_it_was_known() {
        let events = vec![Event::Apply(version("a", 2)), Event::Delete(version("a", 3))];
        assert_eq!(told(&mut Known::told(), &events), ["+a2", "-a2"]);
    }

    #[test]
    fn a_list_that_is_read_again_tells_what_changed_meanwhile() {
        let mut known = Known::told();
        assert_eq!(told(&mut known, &list(&[("a", 1), ("b", 1), ("c", 1)])), ["+a1", "+b1", "+c1"]);
        assert_eq!(told(&mut known, &list(&[("a", 1), ("b", 2), ("d", 1)])), ["b1→b2", "+d1", "-c1"]);
        assert_eq!(told(&mut known, &list(&[("a", 1), ("b", 2), ("d", 1)])), [""; 0]);
    }

    #[tokio::test]
    async fn a_first_list_that_is_complete_before_the_gate_opens_is_not_told() {
        let (gate, ticket) = Gate::new();
        let mut known = Known::before(ticket);
        assert_eq!(told(&mut known, &list(&[("a", 1)])), [""; 0]);
        gate.pass().await;
        assert_eq!(told(&mut known, &list(&[("a", 1), ("b", 1)])), ["+b1"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_first_list_that_comes_too_late_is_told() {
        let (gate, ticket) = Gate::new();
        let mut known = Known::before(ticket);
        let (beginning, end) = (vec![Event::Init, Event::InitApply(version("a", 1))], vec![Event::InitDone]);
        assert_eq!(told(&mut known, &beginning), [""; 0]);
        gate.pass().await;
        assert_eq!(told(&mut known, &end), ["+a1"]);
    }
}
