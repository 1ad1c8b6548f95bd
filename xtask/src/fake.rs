//! `cargo xtask fake`: a stand-in for one of the services, by itself, to look at or to develop against.

use anyhow::Result;
use clap::{Parser, Subcommand, ValueEnum};

use crate::shell;

/// Runs a stand-in for a service on this machine, with sample data, until it is interrupted.
#[derive(Parser)]
pub(crate) struct Args {
    #[command(subcommand)]
    service: Service,
}

#[derive(Subcommand)]
enum Service {
    /// Portainer, which deploys the stacks.
    Portainer {
        /// Loopback port.
        #[arg(long)]
        port: u16,
        /// Which Portainer it is like.
        #[arg(long, value_enum, default_value = "2.23")]
        generation: Generation,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Generation {
    /// 2.23.0.
    #[value(name = "2.23")]
    V2_23,
    /// What later releases do differently, up to 2.44.
    Newer,
}

/// Does it.
pub(crate) fn main(args: &Args) -> Result<()> {
    let Service::Portainer { port, generation } = args.service;
    let generation = generation.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
    let mut cargo = shell::cargo();
    cargo.args(["run", "--package", "upstream", "--features", "fake", "--example", "fake-portainer", "--"]);
    shell::run(cargo.arg(port.to_string()).arg(generation))
}
