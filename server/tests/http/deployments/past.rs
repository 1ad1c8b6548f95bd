//! The catalog's history, going back, and older forms: a real git repository behind real pages.

use service::deploy::Edit;

use super::house::{House, between};

fn file(path: &str, text: &str) -> Edit {
    Edit::SetText { path: path.to_owned(), text: Some(text.to_owned()) }
}

/// The commits in the list at an address, in its order.
async fn commits(house: &House, address: &str) -> Vec<String> {
    let page = house.ada.get(address).await;
    assert_eq!(page.status, 200, "{}", page.text);
    let part = |text: &str| between(text, "", "\"").filter(|id| id.len() == 40);
    page.text.split("href=\"/admin/catalog/history/").skip(1).filter_map(part).collect()
}

#[tokio::test]
async fn a_version_is_read_restored_and_taken_back() {
    let house = House::new(&["web"], &["rumple"]).await;
    let [first] = commits(&house, "/admin/catalog/history").await.try_into().unwrap();
    house.set("web", "A", "two").await;
    house.save(vec![file("stacks/web/docker-compose.yml", &super::compose("nginx:9"))]).await;
    let all = commits(&house, "/admin/catalog/history").await;
    assert_eq!((all.len(), all.last()), (3, Some(&first)));
    let compose = "/admin/catalog/history?file=stacks%2Fweb%2Fdocker-compose.yml";
    assert_eq!(commits(&house, compose).await, [all[0].clone(), first.clone()]);

    let page = house.ada.get(&format!("/admin/catalog/history/{}", all[1])).await.text;
    assert!(page.contains("somebody") && page.contains("data-change=\"added\"") && page.contains("two"), "{page}");
    assert!(page.contains("Restore this version"), "{page}");

    let address = format!("/admin/catalog/history/{first}/restore");
    let page = house.ada.get(&address).await.text;
    assert!(page.contains("nginx:9") && page.contains("2 files"), "what goes is shown first: {page}");
    let base = between(&page, "name=\"base\" value=\"", "\"").unwrap();
    let fields = [("version", first.as_str()), ("base", base.as_str())];

    // Somebody is quicker: nothing is restored, and both sides are shown.
    house.set("web", "A", "three").await;
    let reply = house.ada.post_form(&address, "/api/restore_catalog", &fields).await;
    assert_eq!(reply.status, 409, "{}", reply.text);
    assert!(reply.text.contains("What others changed since") && reply.text.contains("three"), "{}", reply.text);
    assert_eq!(commits(&house, "/admin/catalog/history").await.len(), 4);

    let base = between(&reply.text, "name=\"base\" value=\"", "\"").unwrap();
    let fields = [("version", first.as_str()), ("base", base.as_str())];
    let reply = house.ada.post_form("/api/restore_catalog", "/api/restore_catalog", &fields).await;
    assert_eq!(reply.status, 303, "{}", reply.text);
    let page = house.ada.get(reply.location()).await.text;
    assert!(page.contains("Restored.") && page.contains("Restore the catalog of"), "{page}");
    let text = std::fs::read_to_string(house.app.folder().join("data/catalog/stacks/web/docker-compose.yml")).unwrap();
    assert_eq!(text, super::compose("nginx:1.27"));

    let undo = [
        ("version", between(&page, "name=\"version\" value=\"", "\"").unwrap()),
        ("base", between(&page, "name=\"base\" value=\"", "\"").unwrap()),
    ];
    let fields: Vec<(&str, &str)> = undo.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let reply = house.ada.post_form(reply.location(), "/api/restore_catalog", &fields).await;
    assert_eq!(reply.status, 303, "{}", reply.text);
    let text = std::fs::read_to_string(house.app.folder().join("data/catalog/stacks/web/docker-compose.yml")).unwrap();
    assert_eq!(text, super::compose("nginx:9"), "undone");
}

#[tokio::test]
async fn no_such_version_is_said() {
    let house = House::new(&["web"], &["rumple"]).await;
    for version in ["f".repeat(40), "main".to_owned(), "--all".to_owned()] {
        assert_eq!(house.ada.get(&format!("/admin/catalog/history/{version}")).await.status, 404, "{version}");
        assert_eq!(house.ada.get(&format!("/admin/catalog/history/{version}/restore")).await.status, 404, "{version}");
        assert_eq!(house.ada.get(&format!("/admin/catalog/history?from={version}")).await.status, 404, "{version}");
    }
    let fields = [("version", "HEAD"), ("base", "HEAD")];
    let reply = house.ada.post_form("/admin/catalog/history", "/api/restore_catalog", &fields).await;
    assert_eq!(reply.status, 422, "{}", reply.text);
}

#[tokio::test]
async fn a_long_history_is_paged_without_loss() {
    let house = House::new(&["web"], &["rumple"]).await;
    for n in 0..90 {
        house.set("web", "A", &n.to_string()).await;
    }
    let (mut all, mut address) = (Vec::new(), "/admin/catalog/history".to_owned());
    loop {
        let page = house.ada.get(&address).await.text;
        all.extend(commits(&house, &address).await);
        // What is committed while somebody reads moves nothing on the older pages.
        house.set("web", "A", &format!("later {}", all.len())).await;
        let Some(older) =
            between(&page, "href=\"/admin/catalog/history?from=", "\"").filter(|_| page.contains("Older"))
        else {
            break;
        };
        let older = older.replace("&amp;", "&");
        address = format!("/admin/catalog/history?from={older}");
        if page.contains(">Newest</span></a>") {
            let last = page.rsplit("href=\"/admin/catalog/history?from=").next().unwrap();
            let last = last[..last.find('"').unwrap()].replace("&amp;", "&");
            address = format!("/admin/catalog/history?from={last}");
        }
    }
    let mut once = all.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!((all.len(), once.len()), (91, 91));
}

#[tokio::test]
async fn a_hand_edit_is_shown_as_such_and_no_secret_is() {
    let house = House::new(&["web"], &["rumple"]).await;
    let folder = house.app.folder().join("data/catalog");
    let text = r#"{"portainer_api": {"url": "https://portainer.example", "api_key": "ptr_hidden_heron"}}"#;
    std::fs::write(folder.join("phoenix_hypervisor_config.json"), text).unwrap();
    let list = house.ada.get("/admin/catalog/history").await.text;
    assert!(list.contains("Changed by hand and not committed"), "{list}");
    assert!(list.contains("phoenix_hypervisor_config.json"), "{list}");
    let page = house.ada.get("/admin/catalog/history/now").await.text;
    assert!(page.contains("portainer.example") && !page.contains("hidden_heron"), "{page}");
    // Saving it by git makes it a commit like any other; its secret stays hidden there too.
    house.save(vec![file("phoenix_hypervisor_config.json", &text.replace("example", "example.org"))]).await;
    for commit in commits(&house, "/admin/catalog/history").await {
        let page = house.ada.get(&format!("/admin/catalog/history/{commit}")).await.text;
        assert!(!page.contains("hidden_heron"), "{page}");
    }
    assert!(house.ada.get("/admin/catalog/history/now").await.text.contains("Everything is committed"));
}

const OLD: &str = r#"{
  "docker_stacks": {
    "shop": {
      "name": "shop",
      "compose_file_path": "/usr/local/phoenix/stacks/shop/docker-compose.yml",
      "colour": "green",
      "environments": {"production": {"variables": [{"name": "A", "value": "1"}], "files": [{"source": "a", "destination_in_container": "b"}]}}
    }
  }
}
"#;

#[tokio::test]
async fn older_forms_are_shown_before_they_are_rewritten() {
    let house = House::new(&["web"], &["rumple"]).await;
    let page = house.ada.get("/admin/catalog/import").await.text;
    assert!(page.contains("Nothing to rewrite") && page.contains("compose_file_path"), "the known forms: {page}");

    house
        .save(vec![
            file("phoenix_stacks_config.json", OLD),
            file("stacks/shop/docker-compose.yml", &super::compose("nginx:1")),
        ])
        .await;
    let page = house.ada.get("/admin/catalog/import").await.text;
    assert!(page.contains("a list, each stack with its name inside"), "{page}");
    assert!(page.contains("colour") && page.contains("phoenix_stacks_config.json:6:"), "what is left, by line: {page}");
    assert!(page.contains("Before and after") && page.contains("data-change=\"removed\""), "{page}");
    let base = between(&page, "name=\"base\" value=\"", "\"").unwrap();

    house.save(vec![file("stacks/shop/docker-compose.yml", &super::compose("nginx:2"))]).await;
    let reply = house.ada.post_form("/admin/catalog/import", "/api/import_catalog", &[("base", &base)]).await;
    assert_eq!(reply.status, 409, "{}", reply.text);
    assert!(reply.text.contains("nothing was rewritten") && reply.text.contains("nginx:2"), "{}", reply.text);

    let base = between(&reply.text, "name=\"base\" value=\"", "\"").unwrap();
    let reply = house.ada.post_form("/admin/catalog/import", "/api/import_catalog", &[("base", &base)]).await;
    assert_eq!(reply.status, 303, "{}", reply.text);
    assert!(house.ada.get(reply.location()).await.text.contains("Rewritten."), "it leads to its commit");
    let text = std::fs::read_to_string(house.app.folder().join("data/catalog/phoenix_stacks_config.json")).unwrap();
    assert!(text.contains("\"docker_stacks\": [") && text.contains("\"colour\": \"green\""), "{text}");
    assert!(house.ada.get("/admin/catalog/import").await.text.contains("Nothing to rewrite"));
}

#[tokio::test]
async fn a_file_is_brought_into_the_draft() {
    let house = House::new(&["web"], &["rumple"]).await;
    let bring = async |path: &str, text: &str| {
        house.ada.post_form("/admin/catalog/import", "/api/bring_file", &[("path", path), ("text", text)]).await
    };
    for (path, text) in [
        ("../../etc/passwd", "x"),
        ("phoenix_secrets.json", "{}"),
        ("phoenix_stacks_config.json", "{\"docker_stacks\": ["),
    ] {
        let reply = bring(path, text).await;
        assert_eq!(reply.status, 422, "{path}: {}", reply.text);
        assert!(
            reply.text.contains("docker_stacks") || !text.contains("docker_stacks"),
            "what was typed stays: {}",
            reply.text
        );
    }
    let reply = bring("phoenix_stacks_config.json", &OLD.replace('\n', "\r\n")).await;
    assert_eq!((reply.status.as_u16(), reply.location()), (303, "/admin/catalog/draft"), "{}", reply.text);
    let page = house.ada.get("/admin/catalog").await.text;
    assert!(page.contains("Your draft waits") && page.contains("shop on rumple"), "{page}");
    let text = std::fs::read_to_string(house.app.folder().join("data/catalog/phoenix_stacks_config.json")).unwrap();
    assert!(!text.contains("shop"), "nothing is saved yet: {text}");
}
