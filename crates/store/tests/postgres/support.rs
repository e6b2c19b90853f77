//! A tenant with an empty database of its own, and short words for what tests do with it.

use std::sync::Arc;
use std::time::Duration;

use database::TenantScope;
use database::tenant::TenantDatabase;
use database::testing::TestDatabase;
use scim::profile::ReturningUsers;
use scim::{Catalog, Filter, GroupBody, Kind, MemberReference, Profile, Projection, Resource};
use serde_json::{Value, json};
use store::{Groups, ListQuery, Listing, Page, Precondition, StoreError, Stored, Users, Window};
use uuid::Uuid;

/// The Tenant URL.
pub(crate) const BASE_URL: &str = "https://scim.example.com/customer/acme/scim/v2";

/// A tenant under test.
pub(crate) struct Tenant {
    /// Dropped last: it takes the database with it.
    pub(crate) server: TestDatabase,
    scope: TenantScope,
    pub(crate) database: TenantDatabase,
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) users: Users,
    pub(crate) groups: Groups,
}

impl Tenant {
    /// A tenant with the profile `{}`.
    pub(crate) async fn start() -> Self {
        Self::with_profile(json!({})).await
    }

    pub(crate) async fn with_profile(profile: Value) -> Self {
        let profile: Profile = serde_json::from_value(profile).unwrap();
        let catalog = Arc::new(Catalog::new(&profile).unwrap());
        let server = TestDatabase::start().await;
        let tenant = server.tenant().await;
        let database = server.tenant_database(&tenant);
        let users = Users::new(database.clone(), Arc::clone(&catalog));
        let groups = Groups::new(database.clone(), Arc::clone(&catalog));
        Self { server, scope: tenant.scope, database, catalog, users, groups }
    }

    /// The same tables by a pool of one connection.
    pub(crate) fn on_one_connection(&self) -> TenantDatabase {
        TenantDatabase::new(self.server.server.apart(1), self.scope.clone())
    }

    pub(crate) fn user(&self, body: Value) -> Resource {
        Resource::parse(self.catalog.user(), body).unwrap()
    }

    pub(crate) async fn create_user(&self, name: &str) -> Stored {
        self.create(json!({"userName": name})).await.unwrap()
    }

    /// Creates a user who does not come back.
    pub(crate) async fn create(&self, body: Value) -> Result<Stored, StoreError> {
        self.users.create(self.user(body), ReturningUsers::Conflict).await
    }

    pub(crate) async fn create_users(&self, count: usize) -> Vec<Uuid> {
        let mut ids = Vec::new();
        for number in 0..count {
            ids.push(self.create_user(&format!("user-{number}")).await.id);
        }
        ids
    }

    pub(crate) fn group(&self, body: Value) -> GroupBody {
        GroupBody::parse(self.catalog.resource_type(Kind::Group).unwrap(), body).unwrap()
    }

    pub(crate) async fn create_group(&self, name: &str, members: &[Uuid]) -> Stored {
        let GroupBody { resource, .. } = self.group(json!({"displayName": name}));
        self.groups.create(resource, references(members), &everything()).await.unwrap()
    }

    /// The ids of the members, in order.
    pub(crate) async fn members(&self, group: Uuid) -> Vec<Uuid> {
        let group = self.groups.get(group, &everything()).await.unwrap().unwrap();
        group.related.unwrap().items.iter().map(|member| member.id).collect()
    }

    pub(crate) fn filter(&self, kind: Kind, filter: &str) -> Filter {
        Filter::parse(filter, self.catalog.resource_type(kind).unwrap()).unwrap()
    }

    /// Resources with nothing but their ids.
    pub(crate) async fn list(&self, kind: Kind, query: &ListQuery) -> Result<Listing, StoreError> {
        let resource_type = self.catalog.resource_type(kind).unwrap();
        let id_only = Projection::parse(Some("id"), None, resource_type).unwrap();
        match kind {
            Kind::User => self.users.list(query, &id_only).await,
            Kind::Group => self.groups.list(query, &id_only).await,
        }
    }

    /// The first hundred users that pass the filter.
    pub(crate) async fn users_where(&self, filter: &str) -> Listing {
        let query = ListQuery { filter: Some(self.filter(Kind::User, filter)), ..first(100) };
        self.users.list(&query, &everything()).await.unwrap()
    }

    /// The first hundred groups that pass the filter.
    pub(crate) async fn groups_where(&self, filter: &str) -> Listing {
        let query = ListQuery { filter: Some(self.filter(Kind::Group, filter)), ..first(100) };
        self.groups.list(&query, &everything()).await.unwrap()
    }
}

pub(crate) fn everything() -> Projection {
    Projection::default()
}

/// The members of groups with their names.
pub(crate) fn with_names(catalog: &Catalog) -> Projection {
    let groups = catalog.resource_type(Kind::Group).unwrap();
    Projection::parse(Some("displayName,members,members.display"), None, groups).unwrap()
}

/// The first of all resources.
pub(crate) fn first(count: u32) -> ListQuery {
    from(1, count)
}

/// So many of all resources, by index.
pub(crate) fn from(start_index: u64, count: u32) -> ListQuery {
    through(Window::Index(Page { start_index, count }))
}

/// All resources, seen through that window.
pub(crate) fn through(window: Window) -> ListQuery {
    ListQuery { filter: None, sort: None, window, base_url: BASE_URL.to_owned() }
}

pub(crate) fn references(ids: &[Uuid]) -> Vec<MemberReference> {
    ids.iter().map(|&id| MemberReference { id, kind: None }).collect()
}

/// A change in whatever version the resource is.
pub(crate) fn always() -> Precondition {
    Precondition::default()
}

/// A change that changes nothing.
#[expect(clippy::unnecessary_wraps, reason = "it has the shape of a change")]
pub(crate) fn unchanged(resource: Resource) -> Result<Resource, scim::Error> {
    Ok(resource)
}

/// What the client is told.
pub(crate) fn refusal<T>(result: Result<T, StoreError>) -> scim::Error {
    match result {
        Err(StoreError::Scim(error)) => error,
        Err(other) => panic!("{other}: {other:?}"),
        Ok(_) => panic!("it was not refused"),
    }
}

pub(crate) fn sorted(mut ids: Vec<Uuid>) -> Vec<Uuid> {
    ids.sort();
    ids
}

/// Waits until a transaction waits for a lock; not for ever. The database is this test's alone.
pub(crate) async fn until_somebody_waits(tenant: &Tenant) {
    let waiting = async {
        loop {
            let waiting = "SELECT count(*) FROM pg_stat_activity \
                           WHERE datname = current_database() AND wait_event_type = 'Lock'";
            let waiting = tenant.database.statement(waiting);
            match tenant.database.fetch_optional::<(i64,)>(waiting).await.unwrap() {
                Some((1..,)) => break,
                _ => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting).await.unwrap();
}
