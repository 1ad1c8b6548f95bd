//! What references mean and what compose files say, asked once and remembered by commit.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{Mutex, PoisonError},
};

use catalog::git::{Address, Credential, GitError, Remote};
use reconcile::model::Trouble;
use types::catalog::{SecretName, StackSource};

/// Commits whose texts are remembered: a catalog of five hundred stacks on four environments at two commits each.
const REMEMBERED: usize = 4096;

/// What is asked of a repository.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Asked {
    pub(super) repository: String,
    pub(super) reference: Option<String>,
    pub(super) files: Vec<String>,
    pub(super) credential: Option<SecretName>,
}

/// What came of it.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// The commit the reference means now.
    pub(super) commit: String,
    /// The compose files' paths and texts, if they could be read.
    pub(super) texts: Option<Vec<(String, String)>>,
    /// Why not.
    pub(super) unreadable: Option<Trouble>,
}

/// Compose files' paths and texts, in order, or why they can't be had.
type Texts = Result<Vec<(String, String)>, Trouble>;

/// The memory of what was asked.
#[derive(Default)]
pub(super) struct Sources(Mutex<Memory>);

#[derive(Default)]
struct Memory {
    /// The commit a reference meant when it was last asked.
    last: BTreeMap<Asked, String>,
    /// Texts by repository, commit and files: a commit never changes.
    texts: HashMap<(Asked, String), Texts>,
    order: VecDeque<(Asked, String)>,
}

impl Asked {
    /// What has to be asked for a source; nothing for a text.
    pub(super) fn of(source: &StackSource) -> Option<Self> {
        let StackSource::Git { repository, reference, compose_file, additional_files, credential } = source else {
            return None;
        };
        let files = std::iter::once(compose_file).chain(additional_files).cloned().collect();
        Some(Self {
            repository: repository.clone(),
            reference: reference.clone(),
            files,
            credential: credential.clone(),
        })
    }

    fn trouble(&self, error: &GitError) -> Trouble {
        Trouble::Reference {
            url: self.repository.clone(),
            reference: self.reference.clone(),
            detail: error.to_string(),
        }
    }
}

impl Sources {
    /// The commit a reference means and the compose files there. Unless `fresh`, a commit seen before is good enough.
    pub(super) async fn find(
        &self,
        remote: &Remote,
        asked: &Asked,
        address: &Address,
        credential: Option<&Credential>,
        fresh: bool,
    ) -> Result<Found, Trouble> {
        let known = if fresh { None } else { self.memory().last.get(asked).cloned() };
        let commit = match known {
            Some(commit) => commit,
            None => {
                let resolved = remote.resolve(address, asked.reference.as_deref(), credential).await;
                resolved.map_err(|error| asked.trouble(&error))?.commit
            }
        };
        let key = (asked.clone(), commit.clone());
        let remembered = self.memory().texts.get(&key).cloned();
        let texts = match remembered {
            Some(texts) => texts,
            None => match remote.files(address, &commit, &asked.files, credential).await {
                Ok(files) => {
                    let texts = texts(asked, files);
                    self.remember(key, texts.clone());
                    texts
                }
                // Not remembered: the next time it may be there.
                Err(error) => Err(asked.trouble(&error)),
            },
        };
        self.memory().last.insert(asked.clone(), commit.clone());
        let (texts, unreadable) = match texts {
            Ok(texts) => (Some(texts), None),
            Err(trouble) => (None, Some(trouble)),
        };
        Ok(Found { commit, texts, unreadable })
    }

    fn memory(&self) -> std::sync::MutexGuard<'_, Memory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remember(&self, key: (Asked, String), texts: Texts) {
        let mut memory = self.memory();
        memory.order.push_back(key.clone());
        memory.texts.insert(key, texts);
        while memory.order.len() > REMEMBERED {
            if let Some(oldest) = memory.order.pop_front() {
                memory.texts.remove(&oldest);
            }
        }
    }
}

/// The files in the order they are laid over one another; a missing one is a trouble.
fn texts(asked: &Asked, mut files: BTreeMap<String, Option<Vec<u8>>>) -> Texts {
    let mut texts = Vec::new();
    for path in &asked.files {
        let trouble = |detail: &str| Trouble::Compose { path: path.clone(), detail: detail.to_owned() };
        let bytes = files.remove(path).flatten().ok_or_else(|| {
            trouble("the repository has no such file at this commit: check “compose_file” and “additional_files”")
        })?;
        let text = String::from_utf8(bytes).map_err(|_| trouble("it is no text in UTF-8"))?;
        texts.push((path.clone(), text));
    }
    Ok(texts)
}
