//! `cargo xtask screenshots`: every page as it looks, for the documentation and for whoever changes the look.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    path::Path,
};

use anyhow::{Context as _, Result, bail};
use clap::Parser;

use crate::{
    build,
    setup::{self, Consent},
    shell,
    steps::Steps,
    test::{self, Programs},
};

/// Where they are kept, under the root.
const FOLDER: &str = "docs/screenshots";
/// The page that shows them.
const INDEX: &str = "docs/SCREENSHOTS.md";
/// Most bytes of all together: they are in the repository's history for ever.
const MOST: u64 = 6_000_000;
/// Width and look of each picture of a page, as the files' names end.
const KINDS: [(&str, &str); 4] =
    [("1280-light", "1280 px, light"), ("1280-dark", "dark"), ("390-light", "390 px, light"), ("390-dark", "dark")];

/// Takes every page of `end2end/support/pages.ts` at 1280 and 390 px, light and dark, into `docs/screenshots`, and writes
/// `docs/SCREENSHOTS.md`.
#[derive(Parser)]
pub(crate) struct Args {
    /// Only pages whose name contains this; the others' pictures stay.
    filter: Option<String>,
    /// Install what is missing without asking.
    #[arg(long)]
    yes: bool,
}

/// Does it.
pub(crate) fn main(args: &Args) -> Result<()> {
    let mut steps = Steps::new(5);
    setup::ensure(&test::needs(false, true), Consent::from_flag(args.yes), &mut steps)?;
    build::site(false, &mut steps)?;
    let programs = steps.step("Server", Programs::build)?;
    let folder = shell::root().join(FOLDER);
    steps.step("Screenshots", || take(&programs, &folder, args.filter.as_deref()))?;
    steps.step("Index", || {
        let pictures = pictures(&folder)?;
        fs::write(shell::root().join(INDEX), index(&pictures)?)?;
        let bytes: u64 = pictures.values().flatten().map(|(_, bytes)| bytes).sum();
        println!("  {} pages, {} kB in {FOLDER}", pictures.len(), bytes / 1000);
        if bytes > MOST {
            bail!("{FOLDER} has {bytes} bytes, {MOST} are allowed: lower QUALITY in end2end/screenshots");
        }
        Ok(())
    })?;
    println!("Look at them: {INDEX}");
    Ok(())
}

fn take(programs: &Programs, folder: &Path, filter: Option<&str>) -> Result<()> {
    if filter.is_none() && folder.exists() {
        // Pages that are gone must not stay.
        fs::remove_dir_all(folder)?;
    }
    let mut npx = test::playwright_command(programs)?;
    npx.args(["--config", "playwright.screenshots.config.ts"]).env("SCREENSHOTS", folder);
    if let Some(filter) = filter {
        npx.arg(format!("--grep=screenshots of .*{filter}"));
    }
    shell::run(&mut npx)
}

/// The pictures by page: how their names end, and their bytes.
type Pictures = BTreeMap<String, BTreeSet<(String, u64)>>;

fn pictures(folder: &Path) -> Result<Pictures> {
    let mut pictures = Pictures::new();
    for file in build::files_under(folder)? {
        let name = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let kind = KINDS.iter().find_map(|(kind, _)| Some((name.strip_suffix(kind)?.strip_suffix('-')?, *kind)));
        let (page, kind) = kind.with_context(|| format!("{}: whose picture is this?", file.display()))?;
        let bytes = fs::metadata(&file)?.len();
        pictures.entry(page.to_owned()).or_default().insert((kind.to_owned(), bytes));
    }
    Ok(pictures)
}

/// The page that shows them all.
///
/// # Errors
/// When a page lacks one of its four.
fn index(pictures: &Pictures) -> Result<String> {
    let mut text = "# Screenshots\n\nEvery page at 1280 and 390 px, light and dark, with the demo's sample data. `cargo xtask screenshots` takes them \
                    and writes this page;\nits table of pages is `end2end/support/pages.ts`.\n"
        .to_owned();
    for (page, found) in pictures {
        let missing = KINDS.iter().find(|(kind, _)| !found.iter().any(|(one, _)| one == kind));
        if let Some((kind, _)) = missing {
            bail!("{page} has no picture {kind}; take it with `cargo xtask screenshots {page}`");
        }
        let heads = KINDS.map(|(_, words)| words).join(" | ");
        let row = KINDS.map(|(kind, words)| format!("![{page}, {words}](screenshots/{page}-{kind}.webp)")).join(" | ");
        write!(text, "\n## {page}\n\n| {heads} |\n| --- | --- | --- | --- |\n| {row} |\n")?;
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(kinds: &[&str]) -> Pictures {
        let all = kinds.iter().map(|kind| ((*kind).to_owned(), 1)).collect();
        [("people".to_owned(), all)].into()
    }

    #[test]
    fn each_page_shows_its_four_pictures() {
        let text = index(&page(&KINDS.map(|(kind, _)| kind))).unwrap();
        for (kind, _) in KINDS {
            assert!(text.contains(&format!("(screenshots/people-{kind}.webp)")), "{text}");
        }
    }

    #[test]
    fn a_page_without_all_its_pictures_is_named() {
        let error = index(&page(&["1280-light", "1280-dark", "390-dark"])).unwrap_err().to_string();
        assert!(error.contains("people has no picture 390-light"), "{error}");
    }

    #[test]
    fn pictures_are_told_apart_by_their_names() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["404-missing-390-dark.webp", "404-missing-1280-light.webp", "plan-390-dark.webp"] {
            fs::write(folder.path().join(name), "x").unwrap();
        }
        let found = pictures(folder.path()).unwrap();
        assert_eq!(found.keys().collect::<Vec<_>>(), ["404-missing", "plan"]);
        assert_eq!(found["404-missing"].len(), 2);
        fs::write(folder.path().join("holiday.webp"), "x").unwrap();
        assert!(pictures(folder.path()).unwrap_err().to_string().contains("whose picture"));
    }
}
