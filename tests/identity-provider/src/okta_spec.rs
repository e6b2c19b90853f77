//! Okta's published SCIM 2.0 SPEC test: runs its data files against a tenant.
//!
//! The files are exports of a hosted API test tool. Where their meaning is the tool's and not written in them, it is
//! said in [`assertion`] and [`script`].

mod assertion;
mod document;
mod report;
mod script;
mod variables;

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use uuid::Uuid;

use crate::{Connection, Error, Exchange, Request};
use assertion::Verdict;
use document::{Document, RequestStep, Step};
use variables::Variables;

pub use report::{Report, StepReport};

/// Runs one data file: puts a user and a group into an empty tenant first, since the test asks for one of each, then
/// performs every step in order.
///
/// # Errors
///
/// Only when the file cannot be read or the tenant cannot be prepared; what a step finds is in the report.
pub async fn run(connection: &Connection, file: &Path) -> Result<Report, RunError> {
    let document = Document::read(file)?;
    seed(connection).await.map_err(RunError::Seed)?;
    // The random end of the id: enough to be new with each run.
    let unique = Uuid::now_v7().simple().to_string().chars().skip(22).collect::<String>();
    let authorization = connection.authorization().await.map_err(RunError::Seed)?;
    let mut variables = Variables::of(&authorization.unwrap_or_default(), &unique);
    let mut steps = Vec::new();
    for step in document.steps {
        if let Step::Request(step) = step {
            steps.push(perform(connection, &step, &mut variables).await);
        }
    }
    Ok(Report { name: document.name, file: file.to_owned(), steps })
}

/// The published files: all JSON files of `scim-test-data` in the shared folder beside the repository, by name.
pub fn published_files() -> Result<Vec<PathBuf>, RunError> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/scim-test-data");
    let read = |source| RunError::Read { path: folder.clone(), source };
    let entries = fs::read_dir(&folder).map_err(read)?.collect::<Result<Vec<_>, _>>().map_err(read)?;
    let paths = entries.into_iter().map(|entry| entry.path());
    let mut files =
        paths.filter(|path| path.extension().is_some_and(|ext| ext == "json")).collect::<Vec<_>>();
    files.sort();
    Ok(files)
}

/// Why a file could not be run at all.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The file is not there.
    #[error("{} cannot be read", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file is not an export of the test tool, or holds a kind of step or comparison that is not known here.
    #[error("{} is not a test that this program understands", path.display())]
    Parse {
        /// Which file.
        path: PathBuf,
        /// Where and why.
        #[source]
        source: serde_json::Error,
    },
    /// The tenant could not be given its first user and group.
    #[error("the tenant could not be prepared")]
    Seed(#[source] Error),
}

/// Puts a user and a group into the tenant where it has none; a tenant without groups stays so.
async fn seed(connection: &Connection) -> Result<(), Error> {
    let user = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": "okta-spec@example.com",
        "name": { "givenName": "Okta", "familyName": "Spec" },
        "emails": [{ "primary": true, "value": "okta-spec@example.com", "type": "work" }],
        "active": true,
    });
    let group = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "Okta SPEC", "members": [],
    });
    for (path, body) in [("/Users", user), ("/Groups", group)] {
        let list = Request::new(http::Method::GET, path).query("count=1&startIndex=1");
        let list = connection.send(list).await?.expect(&[200, 404])?;
        if list.response.status == 200 && list.list()?.0 == 0 {
            let headers = [("Content-Type", "application/scim+json")];
            let create = Request::new(http::Method::POST, path).headers(&headers).json(&body);
            connection.send(create).await?.expect(&[201])?;
        }
    }
    Ok(())
}

async fn perform(connection: &Connection, step: &RequestStep, variables: &mut Variables) -> StepReport {
    let note = step.note.trim().to_owned();
    match exchange(connection, step, variables).await {
        Err(problem) => StepReport { note, elapsed: None, held: 0, failed: vec![problem], slow: Vec::new() },
        Ok(exchange) => judge(note, step, &exchange, variables),
    }
}

async fn exchange(
    connection: &Connection,
    step: &RequestStep,
    variables: &Variables,
) -> Result<Exchange, String> {
    let request = request_of(step, variables)?;
    let authorization = step.authorization().map(|text| variables.substitute(&text)).transpose()?;
    connection.send_as(request, authorization.as_deref()).await.map_err(|error| error.to_string())
}

fn request_of(step: &RequestStep, variables: &Variables) -> Result<Request, String> {
    let url = variables.substitute(&step.url)?;
    let (path, query) = url.split_once('?').unwrap_or((&url, ""));
    let method = step.method.parse::<http::Method>().map_err(|error| error.to_string())?;
    let mut request = Request::new(method, path).query(query);
    for (name, value) in step.other_headers() {
        request.headers.push((name, variables.substitute(&value)?));
    }
    request.body = step.body.as_deref().map(|body| variables.substitute(body)).transpose()?;
    Ok(request)
}

fn judge(note: String, step: &RequestStep, exchange: &Exchange, variables: &mut Variables) -> StepReport {
    let mut report = StepReport {
        note,
        elapsed: Some(exchange.response.elapsed),
        held: 0,
        failed: Vec::new(),
        slow: Vec::new(),
    };
    let assertions =
        step.assertions.iter().map(|assertion| assertion.evaluate(&exchange.response, variables));
    let scripts = step.scripts.iter().chain(&step.before_scripts);
    let scripts = scripts.map(|script| script::evaluate(script, exchange.response.json.as_ref()));
    for verdict in assertions.chain(scripts) {
        match verdict {
            Verdict::Holds => report.held += 1,
            Verdict::Slow(reason) => report.slow.push(reason),
            Verdict::Fails(reason) => report.failed.push(reason),
        }
    }
    for variable in &step.variables {
        let document = exchange.response.json.as_ref().unwrap_or(&Value::Null);
        match assertion::find(document, &variable.property) {
            Some(value) => variables.set(&variable.name, &assertion::text(&value)),
            None => report.failed.push(format!("{} has no value for {}", variable.property, variable.name)),
        }
    }
    if !report.failed.is_empty() {
        report.failed.push(exchange.to_string());
    }
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_becomes_the_request_that_it_describes() {
        let step = serde_json::from_value::<RequestStep>(json!({
            "note": "x", "method": "GET", "url": "{{SCIMBaseURL}}/Users?filter=userName eq \"{{randomUsername}}\"",
            "headers": { "Accept": ["application/scim+json"], "Authorization": "{{auth}}" },
        }))
        .unwrap();
        let variables = Variables::of("Bearer secret", "01");
        let request = request_of(&step, &variables).unwrap();
        insta::assert_snapshot!(request, @r#"GET /Users?filter=userName eq "Runscope01Hfluaklab01@example.com""#);
        assert_eq!(request.headers, [("Accept".to_owned(), "application/scim+json".to_owned())]);
        assert_eq!(variables.substitute(&step.authorization().unwrap()).unwrap(), "Bearer secret");
    }
}
