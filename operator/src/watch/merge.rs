//! Several watches, each of a namespace of its own, as if they were one.
//!
//! A reflector takes a list for all that there is. So the first lists of all watches become one, and a list that one
//! of them reads later becomes the changes that it holds. A namespace that may not be listed (the right to do so went
//! with it when it was deleted) does not hold up the others.

use std::collections::{HashMap, HashSet};

use futures::stream::{self, BoxStream, StreamExt as _, select_all};
use kube::ResourceExt;
use kube::runtime::watcher::{self, Event};

type Watched<K> = Result<Event<K>, watcher::Error>;

/// The events of all watches, with one list at the beginning and none later.
pub(crate) fn merged<K>(mut watches: Vec<BoxStream<'static, Watched<K>>>) -> BoxStream<'static, Watched<K>>
where
    K: ResourceExt + Clone + Send + 'static,
{
    if watches.len() == 1
        && let Some(only) = watches.pop()
    {
        return only;
    }
    let mut merge = Merge::of(watches.len());
    let numbered = watches.into_iter().enumerate().map(|(part, watch)| watch.map(move |event| (part, event)));
    let events = select_all(numbered.map(futures::StreamExt::boxed)).flat_map(move |(part, event)| {
        stream::iter(match event {
            Ok(event) => merge.take(part, event).into_iter().map(Ok).collect(),
            Err(error) if is_forbidden(&error) => {
                merge.go_without(part).into_iter().map(Ok).chain([Err(error)]).collect()
            }
            Err(error) => vec![Err(error)],
        })
    });
    events.boxed()
}

/// Namespace and name.
type Name = (Option<String>, String);

struct Merge<K> {
    parts: Vec<Part<K>>,
    /// Told to be gone by a part that had its first list before the others: a list cannot say that.
    gone: HashMap<Name, K>,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nothing was told.
    Silent,
    /// The list is being told.
    Listing,
    /// The list is complete.
    Listed,
}

/// What is known of one watch.
struct Part<K> {
    present: HashMap<Name, K>,
    listed: HashSet<Name>,
    is_complete: bool,
}

impl<K: ResourceExt + Clone> Merge<K> {
    fn of(parts: usize) -> Self {
        let part = || Part { present: HashMap::new(), listed: HashSet::new(), is_complete: false };
        Self { parts: (0..parts).map(|_| part()).collect(), gone: HashMap::new(), stage: Stage::Silent }
    }

    /// What one event of a part is in the whole.
    fn take(&mut self, part: usize, event: Event<K>) -> Vec<Event<K>> {
        let mut told = Vec::new();
        if self.stage == Stage::Silent {
            self.stage = Stage::Listing;
            told.push(Event::Init);
        }
        let Some(part) = self.parts.get_mut(part) else { return told };
        let changes = match event {
            Event::Init => {
                part.listed.clear();
                vec![]
            }
            Event::InitApply(object) => {
                part.listed.insert(name(&object));
                vec![part.put(object)]
            }
            Event::Apply(object) => vec![part.put(object)],
            Event::Delete(object) => vec![part.remove(object)],
            Event::InitDone => {
                part.is_complete = true;
                part.unlisted().into_iter().map(|object| part.remove(object)).collect()
            }
        };
        told.extend(changes.into_iter().filter_map(|change| self.tell(change)));
        told.extend(self.end_list());
        told
    }

    /// What the whole is when a part cannot be listed for now. Once it can, what it lists is told as changes.
    fn go_without(&mut self, part: usize) -> Vec<Event<K>> {
        let begin = (self.stage == Stage::Silent).then_some(Event::Init);
        if begin.is_some() {
            self.stage = Stage::Listing;
        }
        if let Some(part) = self.parts.get_mut(part) {
            part.is_complete = true;
        }
        begin.into_iter().chain(self.end_list()).collect()
    }

    /// The end of the list, if every part had its own.
    fn end_list(&mut self) -> Vec<Event<K>> {
        if self.stage != Stage::Listing || self.parts.iter().any(|part| !part.is_complete) {
            return vec![];
        }
        self.stage = Stage::Listed;
        let gone = self.gone.drain().map(|(_, object)| Event::Delete(object));
        [Event::InitDone].into_iter().chain(gone).collect()
    }

    /// A change as it can be told now.
    fn tell(&mut self, change: Event<K>) -> Option<Event<K>> {
        match change {
            change if self.stage == Stage::Listed => Some(change),
            Event::Apply(object) => {
                self.gone.remove(&name(&object));
                Some(Event::InitApply(object))
            }
            Event::Delete(object) => {
                self.gone.insert(name(&object), object);
                None
            }
            Event::Init | Event::InitApply(_) | Event::InitDone => None,
        }
    }
}

impl<K: ResourceExt + Clone> Part<K> {
    fn put(&mut self, object: K) -> Event<K> {
        self.present.insert(name(&object), object.clone());
        Event::Apply(object)
    }

    fn remove(&mut self, object: K) -> Event<K> {
        self.present.remove(&name(&object));
        Event::Delete(object)
    }

    /// What is not in the list that was just read.
    fn unlisted(&mut self) -> Vec<K> {
        let listed = std::mem::take(&mut self.listed);
        self.present.extract_if(|name, _| !listed.contains(name)).map(|(_, object)| object).collect()
    }
}

fn is_forbidden(error: &watcher::Error) -> bool {
    matches!(error, watcher::Error::InitialListFailed(kube::Error::Api(status)) if status.is_forbidden())
}

fn name<K: ResourceExt>(object: &K) -> Name {
    (object.namespace(), object.name_any())
}

#[cfg(test)]
mod tests {
    use crds::ScimTenant;
    use futures::FutureExt as _;
    use kube::runtime::{WatchStreamExt as _, reflector};
    use serde_json::json;

    use super::*;
    use crate::fixtures::tenant;

    fn object(namespace: &str, name: &str) -> ScimTenant {
        let mut tenant = tenant(json!({}));
        tenant.metadata.namespace = Some(namespace.to_owned());
        tenant.metadata.name = Some(name.to_owned());
        tenant
    }

    /// One event in words: `+` and `-` of a change, `=` of a list, of an object such as `a/1`.
    fn event(word: &str) -> Event<ScimTenant> {
        let object = || {
            let (namespace, name) = word[1..].split_once('/').unwrap();
            object(namespace, name)
        };
        match (&word[..1], word) {
            (_, "begin") => Event::Init,
            (_, "end") => Event::InitDone,
            ("=", _) => Event::InitApply(object()),
            ("+", _) => Event::Apply(object()),
            ("-", _) => Event::Delete(object()),
            _ => panic!("{word}"),
        }
    }

    fn words(event: &Event<ScimTenant>) -> String {
        let name = |object: &ScimTenant| format!("{}/{}", object.namespace().unwrap(), object.name_any());
        match event {
            Event::Init => "begin".to_owned(),
            Event::InitDone => "end".to_owned(),
            Event::InitApply(object) => format!("={}", name(object)),
            Event::Apply(object) => format!("+{}", name(object)),
            Event::Delete(object) => format!("-{}", name(object)),
        }
    }

    /// What two watches tell together: the number of the watch, then what it tells.
    fn told(events: &str) -> String {
        let mut merge = Merge::of(2);
        let mut told: Vec<String> = Vec::new();
        for part in events.split_whitespace() {
            let (part, word) = part.split_at(1);
            let part = part.parse().unwrap();
            let events =
                if word == "forbidden" { merge.go_without(part) } else { merge.take(part, event(word)) };
            told.extend(events.iter().map(words));
        }
        told.join(" ")
    }

    #[test]
    fn the_first_lists_become_one() {
        let events = "0begin 1begin 0=a/1 1=b/1 1end 0=a/2 0end 1+b/2";
        assert_eq!(told(events), "begin =a/1 =b/1 =a/2 end +b/2");
    }

    #[test]
    fn what_a_watch_tells_while_another_lists_is_in_the_list() {
        let events = "0begin 0=a/1 0=a/2 0end 0+a/3 0-a/1 0-a/2 0+a/2 1begin 1end 0-a/3";
        assert_eq!(told(events), "begin =a/1 =a/2 =a/3 =a/2 end -a/1 -a/3");
    }

    #[test]
    fn a_list_that_is_read_again_is_told_as_changes_of_its_namespace() {
        let events = "0begin 0=a/1 0=a/2 0end 1begin 1=b/1 1end 0begin 0=a/2 0=a/3 0end 1-b/1";
        assert_eq!(told(events), "begin =a/1 =a/2 =b/1 end +a/2 +a/3 -a/1 -b/1");
    }

    #[test]
    fn a_first_list_that_was_broken_off_does_not_leave_behind_what_is_gone() {
        let events = "0begin 0=a/1 1begin 1end 0begin 0=a/2 0end";
        assert_eq!(told(events), "begin =a/1 =a/2 end -a/1");
    }

    #[test]
    fn a_namespace_that_may_not_be_listed_does_not_hold_up_the_others() {
        assert_eq!(told("0forbidden 1begin 1=b/1 1end 0forbidden"), "begin =b/1 end");
        assert_eq!(told("0begin 0=a/1 0end 1forbidden 0+a/2"), "begin =a/1 end +a/2");
        assert_eq!(told("0begin 0end 1forbidden 1begin 1=b/1 1end 1-b/1"), "begin end +b/1 -b/1");
    }

    #[test]
    fn a_store_holds_what_is_in_all_namespaces() {
        let watch =
            |words: &'static str| stream::iter(words.split_whitespace()).map(|word| Ok(event(word))).boxed();
        let watches =
            vec![watch("begin =a/1 =a/2 end begin =a/2 end"), watch("begin =b/1 end begin =b/1 end")];
        let (store, writer) = reflector::store();
        let all = merged(watches).reflect(writer).collect::<Vec<_>>();
        all.now_or_never().unwrap();
        let mut names: Vec<String> = store.state().iter().map(|tenant| tenant.name_any()).collect();
        names.sort_unstable();
        assert_eq!(names, ["1", "2"]);
        assert!(store.get(&reflector::ObjectRef::new("1").within("b")).is_some());
    }

    #[test]
    fn one_watch_is_left_as_it_is() {
        let events = ["begin", "=a/1", "end", "begin", "=a/1", "end"];
        let watch = stream::iter(events).map(|word| Ok(event(word))).boxed();
        let told: Vec<Watched<ScimTenant>> = merged(vec![watch]).collect().now_or_never().unwrap();
        assert_eq!(told.iter().map(|event| words(event.as_ref().unwrap())).collect::<Vec<_>>(), events);
    }
}
