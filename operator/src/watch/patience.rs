//! How long a watch waits until it is opened again after it failed.

use std::time::Duration;

use futures::stream::{self, Stream, StreamExt as _};
use kube::runtime::watcher::{self, Event};
use tokio::time::sleep;

const FIRST: Duration = Duration::from_secs(1);
/// Short enough that people see the operator come back by itself after the API server did.
const LONGEST: Duration = Duration::from_secs(10);

/// Waits after each failure: 1, 2, 4, 8, 10, 10, … seconds, until something is told again.
///
/// kube's `default_backoff` would start over with each attempt to list: the watcher says that it begins to list before the
/// API server has answered.
pub(crate) fn patient<K>(
    events: impl Stream<Item = Result<Event<K>, watcher::Error>> + Send,
) -> impl Stream<Item = Result<Event<K>, watcher::Error>> + Send
where
    K: Send,
{
    let start = (Box::pin(events), Duration::ZERO, FIRST);
    stream::unfold(start, |(mut events, pause, wait)| async move {
        sleep(pause).await;
        let event = events.next().await?;
        let (pause, wait) = match event {
            Err(_) => (wait, (wait * 2).min(LONGEST)),
            Ok(Event::Init) => (Duration::ZERO, wait),
            Ok(_) => (Duration::ZERO, FIRST),
        };
        Some((event, (events, pause, wait)))
    })
}

#[cfg(test)]
mod tests {
    use crds::ScimTenant;
    use tokio::time::Instant;

    use super::*;

    type Told = Result<Event<ScimTenant>, watcher::Error>;

    fn failed() -> Vec<Told> {
        vec![Ok(Event::Init), Err(watcher::Error::NoResourceVersion)]
    }

    /// The seconds at which these are told.
    async fn seconds(events: Vec<Told>) -> Vec<u64> {
        let start = Instant::now();
        patient(stream::iter(events)).map(|_| start.elapsed().as_secs()).collect().await
    }

    #[tokio::test(start_paused = true)]
    async fn waits_grow_as_long_as_nothing_is_listed() {
        let events = (0..6).flat_map(|_| failed()).collect();
        assert_eq!(seconds(events).await, [0, 0, 1, 1, 3, 3, 7, 7, 15, 15, 25, 25]);
    }

    #[tokio::test(start_paused = true)]
    async fn waits_start_over_when_something_is_told() {
        let list = vec![Ok(Event::Init), Ok(Event::InitDone)];
        let events = [failed(), failed(), list, failed(), failed()].into_iter().flatten().collect();
        assert_eq!(seconds(events).await, [0, 0, 1, 1, 3, 3, 3, 3, 4, 4]);
    }
}
