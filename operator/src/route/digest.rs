//! A digest on what we make, so that what is asked for no more is noticed too.

use std::collections::BTreeMap;

use crds::metadata::annotation;
use kube::Resource;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// Notes a digest of the whole object on it. What a class asks for no more (an annotation, TLS) is still part of the
/// live object, which so would seem to hold all that we want; the digest differs.
pub(super) fn with_digest<K: Resource + Serialize>(mut object: K) -> K {
    let text = serde_json::to_vec(&object).unwrap_or_default();
    let digest: [u8; 32] = Sha256::digest(&text).into();
    let digest = digest.first_chunk().map_or(0, |first| u64::from_be_bytes(*first));
    let annotations = object.meta_mut().annotations.get_or_insert_with(BTreeMap::new);
    annotations.insert(annotation::DESIRED.to_owned(), format!("{digest:016x}"));
    object
}
