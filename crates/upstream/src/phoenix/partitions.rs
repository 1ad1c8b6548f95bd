//! However the bytes of a stream are cut into chunks, the deltas are the same.

use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt, stream};
use proptest::prelude::*;
use tokio::time::Instant;
use types::Usage;

use super::{ChatDelta, PhoenixConfig, PhoenixError, health::Health, refusal::Scrubber, stream::AnswerStream};

/// Everything a server may send in a good answer: BOM, comments, ids, a role, thoughts, letters of every size, escapes,
/// data over several lines, an unasked second choice, tool calls, parts, usage on the way.
const RECORDED: &str = concat!(
    "\u{feff}: welcome\n\n",
    "event: message\nid: 1\nretry: 10\ndata: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}],\"usage\":null}\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"reasoning_content\":\"hm, ünd?\",\"content\":null}}]}\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"naïve 你好 \"}}],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1,\"prompt_tokens_details\":null}}\n\n",
    ": ping\n\n\n",
    "data:{\"choices\":[{\"index\":1,\"delta\":{\"content\":\"the other answer\"}},{\"index\":0,\"delta\":{\"content\":\"👋🏽\\n\\u00e9\\ud83d\\ude00\"}}]}\n\n",
    "data: {\"choices\":\ndata: [{\"index\":0,\"delta\":{\"content\":\" two lines\"}}]}\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]}}]}\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":[{\"type\":\"text\",\"text\":\" parts\"},{\"type\":\"image\",\"url\":{}}]}}]}\n\n",
    "data: \n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":9}}\n\n",
    "data: [DONE]\n\n",
);

fn wanted() -> Vec<Result<ChatDelta, PhoenixError>> {
    let text = |text: &str| Ok(ChatDelta::Text(text.to_owned()));
    vec![
        text("naïve 你好 "),
        text("👋🏽\né😀"),
        text(" two lines"),
        text(" parts"),
        Ok(ChatDelta::Finished { reason: Some("stop".to_owned()) }),
        Ok(ChatDelta::Usage(Usage { prompt_tokens: 5, completion_tokens: 9 })),
    ]
}

async fn deltas(chunks: Vec<Bytes>) -> Vec<Result<ChatDelta, PhoenixError>> {
    let permit = Health::new(&PhoenixConfig::default()).admit().unwrap();
    let body = Box::pin(stream::iter(chunks.into_iter().map(Ok)));
    let by = Instant::now() + Duration::from_secs(5);
    let scrubber = Scrubber::new(None, &[], 0);
    AnswerStream::new(body, permit, scrubber, by, Duration::from_secs(5)).collect().await
}

fn cut(bytes: &[u8], cuts: &[usize]) -> Vec<Bytes> {
    let mut at: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).chain([0, bytes.len()]).collect();
    at.sort_unstable();
    at.windows(2).map(|pair| Bytes::copy_from_slice(&bytes[pair[0]..pair[1]])).collect()
}

fn run(chunks: Vec<Bytes>) -> Vec<Result<ChatDelta, PhoenixError>> {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(deltas(chunks))
}

#[test]
fn every_single_cut_and_all_of_them() {
    for ending in ["\n", "\r\n"] {
        let bytes = RECORDED.replace('\n', ending).into_bytes();
        for at in 0..=bytes.len() {
            assert_eq!(run(cut(&bytes, &[at])), wanted(), "cut at {at}");
        }
        assert_eq!(run(cut(&bytes, &(0..bytes.len()).collect::<Vec<_>>())), wanted());
    }
}

proptest! {
    #[test]
    fn any_partition(cuts in prop::collection::vec(any::<usize>(), 0..60), ending in prop::sample::select(vec!["\n", "\r\n", "\r"])) {
        let bytes = RECORDED.replace('\n', ending).into_bytes();
        prop_assert_eq!(run(cut(&bytes, &cuts)), wanted());
    }

    #[test]
    fn any_bytes_end_without_a_panic(chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..20)) {
        let ends = run(chunks.into_iter().map(Bytes::from).collect());
        prop_assert!(ends.last().is_some_and(Result::is_err));
    }

    #[test]
    fn a_cut_off_answer_never_looks_complete(end in 0..RECORDED.find("\"finish_reason\":\"stop\"").unwrap()) {
        let ends = run(vec![Bytes::copy_from_slice(&RECORDED.as_bytes()[..end])]);
        prop_assert!(ends.last().is_some_and(Result::is_err));
        prop_assert_eq!(ends.iter().filter(|end| end.is_err()).count(), 1);
    }
}
