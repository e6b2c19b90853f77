//! Lists, read in pages, so that no answer is too large.

use std::fmt::Debug;

use futures::{Stream, TryStreamExt as _, stream};
use kube::Api;
use kube::api::ListParams;
use kube::core::ObjectList;
use serde::de::DeserializeOwned;

/// Objects on one page.
const SIZE: u32 = 500;

/// Everything, page after page: for what is not to be in memory all at once.
pub(crate) fn pages<K>(
    api: &Api<K>,
    parameters: ListParams,
) -> impl Stream<Item = Result<Vec<K>, kube::Error>>
where
    K: Clone + Debug + DeserializeOwned,
{
    stream::try_unfold(Some(parameters.limit(SIZE)), async |next| {
        let Some(parameters) = next else { return Ok(None) };
        let ObjectList { items, metadata, .. } = api.list(&parameters).await?;
        let token = metadata.continue_.filter(|token| !token.is_empty());
        Ok(Some((items, token.map(|token| parameters.continue_token(&token)))))
    })
}

/// Everything.
pub(crate) async fn all<K>(api: &Api<K>, parameters: ListParams) -> Result<Vec<K>, kube::Error>
where
    K: Clone + Debug + DeserializeOwned,
{
    pages(api, parameters).try_concat().await
}
