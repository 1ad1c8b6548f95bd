//! The catalog's editor: a form and a text over one draft, and its end as a commit.

use service::deploy::Edit;
use testkit::{Person, Reply};
use upstream::portainer::fake::{FakeConfig, FakePortainer};

use super::house::{House, between};

const WEB: &str = "/admin/catalog/web";
const DRAFT: &str = "/admin/catalog/draft";

async fn house() -> House {
    House::new(&["web", "papers"], &["rumple"]).await
}

/// The fields of a form as the page has them, in its order.
fn fields(page: &str, action: &str) -> Vec<(String, String)> {
    let form =
        between(page, &format!("action=\"{action}\""), "</form>").unwrap_or_else(|| panic!("no {action}: {page}"));
    let mut fields = Vec::new();
    for tag in form.split('<').filter(|tag| tag.starts_with("input") || tag.starts_with("textarea")) {
        let attribute = |name: &str| between(tag, &format!("{name}=\""), "\"");
        let is_off = matches!(attribute("type").as_deref(), Some("checkbox" | "radio")) && !tag.contains(" checked");
        let Some(name) = attribute("name").filter(|_| !is_off) else { continue };
        let value = match tag.starts_with("textarea") {
            true => tag.split_once('>').map(|(_, text)| text.trim_start_matches('\n').to_owned()),
            false => attribute("value"),
        };
        fields.push((name, value.unwrap_or_default().replace("&quot;", "\"")));
    }
    fields
}

async fn keep(ada: &Person, changes: &[(&str, &str)]) -> Reply {
    let page = ada.get(WEB).await.text;
    let mut fields = fields(&page, "/api/keep_stack_form");
    for (name, value) in changes {
        fields.retain(|(known, _)| known != name);
        fields.push(((*name).to_owned(), (*value).to_owned()));
    }
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    ada.post_form(WEB, "/api/keep_stack_form", &fields).await
}

async fn commits(house: &House) -> usize {
    house.app.services().deploy().history(&House::operator(), None, 50).await.unwrap().len()
}

async fn list(house: &House) -> String {
    let view = house.app.services().deploy().catalog(&House::operator()).await.unwrap();
    view.snapshot.text("phoenix_stacks_config.json").unwrap().to_owned()
}

#[tokio::test]
async fn a_form_kept_as_it_is_changes_nothing() {
    let house = house().await;
    let reply = keep(&house.ada, &[]).await;
    assert_eq!((reply.status.as_u16(), reply.location()), (303, WEB), "{}", reply.text);
    assert!(house.ada.get(DRAFT).await.text.contains("Nothing is being changed"));
}

#[tokio::test]
async fn a_stack_is_edited_by_its_form_and_by_its_text_and_saved_as_a_commit() {
    let house = house().await;
    let (before, old) = (commits(&house).await, list(&house).await);
    let reply =
        keep(&house.ada, &[("description", "The front page"), ("var.7.name", "MODE"), ("var.7.value", "fast")]).await;
    assert_eq!(reply.status, 303, "{}", reply.text);
    let page = house.ada.get(WEB).await.text;
    assert!(page.contains("value=\"The front page\"") && page.contains("value=\"MODE\""), "{page}");
    assert!(page.contains("1 stack changed"), "{page}");
    assert_eq!(list(&house).await, old, "nothing is saved yet");

    let text = house.ada.get("/admin/catalog/web?as=text").await.text;
    let typed = fields(&text, "/api/keep_stack_text");
    let entry = &typed.iter().find(|(name, _)| name == "text").unwrap().1;
    assert!(entry.contains("\"The front page\""), "{entry}");
    let entry = entry.replace("The front page", "The very front page").replace('\n', "\r\n");
    let seen = &typed.iter().find(|(name, _)| name == "seen").unwrap().1;
    let sent = [("stack", "web"), ("seen", seen.as_str()), ("text", entry.as_str())];
    let reply = house.ada.post_form("/admin/catalog/web?as=text", "/api/keep_stack_text", &sent).await;
    assert_eq!(reply.status, 303, "{}", reply.text);

    let page = house.ada.get(DRAFT).await.text;
    assert!(page.contains("The very front page") && page.contains("data-change=\"added\""), "{page}");
    assert!(page.contains("Change web"), "a message is proposed: {page}");
    let reply = house.ada.post_form(DRAFT, "/api/save_draft", &[("message", "")]).await;
    assert_eq!(reply.status, 422);
    assert!(reply.text.contains("Say in a few words"), "{}", reply.text);
    let reply = house.ada.post_form(DRAFT, "/api/save_draft", &[("message", "Say what web is")]).await;
    assert_eq!(reply.status, 303, "{}", reply.text);
    let page = house.ada.get(reply.location()).await.text;
    assert!(page.contains("/admin/plan?only=rumple%2Fweb"), "it leads to the review: {page}");
    assert_eq!(commits(&house).await, before + 1);
    assert!(list(&house).await.contains("The very front page"));
    assert!(house.ada.get("/admin/applies").await.text.contains("Nothing was applied yet"), "saving deploys nothing");
}

#[tokio::test]
async fn what_is_wrong_stands_at_its_field_and_at_its_line_and_is_kept() {
    let house = house().await;
    let reply = keep(&house.ada, &[("port", "eighty"), ("var.3.name", "2nd"), ("var.3.value", "x")]).await;
    assert_eq!(reply.status, 303);
    let page = house.ada.get(WEB).await.text;
    assert!(page.contains("“eighty” is no number") && page.contains("value=\"eighty\""), "{page}");
    assert!(
        page.contains("“2nd” can’t be a name")
            || page.contains("“2nd” can&#x27;t be a name")
            || page.contains("“2nd” can't be a name"),
        "{page}"
    );
    let draft = house.ada.get(DRAFT).await.text;
    assert!(draft.contains("The form of web") && !draft.contains("action=\"/api/save_draft\""), "{draft}");
    let sent = [("stack", "web"), ("text", "{\n  \"name\": \"web\",\n  oops\n}")];
    let refused = house.ada.post_form(WEB, "/api/keep_stack_text", &sent).await;
    assert_eq!(refused.status, 409, "a half typed form is not lost to a text");
    house.ada.post_form(WEB, "/api/drop_typed", &[("stack", "web")]).await;

    let reply = house.ada.post_form(WEB, "/api/keep_stack_text", &sent).await;
    assert_eq!(reply.status, 303, "{}", reply.text);
    let page = house.ada.get("/admin/catalog/web?as=text").await.text;
    assert!(page.contains("href=\"#L3\"") && page.contains("id=\"L3\" data-tone=\"bad\""), "{page}");
    assert!(page.contains("oops"), "kept as it was typed");
    assert!(house.ada.get(WEB).await.text.contains("The text of this stack is half typed"));
}

#[tokio::test]
async fn a_form_typed_over_something_older_is_refused_and_keeps_its_words() {
    let house = house().await;
    let old = fields(&house.ada.get(WEB).await.text, "/api/keep_stack_form");
    keep(&house.ada, &[("description", "From one window")]).await;
    let sent: Vec<(&str, &str)> = old
        .iter()
        .map(|(name, value)| (name.as_str(), if name == "description" { "From another" } else { value.as_str() }))
        .collect();
    let reply = house.ada.post_form(WEB, "/api/keep_stack_form", &sent).await;
    assert_eq!(reply.status, 409, "{}", reply.text);
    assert!(
        reply.text.contains("Another window of yours") && reply.text.contains("value=\"From another\""),
        "{}",
        reply.text
    );
    assert!(house.ada.get(WEB).await.text.contains("From one window"));
}

#[tokio::test]
async fn two_editors_see_both_versions_and_choose() {
    let house = house().await;
    keep(&house.ada, &[("description", "As Ada says")]).await;
    house.set("web", "MODE", "theirs").await;
    house.set("papers", "MODE", "untouched").await;
    let page = house.ada.get(DRAFT).await.text;
    assert!(page.contains("In the catalog now") && page.contains("In your draft"), "{page}");
    assert!(page.contains("As Ada says") && page.contains("theirs"), "{page}");
    let reply = house.ada.post_form(DRAFT, "/api/save_draft", &[("message", "mine")]).await;
    assert_eq!(reply.status, 409, "{}", reply.text);
    let reply = house.ada.post_form(DRAFT, "/api/rebase_draft", &[]).await;
    assert_eq!(reply.status, 409, "a choice is needed");
    let reply = house.ada.post_form(DRAFT, "/api/rebase_draft", &[("side.stack:web", "mine")]).await;
    assert_eq!(reply.status, 303, "{}", reply.text);
    let reply = house.ada.post_form(DRAFT, "/api/save_draft", &[("message", "Mine, beside theirs")]).await;
    assert_eq!(reply.status, 303, "{}", reply.text);
    let list = list(&house).await;
    assert!(list.contains("As Ada says") && list.contains("untouched"), "{list}");
}

#[tokio::test]
async fn a_new_stack_is_begun_thrown_away_and_brought_back() {
    let house = house().await;
    let new = "/admin/catalog/new";
    let reply = house.ada.post_form(new, "/api/begin_stack", &[("name", "My Stack"), ("source", "text")]).await;
    assert_eq!(reply.status, 422);
    assert!(reply.text.contains("call it “mystack”") && reply.text.contains("value=\"My Stack\""), "{}", reply.text);
    let sent = [("name", "mystack"), ("source", "git"), ("repository", "https://x.org/m.git")];
    let reply = house.ada.post_form(new, "/api/begin_stack", &sent).await;
    assert_eq!((reply.status.as_u16(), reply.location()), (303, "/admin/catalog/mystack?done=begun"), "{}", reply.text);
    assert_eq!(house.ada.get("/admin/catalog/mystack").await.status, 200);
    let reply = house.ada.post_form(DRAFT, "/api/discard_draft", &[]).await;
    assert!(house.ada.get(reply.location()).await.text.contains("Undo"));
    assert_eq!(house.ada.get("/admin/catalog/mystack").await.status, 404);
    let reply = house.ada.post_form(DRAFT, "/api/bring_back_draft", &[]).await;
    assert_eq!(reply.status, 303, "{}", reply.text);
    assert!(house.ada.get(reply.location()).await.text.contains("Add mystack"));
}

#[tokio::test]
async fn a_new_secret_goes_to_the_vault_and_is_shown_nowhere() {
    let house = house().await;
    let page = house.ada.get(WEB).await.text;
    let mut sent = fields(&page, "/api/keep_stack_form");
    for (name, value) in [
        ("secret_variable", "TOKEN"),
        ("secret_name", "web/token"),
        ("password", "s3cr3t-value"),
        ("description", "kept too"),
    ] {
        sent.retain(|(known, _)| known != name);
        sent.push((name.to_owned(), value.to_owned()));
    }
    let sent: Vec<(&str, &str)> = sent.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let reply = house.ada.post_form(WEB, "/api/store_stack_secret", &sent).await;
    assert_eq!(reply.status, 303, "{}", reply.text);
    let page = house.ada.get(WEB).await.text;
    assert!(page.contains("vault: web/token") && page.contains("vault/web/token"), "{page}");
    assert!(page.contains("value=\"kept too\"") && !page.contains("s3cr3t-value"), "{page}");
    assert!(!house.ada.get(DRAFT).await.text.contains("s3cr3t-value"));
}

#[tokio::test]
async fn what_the_compose_file_asks_for_is_offered() {
    let house = house().await;
    let text = "services:\n  web:\n    image: nginx:1\n    environment:\n      A: ${OCR_LANGUAGES:?}\n";
    let path = "stacks/web/docker-compose.yml".to_owned();
    house.save(vec![Edit::SetText { path, text: Some(text.to_owned()) }]).await;
    let page = house.ada.get(WEB).await.text;
    assert!(page.contains("name=\"offer.OCR_LANGUAGES.value\"") && page.contains("needed"), "{page}");
    assert!(page.contains("hl-") && page.contains("Compose file"), "its text is shown in colours: {page}");
    keep(&house.ada, &[("offer.OCR_LANGUAGES.value", "eng")]).await;
    let page = house.ada.get(WEB).await.text;
    assert!(!page.contains("offer.OCR_LANGUAGES") && page.contains("value=\"OCR_LANGUAGES\""), "{page}");
}

#[tokio::test]
async fn one_environment_differs() {
    let house = house().await;
    let on = "/admin/catalog/web?on=rumple";
    let page = house.ada.get(on).await.text;
    let mut sent = fields(&page, "/api/keep_stack_form");
    sent.push(("var.9.name".into(), "LEVEL".into()));
    sent.push(("var.9.value".into(), "debug".into()));
    let sent: Vec<(&str, &str)> = sent.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let reply = house.ada.post_form(on, "/api/keep_stack_form", &sent).await;
    assert_eq!((reply.status.as_u16(), reply.location()), (303, on), "{}", reply.text);
    assert!(house.ada.get(on).await.text.contains("value=\"LEVEL\""));
    assert!(!house.ada.get(WEB).await.text.contains("value=\"LEVEL\""));
    let draft = house.ada.get(DRAFT).await.text;
    assert!(draft.contains("environments") && draft.contains("debug"), "{draft}");
}

#[tokio::test]
async fn a_repository_that_can_not_be_read_says_why() {
    // Nobody listens there.
    let fake = FakePortainer::start(FakeConfig::default()).await.unwrap();
    let address = fake.url().join("none.git").unwrap().to_string();
    fake.go_down().await;
    let house = house().await;
    let sent = [("name", "far"), ("source", "git"), ("repository", address.as_str())];
    house.ada.post_form("/admin/catalog/new", "/api/begin_stack", &sent).await;
    let far = "/admin/catalog/far";
    let page = house.ada.get(far).await.text;
    let sent = fields(&page, "/api/keep_stack_form");
    let sent: Vec<(&str, &str)> = sent.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let reply = house.ada.post_form(far, "/api/look_at_repository", &sent).await;
    assert_eq!((reply.status.as_u16(), reply.location()), (303, "/admin/catalog/far#source"), "{}", reply.text);
    assert!(
        house.ada.get(far).await.text.contains("The repository can&#x27;t be read")
            || house.ada.get(far).await.text.contains("The repository can't be read")
    );
}
