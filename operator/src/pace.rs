//! Streams that slow down: what comes in a flood goes out as the rest of the world can bear it.

use std::collections::{HashSet, VecDeque};
use std::hash::Hash;
use std::pin::pin;
use std::time::Duration;

use futures::stream::{self, Stream, StreamExt as _};
use tokio::time::{Instant, sleep, sleep_until};

/// Gives out what comes in, one thing in each `interval` and in the order in which it came. What waits already is not
/// taken in once more.
pub(crate) fn paced<T>(incoming: impl Stream<Item = T>, interval: Duration) -> impl Stream<Item = T>
where
    T: Clone + Eq + Hash,
{
    let start = (Box::pin(incoming.fuse()), Waiting::default(), Instant::now());
    stream::unfold(start, move |(mut incoming, mut waiting, next)| async move {
        loop {
            tokio::select! {
                item = incoming.next(), if !incoming.is_done() => {
                    if let Some(item) = item {
                        waiting.put(item);
                    }
                }
                () = sleep_until(next), if !waiting.is_empty() => {
                    let first = waiting.take()?;
                    return Some((first, (incoming, waiting, Instant::now() + interval)));
                }
                else => return None,
            }
        }
    })
}

/// Gives out what comes in a `window` after the first of it came, each thing once.
pub(crate) fn gathered<T>(incoming: impl Stream<Item = T>, window: Duration) -> impl Stream<Item = T>
where
    T: Clone + Eq + Hash,
{
    let windows = stream::unfold(Box::pin(incoming), move |mut incoming| async move {
        let mut waiting = Waiting::default();
        waiting.put(incoming.next().await?);
        let mut end = pin!(sleep(window));
        loop {
            tokio::select! {
                () = &mut end => break,
                item = incoming.next() => match item {
                    Some(item) => waiting.put(item),
                    None => break,
                }
            }
        }
        Some((stream::iter(waiting.queue), incoming))
    });
    windows.flatten()
}

/// A queue that holds nothing twice.
struct Waiting<T> {
    queue: VecDeque<T>,
    known: HashSet<T>,
}

impl<T> Default for Waiting<T> {
    fn default() -> Self {
        Self { queue: VecDeque::new(), known: HashSet::new() }
    }
}

impl<T: Clone + Eq + Hash> Waiting<T> {
    fn put(&mut self, item: T) {
        if self.known.insert(item.clone()) {
            self.queue.push_back(item);
        }
    }

    fn take(&mut self) -> Option<T> {
        let first = self.queue.pop_front()?;
        self.known.remove(&first);
        Some(first)
    }

    fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use futures::channel::mpsc;

    use super::*;

    /// What is given out, with the milliseconds since the start.
    async fn timed<T>(outgoing: impl Stream<Item = T>) -> Vec<(T, u128)> {
        let start = Instant::now();
        outgoing.map(|item| (item, start.elapsed().as_millis())).collect().await
    }

    /// Things that come at these milliseconds.
    fn coming(things: &[(&'static str, u64)]) -> impl Stream<Item = &'static str> + use<> {
        let (sender, receiver) = mpsc::unbounded();
        for (thing, at) in things.iter().copied() {
            let sender = sender.clone();
            tokio::spawn(async move {
                sleep(Duration::from_millis(at)).await;
                sender.unbounded_send(thing).unwrap();
            });
        }
        receiver
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_goes_out_one_by_one() {
        let flood = stream::iter(0..200);
        let out = timed(paced(flood, Duration::from_millis(20))).await;
        assert_eq!(out.len(), 200);
        assert_eq!(out[0], (0, 0));
        assert!(out.windows(2).all(|pair| pair[1].1 - pair[0].1 >= 20), "fifty in a second at most");
    }

    #[tokio::test(start_paused = true)]
    async fn what_waits_is_not_taken_in_once_more_and_what_went_out_is() {
        let incoming = coming(&[("a", 0), ("b", 1), ("c", 2), ("b", 5), ("a", 6)]);
        let out = timed(paced(incoming, Duration::from_millis(100))).await;
        let names: Vec<&str> = out.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["a", "b", "c", "a"]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_after_a_pause_goes_out_at_once() {
        let out = timed(paced(coming(&[("a", 0), ("b", 5_000)]), Duration::from_millis(100))).await;
        assert!((5_000..5_010).contains(&out[1].1), "{out:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_within_a_window_goes_out_once_at_its_end() {
        let incoming = coming(&[("a", 0), ("b", 300), ("a", 900), ("a", 2_500), ("a", 2_600)]);
        let out = timed(gathered(incoming, Duration::from_secs(2))).await;
        let seconds: Vec<(&str, u128)> = out.iter().map(|(name, at)| (*name, at / 100)).collect();
        // The last window ends early, with everything else.
        assert_eq!(seconds, [("a", 20), ("b", 20), ("a", 26)]);
    }
}
