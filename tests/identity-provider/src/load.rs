//! A steady load of provisioning, of which no request may fail.

mod cycle;
mod report;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{
    sync::Mutex,
    task::JoinSet,
    time::{Interval, MissedTickBehavior, interval},
};

pub use report::{Failure, Report};

use crate::{Connection, Error, Request};

/// How much is asked of a tenant.
///
/// Each worker provisions one person after the other: creates, reads, looks up by name, changes, lists and deletes
/// again. What it reads must be what it wrote, whichever server answers.
#[derive(Debug, Clone)]
pub struct Load {
    /// How many requests are on their way at most.
    pub workers: usize,
    /// Requests in a second, of all workers together; as many as are answered where there is none.
    pub rate: Option<f64>,
    /// Every how many people one stays, so that what was written on the way is there in the end; none with 0.
    pub keep_one_of: usize,
}

/// What the workers share.
struct Course {
    connection: Connection,
    /// What makes the names of this run's people its own.
    run: String,
    people: AtomicUsize,
    keep_one_of: usize,
    pace: Option<Mutex<Interval>>,
    is_over: AtomicBool,
    report: std::sync::Mutex<Report>,
    on_failure: Box<dyn Fn(&Failure) + Send + Sync>,
}

impl Load {
    /// Goes on until `stop`, and then until each worker has finished with its person. Each failed request is told at
    /// once, and is never repeated. In the end the tenant must have the people of before and those that stayed.
    ///
    /// # Errors
    ///
    /// The tenant does not answer before the load starts, or does not say how many people it has.
    pub async fn run(
        &self,
        connection: &Connection,
        stop: impl Future<Output = ()>,
        on_failure: impl Fn(&Failure) + Send + Sync + 'static,
    ) -> Result<Report, Error> {
        let before = people(connection).await?;
        let course = Arc::new(Course {
            connection: connection.clone(),
            run: uuid::Uuid::now_v7().simple().to_string(),
            people: AtomicUsize::new(0),
            keep_one_of: self.keep_one_of,
            pace: self.rate.map(pace),
            is_over: AtomicBool::new(false),
            report: std::sync::Mutex::default(),
            on_failure: Box::new(on_failure),
        });
        let started = Instant::now();
        let mut workers = JoinSet::new();
        for _ in 0..self.workers {
            let course = Arc::clone(&course);
            workers.spawn(async move {
                while !course.is_over.load(Ordering::Relaxed) {
                    cycle::provision(&course).await;
                }
            });
        }
        stop.await;
        course.is_over.store(true, Ordering::Relaxed);
        workers.join_all().await;
        let elapsed = started.elapsed();
        let after = people(connection).await?;
        let mut report = course.with_report(std::mem::take);
        report.finish(elapsed, before, after);
        Ok(report)
    }
}

impl Course {
    /// Does something with the report; a worker that panicked has left it whole.
    fn with_report<T>(&self, work: impl FnOnce(&mut Report) -> T) -> T {
        work(&mut self.report.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    /// Waits for its turn.
    async fn turn(&self) {
        if let Some(pace) = &self.pace {
            pace.lock().await.tick().await;
        }
    }
}

/// Requests that were held up are not made up for: a burst would say more of the burst than of the servers.
fn pace(rate: f64) -> Mutex<Interval> {
    let mut interval = interval(Duration::from_secs_f64(1.0 / rate.max(0.001)));
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    Mutex::new(interval)
}

/// How many people the tenant has.
async fn people(connection: &Connection) -> Result<u64, Error> {
    let request = Request::new(http::Method::GET, "/Users").query("count=0");
    let exchange = connection.send(request).await?.expect(&[200])?;
    Ok(exchange.list()?.0)
}
