//! Who is told of what: the two controllers and their watches.

use std::future::{Ready, ready};
use std::sync::Arc;
use std::time::Instant;

use crds::metadata::label;
use crds::{ScimTenant, ScimTenantClass};
use futures::{FutureExt as _, Stream, StreamExt as _};
use k8s_openapi::api::core::v1::{Namespace, Secret};
use k8s_openapi::api::networking::v1::Ingress;
use kube::core::PartialObjectMeta;
use kube::runtime::controller::{self, Action, Config, Controller};
use kube::runtime::reflector::{self, ObjectRef, Store};
use kube::runtime::{Predicate as _, PredicateConfig, WatchStreamExt as _, predicates, watcher};
use kube::{Api, Resource, ResourceExt};
use tenancy::ClassUrl;
use tracing::{debug, warn};

use crate::class::{self, ClassContext, refers_to};
use crate::context::Context;
use crate::error::{Error, in_full};
use crate::metrics;
use crate::object::selector;
use crate::route::class_route_name;
use crate::tenant;
use crate::watch::declared_changes;

/// Tenants that are reconciled at once. Each uses at most one connection to PostgreSQL at a time.
pub(crate) const CONCURRENCY: u16 = 8;

type Metadata<K> = Result<PartialObjectMeta<K>, watcher::Error>;

/// Runs both controllers until `shutdown`; what is under way then comes to its end.
pub(crate) async fn run(
    context: Arc<Context>,
    store: Store<ScimTenant>,
    writer: reflector::store::Writer<ScimTenant>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) {
    let shutdown = shutdown.shared();
    let tenants = tenants(context.clone(), store.clone(), writer, shutdown.clone());
    let classes = classes(context, store, shutdown);
    futures::join!(tenants, classes);
}

async fn tenants(
    context: Arc<Context>,
    store: Store<ScimTenant>,
    writer: reflector::store::Writer<ScimTenant>,
    shutdown: impl Future<Output = ()> + Send + Sync + 'static,
) {
    let client = &context.client;
    let stream = watcher(Api::<ScimTenant>::all(client.clone()), watcher::Config::default())
        .default_backoff()
        .reflect(writer)
        .applied_objects()
        // Not on changes of the status alone: those are ours.
        .predicate_filter(
            predicates::generation.combine(predicates::annotations).combine(predicates::finalizers),
            PredicateConfig::default(),
        );
    let of_class = {
        let store = store.clone();
        move |class: ScimTenantClass| {
            // A class that becomes or ceases to be the default matters to every tenant that names none.
            let concerned =
                move |tenant: &Arc<ScimTenant>| tenant.spec.class_name.is_none() || refers_to(tenant, &class);
            references(&store, concerned)
        }
    };
    let of_namespace = {
        let store = store.clone();
        move |namespace: PartialObjectMeta<Namespace>| {
            let name = namespace.name_any();
            references(&store, move |tenant| tenant.metadata.namespace.as_deref() == Some(&name))
        }
    };
    Controller::for_stream(stream, store)
        .with_config(Config::default().concurrency(CONCURRENCY))
        .watches_stream(class_changes(&context), of_class)
        .watches_stream(namespace_changes(&context), of_namespace)
        .watches_stream(secret_changes(&context), |secret| tenant_of(&secret))
        .watches_stream(route_changes(&context), |route| tenant_of(&route))
        .graceful_shutdown_on(shutdown)
        .run(reconcile_tenant, tenant_failed, context)
        .for_each(note_failed_watch)
        .await;
}

async fn classes(
    context: Arc<Context>,
    tenants: Store<ScimTenant>,
    shutdown: impl Future<Output = ()> + Send + Sync + 'static,
) {
    let classes: Api<ScimTenantClass> = Api::all(context.client.clone());
    let (store, writer) = reflector::store();
    let stream = watcher(classes, watcher::Config::default())
        .default_backoff()
        .reflect(writer)
        .applied_objects()
        .predicate_filter(
            predicates::generation.combine(predicates::annotations).combine(predicates::finalizers),
            PredicateConfig::default(),
        );
    let of_tenant = {
        let store: Store<ScimTenantClass> = store.clone();
        move |tenant: ScimTenant| {
            // A tenant that names another class now may have been the last of one that is being deleted.
            let concerned = move |class: &Arc<ScimTenantClass>| {
                class.metadata.deletion_timestamp.is_some() || refers_to(&tenant, class)
            };
            references(&store, concerned)
        }
    };
    let of_route = {
        let store: Store<ScimTenantClass> = store.clone();
        move |route: PartialObjectMeta<Ingress>| references(&store, move |class| is_catch_all(&route, class))
    };
    let tenant_changes = tenant_changes(&context);
    let routes = route_changes(&context);
    let shared = ClassContext { shared: context, tenants };
    Controller::for_stream(stream, store)
        // No debounce: tenants that come one after another would hold off the class for as long as they come.
        .with_config(Config::default().concurrency(2))
        .watches_stream(tenant_changes, of_tenant)
        .watches_stream(routes, of_route)
        .graceful_shutdown_on(shutdown)
        .run(reconcile_class, class_failed, Arc::new(shared))
        .for_each(note_failed_watch)
        .await;
}

async fn reconcile_tenant(tenant: Arc<ScimTenant>, context: Arc<Context>) -> Result<Action, Error> {
    let uid = tenant.uid().unwrap_or_default();
    let started = Instant::now();
    let result = Box::pin(tenant::reconcile(tenant, context.clone())).await;
    finish(&context, metrics::Controller::Tenant, &uid, started, &result);
    result
}

async fn reconcile_class(class: Arc<ScimTenantClass>, context: Arc<ClassContext>) -> Result<Action, Error> {
    let uid = class.uid().unwrap_or_default();
    let started = Instant::now();
    let result = class::reconcile(class, context.clone()).await;
    finish(&context.shared, metrics::Controller::Class, &uid, started, &result);
    result
}

fn finish(
    context: &Context,
    controller: metrics::Controller,
    uid: &str,
    started: Instant,
    result: &Result<Action, Error>,
) {
    let label = match result {
        Ok(_) => "success",
        Err(Error::Raced) => "requeue",
        Err(_) => "error",
    };
    if result.is_ok() {
        context.backoff.reset(uid);
    }
    context.metrics.reconciled(controller, label, started.elapsed());
}

// The signatures of these two are kube's.
#[allow(clippy::needless_pass_by_value)]
fn tenant_failed(tenant: Arc<ScimTenant>, error: &Error, context: Arc<Context>) -> Action {
    failed(&*tenant, error, &context)
}

#[allow(clippy::needless_pass_by_value)]
fn class_failed(class: Arc<ScimTenantClass>, error: &Error, context: Arc<ClassContext>) -> Action {
    failed(&*class, error, &context.shared)
}

fn failed<K: Resource<DynamicType = ()>>(object: &K, error: &Error, context: &Context) -> Action {
    let wait = context.backoff.after_failure(&object.uid().unwrap_or_default());
    let object = ObjectRef::from_obj(object);
    match error {
        Error::Raced => debug!(%object, "read again: somebody else wrote meanwhile"),
        error => warn!(%object, error = in_full(error), "tries again in {wait:?}"),
    }
    Action::requeue(wait)
}

/// A reconcile that failed was logged then. An object that is gone when its turn comes is no failure.
fn note_failed_watch<T>(outcome: Result<T, controller::Error<Error, watcher::Error>>) -> Ready<()> {
    if let Err(error @ (controller::Error::QueueError(_) | controller::Error::RunnerError(_))) = outcome {
        warn!(error = in_full(&error), "a watch failed; it is opened again");
    }
    ready(())
}

/// Not of changes of the status alone, which are of no matter to tenants: one would wake them all.
fn class_changes(
    context: &Context,
) -> impl Stream<Item = Result<ScimTenantClass, watcher::Error>> + Send + use<> {
    let classes: Api<ScimTenantClass> = Api::all(context.client.clone());
    declared_changes(
        watcher(classes, watcher::Config::default()).default_backoff(),
        predicates::generation.combine(predicates::annotations),
    )
}

/// Not of changes of the status alone. The beginning of a deletion is a generation of its own.
fn tenant_changes(
    context: &Context,
) -> impl Stream<Item = Result<ScimTenant, watcher::Error>> + Send + use<> {
    let tenants: Api<ScimTenant> = Api::all(context.client.clone());
    declared_changes(watcher(tenants, watcher::Config::default()).default_backoff(), predicates::generation)
}

fn namespace_changes(context: &Context) -> impl Stream<Item = Metadata<Namespace>> + Send + use<> {
    watcher(Api::<PartialObjectMeta<Namespace>>::all(context.client.clone()), watcher::Config::default())
        .default_backoff()
        .touched_objects()
        .predicate_filter(predicates::labels, PredicateConfig::default())
}

/// Of the Secrets that we made. Metadata alone: tokens stay out of memory (and Secrets of others out of the watch,
/// cert-manager#4722).
fn secret_changes(context: &Context) -> impl Stream<Item = Metadata<Secret>> + Send + use<> {
    let ours = watcher::Config::default().labels(&selector(&context.settings));
    watcher(Api::<PartialObjectMeta<Secret>>::all(context.client.clone()), ours)
        .default_backoff()
        .touched_objects()
}

fn route_changes(context: &Context) -> impl Stream<Item = Metadata<Ingress>> + Send + use<> {
    let ours = watcher::Config::default().labels(&selector(&context.settings));
    let namespace = context.settings.server.namespace.as_str();
    let routes: Api<PartialObjectMeta<Ingress>> = Api::namespaced(context.client.clone(), namespace);
    watcher(routes, ours).default_backoff().touched_objects()
}

/// Whether an Ingress is there, or was, to catch what is left of a class's host.
fn is_catch_all<K: Resource>(route: &K, class: &ScimTenantClass) -> bool {
    let name = ClassUrl::parse(&class.spec.url).ok().map(|url| class_route_name(&url));
    name.is_some() && name == route.meta().name
}

/// The tenant that an object of ours belongs to.
fn tenant_of<K: ResourceExt>(object: &K) -> Option<ObjectRef<ScimTenant>> {
    let name = object.labels().get(label::TENANT_NAME)?;
    Some(ObjectRef::new(name).within(object.labels().get(label::TENANT_NAMESPACE)?))
}

fn references<K>(store: &Store<K>, concerned: impl Fn(&Arc<K>) -> bool) -> Vec<ObjectRef<K>>
where
    K: Resource<DynamicType = ()> + Clone + 'static,
{
    store
        .state()
        .iter()
        .filter(|object| concerned(object))
        .map(|object| ObjectRef::from_obj(&**object))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::class::accept;
    use crate::fixtures::{class, settings};
    use crate::route::class_route;

    #[test]
    fn an_ingress_concerns_every_class_of_its_host() {
        let owner = class("first", json!({}));
        let route = class_route(&owner, &accept(&owner, &settings()).unwrap(), &settings());
        assert!(is_catch_all(&route, &class("second", json!({"url": "http://scim.example.com:8080"}))));
        assert!(!is_catch_all(&route, &class("third", json!({"url": "https://scim.example.net"}))));
    }
}
