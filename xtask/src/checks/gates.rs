//! In `app`, a feature decides about whole modules only: `cfg(feature` stands above `mod` lines, in `lib.rs` and `mod.rs`.

use std::path::Path;

use anyhow::Result;

use super::sources::{own_files, text_of};

pub(super) fn broken() -> Result<Vec<String>> {
    let mut broken = Vec::new();
    for file in own_files()? {
        if !(file.starts_with("app/src") || file.starts_with("frontend/src")) {
            continue;
        }
        if let Some(text) = text_of(&file) {
            broken.extend(misplaced(&file, &text));
        }
    }
    Ok(broken)
}

fn misplaced(file: &Path, text: &str) -> Vec<String> {
    let may_gate =
        file.file_name().is_some_and(|name| name == "lib.rs" || name == "mod.rs") && file.starts_with("app/src");
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let mut broken = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        if !(code.contains("cfg(") || code.contains("cfg!(") || code.contains("cfg_attr(")) || !code.contains("feature")
        {
            continue;
        }
        let gated = lines[index + 1..]
            .iter()
            .find(|next| !next.is_empty() && !next.starts_with("#[") && !next.starts_with("//"));
        if !may_gate {
            broken.push(format!("{}:{}: {line}", file.display(), index + 1));
        } else if !code.starts_with("#[cfg(") || !gated.is_some_and(|next| is_mod(next)) {
            broken.push(format!("{}:{}: {line} gates something else than a module", file.display(), index + 1));
        }
    }
    broken
}

/// `mod x;`, `pub mod x;`, and the `use` that hands a gated module's items on.
fn is_mod(line: &str) -> bool {
    let bare = line.strip_prefix("pub(crate) ").or_else(|| line.strip_prefix("pub ")).unwrap_or(line);
    bare.starts_with("mod ") && bare.ends_with(';') || bare.starts_with("use ")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::misplaced;

    #[test]
    fn only_modules_are_gated() {
        let lib = Path::new("app/src/lib.rs");
        assert!(misplaced(lib, "#[cfg(feature = \"ssr\")]\npub mod server;\n").is_empty());
        assert_eq!(misplaced(lib, "#[cfg(feature = \"ssr\")]\nfn one() {}\n").len(), 1);
        assert_eq!(misplaced(lib, "let x = cfg!(feature = \"ssr\");\n").len(), 1);
        assert_eq!(misplaced(Path::new("app/src/ui/form.rs"), "#[cfg(feature = \"ssr\")]\nmod x;\n").len(), 1);
    }
}
