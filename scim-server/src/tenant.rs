//! Permissions: a handler may do what its arguments allow, and each of them is bound to one tenant.
//!
//! [`Tenant`] is made by authentication alone; [`Users`], [`Groups`] and [`Resources`] are made of it. There is no other way to
//! a store, and a store knows no other tenant.

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts, RawPathParams},
    http::request::Parts,
};
use database::{registry::view::Authenticated, tenant::TenantDatabase};
use scim::{
    Catalog, Kind, ResourceType,
    discovery::Capacity,
    profile::{PatchResponse, ReturningUsers},
};
use store::{CreationError, NewResource, Stored};
use store::{Listing, Part, StoreError, Window};
use tenancy::TenantConfiguration;
use uuid::Uuid;

use crate::{error::Error, state::Server};

/// The tenant that the request is for.
#[derive(Clone, Debug)]
pub struct Tenant {
    database: TenantDatabase,
    configuration: Arc<TenantConfiguration>,
    catalog: Arc<Catalog>,
    max_body: usize,
}

impl Tenant {
    pub(crate) fn new(server: &Server, authenticated: Authenticated) -> Result<Self, Error> {
        let Authenticated { scope, configuration } = authenticated;
        let catalog = server.catalogs.get(scope.tenant(), &configuration);
        let catalog = catalog.map_err(|error| Error::Internal(error.into()))?;
        let database = TenantDatabase::new(server.database.clone(), scope);
        Ok(Self { database, configuration, catalog, max_body: server.limits.body })
    }

    /// The resource types that the tenant has.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The Tenant URL, of which every `meta.location` is made; whatever host the client called.
    pub fn base_url(&self) -> &str {
        self.configuration.tenant_url.as_str()
    }

    /// Most resources on a page.
    pub fn max_page_size(&self) -> u32 {
        self.configuration.limits.max_page_size
    }

    /// What a successful PATCH answers.
    pub fn patch_response(&self) -> PatchResponse {
        self.configuration.profile.patch_response
    }

    /// What becomes of a user who is created again.
    pub fn returning_users(&self) -> ReturningUsers {
        self.configuration.profile.returning_users
    }

    /// What clients are told to expect.
    pub fn capacity(&self) -> Capacity {
        let largest = self.max_page_size();
        Capacity { default_page_size: largest, max_page_size: largest, max_payload_size: self.max_body }
    }

    /// Creates users and groups that refer to each other: all of them or none.
    pub(crate) async fn create_together(
        &self,
        resources: &[NewResource],
    ) -> Result<Vec<Stored>, CreationError> {
        store::create_together(&self.database, &self.catalog, resources).await
    }

    /// The right to its groups.
    pub(crate) fn groups(&self) -> Groups {
        let store = store::Groups::new(self.database.clone(), self.catalog.clone());
        Groups { tenant: self.clone(), store }
    }
}

impl FromRequestParts<Server> for Tenant {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &Server) -> Result<Self, Error> {
        parts.extensions.get::<Self>().cloned().ok_or(Error::Unauthorized)
    }
}

/// The right to read and write the tenant's users.
#[derive(Clone, Debug)]
pub struct Users {
    /// Whose they are.
    pub tenant: Tenant,
    /// Where they are.
    pub store: store::Users,
}

impl Users {
    /// What a user is made of.
    pub fn resource_type(&self) -> &ResourceType {
        self.tenant.catalog.user()
    }
}

impl FromRequestParts<Server> for Users {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, server: &Server) -> Result<Self, Error> {
        let tenant = Tenant::from_request_parts(parts, server).await?;
        let store = store::Users::new(tenant.database.clone(), tenant.catalog.clone());
        Ok(Self { tenant, store })
    }
}

/// The right to read and write the tenant's groups; where groups are disabled there is no such endpoint.
#[derive(Clone, Debug)]
pub struct Groups {
    /// Whose they are.
    pub tenant: Tenant,
    /// Where they are.
    pub store: store::Groups,
}

impl Groups {
    /// What a group is made of.
    pub fn resource_type(&self) -> Result<&ResourceType, Error> {
        self.tenant.catalog.resource_type(Kind::Group).ok_or(Error::NoSuchEndpoint)
    }
}

impl FromRequestParts<Server> for Groups {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, server: &Server) -> Result<Self, Error> {
        let groups = Tenant::from_request_parts(parts, server).await?.groups();
        groups.resource_type()?;
        Ok(groups)
    }
}

/// The right to read all the tenant's resources together.
#[derive(Clone, Debug)]
pub struct Resources {
    /// Whose they are.
    pub tenant: Tenant,
}

impl Resources {
    /// Reads a page of the resources of several kinds.
    pub async fn list(&self, parts: &[Part<'_>], window: &Window) -> Result<Listing, StoreError> {
        store::list_all(&self.tenant.database, parts, window, self.tenant.base_url()).await
    }
}

impl FromRequestParts<Server> for Resources {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, server: &Server) -> Result<Self, Error> {
        Ok(Self { tenant: Tenant::from_request_parts(parts, server).await? })
    }
}

/// The id in the path. A text that is written as no id is, is the id of nothing, as an unknown one is.
#[derive(Clone, Copy, Debug)]
pub struct Id(pub Uuid);

impl FromRequestParts<Server> for Id {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, server: &Server) -> Result<Self, Error> {
        let Name(text) = Name::from_request_parts(parts, server).await?;
        store::parse_id(&text).map(Self).ok_or(Error::NoSuchResource)
    }
}

/// The name or URN in the path.
#[derive(Clone, Debug)]
pub struct Name(pub String);

impl FromRequestParts<Server> for Name {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, server: &Server) -> Result<Self, Error> {
        let parameters = RawPathParams::from_request_parts(parts, server).await;
        let parameters = parameters.map_err(|_| Error::NoSuchResource)?;
        let name = parameters.iter().find(|(name, _)| *name == "id");
        name.map(|(_, text)| Self(text.to_owned())).ok_or(Error::NoSuchResource)
    }
}
