//! One person, from being created to being deleted.

use std::sync::atomic::Ordering;

use http::Method;
use serde_json::{Value, json};

use super::{Course, Failure};
use crate::{Error, Exchange, Request};

/// Provisions the next person. The first request that fails ends it: the following ones could not say anything.
pub(super) async fn provision(course: &Course) {
    let number = course.people.fetch_add(1, Ordering::Relaxed);
    if let Err(error) = steps(course, number).await {
        let failure = Failure::now(&error);
        (course.on_failure)(&failure);
        course.with_report(|report| report.failures.push(failure));
    }
}

async fn steps(course: &Course, number: usize) -> Result<(), Error> {
    let name = format!("load-{}-{number}@example.com", course.run);
    let created =
        send(course, "create", Request::new(Method::POST, "/Users").json(&person(&name)), 201).await?;
    let id = created.id()?;
    let keeps = course.keep_one_of > 0 && number.is_multiple_of(course.keep_one_of);
    if keeps {
        // Counted as soon as it is there: a failure later on takes nothing away.
        course.with_report(|report| report.kept += 1);
    }
    let one = format!("/Users/{id}");

    let got = send(course, "get", Request::new(Method::GET, &one), 200).await?;
    must(got, "the person that was created", |body| body["userName"] == name)?;

    let by_name = format!("filter=userName+eq+%22{}%22", name.replace('@', "%40"));
    let found = send(course, "find", Request::new(Method::GET, "/Users").query(by_name), 200).await?;
    must(found, "exactly the person of that name", |body| body["totalResults"] == 1)?;

    let change = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{"op": "replace", "path": "active", "value": false}],
    });
    let changed = send(course, "patch", Request::new(Method::PATCH, &one).json(&change), 200).await?;
    must(changed, "the change", |body| body["active"] == false)?;

    send(course, "list", Request::new(Method::GET, "/Users").query("count=10"), 200).await?;
    if !keeps {
        send(course, "delete", Request::new(Method::DELETE, &one), 204).await?;
    }
    Ok(())
}

async fn send(course: &Course, step: &'static str, request: Request, status: u16) -> Result<Exchange, Error> {
    course.turn().await;
    let answer = course.connection.send(request).await;
    course.with_report(|report| {
        report.note(step, answer.as_ref().ok().map(|exchange| exchange.response.elapsed));
    });
    answer?.expect(&[status])
}

fn must(exchange: Exchange, expected: &str, holds: impl Fn(&Value) -> bool) -> Result<(), Error> {
    if holds(exchange.document()?) { Ok(()) } else { Err(exchange.unexpected(expected)) }
}

fn person(name: &str) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": name,
        "externalId": name,
        "active": true,
        "name": {"givenName": "Load", "familyName": "Person"},
        "emails": [{"value": name, "type": "work", "primary": true}],
    })
}
