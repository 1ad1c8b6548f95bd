//! Two people change the catalog at once: parts that only one of them touched go over by themselves.

use std::collections::BTreeMap;

use catalog::{
    Edit, GUESTS_FILE, HYPERVISOR_FILE, Part, STACKS_FILE, Side, Snapshot, apply_edits, changed_parts, read, rebase,
};
use proptest::prelude::*;
use types::catalog::{Assignment, Stack, StackSource, Variable};

const STACKS: &str = "{\n  \"x-note\": \"kept\",\n  \"docker_stacks\": [\n    {\"name\": \"s0\", \"git_repo\": \"https://x.org/0.git\", \"x\": 1.50e+1},\n    {\n      \"name\": \"s1\",\n      \"git_repo\": \"https://x.org/1.git\",\n      \"env\": [ {\"name\": \"A\", \"value\": \"1\"} ]\n    },\n    {\"name\": \"s2\", \"git_repo\": \"https://x.org/2.git\", \"depends_on\": [\"s0\"]},\n    {\"name\": \"s3\", \"git_repo\": \"https://x.org/3.git\"}\n  ]\n}\n";
const GUESTS: &str = "{\n  \"vms\": [\n    {\"vmid\": 1, \"name\": \"g0\", \"portainer_environment_name\": \"g0\", \"docker_stacks\": [\"s0\", \"s1\"]},\n    {\"vmid\": 2, \"name\": \"g1\", \"portainer_environment_name\": \"g1\", \"docker_stacks\": [\"s2\"]}\n  ]\n}\n";
const HYPERVISOR: &str = "{\"portainer_api\": {\"url\": \"https://p\", \"password\": \"hunter2\"}}\n";

fn base() -> Snapshot {
    Snapshot::of_texts([
        (STACKS_FILE, STACKS),
        (GUESTS_FILE, GUESTS),
        (HYPERVISOR_FILE, HYPERVISOR),
        ("stacks/s3/docker-compose.yml", "services: {}\n"),
    ])
}

fn edited(snapshot: &Snapshot, edits: &[Edit]) -> Snapshot {
    // Edits that can't be made are skipped, as a person skips them.
    edits.iter().fold(snapshot.clone(), |snapshot, edit| match apply_edits(&snapshot, std::slice::from_ref(edit)) {
        Ok(changes) => snapshot.with(&changes),
        Err(_) => snapshot,
    })
}

fn set(stack: &str, value: &str) -> Edit {
    Edit::SetVariable { stack: stack.into(), environment: None, variable: Variable::plain("A", value) }
}

fn none() -> BTreeMap<Part, Side> {
    BTreeMap::new()
}

#[test]
fn what_does_not_touch_goes_over_by_itself() {
    let new = Edit::SetStack(Box::new(Stack::new("new", StackSource::git("https://x.org/n.git"))));
    let newer = Edit::SetStack(Box::new(Stack::new("newer", StackSource::git("https://x.org/m.git"))));
    let assign = |stack: &str| Edit::Assign {
        guest: "g0".into(),
        assignment: Assignment { stack: stack.into(), environment: None },
    };
    let theirs = edited(
        &base(),
        &[set("s1", "theirs"), new, assign("new"), Edit::Unassign { guest: "g1".into(), stack: "s2".into() }],
    );
    let mine = edited(&base(), &[newer, set("s2", "mine"), assign("newer"), Edit::RemoveStack { name: "s3".into() }]);
    let done = rebase(&base(), &theirs, &mine, &none());
    assert!(done.clashes.is_empty(), "{:#?}", done.clashes);
    let all = edited(&base(), &[set("s1", "theirs"), set("s2", "mine"), Edit::RemoveStack { name: "s3".into() }]);
    let reading = read(&done.snapshot);
    let names: Vec<&str> = reading.catalog.stacks.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["s0", "s1", "s2", "new", "newer"]);
    let entry = |snapshot: &Snapshot, name: &str| snapshot.stack_text(name).unwrap().text;
    for name in ["s0", "s1", "s2"] {
        assert_eq!(entry(&done.snapshot, name), entry(&all, name));
    }
    assert!(done.snapshot.text(GUESTS_FILE).unwrap().contains("[\"s0\", \"s1\", \"new\", \"newer\"]"));
    assert!(done.snapshot.text(GUESTS_FILE).unwrap().contains("\"docker_stacks\": []"));
    assert!(done.snapshot.text(STACKS_FILE).unwrap().contains("\"x-note\": \"kept\""));
}

#[test]
fn of_what_both_changed_both_sides_are_kept_for_a_choice() {
    let theirs = edited(&base(), &[set("s1", "theirs")]);
    let mine = edited(&base(), &[set("s1", "mine"), set("s2", "mine")]);
    let part = Part::Stack("s1".into());
    let done = rebase(&base(), &theirs, &mine, &none());
    assert_eq!(done.clashes.len(), 1);
    let clash = &done.clashes[0];
    assert_eq!(clash.part, part);
    assert!(clash.base.as_ref().unwrap().contains("\"1\"") && clash.theirs.as_ref().unwrap().contains("theirs"));
    assert!(clash.mine.as_ref().unwrap().contains("mine"));
    assert!(done.snapshot.text(STACKS_FILE).unwrap().contains("theirs"), "until then theirs stands");
    for (side, word) in [(Side::Theirs, "theirs"), (Side::Mine, "mine")] {
        let done = rebase(&base(), &theirs, &mine, &BTreeMap::from([(part.clone(), side)]));
        assert!(done.clashes.is_empty());
        assert!(done.snapshot.stack_text("s1").unwrap().text.contains(word));
        assert!(done.snapshot.stack_text("s2").unwrap().text.contains("mine"));
    }
    // Both the same is no clash.
    assert!(rebase(&base(), &mine, &mine, &none()).clashes.is_empty());
}

#[test]
fn a_removal_of_what_is_needed_by_now_is_a_clash_that_says_why() {
    let on = Edit::Assign { guest: "g1".into(), assignment: Assignment { stack: "s3".into(), environment: None } };
    let theirs = edited(&base(), &[on]);
    let mine = edited(&base(), &[Edit::RemoveStack { name: "s3".into() }]);
    let done = rebase(&base(), &theirs, &mine, &none());
    assert!(done.clashes[0].refused.as_ref().unwrap().contains("g1"), "{:#?}", done.clashes);
    let kept = rebase(&base(), &theirs, &mine, &BTreeMap::from([(Part::Stack("s3".into()), Side::Theirs)]));
    assert!(kept.clashes.is_empty() && kept.snapshot.stack_text("s3").is_some());
}

#[test]
fn what_is_more_than_entries_is_taken_as_a_whole() {
    let mine = Snapshot::of_texts([(STACKS_FILE, STACKS.replace("kept", "changed"))]);
    let of = Snapshot::of_texts([(STACKS_FILE, STACKS)]);
    assert_eq!(changed_parts(&of, &mine), [Part::File(STACKS_FILE.into())]);
    let done = rebase(&of, &edited(&of, &[set("s1", "2")]), &mine, &none());
    assert_eq!(done.clashes.len(), 1);
    assert!(rebase(&of, &of, &mine, &none()).snapshot.text(STACKS_FILE) == mine.text(STACKS_FILE));
}

#[test]
fn texts_to_keep_hold_no_secret_and_give_the_same_again() {
    let edit = Edit::SetText { path: HYPERVISOR_FILE.into(), text: Some(HYPERVISOR.replace("https://p", "https://q")) };
    let mine = edited(&base(), &[edit, set("s1", "mine")]);
    let texts = base().texts_to(&mine).unwrap();
    assert!(!format!("{texts:?}").contains("hunter2"));
    assert_eq!(base().with_texts(&texts).unwrap(), mine);
    let typed = Edit::SetText { path: HYPERVISOR_FILE.into(), text: Some(HYPERVISOR.replace("hunter2", "hunter3")) };
    assert!(base().texts_to(&edited(&base(), &[typed])).is_err(), "a secret that is new has no place in a draft");
}

fn edit() -> impl Strategy<Value = Edit> {
    let stack = || (0..6_u8).prop_map(|n| format!("s{n}"));
    let guest = || (0..2_u8).prop_map(|n| format!("g{n}"));
    prop_oneof![
        (stack(), "[a-z]{1,3}", "[AB]").prop_map(|(stack, value, name)| Edit::SetVariable {
            stack,
            environment: None,
            variable: Variable::plain(name, value)
        }),
        (stack(), "[a-z]{1,3}").prop_map(|(name, repo)| Edit::SetStack(Box::new(Stack::new(
            name,
            StackSource::git(format!("https://x.org/{repo}.git"))
        )))),
        stack().prop_map(|name| Edit::RemoveStack { name }),
        (stack(), stack()).prop_map(|(from, to)| Edit::RenameStack { from, to: format!("{to}x") }),
        (guest(), stack(), proptest::option::of("[a-z]{2}")).prop_map(|(guest, stack, environment)| Edit::Assign {
            guest,
            assignment: Assignment { stack, environment }
        }),
        (guest(), stack()).prop_map(|(guest, stack)| Edit::Unassign { guest, stack }),
        "[a-z]{1,4}".prop_map(|text| Edit::SetText { path: "stacks/s3/docker-compose.yml".into(), text: Some(text) }),
    ]
}

/// What a snapshot says of a part; as the parts are told apart, seen from outside.
fn says(snapshot: &Snapshot, part: &Part) -> Option<String> {
    match part {
        Part::Stack(name) => snapshot.stack_text(name).map(|one| one.text),
        Part::Assignment { guest, stack } => {
            let reading = read(snapshot);
            let guest = reading.catalog.guest(guest)?.clone();
            guest.assignments.into_iter().find(|one| one.stack == *stack).map(|one| format!("{:?}", one.environment))
        }
        Part::File(path) => snapshot.text(path).map(str::to_owned),
    }
}

proptest! {
    #[test]
    fn nothing_is_lost(a in proptest::collection::vec(edit(), 0..5), b in proptest::collection::vec(edit(), 0..5)) {
        let (theirs, mine) = (edited(&base(), &a), edited(&base(), &b));
        let (my_parts, their_parts) = (changed_parts(&base(), &mine), changed_parts(&base(), &theirs));
        // Alone, a change goes over to the byte.
        let alone = rebase(&base(), &base(), &mine, &none());
        prop_assert!(alone.clashes.is_empty());
        for part in &my_parts {
            prop_assert_eq!(says(&alone.snapshot, part), says(&mine, part), "{:?}", part);
        }
        let done = rebase(&base(), &theirs, &mine, &none());
        let clashing: Vec<&Part> = done.clashes.iter().map(|clash| &clash.part).collect();
        let whole = |parts: &[Part]| parts.iter().any(|part| matches!(part, Part::File(path) if path.ends_with(".json")));
        if whole(&my_parts) || whole(&their_parts) {
            return Ok(());
        }
        for part in my_parts.iter().filter(|part| !clashing.contains(part)) {
            prop_assert_eq!(says(&done.snapshot, part), says(&mine, part), "mine: {:?}", part);
        }
        for part in their_parts.iter().filter(|part| !my_parts.contains(part)) {
            prop_assert_eq!(says(&done.snapshot, part), says(&theirs, part), "theirs: {:?}", part);
        }
        for name in ["s0", "s1", "s2", "s3"] {
            let part = Part::Stack(name.into());
            if !my_parts.contains(&part) && !their_parts.contains(&part) {
                prop_assert_eq!(says(&done.snapshot, &part), says(&base(), &part), "untouched: {}", name);
            }
        }
        // With a choice for each, only what can't be done is left.
        let choices = done.clashes.iter().map(|clash| (clash.part.clone(), Side::Mine)).collect();
        prop_assert!(rebase(&base(), &theirs, &mine, &choices).clashes.iter().all(|clash| clash.refused.is_some()));
        let choices = done.clashes.iter().map(|clash| (clash.part.clone(), Side::Theirs)).collect();
        prop_assert!(rebase(&base(), &theirs, &mine, &choices).clashes.is_empty());
    }
}
