//! The tests that cargo builds.

use std::{path::Path, process::Command};

use anyhow::{Context as _, Result, bail};
use cargo_metadata::{Artifact, Message};

use super::Sum;
use crate::shell;

/// The workspace but for what only the browser runs.
const ROOMS: [&str; 3] = ["--workspace", "--exclude", "frontend"];

/// Runs the tests, all or those a filter means.
pub(super) fn test(filter: Option<&str>) -> Result<Sum> {
    let mut sum = Sum::default();
    match filter {
        None => {
            let mut cargo = shell::cargo();
            cargo.arg("test").args(ROOMS).arg("--no-fail-fast");
            run(&mut cargo, &mut sum)?;
        }
        // cargo hands a filter to libtest, which knows the names of tests and of their modules, but not of the program it
        // runs in. So the programs are built by cargo and run by us.
        Some(filter) => {
            for program in programs()? {
                let mut command = program.command()?;
                if !program.is_meant(filter) {
                    command.arg(filter);
                }
                run(&mut command, &mut sum)?;
            }
            let mut documentation = shell::cargo();
            documentation.arg("test").args(ROOMS).args(["--no-fail-fast", "--doc", filter]);
            run(&mut documentation, &mut sum)?;
        }
    }
    Ok(sum)
}

fn run(command: &mut Command, sum: &mut Sum) -> Result<()> {
    let mut own = Sum::default();
    let went_well = shell::follow(command, |line| {
        if let Some(found) = result_line(line) {
            own.add(found);
        }
    })?;
    if !went_well && own.failed == 0 {
        // It did not compile, or a test program died.
        own.add(Sum::BROKEN);
    }
    sum.add(own);
    Ok(())
}

/// A program of tests.
struct Program(Artifact);

impl Program {
    /// Whether a filter names the program itself or its crate's folder, and so means all its tests.
    fn is_meant(&self, filter: &str) -> bool {
        names(filter, self.folder(), &self.0.target.name)
    }

    fn folder(&self) -> &Path {
        self.0.manifest_path.parent().map_or(Path::new("."), |folder| folder.as_std_path())
    }

    /// Started as cargo starts it: in its crate's folder.
    fn command(&self) -> Result<Command> {
        let program = self.0.executable.as_ref().context("a test program without a file")?;
        let mut command = shell::command(program.as_str());
        command.current_dir(self.folder()).env("CARGO_MANIFEST_DIR", self.folder());
        println!("\n{} of {}", self.0.target.name, self.folder().display());
        Ok(command)
    }
}

fn names(filter: &str, folder: &Path, program: &str) -> bool {
    program.contains(filter) || folder.file_name().is_some_and(|name| name.to_string_lossy().contains(filter))
}

/// Builds all test programs.
fn programs() -> Result<Vec<Program>> {
    let mut cargo = shell::cargo();
    cargo.arg("test").args(ROOMS).args(["--no-run", "--message-format=json-render-diagnostics"]);
    let mut output = Vec::new();
    let went_well = shell::listen(&mut cargo, |line| output.extend_from_slice(line))?;
    if !went_well {
        bail!("the tests did not compile");
    }
    let mut programs = Vec::new();
    for message in Message::parse_stream(output.as_slice()) {
        match message.context("what cargo said")? {
            Message::CompilerArtifact(artifact) if artifact.profile.test && artifact.executable.is_some() => {
                programs.push(Program(artifact));
            }
            _ => {}
        }
    }
    Ok(programs)
}

/// Reads libtest's `test result: ok. 12 passed; 1 failed; …`.
fn result_line(line: &str) -> Option<Sum> {
    let numbers = line.strip_prefix("test result: ")?.split_once(". ")?.1;
    let number =
        |word: &str| numbers.split(';').find_map(|part| part.trim().strip_suffix(word)?.trim().parse::<usize>().ok());
    Some(Sum { passed: number("passed")?, failed: number("failed")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_libtest_prints() {
        let line = "test result: FAILED. 12 passed; 3 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.01s";
        assert_eq!(result_line(line), Some(Sum { passed: 12, failed: 3 }));
        assert_eq!(result_line("test pages::home ... ok"), None);
    }

    #[test]
    fn a_filter_may_name_a_program_or_a_crate() {
        let service = Path::new("/house/crates/service");
        assert!(names("chat", service, "chat"), "the chat's stories, whose tests do not say `chat` in their names");
        assert!(names("service", service, "chat"), "a crate's name means all its programs");
        assert!(!names("chat", service, "service"), "here it is for libtest to find");
        assert!(!names("house", service, "service"), "where the house stands is no name");
    }
}
