//! What a run found, as a table.

use std::{fmt, path::PathBuf, time::Duration};

/// What a run found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The test's own name.
    pub name: String,
    /// Where it was read.
    pub file: PathBuf,
    /// In order.
    pub steps: Vec<StepReport>,
}

/// What one step found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepReport {
    /// The step's own name.
    pub note: String,
    /// From the request to the end of the answer; nothing where none came.
    pub elapsed: Option<Duration>,
    /// How many assertions and scripts held.
    pub held: usize,
    /// The assertions that did not hold, then the request and the response.
    pub failed: Vec<String>,
    /// The assertions about the response time that did not hold.
    pub slow: Vec<String>,
}

impl StepReport {
    /// Whether everything held, but for response times.
    pub fn passed(&self) -> bool {
        self.failed.is_empty()
    }
}

impl Report {
    /// Whether each step passed, but for response times.
    pub fn passed(&self) -> bool {
        self.steps.iter().all(StepReport::passed)
    }

    /// Whether each assertion about a response time held.
    pub fn in_time(&self) -> bool {
        self.steps.iter().all(|step| step.slow.is_empty())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.file_name().unwrap_or_default().to_string_lossy();
        writeln!(formatter, "{} ({file})", self.name)?;
        for step in &self.steps {
            let word = if step.passed() { "pass" } else { "FAIL" };
            let elapsed =
                step.elapsed.map_or_else(|| "-".to_owned(), |elapsed| format!("{} ms", elapsed.as_millis()));
            writeln!(formatter, "  {word}  {:<66} {:>3} held {elapsed:>8}", step.note, step.held)?;
            for reason in &step.failed {
                writeln!(formatter, "        {}", reason.replace('\n', "\n        "))?;
            }
            for reason in &step.slow {
                writeln!(formatter, "  slow  {reason}")?;
            }
        }
        let passed = self.steps.iter().filter(|step| step.passed()).count();
        let slow = self.steps.iter().filter(|step| !step.slow.is_empty()).count();
        write!(formatter, "  {passed} of {} steps passed, {slow} slow", self.steps.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_a_table_with_a_total() {
        let step = |note: &str, failed: &[&str], slow: &[&str]| StepReport {
            note: note.to_owned(),
            elapsed: Some(Duration::from_millis(7)),
            held: 3,
            failed: failed.iter().map(|reason| (*reason).to_owned()).collect(),
            slow: slow.iter().map(|reason| (*reason).to_owned()).collect(),
        };
        let report = Report {
            name: "Okta SCIM 2.0 SPEC Test".to_owned(),
            file: PathBuf::from("spec.json"),
            steps: vec![
                step("Required Test: Test Users endpoint", &[], &[]),
                step("Required Test: Check status 404", &["status EqualNumber 404: found 500"], &["time"]),
            ],
        };
        insta::assert_snapshot!(report, @"
        Okta SCIM 2.0 SPEC Test (spec.json)
          pass  Required Test: Test Users endpoint                                   3 held     7 ms
          FAIL  Required Test: Check status 404                                      3 held     7 ms
                status EqualNumber 404: found 500
          slow  time
          1 of 2 steps passed, 1 slow
        ");
        assert!(!report.passed());
        assert!(!report.in_time());
    }
}
