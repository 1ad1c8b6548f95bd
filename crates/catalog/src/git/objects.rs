//! Reads objects of a repository.

use std::{collections::BTreeMap, path::Path};

use super::{Git, GitError, runner::Call};

/// One file of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TreeEntry {
    pub(crate) mode: String,
    pub(crate) object: String,
}

impl TreeEntry {
    /// A plain file, as opposed to a link or a submodule.
    pub(crate) fn is_file(&self) -> bool {
        self.mode.starts_with("100")
    }
}

/// Whether a text is a full object id.
pub(crate) fn is_full_id(text: &str) -> bool {
    (text.len() == 40 || text.len() == 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

impl Git {
    /// The files of a commit by path.
    pub(crate) async fn tree(&self, folder: &Path, commit: &str) -> Result<BTreeMap<String, TreeEntry>, GitError> {
        let listing = self.text(folder, Call::new(["ls-tree", "-r", "-z", "--full-tree", commit])).await?;
        let entry = |line: &str| {
            let (meta, path) = line.split_once('\t')?;
            let mut meta = meta.split(' ');
            let (mode, _, object) = (meta.next()?, meta.next()?, meta.next()?);
            Some((path.to_owned(), TreeEntry { mode: mode.to_owned(), object: object.to_owned() }))
        };
        Ok(listing.split('\0').filter_map(entry).collect())
    }

    /// The contents of objects, in the order asked for; none for what does not exist or is no file.
    pub(crate) async fn contents<S: AsRef<str>>(
        &self,
        folder: &Path,
        objects: &[S],
    ) -> Result<Vec<Option<Vec<u8>>>, GitError> {
        if objects.is_empty() {
            return Ok(Vec::new());
        }
        let mut input = String::new();
        for object in objects {
            let object = object.as_ref();
            if object.contains(['\n', '\0']) {
                let problem = "holds a line break".to_owned();
                return Err(GitError::BadArgument { text: object.to_owned(), problem });
            }
            input.push_str(object);
            input.push('\n');
        }
        let answer = self.run(folder, Call::new(["cat-file", "--batch"]).input(input)).await?;
        let odd = || GitError::Failed { what: "cat-file".to_owned(), detail: "its answer was cut off".to_owned() };
        let mut rest = answer.as_slice();
        let mut contents = Vec::with_capacity(objects.len());
        for _ in objects {
            let end = rest.iter().position(|byte| *byte == b'\n').ok_or_else(odd)?;
            let header = String::from_utf8_lossy(&rest[..end]).into_owned();
            rest = &rest[end + 1..];
            let mut words = header.rsplitn(3, ' ');
            let size = words.next().and_then(|size| size.parse::<usize>().ok());
            let kind = words.next();
            let (Some(size), Some(kind)) = (size, kind) else {
                contents.push(None);
                continue;
            };
            let body = rest.get(..size).ok_or_else(odd)?;
            contents.push((kind == "blob").then(|| body.to_vec()));
            rest = rest.get(size + 1..).ok_or_else(odd)?;
        }
        Ok(contents)
    }

    /// Stores bytes as an object and gives its id.
    pub(crate) async fn store(&self, folder: &Path, bytes: &[u8]) -> Result<String, GitError> {
        let call = Call::new(["hash-object", "-w", "--no-filters", "--stdin"]).input(bytes);
        Ok(self.text(folder, call).await?.trim().to_owned())
    }
}
