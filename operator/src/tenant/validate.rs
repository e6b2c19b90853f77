//! Whether a tenant can be served, and as what: pure.

use crds::class::TenantProfileRule;
use crds::tenant::DeletionPolicy;
use crds::{Reason, ScimTenant, ScimTenantClass};
use database::registry::State;
use kube::core::SelectorExt as _;
use scim::{Catalog, Profile};
use tenancy::{Owner, TenantConfiguration, TenantUrl};

use crate::class::{AcceptedClass, accept, choose_class};
use crate::obstacle::Obstacle;
use crate::profile;
use crate::settings::Settings;
use crate::tenant::dereference::{Dereferenced, FoundNamespace};
use crate::tenant::identity::Identity;

/// What becomes of a tenant.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// It is served like this.
    Accepted(Box<ValidatedTenant>),
    /// It is not, or not as it says now.
    Rejected(Obstacle),
    /// Its class belongs to another operator, which looks after it.
    ServedByAnother,
}

/// A tenant that can be served.
#[derive(Debug, Clone)]
pub(crate) struct ValidatedTenant {
    /// To whom its row in the registry belongs.
    pub(crate) owner: Owner,
    /// What servers serve it by.
    pub(crate) configuration: TenantConfiguration,
    /// What becomes of its data when it is deleted.
    pub(crate) deletion_policy: DeletionPolicy,
    /// Its class.
    pub(crate) class: AcceptedClass,
}

/// A tenant's class, and what the class lets it choose.
#[derive(Debug)]
pub(crate) struct Placement {
    /// The class.
    pub(crate) class: AcceptedClass,
    /// What becomes of the tenant's data when it is deleted.
    pub(crate) deletion_policy: DeletionPolicy,
}

/// Judges a tenant by everything that was read.
pub(crate) fn validate(
    tenant: &ScimTenant,
    identity: &Identity,
    found: &Dereferenced,
    settings: &Settings,
) -> Verdict {
    match choose_class(tenant, &found.classes) {
        Ok(class) if class.spec.controller_name != settings.controller_name => Verdict::ServedByAnother,
        _ => match validated(tenant, identity, found, settings) {
            Ok(validated) => Verdict::Accepted(Box::new(validated)),
            Err(obstacle) => Verdict::Rejected(obstacle),
        },
    }
}

/// Finds the tenant's place: a class that takes it, and what that class lets it choose.
pub(crate) fn place(
    tenant: &ScimTenant,
    namespace: &FoundNamespace,
    classes: &[ScimTenantClass],
    settings: &Settings,
) -> Result<Placement, Obstacle> {
    let class = choose_class(tenant, classes)?;
    let class = accept(class, settings).map_err(|obstacle| {
        let name = class.metadata.name.as_deref().unwrap_or_default();
        Obstacle { message: format!("ScimTenantClass {name}: {}", obstacle.message), ..obstacle }
    })?;
    if class.namespaces.as_ref().is_some_and(|selector| !selector.matches(&namespace.labels)) {
        return Err(Obstacle::lasting(
            Reason::NamespaceNotAllowed,
            format!("the labels of this namespace are not those that ScimTenantClass {} selects", class.name),
        ));
    }
    let deletion_policy = deletion_policy(tenant, &class)?;
    Ok(Placement { class, deletion_policy })
}

fn validated(
    tenant: &ScimTenant,
    identity: &Identity,
    found: &Dereferenced,
    settings: &Settings,
) -> Result<ValidatedTenant, Obstacle> {
    if found.namespace.is_terminating {
        return Err(Obstacle::lasting(Reason::NamespaceTerminating, "the namespace is being deleted"));
    }
    refuse_newcomers_of_a_terminating_class(tenant, identity, found)?;
    let Placement { class, deletion_policy } = place(tenant, &found.namespace, &found.classes, settings)?;
    let configuration = TenantConfiguration {
        display_name: tenant.spec.display_name.clone().unwrap_or_else(|| identity.key.name.to_string()),
        tenant_url: TenantUrl::new(&class.url, &identity.key.namespace, &identity.key.name),
        profile: tenant_profile(tenant, &class)?,
        limits: class.limits,
    };
    let owner = Owner { uid: identity.uid, namespace_uid: found.namespace.uid };
    Ok(ValidatedTenant { owner, configuration, deletion_policy, class })
}

/// Else the class would never go.
fn refuse_newcomers_of_a_terminating_class(
    tenant: &ScimTenant,
    identity: &Identity,
    found: &Dereferenced,
) -> Result<(), Obstacle> {
    let class = choose_class(tenant, &found.classes)?;
    let is_served = match &found.registered {
        Ok(Some(registered)) => registered.owner.uid == identity.uid && registered.state == State::Active,
        Ok(None) => false,
        Err(_) => true,
    };
    if class.metadata.deletion_timestamp.is_some() && !is_served {
        let name = class.metadata.name.as_deref().unwrap_or_default();
        return Err(Obstacle::lasting(
            Reason::ClassTerminating,
            format!("ScimTenantClass {name} is being deleted and takes no new tenants"),
        ));
    }
    Ok(())
}

fn deletion_policy(tenant: &ScimTenant, class: &AcceptedClass) -> Result<DeletionPolicy, Obstacle> {
    let allowed = &class.deletion_policies;
    match tenant.spec.deletion_policy {
        None => Ok(allowed.first().copied().unwrap_or(DeletionPolicy::Retain)),
        Some(policy) if allowed.contains(&policy) => Ok(policy),
        Some(policy) => Err(Obstacle::lasting(
            Reason::DeletionPolicyNotAllowed,
            format!("spec.deletionPolicy is {policy:?}; ScimTenantClass {} allows {allowed:?}", class.name),
        )),
    }
}

fn tenant_profile(tenant: &ScimTenant, class: &AcceptedClass) -> Result<Profile, Obstacle> {
    let invalid = |error: &dyn std::fmt::Display| {
        Obstacle::lasting(Reason::InvalidProfile, format!("spec.profile: {error}"))
    };
    let Some(declared) = &tenant.spec.profile else { return Ok(class.profile.clone()) };
    if class.tenant_profile == TenantProfileRule::Fixed && !declared.extensions.is_empty() {
        return Err(Obstacle::lasting(
            Reason::ProfileFixed,
            format!("spec.profile.extensions: ScimTenantClass {} lets tenants add no schemas", class.name),
        ));
    }
    let profile = profile::of_tenant(&class.profile, declared).map_err(|error| invalid(&error))?;
    Catalog::new(&profile).map_err(|error| invalid(&error))?;
    Ok(profile)
}

#[cfg(test)]
mod tests;
