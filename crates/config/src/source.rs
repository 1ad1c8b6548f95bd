//! Where values come from, and the reader that collects every complaint before it gives up.

use std::{
    collections::BTreeMap,
    fmt, fs,
    path::{Path, PathBuf},
    str::FromStr,
};

use secrecy::SecretString;

use crate::{
    ConfigError, Setting, SettingError,
    describe::Described,
    registry::{SETTINGS, find, nearest},
};

/// Where a setting's value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Nobody set it.
    Default,
    /// An environment variable of its name.
    Environment,
    /// The file that `NAME_FILE` named.
    File(PathBuf),
    /// The configuration file.
    Toml(PathBuf),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Environment => f.write_str("environment"),
            Self::File(path) | Self::Toml(path) => write!(f, "{}", path.display()),
        }
    }
}

/// A set of environment variables: the process's own, or a test's.
#[derive(Clone, Debug, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// The process's environment. Variables that are not UTF-8 are left out.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one place that may read the environment")]
    pub fn process() -> Self {
        Self(
            std::env::vars_os()
                .filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)))
                .collect(),
        )
    }

    /// An environment made of the given pairs.
    pub fn of<K: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (K, V)>) -> Self {
        Self(pairs.into_iter().map(|(key, value)| (key.into(), value.into())).collect())
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

struct Value {
    text: String,
    source: Source,
}

/// Reads settings one by one and remembers what was wrong, so that all of it is said at once.
pub(crate) struct Reader {
    values: BTreeMap<&'static str, Value>,
    /// What every program finds in its environment, of which this one uses a little.
    standard: BTreeMap<&'static str, String>,
    errors: Vec<SettingError>,
}

/// Variables of the system that are read beside our own settings.
const STANDARD: [&str; 5] = ["HOME", "HOSTNAME", "LOGNAME", "PATH", "USER"];

impl Reader {
    pub(crate) fn open(environment: &Environment) -> Result<Self, ConfigError> {
        let standard = STANDARD.iter().filter_map(|name| Some((*name, environment.get(name)?.to_owned()))).collect();
        let mut reader = Self { values: BTreeMap::new(), standard, errors: Vec::new() };
        reader.read_toml(environment)?;
        reader.read_environment(environment);
        Ok(reader)
    }

    fn read_toml(&mut self, environment: &Environment) -> Result<(), ConfigError> {
        let named = environment.get("THINKHEADS_CONFIG");
        let path = PathBuf::from(named.unwrap_or("thinkheads.toml"));
        if named.is_none() && !path.exists() {
            return Ok(());
        }
        let text = fs::read_to_string(&path).map_err(|cause| ConfigError::Unreadable { path: path.clone(), cause })?;
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| ConfigError::NotToml {
            path: path.clone(),
            message: describe_toml_error(&text, &error),
        })?;
        for (key, value) in table {
            self.take_toml(&path, &key, value);
        }
        Ok(())
    }

    fn take_toml(&mut self, path: &Path, key: &str, value: toml::Value) {
        let source = Source::Toml(path.to_path_buf());
        let Some(setting) = find(&key.to_ascii_uppercase()) else {
            self.unknown(key, source);
            return;
        };
        let text = match value {
            toml::Value::String(text) => text,
            toml::Value::Integer(number) => number.to_string(),
            toml::Value::Boolean(flag) => flag.to_string(),
            toml::Value::Array(items) => items
                .into_iter()
                .map(|item| item.as_str().map_or_else(|| item.to_string(), ToOwned::to_owned))
                .collect::<Vec<_>>()
                .join(","),
            _ => {
                self.complain(setting.name, source, "must be a text, a number or a list of texts".to_owned());
                return;
            }
        };
        self.values.insert(setting.name, Value { text, source });
    }

    fn read_environment(&mut self, environment: &Environment) {
        for setting in SETTINGS {
            if let Some(text) = environment.get(setting.name) {
                self.values.insert(setting.name, Value { text: text.to_owned(), source: Source::Environment });
            }
            if setting.secret {
                self.read_secret_file(setting, environment);
            }
        }
        let known = |name: &str| {
            name == "THINKHEADS_CONFIG"
                || find(name).is_some()
                || name.strip_suffix("_FILE").and_then(find).is_some_and(|setting| setting.secret)
        };
        for name in environment.0.keys() {
            // Only our own prefix is ours to judge: other programs have PHOENIX_… and DATABASE_… variables too.
            if name.starts_with("THINKHEADS_") && !known(name) {
                self.unknown(name, Source::Environment);
            }
        }
    }

    fn read_secret_file(&mut self, setting: &'static Setting, environment: &Environment) {
        let file_name = format!("{}_FILE", setting.name);
        let Some(path) = environment.get(&file_name).map(PathBuf::from) else { return };
        if environment.get(setting.name).is_some() {
            let message = format!("both {} and {file_name} are set; keep one of them", setting.name);
            self.complain(setting.name, Source::Environment, message);
            return;
        }
        match fs::read_to_string(&path) {
            Ok(text) => {
                let text = text.trim_end_matches(['\n', '\r']).to_owned();
                self.values.insert(setting.name, Value { text, source: Source::File(path) });
            }
            Err(error) => {
                self.complain(&file_name, Source::Environment, format!("can't read {}: {error}", path.display()));
            }
        }
    }

    fn unknown(&mut self, name: &str, source: Source) {
        let hint = nearest(name).map_or_else(
            || "run `thinkheads print-config` for the list of settings".to_owned(),
            |near| format!("did you mean {near}?"),
        );
        self.complain(name, source, format!("there is no such setting; {hint}"));
    }

    pub(crate) fn complain(&mut self, name: &str, source: Source, message: String) {
        self.errors.push(SettingError { name: name.to_owned(), source, message });
    }

    /// The setting's text: as set, or its default, or empty.
    pub(crate) fn text(&self, name: &'static str) -> String {
        self.given(name).unwrap_or_default()
    }

    /// The setting's text, or nothing when it is unset or empty and has no default.
    pub(crate) fn given(&self, name: &'static str) -> Option<String> {
        let set = self.values.get(name).map(|value| value.text.trim().to_owned()).filter(|text| !text.is_empty());
        set.or_else(|| {
            find(name).and_then(|setting| setting.default).filter(|text| !text.is_empty()).map(str::to_owned)
        })
    }

    /// A variable of the system, if it is set and not empty.
    pub(crate) fn standard(&self, name: &str) -> Option<String> {
        self.standard.get(name).filter(|text| !text.is_empty()).cloned()
    }

    /// A secret, or nothing when it is unset or empty.
    pub(crate) fn secret(&self, name: &'static str) -> Option<SecretString> {
        self.given(name).map(SecretString::from)
    }

    /// The setting read as `T`; a complaint and `fallback` when it is not one.
    pub(crate) fn parse<T: FromStr>(&mut self, name: &'static str, expected: &str, fallback: T) -> T {
        let text = self.text(name);
        text.parse().unwrap_or_else(|_| {
            self.wrong(name, expected);
            fallback
        })
    }

    /// Records that a setting's value is not what it must be.
    pub(crate) fn wrong(&mut self, name: &'static str, expected: &str) {
        let source = self.source(name);
        let hidden = find(name).is_none_or(|setting| setting.secret);
        let message =
            if hidden { format!("must be {expected}") } else { format!("`{}` must be {expected}", self.text(name)) };
        self.complain(name, source, message);
    }

    /// A whole number from `least` to `most`; a complaint and `fallback` when it is not one.
    pub(crate) fn within(&mut self, name: &'static str, least: u64, most: u64, fallback: u64) -> u64 {
        match self.text(name).parse() {
            Ok(number) if (least..=most).contains(&number) => number,
            _ => {
                self.wrong(name, &format!("a whole number from {least} to {most}"));
                fallback
            }
        }
    }

    pub(crate) fn source(&self, name: &str) -> Source {
        self.values.get(name).map_or(Source::Default, |value| value.source.clone())
    }

    /// Ends the reading: what is in force, or everything that was wrong.
    pub(crate) fn finish(self) -> Result<Vec<Described>, ConfigError> {
        if !self.errors.is_empty() {
            return Err(ConfigError::Settings(self.errors));
        }
        Ok(SETTINGS
            .iter()
            .map(|setting| Described::new(setting, self.given(setting.name), self.source(setting.name)))
            .collect())
    }
}

/// TOML's own error text quotes the line, which may hold a secret: only place and reason are kept.
fn describe_toml_error(text: &str, error: &toml::de::Error) -> String {
    let start = error.span().map_or(0, |span| span.start).min(text.len());
    let before = text.get(..start).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!("line {line}, column {column}: {}", error.message())
}
