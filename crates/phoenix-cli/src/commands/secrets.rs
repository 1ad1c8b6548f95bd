//! The vault: values go in and never come out.

use std::{fs, path::Path};

use config::SecretString;
use serde::Serialize;
use service::deploy::{
    Rekeyed,
    catalog_types::{SecretInfo, SecretName},
};

use super::{Cx, run::ask};
use crate::{
    Exit,
    args::{SecretCommand, SecretInput},
    failure::Failure,
    render,
    terminal::{Question, secret as read_secret},
};

#[derive(Serialize)]
struct Secrets<'a> {
    secrets: &'a [SecretInfo],
}

#[derive(Serialize)]
struct Changed<'a> {
    name: &'a SecretName,
    /// None if it was removed.
    version: Option<u32>,
}

pub(super) async fn secret(cx: &Cx<'_>, command: SecretCommand) -> Result<Exit, Failure> {
    match command {
        SecretCommand::List => {
            let secrets = cx.front.secrets().await?;
            if cx.terminal.is_json() {
                cx.terminal.json("secrets", &Secrets { secrets: &secrets })?;
            } else {
                cx.terminal.out(&render::secrets(&secrets, cx.terminal.paint()))?;
            }
        }
        SecretCommand::Set(input) => set(cx, &input, false).await?,
        SecretCommand::Rotate(input) => set(cx, &input, true).await?,
        SecretCommand::Remove { name, yes } => {
            if !yes {
                let about = format!("This takes the secret {name} away.");
                ask(cx, &Question { about, words: vec![name.to_string()] })?;
            }
            cx.front.remove_secret(&name).await?;
            changed(cx, &name, None, &format!("The secret {name} is gone. Older commits keep it, encrypted.\n"))?;
        }
        SecretCommand::Rekey { key_file, yes } => rekey(cx, key_file.as_deref(), yes).await?,
        SecretCommand::Adopt { place, name } => {
            let (file, pointer) = place.split_once('#').ok_or_else(|| {
                Failure::invalid(format!(
                    "“{place}” is no place of a secret. Write FILE#POINTER, such as phoenix_hypervisor_config.json#/portainer_api/password."
                ))
            })?;
            let info = cx.front.adopt_secret(file, pointer, &name).await?;
            changed(
                cx,
                &name,
                Some(info.version),
                &format!(
                    "The secret {name} is in the vault (version {}), and {file} names it. Older commits still have it in plain text: change it where it is used.\n",
                    info.version
                ),
            )?;
        }
    }
    Ok(Exit::Done)
}

async fn set(cx: &Cx<'_>, input: &SecretInput, must_exist: bool) -> Result<(), Failure> {
    let name = &input.name;
    let value = read_secret(name.as_str(), input.from_file.as_deref())?;
    let info = cx.front.set_secret(name, &value, must_exist).await?;
    let text = format!("The secret {name} is set (version {}). `phoenix-cli plan` shows who gets it.\n", info.version);
    changed(cx, name, Some(info.version), &text)
}

fn changed(cx: &Cx<'_>, name: &SecretName, version: Option<u32>, text: &str) -> Result<(), Failure> {
    match cx.terminal.is_json() {
        true => cx.terminal.json("secret", &Changed { name, version }),
        false => cx.terminal.out(text),
    }
}

async fn rekey(cx: &Cx<'_>, key_file: Option<&Path>, yes: bool) -> Result<(), Failure> {
    if !yes {
        let about = "This encrypts every secret for another key. Whoever has only the old one reads them no more.";
        ask(cx, &Question { about: about.to_owned(), words: vec!["yes".to_owned()] })?;
    }
    let new = key_file.map(key_from).transpose()?;
    let Rekeyed { secrets, public_key } = cx.front.rekey(new.as_ref()).await?;
    if cx.terminal.is_json() {
        return cx.terminal.json("rekeyed", &Rekeyed { secrets, public_key });
    }
    cx.terminal.out(&format!(
        "{} for the key {public_key}. Keep a copy of the key where the backups are not.\n",
        render::count(usize::try_from(secrets).unwrap_or(usize::MAX), "secret is encrypted", "secrets are encrypted")
    ))
}

fn key_from(path: &Path) -> Result<SecretString, Failure> {
    let text = fs::read_to_string(path)
        .map_err(|error| Failure::invalid(format!("The key file {} can't be read: {error}.", path.display())))?;
    // `age-keygen` writes notes above the key.
    let key = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
    key.map(SecretString::from).ok_or_else(|| {
        Failure::invalid(format!("{} has no key. It must have a line AGE-SECRET-KEY-1….", path.display()))
    })
}
