//! Errors: each by an exchange, in words, without secrets.

use secrecy::SecretString;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use upstream::portainer::{
    Credential, PortainerClient, PortainerConfig, PortainerError, Stacks, System, Tls,
    fake::{API_KEY, HostScript, PASSWORD},
    stacks::{GitAccess, NewStack},
};
use url::Url;

use super::{by_password, client, compose, config, fake, git_source, git_stack, impatient, text_stack, variables};

/// A server that gives each connection the same bytes.
async fn says(answer: &'static str) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _read = stream.read(&mut request).await;
            let _written = stream.write_all(answer.as_bytes()).await;
        }
    });
    url
}

async fn error_from(answer: &'static str) -> PortainerError {
    let config = PortainerConfig { url: Some(says(answer).await), retries: 0, ..PortainerConfig::default() };
    PortainerClient::new(config).unwrap().server_status().await.unwrap_err()
}

#[tokio::test]
async fn what_is_no_portainer() {
    for answer in [
        "HTTP/1.1 200 OK\r\ncontent-length: 15\r\nconnection: close\r\n\r\n<html>hi</html>",
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}",
        "HTTP/1.1 302 Found\r\nlocation: /login\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
        "HTTP/1.1 404 Not Found\r\ncontent-length: 9\r\nconnection: close\r\n\r\nnot found",
    ] {
        let error = error_from(answer).await;
        assert!(matches!(error, PortainerError::NotUnderstood { .. }), "{error:?}");
        assert!(error.message().contains("PORTAINER_URL") && !error.retriable());
    }
    let cut = "HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"Version\":";
    assert!(matches!(error_from(cut).await, PortainerError::ConnectionLost { write: false, .. }));
}

#[tokio::test]
async fn portainers_words_are_passed_on() {
    let fake = fake().await;
    let client = client(&fake);
    for (status, body, wanted) in [
        (
            403,
            json!({ "message": "Access denied", "details": "Access denied to resource" }),
            "Access denied to resource",
        ),
        (500, json!({ "message": "Unable to retrieve stacks", "details": "The disk is full" }), "The disk is full"),
        (500, json!({ "message": "same", "details": "Same" }), "It said: same"),
        (501, json!({ "message": "later", "details": "later" }), "HTTP 501"),
        (400, json!({ "message": "Invalid request payload", "details": "Invalid x" }), "Invalid x"),
    ] {
        fake.fail_with("GET /api/stacks", status, body, 1);
        let error = client.stacks().await.unwrap_err();
        assert!(error.message().contains(wanted), "{error}");
        assert_eq!(error.message(), error.to_string());
    }
}

#[tokio::test]
async fn a_read_that_runs_out_of_time() {
    let fake = fake().await;
    fake.delay("GET /api/stacks", std::time::Duration::from_secs(60));
    let error = impatient(&fake).stacks().await.unwrap_err();
    assert!(matches!(error, PortainerError::TimedOut { write: false, .. }), "{error:?}");
    assert!(error.retriable() && !error.outcome_unknown());
    assert_eq!(fake.calls_of("GET /api/stacks").len(), 1, "not tried again: it took long enough");
}

#[tokio::test]
async fn no_secret_is_ever_shown() {
    let fake = fake().await;
    let environment = fake.add_environment("dev", HostScript::default());
    let secret = "s3cr3t-value";
    let mut shown = vec![format!("{:?}", config(&fake))];
    // A server and its tools that repeat all they got.
    let told = format!("echo {secret} git-token-9 {API_KEY} {PASSWORD} eyJhbGciOiJIUzI1NiJ9.process-0.token-1 end");
    let body = json!({ "message": told, "details": told });
    fake.fail_with("POST /api/stacks/create", 500, body.clone(), 100);
    fake.fail_with("GET /api/stacks", 400, body, 100);
    let new =
        NewStack { variables: variables(&[("TOKEN", secret)]), ..text_stack(environment, "shop", &compose("nginx:1")) };
    let mut source = git_source("https://git.example/repo");
    source.access = GitAccess::Password { user: "bot".to_owned(), password: SecretString::from("git-token-9") };
    let from_git = NewStack { variables: new.variables.clone(), ..git_stack(environment, "shop", source) };
    shown.push(format!("{new:?} {from_git:?}"));
    for client in [client(&fake), by_password(&fake)] {
        for error in [client.create_stack(&from_git).await.unwrap_err(), client.stacks().await.unwrap_err()] {
            assert!(error.message().contains("echo") && error.message().contains("end"), "{error}");
            shown.push(format!("{error:?} {error}"));
        }
    }
    let credential = Some(Credential::Password { user: "admin".to_owned(), password: SecretString::from(PASSWORD) });
    shown.push(format!("{:?}", PortainerConfig { credential, tls: Tls::CaFile(b"pem".to_vec()), ..config(&fake) }));
    // What one credential's answers may repeat is its own.
    let with_key = &shown[..=3];
    let with_password = &shown[4..];
    for text in with_key {
        assert!(!text.contains(API_KEY), "{text}");
    }
    for text in with_password {
        assert!(!text.contains(PASSWORD) && !text.contains("token-1"), "{text}");
    }
    for text in [&shown[0], &shown[1], &shown[2], &shown[4], &shown[6]] {
        assert!(!text.contains(secret) && !text.contains("git-token-9"), "{text}");
    }
}

#[test]
fn every_error_says_cause_and_remedy() {
    let detail = || "the words of the server".to_owned();
    let call = "list the stacks";
    let all = [
        PortainerError::NotConfigured,
        PortainerError::Misconfigured { detail: detail() },
        PortainerError::NoCredential,
        PortainerError::Unreachable,
        PortainerError::ConnectTimeout,
        PortainerError::ConnectionLost { call, write: true },
        PortainerError::ConnectionLost { call, write: false },
        PortainerError::TimedOut { call, write: true },
        PortainerError::TimedOut { call, write: false },
        PortainerError::Gateway { status: 504, call, write: true },
        PortainerError::Gateway { status: 504, call, write: false },
        PortainerError::UntrustedCertificate { detail: detail() },
        PortainerError::OtherCertificate { seen: [0xAB; 32] },
        PortainerError::NoAdministrator,
        PortainerError::SetupWindowMissed,
        PortainerError::AlreadySetUp,
        PortainerError::WeakPassword,
        PortainerError::WrongPassword { user: "admin".to_owned() },
        PortainerError::OauthOnly,
        PortainerError::LoginBanned { retry_in_s: 61 },
        PortainerError::WrongApiKey,
        PortainerError::Unauthorised,
        PortainerError::PasswordNeeded,
        PortainerError::Forbidden { detail: detail() },
        PortainerError::NotFound { call, detail: detail() },
        PortainerError::NameTaken { detail: detail() },
        PortainerError::Conflict { detail: detail() },
        PortainerError::Invalid { call, detail: detail() },
        PortainerError::Busy,
        PortainerError::HostUnreachable { detail: String::new() },
        PortainerError::AgentUnreachable { detail: detail() },
        PortainerError::AgentPairedElsewhere,
        PortainerError::DeployFailed { detail: detail() },
        PortainerError::CloneFailed { detail: detail() },
        PortainerError::GitCredentials,
        PortainerError::Docker { status: 500, detail: detail() },
        PortainerError::ServerError { status: 500, call, detail: detail() },
        PortainerError::NotUnderstood { detail: detail() },
        PortainerError::WouldDetachGit { stack: "shop".to_owned() },
        PortainerError::UnsafeVariable { name: "TOKEN".to_owned(), reason: "it holds a line break".to_owned() },
    ];
    for error in &all {
        let message = error.message();
        // The last arm of the wording is for nobody.
        assert!(!message.contains("Look at the logs of this server"), "{error:?}");
        let sentences = message.matches(['.', ':', ';']).count();
        assert!(sentences >= 2, "{message}");
        assert!(!(error.retriable() && error.outcome_unknown()), "{error:?}");
    }
    let mut texts: Vec<String> = all.iter().map(PortainerError::message).collect();
    texts.sort();
    texts.dedup();
    assert_eq!(texts.len(), all.len(), "two errors say the same");
}

#[tokio::test]
async fn a_long_complaint_keeps_its_end() {
    let fake = fake().await;
    let environment = fake.add_environment("dev", HostScript::default());
    let told = format!("failed to deploy a stack: {} the cause stands at the end", "layer pulled\n".repeat(2000));
    fake.fail_with("POST /api/stacks/create", 500, json!({ "message": told, "details": told }), 1);
    let error = client(&fake).create_stack(&text_stack(environment, "shop", &compose("nginx:1"))).await.unwrap_err();
    let PortainerError::DeployFailed { detail } = error else { panic!("{error:?}") };
    assert!(detail.len() < 3000 && detail.starts_with("failed to deploy") && detail.ends_with("at the end"));
}
