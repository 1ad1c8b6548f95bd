//! Reads objects of a repository.

use std::{collections::BTreeMap, path::Path};

use super::{
    Git, GitError,
    runner::{Call, LARGEST_ANSWER},
};

/// One file of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TreeEntry {
    pub(crate) mode: String,
    pub(crate) object: String,
    /// In bytes; none for a submodule.
    pub(crate) size: u64,
}

impl TreeEntry {
    /// How a plain file stands in a tree.
    pub(crate) const FILE: &'static str = "100644";
    /// How one stands there that can be run.
    pub(crate) const PROGRAM: &'static str = "100755";

    /// A plain file, as opposed to a link or a submodule.
    pub(crate) fn is_file(&self) -> bool {
        self.mode.starts_with("100")
    }

    pub(crate) fn is_link(&self) -> bool {
        self.mode == "120000"
    }
}

/// What stands under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Blob {
    /// Nothing, or no file.
    None,
    /// A file larger than was asked for, with its size in bytes.
    TooLarge(u64),
    /// The file.
    Bytes(Vec<u8>),
}

impl Blob {
    pub(crate) fn bytes(self) -> Option<Vec<u8>> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            Self::None | Self::TooLarge(_) => None,
        }
    }
}

/// Most bytes asked for in one call: an answer's headers fit in besides.
const LARGEST_BATCH: u64 = LARGEST_ANSWER as u64 / 2;

/// Whether a text is a full object id.
pub(crate) fn is_full_id(text: &str) -> bool {
    (text.len() == 40 || text.len() == 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

impl Git {
    /// The files of a commit by path.
    pub(crate) async fn tree(&self, folder: &Path, commit: &str) -> Result<BTreeMap<String, TreeEntry>, GitError> {
        let listing = self.text(folder, Call::new(["ls-tree", "-r", "-l", "-z", "--full-tree", commit])).await?;
        let entry = |line: &str| {
            let (meta, path) = line.split_once('\t')?;
            let mut meta = meta.split_ascii_whitespace();
            let (mode, _, object, size) = (meta.next()?, meta.next()?, meta.next()?, meta.next()?);
            let size = size.parse().unwrap_or_default();
            Some((path.to_owned(), TreeEntry { mode: mode.to_owned(), object: object.to_owned(), size }))
        };
        Ok(listing.split('\0').filter_map(entry).collect())
    }

    /// What stands under names of objects (ids, or `COMMIT:PATH`), in the order asked for. Nothing larger than so many bytes is
    /// read.
    pub(crate) async fn blobs<S: AsRef<str>>(
        &self,
        folder: &Path,
        names: &[S],
        largest: u64,
    ) -> Result<Vec<Blob>, GitError> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let check = Call::new(["cat-file", "--batch-check"]).input(lines(names)?);
        let answer = self.text(folder, check).await?;
        let mut wanted = Vec::new();
        let mut blobs = Vec::with_capacity(names.len());
        for (index, header) in answer.lines().enumerate() {
            let (kind, size) = described(header);
            let object = header.split(' ').next().unwrap_or_default();
            blobs.push(match (kind, size) {
                (Some("blob"), Some(size)) if size > largest => Blob::TooLarge(size),
                (Some("blob"), Some(size)) => {
                    wanted.push((index, object, size));
                    Blob::None
                }
                _ => Blob::None,
            });
        }
        if blobs.len() != names.len() {
            return Err(cut_off());
        }
        let objects: Vec<(&str, u64)> = wanted.iter().map(|(_, object, size)| (*object, *size)).collect();
        let contents = self.contents(folder, &objects).await?;
        for ((index, _, _), bytes) in wanted.into_iter().zip(contents) {
            blobs[index] = bytes.map_or(Blob::None, Blob::Bytes);
        }
        Ok(blobs)
    }

    /// The contents of objects of known sizes, in the order asked for; none for what does not exist or is no file.
    pub(crate) async fn contents(
        &self,
        folder: &Path,
        objects: &[(&str, u64)],
    ) -> Result<Vec<Option<Vec<u8>>>, GitError> {
        let mut contents = Vec::with_capacity(objects.len());
        let mut rest = objects;
        while !rest.is_empty() {
            // At least one, then as many as fit.
            let mut sum = 0;
            let fits = |(_, size): &&(&str, u64)| {
                sum += size;
                sum <= LARGEST_BATCH
            };
            let count = rest.iter().take_while(fits).count().max(1);
            let (batch, later) = rest.split_at(count);
            self.batch(folder, batch, &mut contents).await?;
            rest = later;
        }
        Ok(contents)
    }

    async fn batch(
        &self,
        folder: &Path,
        objects: &[(&str, u64)],
        contents: &mut Vec<Option<Vec<u8>>>,
    ) -> Result<(), GitError> {
        let names: Vec<&str> = objects.iter().map(|(object, _)| *object).collect();
        let answer = self.run(folder, Call::new(["cat-file", "--batch"]).input(lines(&names)?)).await?;
        let mut rest = answer.as_slice();
        for _ in objects {
            let end = rest.iter().position(|byte| *byte == b'\n').ok_or_else(cut_off)?;
            let header = String::from_utf8_lossy(&rest[..end]).into_owned();
            rest = &rest[end + 1..];
            let (Some(kind), Some(size)) = described(&header) else {
                contents.push(None);
                continue;
            };
            let size = usize::try_from(size).map_err(|_| cut_off())?;
            let body = rest.get(..size).ok_or_else(cut_off)?;
            contents.push((kind == "blob").then(|| body.to_vec()));
            rest = rest.get(size + 1..).ok_or_else(cut_off)?;
        }
        Ok(())
    }

    /// Stores bytes as an object and gives its id.
    pub(crate) async fn store(&self, folder: &Path, bytes: &[u8]) -> Result<String, GitError> {
        let call = Call::new(["hash-object", "-w", "--no-filters", "--stdin"]).input(bytes);
        Ok(self.text(folder, call).await?.trim().to_owned())
    }
}

/// Kind and size from a line of `cat-file`: `ID KIND SIZE`; none of what is missing.
fn described(header: &str) -> (Option<&str>, Option<u64>) {
    let mut words = header.rsplitn(3, ' ');
    let size = words.next().and_then(|size| size.parse().ok());
    (words.next(), size)
}

/// Names as lines of input.
fn lines<S: AsRef<str>>(names: &[S]) -> Result<String, GitError> {
    let mut input = String::new();
    for name in names {
        let name = name.as_ref();
        if name.contains(['\n', '\0']) {
            let problem = "holds a line break".to_owned();
            return Err(GitError::BadArgument { text: name.to_owned(), problem });
        }
        input.push_str(name);
        input.push('\n');
    }
    Ok(input)
}

fn cut_off() -> GitError {
    GitError::Failed { what: "cat-file".to_owned(), detail: "its answer was cut off".to_owned() }
}
