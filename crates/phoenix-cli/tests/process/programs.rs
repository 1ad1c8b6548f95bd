//! Help, manual, completions, colours, and what needs no settings.

use std::fs;

use super::yard::Yard;

const COMMANDS: [&str; 21] = [
    "validate",
    "plan",
    "apply",
    "create",
    "status",
    "drift",
    "rollback",
    "promote",
    "release",
    "history",
    "show",
    "watch",
    "cancel",
    "revisions",
    "import",
    "sync",
    "log",
    "diff",
    "secret",
    "completions",
    "man",
];

#[tokio::test]
async fn every_command_explains_itself() {
    let yard = Yard::new().await;
    let all = yard.run(&["--help"]).await.ends(0);
    assert!(all.out.contains("Exit codes:"), "{}", all.out);
    for command in COMMANDS {
        assert!(all.out.contains(&format!("\n  {command} ")), "{command} in {}", all.out);
        let one = yard.run(&[command, "--help"]).await.ends(0);
        assert!(one.out.contains("Usage: phoenix-cli") && one.out.contains("--server <URL>"), "{}", one.out);
    }
    yard.run(&["--version"]).await.ends(0).says(&["phoenix-cli"]);
    yard.run(&["plna"]).await.ends(1).complains(&["similar subcommand", "plan"]);
    yard.run(&["apply", "--plan", "x", "--prune"]).await.ends(1).complains(&["cannot be used with"]);
    assert!(!yard.path("data").exists(), "help opens nothing");
}

#[tokio::test]
async fn shells_and_the_manual_are_served() {
    let yard = Yard::new().await;
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        yard.run(&["completions", shell]).await.ends(0).says(&["phoenix-cli", "rollback"]);
    }
    yard.run(&["man"]).await.ends(0).says(&[".TH phoenix-cli 1", "Exit codes"]);
    yard.run(&["man", "secret", "set"]).await.ends(0).says(&[".TH phoenix-cli-secret-set 1", "from\\-file"]);
    yard.run(&["man", "nothing"]).await.ends(1).complains(&["There is no command"]);
    assert!(!yard.path("data").exists(), "neither opens anything");
}

#[tokio::test]
async fn what_is_piped_is_plain() {
    let mut yard = Yard::new().await;
    let _repository = yard.shop();
    for args in [&["plan"][..], &["apply", "--yes"], &["status", "--containers"], &["history"], &["validate"]] {
        let ran = yard.run(args).await;
        assert!(!ran.out.contains('\u{1b}') && !ran.err.contains('\u{1b}'), "{args:?}: {ran:?}");
        assert!(!ran.out.contains('\r'), "{args:?}: {ran:?}");
    }
    // A pipe may be told to be coloured, and NO_COLOR and the flag win.
    yard.set("CLICOLOR_FORCE", "1");
    assert!(yard.run(&["status"]).await.out.contains('\u{1b}'));
    assert!(!yard.run(&["--no-colour", "status"]).await.out.contains('\u{1b}'));
    assert!(!yard.run(&["--json", "status"]).await.out.contains('\u{1b}'));
    yard.set("NO_COLOR", "1");
    assert!(!yard.run(&["status"]).await.out.contains('\u{1b}'));
}

#[tokio::test]
async fn wrong_settings_and_missing_services_say_what_to_do() {
    let mut yard = Yard::new().await;
    let _repository = yard.shop();
    yard.fake.go_down().await;
    yard.run(&["plan"]).await.ends(1).complains(&["Portainer"]);
    yard.set("THINKHEADS_LOCK_TTL_S", "never");
    yard.run(&["plan"]).await.ends(1).complains(&["The settings can't be used", "a whole number from 2 to 3600"]);
}

#[tokio::test]
async fn a_server_that_can_not_be_asked_says_why() {
    let yard = Yard::new().await;
    // The stand-in for Portainer answers, and is no server of ours.
    let elsewhere = yard.fake.url().to_string();
    yard.run(&["--server", &elsewhere, "status"]).await.ends(1).complains(&["wants an API token", "THINKHEADS_TOKEN"]);
    yard.run(&["--server", "nonsense", "status"]).await.ends(1).complains(&["“nonsense” is no URL"]);
    let args = ["--json", "--server", &elsewhere, "--token", "tht_x", "status"];
    let error = yard.run(&args).await.ends(1);
    assert!(error.json("error")["message"].is_string());
    assert!(!error.out.contains("tht_x") && !error.err.contains("tht_x"), "{error:?}");
    assert!(!yard.path("data").exists(), "nothing is opened here");
    yard.fake.go_down().await;
    yard.run(&["--server", &elsewhere, "--token", "tht_x", "status"]).await.ends(1).complains(&["was not reached"]);
}

#[test]
fn the_page_of_the_commands_is_what_the_program_says() {
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/CLI.md")).unwrap();
    let expected = phoenix_cli::reference();
    assert!(
        page.ends_with(&expected),
        "docs/CLI.md must end with what `cargo run -p phoenix-cli -- reference` prints:\n{expected}"
    );
}
