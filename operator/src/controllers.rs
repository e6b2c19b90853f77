//! The two controllers, and who wakes them.

use std::future::{Ready, ready};
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crds::{ScimTenant, ScimTenantClass};
use futures::future::select;
use futures::{FutureExt as _, Stream, StreamExt as _, TryStreamExt as _};
use kube::runtime::controller::{self, Action, Config, Controller};
use kube::runtime::reflector::ObjectRef;
use kube::runtime::{Predicate, PredicateConfig, WatchStreamExt as _, predicates, watcher};
use kube::{Api, Resource, ResourceExt as _};
use tokio::time::timeout;
use tracing::{debug, warn};

use crate::backoff::FIRST;
use crate::class::{self, ClassContext};
use crate::concern::{ClassView, TenantView, classes_of_tenant, is_gone, rivals_of_class, tenants_of_class};
use crate::context::Context;
use crate::error::{Error, in_full};
use crate::metrics;
use crate::surroundings::Surroundings;
use crate::tenant;
use crate::wake::Woken;
use crate::watch::{Cache, Filler, Gate, Known, Ticket, applied_once_stored, lasting, merged, patient};

/// Tenants that are reconciled at once. Each uses at most one connection to PostgreSQL at a time.
pub(crate) const CONCURRENCY: u16 = 8;
/// How long one pass may take, migrations and dropped schemas included: one whose database went silent ends like one whose
/// process was killed, and leaves its place to others.
const PASS_WITHIN: Duration = Duration::from_mins(10);
/// Classes that are reconciled at once.
const CLASS_CONCURRENCY: u16 = 2;
/// How long it is remembered what was declared, which tells it from what we say in a status. What is seen more often
/// is remembered for longer.
const REMEMBERED: Duration = Duration::from_hours(7 * 24);

/// Runs both controllers until `shutdown`; what is under way then comes to its end.
///
/// Everything around the tenants is known before the first of them is reconciled, so that what changes later is told, and
/// what was there before is not.
pub(crate) async fn run(
    context: Arc<Context>,
    woken: Woken,
    tenants: Cache<ScimTenant>,
    filler: Filler<ScimTenant>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) {
    let shutdown = shutdown.shared();
    let (gate, ticket) = Gate::new();
    let (classes, class_filler) = Cache::new();
    let surroundings =
        Surroundings { context: context.clone(), tenants, classes, class_changed: Arc::default() };
    let (woken_tenants, woken_classes) = woken.into_streams();
    let tenants =
        Controller::for_stream(declared_tenants(&surroundings, filler, gate), surroundings.tenants.store())
            .with_config(Config::default().concurrency(CONCURRENCY))
            .reconcile_on(woken_tenants)
            .graceful_shutdown_on(shutdown.clone())
            .run(reconcile_tenant, tenant_failed, context.clone())
            .for_each(note_failed_watch);
    let class_context = ClassContext { shared: context, tenants: surroundings.tenants.clone() };
    let declared_classes = declared_classes(&surroundings, class_filler, ticket.clone());
    let classes = Controller::for_stream(declared_classes, surroundings.classes.store())
        .with_config(Config::default().concurrency(CLASS_CONCURRENCY))
        .reconcile_on(woken_classes)
        .graceful_shutdown_on(shutdown)
        .run(reconcile_class, class_failed, Arc::new(class_context))
        .for_each(note_failed_watch);
    let controllers = async { futures::join!(tenants, classes) };
    select(pin!(controllers), pin!(surroundings.watch(ticket))).await;
}

/// The ScimTenants that somebody declared anew. Tells classes and the sweep what became of them.
fn declared_tenants(
    surroundings: &Surroundings,
    filler: Filler<ScimTenant>,
    gate: Gate,
) -> impl Stream<Item = Result<ScimTenant, watcher::Error>> + Send + use<> {
    let Surroundings { context, classes, .. } = surroundings.clone();
    let apis = context.settings.scope.apis::<ScimTenant>(&context.client);
    let watches = apis.into_iter().map(|api| patient(watcher(api, watcher::Config::default())).boxed());
    let watches = watches.collect();
    let mut known = Known::told();
    let events = async {
        gate.pass().await;
        merged(watches)
    };
    let events = filler.fill(lasting(events.flatten_stream()).map(Ok)).inspect_ok(move |event| {
        for change in known.observe(event, TenantView::of) {
            context.wake.classes(classes_of_tenant(&change, &classes.state()));
            for uid in change.views().filter_map(TenantView::uid) {
                context.residents.note(uid);
            }
            if is_gone(&change) {
                let uid = change.views().next().and_then(TenantView::uid);
                context.forget(uid.unwrap_or_default());
                context.wake.sweep();
            }
        }
    });
    applied_once_stored(events).predicate_filter(declaration(), PredicateConfig::default().ttl(REMEMBERED))
}

/// The classes that somebody declared anew. Has their tenants looked at, not too many at once.
fn declared_classes(
    surroundings: &Surroundings,
    filler: Filler<ScimTenantClass>,
    gate: Ticket,
) -> impl Stream<Item = Result<ScimTenantClass, watcher::Error>> + Send + use<> {
    let Surroundings { context, tenants, classes, class_changed } = surroundings.clone();
    let api: Api<ScimTenantClass> = Api::all(context.client.clone());
    let mut known = Known::before(gate);
    let events = patient(watcher(api, watcher::Config::default()));
    let events = filler.fill(lasting(events).map(Ok)).inspect_ok(move |event| {
        for change in known.observe(event, ClassView::of) {
            for uid in change.views().filter_map(ClassView::uid) {
                context.catch_alls.forget(uid);
            }
            context.wake.tenants_in_turn(tenants_of_class(&change, &tenants.state()));
            context.wake.classes(rivals_of_class(&change, &classes.state()));
            class_changed.notify_one();
        }
    });
    applied_once_stored(events).predicate_filter(declaration(), PredicateConfig::default().ttl(REMEMBERED))
}

/// Not the status: that is ours.
fn declaration<K: Resource>() -> impl Predicate<K> {
    predicates::generation.combine(predicates::annotations).combine(predicates::finalizers)
}

async fn reconcile_tenant(tenant: Arc<ScimTenant>, context: Arc<Context>) -> Result<Action, Error> {
    let uid = tenant.uid().unwrap_or_default();
    let started = Instant::now();
    let pass = timeout(PASS_WITHIN, Box::pin(tenant::reconcile(tenant, context.clone())));
    let result = pass.await.unwrap_or(Err(Error::Raced));
    if let (Ok(_), Ok(uid)) = (&result, uid.parse()) {
        context.audit.reconciled(uid, started);
    }
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
        // The status says so, perhaps of a thousand objects.
        Error::Waits(_) if wait > FIRST => debug!(%object, error = in_full(error), "tries again in {wait:?}"),
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
