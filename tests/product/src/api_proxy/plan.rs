//! What is to become of the requests that arrive, and what arrived: pure, without any connection.

use std::collections::{BTreeMap, BTreeSet};

use tokio::sync::oneshot;

use super::call::{Call, Denied, Verb, Write};
use super::fault::Fault;
use super::hold::{HeldWrite, Moment};

/// The requests that a fault is for.
#[derive(Clone, Debug, Default)]
pub struct Which {
    verbs: Option<Vec<Verb>>,
    resource: Option<String>,
    namespace: Option<String>,
    name: Option<String>,
}

impl Which {
    /// All of them.
    pub fn any() -> Self {
        Self::default()
    }

    /// Those of these verbs.
    pub fn verbs(verbs: &[Verb]) -> Self {
        Self { verbs: Some(verbs.to_vec()), ..Self::default() }
    }

    /// Those that write, dry runs included.
    pub fn writes() -> Self {
        Self::verbs(&[Verb::Create, Verb::Update, Verb::Patch, Verb::Delete, Verb::DeleteCollection])
    }

    /// Of these, those about a resource: `scimtenants`, `scimtenants/status`.
    #[must_use]
    pub fn resource(mut self, resource: &str) -> Self {
        self.resource = Some(resource.to_owned());
        self
    }

    /// Of these, those in a namespace.
    #[must_use]
    pub fn namespace(mut self, namespace: &str) -> Self {
        self.namespace = Some(namespace.to_owned());
        self
    }

    /// Of these, those about an object of that name; the name of one that is created is not looked at.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    fn matches(&self, call: &Call) -> bool {
        self.verbs.as_ref().is_none_or(|verbs| verbs.contains(&call.verb))
            && self.resource.as_ref().is_none_or(|resource| *resource == call.resource)
            && self.namespace.as_ref().is_none_or(|namespace| Some(namespace) == call.namespace.as_ref())
            && self.name.as_ref().is_none_or(|name| Some(name) == call.name.as_ref())
    }
}

/// What becomes of one request.
#[derive(Debug)]
pub(super) enum Decision {
    /// It goes to the API server.
    Forward,
    /// It goes there, and stops on the way.
    Stop(Stop),
    /// It goes there, and its answer ends when the other half is dropped or sent to.
    Watch(oneshot::Receiver<()>),
    /// It is refused.
    Refuse(Fault),
    /// It is a watch, and too old.
    Expired,
}

/// A write that stops on the way.
#[derive(Debug)]
pub(super) struct Stop {
    pub(super) moment: Moment,
    pub(super) write: Write,
    pub(super) told: oneshot::Sender<HeldWrite>,
}

/// The plan of a proxy, and its book.
#[derive(Debug, Default)]
pub(super) struct Plan {
    passed_by: BTreeSet<String>,
    book: Book,
    holds: Vec<(usize, Moment, oneshot::Sender<HeldWrite>)>,
    refusals: Vec<(Which, Fault, usize)>,
    /// How many of the next watches of a path are too old.
    expired: BTreeMap<String, usize>,
    /// The watches that are open, by their paths, with what ends them.
    watches: Vec<(String, oneshot::Sender<()>)>,
}

/// What arrived, and was not passed by, since it was last opened.
#[derive(Debug, Default)]
struct Book {
    writes: Vec<Write>,
    requests: BTreeMap<(Verb, String), u64>,
    refused: usize,
    denied: BTreeSet<Denied>,
}

impl Plan {
    /// One that passes the resources by: their requests are forwarded, and neither counted nor touched.
    pub(super) fn passing_by(resources: &[&str]) -> Self {
        let mut plan = Self::default();
        plan.pass_by(resources);
        plan
    }

    pub(super) fn pass_by(&mut self, resources: &[&str]) {
        self.passed_by = resources.iter().map(|resource| (*resource).to_owned()).collect();
    }

    /// Forgets what arrived and what was planned. Open watches stay open.
    pub(super) fn reset(&mut self) {
        self.book = Book::default();
        self.holds.clear();
        self.refusals.clear();
        self.expired.clear();
    }

    /// A request has arrived.
    pub(super) fn arrive(&mut self, call: &Call) -> Decision {
        if self.passed_by.contains(call.main_resource()) {
            return if call.verb == Verb::Watch { self.open(call) } else { Decision::Forward };
        }
        *self.book.requests.entry((call.verb, call.resource.clone())).or_default() += 1;
        if let Some(write) = call.write() {
            self.book.writes.push(write.clone());
            if let Some(stop) = self.stop(write) {
                return Decision::Stop(stop);
            }
        }
        if let Some(fault) = self.refusal(call) {
            self.book.refused += 1;
            return Decision::Refuse(fault);
        }
        match (call.verb, self.expired.get_mut(&call.path)) {
            (Verb::Watch, Some(left)) if *left > 0 => {
                *left -= 1;
                Decision::Expired
            }
            (Verb::Watch, _) => self.open(call),
            _ => Decision::Forward,
        }
    }

    fn stop(&mut self, write: Write) -> Option<Stop> {
        let number = self.writes().iter().filter(|write| !write.dry_run).count();
        let due = self.holds.iter().position(|(at, ..)| *at == number).filter(|_| !write.dry_run)?;
        let (_, moment, told) = self.holds.swap_remove(due);
        Some(Stop { moment, write, told })
    }

    fn refusal(&mut self, call: &Call) -> Option<Fault> {
        let (_, fault, left) =
            self.refusals.iter_mut().find(|(which, _, left)| *left > 0 && which.matches(call))?;
        *left -= 1;
        Some(*fault)
    }

    fn open(&mut self, call: &Call) -> Decision {
        let (end, ended) = oneshot::channel();
        self.watches.retain(|(_, end)| !end.is_closed());
        self.watches.push((call.path.clone(), end));
        Decision::Watch(ended)
    }

    pub(super) fn hold_at(&mut self, number: usize, moment: Moment) -> oneshot::Receiver<HeldWrite> {
        let (told, reached) = oneshot::channel();
        self.holds.push((number, moment, told));
        reached
    }

    pub(super) fn refuse(&mut self, which: Which, fault: Fault, times: usize) {
        self.refusals.push((which, fault, times));
    }

    /// Ends all open watches; their paths.
    pub(super) fn drop_watches(&mut self) -> Vec<String> {
        let open = std::mem::take(&mut self.watches);
        open.into_iter().filter_map(|(path, end)| end.send(()).is_ok().then_some(path)).collect()
    }

    /// Ends all open watches; as many of the next ones of each path are too old.
    pub(super) fn expire_watches(&mut self) -> usize {
        let paths = self.drop_watches();
        for path in &paths {
            *self.expired.entry(path.clone()).or_default() += 1;
        }
        paths.len()
    }

    pub(super) fn writes(&self) -> &[Write] {
        &self.book.writes
    }

    pub(super) fn requests(&self) -> &BTreeMap<(Verb, String), u64> {
        &self.book.requests
    }

    /// The API server has answered 403, with these words.
    pub(super) fn deny(&mut self, call: &Call, said: &str) {
        self.book.denied.insert(call.denied(said));
    }

    pub(super) fn denied(&self) -> &BTreeSet<Denied> {
        &self.book.denied
    }

    pub(super) fn refused(&self) -> usize {
        self.book.refused
    }
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;

    const TENANT: &str = "/apis/scim-operator.io/v1alpha1/namespaces/a/scimtenants/b";
    const LEASE: &str = "/apis/coordination.k8s.io/v1/namespaces/scim-system/leases/scim-operator";

    fn call(method: &Method, uri: &str) -> Call {
        Call::of(method, &uri.parse().unwrap())
    }

    #[test]
    fn a_fault_meets_what_it_is_for_as_often_as_was_said() {
        let mut plan = Plan::default();
        plan.refuse(Which::writes().resource("scimtenants").namespace("a").name("b"), Fault::Conflict, 2);
        let refused = |plan: &mut Plan, method: &Method, uri: &str| {
            matches!(plan.arrive(&call(method, uri)), Decision::Refuse(Fault::Conflict))
        };
        assert!(!refused(&mut plan, &Method::GET, TENANT));
        assert!(!refused(&mut plan, &Method::PATCH, &format!("{TENANT}/status")));
        assert!(!refused(&mut plan, &Method::PATCH, &TENANT.replace("/a/", "/c/")));
        assert!(refused(&mut plan, &Method::PATCH, TENANT));
        assert!(refused(&mut plan, &Method::DELETE, TENANT));
        assert!(!refused(&mut plan, &Method::PATCH, TENANT));
        assert_eq!(plan.refused(), 2);
    }

    #[test]
    fn what_is_passed_by_is_neither_counted_nor_refused() {
        let mut plan = Plan::passing_by(&["leases"]);
        plan.refuse(Which::any(), Fault::InternalError, usize::MAX);
        assert!(matches!(plan.arrive(&call(&Method::PUT, LEASE)), Decision::Forward));
        assert!(plan.requests().is_empty() && plan.writes().is_empty());
        plan.pass_by(&[]);
        assert!(matches!(plan.arrive(&call(&Method::PUT, LEASE)), Decision::Refuse(_)));
        assert_eq!(plan.requests()[&(Verb::Update, "leases".to_owned())], 1);
    }

    #[test]
    fn the_nth_write_is_stopped_and_dry_runs_are_none() {
        let mut plan = Plan::default();
        let _reached = plan.hold_at(2, Moment::Before);
        let mut arrive = |uri: &str| plan.arrive(&call(&Method::PATCH, uri));
        assert!(matches!(arrive(TENANT), Decision::Forward));
        assert!(matches!(arrive(&format!("{TENANT}?dryRun=All")), Decision::Forward));
        assert!(matches!(arrive(TENANT), Decision::Stop(Stop { moment: Moment::Before, .. })));
        assert!(matches!(arrive(TENANT), Decision::Forward));
        assert_eq!(plan.writes().iter().filter(|write| write.dry_run).count(), 1);
        plan.reset();
        assert!(plan.writes().is_empty());
    }

    #[test]
    fn as_many_watches_are_too_old_as_were_open() {
        let mut plan = Plan::default();
        let watch = call(&Method::GET, "/api/v1/secrets?watch=true");
        let Decision::Watch(mut open) = plan.arrive(&watch) else { panic!("it is opened") };
        let Decision::Watch(closed) = plan.arrive(&watch) else { panic!("it is opened") };
        drop(closed);
        assert_eq!(plan.expire_watches(), 1);
        assert_eq!(open.try_recv(), Ok(()));
        assert!(matches!(
            plan.arrive(&call(&Method::GET, "/api/v1/namespaces?watch=true")),
            Decision::Watch(_)
        ));
        assert!(matches!(plan.arrive(&watch), Decision::Expired));
        assert!(matches!(plan.arrive(&watch), Decision::Watch(_)));
    }
}
