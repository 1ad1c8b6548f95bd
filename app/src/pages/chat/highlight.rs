//! Colours for code, as classes: the style sheet decides what they look like.

use std::sync::LazyLock;

use syntect::{
    html::{ClassStyle, ClassedHTMLGenerator},
    parsing::SyntaxSet,
    util::LinesWithEndings,
};

/// Longer code than this stays plain: colouring takes time, and nobody reads it on a page.
const LONGEST: usize = 50_000;
/// A line longer than this is not written by a person.
const LONGEST_LINE: usize = 2_000;
const STYLE: ClassStyle = ClassStyle::SpacedPrefixed { prefix: "hl-" };

/// Loaded at the first use: it takes some megabytes, and not every process shows code.
static SYNTAXES: LazyLock<SyntaxSet> = LazyLock::new(SyntaxSet::load_defaults_newlines);

/// Names that models use and the set does not know.
const ALIASES: &[(&str, &str)] = &[
    ("shell", "bash"),
    ("console", "bash"),
    ("zsh", "bash"),
    ("typescript", "javascript"),
    ("ts", "javascript"),
    ("tsx", "javascript"),
    ("jsx", "javascript"),
    ("jsonc", "json"),
    ("c++", "cpp"),
    ("csharp", "cs"),
    ("golang", "go"),
];

/// The inner HTML of a code block in a known language.
pub(crate) fn code(language: &str, code: &str) -> Option<String> {
    if language.is_empty() || code.len() > LONGEST || code.lines().any(|line| line.len() > LONGEST_LINE) {
        return None;
    }
    let name = language.to_ascii_lowercase();
    let name = ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name.as_str(), |(_, known)| *known);
    let syntax = SYNTAXES.find_syntax_by_token(name)?;
    let mut generator = ClassedHTMLGenerator::new_with_class_style(syntax, &SYNTAXES, STYLE);
    for line in LinesWithEndings::from(code) {
        generator.parse_html_for_line_which_includes_newline(line).ok()?;
    }
    Some(generator.finalize())
}

#[cfg(test)]
mod tests {
    use super::code;

    #[test]
    fn known_languages_are_coloured_and_everything_is_escaped() {
        let html = code("rust", "fn main() { a < b }\n").expect("rust is known");
        assert!(html.contains("class=\"hl-"), "{html}");
        assert!(html.contains("&lt;") && !html.contains("style="), "{html}");
    }

    #[test]
    fn unknown_and_huge_stay_plain() {
        assert_eq!(code("klingon", "x"), None);
        assert_eq!(code("", "x"), None);
        assert_eq!(code("rust", &"x\n".repeat(30_000)), None);
    }
}
