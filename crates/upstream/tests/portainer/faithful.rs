//! The stand-in itself, by plain requests: that it hurts where Portainer hurts.

use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};
use upstream::portainer::{
    Stacks,
    fake::{ADMINISTRATOR, API_KEY, FakePortainer, HostScript, PASSWORD},
};

use super::{BOTH, client, compose, fake, fake_of, text_stack, with_stack};

#[expect(clippy::disallowed_methods, reason = "a plain client to look at the stand-in from outside")]
fn plain() -> Client {
    let _already_there = rustls::crypto::ring::default_provider().install_default();
    Client::new()
}

async fn send(fake: &FakePortainer, method: Method, path: &str, body: Option<Value>) -> Response {
    let request = plain().request(method, format!("{}api/{path}", fake.url())).header("x-api-key", API_KEY);
    let request = match body {
        Some(body) => request.header("content-type", "application/json").body(body.to_string()),
        None => request,
    };
    request.send().await.unwrap()
}

async fn value(response: Response) -> Value {
    serde_json::from_str(&response.text().await.unwrap()).unwrap()
}

async fn get(fake: &FakePortainer, path: &str) -> Value {
    value(send(fake, Method::GET, path, None).await).await
}

fn login() -> Value {
    json!({ "username": ADMINISTRATOR, "PASSWORD": PASSWORD, "unknown": 1 })
}

#[tokio::test]
async fn credentials_are_looked_for_in_order() {
    let fake = fake().await;
    let jwt = value(send(&fake, Method::POST, "auth", Some(login())).await).await["jwt"].as_str().unwrap().to_owned();
    let url = format!("{}api/stacks", fake.url());
    let both = plain().get(&url).header("x-api-key", API_KEY).bearer_auth(&jwt).send().await.unwrap();
    assert_eq!(both.status(), 403, "also for reading");
    let cases = [
        (plain().get(&url), 401, "A valid authorization token is missing"),
        (plain().get(&url).header("x-api-key", "ptr_no"), 401, "Invalid JWT token"),
        (plain().get(&url).bearer_auth("no"), 401, "Invalid JWT token"),
        (plain().get(format!("{url}?token={jwt}")), 200, ""),
        // The first one found decides.
        (plain().get(&url).header("cookie", "portainer_api_key=no").bearer_auth(&jwt), 401, "Invalid JWT token"),
    ];
    for (request, status, message) in cases {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), status);
        if status == 401 {
            assert_eq!(value(response).await, json!({ "message": message, "details": "Unauthorized" }));
        }
    }
}

#[tokio::test]
async fn a_cookie_brings_the_csrf_check_upon_writes() {
    let fake = fake().await;
    let response = send(&fake, Method::POST, "auth", Some(login())).await;
    let cookie = response.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"));
    let cookie = cookie.split(';').next().unwrap();
    let read = plain().get(format!("{}api/stacks", fake.url())).header("cookie", cookie).send().await.unwrap();
    assert_eq!(read.status(), 200);
    assert!(read.headers().contains_key("x-csrf-token"));
    let write = plain().delete(format!("{}api/stacks/1", fake.url())).header("cookie", cookie).send().await.unwrap();
    assert_eq!(write.status(), 403);
    assert!(!write.text().await.unwrap().starts_with('{'), "plain text");
}

#[tokio::test]
async fn the_eleventh_login_in_a_second_bans_for_an_hour() {
    let fake = fake().await;
    fake.freeze_time();
    for _ in 0..10 {
        assert_eq!(send(&fake, Method::POST, "auth", Some(login())).await.status(), 200);
    }
    let banned = send(&fake, Method::POST, "auth", Some(login())).await;
    assert_eq!(banned.status(), 403);
    let words = json!({ "message": "Access denied", "details": "Access denied to resource" });
    assert_eq!(value(banned).await, words);
    fake.advance(std::time::Duration::from_secs(3500));
    assert_eq!(send(&fake, Method::POST, "auth", Some(login())).await.status(), 403);
    fake.advance(std::time::Duration::from_secs(200));
    assert_eq!(send(&fake, Method::POST, "auth", Some(login())).await.status(), 200);
}

#[tokio::test]
async fn environments_are_made_by_form_only() {
    let fake = fake().await;
    fake.add_host("dev", HostScript::default());
    let body = json!({ "Name": "dev", "EndpointCreationType": 2, "URL": "tcp://dev:9001" });
    let refused = send(&fake, Method::POST, "endpoints", Some(body)).await;
    assert_eq!(refused.status(), 400);
    let words = json!({ "message": "Invalid request payload", "details": "Invalid environment name" });
    assert_eq!(value(refused).await, words);
    let form = |fields: &[(&'static str, &'static str)]| {
        fields.iter().fold(reqwest::multipart::Form::new(), |form, (name, value)| form.text(*name, *value))
    };
    let base = [("Name", "dev"), ("EndpointCreationType", "2"), ("URL", "dev:9001")];
    for (extra, status) in [
        (&[][..], 500),
        (&[("TLS", "true")], 400),
        (&[("TLS", "true"), ("TLSSkipVerify", "true")], 400),
        (&[("TLS", "true"), ("TLSSkipVerify", "true"), ("TLSSkipClientVerify", "true")], 200),
        (&[("TLS", "true"), ("TLSSkipVerify", "true"), ("TLSSkipClientVerify", "true")], 409),
    ] {
        let fields = [&base[..], extra].concat();
        let request = plain().post(format!("{}api/endpoints", fake.url())).header("x-api-key", API_KEY);
        assert_eq!(request.multipart(form(&fields)).send().await.unwrap().status(), status, "{extra:?}");
    }
    assert_eq!(get(&fake, "endpoints?name=dev").await[0]["URL"], "tcp://dev:9001");
}

#[tokio::test]
async fn lists_are_filtered_with_brackets_only() {
    let fake = fake().await;
    for name in ["a", "b", "c"] {
        fake.add_environment(name, HostScript::default());
    }
    let ids = async |query: &str| -> Vec<i64> {
        let list = get(&fake, &format!("endpoints?{query}")).await;
        list.as_array().unwrap().iter().map(|one| one["Id"].as_i64().unwrap()).collect()
    };
    assert_eq!(ids("endpointIds[]=1&endpointIds[]=3").await, [1, 3]);
    assert_eq!(ids("endpointIds=1").await, [1, 2, 3]);
    assert_eq!(ids("start=2&limit=1").await, [2]);
    assert_eq!(ids("search=B").await, [2]);
    assert_eq!(ids("status[]=2").await, [0_i64; 0]);
    let whole = get(&fake, "endpoints/1").await;
    assert!(whole["Snapshots"][0]["DockerSnapshotRaw"].is_object(), "large, and sent along");
    assert_eq!(get(&fake, "endpoints/1?excludeSnapshot=true").await["Snapshots"], json!([]));
    let refused = send(&fake, Method::GET, "endpoints/9", None).await;
    assert_eq!(refused.status(), 404);
}

#[tokio::test]
async fn stack_filters_lose_stacks() {
    let fake = fake().await;
    let environment = fake.add_environment("dev", HostScript::default().swarm("sw4rm"));
    let client = client(&fake);
    client.create_stack(&text_stack(environment, "compose", &compose("nginx:1"))).await.unwrap();
    let mut swarm = text_stack(environment, "swarm", &compose("nginx:1"));
    swarm.swarm_id = Some("sw4rm".to_owned());
    client.create_stack(&swarm).await.unwrap();
    let names = async |filters: Value| -> Vec<String> {
        let query = url::form_urlencoded::byte_serialize(filters.to_string().as_bytes()).collect::<String>();
        let list = get(&fake, &format!("stacks?filters={query}")).await;
        list.as_array().unwrap().iter().map(|one| one["Name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(json!({ "EndpointID": 1 })).await, ["compose"]);
    assert_eq!(names(json!({ "SwarmID": "sw4rm" })).await, ["swarm"]);
    assert_eq!(names(json!({})).await.len(), 2);
    let quoted = send(&fake, Method::GET, "stacks?filters=%7B%22EndpointID%22%3A%221%22%7D", None).await;
    assert_eq!(quoted.status(), 400);
}

#[tokio::test]
async fn casing_nulls_and_clear_values() {
    for generation in BOTH {
        let fake = fake_of(generation).await;
        let (_, stack) = with_stack(&fake).await;
        let shown = get(&fake, &format!("stacks/{}", stack.id)).await;
        for null in ["Env", "AdditionalFiles", "AutoUpdate", "Option", "GitConfig"] {
            // `Env` was sent as an empty list.
            let wanted = if null == "Env" { json!([]) } else { Value::Null };
            assert_eq!(shown[null], wanted, "{null}");
        }
        assert_eq!((&shown["SwarmId"], &shown["ProjectPath"]), (&json!(""), &json!("/data/compose/1")));
        let path = format!("stacks/{}?endpointId=1", stack.id);
        let body = json!({ "stackfilecontent": compose("nginx:2"), "env": [{ "name": "TOKEN", "value": "clear" }] });
        let shown = value(send(&fake, Method::PUT, &path, Some(body)).await).await;
        assert_eq!(shown["Env"], json!([{ "name": "TOKEN", "value": "clear" }]));
        let shown =
            value(send(&fake, Method::PUT, &path, Some(json!({ "StackFileContent": compose("nginx:2") }))).await);
        assert_eq!(shown.await["Env"], Value::Null, "absent is reset");
        assert_eq!(shown_status(&fake, &stack.id.to_string()).await, json!(1));
    }
}

async fn shown_status(fake: &FakePortainer, id: &str) -> Value {
    get(fake, &format!("stacks/{id}")).await["Status"].clone()
}

#[tokio::test]
async fn the_query_names_the_host_that_is_acted_on() {
    let fake = fake().await;
    let (_, stack) = with_stack(&fake).await;
    let other = fake.add_environment("other", HostScript::default());
    let id = stack.id;
    for (method, path, status) in [
        (Method::PUT, format!("stacks/{id}"), 400),
        (Method::POST, format!("stacks/{id}/stop"), 400),
        (Method::DELETE, format!("stacks/{id}"), 404),
        (Method::PUT, format!("stacks/{id}/git/redeploy"), 404),
    ] {
        let body = Some(json!({ "StackFileContent": "services: {}" }));
        assert_eq!(send(&fake, method.clone(), &path, body).await.status(), status, "{method} {path}");
    }
    let wrong = format!("stacks/{id}?endpointId={other}");
    assert_eq!(send(&fake, Method::DELETE, &wrong, None).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(fake.containers_on("dev"), ["shop-web-1"], "the real containers run on, and no row knows them");
    assert!(client(&fake).stacks().await.unwrap().is_empty());
}

#[tokio::test]
async fn docker_through_the_proxy() {
    let fake = fake().await;
    let (environment, _) = with_stack(&fake).await;
    let docker = format!("endpoints/{environment}/docker");
    let versioned = get(&fake, &format!("{docker}/v1.43/containers/json")).await;
    let id = versioned[0]["Id"].as_str().unwrap().to_owned();
    let create = format!("{docker}/containers/create?name=x");
    let made = send(&fake, Method::POST, &create, Some(json!({ "Image": "nginx:1" }))).await;
    assert_eq!(made.status(), 200, "not Docker's 201");
    assert!(value(made).await["Portainer"]["ResourceControl"].is_object());
    let log = send(&fake, Method::GET, &format!("{docker}/containers/{id}/logs?stdout=1"), None).await;
    let log = log.bytes().await.unwrap();
    assert_eq!((&log[..4], &log[8..]), (&[1, 0, 0, 0][..], &b"web starts\n"[..]));
    let missing = send(&fake, Method::GET, &format!("{docker}/containers/none/json"), None).await;
    assert_eq!(value(missing).await, json!({ "message": "No such container: none" }), "Docker's own shape");
    fake.set_host_up("dev", false);
    let down = send(&fake, Method::GET, &format!("{docker}/info"), None).await;
    assert_eq!((down.status(), down.bytes().await.unwrap().len()), (StatusCode::BAD_GATEWAY, 0));
    let all = send(&fake, Method::POST, "endpoints/snapshot", None).await;
    assert_eq!(all.status(), 204);
    assert_eq!(get(&fake, "endpoints/1").await["Status"], 1, "this call never notices");
}

#[tokio::test]
async fn other_ways_to_create() {
    let fake = fake().await;
    fake.add_environment("dev", HostScript::default());
    let body = json!({ "Name": "old way", "StackFileContent": compose("nginx:1") });
    let legacy = send(&fake, Method::POST, "stacks?type=2&method=string&endpointId=1", Some(body.clone())).await;
    assert_eq!(value(legacy).await["Name"], "oldway");
    let as_json = send(&fake, Method::POST, "stacks/create/standalone/file?endpointId=1", Some(body.clone())).await;
    assert_eq!(value(as_json).await["details"], "Invalid stack name");
    let form = reqwest::multipart::Form::new().text("Name", "filed").text("file", compose("nginx:1"));
    let form = form.text("Env", "[{\"name\":\"A\",\"value\":\"b\"}]");
    let request = plain().post(format!("{}api/stacks/create/standalone/file?endpointId=1", fake.url()));
    let filed = value(request.header("x-api-key", API_KEY).multipart(form).send().await.unwrap()).await;
    assert_eq!((&filed["Name"], &filed["Env"][0]["value"]), (&json!("filed"), &json!("b")));
    let nowhere = send(&fake, Method::POST, "stacks/create/standalone/string?endpointId=9", Some(body.clone())).await;
    assert_eq!(nowhere.status(), 404);
    let eaten = plain()
        .post(format!("{}api/stacks/create/standalone/string?endpointId=1", fake.url()))
        .header("x-api-key", API_KEY)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body.to_string());
    assert_eq!(eaten.send().await.unwrap().status(), 400);
}

#[tokio::test]
async fn lost_files_and_unknown_stacks() {
    let fake = fake().await;
    let (_, stack) = with_stack(&fake).await;
    fake.lose_files(stack.id);
    let error = client(&fake).stack_file(stack.id).await.unwrap_err();
    assert!(error.message().contains("no such file"), "{error}");
}
