//! What shells and the manual read.

use clap::CommandFactory as _;

use crate::{
    Cli, Exit,
    args::{CompletionsArgs, ManArgs},
    failure::Failure,
    terminal::Terminal,
};

/// Prints the completions for a shell.
pub(crate) fn completions(terminal: &Terminal, args: &CompletionsArgs) -> Result<Exit, Failure> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "phoenix-cli", &mut text);
    terminal.out(&String::from_utf8_lossy(&text))?;
    Ok(Exit::Done)
}

/// Prints a manual page in roff.
pub(crate) fn man(terminal: &Terminal, args: &ManArgs) -> Result<Exit, Failure> {
    let mut command = Cli::command();
    command.build();
    for name in &args.command {
        let found = command.find_subcommand(name).filter(|found| !found.is_hide_set()).cloned();
        command = found.ok_or_else(|| {
            Failure::invalid(format!(
                "There is no command “{}”. `phoenix-cli --help` lists them.",
                args.command.join(" ")
            ))
        })?;
    }
    let mut text = Vec::new();
    clap_mangen::Man::new(command)
        .render(&mut text)
        .map_err(|error| Failure::invalid(format!("The page can't be made: {error}.")))?;
    terminal.out(&String::from_utf8_lossy(&text))?;
    Ok(Exit::Done)
}

/// Prints the commands for docs/CLI.md.
pub(crate) fn reference(terminal: &Terminal) -> Result<Exit, Failure> {
    terminal.out(&crate::reference())?;
    Ok(Exit::Done)
}
