//! A proxy before the API server, for one operator: it counts what the operator asks, and goes wrong as a test wants.

mod call;
mod fault;
mod hold;
mod plan;
mod upstream;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use control_plane::Stack;
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot, watch};

use crate::Error;
use crate::installation::free_address;
use plan::{Decision, Plan};
use upstream::Upstream;

pub use call::{Denied, Verb, Write};
pub use fault::Fault;
pub use hold::{HeldWrite, Hold, Moment};
pub use plan::Which;

/// What operators ask every few seconds, to lead: no part of what is tested, unless a test says so.
const PASSED_BY: [&str; 1] = ["leases"];
/// How long it waits until it tries again to listen.
const PAUSE: Duration = Duration::from_millis(20);

/// A proxy on 127.0.0.1 that takes plain HTTP and forwards it to the API server over TLS, with the token that it came
/// with. When it is dropped it ends, and every connection with it.
#[derive(Debug)]
pub struct ApiProxy {
    address: SocketAddr,
    plan: Arc<Mutex<Plan>>,
    absences: mpsc::Sender<Absence>,
}

/// A while in which nobody gets through.
struct Absence {
    length: Duration,
    begun: oneshot::Sender<()>,
}

/// What each connection works with.
#[derive(Clone)]
struct Way {
    upstream: Upstream,
    plan: Arc<Mutex<Plan>>,
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

impl ApiProxy {
    /// Starts one before the API server of `stack`.
    pub async fn start(stack: &Stack) -> Result<Self, Error> {
        let authorities = stack.admin().config().root_cert.clone().unwrap_or_default();
        let upstream = Upstream::new(stack.api_server().url(), &authorities).map_err(Error::Proxy)?;
        let address = free_address(stack, Ipv4Addr::LOCALHOST)?;
        Self::listen(address, upstream).await
    }

    async fn listen(address: SocketAddr, upstream: Upstream) -> Result<Self, Error> {
        let listener = TcpListener::bind(address).await;
        let address = listener.as_ref().map_or(Ok(address), TcpListener::local_addr);
        let no_port = |source| Error::File { what: "the proxy cannot listen".to_owned(), source };
        let (listener, address) = (listener.map_err(no_port)?, address.map_err(no_port)?);
        let plan = Arc::new(Mutex::new(Plan::passing_by(&PASSED_BY)));
        let (absences, wanted) = mpsc::channel(1);
        let way = Way { upstream, plan: Arc::clone(&plan) };
        tokio::spawn(accept(listener, address, way, wanted));
        Ok(Self { address, plan, absences })
    }

    /// `http://127.0.0.1:<port>`, for the kubeconfig of an operator.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Passes these resources by and no others: their requests are forwarded, and neither counted nor held nor refused.
    /// At the beginning it is `leases`; `events` is another candidate.
    pub fn pass_by(&self, resources: &[&str]) {
        self.plan().pass_by(resources);
    }

    /// Forgets what was counted and what was planned. Watches stay open.
    pub fn reset(&self) {
        self.plan().reset();
    }

    /// The writes that have arrived since the last reset, in their order, dry runs and refused ones among them.
    pub fn writes(&self) -> Vec<Write> {
        self.plan().writes().to_vec()
    }

    /// How many requests of each kind have arrived since the last reset. A resource has its subresource with it,
    /// `scimtenants/status`; what is no resource is called by its path.
    pub fn requests(&self) -> BTreeMap<(Verb, String), u64> {
        self.plan().requests().clone()
    }

    /// How many requests were refused since the last reset.
    pub fn refused(&self) -> usize {
        self.plan().refused()
    }

    /// What the API server has refused with 403 since the last reset, of the resources that are passed by, too.
    pub fn denied(&self) -> BTreeSet<Denied> {
        self.plan().denied().clone()
    }

    /// Stops the write that is the `number`-th since the last reset (dry runs are none), once.
    pub fn hold_at(&self, number: usize, moment: Moment) -> Hold {
        Hold(self.plan().hold_at(number, moment))
    }

    /// Refuses the next requests that are so, as many `times`.
    pub fn refuse(&self, which: Which, fault: Fault, times: usize) {
        self.plan().refuse(which, fault, times);
    }

    /// Breaks all open watches off, as a lost connection does; how many.
    pub fn drop_watches(&self) -> usize {
        self.plan().drop_watches().len()
    }

    /// Breaks all open watches off, and tells as many of the next ones that their resource version is too old (410); how
    /// many.
    pub fn expire_watches(&self) -> usize {
        self.plan().expire_watches()
    }

    /// Is gone: breaks every connection off and refuses new ones. Returns as soon as it is so; comes back by itself.
    pub async fn go_away(&self, length: Duration) {
        let (begun, is_away) = oneshot::channel();
        if self.absences.send(Absence { length, begun }).await.is_ok() {
            let _ = is_away.await; // an error says that it ends, which is a way of being gone
        }
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        lock(&self.plan)
    }
}

fn lock(plan: &Mutex<Plan>) -> MutexGuard<'_, Plan> {
    plan.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes connections until the proxy is dropped. They end with `connected`.
async fn accept(listener: TcpListener, address: SocketAddr, way: Way, mut absences: mpsc::Receiver<Absence>) {
    let mut listening = Some(listener);
    let mut connected = watch::Sender::new(());
    loop {
        let Some(listener) = &listening else {
            listening = TcpListener::bind(address).await.ok();
            if listening.is_none() {
                tokio::time::sleep(PAUSE).await;
            }
            continue;
        };
        tokio::select! {
            biased;
            absence = absences.recv() => {
                let Some(Absence { length, begun }) = absence else { return };
                listening = None;
                connected.send_replace(());
                connected.closed().await;
                connected = watch::Sender::new(());
                let _ = begun.send(());
                tokio::time::sleep(length).await;
            }
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => drop(tokio::spawn(serve(stream, way.clone(), connected.subscribe()))),
                Err(_) => tokio::time::sleep(PAUSE).await, // too many open files, for instance
            },
        }
    }
}

/// Serves one connection until it ends, or is to.
async fn serve(stream: TcpStream, way: Way, mut ended: watch::Receiver<()>) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| answer(way.clone(), request));
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        _ = ended.changed() => {}
        _ = connection => {} // whoever is at the other end sees what went wrong as well
    }
}

/// An error breaks the connection off without an answer: as when the API server is lost.
async fn answer(way: Way, request: Request<Incoming>) -> Result<Response<Body>, Failure> {
    let call = call::Call::of(request.method(), request.uri());
    let decision = lock(&way.plan).arrive(&call);
    let (parts, body) = request.into_parts();
    // Read whole before anything is decided by it: who waits for a held write has nothing left to send.
    let body = to_bytes(Body::new(body), usize::MAX).await?;
    let forward = async || {
        let answer = way.upstream.forward(&parts, body.clone()).await?;
        if answer.status() != StatusCode::FORBIDDEN {
            return Ok::<_, Failure>(answer);
        }
        let (head, said) = answer.into_parts();
        let said = to_bytes(said, usize::MAX).await?;
        lock(&way.plan).deny(&call, &String::from_utf8_lossy(&said));
        Ok(Response::from_parts(head, Body::from(said)))
    };
    match decision {
        Decision::Refuse(fault) => Ok(fault.response()),
        Decision::Expired => Ok(fault::expired_watch()),
        Decision::Forward => forward().await,
        Decision::Watch(ended) => Ok(forward().await?.map(|body| upstream::until(ended, body))),
        Decision::Stop(stop) if stop.moment == Moment::Before => {
            stop.wait().await?;
            forward().await
        }
        Decision::Stop(stop) => {
            let answer = forward().await?;
            stop.wait().await?;
            Ok(answer)
        }
    }
}
