//! The stand-in by a client that others wrote: `pyportainer` from PyPI, in a virtual environment under the target folder.

use std::{
    path::{Path, PathBuf},
    process::Output,
};

use tokio::process::Command;
use upstream::portainer::{
    Stacks,
    fake::{API_KEY, HostScript},
    stacks::NewStack,
};

use super::{BOTH, client, fake_of, settled, text_stack, variables};

/// The newest that was tried.
const CLIENT: &str = "pyportainer==1.0.50";

async fn run(command: &mut Command) -> Output {
    let output = command.output().await.unwrap_or_else(|error| {
        panic!("{command:?} does not start: {error}; `cargo xtask setup` installs python3-venv")
    });
    assert!(
        output.status.success(),
        "{command:?} failed; `cargo xtask setup` installs python3-venv\n{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// Python with the client. Made once; a mark beside it says that it is whole.
async fn python() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(CLIENT.replace("==", "-"));
    let (python, mark) = (folder.join("bin/python"), folder.join("whole"));
    if !mark.is_file() {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder)).await;
        let mut pip = Command::new(&python);
        run(pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", CLIENT])).await;
        std::fs::write(mark, CLIENT).unwrap();
    }
    python
}

#[tokio::test]
async fn a_client_that_others_wrote_finds_its_way() {
    let python = python().await;
    for generation in BOTH {
        let fake = fake_of(generation).await;
        let environment = fake.add_environment("dev", HostScript::default());
        let text = "services:\n  web:\n    image: nginx:${TAG}\n    ports: [\"8080:80\"]\n";
        let new = NewStack { variables: variables(&[("TAG", "1")]), ..text_stack(environment, "shop", text) };
        let client = client(&fake);
        let made = client.create_stack(&new).await.unwrap();
        settled(&client, made.id).await;
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/portainer/foreign.py");
        let mut walk = Command::new(&python);
        walk.arg(script).args([fake.url().as_str(), API_KEY, generation.version()]);
        let output = run(&mut walk).await;
        assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "walked");
    }
}
