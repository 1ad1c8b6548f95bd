//! Reading the history in stretches, and looking at a restore before it is done.

use std::collections::BTreeSet;

use catalog::{Asked, CatalogError, STACKS_FILE};
use types::catalog::CatalogVersion;

use crate::support::{by_hand, repository, text, write};

/// A history with two branches that were merged, by hand; how many commits it has.
fn branches(root: &std::path::Path) -> usize {
    let commit = |file: &str, content: &str| {
        write(root, file, content);
        by_hand(root, &["add", "--all"]);
        by_hand(root, &["commit", "--quiet", "-m", &format!("{file} is {content}")]);
    };
    commit(STACKS_FILE, "{\"docker_stacks\": []}\n");
    by_hand(root, &["checkout", "--quiet", "-b", "side"]);
    for n in 0..5 {
        commit("stacks/side/docker-compose.yml", &format!("# {n}\n"));
    }
    by_hand(root, &["checkout", "--quiet", "main"]);
    for n in 0..5 {
        commit("stacks/main/docker-compose.yml", &format!("# {n}\n"));
    }
    by_hand(root, &["merge", "--quiet", "--no-ff", "-m", "Both", "side"]);
    12
}

#[tokio::test]
async fn stretches_miss_nothing_where_branches_were_merged() {
    let (_folder, repository) = repository().await;
    let all = branches(repository.root());
    for most in [1, 2, 5, 100] {
        let (mut from, mut seen) = (None, Vec::new());
        loop {
            let skip = u32::try_from(seen.len()).unwrap();
            let asked = Asked { from: from.as_deref(), skip, most, ..Asked::default() };
            let stretch = repository.stretch(&asked).await.unwrap();
            seen.extend(stretch.revisions.into_iter().map(|one| one.commit));
            from = stretch.from;
            // What is committed while somebody reads on moves nothing.
            write(repository.root(), "stacks/later/docker-compose.yml", &format!("# {most} {}\n", seen.len()));
            by_hand(repository.root(), &["add", "--all"]);
            by_hand(repository.root(), &["commit", "--quiet", "-m", "Later"]);
            if !stretch.more {
                break;
            }
        }
        by_hand(repository.root(), &["reset", "--quiet", "--hard", from.as_deref().unwrap()]);
        assert_eq!((seen.len(), seen.iter().collect::<BTreeSet<_>>().len()), (all, all), "{most} at a time");
    }
    let file = Some("stacks/side/docker-compose.yml");
    let stretch = repository.stretch(&Asked { file, most: 3, ..Asked::default() }).await.unwrap();
    assert_eq!((stretch.revisions.len(), stretch.more), (3, true));
    let stretch = repository.stretch(&Asked { file, skip: 3, most: 3, ..Asked::default() }).await.unwrap();
    assert_eq!((stretch.revisions.len(), stretch.more), (2, false));
    // A name is a name, not a pattern.
    let stretch = repository.stretch(&Asked { file: Some("stacks/*"), most: 3, ..Asked::default() }).await.unwrap();
    assert!(stretch.revisions.is_empty());
}

#[tokio::test]
async fn only_commits_are_counted_from() {
    let (_folder, repository) = repository().await;
    assert!(repository.stretch(&Asked::default()).await.unwrap().revisions.is_empty(), "nothing was committed");
    branches(repository.root());
    for from in ["HEAD", "main", "--all", "", &"a".repeat(40)] {
        let asked = repository.stretch(&Asked { from: Some(from), most: 1, ..Asked::default() }).await;
        assert!(matches!(asked, Err(CatalogError::UnknownVersion(_))), "{from}: {asked:?}");
        assert!(matches!(repository.revision(from).await, Err(CatalogError::UnknownVersion(_))), "{from}");
    }
    let newest = by_hand(repository.root(), &["rev-parse", "HEAD"]);
    let (merge, before) = repository.revision(&newest).await.unwrap();
    assert_eq!((merge.subject.as_str(), before), ("Both", Some(by_hand(repository.root(), &["rev-parse", "HEAD^1"]))));
    let first = by_hand(repository.root(), &["rev-list", "--max-parents=0", "HEAD"]);
    assert_eq!(repository.revision(&first).await.unwrap().1, None);
}

#[tokio::test]
async fn a_restore_is_seen_before_it_is_done() {
    let (_folder, repository) = repository().await;
    branches(repository.root());
    let first = by_hand(repository.root(), &["rev-list", "--max-parents=0", "HEAD"]);
    write(repository.root(), STACKS_FILE, "{\"docker_stacks\": [], \"by_hand\": 1}\n");
    let version = CatalogVersion::commit(&first);
    let preview = repository.preview_restore(&version).await.unwrap();
    let paths: Vec<&str> = preview.files.iter().map(|one| one.path.as_str()).collect();
    assert_eq!(paths, [STACKS_FILE, "stacks/main/docker-compose.yml", "stacks/side/docker-compose.yml"]);
    assert!(preview.base.is_dirty(), "the hand edit counts");
    assert!(text(repository.root(), STACKS_FILE).contains("by_hand"), "nothing was changed");
    let author = crate::support::ada();
    let done = repository.restore(&version, &preview.base, &author, crate::support::NOW).await.unwrap();
    assert_eq!(done.files, paths, "what was shown is what was done");
    assert!(done.hand_edit.is_some(), "and the hand edit is kept in the history");
    assert!(repository.preview_restore(&version).await.unwrap().files.is_empty());
}
