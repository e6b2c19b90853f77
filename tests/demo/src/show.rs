//! What a person sees: steps, the output of commands, failures with their causes.

use std::error::Error;

use control_plane::Stack;

use crate::failure::Failure;

/// Begins a step.
pub(crate) fn step(text: &str) {
    println!("\n── {text}");
}

/// Runs kubectl and shows the command line with what it prints.
pub(crate) async fn output_of(stack: &Stack, arguments: &[&str]) -> Result<(), Failure> {
    println!("   $ kubectl {}", arguments.join(" "));
    let output = stack.kubectl()?.args(arguments).output().await.map_err(Failure::Kubectl)?;
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        println!("   {line}");
    }
    Ok(())
}

/// The failure and each cause of it.
pub(crate) fn failure(failure: &Failure) {
    eprintln!("\nThe demo failed: {failure}");
    let mut cause = failure.source();
    while let Some(error) = cause {
        eprintln!("  because: {error}");
        cause = error.source();
    }
    eprintln!("Logs are in .demo/logs.");
}
