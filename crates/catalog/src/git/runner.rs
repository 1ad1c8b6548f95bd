//! Runs the git program: a fixed environment, no prompts, no hooks, nothing of the machine's settings, a time limit.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use secrecy::{ExposeSecret, SecretString};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    process::Command,
};
use types::catalog::git_login;

use super::{Address, GitError, Lock};

/// How git is run.
#[derive(Clone, Debug)]
pub struct GitSettings {
    /// The program, by name or path.
    pub program: PathBuf,
    /// Where programs are looked for: `PATH` of the child.
    pub path: OsString,
    /// The home folder ssh reads keys from; none means no ssh keys.
    pub home: Option<PathBuf>,
    /// A CA certificate to trust besides the system's.
    pub ca_file: Option<PathBuf>,
    /// Whether addresses may be folders of this machine (`file://`): whoever may write an address could read any repository
    /// this program's user can.
    pub file_addresses: bool,
    /// How long a local command may take.
    pub local_limit: Duration,
    /// How long a command that speaks to a server may take.
    pub network_limit: Duration,
}

impl Default for GitSettings {
    fn default() -> Self {
        Self {
            program: PathBuf::from("git"),
            path: OsString::from("/usr/local/bin:/usr/bin:/bin"),
            home: None,
            ca_file: None,
            file_addresses: false,
            local_limit: Duration::from_secs(30),
            // A first shallow fetch of a large repository over a home line.
            network_limit: Duration::from_secs(120),
        }
    }
}

/// A name and a password, or token, for one server.
#[derive(Clone, Debug)]
pub struct Credential {
    username: String,
    password: SecretString,
}

impl Credential {
    /// Reads a vault entry: `username:password`, or a token alone.
    ///
    /// # Errors
    /// [`GitError::BadArgument`] if it is empty or holds a line break, which would be a second line of git's credential protocol.
    pub fn parse(secret: &SecretString) -> Result<Self, GitError> {
        let text = secret.expose_secret();
        if text.is_empty() || text.contains(['\n', '\r', '\0']) {
            let problem = "is empty or holds a line break".to_owned();
            return Err(GitError::BadArgument { text: "The git credential".to_owned(), problem });
        }
        let (username, password) = git_login(text);
        Ok(Self { username: username.to_owned(), password: password.into() })
    }
}

/// The git program.
#[derive(Clone, Debug)]
pub struct Git {
    settings: GitSettings,
}

/// One call.
#[derive(Default)]
pub(crate) struct Call<'a> {
    pub(crate) args: Vec<OsString>,
    pub(crate) input: Option<Vec<u8>>,
    pub(crate) env: Vec<(&'static str, OsString)>,
    /// The server it speaks to, with the credential for it.
    pub(crate) server: Option<(&'a Address, Option<&'a Credential>)>,
    /// A lock the child shares: it is not free before the child has ended, even if this process dies.
    pub(crate) lock: Option<&'a Lock>,
    /// Where its input comes from, instead of from memory.
    pub(crate) source: Option<std::fs::File>,
    /// Where its answer goes, instead of into memory.
    pub(crate) output: Option<std::fs::File>,
}

impl<'a> Call<'a> {
    pub(crate) fn new<A: Into<OsString>>(args: impl IntoIterator<Item = A>) -> Self {
        Self { args: args.into_iter().map(Into::into).collect(), ..Self::default() }
    }

    pub(crate) fn input(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = Some(input.into());
        self
    }

    pub(crate) fn env(mut self, name: &'static str, value: impl Into<OsString>) -> Self {
        self.env.push((name, value.into()));
        self
    }

    pub(crate) fn server(mut self, address: &'a Address, credential: Option<&'a Credential>) -> Self {
        self.server = Some((address, credential));
        self
    }

    /// Lets the child share a lock. Such a child takes no input.
    pub(crate) fn holding(mut self, lock: &'a Lock) -> Self {
        self.lock = Some(lock);
        self
    }

    pub(crate) fn reading(mut self, file: std::fs::File) -> Self {
        self.source = Some(file);
        self
    }

    pub(crate) fn writing(mut self, file: std::fs::File) -> Self {
        self.output = Some(file);
        self
    }

    /// Whether it is killed when nobody waits for it any more. What changes a repository is let finish: it takes milliseconds,
    /// and git leaves its lock files behind when it is killed.
    fn is_killed_on_drop(&self) -> bool {
        self.lock.is_none() || self.server.is_some()
    }
}

/// Settings that hold whatever a repository's own configuration says: nothing in it may run a program or send a secret.
const FIXED: &[(&str, &str)] = &[
    ("core.hooksPath", "/dev/null"),
    ("core.fsmonitor", "false"),
    ("core.attributesFile", "/dev/null"),
    ("core.excludesFile", "/dev/null"),
    ("core.autocrlf", "false"),
    ("core.quotePath", "false"),
    ("core.gitProxy", ""),
    ("core.alternateRefsCommand", "true"),
    ("commit.gpgSign", "false"),
    ("core.splitIndex", "false"),
    ("core.untrackedCache", "false"),
    ("core.sparseCheckout", "false"),
    ("index.sparse", "false"),
    // Others hold a reference for milliseconds: they are waited for.
    ("core.filesRefLockTimeout", "2000"),
    ("core.packedRefsTimeout", "5000"),
    ("color.ui", "false"),
    ("i18n.commitEncoding", "UTF-8"),
    ("i18n.logOutputEncoding", "UTF-8"),
    ("log.follow", "false"),
    ("log.mailmap", "false"),
    ("push.gpgSign", "false"),
    ("push.recurseSubmodules", "no"),
    ("fetch.recurseSubmodules", "false"),
    ("submodule.recurse", "false"),
    ("credential.helper", ""),
    ("credential.interactive", "false"),
    ("http.followRedirects", "initial"),
    ("http.lowSpeedLimit", "100"),
    ("http.lowSpeedTime", "30"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("merge.verifySignatures", "false"),
];

/// Reads name and password from the environment of this very child; neither is an argument, an address or a file.
const HELPER: &str = "!f() { test \"$1\" = get && printf 'username=%s\\npassword=%s\\n' \"$CATALOG_GIT_USERNAME\" \"$CATALOG_GIT_PASSWORD\"; }; f";

/// Most bytes of an answer. A whole catalog is a hundredth of it.
pub(super) const LARGEST_ANSWER: usize = 64 * 1024 * 1024;
const LARGEST_COMPLAINT: usize = 64 * 1024;

impl Git {
    /// The git program, run like this.
    #[must_use]
    pub const fn new(settings: GitSettings) -> Self {
        Self { settings }
    }

    /// Runs it in a folder and gives what it wrote.
    pub(crate) async fn run(&self, folder: &Path, call: Call<'_>) -> Result<Vec<u8>, GitError> {
        let what = call.args.first().map(|arg| arg.to_string_lossy().into_owned()).unwrap_or_default();
        self.check(&call)?;
        let address = call.server.map(|(address, _)| address.as_str());
        let password = call.server.and_then(|(_, credential)| credential).map(|one| one.password.clone());
        let (success, stdout, stderr) = self.spawn(folder, call, &what).await?;
        if success {
            return Ok(stdout);
        }
        let mut stderr = String::from_utf8_lossy(&stderr).into_owned();
        // To replace nothing would put the mark between all letters.
        if let Some(password) = password.filter(|password| !password.expose_secret().is_empty()) {
            stderr = stderr.replace(password.expose_secret(), "…");
        }
        Err(GitError::from_stderr(&what, address, &stderr))
    }

    /// Refuses to speak to a server in a way that is not safe.
    fn check(&self, call: &Call<'_>) -> Result<(), GitError> {
        let Some((address, credential)) = call.server else { return Ok(()) };
        let problem = if address.is_file() && !self.settings.file_addresses {
            "is a folder of this machine, which the settings do not allow"
        } else if address.is_open() && credential.is_some() {
            "is not encrypted, so no credential is sent to it. Use its https:// address, or none of the vault's secrets for it"
        } else {
            return Ok(());
        };
        Err(GitError::BadArgument { text: address.to_string(), problem: problem.to_owned() })
    }

    /// Like [`run`](Self::run), as text.
    pub(crate) async fn text(&self, folder: &Path, call: Call<'_>) -> Result<String, GitError> {
        Ok(String::from_utf8_lossy(&self.run(folder, call).await?).into_owned())
    }

    /// Like [`run`](Self::run), where a refusal is an answer.
    pub(crate) async fn succeeds(&self, folder: &Path, call: Call<'_>) -> Result<bool, GitError> {
        let what = call.args.first().map(|arg| arg.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(self.spawn(folder, call, &what).await?.0)
    }

    /// Like [`text`](Self::text), where a refusal means "none".
    pub(crate) async fn answer(&self, folder: &Path, call: Call<'_>) -> Result<Option<String>, GitError> {
        let what = call.args.first().map(|arg| arg.to_string_lossy().into_owned()).unwrap_or_default();
        let (success, stdout, _) = self.spawn(folder, call, &what).await?;
        Ok(success.then(|| String::from_utf8_lossy(&stdout).trim_end_matches('\n').to_owned()))
    }

    /// How long a local command may take, and one that speaks to a server.
    pub(crate) const fn limits(&self) -> (Duration, Duration) {
        (self.settings.local_limit, self.settings.network_limit)
    }

    async fn spawn(&self, folder: &Path, call: Call<'_>, what: &str) -> Result<(bool, Vec<u8>, Vec<u8>), GitError> {
        let limit = if call.server.is_some() { self.settings.network_limit } else { self.settings.local_limit };
        let input = call.input.clone();
        let mut command = self.command(folder, call).map_err(|error| GitError::io(folder, &error))?;
        let mut child = command.spawn().map_err(|error| GitError::NotInstalled {
            detail: format!("{}: {error}", self.settings.program.display()),
        })?;
        drop(command);
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let work = async {
            let write = async {
                if let (Some(mut stdin), Some(input)) = (stdin, input) {
                    // A child that ends early is judged by its answer.
                    let _ = stdin.write_all(&input).await;
                }
            };
            let ((), stdout, stderr) =
                tokio::join!(write, drain(stdout, LARGEST_ANSWER), drain(stderr, LARGEST_COMPLAINT));
            let status = child.wait().await;
            (status, stdout, stderr)
        };
        let timed_out = GitError::TimedOut { what: what.to_owned(), seconds: limit.as_secs() };
        let (status, (stdout, whole), (stderr, _)) = tokio::time::timeout(limit, work).await.map_err(|_| timed_out)?;
        let status = status.map_err(|error| GitError::Failed { what: what.to_owned(), detail: error.to_string() })?;
        if !whole {
            return Err(GitError::TooLarge { what: what.to_owned(), limit: LARGEST_ANSWER });
        }
        Ok((status.success(), stdout, stderr))
    }

    fn command(&self, folder: &Path, call: Call<'_>) -> std::io::Result<Command> {
        let settings = &self.settings;
        let killed = call.is_killed_on_drop();
        let stdin = match (call.source, call.lock) {
            (Some(file), _) => file.into(),
            (None, _) if call.input.is_some() => Stdio::piped(),
            // An empty file, so that it reads like nothing.
            (None, Some(lock)) => lock.share()?.into(),
            (None, None) => Stdio::null(),
        };
        // These win over whatever a repository's own settings say of protocols.
        let protocols = match call.server {
            Some((address, _)) => address.protocols(),
            None => "none",
        };
        let mut command = Command::new(&settings.program);
        command
            .arg("-C")
            .arg(folder)
            .arg("--no-pager")
            .arg("--literal-pathspecs")
            .env_clear()
            .env("PATH", &settings.path)
            .env("LC_ALL", "C")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_ASKPASS", "true")
            .env("GIT_SSH_COMMAND", "ssh -o BatchMode=yes -o ConnectTimeout=15")
            .env("GIT_SSH_VARIANT", "ssh")
            .env("GIT_ALLOW_PROTOCOL", protocols)
            .env("GIT_NO_LAZY_FETCH", "1")
            .env("GIT_ATTR_NOSYSTEM", "1")
            .env("GIT_EDITOR", "true")
            // The folder itself or nothing: never a repository further up.
            .env("GIT_CEILING_DIRECTORIES", folder.parent().unwrap_or(folder))
            .stdin(stdin)
            .stdout(call.output.map_or_else(Stdio::piped, Stdio::from))
            .stderr(Stdio::piped())
            .kill_on_drop(killed);
        if let Some(home) = &settings.home {
            command.env("HOME", home);
        }
        let mut config: Vec<(String, OsString)> =
            FIXED.iter().map(|(key, value)| ((*key).to_owned(), OsString::from(value))).collect();
        if let Some(file) = &settings.ca_file {
            config.push(("http.sslCAInfo".to_owned(), file.into()));
        }
        if let Some((address, Some(credential))) = call.server
            && let Some(origin) = address.origin()
        {
            // Only this server gets it, even after a redirect to another.
            config.push((format!("credential.{origin}.helper"), HELPER.into()));
            command.env("CATALOG_GIT_USERNAME", &credential.username);
            command.env("CATALOG_GIT_PASSWORD", credential.password.expose_secret());
        }
        command.env("GIT_CONFIG_COUNT", config.len().to_string());
        for (index, (key, value)) in config.iter().enumerate() {
            command.env(format!("GIT_CONFIG_KEY_{index}"), key).env(format!("GIT_CONFIG_VALUE_{index}"), value);
        }
        for (name, value) in &call.env {
            command.env(name, value);
        }
        command.args(&call.args);
        Ok(command)
    }
}

/// Reads to the end but keeps no more than so much. Tells whether that was all.
async fn drain(stream: Option<impl AsyncRead + Unpin>, limit: usize) -> (Vec<u8>, bool) {
    let mut kept = Vec::new();
    let Some(mut stream) = stream else { return (kept, true) };
    let mut whole = true;
    let mut buffer = vec![0; 16 * 1024];
    loop {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return (kept, whole),
            Ok(count) => {
                let room = limit.saturating_sub(kept.len()).min(count);
                kept.extend_from_slice(&buffer[..room]);
                whole &= room == count;
            }
        }
    }
}
