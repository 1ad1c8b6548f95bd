//! How long a catalog of many stacks takes to read: `cargo run --release -p catalog --example reading_time`.

use std::{
    fmt::Write,
    process::Command,
    time::{Duration, Instant},
};

use catalog::{
    GUESTS_FILE, Repository, STACKS_FILE, Snapshot,
    git::{Git, GitSettings},
    read,
};

type Failure = Box<dyn std::error::Error>;

/// A catalog as one that size would be: half of the stacks from git, half by their texts, ten variables each, on four machines.
fn texts(count: usize) -> Result<Vec<(String, String)>, std::fmt::Error> {
    let mut stacks = Vec::new();
    let mut files = Vec::new();
    for number in 0..count {
        let mut variables = Vec::new();
        let mut compose = format!(
            "services:\n  app:\n    image: example/app:{number}\n    healthcheck: {{test: [CMD, \"true\"]}}\n    environment:\n"
        );
        for variable in 0..10 {
            variables.push(format!("        {{ \"name\": \"V{variable}\", \"value\": \"value {number}\" }}"));
            writeln!(compose, "      V{variable}: ${{V{variable}}}")?;
        }
        let source = if number % 2 == 0 {
            format!("\"git_repo\": \"https://example.org/stack-{number}.git\"")
        } else {
            files.push((format!("stacks/stack-{number}/docker-compose.yml"), compose));
            format!("\"compose_file_path\": \"stacks/stack-{number}/docker-compose.yml\"")
        };
        let before = if number > 0 { format!("\"stack-{}\"", number - 1) } else { String::new() };
        stacks.push(format!(
            "    {{\n      \"name\": \"stack-{number}\",\n      {source},\n      \"depends_on\": [{before}],\n      \"env\": [\n{}\n      ]\n    }}",
            variables.join(",\n")
        ));
    }
    files.push((STACKS_FILE.to_owned(), format!("{{\n  \"docker_stacks\": [\n{}\n  ]\n}}\n", stacks.join(",\n"))));
    let names: Vec<String> = (0..count).map(|number| format!("\"stack-{number}\"")).collect();
    let guests: Vec<String> = ["rumple", "rumpledev", "rumpletest", "rumpleprod"]
        .iter()
        .map(|name| {
            format!(
                "    {{\"name\": \"{name}\", \"portainer_environment_name\": \"{name}\", \"docker_stacks\": [{}]}}",
                names.join(", ")
            )
        })
        .collect();
    files.push((GUESTS_FILE.to_owned(), format!("{{\n  \"vms\": [\n{}\n  ]\n}}\n", guests.join(",\n"))));
    Ok(files)
}

/// The middle one of eleven.
fn middle(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    for count in [500, 1000] {
        let files = texts(count)?;
        let snapshot = Snapshot::of_texts(files.clone());
        let mut alone = Vec::new();
        for _ in 0..11 {
            let begun = Instant::now();
            let reading = read(&snapshot);
            alone.push(begun.elapsed());
            assert!(reading.catalog.stacks.len() == count && !reading.has_errors());
        }
        let folder = tempfile::tempdir()?;
        for (path, text) in files {
            let at = folder.path().join(path);
            if let Some(folder) = at.parent() {
                std::fs::create_dir_all(folder)?;
            }
            std::fs::write(at, text)?;
        }
        for args in [
            &["init", "-q", "."][..],
            &["add", "."],
            &["-c", "user.name=x", "-c", "user.email=x@y", "commit", "-qm", "x"],
        ] {
            Command::new("git").args(args).current_dir(folder.path()).status()?;
        }
        let begun = Instant::now();
        let repository = Repository::open(folder.path(), Git::new(GitSettings::default())).await?;
        repository.read().await?;
        let first = begun.elapsed();
        let (mut files, mut whole) = (Vec::new(), Vec::new());
        for _ in 0..11 {
            let begun = Instant::now();
            repository.snapshot().await?;
            files.push(begun.elapsed());
            let begun = Instant::now();
            repository.read().await?;
            whole.push(begun.elapsed());
        }
        let show = |time: Duration| format!("{:.1} ms", time.as_secs_f64() * 1000.0);
        println!(
            "{count} stacks: parse and check {}, files and git {}, a read of unchanged files {}, the first one {}",
            show(middle(alone)),
            show(middle(files)),
            show(middle(whole)),
            show(first)
        );
    }
    Ok(())
}
