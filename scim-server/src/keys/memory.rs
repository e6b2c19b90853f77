//! For how long keys are believed that were read, and when they are read anew.

use std::{sync::Arc, time::Duration};

use jsonwebtoken::{Algorithm, DecodingKey};
use tokio::time::Instant;

use crate::keys::published::PublishedKeys;

/// After which keys are read anew before one of them is used: a key that the issuer withdrew is good for no longer.
const FRESH_FOR: Duration = Duration::from_hours(1);

/// How long keys are used while the issuer cannot be asked. Longer than most outages, and no longer, so that nobody
/// keeps a withdrawn key alive by cutting the server off.
const KEPT_FOR: Duration = Duration::from_hours(24);

/// How long an issuer is left alone after it was asked in vain: it did not answer, or does not know the key. That is how
/// often strangers can have it asked, whatever they claim to be signed with; a key that is new is found at once.
const LEFT_ALONE_FOR: Duration = Duration::from_secs(30);

/// The keys of one issuer as they were read last.
#[derive(Debug, Default)]
pub(super) struct Memory {
    read: Option<(Instant, Arc<PublishedKeys>)>,
    asked_in_vain: Option<Instant>,
}

/// What is known of a key.
#[derive(Debug)]
pub(super) enum Known {
    /// It is the issuer's.
    Key(DecodingKey),
    /// The issuer is to be asked first.
    Ask,
    /// It is not the issuer's, or the issuer cannot be asked.
    Nothing,
}

impl Memory {
    /// Looks for a key.
    pub(super) fn look(&self, id: &str, algorithm: Algorithm, now: Instant) -> Known {
        let found = self.read.as_ref().and_then(|(at, keys)| {
            let key = keys.find(id, algorithm)?;
            Some((now.duration_since(*at), key))
        });
        let may_ask = self.asked_in_vain.is_none_or(|asked| now.duration_since(asked) >= LEFT_ALONE_FOR);
        match found {
            Some((age, key)) if age < FRESH_FOR => Known::Key(key.clone()),
            _ if may_ask => Known::Ask,
            Some((age, key)) if age < KEPT_FOR => Known::Key(key.clone()),
            _ => Known::Nothing,
        }
    }

    /// The issuer answered with these keys when it was asked for one of them.
    pub(super) fn answered(&mut self, keys: PublishedKeys, id: &str, algorithm: Algorithm, now: Instant) {
        self.asked_in_vain = keys.find(id, algorithm).is_none().then_some(now);
        self.read = Some((now, Arc::new(keys)));
    }

    /// The issuer did not answer.
    pub(super) fn unanswered(&mut self, now: Instant) {
        self.asked_in_vain = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn keys(id: &str) -> PublishedKeys {
        let key = json!({"kty": "RSA", "kid": id, "n": "s".repeat(344), "e": "AQAB"});
        PublishedKeys::parse(json!({"keys": [key]}).to_string().as_bytes()).unwrap()
    }

    fn look(memory: &Memory, id: &str, now: Instant) -> &'static str {
        match memory.look(id, Algorithm::RS256, now) {
            Known::Key(_) => "key",
            Known::Ask => "ask",
            Known::Nothing => "nothing",
        }
    }

    /// The issuer has this key alone, and was asked for that one.
    fn answer(memory: &mut Memory, has: &str, wanted: &str, now: Instant) {
        memory.answered(keys(has), wanted, Algorithm::RS256, now);
    }

    #[test]
    fn an_issuer_is_asked_first_and_for_each_key_that_is_new() {
        let now = Instant::now();
        let mut memory = Memory::default();
        assert_eq!(look(&memory, "1", now), "ask");
        answer(&mut memory, "1", "1", now);
        assert_eq!(look(&memory, "1", now), "key");
        assert_eq!(look(&memory, "2", now), "ask");
        answer(&mut memory, "2", "2", now);
        assert_eq!(look(&memory, "2", now), "key");
        assert_eq!(look(&memory, "1", now), "ask", "it was withdrawn");
    }

    #[test]
    fn strangers_have_an_issuer_asked_now_and_then() {
        let now = Instant::now();
        let mut memory = Memory::default();
        answer(&mut memory, "1", "1", now);
        answer(&mut memory, "1", "x", now);
        assert_eq!(look(&memory, "1", now), "key");
        assert_eq!(look(&memory, "y", now), "nothing");
        assert_eq!(look(&memory, "y", now + LEFT_ALONE_FOR - SECOND), "nothing");
        assert_eq!(look(&memory, "y", now + LEFT_ALONE_FOR), "ask");
    }

    #[test]
    fn an_issuer_that_does_not_answer_is_asked_now_and_then() {
        let now = Instant::now();
        let mut memory = Memory::default();
        memory.unanswered(now);
        assert_eq!(look(&memory, "1", now + LEFT_ALONE_FOR - SECOND), "nothing");
        assert_eq!(look(&memory, "1", now + LEFT_ALONE_FOR), "ask");
    }

    #[test]
    fn keys_are_read_anew_every_hour_and_kept_for_a_day_while_nobody_answers() {
        let now = Instant::now();
        let mut memory = Memory::default();
        answer(&mut memory, "1", "1", now);
        assert_eq!(look(&memory, "1", now + FRESH_FOR - SECOND), "key");
        assert_eq!(look(&memory, "1", now + FRESH_FOR), "ask");
        memory.unanswered(now + FRESH_FOR);
        assert_eq!(look(&memory, "1", now + FRESH_FOR + SECOND), "key");
        memory.unanswered(now + KEPT_FOR - SECOND);
        assert_eq!(look(&memory, "1", now + KEPT_FOR - SECOND), "key");
        assert_eq!(look(&memory, "1", now + KEPT_FOR), "nothing");
    }
}
