//! Two processes on one PostgreSQL, and databases that fail for a while.

use std::{path::Path, time::Duration};

use tokio::{
    io::copy_bidirectional,
    net::{UnixListener, UnixStream},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use types::{GenerationEvent, GenerationState, MessageStatus, ProblemCode, Role};

use super::support::{House, Person, Place, eventually, settings};

async fn two_places(house: &House) -> (Place, Place) {
    let one = Place::new(house).await;
    let two = house.open(service::ServiceSettings { instance: "two".into(), ..settings() }).await;
    (one, two)
}

#[tokio::test]
async fn an_answer_can_be_read_and_stopped_through_another_process() {
    let house = House::postgres().await;
    let (one, two) = two_places(&house).await;
    let here = one.person("anna").await;
    let there = two.session_of(here.id()).await;
    let generation = here.begin("Hello").await;
    let call = one.puppet.call().await;
    let mut from_start = there.watch(generation.id, 0).await;
    assert!(matches!(from_start.next().await, Some(GenerationEvent::Open { .. })), "at once, before any text");
    call.text("one ");
    from_start.until("one ").await;
    // A reader that changes over to the other process in mid-answer.
    call.text("two ");
    let mut moved = here.watch(generation.id, 0).await;
    moved.until("two ").await;
    let mut moved_on = there.watch(generation.id, moved.n).await;
    moved_on.text = moved.text;
    call.text("three");
    from_start.until("three").await;
    moved_on.until("three").await;
    assert_eq!((from_start.text.as_str(), moved_on.text.as_str()), ("one two three", "one two three"));

    let busy = there.try_send(Some(generation.conversation), "More").await.unwrap_err();
    assert_eq!(busy.code(), ProblemCode::Conflict, "the database knows that an answer is being written");

    two.services.chat().stop(there.member(), generation.id).await.unwrap();
    call.dropped.cancelled().await;
    for reader in [&mut from_start, &mut moved_on] {
        assert_eq!(reader.until_end().await, GenerationState::Stopped);
        assert_eq!(reader.text, "one two three");
    }
    // After the end, from any process.
    let mut late = there.watch(generation.id, 1).await;
    assert_eq!(late.until_end().await, GenerationState::Stopped);
    assert_eq!(late.text, "one two three");
    two.shut_down().await;
    one.shut_down().await;
}

#[tokio::test]
async fn deleting_through_another_process_stops_the_answer() {
    let house = House::postgres().await;
    let (one, two) = two_places(&house).await;
    let here = one.person("anna").await;
    let there = two.session_of(here.id()).await;
    let generation = here.begin("Hello").await;
    let call = one.puppet.call().await;
    let mut reader = there.watch(generation.id, 0).await;
    call.text("half");
    reader.until("half").await;
    two.services.chat().delete(there.member(), generation.conversation).await.unwrap();
    call.dropped.cancelled().await;
    assert_eq!(reader.until_end().await, GenerationState::Stopped);
    two.shut_down().await;
    one.shut_down().await;
}

/// Where a disabled person's answer is called off: at once in the process that was told, within a second elsewhere.
async fn disabled_in_mid_answer(writing: &Place, disabling: &Place, within: Duration) {
    let anna = writing.person("anna").await;
    let admin = disabling.somebody("ada", Role::Administrator).await;
    let generation = anna.begin("Hello").await;
    let call = writing.puppet.call().await;
    let mut reader = anna.watch(generation.id, 0).await;
    call.text("half");
    reader.until("half").await;
    let admin = admin.viewer.admin().unwrap();
    disabling.services.people().disable(admin, anna.id()).await.unwrap();
    let told = std::time::Instant::now();
    call.dropped.cancelled().await;
    assert!(told.elapsed() <= within, "the upstream was let go after {:?}", told.elapsed());
    // The stream ends with the session, or a moment before with the answer.
    while reader.next().await.is_some() {}
    assert!(told.elapsed() <= Duration::from_secs(1), "the stream ended after {:?}", told.elapsed());
    let user = anna.id();
    let message = eventually(async || {
        let (_, message) = writing.store.message(user, generation.message).await.unwrap().unwrap();
        (message.status != MessageStatus::Running).then_some(message)
    })
    .await;
    assert_eq!((message.text.as_str(), message.status), ("half", MessageStatus::Stopped));
    let late = anna.try_send(None, "More").await.unwrap_err();
    assert_eq!(late.code(), ProblemCode::NotFound, "nor does a request that was let in before start another");
}

#[tokio::test]
async fn disabling_a_person_stops_their_answers_at_once() {
    let house = House::new();
    let place = Place::new(&house).await;
    disabled_in_mid_answer(&place, &place, Duration::from_millis(100)).await;
    place.shut_down().await;
}

#[tokio::test]
async fn disabling_through_another_process_stops_the_answers_within_a_second() {
    let house = House::postgres().await;
    let (one, two) = two_places(&house).await;
    disabled_in_mid_answer(&one, &two, Duration::from_secs(1)).await;
    two.shut_down().await;
    one.shut_down().await;
}

/// Both look, both see the conversation free, both write.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_write_one_answer() {
    let house = House::postgres().await;
    let (one, two) = two_places(&house).await;
    let here = one.person("anna").await;
    let there = two.session_of(here.id()).await;
    let conversation = here.exchange(&one, None, "Hello", "Hi").await.conversation;
    for round in 0..10 {
        let (left, right) = tokio::join!(
            here.try_send(Some(conversation), "from the left"),
            there.try_send(Some(conversation), "from the right")
        );
        let (won, lost) = match (left, right) {
            (Ok(won), Err(lost)) => ((&one, &here, won), lost),
            (Err(lost), Ok(won)) => ((&two, &there, won), lost),
            both => panic!("round {round}: one of two, not {both:?}"),
        };
        assert_eq!(lost.code(), ProblemCode::Conflict, "round {round}: {lost:?}");
        assert!(lost.problem().message.contains("still being written"), "{}", lost.problem().message);
        let (place, person, generation) = won;
        place.puppet.call().await.finish();
        person.message_when(place, generation.message, MessageStatus::Failed).await;
    }
    two.shut_down().await;
    one.shut_down().await;
}

/// The story of a database that fails in mid-answer: readers go on, and in the end all is stored.
async fn text_survives(place: &Place, anna: &Person, fail: impl AsyncFnOnce(), mend: impl AsyncFnOnce()) {
    let generation = anna.begin("Hello").await;
    let call = place.puppet.call().await;
    let mut reader = anna.watch(generation.id, 0).await;
    call.text("before ");
    reader.until("before ").await;
    fail().await;
    // Slowly, so that writes are tried in between.
    for n in 0..20 {
        call.text(&format!("{n} "));
        reader.until(&format!("{n} ")).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    call.text("after");
    mend().await;
    let user = anna.id();
    let whole = format!("before {}after", (0..20).map(|n| format!("{n} ")).collect::<String>());
    eventually(async || {
        let (_, message) = place.store.message(user, generation.message).await.ok()??;
        (message.status == MessageStatus::Running && message.text == whole).then_some(())
    })
    .await;
    call.text("!");
    call.finish();
    assert_eq!(reader.until_end().await, GenerationState::Complete);
    assert_eq!(reader.text, format!("{whole}!"));
    assert_eq!(anna.message(generation.message).await.text, reader.text);
}

#[tokio::test]
async fn text_waits_in_memory_while_the_database_refuses_it() {
    let house = House::new();
    let place = Place::new(&house).await;
    let anna = place.person("anna").await;
    let run = async |sql: &'static str| house.database.run(&place.store, sql).await.unwrap();
    text_survives(
        &place,
        &anna,
        async || run("ALTER TABLE pieces RENAME TO lost").await,
        async || run("ALTER TABLE lost RENAME TO pieces").await,
    )
    .await;
    place.shut_down().await;
}

#[tokio::test]
async fn readers_hear_of_the_end_although_it_cannot_be_stored_yet() {
    let house = House::new();
    let place = Place::new(&house).await;
    let anna = place.person("anna").await;
    let generation = anna.begin("Hello").await;
    let call = place.puppet.call().await;
    let mut reader = anna.watch(generation.id, 0).await;
    call.text("all");
    reader.until("all").await;
    house.database.run(&place.store, "ALTER TABLE pieces RENAME TO lost").await.unwrap();
    call.finish();
    assert_eq!(reader.until_end().await, GenerationState::Complete);
    house.database.run(&place.store, "ALTER TABLE lost RENAME TO pieces").await.unwrap();
    let message = anna.message_when(&place, generation.message, MessageStatus::Complete).await;
    assert_eq!(message.text, "all");
    place.shut_down().await;
}

/// Stands between the program and PostgreSQL's socket, and can be cut.
struct Wire {
    folder: tempfile::TempDir,
    server: String,
    cut: CancellationToken,
    tasks: TaskTracker,
}

impl Wire {
    fn new(server: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut wire =
            Self { folder, server: server.to_owned(), cut: CancellationToken::new(), tasks: TaskTracker::new() };
        wire.mend();
        wire
    }

    fn mend(&mut self) {
        self.cut = CancellationToken::new();
        self.tasks = TaskTracker::new();
        let socket = self.folder.path().join(".s.PGSQL.5432");
        let listener = UnixListener::bind(&socket).unwrap();
        let target = Path::new(&self.server).join(".s.PGSQL.5432");
        let (cut, tasks) = (self.cut.clone(), self.tasks.clone());
        self.tasks.spawn(async move {
            while let Some(Ok((mut near, _))) = cut.run_until_cancelled(listener.accept()).await {
                let (target, cut) = (target.clone(), cut.clone());
                tasks.spawn(async move {
                    let mut far = UnixStream::connect(&target).await.unwrap();
                    // Errors are what this is for.
                    let _ = cut.run_until_cancelled(copy_bidirectional(&mut near, &mut far)).await;
                });
            }
        });
    }

    async fn cut(&self) {
        self.cut.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        std::fs::remove_file(self.folder.path().join(".s.PGSQL.5432")).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn text_waits_in_memory_while_postgres_is_away() {
    let house = House::postgres().await;
    let (address, server) = house.database.url().split_once("?host=").unwrap();
    let wire = tokio::sync::Mutex::new(Wire::new(server));
    let url = format!("{address}?host={}", wire.lock().await.folder.path().display());
    let place = Place::open(&url, settings(), None).await;
    let anna = place.person("anna").await;
    text_survives(&place, &anna, async || wire.lock().await.cut().await, async || wire.lock().await.mend()).await;
    place.shut_down().await;
}
