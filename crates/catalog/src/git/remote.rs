//! Repositories elsewhere: what a reference means now, and files of one commit.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use super::{Address, Credential, Git, GitError, check_reference, lock::lock, objects::is_full_id, runner::Call};

/// Reads repositories elsewhere, over a cache folder.
#[derive(Clone, Debug)]
pub struct Remote {
    git: Git,
    cache: PathBuf,
}

/// What a reference means now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The commit's full id.
    pub commit: String,
    /// The full name, such as `refs/heads/main`; none where a commit was asked for.
    pub reference: Option<String>,
}

/// A branch or a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteReference {
    /// Its full name, such as `refs/heads/main`.
    pub name: String,
    /// The commit it points at, an annotated tag's target included.
    pub commit: String,
}

impl Remote {
    /// Reads through this cache folder, which is made when it is needed. It may be deleted at any time.
    #[must_use]
    pub const fn new(git: Git, cache: PathBuf) -> Self {
        Self { git, cache }
    }

    /// What a branch, a tag, `HEAD` (or none, which means the same) or a full commit id means now. A name that is both is the
    /// branch, as Portainer takes it.
    ///
    /// # Errors
    /// Any [`GitError`]. Of a full commit id it is not checked that it exists: reading files of it does.
    pub async fn resolve(
        &self,
        address: &Address,
        reference: Option<&str>,
        credential: Option<&Credential>,
    ) -> Result<Resolved, GitError> {
        let wanted = reference.unwrap_or("HEAD");
        check_reference(wanted)
            .map_err(|problem| GitError::BadArgument { text: wanted.to_owned(), problem: problem.to_owned() })?;
        if is_full_id(wanted) {
            return Ok(Resolved { commit: wanted.to_ascii_lowercase(), reference: None });
        }
        let listing = self.list(address, credential).await?;
        let names = match wanted {
            "HEAD" => vec!["HEAD".to_owned()],
            full if full.starts_with("refs/") => vec![full.to_owned()],
            short => vec![format!("refs/heads/{short}"), format!("refs/tags/{short}")],
        };
        let found = names.into_iter().find_map(|name| Some((listing.commit(&name)?.to_owned(), name)));
        let Some((commit, name)) = found else {
            return Err(GitError::NoReference { address: address.to_string(), reference: wanted.to_owned() });
        };
        let reference = if name == "HEAD" { listing.head } else { Some(name) };
        Ok(Resolved { commit, reference })
    }

    /// All branches and tags.
    ///
    /// # Errors
    /// Any [`GitError`].
    pub async fn references(
        &self,
        address: &Address,
        credential: Option<&Credential>,
    ) -> Result<Vec<RemoteReference>, GitError> {
        let listing = self.list(address, credential).await?;
        let names = listing.objects.keys().filter(|name| {
            (name.starts_with("refs/heads/") || name.starts_with("refs/tags/")) && !name.ends_with(PEELED)
        });
        Ok(names
            .filter_map(|name| Some(RemoteReference { name: name.clone(), commit: listing.commit(name)?.to_owned() }))
            .collect())
    }

    /// Texts of one commit by path; none where there is no such file. Fetches that commit alone where the server lets it, and
    /// nothing at all if the cache has it.
    ///
    /// # Errors
    /// Any [`GitError`]; [`GitError::NoReference`] if the repository does not have the commit.
    pub async fn files<S: AsRef<str>>(
        &self,
        address: &Address,
        commit: &str,
        paths: &[S],
        credential: Option<&Credential>,
    ) -> Result<BTreeMap<String, Option<Vec<u8>>>, GitError> {
        if !is_full_id(commit) {
            let problem = "is no full commit id".to_owned();
            return Err(GitError::BadArgument { text: commit.to_owned(), problem });
        }
        let folder = self.folder(address)?;
        let _lock = lock(&folder.with_extension("lock"), true).await?;
        if !folder.join("HEAD").exists() {
            self.git.run(&folder, Call::new(["init", "--quiet", "--bare", "."])).await?;
        }
        if !self.has(&folder, commit).await? {
            self.fetch(&folder, address, commit, credential).await?;
        }
        let objects: Vec<String> = paths.iter().map(|path| format!("{commit}:{}", path.as_ref())).collect();
        let contents = self.git.contents(&folder, &objects).await?;
        Ok(paths.iter().map(|path| path.as_ref().to_owned()).zip(contents).collect())
    }

    async fn has(&self, folder: &Path, commit: &str) -> Result<bool, GitError> {
        self.git.succeeds(folder, Call::new(["cat-file", "-e", &format!("{commit}^{{tree}}")])).await
    }

    async fn fetch(
        &self,
        folder: &Path,
        address: &Address,
        commit: &str,
        credential: Option<&Credential>,
    ) -> Result<(), GitError> {
        let fetch = |more: &[&str]| {
            let fixed = ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head"];
            let args = fixed.iter().chain(more).copied().map(str::to_owned);
            Call::new(args).server(address, credential)
        };
        let one = format!("+{commit}:refs/kept/{commit}");
        let shallow = self.git.run(folder, fetch(&["--depth=1", "--", address.as_str(), &one])).await;
        match shallow {
            Ok(_) => return Ok(()),
            // Whoever refuses a single commit may still give all of its branches.
            Err(GitError::Failed { .. } | GitError::NoRepository { .. }) => {}
            Err(error) => return Err(error),
        }
        let all = ["--", address.as_str(), "+refs/heads/*:refs/all/heads/*", "+refs/tags/*:refs/all/tags/*"];
        self.git.run(folder, fetch(&all)).await?;
        if self.has(folder, commit).await? {
            return Ok(());
        }
        Err(GitError::NoReference { address: address.to_string(), reference: commit.to_owned() })
    }

    /// The cache folder of a repository, made if need be.
    fn folder(&self, address: &Address) -> Result<PathBuf, GitError> {
        let digest = Sha256::digest(address.as_str().as_bytes());
        let name: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let folder = self.cache.join(name);
        std::fs::create_dir_all(&folder).map_err(|error| GitError::io(&folder, &error))?;
        Ok(folder)
    }

    async fn list(&self, address: &Address, credential: Option<&Credential>) -> Result<Listing, GitError> {
        std::fs::create_dir_all(&self.cache).map_err(|error| GitError::io(&self.cache, &error))?;
        let call = Call::new(["ls-remote", "--quiet", "--symref", "--", address.as_str()]).server(address, credential);
        let text = self.git.text(&self.cache, call).await?;
        let mut listing = Listing::default();
        for (object, name) in text.lines().filter_map(|line| line.split_once('\t')) {
            match object.strip_prefix("ref: ") {
                Some(target) if name == "HEAD" => listing.head = Some(target.to_owned()),
                Some(_) => {}
                None => {
                    listing.objects.insert(name.to_owned(), object.to_owned());
                }
            }
        }
        Ok(listing)
    }
}

/// What follows the name of an annotated tag's target.
const PEELED: &str = "^{}";

#[derive(Default)]
struct Listing {
    head: Option<String>,
    objects: BTreeMap<String, String>,
}

impl Listing {
    fn commit(&self, name: &str) -> Option<&str> {
        let object = self.objects.get(&format!("{name}{PEELED}")).or_else(|| self.objects.get(name))?;
        Some(object)
    }
}
