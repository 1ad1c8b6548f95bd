//! The command line.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use clap::{Args, Parser, Subcommand};
use config::Config;
use service::{AuditFormat, Auditor, Services};
use store::{AuditFault, AuditFilter};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    signal,
    time::timeout,
};

use crate::{Application, Options, StartError, http::middleware::host::Hosts, startup, telemetry};

/// How long a health check waits for its answer.
const HEALTH_PATIENCE: Duration = Duration::from_secs(3);

/// ThinkHeads: a website for your own AI server.
#[derive(Debug, Parser)]
#[command(name = "thinkheads", version)]
pub struct Cli {
    /// Runs the site when absent.
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the site.
    Serve(Serve),
    /// Look after people.
    #[command(subcommand)]
    User(User),
    /// Look into the audit: who did what.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Check the settings and print what is in force, secrets hidden, with the source of each value.
    CheckConfig,
    /// Print a thinkheads.toml with every setting at its default.
    PrintConfig,
    /// Ask a running server on this machine whether it is alive; for containers.
    Healthcheck,
}

#[derive(Args, Debug, Default)]
struct Serve {
    /// Start labelled stand-ins for the services behind the site, with sample answers. Stays on this machine.
    #[arg(long)]
    demo: bool,
    /// Address to listen on, instead of THINKHEADS_ADDR. Port 0 picks a free one.
    #[arg(long)]
    addr: Option<SocketAddr>,
}

#[derive(Debug, Subcommand)]
enum User {
    /// Print a one-time link that makes an administrator.
    Add {
        /// The administrator's address; kept as a note on the link.
        #[arg(long, value_name = "EMAIL")]
        admin: String,
    },
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Look at every record and say whether any was altered, taken out or put in.
    Verify {
        /// The digest that an earlier look printed: says whether everything up to it still stands.
        #[arg(long, value_name = "DIGEST")]
        since: Option<String>,
    },
    /// Print records, oldest first.
    Export {
        /// How.
        #[arg(long, value_enum, default_value = "json-lines")]
        format: ExportFormat,
        /// Only acts that begin so, such as `session.`.
        #[arg(long)]
        action: Option<String>,
    },
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum ExportFormat {
    /// One JSON object a line.
    JsonLines,
    /// Comma-separated values.
    Csv,
}

/// Does what the command line says. Answers go to standard output, logs to standard error.
///
/// # Errors
/// What kept it from being done, in words for the one who typed it.
pub async fn run(cli: Cli) -> Result<(), StartError> {
    match cli.command.unwrap_or_else(|| Command::Serve(Serve::default())) {
        Command::Serve(serve) => self::serve(serve).await,
        Command::User(User::Add { admin }) => add_administrator(&admin).await,
        Command::Audit(command) => audit(command).await,
        Command::CheckConfig => check_config(),
        Command::PrintConfig => {
            print!("{}", config::print_default());
            Ok(())
        }
        Command::Healthcheck => healthcheck().await,
    }
}

async fn serve(Serve { demo, addr }: Serve) -> Result<(), StartError> {
    let mut config = Config::from_env()?;
    if let Some(addr) = addr {
        config.http.addr = addr;
    }
    telemetry::init_log(&config.log).map_err(StartError::Refused)?;
    for warning in warnings(&config) {
        tracing::warn!("{warning}");
    }
    // Before anything is announced: whoever started this program may ask it to stop from then on.
    let shutdown = asked_to_stop()?;
    let application = Application::build_with(config, Options { demo, ..Options::default() }).await?;
    println!("ThinkHeads listens on http://{}", application.addr());
    if demo {
        println!("Demo: answers are samples.");
    }
    if let Some(link) = application.setup_link() {
        println!("No administrator yet. This link makes one; it works once, for a day:\n{link}");
    }
    // The last line: programs that started this one wait for it.
    println!("Ready. Open {}", application.public_url());
    application.run_until(shutdown).await
}

/// Resolves at SIGTERM or SIGINT.
fn asked_to_stop() -> Result<impl Future<Output = ()> + Send, StartError> {
    let listen = |kind| {
        signal::unix::signal(kind).map_err(|error| StartError::Refused(format!("can't listen for signals: {error}")))
    };
    let mut terminate = listen(signal::unix::SignalKind::terminate())?;
    let mut interrupt = listen(signal::unix::SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

async fn add_administrator(email: &str) -> Result<(), StartError> {
    let config = Config::from_env()?;
    telemetry::init_log(&config.log).map_err(StartError::Refused)?;
    let (services, store) = startup::open_services(&config, false, None, None, None).await?;
    let link = services.people().invite_administrator_cli(email).await?;
    println!("This link makes an administrator; it works once, for a day:\n{link}");
    store.close().await;
    Ok(())
}

async fn audit(command: AuditCommand) -> Result<(), StartError> {
    let config = Config::from_env()?;
    telemetry::init_log(&config.log).map_err(StartError::Refused)?;
    let (services, store) = startup::open_services(&config, false, None, None, None).await?;
    let done = match command {
        AuditCommand::Verify { since } => verify_audit(&services, since.as_deref()).await,
        AuditCommand::Export { format, action } => export_audit(&services, format, action).await,
    };
    store.close().await;
    done
}

async fn verify_audit(services: &Services, since: Option<&str>) -> Result<(), StartError> {
    let verdict = services.audit().verify(Auditor::at_the_machine()).await?;
    let known = match since {
        Some(digest) => services.audit().has_digest(Auditor::at_the_machine(), digest).await?,
        None => true,
    };
    for fault in &verdict.faults {
        println!("{}", fault_words(fault));
    }
    if !known {
        println!(
            "The record that had this digest is gone, or was rewritten: the audit is not the one you looked at then."
        );
    }
    if verdict.faults.is_empty() && known {
        println!(
            "{} records, none altered or missing. Keep this digest elsewhere: {}",
            verdict.records, verdict.digest
        );
        return Ok(());
    }
    Err(StartError::Refused("the audit is not what was written".to_owned()))
}

fn fault_words(fault: &AuditFault) -> String {
    match fault {
        AuditFault::Missing { from, to } if from == to => format!("Record {from} is missing."),
        AuditFault::Missing { from, to } => format!("Records {from} to {to} are missing."),
        AuditFault::Altered { seq, id } => format!("Record {seq} ({id}) was altered, or one before it was."),
        AuditFault::Unchained { id } => format!("Record {id} was put in past the chain."),
        AuditFault::End { expected, found } => {
            format!("The last record should be {expected} and is {found}: the end was cut off or changed.")
        }
    }
}

async fn export_audit(services: &Services, format: ExportFormat, action: Option<String>) -> Result<(), StartError> {
    let format = match format {
        ExportFormat::Csv => AuditFormat::Csv,
        ExportFormat::JsonLines => AuditFormat::JsonLines,
    };
    let filter = AuditFilter { action, ..AuditFilter::default() };
    let mut export = services.audit().export(Auditor::at_the_machine(), filter, format);
    let mut out = io::stdout().lock();
    while let Some(text) = export.next().await? {
        match io::Write::write_all(&mut out, text.as_bytes()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            Err(error) => return Err(StartError::Refused(format!("standard output: {error}"))),
            Ok(()) => {}
        }
    }
    Ok(())
}

fn check_config() -> Result<(), StartError> {
    let config = Config::from_env()?;
    for setting in config.describe() {
        println!("{setting}");
    }
    for warning in warnings(&config) {
        println!("warning: {warning}");
    }
    Ok(())
}

/// Settings that are right one by one and wrong together.
fn warnings(config: &Config) -> Vec<&'static str> {
    let http = &config.http;
    let mut found = Vec::new();
    if http.public_url.scheme() == "https" && http.trusted_proxies.is_empty() {
        found.push(
            "THINKHEADS_PUBLIC_URL is https, so something stands in front, but THINKHEADS_TRUSTED_PROXIES is empty: every \
             person seems to come from that one address and shares its limits",
        );
    }
    let local = Hosts::new(&http.public_url, std::iter::empty()).is_local();
    if http.metrics_token.is_none() && !(local && http.trusted_proxies.is_empty()) {
        found.push(
            "THINKHEADS_METRICS_TOKEN is not set, so nobody can read /metrics: the site is not local, or something stands in \
             front of it, and then a caller on this machine may be anybody",
        );
    }
    if http.public_url.scheme() == "http" && !http.addr.ip().is_loopback() {
        found.push(
            "THINKHEADS_ADDR is open to the network and THINKHEADS_PUBLIC_URL is plain http: passwords travel readable by \
             everybody in between",
        );
    }
    found
}

/// Asks `/healthz` by hand: one line is all that is needed of the answer.
async fn healthcheck() -> Result<(), StartError> {
    let mut addr = Config::from_env()?.http.addr;
    if addr.ip().is_unspecified() {
        let loopback = if addr.is_ipv4() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { IpAddr::V6(Ipv6Addr::LOCALHOST) };
        addr.set_ip(loopback);
    }
    let ask = async {
        let mut stream = TcpStream::connect(addr).await?;
        stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await?;
        let mut status = [0; 12];
        stream.read_exact(&mut status).await?;
        Ok::<_, io::Error>(status)
    };
    let refused = |why: String| StartError::Refused(format!("{addr} is not healthy: {why}"));
    match timeout(HEALTH_PATIENCE, ask).await {
        Ok(Ok(status)) if &status == b"HTTP/1.1 200" => Ok(()),
        Ok(Ok(status)) => Err(refused(format!("it answered {}", String::from_utf8_lossy(&status)))),
        Ok(Err(error)) => Err(refused(error.to_string())),
        Err(_) => Err(refused(format!("no answer within {} s", HEALTH_PATIENCE.as_secs()))),
    }
}
