//! A file has at most 400 lines, or says at its top why not.

use anyhow::Result;

use super::sources::{own_files, text_of};

const LINES: usize = 400;
const KINDS: &[&str] = &["css", "rs", "sql", "ts"];
const EXCUSE: &str = "Over 400 lines because";

pub(super) fn broken() -> Result<Vec<String>> {
    let mut broken = Vec::new();
    for file in own_files()? {
        if !file.extension().is_some_and(|kind| KINDS.iter().any(|known| kind == *known)) {
            continue;
        }
        let Some(text) = text_of(&file) else { continue };
        let lines = text.lines().count();
        if over_budget(&text) {
            broken.push(format!("{} has {lines} lines", file.display()));
        }
    }
    Ok(broken)
}

fn over_budget(text: &str) -> bool {
    text.lines().count() > LINES && !text.lines().take(15).any(|line| line.contains(EXCUSE))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_reason_at_the_top_excuses() {
        let long = "x\n".repeat(401);
        assert!(super::over_budget(&long));
        assert!(!super::over_budget(&"x\n".repeat(400)));
        assert!(!super::over_budget(&format!("// Over 400 lines because it is one table.\n{long}")));
    }
}
