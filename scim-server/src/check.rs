//! `scim-server check`: plays a small connection against a tenant, and says step by step whether it works.

mod client;
mod connection;
mod step;

use std::{
    io::{self, Write},
    path::PathBuf,
};

use clap::Args;
use url::Url;
use uuid::Uuid;

use crate::check::{
    client::{Answer, CheckClient, ClientError},
    connection::{Connection, ConnectionError},
    step::{Person, Step},
};

/// Checks whether a tenant works.
///
/// Plays an identity provider: reads what the server can do, creates a user, finds, deactivates, reads and removes it. One line for each
/// step; the exit status says whether all of them worked. The token is never shown.
#[derive(Args, Clone, Debug)]
pub struct CheckArguments {
    /// Holds the files `tenantURL` and `token`, as the tenant's Secret does
    #[arg(long, value_name = "PATH")]
    pub directory: PathBuf,

    /// Where the tenant is asked, such as `http://server.scim-system.svc:80`; without it, where its URL says. Replaces scheme, host
    /// and port
    #[arg(long, value_name = "URL", value_parser = server)]
    pub server: Option<Url>,
}

/// Checks a tenant, and writes a line for each step. The user that was made is removed, unless its creation was not answered as expected: then nobody knows its id.
pub async fn run(arguments: &CheckArguments, lines: &mut (impl Write + Send)) -> Result<(), CheckError> {
    let connection = Connection::read(&arguments.directory, arguments.server.as_ref())?;
    writeln!(lines, "checks {}", connection.base())?;
    let mut check = Check { client: CheckClient::new(connection)?, lines };
    let person = Person::named(&Uuid::now_v7());
    check.play(&person).await
}

/// Why a tenant was not found to work.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// Nobody knows where the tenant is and how to get in.
    #[error(transparent)]
    Connection(#[from] ConnectionError),
    /// Nothing can be asked.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// Nothing can be said.
    #[error("cannot write what was found")]
    Lines(#[from] io::Error),
    /// A step went wrong; its line was written.
    #[error("the tenant does not work: see the step that failed")]
    Failed,
}

struct Check<'l, L> {
    client: CheckClient,
    lines: &'l mut L,
}

impl<L: Write> Check<'_, L> {
    async fn play(&mut self, person: &Person) -> Result<(), CheckError> {
        self.take(&Step::capabilities()).await?;
        self.take(&Step::wrong_token()).await?;
        let created = self.take(&Step::create(person)).await?;
        let id = created.text("/id").ok_or(CheckError::Failed)?;
        let lived = self.live(person, id).await;
        let deleted = self.take(&Step::delete(id)).await;
        lived?;
        deleted?;
        self.take(&Step::gone(id)).await?;
        Ok(())
    }

    /// What becomes of a user between its creation and its end.
    async fn live(&mut self, person: &Person, id: &str) -> Result<(), CheckError> {
        self.take(&Step::find(person, id)).await?;
        self.take(&Step::deactivate(id)).await?;
        self.take(&Step::read_inactive(id)).await?;
        Ok(())
    }

    async fn take(&mut self, step: &Step) -> Result<Answer, CheckError> {
        let judged = match self.client.ask(&step.request).await {
            Ok(answer) => step.judge(&answer).map(|()| answer),
            Err(error) => Err(crate::error::chain(&error)),
        };
        match judged {
            Ok(answer) => {
                writeln!(self.lines, "ok   {} ({})", step.title, answer.status)?;
                Ok(answer)
            }
            Err(problem) => {
                writeln!(self.lines, "FAIL {}: {problem}", step.title)?;
                Err(CheckError::Failed)
            }
        }
    }
}

fn server(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("must start with http:// or https://".to_owned());
    }
    Ok(url)
}
