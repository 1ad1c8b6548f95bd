//! A repository of our own that shares another's objects, to speak to servers from: it has none of the other's settings, so
//! nothing in them can redirect an address, run a program or see a credential, and its lock files are in nobody's way.

use std::{
    fs,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use super::{Call, Git, GitError};

/// Begins the name of its folder, so that what a dead process left can be told.
pub(crate) const WIRE: &str = "thinkheads-wire-";

/// The repository apart. Its folder goes with it.
pub(crate) struct Apart {
    folder: TempDir,
    objects: PathBuf,
}

impl Apart {
    /// Makes one under a git folder whose objects it shares. What is in `known` is told to servers as already here.
    pub(crate) async fn of(
        git: &Git,
        common: &Path,
        format: &str,
        known: impl IntoIterator<Item = &String>,
    ) -> Result<Self, GitError> {
        let fail = |error: &std::io::Error| GitError::io(common, error);
        let folder = tempfile::Builder::new().prefix(WIRE).tempdir_in(common).map_err(|error| fail(&error))?;
        let format = format!("--object-format={format}");
        git.run(folder.path(), Call::new(["init", "--quiet", "--bare", "--template=", &format, "."])).await?;
        // Where history ends here by choice (`git clone --depth`), it does so there too.
        match fs::copy(common.join("shallow"), folder.path().join("shallow")) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(fail(&error)),
            _ => {}
        }
        let heads = folder.path().join("refs/heads");
        fs::create_dir_all(&heads).map_err(|error| fail(&error))?;
        for (index, commit) in known.into_iter().enumerate() {
            fs::write(heads.join(format!("known-{index}")), format!("{commit}\n")).map_err(|error| fail(&error))?;
        }
        Ok(Self { folder, objects: common.join("objects") })
    }

    /// Its folder.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A call in it.
    pub(crate) fn call<'a>(&self, args: &[&str]) -> Call<'a> {
        Call::new(args.iter().copied().map(str::to_owned))
            .env("GIT_DIR", self.folder())
            .env("GIT_OBJECT_DIRECTORY", &self.objects)
    }
}
