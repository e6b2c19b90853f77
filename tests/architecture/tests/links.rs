//! What documents link to is there: files, folders and headings; and so is the runbook of every alert.

#![allow(clippy::unwrap_used, reason = "a test says what it expects by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

/// Folders whose documents are not ours, or are made anew all the time.
const SKIPPED: &[&str] = &["target", ".git", ".demo", "fuzz", "node_modules"];

/// The folder of the files with alerts.
const ALERTS: &str = "charts/scim-operator/rules";

#[test]
fn every_relative_link_leads_somewhere() {
    let mut headings = Headings::default();
    let mut broken = Vec::new();
    let documents = documents();
    assert!(documents.len() > 20, "the documents are somewhere else now: mend this test");
    for document in documents {
        let text = fs::read_to_string(root().join(&document)).unwrap();
        for link in links(&text) {
            if let Some(why) = headings.broken(&document, &link) {
                broken.push(format!("{}: {link}: {why}", document.display()));
            }
        }
    }
    assert!(broken.is_empty(), "links lead nowhere:\n{}", broken.join("\n"));
}

#[test]
fn every_alert_has_a_runbook() {
    let files = fs::read_dir(root().join(ALERTS)).unwrap().map(|file| file.unwrap().path());
    let rules = files.map(|file| fs::read_to_string(file).unwrap()).collect::<String>();
    let after = |key: &str| {
        let values =
            rules.lines().filter_map(move |line| line.trim().trim_start_matches("- ").strip_prefix(key));
        values.map(|value| value.trim().trim_matches('"').to_owned()).collect::<Vec<_>>()
    };
    let (alerts, runbooks) = (after("alert:"), after("runbook_url:"));
    assert!(!alerts.is_empty() && alerts.len() == runbooks.len(), "each alert names a runbook: {runbooks:?}");
    let mut headings = Headings::default();
    let operating = headings.of(Path::new("docs/operating.md")).clone();
    for (alert, runbook) in alerts.iter().zip(runbooks) {
        assert!(operating.contains(&slug(alert)), "docs/operating.md says nothing of {alert}");
        let page = runbook.split_once("/docs/").map_or(runbook.clone(), |(_, page)| format!("docs/{page}"));
        let why = headings.broken(Path::new("README.md"), &page);
        assert_eq!(why, None, "{runbook} is the runbook of {alert}");
    }
}

/// The anchors of documents, read once.
#[derive(Default)]
struct Headings(BTreeMap<PathBuf, BTreeSet<String>>);

impl Headings {
    fn of(&mut self, document: &Path) -> &BTreeSet<String> {
        self.0.entry(document.to_owned()).or_insert_with(|| anchors(&root().join(document)))
    }

    /// Why a link of a document leads nowhere.
    fn broken(&mut self, document: &Path, link: &str) -> Option<String> {
        let (file, anchor) = link.split_once('#').map_or((link, None), |(file, anchor)| (file, Some(anchor)));
        let target = match file {
            "" => document.to_owned(),
            _ => normal(&document.parent().unwrap_or(Path::new("")).join(file)),
        };
        if !root().join(&target).exists() {
            return Some(format!("there is no {}", target.display()));
        }
        let anchor = anchor?;
        if target.extension().is_none_or(|extension| extension != "md") {
            return Some("only a document has headings".to_owned());
        }
        (!self.of(&target).contains(anchor)).then(|| format!("{} has no such heading", target.display()))
    }
}

/// The headings of a document, as GitHub makes anchors of them: the second of a name gets `-1`.
fn anchors(document: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(document).unwrap();
    let mut seen = BTreeMap::new();
    let headings = outside_code(&text).into_iter().filter(|line| line.starts_with('#'));
    let slugs = headings.map(|line| slug(line.trim_start_matches('#')));
    slugs
        .map(|slug| {
            let count = seen.entry(slug.clone()).and_modify(|count| *count += 1).or_insert(0);
            if *count == 0 { slug } else { format!("{slug}-{count}") }
        })
        .collect()
}

fn slug(heading: &str) -> String {
    let kept = heading.trim().chars().filter(|char| char.is_alphanumeric() || " -_".contains(*char));
    kept.flat_map(char::to_lowercase).map(|char| if char == ' ' { '-' } else { char }).collect()
}

/// The targets of links that are no URLs.
fn links(text: &str) -> Vec<String> {
    let lines = outside_code(text);
    let targets = lines.iter().flat_map(|line| {
        let prose: String = line.split('`').step_by(2).collect();
        let targets =
            prose.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next().map(str::to_owned));
        targets.collect::<Vec<_>>()
    });
    targets.filter(|target| !target.contains("://") && !target.starts_with("mailto:")).collect()
}

fn outside_code(text: &str) -> Vec<&str> {
    let mut inside = false;
    let prose = text.lines().filter(|line| {
        let fence = line.trim_start().starts_with("```");
        inside ^= fence;
        !inside && !fence
    });
    prose.collect()
}

/// All documents of the repository, by their paths in it.
fn documents() -> Vec<PathBuf> {
    let (mut folders, mut found) = (vec![root()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() && !SKIPPED.contains(&name.as_str()) {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                found.push(path.strip_prefix(root()).unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

/// Without `.` and `..`.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                normal.pop();
            }
            Component::CurDir => {}
            part => normal.push(part),
        }
    }
    normal
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
