//! What a stack's repository offers: branches, tags, compose files and their texts. Asked only when somebody says so, and kept for a
//! while.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use catalog::{
    compose::Compose,
    git::{Address, AddressError},
};
use types::{
    Millis, ProblemCode,
    catalog::{SecretName, Stack, StackSource},
};

use super::Draft;
use crate::{
    ServiceError,
    deploy::{Deploy, DeployError, Operator, home::Now, words::sentence},
    world::millis,
};

/// Longest that somebody waits for a repository.
const LONGEST: Duration = Duration::from_secs(25);
/// How long an answer is offered.
const KEPT: Duration = Duration::from_secs(30 * 60);
/// Repositories kept at once.
const MOST: usize = 64;

/// What was asked, as `(repository, credential)`.
type Key = (String, Option<SecretName>);

/// What repositories offered.
#[derive(Default)]
pub(in crate::deploy) struct Looks(Mutex<HashMap<Key, RepositoryLook>>);

/// What a repository offered, and when.
#[derive(Clone, Debug)]
pub struct RepositoryLook {
    /// When it was asked.
    pub at: Millis,
    /// What it offered, or why it could not be asked.
    pub found: Result<RepositoryOffer, String>,
    /// What the commit and the texts are of; branches and tags are the repository's own.
    asked: StackSource,
}

/// What a repository offers.
#[derive(Clone, Debug, Default)]
pub struct RepositoryOffer {
    /// The branch that is taken where none is named.
    pub default_branch: Option<String>,
    /// Its branches.
    pub branches: Vec<String>,
    /// Its tags.
    pub tags: Vec<String>,
    /// Whether that is all of both.
    pub is_whole: bool,
    /// The commit that the stack's reference means.
    pub commit: Option<String>,
    /// Its compose files, those nearest to the top first.
    pub compose_files: Vec<String>,
    /// Paths and texts of the compose files the stack takes.
    pub compose: Vec<(String, String)>,
    /// Why the reference or its files could not be read, if so.
    pub trouble: Option<String>,
}

/// What to do about a name or a password in an address.
pub(super) const HOLDS_CREDENTIAL: &str = "The address holds a user name or a password, so nothing was kept. Write it without, store the                                     password as a secret, and choose that below as the credential.";

/// Whether a text may stand as a stack's repository.
///
/// # Errors
/// Words for its field, which never repeat a password.
pub fn check_repository(text: &str) -> Result<(), String> {
    match Address::parse(text) {
        _ if text.is_empty() => {
            Err("Write the repository's address, such as https://git.example.org/web.git.".to_owned())
        }
        Err(AddressError::HoldsCredential) => Err(HOLDS_CREDENTIAL.to_owned()),
        Err(problem) => Err(format!("“{text}” {problem}.")),
        Ok(_) => Ok(()),
    }
}

impl Deploy {
    /// Asks a stack's repository what it offers, and keeps the answer for a while. Why it can't be asked is part of the answer.
    ///
    /// # Errors
    /// When the draft or the catalog can't be read; `NotFound` when the draft has no such stack; `Invalid` when it comes from no repository.
    pub async fn look_at_repository(&self, operator: &Operator, stack: &str) -> Result<RepositoryLook, DeployError> {
        let draft = self.draft(operator).await?;
        let Some(stack) = draft.reading.catalog.stack(stack) else {
            return Err(DeployError::refused(ProblemCode::NotFound, format!("Your draft has no stack “{stack}”.")));
        };
        let Some(key) = key(stack) else {
            return Err(DeployError::refused(
                ProblemCode::Invalid,
                format!("“{}” comes from a text in the catalog: there is no repository to look at.", stack.name),
            ));
        };
        let now = self.0.home.now().await?;
        let found = match tokio::time::timeout(LONGEST, self.ask(&now, &stack.source)).await {
            Ok(Ok(offer)) => Ok(offer),
            Ok(Err(error)) => Err(sentence(&ServiceError::from(error).problem().message)),
            Err(_) => Err(format!(
                "The repository did not answer within {} seconds. Check its address, then look again.",
                LONGEST.as_secs()
            )),
        };
        let look = RepositoryLook { at: self.0.world.now(), found, asked: stack.source.clone() };
        self.0.repositories.keep(key, look.clone());
        Ok(look)
    }

    /// What the stack's repository offered when somebody last looked; none if nobody did lately.
    #[must_use]
    pub fn repository_look(&self, _: &Operator, stack: &Stack) -> Option<RepositoryLook> {
        let mut look = self.0.repositories.all().get(&key(stack)?).cloned()?;
        if look.asked != stack.source
            && let Ok(offer) = &mut look.found
        {
            // Another reference or other files: what was read for those says nothing about these.
            let (branches, tags) = (std::mem::take(&mut offer.branches), std::mem::take(&mut offer.tags));
            let (default_branch, is_whole) = (offer.default_branch.take(), offer.is_whole);
            *offer = RepositoryOffer { default_branch, branches, tags, is_whole, ..RepositoryOffer::default() };
        }
        (self.0.world.now() - look.at < millis(KEPT)).then_some(look)
    }

    /// Paths and texts of a stack's compose files: from the catalog, or as its repository was last seen.
    #[must_use]
    pub fn draft_compose(&self, operator: &Operator, draft: &Draft, stack: &Stack) -> Vec<(String, String)> {
        match &stack.source {
            StackSource::Text { .. } => {
                let found = draft.snapshot.compose_text(stack);
                found.map(|(path, text)| (path.to_owned(), text.to_owned())).into_iter().collect()
            }
            StackSource::Git { compose_file, additional_files, .. } => {
                let offer = self.repository_look(operator, stack).and_then(|look| look.found.ok()).unwrap_or_default();
                let asked = |path: &String| path == compose_file || additional_files.contains(path);
                offer.compose.into_iter().filter(|(path, _)| asked(path)).collect()
            }
        }
    }

    async fn ask(&self, now: &Now, source: &StackSource) -> Result<RepositoryOffer, DeployError> {
        let StackSource::Git { repository, reference, compose_file, additional_files, credential } = source else {
            return Ok(RepositoryOffer::default());
        };
        check_repository(repository).map_err(|problem| DeployError::refused(ProblemCode::Invalid, problem))?;
        let address = Address::parse(repository)
            .map_err(|problem| DeployError::refused(ProblemCode::Invalid, format!("The address {problem}.")))?;
        let credential = self.0.home.credential(now, credential.as_ref())?;
        let remote = self.0.home.remote();
        let listing = remote.listing(&address, credential.as_ref()).await?;
        let names = |list: Vec<catalog::git::RemoteReference>| list.into_iter().map(|one| one.name).collect();
        let mut offer = RepositoryOffer {
            default_branch: listing.default_branch,
            branches: names(listing.branches),
            tags: names(listing.tags),
            is_whole: listing.is_whole,
            ..RepositoryOffer::default()
        };
        let files: Vec<&String> = std::iter::once(compose_file).chain(additional_files).collect();
        let read = async {
            let commit = remote.resolve(&address, reference.as_deref(), credential.as_ref()).await?.commit;
            let found = remote.compose_files(&address, &commit, credential.as_ref()).await?;
            let texts = remote.files(&address, &commit, &files, credential.as_ref()).await?;
            Ok::<_, catalog::git::GitError>((commit, found, texts))
        };
        match read.await {
            Err(error) => offer.trouble = Some(sentence(&error.to_string())),
            Ok((commit, found, texts)) => {
                offer.commit = Some(commit);
                offer.compose_files = found;
                for (path, bytes) in texts {
                    match bytes.map(String::from_utf8) {
                        Some(Ok(text)) => offer.compose.push((path, text)),
                        Some(Err(_)) => offer.trouble = Some(format!("{path} is no text in UTF-8.")),
                        None => offer.trouble = Some(format!("The repository has no file {path} there.")),
                    }
                }
            }
        }
        Ok(offer)
    }
}

impl Looks {
    fn all(&self) -> std::sync::MutexGuard<'_, HashMap<Key, RepositoryLook>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, key: Key, look: RepositoryLook) {
        let mut all = self.all();
        all.insert(key, look);
        while all.len() > MOST {
            let Some(oldest) = all.iter().min_by_key(|(_, look)| look.at).map(|(key, _)| key.clone()) else { return };
            all.remove(&oldest);
        }
    }
}

fn key(stack: &Stack) -> Option<Key> {
    match &stack.source {
        StackSource::Git { repository, credential, .. } => Some((repository.clone(), credential.clone())),
        StackSource::Text { .. } => None,
    }
}

/// Variables that compose files use and a stack does not set on an environment, or nowhere in particular; and whether the
/// deployment fails without them.
#[must_use]
pub fn lacking(stack: &Stack, environment: Option<&str>, compose: &[(String, String)]) -> Vec<(String, bool)> {
    let env = environment.map_or_else(|| stack.env.clone(), |environment| stack.on(environment).env);
    let mut seen = BTreeSet::new();
    let mut lacking = Vec::new();
    for text in compose.iter().filter_map(|(_, text)| Compose::parse(text).ok()) {
        for one in text.unresolved(&env) {
            if seen.insert(one.at.name.clone()) {
                lacking.push((one.at.name.clone(), one.fatal));
            }
        }
    }
    lacking
}
