//! The vault: secrets by name, set, rotated, taken away, adopted from plain text; never shown.

use catalog::{Change, Edit, vault::VaultKey};
use secrecy::SecretString;
use serde_json::json;
use types::{
    ProblemCode,
    catalog::{SecretInfo, SecretName},
};

use super::{Deploy, DeployError, KeySource, Operator};

impl Deploy {
    /// The secrets' names, versions, dates and authors.
    ///
    /// # Errors
    /// When the vault can't be read.
    pub async fn secrets(&self, _: &Operator) -> Result<Vec<SecretInfo>, DeployError> {
        Ok(self.0.home.now().await?.vault?.list())
    }

    /// Sets a secret, or gives it its next value, as a commit.
    ///
    /// # Errors
    /// When the value is empty or too large, or the vault can't be written.
    pub async fn set_secret(
        &self,
        operator: &Operator,
        name: &SecretName,
        value: &SecretString,
    ) -> Result<SecretInfo, DeployError> {
        self.change_secret(operator, name, value, false).await
    }

    /// Gives a secret that is there its next value.
    ///
    /// # Errors
    /// `NotFound` when there is no such secret, and as [`set_secret`](Self::set_secret).
    pub async fn rotate_secret(
        &self,
        operator: &Operator,
        name: &SecretName,
        value: &SecretString,
    ) -> Result<SecretInfo, DeployError> {
        self.change_secret(operator, name, value, true).await
    }

    async fn change_secret(
        &self,
        operator: &Operator,
        name: &SecretName,
        value: &SecretString,
        must_exist: bool,
    ) -> Result<SecretInfo, DeployError> {
        let key = self.0.home.key()?;
        let now = self.0.home.now().await?;
        let mut vault = now.vault?;
        let at = self.0.world.now();
        let info = match must_exist {
            true => vault.rotate(&key, name, value, operator.name(), at)?,
            false => vault.set(&key, name, value, operator.name(), at)?,
        };
        let message = format!("Secret {name}: version {}", info.version);
        self.commit_vault(operator, now.reading.version, vec![vault.edit()], message).await?;
        let detail = json!({ "version": info.version });
        self.record(operator, "secret.set", format!("secret:{name}"), &detail).await?;
        Ok(info)
    }

    /// Takes a secret away. Older commits keep it, encrypted.
    ///
    /// # Errors
    /// `NotFound` when there is none; `Conflict` while a stack or a setting names it.
    pub async fn remove_secret(&self, operator: &Operator, name: &SecretName) -> Result<(), DeployError> {
        let now = self.0.home.now().await?;
        let users = users(&now.reading.catalog, name);
        if !users.is_empty() {
            return Err(DeployError::refused(
                ProblemCode::Conflict,
                format!("“{name}” is still used by {}. Take it away there first.", users.join(", ")),
            ));
        }
        let mut vault = now.vault?;
        vault.remove(name)?;
        let message = format!("Secret {name}: removed");
        self.commit_vault(operator, now.reading.version, vec![vault.edit()], message).await?;
        self.record(operator, "secret.remove", format!("secret:{name}"), &json!({})).await
    }

    /// Moves a secret that stands in a file in plain text into the vault, and puts its name there instead, as one commit.
    ///
    /// # Errors
    /// When there is no plain secret at that place, or the vault can't be written.
    pub async fn adopt_secret(
        &self,
        operator: &Operator,
        file: &str,
        pointer: &str,
        name: &SecretName,
    ) -> Result<SecretInfo, DeployError> {
        let key = self.0.home.key()?;
        let now = self.0.home.now().await?;
        let Some(value) = now.snapshot.plain_secret(file, pointer) else {
            return Err(DeployError::refused(
                ProblemCode::NotFound,
                format!("{file} has no secret in plain text at “{pointer}”. `phoenix-cli validate` lists them."),
            ));
        };
        let mut vault = now.vault?;
        let info = vault.set(&key, name, &value, operator.name(), self.0.world.now())?;
        let adopt = Edit::AdoptSecret { file: file.to_owned(), pointer: pointer.to_owned(), secret: name.clone() };
        let message = format!("Secret {name}: moved from {file} into the vault");
        self.commit_vault(operator, now.reading.version, vec![vault.edit(), adopt], message).await?;
        let detail = json!({ "version": info.version, "from": format!("{file}#{pointer}") });
        self.record(operator, "secret.adopt", format!("secret:{name}"), &detail).await?;
        Ok(info)
    }

    /// Encrypts every secret for another key: a new one, or the one given. Returns how many, and the new key's public half. A key
    /// that lies in a file is replaced there; one that stands in the settings must be replaced there by the caller.
    ///
    /// # Errors
    /// When a secret can't be opened with the present key; then nothing was changed.
    pub async fn rekey(&self, operator: &Operator, new: Option<&SecretString>) -> Result<(u32, String), DeployError> {
        let old = self.0.home.key()?;
        let new = match new {
            Some(text) => VaultKey::parse(text)?,
            None if matches!(self.0.home.settings.key, KeySource::Text(_)) => {
                return Err(DeployError::refused(
                    ProblemCode::Invalid,
                    "The key stands in THINKHEADS_SECRET_KEY, so a new one can't be put there. Make one, hand it in with \
                     --key-file, then put it into the setting.",
                ));
            }
            None => VaultKey::generate(),
        };
        let now = self.0.home.now().await?;
        let mut vault = now.vault?;
        let count = vault.rekey(&old, &new)?;
        // The new key is safe on the disk before the vault needs it: a process that dies in between leaves both.
        let next = match &self.0.home.settings.key {
            KeySource::File(path) => Some((path.clone(), write_next(path, &new)?)),
            KeySource::Text(_) => None,
        };
        let message = format!("Vault: {count} secrets encrypted for another key");
        self.commit_vault(operator, now.reading.version, vec![vault.edit()], message).await?;
        if let Some((path, next)) = next {
            let failed = |error: std::io::Error| {
                DeployError::refused(
                    ProblemCode::Conflict,
                    format!(
                        "The vault has the new key, but {} could not be put in place of {} ({error}): rename it by hand.",
                        next.display(),
                        path.display()
                    ),
                )
            };
            std::fs::rename(&path, path.with_extension("key.old")).map_err(failed)?;
            std::fs::rename(&next, &path).map_err(failed)?;
        }
        self.0.home.forget_key();
        self.record(operator, "secret.rekey", "vault".to_owned(), &json!({ "secrets": count })).await?;
        Ok((count, new.public()))
    }

    async fn commit_vault(
        &self,
        operator: &Operator,
        base: types::catalog::CatalogVersion,
        edits: Vec<Edit>,
        message: String,
    ) -> Result<(), DeployError> {
        let change = Change { edits, base, author: operator.author(), message, at: self.0.world.now() };
        self.0.home.repository().await?.commit(&change).await?;
        Ok(())
    }
}

/// Writes the new key beside the old one, for its owner's eyes only.
fn write_next(path: &std::path::Path, key: &VaultKey) -> Result<std::path::PathBuf, DeployError> {
    let next = path.with_extension("key.next");
    let failed = |error: std::io::Error| {
        DeployError::refused(
            ProblemCode::UpstreamRefused,
            format!("The new key could not be written to {} ({error}). Nothing was changed.", next.display()),
        )
    };
    if next.exists() {
        return Err(DeployError::refused(
            ProblemCode::Conflict,
            format!(
                "{} is there: an earlier change of the key was broken off. If the vault opens with {}, remove it; if not, put it in its place.",
                next.display(),
                path.display()
            ),
        ));
    }
    key.write_new(&next).map_err(|error| failed(std::io::Error::other(error.to_string())))?;
    Ok(next)
}

/// Who names a secret: stacks and settings.
fn users(catalog: &types::catalog::Catalog, name: &SecretName) -> Vec<String> {
    use types::catalog::{SecretSource, StackSource, VariableValue};

    let mut users = Vec::new();
    for stack in &catalog.stacks {
        let variables = stack.env.iter().chain(stack.environments.values().flat_map(|one| &one.env));
        let credential = matches!(&stack.source, StackSource::Git { credential: Some(one), .. } if one == name);
        let named = variables.into_iter().any(|one| matches!(&one.value, VariableValue::Secret(one) if one == name));
        if credential || named {
            users.push(format!("the stack “{}”", stack.name));
        }
    }
    let portainer = [&catalog.portainer.password, &catalog.portainer.api_key];
    if portainer.into_iter().any(|one| matches!(one, Some(SecretSource::Vault(one)) if one == name)) {
        users.push("portainer_api".to_owned());
    }
    users
}
