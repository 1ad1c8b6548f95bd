//! The program itself: its commands, and what is left when it is killed.

use std::{net::SocketAddr, path::Path, process::Stdio};

use store::{Store, StoreConfig};
use tempfile::TempDir;
use testkit::{FakePhoenix, PATIENCE, Person, Script, wait};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    time::timeout,
};
use upstream::phoenix::fake::FakeConfig;

const PROGRAM: &str = env!("CARGO_BIN_EXE_thinkheads");

fn program(folder: &Path) -> Command {
    let mut command = Command::new(PROGRAM);
    command
        .env_clear()
        .current_dir(folder)
        .env("THINKHEADS_ADDR", "127.0.0.1:0")
        .env("THINKHEADS_PUBLIC_URL", "http://thinkheads.localhost:0")
        .env("THINKHEADS_DATA_DIR", folder.join("data"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// A running `thinkheads serve`.
struct Served {
    child: Child,
    _stdout: Lines<BufReader<ChildStdout>>,
    addr: SocketAddr,
    url: String,
    setup_link: Option<String>,
}

async fn serve(command: Command) -> Served {
    serve_with(command, &[]).await
}

async fn serve_with(mut command: Command, arguments: &[&str]) -> Served {
    let mut child = command.arg("serve").args(arguments).stderr(Stdio::null()).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap()).lines();
    let (mut addr, mut url, mut setup_link) = (None, None, None);
    while url.is_none() {
        let line = timeout(PATIENCE, stdout.next_line()).await.expect("it gets ready").unwrap().expect("it goes on");
        if let Some(found) = line.strip_prefix("ThinkHeads listens on http://") {
            addr = Some(found.parse().unwrap());
        } else if let Some(found) = line.strip_prefix("Ready. Open ") {
            url = Some(found.to_owned());
        } else if line.starts_with("http") {
            setup_link = Some(line);
        }
    }
    Served { child, _stdout: stdout, addr: addr.unwrap(), url: url.unwrap(), setup_link }
}

#[tokio::test]
async fn killed_in_mid_answer_it_keeps_the_text() {
    let folder = TempDir::new().unwrap();
    let phoenix = FakePhoenix::start(FakeConfig::default()).await.unwrap();
    let start = || {
        let mut command = program(folder.path());
        command.env("PHOENIX_URL", phoenix.url().as_str());
        serve(command)
    };
    let mut served = start().await;
    let mut ada = Person::new(served.addr, &served.url);
    ada.join(served.setup_link.as_deref().unwrap(), "Ada", "ada@example.org").await;
    phoenix.script(Script::sse().tokens(&["kept ", "text"]).stall());
    let answer = ada.say("hello", "test-model").await;
    let mut events = ada.events(answer.id, 0).await;
    events.until_bytes(9).await;
    let page = format!("/chat/{}", answer.conversation);
    // The page shows what the process remembers; what counts is what it has written.
    let url = format!("sqlite://{}", folder.path().join("data/thinkheads.db").display());
    let database = Store::connect(&StoreConfig { url, max_connections: 1 }).await.unwrap();
    wait::until("the text in the database", async || {
        let pieces = database.pieces_after(answer.id, 0).await.unwrap();
        (pieces.iter().map(|(_, text)| text.len()).sum::<usize>() == "kept text".len()).then_some(())
    })
    .await;
    database.close().await;
    // SIGKILL: nothing can be tidied up.
    served.child.kill().await.unwrap();
    assert_eq!(events.end().await, None, "the stream breaks off");
    let served = start().await;
    assert!(served.setup_link.is_none(), "there is an administrator");
    let mut browser = Person::new(served.addr, &served.url);
    browser.email.clone_from(&ada.email);
    assert_eq!(browser.sign_in().await.status, 303);
    let shown = wait::until("the answer marked as interrupted", async || {
        let shown = browser.get(&page).await.text;
        shown.contains("/api/carry_on").then_some(shown)
    })
    .await;
    assert!(shown.contains("kept text"), "{shown}");
}

#[tokio::test]
async fn sigterm_ends_it_well() {
    let folder = TempDir::new().unwrap();
    let mut served = serve(program(folder.path())).await;
    let pid = served.child.id().unwrap().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    let status = timeout(PATIENCE, served.child.wait()).await.unwrap().unwrap();
    assert!(status.success(), "{status}");
}

async fn run(folder: &Path, arguments: &[&str], settings: &[(&str, &str)]) -> (bool, String, String) {
    let mut command = program(folder);
    let output =
        timeout(PATIENCE, command.args(arguments).envs(settings.iter().copied()).output()).await.unwrap().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.success(), text(&output.stdout), text(&output.stderr))
}

#[tokio::test]
async fn a_demo_stays_on_this_machine() {
    let folder = TempDir::new().unwrap();
    let (ok, _, said) = run(folder.path(), &["serve", "--demo", "--addr", "0.0.0.0:0"], &[]).await;
    assert!(!ok && said.contains("stays on this machine") && said.contains("0.0.0.0"), "{said}");
    let public = [("THINKHEADS_PUBLIC_URL", "https://heads.example")];
    let (ok, _, said) = run(folder.path(), &["serve", "--demo"], &public).await;
    assert!(!ok && said.contains("heads.example"), "{said}");
}

#[tokio::test]
async fn commands_print_what_they_say() {
    let folder = TempDir::new().unwrap();
    let secret = [("PHOENIX_API_KEY", "very-secret")];
    let (ok, said, _) = run(folder.path(), &["check-config"], &secret).await;
    assert!(ok && said.contains("THINKHEADS_ADDR") && said.contains("(hidden)"), "{said}");
    assert!(!said.contains("very-secret"));
    let (ok, said, _) = run(folder.path(), &["print-config"], &[]).await;
    assert!(ok && said.contains("# THINKHEADS_ADDR = \"127.0.0.1:3000\""), "{said}");
    let wrong = [("THINKHEADS_ADDR", "nowhere")];
    let (ok, _, said) = run(folder.path(), &["check-config"], &wrong).await;
    assert!(!ok && said.contains("THINKHEADS_ADDR"), "{said}");
    let (ok, said, error) = run(folder.path(), &["user", "add", "--admin", "ada@example.org"], &[]).await;
    assert!(ok && said.contains("http://thinkheads.localhost"), "{said}{error}");
    let nobody = [("THINKHEADS_ADDR", "127.0.0.1:1")];
    let (ok, _, said) = run(folder.path(), &["healthcheck"], &nobody).await;
    assert!(!ok && said.contains("not healthy"), "{said}");
}

#[tokio::test]
async fn a_running_server_is_healthy_and_takes_another_administrator() {
    let folder = TempDir::new().unwrap();
    let served = serve(program(folder.path())).await;
    let addr = served.addr.to_string();
    let (ok, _, said) = run(folder.path(), &["healthcheck"], &[("THINKHEADS_ADDR", &addr)]).await;
    assert!(ok, "{said}");
    let settings = [("THINKHEADS_PUBLIC_URL", served.url.as_str())];
    let (ok, said, error) = run(folder.path(), &["user", "add", "--admin", "eve@example.org"], &settings).await;
    assert!(ok, "{error}");
    let link = said.lines().find(|line| line.starts_with("http")).unwrap();
    let mut eve = Person::new(served.addr, &served.url);
    eve.join(link, "Eve", "eve@example.org").await;
    assert_eq!(eve.get("/admin/people").await.status, 200);
}

#[tokio::test]
async fn a_demo_says_so_on_every_page() {
    let folder = TempDir::new().unwrap();
    let served = serve_with(program(folder.path()), &["--demo"]).await;
    let page = Person::new(served.addr, &served.url).get("/sign-in").await.text;
    assert!(page.contains("Sample answers"), "{page}");
}

#[tokio::test]
async fn the_audit_is_held_against_its_chain_and_handed_out() {
    let folder = TempDir::new().unwrap();
    let run = async |arguments: &[&str]| {
        let output = timeout(PATIENCE, program(folder.path()).args(arguments).output()).await.unwrap().unwrap();
        (output.status.success(), String::from_utf8(output.stdout).unwrap())
    };
    for n in 1..=3 {
        let email = format!("person-{n}@example.org");
        assert!(run(&["user", "add", "--admin", &email]).await.0);
    }
    let (sound, words) = run(&["audit", "verify"]).await;
    assert!(sound, "{words}");
    let digest = words.trim().rsplit(' ').next().unwrap().to_owned();
    let (_, lines) = run(&["audit", "export"]).await;
    assert_eq!(lines.lines().count(), 3, "{lines}");
    let (_, table) = run(&["audit", "export", "--format", "csv"]).await;
    assert!(table.starts_with("id,time,actor,") && table.lines().count() == 4, "{table}");
    assert!(run(&["audit", "verify", "--since", &digest]).await.0);
    assert!(!run(&["audit", "verify", "--since", "0123"]).await.0);

    // One byte, by somebody with an editor.
    let record: serde_json::Value = serde_json::from_str(lines.lines().nth(1).unwrap()).unwrap();
    let subject = record["subject"].as_str().unwrap().as_bytes();
    let path = folder.path().join("data/thinkheads.db");
    let mut bytes = std::fs::read(&path).unwrap();
    let at = bytes.windows(subject.len()).position(|window| window == subject).unwrap();
    bytes[at + subject.len() - 1] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let (sound, words) = run(&["audit", "verify"]).await;
    assert!(!sound && words.contains("was altered"), "{words}");
}
