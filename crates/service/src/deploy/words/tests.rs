use std::collections::BTreeSet;

use reconcile::{
    StackState,
    model::*,
    ports::{Refusal, RefusalKind},
};
use store::ApplyState;
use types::catalog::DotenvHazard;

use super::*;

/// Names the samples of an enum and forces each variant to stand among them: a new one does not compile here until it is named,
/// and fails the count until a sample of it is there.
macro_rules! complete {
    ($samples:expr, $($pattern:pat => $name:literal),+ $(,)?) => {{
        let samples = $samples;
        let seen: BTreeSet<&str> = samples.iter().map(|one| match one { $($pattern => $name),+ }).collect();
        let all: BTreeSet<&str> = [$($name),+].into();
        assert_eq!(seen, all, "a sample of each variant");
        samples
    }};
}

fn whole(one: &impl Worded) -> Wording {
    let words = one.words();
    assert!(!words.title.trim().is_empty(), "{words:?}");
    assert!(!words.title.ends_with('.') && !words.title.contains('\n'), "{words:?}");
    assert!(words.text.ends_with(['.', '!', '?']) && words.text.starts_with(|c: char| !c.is_whitespace()), "{words:?}");
    let [page, terminal] = [Surface::Page, Surface::Terminal].map(|surface| {
        let (remedy, full) = (words.remedy.on(surface), words.full(surface));
        assert!(remedy.is_empty() || remedy.ends_with('.'), "{words:?}");
        assert!(!full.contains("..") && !full.contains("  "), "{words:?}");
        full
    });
    assert_eq!(words.remedy.on(Surface::Page).is_empty(), words.remedy.on(Surface::Terminal).is_empty(), "{words:?}");
    // A page has choices, and a terminal has flags.
    assert!(!page.contains("“--") && !page.contains(" --"), "{page}");
    for choice in ["On failure:", "Remove what", "Remove everything"] {
        assert!(!terminal.contains(choice), "{terminal}");
    }
    words
}

fn text() -> String {
    "name".to_owned()
}

fn step() -> StepId {
    StepId::of("prod", "web")
}

fn calls() -> Vec<Call> {
    complete!(
        vec![
            Call::Pull { images: vec!["a".into(), "b".into()] },
            Call::Create,
            Call::Update { id: 1 },
            Call::Configure { id: 1 },
            Call::Associate { id: 1 },
            Call::Remove { id: 1, name: text() },
        ],
        Call::Pull { .. } => "pull", Call::Create => "create", Call::Update { .. } => "update",
        Call::Configure { .. } => "configure", Call::Associate { .. } => "associate", Call::Remove { .. } => "remove",
    )
}

fn conditions() -> Vec<Condition> {
    complete!(
        vec![
            Condition::Well, Condition::Done, Condition::Pending, Condition::NotStarted, Condition::Unhealthy,
            Condition::CrashLooping, Condition::Exited { code: 3 }, Condition::Exited { code: -1 }, Condition::Paused,
        ],
        Condition::Well => "well", Condition::Done => "done", Condition::Pending => "pending",
        Condition::NotStarted => "not started", Condition::Unhealthy => "unhealthy",
        Condition::CrashLooping => "looping", Condition::Exited { .. } => "exited", Condition::Paused => "paused",
    )
}

fn troubles() -> Vec<Trouble> {
    complete!(
        vec![
            Trouble::Reference { url: text(), reference: None, detail: "no answer.".into() },
            Trouble::Secret { name: text(), detail: "it is not there".into() },
            Trouble::Compose { path: text(), detail: "line 3".into() },
            Trouble::Catalog { detail: "wrong".into() },
        ],
        Trouble::Reference { .. } => "reference", Trouble::Secret { .. } => "secret",
        Trouble::Compose { .. } => "compose", Trouble::Catalog { .. } => "catalog",
    )
}

fn refusals() -> Vec<Refusal> {
    let kinds = complete!(
        vec![
            RefusalKind::Unavailable, RefusalKind::Conflict, RefusalKind::NotFound, RefusalKind::Invalid,
            RefusalKind::Deploy, RefusalKind::Unsupported,
        ],
        RefusalKind::Unavailable => "unavailable", RefusalKind::Conflict => "conflict",
        RefusalKind::NotFound => "not found", RefusalKind::Invalid => "invalid", RefusalKind::Deploy => "deploy",
        RefusalKind::Unsupported => "unsupported",
    );
    kinds
        .into_iter()
        .flat_map(|kind| {
            [(500, "it broke"), (0, "")].map(|(status, said)| Refusal { kind, status, message: said.into() })
        })
        .collect()
}

fn causes() -> Vec<FailureCause> {
    let unwell = || {
        vec![
            UnwellContainer { service: "a".into(), container: String::new(), condition: None },
            UnwellContainer { service: "b".into(), container: "b1".into(), condition: None },
            UnwellContainer { service: "c".into(), container: "c1".into(), condition: Some(Condition::Unhealthy) },
        ]
    };
    let mut causes = complete!(
        vec![
            FailureCause::Moved,
            FailureCause::Secret { name: text(), detail: "gone".into() },
            FailureCause::UnsafeValue { variable: text(), hazard: DotenvHazard::ControlCharacter },
            FailureCause::Unrenderable { detail: "no digest".into() },
            FailureCause::Refused { call: Call::Create, refusal: refusals().remove(0) },
            FailureCause::OutcomeUnknown { call: Call::Create, detail: "timed out.".into() },
            FailureCause::OtherCommit { planned: "a".repeat(40), found: String::new() },
            FailureCause::Unwell { containers: unwell() },
            FailureCause::TimedOut { pending: unwell() },
            FailureCause::BrokeOff,
            FailureCause::NotAsDesired,
            FailureCause::Unobservable { detail: "no answer".into() },
            FailureCause::Journal { detail: "disk full".into() },
            FailureCause::LockLost,
        ],
        FailureCause::Moved => "moved", FailureCause::Secret { .. } => "secret",
        FailureCause::UnsafeValue { .. } => "unsafe",
        FailureCause::Unrenderable { .. } => "unrenderable", FailureCause::Refused { .. } => "refused",
        FailureCause::OutcomeUnknown { .. } => "unknown", FailureCause::OtherCommit { .. } => "other commit",
        FailureCause::Unwell { .. } => "unwell", FailureCause::TimedOut { .. } => "timed out",
        FailureCause::BrokeOff => "broke off", FailureCause::NotAsDesired => "not as desired",
        FailureCause::Unobservable { .. } => "unobservable", FailureCause::Journal { .. } => "journal",
        FailureCause::LockLost => "lock lost",
    );
    causes.extend(calls().into_iter().flat_map(|call| {
        refusals().into_iter().map(move |refusal| FailureCause::Refused { call: call.clone(), refusal })
    }));
    causes
}

fn verdicts() -> Vec<Verdict> {
    let mut rollbacks = complete!(
        vec![
            RollbackOutcome::Restored { revision: 3 },
            RollbackOutcome::Removed,
            RollbackOutcome::NothingToRestore,
            RollbackOutcome::Failed { cause: Box::new(FailureCause::LockLost) },
        ],
        RollbackOutcome::Restored { .. } => "restored", RollbackOutcome::Removed => "removed",
        RollbackOutcome::NothingToRestore => "nothing", RollbackOutcome::Failed { .. } => "failed",
    );
    let skipped = complete!(
        vec![SkippedBecause::Dependency { step: step() }, SkippedBecause::EarlierFailure, SkippedBecause::Cancelled],
        SkippedBecause::Dependency { .. } => "dependency", SkippedBecause::EarlierFailure => "earlier",
        SkippedBecause::Cancelled => "cancelled",
    );
    let mut verdicts = vec![Verdict::Healthy, Verdict::Removed];
    verdicts.extend(causes().into_iter().map(|cause| Verdict::Failed { cause, rollback: None }));
    verdicts.extend(
        rollbacks.drain(..).map(|one| Verdict::Failed { cause: FailureCause::NotAsDesired, rollback: Some(one) }),
    );
    verdicts.extend(skipped.into_iter().map(|because| Verdict::Skipped { because }));
    complete!(
        verdicts,
        Verdict::Healthy => "healthy", Verdict::Removed => "removed", Verdict::Failed { .. } => "failed",
        Verdict::Skipped { .. } => "skipped",
    )
}

#[test]
fn every_failure_has_a_remedy() {
    for cause in causes() {
        let words = whole(&cause);
        assert!(!words.remedy.is_empty(), "{cause:?}");
    }
    for verdict in verdicts().iter().filter(|one| !one.is_success()) {
        assert!(!whole(verdict).remedy.is_empty(), "{verdict:?}");
    }
}

#[test]
fn every_blocked_cause_says_what_to_do() {
    let names = || vec!["a".to_owned(), "b".to_owned(), "c".to_owned()];
    let mut causes = complete!(
        vec![
            BlockedCause::Trouble { trouble: troubles().remove(0) },
            BlockedCause::EnvironmentMissing,
            BlockedCause::EnvironmentDown,
            BlockedCause::BadName,
            BlockedCause::NameTaken { titles: names() },
            BlockedCause::SeveralRows { ids: vec![1, 2] },
            BlockedCause::DependencyMissing { name: text() },
            BlockedCause::DependencyBlocked { name: text() },
            BlockedCause::DependencyCycle { names: names() },
            BlockedCause::UnsafeValue { variable: text(), hazard: DotenvHazard::Unquotable },
            BlockedCause::BadVariable { variable: text() },
            BlockedCause::CannotAdopt { rows_on: names() },
            BlockedCause::CannotAdopt { rows_on: Vec::new() },
            BlockedCause::FormerProject { name: text() },
            BlockedCause::LivesTwice { names: names() },
            BlockedCause::Deploying,
            BlockedCause::Protected { reasons: vec![Reason::TextToGit, Reason::Stopped] },
        ],
        BlockedCause::Trouble { .. } => "trouble", BlockedCause::EnvironmentMissing => "missing",
        BlockedCause::EnvironmentDown => "down", BlockedCause::BadName => "bad name",
        BlockedCause::NameTaken { .. } => "taken", BlockedCause::SeveralRows { .. } => "several",
        BlockedCause::DependencyMissing { .. } => "dependency missing",
        BlockedCause::DependencyBlocked { .. } => "dependency blocked",
        BlockedCause::DependencyCycle { .. } => "cycle", BlockedCause::UnsafeValue { .. } => "line break",
        BlockedCause::BadVariable { .. } => "variable", BlockedCause::CannotAdopt { .. } => "adopt",
        BlockedCause::FormerProject { .. } => "former", BlockedCause::LivesTwice { .. } => "twice",
        BlockedCause::Deploying => "deploying", BlockedCause::Protected { .. } => "protected",
    );
    causes.extend(troubles().into_iter().map(|trouble| BlockedCause::Trouble { trouble }));
    for cause in causes {
        assert!(!whole(&cause).remedy.is_empty(), "{cause:?}");
    }
}

fn reasons() -> Vec<Reason> {
    let secret = || Shown::Secret { name: "db".into(), version: 4 };
    let polling = |interval: Option<&str>, webhook| AutoUpdate { interval: interval.map(Into::into), webhook };
    complete!(
        vec![
            Reason::Absent,
            Reason::RunsWithoutRow { containers: 1 },
            Reason::Orphan { id: 4 },
            Reason::FormerName { name: text() },
            Reason::CommitMoved { from: String::new(), to: "b".repeat(40) },
            Reason::ReferenceChanged { from: String::new(), to: "v2".into() },
            Reason::RepositoryChanged { from: "a".into(), to: "b".into() },
            Reason::FilesChanged { from: vec!["a".into()], to: Vec::new() },
            Reason::TextToGit,
            Reason::GitToText,
            Reason::TextChanged,
            Reason::KindChanged { from: StackKind::Compose, to: StackKind::Swarm },
            Reason::VariableAdded { name: text(), value: Shown::Plain("x".into()) },
            Reason::VariableChanged { name: text(), from: Shown::Hidden, to: secret() },
            Reason::VariableRemoved { name: text() },
            Reason::ImageDigest { service: text(), running: "sha256:aa".into(), wanted: format!("sha256:{}", "b".repeat(64)) },
            Reason::ContainerMissing { service: text() },
            Reason::ContainerMissing { service: String::new() },
            Reason::ContainerBad { service: text(), container: text(), condition: Condition::Unhealthy },
            Reason::Stopped,
            Reason::DeployFailed,
            Reason::EditedByHand { what: HandEdit::Removed },
            Reason::EditedByHand { what: HandEdit::Source },
            Reason::EditedByHand { what: HandEdit::Variable(text()) },
            Reason::EditedByHand { what: HandEdit::Container(text()) },
            Reason::AutoUpdateOn { auto_update: polling(Some("5m"), false) },
            Reason::AutoUpdateOn { auto_update: polling(Some("5m"), true) },
            Reason::AutoUpdateOn { auto_update: polling(None, true) },
            Reason::NotInCatalog { prune: Prune::Managed },
            Reason::NotInCatalog { prune: Prune::All },
        ],
        Reason::Absent => "absent", Reason::RunsWithoutRow { .. } => "without row", Reason::Orphan { .. } => "orphan",
        Reason::FormerName { .. } => "former", Reason::CommitMoved { .. } => "commit",
        Reason::ReferenceChanged { .. } => "reference", Reason::RepositoryChanged { .. } => "repository",
        Reason::FilesChanged { .. } => "files", Reason::TextToGit => "to git", Reason::GitToText => "to text",
        Reason::TextChanged => "text", Reason::KindChanged { .. } => "kind", Reason::VariableAdded { .. } => "added",
        Reason::VariableChanged { .. } => "changed", Reason::VariableRemoved { .. } => "removed",
        Reason::ImageDigest { .. } => "image", Reason::ContainerMissing { .. } => "missing",
        Reason::ContainerBad { .. } => "bad", Reason::Stopped => "stopped", Reason::DeployFailed => "failed",
        Reason::EditedByHand { .. } => "edited", Reason::AutoUpdateOn { .. } => "polling",
        Reason::NotInCatalog { .. } => "surplus",
    )
}

#[test]
fn every_reason_has_words() {
    for reason in reasons() {
        whole(&reason);
    }
    let changed = Reason::VariableChanged {
        name: "PASSWORD".into(),
        from: Shown::Hidden,
        to: Shown::Secret { name: "db".into(), version: 4 },
    };
    assert_eq!(changed.words().text, "The variable PASSWORD changes from a hidden value to secret db (version 4).");
}

#[test]
fn every_warning_has_words() {
    [DotenvHazard::ControlCharacter, DotenvHazard::Unquotable].iter().for_each(|one| drop(whole(one)));
    let warnings = complete!(
        vec![
            WarningKind::FailedUpdateTakesDown,
            WarningKind::RelativeBindMount { service: text(), source: "./x".into() },
            WarningKind::FloatingImage { service: text(), image: text() },
            WarningKind::VolumesStayBehind { former_name: text() },
            WarningKind::DownBetween,
            WarningKind::Pinned { revision: 2, catalog_differs: true },
            WarningKind::Pinned { revision: 2, catalog_differs: false },
            WarningKind::NotInCatalog { managed: true },
            WarningKind::NotInCatalog { managed: false },
            WarningKind::UnknownStatus { status: 9 },
            WarningKind::StillStarting { service: text() },
            WarningKind::ServiceLeftOver { service: text() },
            WarningKind::PortClash { port: 80, protocol: "tcp".into(), other: text() },
            WarningKind::NoComposeFacts,
        ],
        WarningKind::FailedUpdateTakesDown => "down", WarningKind::RelativeBindMount { .. } => "bind",
        WarningKind::FloatingImage { .. } => "floating",
        WarningKind::VolumesStayBehind { .. } => "volumes", WarningKind::DownBetween => "between",
        WarningKind::Pinned { .. } => "pinned", WarningKind::NotInCatalog { .. } => "surplus",
        WarningKind::UnknownStatus { .. } => "status", WarningKind::StillStarting { .. } => "starting",
        WarningKind::ServiceLeftOver { .. } => "left", WarningKind::PortClash { .. } => "port",
        WarningKind::NoComposeFacts => "facts",
    );
    for kind in warnings {
        whole(&Warning { environment: text(), stack: text(), kind });
    }
}

#[test]
fn every_action_event_and_state_has_words() {
    let actions = complete!(
        vec![
            Action::Create, Action::Update { id: 1 }, Action::Redeploy { id: 1 }, Action::Configure { id: 1 },
            Action::Adopt { from: AdoptFrom::Project }, Action::Adopt { from: AdoptFrom::Orphan { id: 1 } },
            Action::Rename { id: 1, from: text() }, Action::Recreate { id: 1 }, Action::Remove { id: 1 },
        ],
        Action::Create => "create", Action::Update { .. } => "update", Action::Redeploy { .. } => "redeploy",
        Action::Configure { .. } => "configure", Action::Adopt { .. } => "adopt", Action::Rename { .. } => "rename",
        Action::Recreate { .. } => "recreate", Action::Remove { .. } => "remove",
    );
    actions.iter().for_each(|one| drop(whole(one)));
    let mut events = complete!(
        vec![
            EventKind::Begun { resumed: false },
            EventKind::Begun { resumed: true },
            EventKind::StepBegun { step: step() },
            EventKind::Calling { step: step(), call: Call::Create },
            EventKind::OutcomeUnknown { step: step(), call: Call::Create },
            EventKind::Container { step: step(), service: text(), container: text(), condition: Condition::Well },
            EventKind::Settling { step: step() },
            EventKind::RollingBack { step: step() },
            EventKind::StepEnded { step: step(), verdict: Verdict::Healthy },
            EventKind::Ended { verdict: ApplyVerdict::Failed },
        ],
        EventKind::Begun { .. } => "begun", EventKind::StepBegun { .. } => "step", EventKind::Calling { .. } => "calling",
        EventKind::OutcomeUnknown { .. } => "unknown", EventKind::Container { .. } => "container",
        EventKind::Settling { .. } => "settling", EventKind::RollingBack { .. } => "back",
        EventKind::StepEnded { .. } => "ended", EventKind::Ended { .. } => "end",
    );
    events.extend(calls().into_iter().map(|call| EventKind::Calling { step: step(), call }));
    events.extend(verdicts().into_iter().map(|verdict| EventKind::StepEnded { step: step(), verdict }));
    events.iter().for_each(|one| drop(whole(one)));
    conditions().iter().for_each(|one| drop(whole(one)));
    refusals().iter().for_each(|one| drop(whole(one)));
    [ApplyVerdict::Succeeded, ApplyVerdict::Cancelled, ApplyVerdict::Failed].iter().for_each(|one| drop(whole(one)));
    [Risk::None, Risk::Interrupts, Risk::TakesDownOnFailure, Risk::DownBetween, Risk::Removes]
        .iter()
        .for_each(|one| drop(whole(one)));
    [Prune::No, Prune::Managed, Prune::All].iter().for_each(|one| drop(whole(one)));
    [OnFailure::Stop, OnFailure::Continue, OnFailure::RollBack].iter().for_each(|one| drop(whole(one)));
    [Reach::Up, Reach::Down, Reach::Missing].iter().for_each(|one| drop(whole(one)));
    [Generation::TakesDown, Generation::KeepsUp].iter().for_each(|one| drop(whole(one)));
    [ApplyState::Running, ApplyState::Succeeded, ApplyState::Cancelled, ApplyState::Failed]
        .iter()
        .for_each(|one| drop(whole(one)));
    [Shown::Plain(text()), Shown::Hidden].iter().for_each(|one| drop(whole(one)));
    [
        StackState::InStep,
        StackState::Starting,
        StackState::Changes,
        StackState::Drifted,
        StackState::Blocked,
        StackState::Surplus,
        StackState::Unknown,
    ]
    .iter()
    .for_each(|one| drop(whole(one)));
}

#[test]
fn moments_and_lengths_are_read_by_people() {
    assert_eq!(moment(0), "1970-01-01 00:00:00 UTC");
    assert_eq!(moment(i64::MAX), i64::MAX.to_string());
    let lengths = [(-5, "0 ms"), (340, "340 ms"), (12_999, "12 s"), (185_000, "3 min 5 s"), (7_800_000, "2 h 10 min")];
    for (duration, words) in lengths {
        assert_eq!(lasting(duration), words);
    }
    assert_eq!(short(""), "none");
    assert_eq!(short("none+phoenix_vm_configs.json=ab"), "none");
    assert_eq!(short_digest(&format!("sha256:{}", "c".repeat(64))), "cccccccccccc");
}
