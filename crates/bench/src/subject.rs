//! The program being measured: the real binary as a process of its own, with a data folder of its own.

use std::{
    fs,
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    net::TcpListener,
    process::{Child, ChildStdout, Command},
};

use crate::{Arguments, Failure};

/// Linux counts a process's time in hundredths of a second (`sysconf(_SC_CLK_TCK)`, 100 on every platform Rust supports).
const TICKS_PER_SECOND: f64 = 100.0;

/// A running server.
pub(crate) struct Subject {
    process: Child,
    /// Where it listens.
    pub(crate) url: String,
    /// From the start of the process to its first ready answer.
    pub(crate) time_to_ready: Duration,
}

/// A data folder for the subject, prepared before it starts.
pub(crate) struct Ground {
    /// The folder.
    pub(crate) dir: TempDir,
}

impl Ground {
    pub(crate) fn new() -> Result<Self, Failure> {
        Ok(Self { dir: TempDir::new()? })
    }

    pub(crate) fn database_url(&self) -> String {
        database_url(self.dir.path())
    }
}

/// The database of a data folder, where the server looks for it by default.
pub(crate) fn database_url(data: &Path) -> String {
    format!("sqlite://{}", data.join("thinkheads.db").display())
}

impl Subject {
    /// Starts the server on the ground, with an upstream if there is one, and waits until it is ready.
    pub(crate) async fn start(arguments: &Arguments, ground: &Ground, upstream: Option<&str>) -> Result<Self, Failure> {
        let port = free_port().await?;
        let url = format!("http://127.0.0.1:{port}");
        let begun = Instant::now();
        // A thousand streams need more than the usual 1,024 open files.
        let mut command = Command::new("sh");
        command
            .args(["-c", "ulimit -n 16384 2>/dev/null; exec \"$0\" serve"])
            .arg(fs::canonicalize(&arguments.binary)?)
            .current_dir(ground.dir.path())
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("THINKHEADS_ADDR", format!("127.0.0.1:{port}"))
            .env("THINKHEADS_PUBLIC_URL", format!("http://localhost:{port}"))
            .env("THINKHEADS_DATA_DIR", ground.dir.path())
            .env("THINKHEADS_SITE_DIR", fs::canonicalize(&arguments.site)?)
            .env("THINKHEADS_LOG", "warn")
            .stdout(Stdio::null())
            .kill_on_drop(true);
        if let Some(upstream) = upstream {
            command.env("PHOENIX_URL", upstream);
        }
        let process = command.spawn()?;
        let mut subject = Self { process, url, time_to_ready: Duration::ZERO };
        subject.wait_until_ready().await?;
        subject.time_to_ready = begun.elapsed();
        Ok(subject)
    }

    async fn wait_until_ready(&mut self) -> Result<(), Failure> {
        let client = crate::client::plain()?;
        let address = format!("{}/readyz", self.url);
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            if let Ok(answer) = client.get(&address).send().await
                && answer.status().is_success()
            {
                return Ok(());
            }
            if let Some(status) = self.process.try_wait()? {
                return Err(format!("the server ended at start: {status}").into());
            }
            if Instant::now() > deadline {
                return Err("the server did not become ready within 20 s".into());
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Resident memory in bytes.
    pub(crate) fn memory(&self) -> Result<f64, Failure> {
        let status = fs::read_to_string(self.proc("status")?)?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).ok_or("no VmRSS")?;
        let kilobytes: f64 = line.split_whitespace().nth(1).ok_or("no VmRSS")?.parse()?;
        Ok(kilobytes * 1024.0)
    }

    /// Processor time used so far, user and system, in seconds.
    pub(crate) fn processor_time(&self) -> Result<f64, Failure> {
        processor_time(&self.process)
    }

    fn proc(&self, name: &str) -> Result<String, Failure> {
        proc(&self.process, name)
    }

    pub(crate) async fn stop(mut self) -> Result<(), Failure> {
        self.process.kill().await?;
        Ok(())
    }
}

fn proc(process: &Child, name: &str) -> Result<String, Failure> {
    let id = process.id().ok_or("the measured process has ended")?;
    Ok(format!("/proc/{id}/{name}"))
}

/// User and system time, in seconds.
fn processor_time(process: &Child) -> Result<f64, Failure> {
    let stat = fs::read_to_string(proc(process, "stat")?)?;
    // The name in parentheses may hold spaces; what follows it is regular. utime and stime are fields 14 and 15.
    let (_, after) = stat.rsplit_once(')').ok_or("unreadable stat")?;
    let fields: Vec<&str> = after.split_whitespace().collect();
    let ticks = |index: usize| fields.get(index).and_then(|text| text.parse::<f64>().ok()).unwrap_or_default();
    Ok((ticks(11) + ticks(12)) / TICKS_PER_SECOND)
}

/// Another part of this program as a process of its own; its first line of output is its address.
pub(crate) struct Helper {
    process: Child,
    _output: Lines<BufReader<ChildStdout>>,
    /// Where it listens.
    pub(crate) url: String,
}

impl Helper {
    /// Starts a part of this program, as its command line names it.
    pub(crate) async fn start<S: AsRef<std::ffi::OsStr>>(part: &[S]) -> Result<Self, Failure> {
        let me = fs::canonicalize(Path::new("/proc/self/exe"))?;
        let mut process = Command::new("sh")
            .args(["-c", "ulimit -n 16384 2>/dev/null; exec \"$0\" \"$@\""])
            .arg(me)
            .args(part)
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let stdout = process.stdout.take().ok_or("no output")?;
        let mut output = BufReader::new(stdout).lines();
        let url = output.next_line().await?.ok_or("a helper process ended at start")?;
        Ok(Self { process, _output: output, url })
    }

    /// Processor time used so far, user and system, in seconds.
    pub(crate) fn processor_time(&self) -> Result<f64, Failure> {
        processor_time(&self.process)
    }
}

async fn free_port() -> Result<u16, Failure> {
    Ok(TcpListener::bind("127.0.0.1:0").await?.local_addr()?.port())
}
