//! The catalog's list: switches that become a draft, filters, names, and the remote.

use std::{process::Command, time::Duration};

use http::{Method, header};
use service::deploy::Edit;

use super::house::{House, between, catalog};

fn file(path: &str, text: &str) -> Edit {
    Edit::SetText { path: path.to_owned(), text: Some(text.to_owned()) }
}

/// How many rows a page of the list has.
fn rows(page: &str) -> usize {
    page.matches("scope=\"row\"").count()
}

/// The switches of a page that are on, as its form would send them.
fn on(page: &str) -> Vec<String> {
    let inputs = page.split("<input").skip(1).filter_map(|rest| between(rest, "", ">"));
    let is_on = |input: &String| input.contains("role=\"switch\"") && input.contains(" checked");
    inputs.filter(is_on).filter_map(|input| between(&input, "name=\"", "\"")).collect()
}

/// The name of a switch by its label.
fn switch(page: &str, label: &str) -> String {
    let mut inputs = page.split("<input").skip(1).filter_map(|rest| between(rest, "", ">"));
    let found = inputs.find(|input| input.contains(&format!("aria-label=\"{label}\"")));
    between(&found.unwrap_or_else(|| panic!("no switch “{label}”: {page}")), "name=\"", "\"").unwrap()
}

/// Sends the form of a page with these switches on.
async fn send(house: &House, page: &str, on: &[String], then: &str) -> testkit::Reply {
    let hidden = |name: &str| between(page, &format!("name=\"{name}\" value=\""), "\"").unwrap().replace("&amp;", "&");
    let (shown, next) = (hidden("shown"), hidden("next"));
    let mut fields = vec![("shown", shown.as_str()), ("next", next.as_str()), ("then", then)];
    fields.extend(on.iter().map(|name| (name.as_str(), "1")));
    house.ada.post_form("/admin/catalog", "/api/switch_stacks", &fields).await
}

#[tokio::test]
async fn a_switch_becomes_a_draft_and_nothing_else() {
    let house = House::new(&["web", "papers"], &["rumpledev", "rumple"]).await;
    house.look().await;
    let page = house.ada.get("/admin/catalog").await.text;
    assert_eq!((rows(&page), on(&page).len()), (2, 4), "{page}");
    assert!(page.contains("Changes wait"), "the state stands beside its switch: {page}");
    let off = switch(&page, "web on rumple");
    let left: Vec<String> = on(&page).into_iter().filter(|name| *name != off).collect();
    let reply = send(&house, &page, &left, "draft").await;
    assert_eq!((reply.status.as_u16(), reply.location()), (303, "/admin/catalog/draft"), "{}", reply.text);

    let page = house.ada.get("/admin/catalog").await.text;
    assert_eq!(on(&page).len(), 3);
    assert!(page.contains("Your draft waits") && page.contains("In my draft"), "{page}");
    assert_eq!(rows(&house.ada.get("/admin/catalog?trouble=changed").await.text), 1);
    let saved = house.app.services().deploy().catalog(&House::operator()).await.unwrap().reading.catalog;
    assert!(saved.guests.iter().all(|guest| guest.assignments.len() == 2), "nothing is saved yet");

    // Nothing turned: the draft is as it was, and with the switch back there is none.
    let reply = send(&house, &page, &on(&page), "1").await;
    assert_eq!((reply.status.as_u16(), reply.location()), (303, "/admin/catalog"), "{}", reply.text);
    let all: Vec<String> = on(&page).into_iter().chain([off]).collect();
    let reply = send(&house, &page, &all, "draft").await;
    assert_eq!(reply.location(), "/admin/catalog?done=same");
    assert!(!house.ada.get("/admin/catalog").await.text.contains("Your draft waits"));
}

#[tokio::test]
async fn what_moved_meanwhile_is_not_switched_back() {
    let house = House::new(&["web", "papers"], &["rumpledev", "rumple"]).await;
    let page = house.ada.get("/admin/catalog").await.text;
    // In another window, and by somebody else.
    let other: Vec<String> = on(&page).into_iter().filter(|name| *name != switch(&page, "papers on rumple")).collect();
    send(&house, &page, &other, "draft").await;
    house.save(vec![Edit::Unassign { guest: "rumpledev".into(), stack: "papers".into() }]).await;
    let left: Vec<String> = on(&page).into_iter().filter(|name| *name != switch(&page, "web on rumple")).collect();
    send(&house, &page, &left, "draft").await;
    let page = house.ada.get("/admin/catalog").await.text;
    assert_eq!(on(&page), [switch(&page, "web on rumpledev")], "only what was turned is turned: {page}");

    // What is gone is said, and what was switched stays as it was left.
    let page = house.ada.get("/admin/catalog?q=web").await.text;
    house.save(catalog(&["papers".to_owned()], &["rumpledev", "rumple"])).await;
    house.save(vec![file("phoenix_stacks_config.json", "{\"docker_stacks\": []}")]).await;
    let reply = send(&house, &page, &[switch(&page, "web on rumple")], "draft").await;
    assert!(reply.status == 404 || reply.status == 409 || reply.status == 303, "{} {}", reply.status, reply.text);
    let reply = house
        .ada
        .post_form("/admin/catalog", "/api/switch_stacks", &[("shown", "x;y"), ("next", "/"), ("then", "draft")])
        .await;
    assert_eq!(reply.status, 422, "{}", reply.text);
}

#[tokio::test]
async fn the_catalog_is_searched_and_narrowed() {
    let house = House::new(&["web", "papers"], &["rumpledev", "rumple"]).await;
    let text = r#"{"docker_stacks": [
        {"name": "web", "compose_file_path": "stacks/web/docker-compose.yml", "description": "What everybody sees"},
        {"name": "papers", "compose_file_path": "stacks/papers/docker-compose.yml", "env": [{"name": "A", "secret": "vault/none"}]},
        {"name": "spare", "compose_file_path": "stacks/web/docker-compose.yml"}]}"#;
    house.save(vec![file("phoenix_stacks_config.json", text)]).await;
    let count = async |query: &str| rows(&house.ada.get(&format!("/admin/catalog?{query}")).await.text);
    assert_eq!(count("").await, 3);
    assert_eq!(count("q=PAP").await, 1);
    assert_eq!(count("trouble=unassigned").await, 1);
    assert_eq!(count("trouble=errors").await, 1);
    assert_eq!(count("trouble=errors&q=web").await, 0);
    let page = house.ada.get("/admin/catalog?environment=rumple").await.text;
    assert!(page.contains("What everybody sees") && page.contains("1 error"), "{page}");
    assert!(
        page.contains("spare on rumple") && !page.contains("spare on rumpledev"),
        "one environment's switches: {page}"
    );
}

#[tokio::test]
async fn a_stack_is_renamed_copied_and_taken_away_in_the_draft() {
    let house = House::new(&["web", "papers"], &["rumple"]).await;
    house.look().await;
    let address = "/admin/catalog/web/more";
    let page = house.ada.get(address).await.text;
    assert!(page.contains("with pruning only") && page.contains("running nowhere"), "{page}");
    let to = |name: &'static str| [("from", "web"), ("to", name)];
    for (action, taken) in
        [("/api/rename_stack", "papers"), ("/api/copy_stack", "papers"), ("/api/rename_stack", "No!")]
    {
        let reply = house.ada.post_form(address, action, &to(taken)).await;
        assert_eq!(reply.status, 422, "{action} {taken}: {}", reply.text);
        assert!(reply.text.contains(&format!("value=\"{taken}\"")), "what was typed stays: {}", reply.text);
    }
    let reply = house.ada.post_form(address, "/api/copy_stack", &to("shop")).await;
    assert_eq!((reply.status.as_u16(), reply.location()), (303, "/admin/catalog/shop"), "{}", reply.text);
    let reply = house.ada.post_form(address, "/api/rename_stack", &to("site")).await;
    assert_eq!((reply.status.as_u16(), reply.location()), (303, "/admin/catalog/draft"), "{}", reply.text);
    let reply = house.ada.post_form("/admin/catalog/papers/more", "/api/remove_stack", &[("name", "papers")]).await;
    assert_eq!(reply.status, 303, "{}", reply.text);
    let page = house.ada.get("/admin/catalog").await.text;
    assert!(
        page.contains("site on rumple") && page.contains("shop on rumple") && !page.contains("papers on rumple"),
        "{page}"
    );
    assert_eq!(on(&page), [switch(&page, "site on rumple")], "a copy runs nowhere");
    assert_eq!(house.ada.get(address).await.status, 404, "it is called otherwise in the draft");
    let saved = house.app.services().deploy().catalog(&House::operator()).await.unwrap().reading.catalog;
    assert_eq!(saved.stacks.len(), 2, "nothing is saved yet");
}

#[tokio::test]
async fn the_list_says_how_it_stands_towards_its_remote() {
    let remote = tempfile::tempdir().unwrap();
    let git = |args: &[&str]| {
        let done = Command::new("git").args(args).current_dir(remote.path()).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    git(&["init", "--quiet", "--bare", "-b", "main"]);
    let address = url::Url::from_directory_path(remote.path()).unwrap().to_string();
    let house = House::with_remote(&["web"], &["rumple"], &address).await;
    let page = house.ada.get("/admin/catalog").await.text;
    assert!(page.contains("Not compared yet") && page.contains("Sync"), "{page}");
    let press = async |action: &str| house.ada.post_form("/admin/catalog", action, &[]).await;
    assert_eq!(press("/api/compare_remote").await.status, 303);
    let page = house.ada.get("/admin/catalog").await.text;
    assert!(page.contains("1 ahead"), "{page}");
    assert_eq!(press("/api/sync_catalog").await.location(), "/admin/catalog?done=synced");
    let page = house.ada.get("/admin/catalog").await.text;
    assert!(page.contains("In step") && !page.contains(">Sync<"), "{page}");

    // Both go on: nothing is overwritten, and that is said.
    let other = tempfile::tempdir().unwrap();
    let by_hand = |args: &[&str]| {
        let done = Command::new("git")
            .args(["-c", "user.name=grace", "-c", "user.email=grace@example.org"])
            .args(args)
            .current_dir(other.path())
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    by_hand(&["clone", "--quiet", &address, "."]);
    std::fs::write(other.path().join("stacks/web/note.txt"), "theirs").unwrap();
    by_hand(&["add", "."]);
    by_hand(&["commit", "--quiet", "-m", "Theirs"]);
    by_hand(&["push", "--quiet", "origin", "HEAD:main"]);
    house.set("web", "A", "ours").await;
    let reply = press("/api/sync_catalog").await;
    assert_eq!(reply.status, 409, "{}", reply.text);
    assert!(reply.text.contains("went separate ways") && reply.text.contains("1 ahead, 1 behind"), "{}", reply.text);
    // Gone altogether: why is said, and the page stays.
    drop(remote);
    press("/api/compare_remote").await;
    let page = house.ada.get("/admin/catalog").await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("The remote could not be asked"), "{}", page.text);
}

/// What the list may weigh on its way, compressed.
const BYTES: usize = 100_000;
/// What the server may take for it from what is in memory. The tests' build is not optimised.
const TIME: Duration = Duration::from_millis(if cfg!(debug_assertions) { 3_000 } else { 60 });

#[tokio::test]
async fn five_hundred_stacks_are_listed_quickly_and_lightly() {
    let environments = ["rumpledev", "rumpletest", "rumpleprod", "rumple"];
    let house = House::new(&["first"], &environments).await;
    let names: Vec<String> = (0..500).map(|n| format!("stack-{n:03}")).collect();
    house.save(catalog(&names, &environments)).await;
    house.look().await;
    let (mut all, mut page) = (0, 1);
    loop {
        let text = house.ada.get(&format!("/admin/catalog?page={page}")).await.text;
        all += rows(&text);
        if !text.contains("Next page") {
            break;
        }
        page += 1;
    }
    assert_eq!(all, 500);
    let (mut best, mut bytes) = (Duration::MAX, 0);
    for _ in 0..5 {
        let get = house.ada.request(Method::GET, "/admin/catalog");
        let get = get.header(header::ACCEPT, "text/html").header(header::ACCEPT_ENCODING, "br");
        let began = std::time::Instant::now();
        bytes = get.send().await.unwrap().bytes().await.unwrap().len();
        best = best.min(began.elapsed());
    }
    println!("the catalog's list of 500 stacks on 4 environments: {bytes} bytes, {best:?}");
    assert!(bytes <= BYTES, "{bytes} bytes");
    assert!(best <= TIME, "{best:?}");
}
