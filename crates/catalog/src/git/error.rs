//! What may go wrong with git, in words the owner understands.

/// Why git did not do what was asked. No text here holds a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GitError {
    /// The program is not installed.
    #[error("The program git cannot be started ({detail}). Install git 2.31 or newer.")]
    NotInstalled {
        /// What the system said.
        detail: String,
    },
    /// It took too long.
    #[error("git {what} did not end within {seconds} s. Check the network and the server, then try again.")]
    TimedOut {
        /// The subcommand.
        what: String,
        /// The limit.
        seconds: u64,
    },
    /// The server wants a name and password, or refused those it got.
    #[error(
        "{address} refused access. Check that the repository exists and that the vault holds a valid credential for it."
    )]
    Unauthorised {
        /// The repository.
        address: String,
    },
    /// There is no such repository.
    #[error("There is no repository at {address}. Check the address, and the credential if it is private.")]
    NoRepository {
        /// The repository.
        address: String,
    },
    /// The server cannot be reached.
    #[error("{address} cannot be reached: {detail}. Check the address and the network.")]
    Unreachable {
        /// The repository.
        address: String,
        /// What git said.
        detail: String,
    },
    /// The repository has no such branch, tag or commit.
    #[error("{address} has no branch, tag or commit “{reference}”. Check the spelling; a commit needs its full id.")]
    NoReference {
        /// The repository.
        address: String,
        /// What was asked for.
        reference: String,
    },
    /// A reference or a path that must not be handed to git.
    #[error("“{text}” {problem}.")]
    BadArgument {
        /// The text.
        text: String,
        /// What is wrong.
        problem: String,
    },
    /// The folder belongs to another user, whose settings git does not trust.
    #[error("{path} belongs to another user. Let it belong to the user this program runs as (chown -R).")]
    ForeignFolder {
        /// The folder.
        path: String,
    },
    /// The answer is larger than what is read.
    #[error("git {what} gave more than {limit} bytes.")]
    TooLarge {
        /// The subcommand.
        what: String,
        /// The limit.
        limit: usize,
    },
    /// Anything else.
    #[error("git {what} failed: {detail}")]
    Failed {
        /// The subcommand.
        what: String,
        /// What git said.
        detail: String,
    },
    /// A file or folder of the cache or the repository cannot be used.
    #[error("{path} cannot be used: {detail}")]
    Io {
        /// The path.
        path: String,
        /// What the system said.
        detail: String,
    },
    /// A file of a repository elsewhere that is not read.
    #[error("{path} in {address} {problem}.")]
    BadFile {
        /// The repository.
        address: String,
        /// The file.
        path: String,
        /// Why.
        problem: String,
    },
    /// A git that is not ours has the index.
    #[error(
        "{path} exists: a git command is at work in this repository, or was killed. If none is running, remove that file."
    )]
    Locked {
        /// The lock file.
        path: String,
    },
    /// Another process holds the repository.
    #[error("{path} is in use by another process. Try again in a moment.")]
    Busy {
        /// The repository.
        path: String,
    },
}

impl GitError {
    pub(crate) fn io(path: &std::path::Path, error: &std::io::Error) -> Self {
        Self::Io { path: path.display().to_string(), detail: error.to_string() }
    }

    /// Makes sense of what git wrote to its error stream.
    pub(super) fn from_stderr(what: &str, address: Option<&str>, stderr: &str) -> Self {
        let says = |words: &[&str]| words.iter().any(|word| stderr.contains(word));
        if says(&["dubious ownership"]) {
            let path = stderr.split('\'').nth(1).unwrap_or("The repository").to_owned();
            return Self::ForeignFolder { path };
        }
        let detail = detail(stderr);
        if let Some(address) = address {
            let address = address.to_owned();
            if says(&[
                "Authentication failed",
                "could not read Username",
                "could not read Password",
                "terminal prompts disabled",
                "Permission denied",
                "error: 401",
                "error: 403",
                "Invalid username or",
            ]) {
                return Self::Unauthorised { address };
            }
            if says(&["not found", "does not appear to be a git repository", "error: 404", "does not exist"]) {
                return Self::NoRepository { address };
            }
            if says(&[
                "Could not resolve",
                "Failed to connect",
                "Connection refused",
                "Connection timed out",
                "Connection reset",
                "Couldn't connect",
                "certificate",
                "SSL",
                "early EOF",
                "unable to access",
            ]) {
                return Self::Unreachable { address, detail };
            }
        }
        Self::Failed { what: what.to_owned(), detail }
    }
}

/// The telling lines of an error stream, without git's prefixes and at most 300 characters.
fn detail(stderr: &str) -> String {
    let lines: Vec<&str> = stderr
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("hint:"))
        .map(|line| line.trim_start_matches("fatal: ").trim_start_matches("error: "))
        .collect();
    let text = lines.join("; ");
    if text.is_empty() { "it said nothing".to_owned() } else { text.chars().take(300).collect() }
}
