//! The commands as docs/CLI.md has them.

use std::fmt::Write as _;

use clap::{Command, CommandFactory as _};

use crate::Cli;

/// Every command with what it takes, in Markdown, as the program itself says it.
#[must_use]
pub fn reference() -> String {
    let mut command = Cli::command().disable_help_subcommand(true).term_width(100);
    command.build();
    let mut text = String::new();
    for one in command.get_subcommands_mut().filter(|one| !one.is_hide_set()) {
        describe(one, &mut text);
    }
    text
}

fn describe(command: &mut Command, text: &mut String) {
    let name = command.get_bin_name().unwrap_or(command.get_name()).to_owned();
    let help = command.render_help().to_string();
    // Those that every command takes are told once.
    let own = help.split("\nEverywhere:").next().unwrap_or(&help);
    let lines: String = own.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    // Writing to a String can't fail.
    let _ = write!(text, "### `{name}`\n\n```text\n{}\n```\n\n", lines.trim_end());
    for one in command.get_subcommands_mut().filter(|one| !one.is_hide_set() && one.get_name() != "help") {
        describe(one, text);
    }
}
