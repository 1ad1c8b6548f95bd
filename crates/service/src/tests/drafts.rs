//! Drafts of the catalog, over a real git repository.

use std::collections::BTreeMap;

use proptest::{prelude::*, test_runner::TestRunner};
use types::{ProblemCode, Role, catalog::Variable};

use super::House;
use crate::{
    Deploy, DeployError, Operator, ServiceError,
    deploy::{Edit, Part, Side, Unfinished},
};

const STACKS: &str = "phoenix_stacks_config.json";
const LIST: &str = "{\n  \"docker_stacks\": [\n    { \"name\": \"web\", \"git_repo\": \"https://x.org/w.git\", \"env\": [] },\n    { \"name\": \"db\",   \"git_repo\": \"https://x.org/d.git\" }\n  ]\n}\n";
const SETTINGS: &str = "{ \"portainer_api\": { \"url\": \"https://p.lan\", \"password\": \"hunter2\" } }\n";

/// A house with a catalog, and two people who look after it.
struct Study {
    house: House,
    ada: Operator,
    grace: Operator,
}

impl Study {
    async fn new() -> Self {
        let house = House::new().await;
        let founder = house.founder().await;
        let other = house.person(&founder, Role::Administrator, "Ada").await;
        let grace = house.signed_in(&founder).await.operator().unwrap();
        let ada = house.signed_in(&other).await.operator().unwrap();
        let study = Self { house, ada, grace };
        study.save(vec![file(STACKS, LIST), file("phoenix_hypervisor_config.json", SETTINGS)]).await;
        study
    }

    fn deploy(&self) -> &Deploy {
        self.house.services.deploy()
    }

    /// A commit of Grace's, past any draft.
    async fn save(&self, edits: Vec<Edit>) {
        let base = self.deploy().catalog(&self.grace).await.unwrap().reading.version;
        self.deploy().save(&self.grace, &base, edits, "a change").await.unwrap();
    }

    async fn list(&self) -> String {
        let view = self.deploy().catalog(&self.grace).await.unwrap();
        view.snapshot.text(STACKS).unwrap().to_owned()
    }

    async fn commits(&self) -> usize {
        self.deploy().history(&self.grace, None, 100).await.unwrap().len()
    }
}

fn file(path: &str, text: &str) -> Edit {
    Edit::SetText { path: path.into(), text: Some(text.into()) }
}

fn set(stack: &str, value: &str) -> Vec<Edit> {
    vec![Edit::SetVariable { stack: stack.into(), environment: None, variable: Variable::plain("MODE", value) }]
}

fn words(error: DeployError) -> types::Problem {
    ServiceError::from(error).problem()
}

#[tokio::test]
async fn a_draft_is_kept_shown_as_a_difference_and_saved_as_one_commit() {
    let study = Study::new().await;
    let (deploy, ada) = (study.deploy(), &study.ada);
    let nothing = deploy.draft(ada).await.unwrap();
    assert!(!nothing.is_changed() && nothing.diff().is_empty());
    let commits = study.commits().await;
    deploy.draft_edit(ada, set("web", "fast")).await.unwrap();
    deploy.draft_edit(ada, set("db", "slow")).await.unwrap();
    assert_eq!(study.list().await, LIST, "a draft changes nothing");
    assert!(!deploy.draft(&study.grace).await.unwrap().is_changed(), "each has their own");
    let draft = deploy.draft(ada).await.unwrap();
    assert_eq!(draft.stacks(), ["db", "web"]);
    let diff = draft.diff();
    assert_eq!(diff.len(), 1);
    assert!(diff[0].unified.contains("fast") && diff[0].unified.contains("slow"), "{}", diff[0].unified);

    let refused = words(deploy.draft_save(ada, " ").await.unwrap_err());
    assert!(refused.for_field("message").is_some());
    let done = deploy.draft_save(ada, "Make the web fast").await.unwrap();
    assert_eq!(done.stacks, ["db", "web"]);
    assert_eq!(study.commits().await, commits + 1);
    let newest = deploy.history(ada, None, 1).await.unwrap().remove(0);
    assert_eq!((newest.subject.as_str(), newest.author_name.as_str()), ("Make the web fast", "Ada"));
    assert_eq!(study.house.recorded("catalog.save").await, 2);
    assert!(!deploy.draft(ada).await.unwrap().is_changed());
    assert_eq!(words(deploy.draft_save(ada, "again").await.unwrap_err()).code, ProblemCode::Invalid);
}

#[tokio::test]
async fn what_is_half_typed_is_kept_as_it_is_and_not_saved() {
    let study = Study::new().await;
    let (deploy, ada) = (study.deploy(), &study.ada);
    let half = "{\n  \"name\": \"web\",\n  \"git_repo\": \n}";
    let draft = deploy.draft_stack_text(ada, "web", &half.replace('\n', "\r\n"), "").await.unwrap();
    assert_eq!(draft.stack_text("web").unwrap(), half);
    let draft = deploy.draft(ada).await.unwrap();
    assert_eq!(draft.unfinished["web"], Unfinished::Text { text: half.into() });
    let found = draft.check_stack_text("web", half);
    assert_eq!((found.len(), found[0].line), (1, 4), "{found:?}");
    assert!(words(deploy.draft_save(ada, "no").await.unwrap_err()).message.contains("the text of “web”"));
    let refused = words(deploy.draft_edit(ada, set("web", "1")).await.unwrap_err());
    assert_eq!(refused.code, ProblemCode::Conflict);
    deploy.draft_edit(ada, set("db", "1")).await.unwrap();

    let whole = "{ \"name\": \"web\", \"git_repo\": \"https://x.org/other.git\" }";
    let draft = deploy.draft_stack_text(ada, "web", whole, "").await.unwrap();
    assert!(draft.unfinished.is_empty());
    deploy.draft_save(ada, "Move the web").await.unwrap();
    assert!(study.list().await.contains(whole));

    deploy.draft_stack_text(ada, "web", "{", "").await.unwrap();
    assert!(!deploy.draft_drop_typed(ada, "web").await.unwrap().is_changed());
}

#[tokio::test]
async fn two_editors_lose_nothing() {
    let study = Study::new().await;
    let (deploy, ada) = (study.deploy(), &study.ada);
    deploy.draft_edit(ada, [set("web", "mine"), set("db", "mine")].concat()).await.unwrap();
    study.save(set("web", "theirs")).await;
    let draft = deploy.draft(ada).await.unwrap();
    assert_eq!(draft.clashes.len(), 1);
    assert_eq!(draft.clashes[0].part, Part::Stack("web".into()));
    let Err(DeployError::Conflict(conflict)) = deploy.draft_save(ada, "mine").await else {
        panic!("somebody was first")
    };
    let both = &conflict.files[0];
    assert!(both.theirs.as_ref().unwrap().contains("theirs") && both.yours.as_ref().unwrap().contains("mine"));
    assert!(deploy.draft(ada).await.unwrap().is_changed(), "the draft stays");
    let refused = words(deploy.draft_rebase(ada, &BTreeMap::new(), "").await.unwrap_err());
    assert!(refused.message.contains("the stack “web”"), "{}", refused.message);

    let choice = BTreeMap::from([(Part::Stack("web".into()).key(), Side::Theirs)]);
    let seen = draft.clash_mark();
    study.save(set("web", "theirs again")).await;
    let refused = words(deploy.draft_rebase(ada, &choice, &seen).await.unwrap_err());
    assert!(refused.message.contains("went on"), "{}", refused.message);
    let seen = deploy.draft(ada).await.unwrap().clash_mark();
    let draft = deploy.draft_rebase(ada, &choice, &seen).await.unwrap();
    assert!(draft.clashes.is_empty() && draft.has_discarded, "my side can be brought back");
    assert_eq!(draft.stacks(), ["db"]);
    deploy.draft_save(ada, "Mine beside theirs").await.unwrap();
    let list = study.list().await;
    assert!(list.contains("theirs") && list.contains("mine"), "{list}");
}

#[tokio::test]
async fn a_half_typed_text_meets_somebody_else_too() {
    let study = Study::new().await;
    let (deploy, ada) = (study.deploy(), &study.ada);
    deploy.draft_stack_text(ada, "web", "{ \"name\": \"web\", ", "").await.unwrap();
    study.save(set("db", "theirs")).await;
    assert!(deploy.draft(ada).await.unwrap().clashes.is_empty());
    study.save(set("web", "theirs")).await;
    let draft = deploy.draft(ada).await.unwrap();
    assert_eq!(draft.clashes[0].mine.as_deref(), Some("{ \"name\": \"web\", "));
    let choice = |side| BTreeMap::from([(Part::Stack("web".into()).key(), side)]);
    let mine = deploy.draft_rebase(ada, &choice(Side::Mine), "").await.unwrap();
    assert_eq!(mine.stack_text("web").unwrap(), "{ \"name\": \"web\", ");
    study.save(set("web", "again")).await;
    let theirs = deploy.draft_rebase(ada, &choice(Side::Theirs), "").await.unwrap();
    assert!(theirs.stack_text("web").unwrap().contains("again") && !theirs.is_changed());
}

#[tokio::test]
async fn a_draft_thrown_away_comes_back() {
    let study = Study::new().await;
    let (deploy, ada) = (study.deploy(), &study.ada);
    assert_eq!(words(deploy.draft_bring_back(ada).await.unwrap_err()).code, ProblemCode::NotFound);
    deploy.draft_edit(ada, set("web", "kept")).await.unwrap();
    deploy.draft_discard(ada).await.unwrap();
    assert!(!deploy.draft(ada).await.unwrap().is_changed());
    assert!(deploy.draft_bring_back(ada).await.unwrap().stack_text("web").unwrap().contains("kept"));
    assert_eq!(words(deploy.draft(&Operator::at_the_machine("root")).await.unwrap_err()).code, ProblemCode::Forbidden);
}

#[tokio::test]
async fn a_draft_never_holds_a_secret_of_the_catalog() {
    let study = Study::new().await;
    let (deploy, ada) = (study.deploy(), &study.ada);
    let path = "phoenix_hypervisor_config.json";
    deploy.draft_edit(ada, vec![file(path, &SETTINGS.replace("p.lan", "q.lan"))]).await.unwrap();
    let row = study.house.store.draft(ada.user().unwrap()).await.unwrap();
    assert!(!row.body.unwrap().contains("hunter2"));
    assert!(!format!("{:?}", deploy.draft(ada).await.unwrap().diff()).contains("hunter2"));
    deploy.draft_save(ada, "Another address").await.unwrap();
    let view = deploy.catalog(ada).await.unwrap();
    assert_eq!(view.snapshot.text(path).unwrap(), SETTINGS.replace("p.lan", "q.lan"), "it survives untouched");
    let typed = file(path, &SETTINGS.replace("hunter2", "hunter3"));
    assert!(words(deploy.draft_edit(ada, vec![typed]).await.unwrap_err()).message.contains("vault"));
}

const RICH: &str = r#"{
  "docker_stacks": [
    { "name": "db", "compose_file_path": "stacks/db/docker-compose.yml" },
    {
      "name": "web", "git_repo": "https://x.org/w.git", "reference": "main", "compose_file": "compose.yml",
      "additional_files": ["a.yml", "b.yml"], "git_credential": "git/token", "description": "It's \"quoted\" <here>",
      "env": [
        { "name": "N", "value": 8 }, { "name": "LONG", "value": "one\ntwo\n" }, { "name": "EMPTY", "value": "" },
        { "name": "TOKEN", "secret": "vault/web/token" }
      ],
      "environments": { "production": { "env": [{ "name": "N", "value": "9" }], "reference": "v1", "x-mine": 1 } },
      "depends_on": ["db"], "hostname": "web.example.org", "port": 8080, "health": { "timeout_s": 5 }, "swarm": true, "x-more": [1]
    }
  ]
}
"#;

#[tokio::test]
async fn a_form_sent_back_as_it_is_changes_nothing() {
    let study = Study::new().await;
    let (deploy, ada) = (study.deploy(), &study.ada);
    study.save(vec![file(STACKS, RICH), file("stacks/db/docker-compose.yml", "services: {}\n")]).await;
    for (stack, on) in
        [("web", None), ("web", Some("prod")), ("web", Some("rumpledev")), ("db", None), ("db", Some("x"))]
    {
        let mut fields = deploy.draft(ada).await.unwrap().form(stack, on).unwrap().fields;
        // As a browser sends lines.
        fields.values_mut().for_each(|text| *text = text.replace('\n', "\r\n"));
        let draft = deploy.draft_form(ada, stack, on, &fields, "").await.unwrap();
        assert!(!draft.is_changed(), "{stack} {on:?}: {:?}", draft.diff());
    }
    // What differs on one environment is laid where the stack has it, whatever it is called there.
    let mut fields = deploy.draft(ada).await.unwrap().form("web", Some("prod")).unwrap().fields;
    fields.insert("port".into(), "81".into());
    let draft = deploy.draft_form(ada, "web", Some("prod"), &fields, "").await.unwrap();
    let wanted = RICH.replace("\"x-mine\": 1 }", "\"x-mine\": 1, \"port\": 81 }");
    assert_eq!(draft.snapshot.text(STACKS).unwrap(), wanted, "and every other byte stays");
}

#[tokio::test]
async fn what_is_wrong_in_a_form_is_said_at_its_field() {
    let study = Study::new().await;
    let (deploy, ada) = (study.deploy(), &study.ada);
    let typed = [
        ("source", "git"),
        ("repository", "ftp:/nowhere"),
        ("reference", "a..b"),
        ("port", "0"),
        ("timeout_s", "soon"),
        ("credential", "not a name"),
        ("var.0.value", "without a name"),
        ("var.1.name", "A"),
        ("var.1.value", "1"),
        ("var.1.secret", "a/b"),
        ("var.2.name", "A"),
        ("password", "never kept"),
    ];
    let fields = typed.into_iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect();
    deploy.draft_form(ada, "web", None, &fields, "").await.unwrap();
    let form = deploy.draft(ada).await.unwrap().form("web", None).unwrap();
    let problem = form.problem.unwrap();
    for field in
        ["repository", "reference", "port", "timeout_s", "credential", "var.0.name", "var.1.value", "var.2.name"]
    {
        assert!(problem.for_field(field).is_some(), "{field}: {problem:?}");
    }
    assert_eq!(form.fields["timeout_s"], "soon", "kept as it was typed");
    let row = study.house.store.draft(ada.user().unwrap()).await.unwrap();
    assert!(!row.body.unwrap().contains("never kept"), "a value of a secret is no part of a draft");
}

#[tokio::test]
async fn an_older_window_does_not_win() {
    let study = Study::new().await;
    let (deploy, ada) = (study.deploy(), &study.ada);
    let before = deploy.draft(ada).await.unwrap();
    deploy.draft_edit(ada, set("web", "newer")).await.unwrap();
    let refused = deploy.draft_stack_text(ada, "web", "{}", &before.mark("web")).await.unwrap_err();
    assert_eq!(words(refused).code, ProblemCode::Conflict);
    deploy.draft_edit(ada, set("db", "elsewhere")).await.unwrap();
    let mark = deploy.draft(ada).await.unwrap().mark("web");
    deploy.draft_stack_text(ada, "web", "{", &mark).await.unwrap();
}

/// What a person does to a draft.
#[derive(Clone, Debug)]
enum Act {
    Set(bool, u8, String),
    Typed(bool, u8, String),
    Save(bool),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        (any::<bool>(), 0..3_u8, "[a-z]{1,3}").prop_map(|(who, stack, value)| Act::Set(who, stack, value)),
        (any::<bool>(), 0..3_u8, "[a-z]{1,3}").prop_map(|(who, stack, text)| Act::Typed(who, stack, text)),
        any::<bool>().prop_map(Act::Save),
    ]
}

/// Two people edit and save by chance; whoever meets the other takes their own side. Then what each said last of a stack is what it
/// says, unless the other said something later; and nobody's stack but those is touched.
#[test]
fn two_people_edit_by_chance() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut runner = TestRunner::new(ProptestConfig { cases: 12, ..ProptestConfig::default() });
    let acts = proptest::collection::vec(act(), 1..12);
    runner.run(&acts, |acts| runtime.block_on(by_chance(acts))).unwrap();
}

async fn by_chance(acts: Vec<Act>) -> Result<(), TestCaseError> {
    let study = Study::new().await;
    let deploy = study.deploy();
    let people = [&study.ada, &study.grace];
    let mut wanted: BTreeMap<String, String> = BTreeMap::new();
    let mut drafts: [BTreeMap<String, String>; 2] = Default::default();
    let ends = [Act::Save(true), Act::Save(false)];
    for act in acts.into_iter().chain(ends) {
        match act {
            Act::Set(who, stack, value) => {
                let (who, name) = (usize::from(who), format!("s{stack}"));
                let text = format!("{{ \"name\": \"{name}\", \"git_repo\": \"https://x.org/{value}.git\" }}");
                deploy.draft_stack_text(people[who], &name, &text, "").await.unwrap();
                drafts[who].insert(name, text);
            }
            Act::Typed(who, stack, text) => {
                let (who, name) = (usize::from(who), format!("s{stack}"));
                let draft = deploy.draft_stack_text(people[who], &name, &text, "").await.unwrap();
                prop_assert_eq!(draft.stack_text(&name), Some(text));
                deploy.draft_drop_typed(people[who], &name).await.unwrap();
            }
            Act::Save(who) => {
                let who = usize::from(who);
                let clashes = deploy.draft(people[who]).await.unwrap().clashes;
                let mine = clashes.iter().map(|clash| (clash.part.key(), Side::Mine)).collect();
                deploy.draft_rebase(people[who], &mine, "").await.unwrap();
                if deploy.draft(people[who]).await.unwrap().is_changed() {
                    deploy.draft_save(people[who], "by chance").await.unwrap();
                }
                wanted.append(&mut drafts[who]);
            }
        }
    }
    let view = deploy.catalog(&study.grace).await.unwrap();
    for (name, text) in wanted {
        prop_assert_eq!(view.snapshot.stack_text(&name).map(|one| one.text), Some(text));
    }
    let list = study.list().await;
    for line in LIST.lines().filter(|line| line.contains("git_repo")) {
        prop_assert!(list.contains(line.trim_end_matches(',')), "{list}");
    }
    Ok(())
}

#[tokio::test]
async fn a_password_in_an_address_is_kept_nowhere() {
    let study = Study::new().await;
    let (deploy, ada) = (study.deploy(), &study.ada);
    let fields: crate::deploy::Fields =
        [("source", "git"), ("repository", "https://oauth2:glpat-s3cr3t@git.example.org/w.git")]
            .map(|(name, text)| (name.to_owned(), text.to_owned()))
            .into();
    let refused = words(deploy.draft_form(ada, "web", None, &fields, "").await.unwrap_err());
    assert!(refused.for_field("repository").is_some(), "{refused:?}");
    assert!(!format!("{refused:?}").contains("s3cr3t"), "{refused:?}");
    assert!(!deploy.draft(ada).await.unwrap().is_changed());
    let problem = crate::deploy::check_repository("https://oauth2:glpat-s3cr3t@git.example.org/w.git").unwrap_err();
    assert!(!problem.contains("s3cr3t"), "{problem}");
}
