//! Just enough of a Dockerfile's grammar.

use anyhow::{Context as _, Result, bail};

/// A parsed file.
pub(super) struct Dockerfile {
    pub(super) stages: Vec<Stage>,
}

/// From one `FROM` to the next.
pub(super) struct Stage {
    pub(super) base: String,
    pub(super) name: Option<String>,
    pub(super) steps: Vec<Step>,
}

/// One instruction: its word in capitals and the rest of the line.
pub(super) struct Step {
    pub(super) word: String,
    pub(super) rest: String,
}

/// `COPY --from=stage source target`, or without a stage from the context.
pub(super) struct Copy {
    pub(super) stage: Option<String>,
    pub(super) source: String,
    pub(super) target: String,
}

impl Dockerfile {
    pub(super) fn parse(text: &str) -> Result<Self> {
        let mut stages: Vec<Stage> = Vec::new();
        let mut open = String::new();
        for line in text.lines().map(str::trim) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(part) = line.strip_suffix('\\') {
                open.push_str(part);
                continue;
            }
            open.push_str(line);
            let step = std::mem::take(&mut open);
            let (word, rest) = step.split_once(char::is_whitespace).with_context(|| format!("`{step}`"))?;
            let (word, rest) = (word.to_uppercase(), rest.trim().to_owned());
            if word == "FROM" {
                let words: Vec<&str> = rest.split_whitespace().collect();
                let name =
                    words.iter().position(|word| word.eq_ignore_ascii_case("as")).and_then(|at| words.get(at + 1));
                let base = words.first().context("FROM names nothing")?;
                stages.push(Stage {
                    base: (*base).to_owned(),
                    name: name.map(|name| (*name).to_owned()),
                    steps: Vec::new(),
                });
            } else if let Some(stage) = stages.last_mut() {
                stage.steps.push(Step { word, rest });
            } else if word != "ARG" {
                bail!("{word} stands before the first FROM");
            }
        }
        if stages.is_empty() {
            bail!("no FROM");
        }
        Ok(Self { stages })
    }

    /// The stage that becomes the image.
    pub(super) fn last(&self) -> &Stage {
        &self.stages[self.stages.len() - 1]
    }

    /// The call of xtask among the RUN steps.
    pub(super) fn build_command(&self) -> Option<&str> {
        let steps = self.stages.iter().flat_map(|stage| &stage.steps).filter(|step| step.word == "RUN");
        let command = steps.filter_map(|step| step.rest.find("cargo xtask build").map(|at| &step.rest[at..])).next()?;
        Some(command.split("&&").next().unwrap_or(command).trim())
    }
}

impl Stage {
    /// The arguments of the last instruction with this word.
    pub(super) fn last_of(&self, word: &str) -> Option<&str> {
        self.steps.iter().rev().find(|step| step.word == word).map(|step| step.rest.as_str())
    }

    /// Its COPY instructions, one per source.
    pub(super) fn copies(&self) -> Vec<Copy> {
        let mut copies = Vec::new();
        for step in self.steps.iter().filter(|step| step.word == "COPY") {
            let stage = step.rest.split_whitespace().find_map(|word| word.strip_prefix("--from=")).map(str::to_owned);
            let paths: Vec<&str> = step.rest.split_whitespace().filter(|word| !word.starts_with("--")).collect();
            let Some((target, sources)) = paths.split_last() else { continue };
            for source in sources {
                copies.push(Copy { stage: stage.clone(), source: (*source).to_owned(), target: (*target).to_owned() });
            }
        }
        copies
    }

    /// Those of [`Stage::copies`] that take from a stage before.
    pub(super) fn copies_from_stages(&self) -> Vec<Copy> {
        self.copies().into_iter().filter(|copy| copy.stage.is_some()).collect()
    }
}
