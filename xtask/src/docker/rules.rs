//! What we ask of the Dockerfile beyond what a linter knows.

use super::file::Dockerfile;

/// What breaks our rules; `bases` are the images the last stage may stand on.
pub(super) fn broken(file: &Dockerfile, bases: &[&str]) -> Vec<String> {
    let mut broken = Vec::new();
    let mut rule = |holds: bool, words: &str| {
        if !holds {
            broken.push(words.to_owned());
        }
    };
    let last = file.last();
    rule(file.stages.len() > 1, "one stage only: compilers would be in the image");
    for stage in &file.stages {
        let tag = stage.base.rsplit('/').next().and_then(|name| name.split_once([':', '@'])).map(|(_, tag)| tag);
        rule(tag.is_some_and(|tag| tag != "latest"), "a base image without a version");
        rule(stage.steps.iter().all(|step| step.word != "ADD"), "ADD: use COPY");
    }
    rule(
        bases.iter().any(|base| last.base.starts_with(base)),
        "an unknown base for the last stage: say how large it is",
    );
    rule(last.steps.iter().all(|step| step.word != "RUN"), "RUN in the last stage: it has no shell");
    let user = last.last_of("USER").unwrap_or("root");
    let number = user.split(':').next().and_then(|id| id.parse::<u32>().ok());
    rule(
        number.is_some_and(|id| id != 0),
        "USER has to be a number other than 0, so that an orchestrator can see that it is not root",
    );
    let health = last.last_of("HEALTHCHECK").unwrap_or_default();
    rule(
        health.contains("CMD [") && health.contains("\"healthcheck\""),
        "HEALTHCHECK has to call `thinkheads healthcheck` without a shell",
    );
    rule(
        last.last_of("ENTRYPOINT").is_some_and(|rest| rest.starts_with('[')),
        "ENTRYPOINT has to be a list: signals must reach the server",
    );
    rule(
        file.build_command().is_some_and(|words| words.contains("--release")),
        "no RUN step calls `cargo xtask build --release`",
    );
    for copy in last.copies_from_stages() {
        let known = file.stages.iter().any(|stage| stage.name == copy.stage);
        rule(known, "COPY --from names a stage that does not exist");
    }
    let products: Vec<String> = last.copies_from_stages().into_iter().map(|copy| copy.target).collect();
    let starts = last.last_of("ENTRYPOINT").unwrap_or_default();
    rule(
        products.iter().any(|target| starts.contains(target.as_str())),
        "ENTRYPOINT starts something that was not copied",
    );
    broken
}

#[cfg(test)]
mod tests {
    use super::{super::file::Dockerfile, broken};

    const GOOD: &str = "FROM rust:1 AS build\nRUN cargo xtask build --release --yes \\\n && cp target/release/thinkheads /out/\n\
        FROM base:1\nCOPY --from=build /out/thinkheads /app/thinkheads\nUSER 7\n\
        HEALTHCHECK CMD [\"/app/thinkheads\", \"healthcheck\"]\nENTRYPOINT [\"/app/thinkheads\"]\n";

    fn problems(text: &str) -> usize {
        broken(&Dockerfile::parse(text).unwrap(), &["base"]).len()
    }

    #[test]
    fn each_rule_is_noticed() {
        assert_eq!(problems(GOOD), 0);
        for (right, wrong) in [
            ("base:1", "base:latest"),
            ("USER 7", "USER root"),
            ("--from=build", "--from=other"),
            ("\"healthcheck\"", "\"serve\""),
            ("--release", ""),
            ("ENTRYPOINT [\"/app/thinkheads\"]", "ENTRYPOINT /app/thinkheads"),
        ] {
            assert_eq!(problems(&GOOD.replace(right, wrong)), 1, "{wrong}");
        }
    }
}
