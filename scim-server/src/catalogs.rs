//! Compiled profiles: one for all tenants that have the same, remade when a tenant's configuration changes.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock, Weak},
};

use scim::{Catalog, ProfileError};
use tenancy::{TenantConfiguration, TenantId};

/// The catalogs of the tenants that were seen.
#[derive(Debug, Default)]
pub struct Catalogs(RwLock<Compiled>);

#[derive(Debug, Default)]
struct Compiled {
    tenants: HashMap<TenantId, Entry>,
    /// By the profile's JSON. A class's tenants share one catalog.
    profiles: HashMap<String, Weak<Catalog>>,
    /// How many entries there may be until those are forgotten that nobody needs.
    forget_at: usize,
}

#[derive(Debug)]
struct Entry {
    /// The configuration that was compiled. As long as this exists no other can have its address.
    configuration: Weak<TenantConfiguration>,
    catalog: Arc<Catalog>,
}

impl Catalogs {
    /// The catalog of a tenant that is configured so. The operator compiles each profile before it writes it,
    /// so an error means that the two halves are of different versions.
    pub fn get(
        &self,
        tenant: TenantId,
        configuration: &Arc<TenantConfiguration>,
    ) -> Result<Arc<Catalog>, ProfileError> {
        if let Some(catalog) = self.compiled(tenant, configuration) {
            return Ok(catalog);
        }
        self.0.write().unwrap_or_else(PoisonError::into_inner).compile(tenant, configuration)
    }

    /// The catalog of any tenant that is configured so, for work that no request asks for: it is kept only as long as
    /// somebody has it, so that thousands of tenants without traffic take no memory.
    pub fn shared(&self, configuration: &TenantConfiguration) -> Result<Arc<Catalog>, ProfileError> {
        self.0.write().unwrap_or_else(PoisonError::into_inner).of_profile(configuration)
    }

    fn compiled(&self, tenant: TenantId, configuration: &Arc<TenantConfiguration>) -> Option<Arc<Catalog>> {
        let compiled = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let entry = compiled.tenants.get(&tenant)?;
        std::ptr::eq(entry.configuration.as_ptr(), Arc::as_ptr(configuration)).then(|| entry.catalog.clone())
    }
}

impl Compiled {
    fn compile(
        &mut self,
        tenant: TenantId,
        configuration: &Arc<TenantConfiguration>,
    ) -> Result<Arc<Catalog>, ProfileError> {
        let catalog = self.of_profile(configuration)?;
        let configuration = Arc::downgrade(configuration);
        self.tenants.insert(tenant, Entry { configuration, catalog: catalog.clone() });
        Ok(catalog)
    }

    fn of_profile(&mut self, configuration: &TenantConfiguration) -> Result<Arc<Catalog>, ProfileError> {
        self.forget();
        let profile = serde_json::to_string(&configuration.profile).unwrap_or_default();
        let catalog = match self.profiles.get(&profile).and_then(Weak::upgrade) {
            Some(catalog) => catalog,
            None => Arc::new(Catalog::new(&configuration.profile)?),
        };
        self.profiles.insert(profile, Arc::downgrade(&catalog));
        Ok(catalog)
    }

    /// Drops what belongs to configurations that the registry no longer holds, each time that twice as much is there as the
    /// last time: so a tenant costs the same, however many there are.
    fn forget(&mut self) {
        if self.tenants.len() + self.profiles.len() < self.forget_at {
            return;
        }
        self.tenants.retain(|_, entry| entry.configuration.strong_count() > 0);
        self.profiles.retain(|_, catalog| catalog.strong_count() > 0);
        self.forget_at = 2 * (self.tenants.len() + self.profiles.len());
    }
}

#[cfg(test)]
mod tests {
    use database::testing::{configuration, key};
    use scim::{Kind, profile::Groups};

    use super::*;

    fn configured(name: &str, groups: Groups) -> Arc<TenantConfiguration> {
        let mut configuration = configuration(&key(name));
        configuration.profile.groups = groups;
        Arc::new(configuration)
    }

    #[test]
    fn tenants_with_the_same_profile_share_a_catalog() {
        let catalogs = Catalogs::default();
        let [one, other] = ["one", "other"].map(|name| configured(name, Groups::Enabled));
        let third = configured("third", Groups::Disabled);
        let first = catalogs.get(TenantId::new(1), &one).unwrap();
        assert!(Arc::ptr_eq(&first, &catalogs.get(TenantId::new(1), &one).unwrap()));
        assert!(Arc::ptr_eq(&first, &catalogs.get(TenantId::new(2), &other).unwrap()));
        assert!(!Arc::ptr_eq(&first, &catalogs.get(TenantId::new(3), &third).unwrap()));
    }

    #[test]
    fn a_changed_configuration_is_compiled_again_and_the_old_one_forgotten() {
        let catalogs = Catalogs::default();
        let before = configured("acme", Groups::Enabled);
        let catalog = catalogs.get(TenantId::new(1), &before).unwrap();
        assert!(catalog.resource_type(Kind::Group).is_some());
        drop((before, catalog));
        let after = configured("acme", Groups::Disabled);
        assert!(catalogs.get(TenantId::new(1), &after).unwrap().resource_type(Kind::Group).is_none());
        let compiled = catalogs.0.read().unwrap();
        assert_eq!((compiled.tenants.len(), compiled.profiles.len()), (1, 1));
    }
}
