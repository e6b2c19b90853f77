//! Which tenants belong to a class.

use crds::{ScimTenant, ScimTenantClass};
use kube::api::ListParams;
use kube::{Api, ResourceExt as _};

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

/// The first tenants of a class, `most` of them, as `namespace/name` and by the API server: none is good enough to let the
/// class go.
pub(super) async fn first(
    class: &ScimTenantClass,
    most: usize,
    context: &Context,
) -> Result<Vec<String>, Error> {
    let classes = classes(context).await?;
    let tenants: Api<ScimTenant> = Api::all(context.client.clone());
    let mut parameters = ListParams::default().limit(PAGE);
    let mut names = vec![];
    loop {
        let page = tenants.list(&parameters).await?;
        let of_class = page.items.iter().filter(|tenant| belongs(tenant, class, &classes));
        names.extend(of_class.map(path).take(most - names.len()));
        if names.len() == most {
            return Ok(names);
        }
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => parameters = parameters.continue_token(&token),
            None => return Ok(names),
        }
    }
}

fn path(tenant: &ScimTenant) -> String {
    format!("{}/{}", tenant.namespace().unwrap_or_default(), tenant.name_any())
}

/// All classes: which is the default is a matter of all.
pub(crate) async fn classes(context: &Context) -> Result<Vec<ScimTenantClass>, Error> {
    Ok(Api::all(context.client.clone()).list(&ListParams::default()).await?.items)
}
