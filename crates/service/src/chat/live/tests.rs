//! One generation in memory.

use super::*;

pub(in crate::chat) fn subject(seed: u8) -> Subject {
    Subject {
        id: GenerationId::from_parts(1, [seed; 10]),
        conversation: ConversationId::from_parts(1, [seed; 10]),
        message: MessageId::from_parts(1, [seed; 10]),
        user: UserId::from_parts(1, [1; 10]),
        first_exchange: false,
    }
}

#[tokio::test]
async fn after_a_number_comes_what_follows_it() {
    let live = Live::new(subject(1), String::new(), 0, None);
    assert_eq!(live.after(0), After::Nothing);
    assert!(live.push("Grü") && live.push("ße ") && live.push("🦀"));
    assert_eq!(live.after(0), After::Text(3, "Grüße 🦀".into()));
    assert_eq!(live.after(1), After::Text(3, "ße 🦀".into()));
    assert_eq!(live.after(3), After::Nothing);
    assert_eq!(live.after(9), After::Whole(3, "Grüße 🦀".into()), "a number that is not ours");
}

#[tokio::test]
async fn a_continued_answer_counts_on_from_where_it_was() {
    let live = Live::new(subject(1), "once upon".into(), 7, None);
    assert!(live.push(" a") && live.push(" time"));
    assert_eq!(live.after(7), After::Text(9, " a time".into()));
    assert_eq!(live.after(8), After::Text(9, " time".into()));
    assert_eq!(live.after(3), After::Whole(9, "once upon a time".into()));
}

#[tokio::test]
async fn a_late_watcher_gets_a_long_answer_bit_by_bit() {
    let live = Live::new(subject(1), "before ".into(), 7, None);
    let huge = "x".repeat(AT_ONCE * 2);
    assert!(live.push("a") && live.push("b") && live.push(&huge) && live.push("c") && live.push("d"));
    assert_eq!(live.after(0), After::Whole(9, "before ab".into()));
    assert_eq!(live.after(7), After::Text(9, "ab".into()));
    assert_eq!(live.after(9), After::Text(10, huge), "one piece at least");
    assert_eq!(live.after(10), After::Text(12, "cd".into()));
}

#[tokio::test]
async fn a_write_that_may_have_failed_is_repeated_as_it_was() {
    let live = Live::new(subject(1), "once upon".into(), 7, None);
    assert!(live.push(" a") && live.push(" time"));
    assert_eq!(live.unflushed(), Some((9, " a time".into())));
    assert!(live.push(" there"));
    assert_eq!(live.unflushed(), Some((9, " a time".into())));
    live.set_flushed();
    assert_eq!(live.unflushed(), Some((10, " there".into())));
    live.set_flushed();
    assert_eq!(live.unflushed(), None);
}

#[tokio::test]
async fn the_first_cause_and_the_first_ending_count() {
    let live = Live::new(subject(1), String::new(), 0, None);
    live.call_off(Cause::Person);
    live.call_off(Cause::Shutdown);
    assert_eq!(live.called_off().await, Cause::Person);
    live.close(Ending { state: GenerationState::Stopped, error: None });
    live.close(Ending { state: GenerationState::Complete, error: None });
    assert_eq!(live.ending().map(|ending| ending.state), Some(GenerationState::Stopped));
    assert!(live.unstored().is_some());
    assert!(live.set_stored() && !live.set_stored());
    assert!(live.unstored().is_none());
}

#[tokio::test]
async fn an_endless_answer_is_cut_and_nul_is_left_out() {
    let live = Live::new(subject(1), String::new(), 0, None);
    assert!(live.push("a\0b"));
    assert_eq!(live.after(0), After::Text(1, "ab".into()));
    assert!(!live.push(&"x".repeat(MAX_ANSWER)));
}
