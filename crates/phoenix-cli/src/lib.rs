//! The terminal's front door to catalog and deployments: `phoenix-cli`. It reads the same catalog, writes the same journal and
//! audit, and says the same words as the pages.
//!
//! `args` says what may be typed, `commands` does it over a `front::Front`, `render` makes texts and JSON of what comes
//! back, `terminal` writes them and asks.

mod args;
mod commands;
mod exit;
mod failure;
mod front;
mod reference;
mod render;
mod terminal;

pub use args::Cli;
pub use exit::Exit;
pub use reference::reference;

use args::Command;
use commands::Cx;
use failure::Failure;
use terminal::Terminal;

/// Does what the command line says. Answers go to standard output, notices and errors to standard error.
pub async fn run(cli: Cli) -> Exit {
    let terminal = Terminal::new(&cli.global);
    if let Err(problem) = terminal::start_log(cli.global.verbose) {
        terminal.complain(&problem);
    }
    match act(cli, &terminal).await {
        Ok(exit) => exit,
        Err(failure) => {
            render::failure(&terminal, &failure);
            failure.exit()
        }
    }
}

async fn act(cli: Cli, terminal: &Terminal) -> Result<Exit, Failure> {
    // What needs neither settings nor catalog works anywhere.
    match &cli.command {
        Command::Completions(wanted) => return commands::completions(terminal, wanted),
        Command::Man(wanted) => return commands::man(terminal, wanted),
        Command::Reference => return commands::reference(terminal),
        _ => {}
    }
    let front = front::open(&cli.global).await?;
    let cx = Cx { front: &*front, terminal };
    let done = commands::run(&cx, cli.command).await;
    front.close().await;
    done
}

/// Says what is wrong with the command line; help and version are asked for and no mistake.
#[must_use]
pub fn wrong_usage(error: &clap::Error) -> Exit {
    // A pipe that was closed wants to hear no more.
    let _ = error.print();
    if error.use_stderr() { Exit::Failed } else { Exit::Done }
}
