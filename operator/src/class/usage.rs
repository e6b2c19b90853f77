//! Which tenants belong to a class.

use crds::{ScimTenant, ScimTenantClass};
use kube::Api;
use kube::api::ListParams;

use crate::class::ClassContext;
use crate::class::choice::any_belongs;
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

/// Whether a tenant belongs to a class, by what a watch has told so far: good enough to set the finalizer.
pub(super) async fn is_known(class: &ScimTenantClass, context: &ClassContext) -> Result<bool, Error> {
    let classes = classes(&context.shared).await?;
    // The writer is gone when the process ends.
    context.tenants.wait_until_ready().await.map_err(|_| Error::Raced)?;
    Ok(any_belongs(context.tenants.state().iter().map(|tenant| &**tenant), class, &classes))
}

/// Whether a tenant belongs to a class, by the API server: good enough to let the class go.
pub(super) async fn is_certain(class: &ScimTenantClass, context: &Context) -> Result<bool, Error> {
    let classes = classes(context).await?;
    let tenants: Api<ScimTenant> = Api::all(context.client.clone());
    let mut parameters = ListParams::default().limit(PAGE);
    loop {
        let page = tenants.list(&parameters).await?;
        if any_belongs(page.items.iter(), class, &classes) {
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
