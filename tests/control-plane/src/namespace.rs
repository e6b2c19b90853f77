//! Runs a command in a network namespace of its own, where nothing of ours is seen from outside.
//!
//! Endpoints of a Service may not be loopback addresses, so `lo` has one more there: [`ADDRESS`].

use std::env;
use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

/// The address of `lo` in the namespace (RFC 2544: for tests, never routed).
pub const ADDRESS: &str = "198.18.0.1";
/// The variable that tells the command inside of [`ADDRESS`].
pub const ADDRESS_VARIABLE: &str = "SCIM_TEST_ADDRESS";

/// Why the command does not run in a namespace.
#[derive(Debug, thiserror::Error)]
pub enum NamespaceError {
    /// A tool is missing.
    #[error("`{tool}` is missing: get it with `apt-get install {package}`")]
    NoTool {
        /// The program.
        tool: &'static str,
        /// The Debian package that has it.
        package: &'static str,
    },
    /// The kernel refuses.
    #[error(
        "this machine does not allow network namespaces ({said}); run as root, allow user namespaces, \
         or run the command without `control-plane in-namespace`"
    )]
    Refused {
        /// The words of `unshare` or `ip`.
        said: String,
    },
    /// The command cannot be run.
    #[error("`{command}` cannot be run")]
    Run {
        /// The command.
        command: String,
        /// The operating system's word.
        #[source]
        source: io::Error,
    },
}

/// Becomes `unshare`, which makes the namespace and comes back into [`set_up`] by `control-plane enter-namespace`.
/// Returns only when that fails.
pub fn make(command: &[OsString]) -> Result<std::convert::Infallible, NamespaceError> {
    let flags: &[&str] = if rustix::process::geteuid().is_root() {
        &["--net"]
    } else {
        // Not as root inside: PostgreSQL refuses to run as uid 0.
        &["--user", "--map-current-user", "--keep-caps", "--net"]
    };
    // Tried first, so that a refusal is not taken for the command's own failure.
    check("unshare", "util-linux", Command::new("unshare").args(flags).arg("true"))?;
    check("ip", "iproute2", Command::new("ip").arg("-V"))?;
    let own = env::current_exe().map_err(|source| run_error("control-plane", source))?;
    let error = Command::new("unshare")
        .args(flags)
        .arg("--")
        .arg(own)
        .args(["enter-namespace", "--"])
        .args(command)
        .exec();
    Err(run_error("unshare", error))
}

/// Sets up `lo` in the namespace that we are in, then becomes `command`. Returns only when that fails.
pub fn set_up(command: &[OsString]) -> Result<std::convert::Infallible, NamespaceError> {
    let address = format!("{ADDRESS}/32");
    check("ip", "iproute2", Command::new("ip").args(["link", "set", "lo", "up"]))?;
    check("ip", "iproute2", Command::new("ip").args(["address", "add", &address, "dev", "lo"]))?;
    let (program, arguments) =
        command.split_first().ok_or_else(|| run_error("", io::Error::other("no command")))?;
    let error = Command::new(program).args(arguments).env(ADDRESS_VARIABLE, ADDRESS).exec();
    Err(run_error(&program.to_string_lossy(), error))
}

fn check(tool: &'static str, package: &'static str, command: &mut Command) -> Result<(), NamespaceError> {
    let output =
        command.stdin(Stdio::null()).output().map_err(|_| NamespaceError::NoTool { tool, package })?;
    if output.status.success() {
        return Ok(());
    }
    Err(NamespaceError::Refused { said: String::from_utf8_lossy(&output.stderr).trim().to_owned() })
}

fn run_error(command: &str, source: io::Error) -> NamespaceError {
    NamespaceError::Run { command: command.to_owned(), source }
}
