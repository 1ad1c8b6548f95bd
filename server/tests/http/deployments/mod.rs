//! The pages of deployments: a real engine, a real git repository, a Portainer that behaves as it does.

mod editor;
mod hosts;
pub(crate) mod house;
mod large;
mod past;
mod rights;
mod switches;

use service::deploy::Edit;
use testkit::TestApp;
use types::catalog::SecretName;
use upstream::portainer::fake::{After, Behaviour};

use house::{House, between, compose};

#[tokio::test]
async fn a_fresh_house_says_how_to_begin() {
    let app = TestApp::start().await;
    let ada = app.administrator().await;
    for path in ["/admin", "/admin/stacks", "/admin/environments", "/admin/plan"] {
        let page = ada.get(path).await;
        assert_eq!(page.status, 200);
        assert!(page.text.contains("There is no catalog yet") && page.text.contains("PHOENIX_CONFIG_DIR"), "{path}");
    }
    assert!(!app.folder().join("data/catalog").exists(), "opening a page makes nothing");
    assert!(ada.get("/admin/applies").await.text.contains("Nothing was applied yet"));
    let reply = ada.post_form("/admin", "/api/look_again", &[("next", "/admin")]).await;
    assert_eq!((reply.status.as_u16(), reply.location()), (303, "/admin"));
    let page = ada.get("/admin").await.text;
    assert!(page.contains("No Portainer is set up") && page.contains("PORTAINER_URL"), "{page}");
    assert!(page.contains("Try again"));
}

#[tokio::test]
async fn looking_leads_back_to_this_site_only() {
    let app = TestApp::start().await;
    let ada = app.administrator().await;
    let reply = ada.post_form("/admin", "/api/look_again", &[("next", "https://evil.example/")]).await;
    assert_eq!((reply.status.as_u16(), reply.location()), (303, "/"));
}

#[tokio::test]
async fn what_was_seen_is_shown_with_its_age_also_when_portainer_is_gone() {
    let house = House::new(&["web", "papers"], &["rumpledev", "rumple"]).await;
    let page = house.look().await.text;
    assert!(page.contains("Seen <time") || page.contains("Seen "), "{page}");
    assert_eq!(page.matches("Changes wait").count(), 4, "one for each stack and environment: {page}");
    house.fake.go_down().await;
    let page = house.look().await.text;
    assert!(page.contains("What you see is out of date") && page.contains("A later look failed"), "{page}");
    assert!(page.contains("Changes wait"), "the last look stays");
    let plan = house.ada.get("/admin/plan").await;
    assert_eq!(plan.status, 200);
    assert!(plan.text.contains("There is no plan") && plan.text.contains("Try again"), "{}", plan.text);
}

#[tokio::test]
async fn the_list_is_searched_and_narrowed() {
    let house = House::new(&["web", "papers"], &["rumpledev", "rumple"]).await;
    house.look().await;
    house.apply("/admin/plan?env=rumple&stack=web").await;
    let rows = async |query: &str| {
        let page = house.ada.get(&format!("/admin/stacks?{query}")).await.text;
        page.matches("scope=\"row\"").count()
    };
    assert_eq!(rows("").await, 2);
    assert_eq!(rows("q=PAP").await, 1);
    assert_eq!(rows("q=nothing").await, 0);
    assert_eq!(rows("state=in-step").await, 1);
    assert_eq!(rows("state=changes&environment=rumple").await, 1);
    let page = house.ada.get("/admin/environments/rumple").await.text;
    assert!(page.contains("revision 1") && page.contains("nginx:1.27"), "{page}");
    assert_eq!(house.ada.get("/admin/environments/nowhere").await.status, 404);
    assert_eq!(house.ada.get("/admin/stacks/rumple/nothing").await.status, 404);
}

#[tokio::test]
async fn a_plan_is_read_applied_and_proved_by_containers() {
    let house = House::new(&["web"], &["rumple"]).await;
    let (page, fingerprint) = house.plan("/admin/plan?env=rumple").await;
    assert!(page.contains("Create web") && page.contains("Compose text"), "{page}");
    let reply = house.press("/admin/plan?env=rumple", &fingerprint, &[]).await;
    assert_eq!(reply.status, 303, "{}", reply.text);
    let address = reply.location().to_owned();
    let frames = house.frames(&address, 0).await;
    let all: String = frames.iter().flat_map(|frame| &frame.parts).map(|part| part.html.as_str()).collect();
    assert!(all.contains("It is done") && all.contains("kept as revision 1"), "{all}");
    assert!(frames[..frames.len() - 1].iter().all(|frame| !frame.ended));
    // Whoever comes back with the last number gets the end, and the page says the same without any script.
    let again = house.frames(&address, frames.last().unwrap().n).await;
    assert_eq!(again.len(), 1);
    assert!(again[0].ended);
    let page = house.ada.get(&address).await.text;
    assert!(page.contains("It is done") && !page.contains("http-equiv=\"refresh\""), "{page}");
    house.look().await;
    let stack = house.ada.get("/admin/stacks/rumple/web").await.text;
    assert!(stack.contains("In step") && stack.contains("Revisions"), "{stack}");
    let list = house.ada.get("/admin/applies").await.text;
    assert!(list.contains("Create web on rumple") && list.contains("Succeeded"), "{list}");
}

#[tokio::test]
async fn what_moved_meanwhile_is_said_and_nothing_is_done() {
    let house = House::new(&["web", "papers"], &["rumple"]).await;
    let (_, fingerprint) = house.plan("/admin/plan").await;
    house.set("web", "A", "2").await;
    house.fake.run_by_hand("rumple", "papers", "main");
    let reply = house.press("/admin/plan", &fingerprint, &[]).await;
    assert_eq!(reply.status, 409, "{}", reply.text);
    assert!(reply.text.contains("The catalog moved from"), "{}", reply.text);
    assert!(reply.text.contains("Changed in the plan") && reply.text.contains("rumple/papers"), "{}", reply.text);
    assert!(house.ada.get("/admin/applies").await.text.contains("Nothing was applied yet"));
    let fresh = between(&reply.text, "name=\"fingerprint\" value=\"", "\"").unwrap();
    assert_ne!(fresh, fingerprint);
    let reply = house.press("/api/apply_plan", &fresh, &[]).await;
    assert_eq!(reply.status, 303, "the new plan can be applied from the same page: {}", reply.text);
    assert!(house.frames(reply.location(), 0).await.last().unwrap().ended);
}

#[tokio::test]
async fn a_plan_nobody_read_is_not_applied() {
    let house = House::new(&["web"], &["rumple"]).await;
    let reply = house.press("/admin/plan", &"0".repeat(64), &[]).await;
    assert_eq!(reply.status, 409);
    assert!(reply.text.contains("Nothing was done") && reply.text.contains("Create web"), "{}", reply.text);
}

#[tokio::test]
async fn what_goes_away_is_named_first() {
    let house = House::new(&["web"], &["rumple"]).await;
    let rumple = house.fake.environment("rumple").unwrap();
    house.fake.add_stack(rumple, "old", &compose("redis:7")).await;
    let address = "/admin/plan?prune=all";
    let (page, fingerprint) = house.plan(address).await;
    assert!(page.contains("to remove it from") && page.contains("Goes away"), "{page}");
    for typed in ["", "web", "ol"] {
        let reply = house.press(address, &fingerprint, &[("confirm[0]", typed)]).await;
        assert_eq!(reply.status, 422, "{typed}");
        assert!(reply.text.contains("“old” goes away from rumple"), "{}", reply.text);
    }
    assert_eq!(house.fake.containers_on("rumple").len(), 1);
    let reply = house.press(address, &fingerprint, &[("confirm[0]", "old")]).await;
    assert_eq!(reply.status, 303, "{}", reply.text);
    house.frames(reply.location(), 0).await;
    assert!(house.fake.containers_on("rumple").iter().all(|name| name.starts_with("web")));
}

#[tokio::test]
async fn steps_are_left_out_by_their_boxes() {
    let house = House::new(&["web", "papers"], &["rumple"]).await;
    let (page, _) = house.plan("/admin/plan").await;
    assert!(page.contains("value=\"rumple/web\"") && page.contains("Apply 2 steps"), "{page}");
    let (page, _) = house.plan("/admin/plan?only=rumple%2Fpapers").await;
    assert!(page.contains("Create papers") && !page.contains("Create web"), "{page}");
    house.apply("/admin/plan?only=rumple%2Fpapers").await;
    assert_eq!((house.revisions("rumple", "papers").await, house.revisions("rumple", "web").await), (1, 0));
}

#[tokio::test]
async fn removals_are_left_out_by_their_boxes_too() {
    let house = House::new(&["web"], &["rumple", "rumpledev"]).await;
    let rumple = house.fake.environment("rumple").unwrap();
    for name in ["old", "older"] {
        house.fake.add_stack(rumple, name, &compose("redis:7")).await;
    }
    let (page, _) = house.plan("/admin/plan?prune=all").await;
    for step in ["rumple/old", "rumple/older", "rumple/web", "rumpledev/web"] {
        assert!(page.contains(&format!("value=\"{step}\"")), "{step} has a box: {page}");
    }
    // As the form sends it with two boxes ticked.
    let address = "/admin/plan?env=&prune=all&on_failure=&chosen=%3Aall&only=rumple%2Fold&only=rumpledev%2Fweb";
    let (page, fingerprint) = house.plan(address).await;
    assert!(page.contains("Apply 2 steps") && page.contains("Remove old on rumple"), "{page}");
    assert!(!page.contains("older"), "{page}");
    let reply = house.press(address, &fingerprint, &[("confirm[0]", "old")]).await;
    assert_eq!(reply.status, 303, "{}", reply.text);
    house.frames(reply.location(), 0).await;
    let left = house.fake.containers_on("rumple");
    assert!(left.len() == 1 && left[0].starts_with("older"), "{left:?}");
    // Other removals mean other steps, so the boxes of the plan before do not count.
    let (page, _) = house.plan("/admin/plan?env=&prune=all&on_failure=&chosen=%3A&only=rumple%2Fweb").await;
    assert!(page.contains("older"), "{page}");
    // One environment alone, with what it has too much.
    let (page, _) = house.plan("/admin/plan?env=rumple&prune=all").await;
    assert!(page.contains("Remove older on rumple") && !page.contains("on rumpledev"), "{page}");
    let page = house.ada.get("/admin/plan?prune=all&only=rumple%2Fnobody&chosen=%3Aall").await;
    assert!(page.text.contains("does not assign “nobody” to rumple"), "{}", page.text);
}

#[tokio::test]
async fn the_palette_knows_the_stacks_of_whoever_looks_after_them() {
    let house = House::new(&["web"], &["rumple"]).await;
    house.look().await;
    let grace = house.app.member().await;
    let answer = grace.say("herons at dusk", "test-model").await;
    let places = async |person: &testkit::Person| {
        let reply = person.send(person.request(http::Method::GET, "/api/palette")).await;
        assert_eq!((reply.status.as_u16(), reply.header("cache-control")), (200, "no-store"));
        reply.text
    };
    let of_ada = places(&house.ada).await;
    for part in ["\"/admin/stacks/rumple/web\"", "\"Stack on rumple\"", "\"web\""] {
        assert!(of_ada.contains(part), "{part}: {of_ada}");
    }
    assert!(of_ada.contains("/admin/environments/rumple") && !of_ada.contains("herons"), "{of_ada}");
    let of_grace = places(&grace).await;
    assert!(of_grace.contains(&format!("/chat/{}", answer.conversation)), "{of_grace}");
    assert!(!of_grace.contains("/admin") && !of_grace.contains("rumple"), "{of_grace}");
}

#[tokio::test]
async fn a_failure_shows_its_log_and_what_to_do() {
    let house = House::new(&["web"], &["rumple"]).await;
    house.apply("/admin/plan").await;
    house.fake.behave("rumple", "main", Behaviour::Unhealthy(After::Polls(0)));
    house.set("web", "A", "2").await;
    let address = house.apply("/admin/plan").await;
    let page = house.ada.get(&address).await.text;
    assert!(page.contains("It failed") && page.contains("main is unhealthy"), "{page}");
    assert!(page.contains("main starts"), "the log's tail: {page}");
    assert!(page.contains("Try web on rumple again") && page.contains("Roll web on rumple back"), "{page}");
    assert!(page.contains("stack=web&amp;rollback=1"), "to the last that was good: {page}");
    let overview = house.look().await.text;
    assert!(overview.contains("Failing") && overview.contains("main is unhealthy"), "{overview}");
}

#[tokio::test]
async fn a_stack_is_rolled_back_promoted_and_released() {
    let house = House::new(&["web"], &["rumpletest", "rumple"]).await;
    house.apply("/admin/plan").await;
    house.set("web", "A", "2").await;
    house.apply("/admin/plan?env=rumpletest").await;
    let address = "/admin/plan?env=rumpletest&stack=web&rollback=1";
    let (page, _) = house.plan(address).await;
    assert!(page.contains("Roll web back to revision 1"), "{page}");
    house.apply(address).await;
    house.look().await;
    let page = house.ada.get("/admin/stacks/rumpletest/web").await.text;
    assert!(page.contains("Held at revision 1") && page.contains("Release without deploying"), "{page}");
    let at = [("environment", "rumpletest"), ("stack", "web")];
    let reply = house.ada.post_form("/admin/stacks/rumpletest/web", "/api/release_pin", &at).await;
    assert_eq!(reply.status, 303, "{}", reply.text);
    let page = house.ada.get("/admin/stacks/rumpletest/web").await.text;
    assert!(!page.contains("Held at revision") && page.contains("Changes wait"), "{page}");
    house.apply("/admin/plan?env=rumple&stack=web&promote=rumpletest").await;
    house.look().await;
    let page = house.ada.get("/admin/stacks/rumple/web").await.text;
    assert!(page.contains("Promoted from rumpletest"), "{page}");
}

#[tokio::test]
async fn a_running_apply_is_followed_and_cancelled_between_steps() {
    let house = House::new(&["a", "b"], &["rumple"]).await;
    let dependent = r#"{"docker_stacks": [
        {"name": "a", "compose_file_path": "stacks/a/docker-compose.yml", "health": {"timeout_s": 20, "stable_s": 0}},
        {"name": "b", "compose_file_path": "stacks/b/docker-compose.yml", "depends_on": ["a"]}]}"#;
    house.save(vec![Edit::SetText { path: "phoenix_stacks_config.json".into(), text: Some(dependent.into()) }]).await;
    house.fake.hold_deploys();
    let (page, fingerprint) = house.plan("/admin/plan").await;
    assert!(page.contains("Then, when those are healthy"), "{page}");
    let address = house.press("/admin/plan", &fingerprint, &[]).await.location().to_owned();
    let page = house.ada.get(&address).await.text;
    assert!(page.contains("Cancel after this step") && page.contains("http-equiv=\"refresh\""), "{page}");
    assert!(house.ada.get("/admin").await.text.contains("Applying") || house.look().await.text.contains("Applying"));
    let id = address.rsplit('/').next().unwrap();
    let reply = house.ada.post_form(&address, "/api/cancel_apply", &[("apply", id)]).await;
    assert_eq!(reply.status, 303, "{}", reply.text);
    house.fake.release_deploys();
    let frames = house.frames(&address, 0).await;
    assert!(frames.last().unwrap().ended);
    let page = house.ada.get(&address).await.text;
    assert!(page.contains("It was cancelled") && page.contains("Plan the rest"), "{page}");
    let reply = house.ada.post_form(&address, "/api/cancel_apply", &[("apply", id)]).await;
    assert_eq!(reply.status, 409, "it has ended");
}

#[tokio::test]
async fn no_page_shows_a_secret() {
    let house = House::new(&["web"], &["rumple"]).await;
    let deploy = house.app.services().deploy();
    let name: SecretName = "web/key".parse().unwrap();
    let value = secrecy::SecretString::from("a-very-hidden-heron");
    deploy.set_secret(&House::operator(), &name, &value).await.unwrap();
    let variable = types::catalog::Variable::secret("A", name);
    house.save(vec![Edit::SetVariable { stack: "web".into(), environment: None, variable }]).await;
    let (page, _) = house.plan("/admin/plan").await;
    assert!(page.contains("web/key") && !page.contains("hidden-heron"), "{page}");
    let address = house.apply("/admin/plan").await;
    house.look().await;
    for path in ["/admin", "/admin/stacks/rumple/web", "/admin/environments/rumple", &address] {
        assert!(!house.ada.get(path).await.text.contains("hidden-heron"), "{path}");
    }
    let applied = house
        .fake
        .containers_on("rumple")
        .into_iter()
        .find_map(|one| house.fake.container_variable("rumple", &one, "A"));
    assert_eq!(applied.as_deref(), Some("a-very-hidden-heron"), "it does reach the container");
}

#[tokio::test]
async fn logs_are_shown_without_the_stacks_secrets() {
    let house = House::new(&["web"], &["rumple"]).await;
    let deploy = house.app.services().deploy();
    let name: SecretName = "web/key".parse().unwrap();
    deploy.set_secret(&House::operator(), &name, &secrecy::SecretString::from("hidden-heron")).await.unwrap();
    let variable = types::catalog::Variable::secret("A", name);
    house.save(vec![Edit::SetVariable { stack: "web".into(), environment: None, variable }]).await;
    house.apply("/admin/plan").await;
    house.fake.behave("rumple", "main", Behaviour::Unhealthy(After::Polls(0)));
    let text = Some(compose("nginx:1.28"));
    house.save(vec![Edit::SetText { path: "stacks/web/docker-compose.yml".into(), text }]).await;
    house.apply("/admin/plan").await;
    house.fake.write_log("rumple", "main", 2, "refused with key hidden-heron today");
    house.look().await;
    let page = house.ada.get("/admin/stacks/rumple/web").await.text;
    assert!(page.contains("Show the last log lines") && !page.contains("refused with key"), "{page}");
    let page = house.ada.get("/admin/stacks/rumple/web?logs=show").await.text;
    assert!(page.contains("refused with key [secret] today") && !page.contains("hidden-heron"), "{page}");
}
