//! Kubernetes Events: what changed, told once.

use crds::ConditionType;
use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::Resource;
use kube::runtime::events::{Event, EventType};
use tracing::debug;

use crate::conditions::find;
use crate::context::Context;
use crate::error::in_full;

/// What is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Note {
    /// Whether it is worth a look.
    pub(crate) type_: EventType,
    /// For programs.
    pub(crate) reason: String,
    /// For people.
    pub(crate) message: String,
}

/// The longest note that an Event takes (`events.k8s.io/v1`).
const LONGEST: usize = 1024;

/// Publishes an Event about an object. One that gets lost is no reason to fail: the conditions say the same.
pub(crate) async fn publish<K: Resource<DynamicType = ()>>(object: &K, note: &Note, context: &Context) {
    let event = Event {
        type_: note.type_,
        reason: note.reason.clone(),
        note: Some(shortened(&note.message)),
        action: "Reconcile".to_owned(),
        secondary: None,
    };
    let about: ObjectReference = object.object_ref(&());
    if let Err(error) = context.recorder.publish(&event, &about).await {
        debug!(error = in_full(&error), reason = event.reason, "an Event got lost");
    }
}

/// The conditions of these types that say another thing than before: another status or another reason.
pub(crate) fn changed<'a>(
    before: &'a [Condition],
    after: &'a [Condition],
    types: &'a [ConditionType],
) -> impl Iterator<Item = (ConditionType, &'a Condition)> {
    types.iter().filter_map(move |type_| {
        let now = find(after, *type_).filter(|now| now.status != "Unknown")?;
        let same =
            find(before, *type_).is_some_and(|was| was.status == now.status && was.reason == now.reason);
        (!same).then_some((*type_, now))
    })
}

/// Whether a condition is worth a look.
pub(crate) fn severity(condition: &Condition) -> EventType {
    if condition.status == "True" { EventType::Normal } else { EventType::Warning }
}

fn shortened(text: &str) -> String {
    if text.len() <= LONGEST {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(LONGEST - '…'.len_utf8());
    format!("{}…", text.get(..end).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_note_is_cut_between_characters() {
        let cut = shortened(&"ä".repeat(600));
        assert!(cut.len() <= LONGEST && cut.ends_with("ä…"), "{}", cut.len());
        assert_eq!(shortened("short"), "short");
    }
}
