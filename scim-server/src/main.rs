//! The SCIM endpoint: stateless, serves the provisioning traffic of all tenants.

use std::{env, error::Error, io, process::ExitCode};

use scim_server::{check, command::Command, run::run};

// The images are built for musl, whose own allocator is slow: docs/decisions/0011-images-bring-an-allocator.md.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let ended = match Command::read(env::args_os()) {
        Ok(Command::Serve(arguments)) => told(run(*arguments).await),
        Ok(Command::Check(arguments)) => told(check::run(&arguments, &mut io::stdout()).await),
        Err(error) => error.exit(),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("scim-server: {message}");
            ExitCode::FAILURE
        }
    }
}

fn told(ended: Result<(), impl Error + 'static>) -> Result<(), String> {
    ended.map_err(|error| scim_server::error::chain(&error))
}
