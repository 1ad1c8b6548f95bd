//! Environments and containers on the pages: the first connection, binding, cards, logs and restarts, all without scripts.

use std::time::Duration;

use http::Method;
use testkit::{Person, TestApp};
use types::{Rights, Role, catalog::SecretName};
use upstream::portainer::{
    fake::{ADMINISTRATOR, FakeConfig, FakePortainer, FakeTls, Generation, HostScript, PASSWORD},
    fingerprint_text,
};

use super::house::{House, compose};

/// A house that knows no Portainer yet, and one that waits to be found.
async fn strangers(fake: FakeConfig) -> (TestApp, Person, FakePortainer) {
    let app = TestApp::start().await;
    let ada = app.administrator().await;
    (app, ada, FakePortainer::start(fake).await.unwrap())
}

#[tokio::test]
async fn the_first_connection_is_walked_step_by_step() {
    for generation in [Generation::V2_23, Generation::Newer] {
        let fake = FakeConfig { generation, tls: FakeTls::SelfMade, ..FakeConfig::default() };
        let (app, ada, fake) = strangers(fake).await;
        let empty = ada.get("/admin").await.text;
        assert!(empty.contains("href=\"/admin/connect\""), "{empty}");
        let (url, shown) = (fake.url().to_string(), fingerprint_text(&fake.fingerprint().unwrap()));

        let wrong = ada.post_form("/admin/connect", "/api/probe_portainer", &[("url", "portainer.lan")]).await;
        assert_eq!(wrong.status, 422);
        assert!(
            wrong.text.contains("value=\"portainer.lan\"") && wrong.text.contains("aria-invalid"),
            "{}",
            wrong.text
        );
        let found = ada.post_form("/admin/connect", "/api/probe_portainer", &[("url", &url)]).await;
        assert_eq!((found.status.as_u16(), found.location()), (303, "/admin/connect?step=trust"));
        let page = ada.get(found.location()).await.text;
        assert!(page.contains(&shown) && page.contains(generation.version()), "{page}");
        // Without the tick, and with another certificate's, nobody goes on.
        let trusted = shown.replace(':', "%3A");
        for not in [format!("trusted={trusted}"), "trusted=AB&compared=true".to_owned()] {
            let page = ada.get(&format!("/admin/connect?step=access&{not}")).await.text;
            assert!(!page.contains("Who calls?") && page.contains("every digit is the same"), "{page}");
        }
        let access = format!("/admin/connect?step=access&trusted={trusted}&compared=true");
        assert!(ada.get(&access).await.text.contains("Who calls?"));

        let given = |password: &'static str, fingerprint: String| {
            let url = url.clone();
            let (ada, access) = (&ada, &access);
            async move {
                let fields = [
                    ("url", url.as_str()),
                    ("fingerprint", &fingerprint),
                    ("way", "password"),
                    ("user", ADMINISTRATOR),
                    ("password", password),
                ];
                ada.post_form(access, "/api/connect_portainer", &fields).await
            }
        };
        let refused = given("guessed-otter", shown.clone()).await;
        assert_eq!(refused.status, 502, "{}", refused.text);
        assert!(refused.text.contains("Who calls?") && !refused.text.contains("guessed-otter"), "{}", refused.text);
        // The page's word for the certificate is checked again.
        let other = given(PASSWORD, "00".repeat(32)).await;
        assert_eq!(other.status, 502, "{}", other.text);
        assert!(!app.folder().join("data/catalog/phoenix_hypervisor_config.json").exists(), "nothing was saved");

        let saved = given(PASSWORD, shown.clone()).await;
        assert_eq!((saved.status.as_u16(), saved.location()), (303, "/admin/connect"), "{}", saved.text);
        let page = ada.get(saved.location()).await.text;
        assert!(page.contains("Portainer is connected") && page.contains("An API key was made"), "{page}");
        assert!(!page.contains("ptr_") && !page.contains(PASSWORD), "{page}");
        let again = ada.get("/admin/connect").await.text;
        assert!(again.contains("Now it is") && !again.contains("Portainer is connected"), "said once: {again}");
    }
}

#[tokio::test]
async fn a_portainer_without_anybody_gets_its_first_administrator() {
    let (_app, ada, fake) = strangers(FakeConfig { administrator: None, ..FakeConfig::default() }).await;
    let url = fake.url().to_string();
    let found = ada.post_form("/admin/connect", "/api/probe_portainer", &[("url", &url)]).await;
    let page = ada.get(found.location()).await.text;
    assert!(page.contains("There is no TLS") && page.contains("Waits for its first administrator"), "{page}");
    let access = "/admin/connect?step=access&trusted=plain&compared=true";
    assert!(ada.get(access).await.text.contains("Make its first administrator"));
    let make = async |password: &str, again: &str| {
        let fields = [
            ("url", url.as_str()),
            ("way", "first"),
            ("user", "grace"),
            ("password", password),
            ("password_again", again),
        ];
        ada.post_form(access, "/api/connect_portainer", &fields).await
    };
    for (password, again, words) in
        [("short", "short", "at least 12"), ("long enough it is", "long enough it was", "differ")]
    {
        let refused = make(password, again).await;
        assert_eq!(refused.status, 422);
        assert!(refused.text.contains(words) && refused.text.contains("value=\"grace\""), "{}", refused.text);
    }
    assert_eq!(make("long enough it is", "long enough it is").await.status, 303);
    assert!(ada.get("/admin/connect").await.text.contains("as grace"));
}

#[tokio::test]
async fn a_portainer_that_waited_too_long_says_what_to_do() {
    let (_app, ada, fake) = strangers(FakeConfig { administrator: None, ..FakeConfig::default() }).await;
    fake.advance(Duration::from_secs(600));
    let url = fake.url().to_string();
    let found = ada.post_form("/admin/connect", "/api/probe_portainer", &[("url", &url)]).await;
    let page = ada.get(found.location()).await.text;
    assert!(page.contains("docker restart portainer") && !page.contains("Make its first administrator"), "{page}");
}

#[tokio::test]
async fn a_machine_is_added_tested_bound_and_let_go() {
    let house = House::new(&["web"], &["rumple"]).await;
    let ada = &house.ada;
    house.fake.add_host_at("dev", "tcp://127.0.0.1:2", HostScript::default());
    let fields =
        [("name", "rumpledev"), ("kind", "vm"), ("vmid", "1001"), ("environment", ""), ("agent_host", "two words")];
    let refused = ada.post_form("/admin/environments/add", "/api/place_guest", &fields).await;
    assert_eq!(refused.status, 422);
    assert!(
        refused.text.contains("value=\"1001\"") && refused.text.contains("no address of an agent"),
        "{}",
        refused.text
    );
    let fields =
        [("name", "rumpledev"), ("kind", "vm"), ("vmid", "1001"), ("environment", ""), ("agent_host", "127.0.0.1:1")];
    let placed = ada.post_form("/admin/environments/add", "/api/place_guest", &fields).await;
    assert_eq!(placed.status, 303, "{}", placed.text);
    let address = "/admin/environments/bind?guest=rumpledev";
    assert!(placed.location().starts_with(address), "{}", placed.location());
    let page = ada.get(placed.location()).await.text;
    assert!(page.contains("Test the connection") && page.contains("number 1001"), "{page}");

    let tested = ada.post_form(address, "/api/test_environment", &[("guest", "rumpledev")]).await;
    assert_eq!(tested.status, 303, "{}", tested.text);
    let page = ada.get(address).await.text;
    assert!(
        page.contains("The agent&#x27;s port takes connections") || page.contains("The agent's port takes connections"),
        "{page}"
    );
    assert!(page.contains("Failed") && page.contains("Portainer knows the environment"), "{page}");
    // The address was wrong; Portainer says so, and nothing is registered.
    let refused = ada.post_form(address, "/api/bind_environment", &[("guest", "rumpledev")]).await;
    assert!(refused.status.as_u16() >= 400, "{}", refused.text);
    assert!(refused.text.contains("It did not come about"), "{}", refused.text);
    assert!(house.fake.environment("rumpledev").is_none());

    let fields =
        [("name", "rumpledev"), ("known", "true"), ("environment", "rumpledev"), ("agent_host", "127.0.0.1:2")];
    assert_eq!(ada.post_form(address, "/api/place_guest", &fields).await.status, 303);
    let bound = ada.post_form(address, "/api/bind_environment", &[("guest", "rumpledev")]).await;
    assert_eq!((bound.status.as_u16(), bound.location()), (303, "/admin/plan?env=rumpledev"), "{}", bound.text);
    house.look().await;
    let cards = ada.get("/admin/environments").await.text;
    assert!(cards.contains("4 CPUs, 8.0 GiB memory") && cards.contains("Docker 27.1.2"), "{cards}");
    assert!(cards.contains("So at every look since") && cards.contains("guest=rumpledev"), "{cards}");
    let page = ada.get(address).await.text;
    assert!(page.contains("Plan its stacks") && page.contains("Unbind rumpledev"), "{page}");
    let gone =
        ada.post_form(address, "/api/unbind_environment", &[("environment", "rumpledev"), ("confirm", "")]).await;
    assert_eq!((gone.status.as_u16(), gone.location()), (303, "/admin/environments?done=unbound"), "{}", gone.text);
    assert!(house.fake.environment("rumpledev").is_none());
    let told = house.app.store().audit(None, 50).await.unwrap();
    for act in ["catalog.save", "environment.register", "environment.forget"] {
        assert!(told.iter().any(|one| one.action == act && one.actor.is_some()), "{act} is in the audit");
    }
}

#[tokio::test]
async fn while_stacks_run_an_environment_is_let_go_by_name_only() {
    let house = House::new(&["web"], &["rumple"]).await;
    house.apply("/admin/plan").await;
    let address = "/admin/environments/bind?guest=rumple";
    let unbind = async |confirm: &str| {
        house
            .ada
            .post_form(address, "/api/unbind_environment", &[("environment", "rumple"), ("confirm", confirm)])
            .await
    };
    let refused = unbind("").await;
    assert_eq!(refused.status, 409, "{}", refused.text);
    assert_eq!(unbind("rumpel").await.status, 422);
    assert!(house.fake.environment("rumple").is_some());
    let gone = unbind("rumple").await;
    assert_eq!((gone.status.as_u16(), gone.location()), (303, "/admin/environments?done=orphaned"), "{}", gone.text);
    house.look().await;
    let cards = house.ada.get("/admin/environments").await.text;
    assert!(cards.contains("Not in Portainer") && cards.contains("Bind it"), "{cards}");
}

#[tokio::test]
async fn an_environment_only_portainer_knows_is_shown_and_can_be_added() {
    let house = House::new(&["web"], &["rumple"]).await;
    house.fake.add_environment("elsewhere", HostScript::default());
    house.look().await;
    let cards = house.ada.get("/admin/environments").await.text;
    let add = "/admin/environments/add?environment=elsewhere&amp;agent_host=elsewhere%3A9001";
    assert!(cards.contains("the catalog does not") && cards.contains(add), "{cards}");
    let form = house.ada.get(&add.replace("&amp;", "&")).await.text;
    assert!(form.contains("value=\"elsewhere:9001\""), "{form}");
}

const PAGE: &str = "/admin/stacks/rumple/web/containers/web-main-1";

/// A house with one stack applied, whose container knows a secret and has told it.
async fn told() -> House {
    let house = House::new(&["web"], &["rumple"]).await;
    let deploy = house.app.services().deploy();
    let name: SecretName = "web/key".parse().unwrap();
    deploy.set_secret(&House::operator(), &name, &secrecy::SecretString::from("hidden-heron")).await.unwrap();
    let variable = types::catalog::Variable::secret("A", name);
    house.save(vec![service::deploy::Edit::SetVariable { stack: "web".into(), environment: None, variable }]).await;
    house.apply("/admin/plan").await;
    house.fake.write_log("rumple", "main", 2, "refused <key> hidden-heron today");
    house
}

#[tokio::test]
async fn a_container_tells_how_it_is_and_what_it_writes_without_secrets() {
    let house = told().await;
    house.look().await;
    let stack = house.ada.get("/admin/stacks/rumple/web").await.text;
    assert!(stack.contains(&format!("href=\"{PAGE}\"")), "{stack}");
    let page = house.ada.get(PAGE).await.text;
    for words in ["nginx:1.27", "main starts", "data-stream=\"stderr\"", "Health checks", "Download"] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(page.contains("refused &lt;key&gt; [secret] today") && !page.contains("hidden-heron"), "{page}");
    assert!(page.contains("src=\"/admin.js\""), "{page}");
    let found = house.ada.get(&format!("{PAGE}?q=KEY&lines=500&times=off")).await.text;
    assert!(found.contains("<mark>key</mark>") && found.contains("1 of 2 lines"), "{found}");
    assert!(!found.contains("main starts"), "only what was looked for: {found}");
    assert_eq!(house.ada.get("/admin/stacks/rumple/web/containers/web-other-1").await.status, 404);
    house.fake.set_host_up("rumple", false);
    let down = house.ada.get(PAGE).await;
    assert_eq!(down.status, 200);
    assert!(down.text.contains("It could not be looked at") && down.text.contains("The log can"), "{}", down.text);
}

#[tokio::test]
async fn a_log_is_taken_away_as_a_file_without_secrets() {
    let house = told().await;
    let file = house.ada.get("/api/logs/rumple/web/web-main-1").await;
    assert_eq!((file.status.as_u16(), file.header("content-type")), (200, "text/plain; charset=utf-8"));
    let name = file.header("content-disposition");
    assert!(name.starts_with("attachment; filename=\"rumple_web_web-main-1_2") && name.ends_with("Z.log\""), "{name}");
    assert!(
        file.text.contains("stderr refused <key> [secret] today") && !file.text.contains("hidden-heron"),
        "{}",
        file.text
    );
    assert_eq!(house.ada.get("/api/logs/rumple/web/web-other-1").await.status, 404);
}

#[tokio::test]
async fn a_log_is_followed_and_its_line_closed_when_nobody_reads() {
    let house = told().await;
    let path = "/api/stream/containers/rumple/web/web-main-1?lines=100";
    let origin = house.app.url().trim_end_matches('/').to_owned();
    let request =
        house.ada.request(Method::POST, path).header("origin", origin).header("sec-fetch-site", "same-origin");
    let mut response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut text = String::new();
    while !text.contains("[secret] today") {
        text.push_str(&String::from_utf8_lossy(&response.chunk().await.unwrap().expect("it goes on")));
    }
    assert!(text.contains("\"reset\":true") && !text.contains("hidden-heron"), "{text}");
    house.fake.write_log("rumple", "main", 1, "later, hidden-heron");
    while !text.contains("later, [secret]") {
        text.push_str(&String::from_utf8_lossy(&response.chunk().await.unwrap().expect("it goes on")));
    }
    drop(response);
    house.fake.wait_until(|counts| counts.logs_followed == 0, Duration::from_secs(20)).await.unwrap();
}

#[tokio::test]
async fn a_restart_asks_for_a_reason_and_keeps_it() {
    let house = told().await;
    let at = [("environment", "rumple"), ("stack", "web"), ("container", "web-main-1")];
    let restart = async |reason: &str| {
        let fields = [&at[..], &[("reason", reason)]].concat();
        house.ada.post_form(PAGE, "/api/restart_container", &fields).await
    };
    let refused = restart(" ").await;
    assert_eq!(refused.status, 422);
    assert!(refused.text.contains("Say why") && refused.text.contains("main starts"), "{}", refused.text);
    let done = restart("it hangs").await;
    assert_eq!((done.status.as_u16(), done.location()), (303, &*format!("{PAGE}?done=restarted")), "{}", done.text);
    assert!(house.ada.get(done.location()).await.text.contains("Restarted, and it is well."));
    let audit = house.app.store().audit(None, 50).await.unwrap();
    let kept = audit.iter().find(|one| one.action == "container.restart").unwrap();
    assert!(format!("{kept:?}").contains("it hangs"), "{kept:?}");
}

#[tokio::test]
async fn what_restarts_is_not_restarted() {
    let house = House::new(&["web"], &["rumple"]).await;
    let rumple = house.fake.environment("rumple").unwrap();
    house.fake.add_stack(rumple, "agents", &compose("portainer/agent:2.23.0")).await;
    let page = house.ada.get("/admin/stacks/rumple/agents/containers/agents-main-1").await.text;
    assert!(page.contains("nobody restarts it from here") && !page.contains("name=\"reason\""), "{page}");
}

#[tokio::test]
async fn whoever_only_looks_reads_logs_and_changes_nothing() {
    let house = told().await;
    house.look().await;
    for rights in [Rights::deployer(["elsewhere"]), Role::Viewer.into()] {
        let grace = house.app.invited(rights).await;
        let page = grace.get(PAGE).await.text;
        assert!(
            page.contains("main starts") && !page.contains("name=\"reason\"") && !page.contains("hidden-heron"),
            "{page}"
        );
        assert_eq!(grace.get("/api/logs/rumple/web/web-main-1").await.status, 200);
        let cards = grace.get("/admin/environments").await.text;
        assert!(
            cards.contains("4 CPUs") && !cards.contains("/admin/connect") && !cards.contains("guest=rumple"),
            "{cards}"
        );
        let fields = [("environment", "rumple"), ("stack", "web"), ("container", "web-main-1"), ("reason", "a try")];
        assert_eq!(grace.post_form(PAGE, "/api/restart_container", &fields).await.status, 403);
    }
}
