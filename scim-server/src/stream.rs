//! The text of an answer. Where a group has more members than are read with it, the others are read while the text is
//! being sent, page by page: memory stays bounded, and no connection to the database is held meanwhile.

use std::{collections::VecDeque, io, time::Duration};

use axum::body::{Body, Bytes};
use futures::stream;
use scim::{Kind, Projection};
use serde::Serialize;
use serde_json::{Map, Value};
use store::{MEMBERS_AT_ONCE, RelatedEdge, RelatedPage, StoreError, Stored};
use tokio::time::{Instant, sleep, timeout_at};
use uuid::Uuid;

use crate::{error::chain, tenant::Groups};

/// How long an answer may take to be sent, however many members it lists.
const LONGEST: Duration = Duration::from_mins(10);
/// How long the next members of an answer are waited for while the database is busy or away, and between two tries.
const PATIENCE: Duration = Duration::from_mins(1);
const PAUSE: Duration = Duration::from_millis(100);

/// JSON that is written from its beginning to its end, with gaps for members that are read later.
#[derive(Debug, Default)]
pub struct Text {
    pieces: VecDeque<Piece>,
    last: Vec<u8>,
}

#[derive(Debug)]
enum Piece {
    Json(Vec<u8>),
    Members { group: Uuid, behind: RelatedEdge },
}

/// How members are read and shown that an answer goes on with.
#[derive(Clone, Debug)]
pub struct MoreMembers {
    /// Where they are.
    pub groups: Groups,
    /// What of them is shown.
    pub projection: Projection,
}

impl Text {
    /// Appends a value.
    pub fn value(&mut self, value: &impl Serialize) -> Result<(), serde_json::Error> {
        serde_json::to_writer(&mut self.last, value)
    }

    /// Appends punctuation.
    pub fn punctuation(&mut self, text: &str) {
        self.last.extend_from_slice(text.as_bytes());
    }

    /// Appends a resource as it is shown, with a gap behind the `members` that were read of a larger group.
    pub fn resource(&mut self, stored: &Stored, shown: &Map<String, Value>) -> Result<(), serde_json::Error> {
        let rest = stored.related.as_ref().and_then(|related| related.rest);
        let (Some(behind), Some(Value::Array(members))) = (rest, shown.get("members")) else {
            return self.value(shown);
        };
        for (position, (name, value)) in shown.iter().enumerate() {
            self.punctuation(if position == 0 { "{" } else { "," });
            self.value(name)?;
            self.punctuation(":");
            if name == "members" {
                self.punctuation("[");
                self.values(members)?;
                self.pieces.push_back(Piece::Json(std::mem::take(&mut self.last)));
                self.pieces.push_back(Piece::Members { group: stored.id, behind });
                self.punctuation("]");
            } else {
                self.value(value)?;
            }
        }
        self.punctuation("}");
        Ok(())
    }

    /// The text as the body of an answer: of known length, unless something of it is still to be read.
    pub fn into_body(mut self, more: Option<MoreMembers>) -> Body {
        let Some(more) = more.filter(|_| !self.pieces.is_empty()) else {
            return Body::from(self.last);
        };
        self.pieces.push_back(Piece::Json(self.last));
        let sending = Sending { pieces: self.pieces, more, until: Instant::now() + LONGEST };
        Body::from_stream(stream::try_unfold(sending, Sending::next))
    }

    fn values(&mut self, values: &[Value]) -> Result<(), serde_json::Error> {
        for (position, value) in values.iter().enumerate() {
            if position > 0 {
                self.punctuation(",");
            }
            self.value(value)?;
        }
        Ok(())
    }
}

/// What is still to be sent of an answer.
#[derive(Debug)]
struct Sending {
    pieces: VecDeque<Piece>,
    more: MoreMembers,
    until: Instant,
}

impl Sending {
    /// The next piece of text. An error breaks the connection, so that nobody takes half of a list for the whole.
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, io::Error> {
        let text = match self.pieces.pop_front() {
            None => return Ok(None),
            Some(Piece::Json(text)) => text,
            Some(Piece::Members { group, behind }) => {
                let page = self.members(group, behind).await.inspect_err(|error| {
                    tracing::warn!(cause = chain(error), "an answer was broken off");
                });
                let page = page.map_err(io::Error::other)?;
                if let Some(behind) = page.rest {
                    self.pieces.push_front(Piece::Members { group, behind });
                }
                self.shown(&page)?
            }
        };
        Ok(Some((text.into(), self)))
    }

    /// Reads the next members. A large group is a hundred statements: one that finds no connection for a moment must not
    /// cost the whole answer.
    async fn members(&self, group: Uuid, behind: RelatedEdge) -> Result<RelatedPage, Broken> {
        let MoreMembers { groups, projection } = &self.more;
        let patient_until = self.until.min(Instant::now() + PATIENCE);
        loop {
            let reading = groups.store.members_after(group, behind, MEMBERS_AT_ONCE, projection);
            match timeout_at(self.until, reading).await.map_err(|_| Broken::TooSlow)? {
                Err(error) if may_pass(&error) && Instant::now() < patient_until => sleep(PAUSE).await,
                page => return page?.ok_or(Broken::Deleted),
            }
        }
    }

    /// The members behind others in a list.
    fn shown(&self, page: &RelatedPage) -> Result<Vec<u8>, io::Error> {
        let groups = &self.more.groups;
        let Some(resource_type) = groups.tenant.catalog().resource_type(Kind::Group) else {
            return Ok(Vec::new());
        };
        let mut text = Vec::new();
        for member in page.to_json(resource_type, groups.tenant.base_url(), &self.more.projection) {
            text.push(b',');
            serde_json::to_writer(&mut text, &member)?;
        }
        Ok(text)
    }
}

/// Whether trying again may help. Tables that are gone stay gone.
fn may_pass(error: &StoreError) -> bool {
    matches!(error, StoreError::Unavailable(cause) if !matches!(cause, database::Error::Missing(_)))
}

/// Why an answer ends before its end.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error("the client took too long to read the answer")]
    TooSlow,
    #[error("the group was deleted meanwhile")]
    Deleted,
    #[error("the members cannot be read")]
    Store(#[from] StoreError),
}

#[cfg(test)]
mod tests {
    use scim::{Resource, Version};
    use serde_json::json;

    use super::*;

    fn group(rest: Option<RelatedEdge>) -> Stored {
        Stored {
            id: Uuid::from_u128(1),
            kind: Kind::Group,
            resource: Resource::default(),
            version: Version::new(1),
            created: jiff::Timestamp::UNIX_EPOCH,
            last_modified: jiff::Timestamp::UNIX_EPOCH,
            related: Some(RelatedPage { items: Vec::new(), rest }),
        }
    }

    /// The text with `…` for each gap.
    fn written(stored: &Stored, shown: &Value) -> String {
        let mut text = Text::default();
        text.resource(stored, shown.as_object().unwrap()).unwrap();
        text.pieces.push_back(Piece::Json(text.last));
        let pieces = text.pieces.into_iter().map(|piece| match piece {
            Piece::Json(json) => String::from_utf8(json).unwrap(),
            Piece::Members { .. } => "…".to_owned(),
        });
        pieces.collect()
    }

    #[test]
    fn what_was_read_whole_is_written_whole() {
        let shown = json!({"id": "1", "members": [{"value": "2"}]});
        assert_eq!(written(&group(None), &shown), shown.to_string());
    }

    #[test]
    fn the_rest_of_the_members_is_written_behind_the_first() {
        let stored = group(Some(RelatedEdge { kind: Kind::User, id: Uuid::from_u128(3) }));
        let shown = json!({"id": "1", "members": [{"value": "2"}, {"value": "3"}], "meta": {}});
        let expected = r#"{"id":"1","members":[{"value":"2"},{"value":"3"}…],"meta":{}}"#;
        assert_eq!(written(&stored, &shown), expected);
        let hidden = json!({"id": "1"});
        assert_eq!(written(&stored, &hidden), hidden.to_string());
    }

    #[test]
    fn a_whole_text_has_a_known_length() {
        let mut text = Text::default();
        text.value(&json!({"id": "1"})).unwrap();
        let body = text.into_body(None);
        assert_eq!(axum::body::HttpBody::size_hint(&body).exact(), Some(10));
    }
}
