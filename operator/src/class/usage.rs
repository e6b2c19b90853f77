//! Which tenants belong to a class.

use crds::{ScimTenant, ScimTenantClass};
use kube::Api;
use kube::api::ListParams;

use crate::class::ClassContext;
use crate::class::choice::count;
use crate::context::Context;
use crate::error::Error;

/// Tenants on one page of a list, so that ten thousand of them are never in memory twice.
const PAGE: u32 = 500;

/// Whether a tenant may belong to a class: it names it, or names none and the class is a default.
pub(crate) fn refers_to(tenant: &ScimTenant, class: &ScimTenantClass) -> bool {
    match &tenant.spec.class_name {
        Some(name) => Some(name) == class.metadata.name.as_ref(),
        None => class.is_default(),
    }
}

/// How many tenants belong to a class, by what a watch has told so far: good enough to set the finalizer.
pub(super) async fn known(class: &ScimTenantClass, context: &ClassContext) -> Result<usize, Error> {
    let classes = classes(&context.shared).await?;
    // The writer is gone when the process ends.
    context.tenants.wait_until_ready().await.map_err(|_| Error::Raced)?;
    Ok(count(context.tenants.state().iter().map(|tenant| &**tenant), class, &classes))
}

/// How many tenants belong to a class, by the API server: good enough to let the class go.
pub(super) async fn counted(class: &ScimTenantClass, context: &Context) -> Result<usize, Error> {
    let classes = classes(context).await?;
    let tenants: Api<ScimTenant> = Api::all(context.client.clone());
    let mut parameters = ListParams::default().limit(PAGE);
    let mut sum = 0;
    loop {
        let page = tenants.list(&parameters).await?;
        sum += count(page.items.iter(), class, &classes);
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => parameters = parameters.continue_token(&token),
            None => return Ok(sum),
        }
    }
}

/// All classes: which is the default is a matter of all.
pub(crate) async fn classes(context: &Context) -> Result<Vec<ScimTenantClass>, Error> {
    Ok(Api::all(context.client.clone()).list(&ListParams::default()).await?.items)
}
