//! Repositories elsewhere: what a reference means now, and files of one commit.

mod cache;
mod files;

use std::{collections::BTreeMap, path::PathBuf};

pub use cache::Dropped;

use super::{Address, Credential, Git, GitError, check_reference, objects::is_full_id, runner::Call};

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
    /// Its name: the full one, such as `refs/heads/main`, or in a [`RemoteListing`] the short one.
    pub name: String,
    /// The commit it points at, an annotated tag's target included.
    pub commit: String,
}

/// The branches and tags of a repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RemoteListing {
    /// The branch that is taken where none is named; none if the repository has no commit, or does not say.
    pub default_branch: Option<String>,
    /// Its branches by their short names, such as `main`, in the order of the alphabet; at most 2,000.
    pub branches: Vec<RemoteReference>,
    /// Its tags, likewise.
    pub tags: Vec<RemoteReference>,
    /// Whether that is all.
    pub is_whole: bool,
}

/// Most branches, and most tags, that are listed.
const MOST_LISTED: usize = 2000;

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

    /// All branches and tags, by their full names.
    ///
    /// # Errors
    /// Any [`GitError`].
    pub async fn references(
        &self,
        address: &Address,
        credential: Option<&Credential>,
    ) -> Result<Vec<RemoteReference>, GitError> {
        let listing = self.list(address, credential).await?;
        let (branches, tags) = (listing.under("refs/heads/"), listing.under("refs/tags/"));
        Ok(branches.chain(tags).collect())
    }

    /// What a person may choose from: branches, tags and which branch is the remote's own choice.
    ///
    /// # Errors
    /// Any [`GitError`].
    pub async fn listing(&self, address: &Address, credential: Option<&Credential>) -> Result<RemoteListing, GitError> {
        let listing = self.list(address, credential).await?;
        let short = |prefix: &'static str| {
            listing
                .under(prefix)
                .take(MOST_LISTED)
                .map(move |one| RemoteReference { name: one.name[prefix.len()..].to_owned(), commit: one.commit })
        };
        Ok(RemoteListing {
            default_branch: listing
                .head
                .as_deref()
                .and_then(|head| head.strip_prefix("refs/heads/"))
                .map(str::to_owned),
            branches: short("refs/heads/").collect(),
            tags: short("refs/tags/").collect(),
            is_whole: ["refs/heads/", "refs/tags/"].iter().all(|prefix| listing.under(prefix).count() <= MOST_LISTED),
        })
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
    fn under<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = RemoteReference> + 'a {
        let names = self.objects.keys().filter(move |name| name.starts_with(prefix) && !name.ends_with(PEELED));
        names.filter_map(|name| Some(RemoteReference { name: name.clone(), commit: self.commit(name)?.to_owned() }))
    }

    fn commit(&self, name: &str) -> Option<&str> {
        let object = self.objects.get(&format!("{name}{PEELED}")).or_else(|| self.objects.get(name))?;
        Some(object)
    }
}
