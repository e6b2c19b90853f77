//! Whether a tenant can be served, and as what: pure.

use std::time::Duration;

use crds::authentication::OAuth2;
use crds::class::TenantProfileRule;
use crds::tenant::DeletionPolicy;
use crds::{Reason, ScimTenant, ScimTenantClass};
use database::registry::{Foreign, RegisteredTenant, State};
use kube::core::SelectorExt as _;
use scim::{Catalog, Profile};
use tenancy::{ClassUrl, HostUrl, Owner, Service, SourceRanges, TenantConfiguration, TenantUrl};

use crate::class::{AcceptedClass, accept, choose_class, source_ranges};
use crate::duration;
use crate::obstacle::Obstacle;
use crate::profile;
use crate::settings::Settings;
use crate::tenant::dereference::{Dereferenced, FoundNamespace};
use crate::tenant::entrance::{Entrance, entrance, known};
use crate::tenant::home::Home;
use crate::tenant::identity::Identity;

const ONE_HOUR: u32 = 3600;
const SIX_HOURS: u32 = 6 * ONE_HOUR;

/// A tenant that can be served.
#[derive(Debug, Clone)]
pub(crate) struct ValidatedTenant {
    /// To whom its row in the registry belongs.
    pub(crate) owner: Owner,
    /// What servers serve it by.
    pub(crate) configuration: TenantConfiguration,
    /// What becomes of its data when it is deleted.
    pub(crate) deletion_policy: DeletionPolicy,
    /// How long [`DeletionPolicy::Delete`] waits; `None`: it does not.
    pub(crate) deletion_delay: Option<Duration>,
    /// Whether it may take up what a namespace of the same name left behind.
    pub(crate) foreign: Foreign,
    /// How its identity provider is let in.
    pub(crate) entrance: Entrance,
    /// The host that it is reached at.
    pub(crate) host: HostUrl,
    /// The database that its data belongs in.
    pub(crate) database: String,
    /// Its class.
    pub(crate) class: AcceptedClass,
    /// The `controllerName` of that class, which is ours.
    pub(crate) controller_name: String,
}

/// Judges a tenant of ours by everything that was read: how it is served, or why it is not, or not as it says now.
pub(crate) fn validate(
    tenant: &ScimTenant,
    identity: &Identity,
    found: &Dereferenced,
    settings: &Settings,
) -> Result<ValidatedTenant, Obstacle> {
    if found.namespace.is_terminating {
        return Err(Obstacle::lasting(Reason::NamespaceTerminating, "the namespace is being deleted"));
    }
    refuse_newcomers_of_a_terminating_class(tenant, identity, found)?;
    let validated = judge(tenant, identity, &found.namespace, &found.classes, settings)?;
    refuse_moves(&validated, &found.home)?;
    Ok(validated)
}

/// The same by what is declared alone, whatever becomes of namespace and class.
pub(crate) fn judge(
    tenant: &ScimTenant,
    identity: &Identity,
    namespace: &FoundNamespace,
    classes: &[ScimTenantClass],
    settings: &Settings,
) -> Result<ValidatedTenant, Obstacle> {
    let class = admit(choose_class(tenant, classes)?, namespace, settings)?;
    let deletion_policy = deletion_policy(tenant, &class)?;
    let deletion_delay = deletion_delay(tenant)?.max(class.deletion_delay).filter(|delay| !delay.is_zero());
    let host = host(identity, &class)?;
    let configuration = TenantConfiguration {
        display_name: tenant.spec.display_name.clone().unwrap_or_else(|| identity.key.name.to_string()),
        tenant_url: TenantUrl::new(&host, &identity.key.namespace, &identity.key.name),
        profile: tenant_profile(tenant, &class)?,
        limits: class.limits,
        service: if tenant.spec.suspend { Service::Suspended } else { Service::Active },
        source_ranges: SourceRanges {
            class: class.source_ranges.clone(),
            tenant: source_ranges(&tenant.spec.source_ranges)?,
        },
        access_token_seconds: access_token_seconds(tenant)?,
        private_addresses: class.private_addresses,
        class_name: class.name.clone(),
    };
    Ok(ValidatedTenant {
        owner: Owner { uid: identity.uid, namespace_uid: namespace.uid },
        configuration,
        deletion_policy,
        deletion_delay,
        foreign: class.foreign,
        entrance: entrance(tenant, &class)?,
        host,
        database: class.database.clone(),
        class,
        controller_name: settings.controller_name.clone(),
    })
}

/// The tenant as it was last accepted, by what the registry and its class of then say: enough to route it. `None`: the class is
/// gone, is another operator's, or does not take the tenant any more.
pub(crate) fn last_accepted(
    identity: &Identity,
    registered: &RegisteredTenant,
    found: &Dereferenced,
    settings: &Settings,
) -> Option<ValidatedTenant> {
    let configuration = &registered.configuration;
    let class = found.classes.iter().find(|class| {
        class.metadata.name.as_ref() == Some(&configuration.class_name)
            && class.spec.controller_name == settings.controller_name
    })?;
    let class = admit(class, &found.namespace, settings).ok()?;
    let path = TenantUrl::path(&identity.key.namespace, &identity.key.name);
    let host = configuration.tenant_url.as_str().strip_suffix(&path)?;
    Some(ValidatedTenant {
        owner: registered.owner,
        // What the servers may ask for is the class's to say, at any time.
        configuration: TenantConfiguration {
            private_addresses: class.private_addresses,
            ..configuration.clone()
        },
        // Nobody asks for these of a tenant that is not accepted; in doubt the data stays.
        deletion_policy: DeletionPolicy::Retain,
        deletion_delay: None,
        foreign: Foreign::Refuse,
        entrance: known(registered.credentials.last()),
        host: ClassUrl::parse(host).ok()?.for_all()?,
        // Whatever the class says by now: it is served from where its data is.
        database: found.home.database.clone(),
        class,
        controller_name: settings.controller_name.clone(),
    })
}

/// Reads the class, if it takes tenants of this namespace.
pub(crate) fn admit(
    class: &ScimTenantClass,
    namespace: &FoundNamespace,
    settings: &Settings,
) -> Result<AcceptedClass, Obstacle> {
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
    Ok(class)
}

/// How long the tenant wants [`DeletionPolicy::Delete`] to wait. Its class may want more.
fn deletion_delay(tenant: &ScimTenant) -> Result<Option<Duration>, Obstacle> {
    let declared = tenant.spec.deletion_delay.as_deref();
    declared.map(|text| duration::read("spec.deletionDelay", text)).transpose()
}

fn host(identity: &Identity, class: &AcceptedClass) -> Result<HostUrl, Obstacle> {
    let key = &identity.key;
    class.url.for_tenant(&key.namespace, &key.name).map_err(|error| {
        Obstacle::lasting(
            Reason::InvalidURL,
            format!(
                "the URL of ScimTenantClass {} {error}; this is ScimTenant {}/{}",
                class.name, key.namespace, key.name
            ),
        )
    })
}

fn access_token_seconds(tenant: &ScimTenant) -> Result<u32, Obstacle> {
    const FIELD: &str = "spec.authentication.oauth2.accessTokenLifetime";

    let oauth2 =
        tenant.spec.authentication.as_ref().and_then(|authentication| authentication.oauth2.as_ref());
    let Some(OAuth2 { access_token_lifetime: text, .. }) = oauth2 else { return Ok(ONE_HOUR) };
    let seconds = u32::try_from(duration::read(FIELD, text)?.as_secs()).ok();
    seconds.filter(|seconds| (ONE_HOUR..=SIX_HOURS).contains(seconds)).ok_or_else(|| {
        Obstacle::lasting(Reason::InvalidSpec, format!("{FIELD} is {text}: it must be from 1h to 6h"))
    })
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

/// Data does not move from one database to another by itself, and what the other one would begin with is nothing.
fn refuse_moves(validated: &ValidatedTenant, home: &Home) -> Result<(), Obstacle> {
    if !home.holds_data || home.database == validated.database {
        return Ok(());
    }
    Err(Obstacle::lasting(
        Reason::DatabaseChanged,
        format!(
            "ScimTenantClass {} is of database {}, and users and groups are in database {}; data is not moved",
            validated.class.name, validated.database, home.database
        ),
    ))
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
