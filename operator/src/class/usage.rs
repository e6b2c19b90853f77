//! Which tenants belong to a class.

use crds::{ScimTenant, ScimTenantClass};
use kube::Api;
use kube::api::ListParams;

use crate::class::ClassContext;
use crate::class::choice::belongs;
use crate::class::members::Members;
use crate::context::Context;
use crate::error::Error;

/// Tenants on one page of a list, so that ten thousand of them are never in memory twice.
const PAGE: u32 = 500;

/// The tenants of a class, by what a watch has told so far: good enough to set the finalizer.
pub(super) async fn members(class: &ScimTenantClass, context: &ClassContext) -> Result<Members, Error> {
    let classes = classes(&context.shared).await?;
    // The writer is gone when the process ends.
    context.tenants.wait_until_ready().await.map_err(|_| Error::Raced)?;
    Ok(Members::of(class, &classes, context.tenants.state()))
}

/// Whether a tenant belongs to a class, by the API server: good enough to let the class go.
pub(super) async fn is_certain(class: &ScimTenantClass, context: &Context) -> Result<bool, Error> {
    let classes = classes(context).await?;
    let tenants: Api<ScimTenant> = Api::all(context.client.clone());
    let mut parameters = ListParams::default().limit(PAGE);
    loop {
        let page = tenants.list(&parameters).await?;
        if page.items.iter().any(|tenant| belongs(tenant, class, &classes)) {
            return Ok(true);
        }
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => parameters = parameters.continue_token(&token),
            None => return Ok(false),
        }
    }
}

/// All classes: which is the default is a matter of all.
pub(crate) async fn classes(context: &Context) -> Result<Vec<ScimTenantClass>, Error> {
    Ok(Api::all(context.client.clone()).list(&ListParams::default()).await?.items)
}
