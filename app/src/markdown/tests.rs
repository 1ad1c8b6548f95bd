//! What an answer may become: the examples, and the property that nothing but the allowed can come out.

use std::collections::{HashMap, HashSet};

use ammonia::{Builder, UrlRelative};
use proptest::prelude::*;

use super::{settled, to_html};

/// Cleans HTML by the list of everything an answer may contain. What is allowed goes through unchanged, byte for byte.
fn cleaned(html: &str) -> String {
    let tags = [
        "p",
        "h3",
        "h4",
        "h5",
        "h6",
        "blockquote",
        "ul",
        "ol",
        "li",
        "figure",
        "figcaption",
        "span",
        "button",
        "svg",
        "path",
        "pre",
        "code",
        "div",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "em",
        "strong",
        "del",
        "a",
        "br",
        "hr",
    ];
    let attributes: [(&str, &[&str]); 13] = [
        ("p", &["class"]),
        ("ol", &["start"]),
        ("figure", &["class"]),
        ("figcaption", &["class"]),
        ("span", &["class", "role", "aria-label"]),
        ("button", &["class", "type", "data-copy"]),
        ("svg", &["class", "viewBox", "aria-hidden", "data-icon"]),
        ("path", &["d"]),
        ("pre", &["tabindex"]),
        ("div", &["class", "tabindex", "role", "aria-label"]),
        ("th", &["scope", "class"]),
        ("td", &["class"]),
        ("a", &["href", "target", "rel"]),
    ];
    Builder::empty()
        .tags(HashSet::from(tags))
        .tag_attributes(
            attributes
                .map(|(tag, names)| (tag, names.iter().copied().collect()))
                .into_iter()
                .collect::<HashMap<_, _>>(),
        )
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .url_relative(UrlRelative::Deny)
        .link_rel(None)
        .clean(html)
        .to_string()
}

/// Pieces that markdown and HTML give a meaning, mixed with whatever else.
fn mean_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "<",
            ">",
            "\"",
            "'",
            "&",
            "&lt;",
            "&#x3c;",
            "<script>",
            "</script>",
            "<img src=x onerror=alert(1)>",
            "<!--",
            "-->",
            "[a](",
            "javascript:alert(1)",
            "JaVa\tScript:x",
            "data:text/html,x",
            ")",
            "![",
            "](",
            "https://e.org/\"x",
            "\n",
            "\n\n",
            "```",
            "```rust\n",
            "`",
            "> ",
            "- ",
            "1. ",
            "# ",
            "###### ",
            "|",
            "|-|:-:|-:|\n",
            "a | b\n",
            "---\n",
            "===\n",
            "*",
            "**",
            "~~",
            "- [x] ",
            "    ",
            "<a href=javascript:x>",
            "<https://e.org>",
            "<a@b.c>",
            "\u{a0}",
            "\0",
            "\r\n",
            "\r",
            "\u{202e}",
            "[x]: javascript:1\n",
            "[x]",
            "<pre>",
            "</code></pre>",
            "<svg/onload=x>",
            "<style>",
            "<?x",
            "<![CDATA[",
            "]]>",
        ])
        .prop_map(str::to_owned),
        any::<String>(),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_but_the_allowed_comes_out(text in mean_text()) {
        let html = to_html(&text);
        prop_assert_eq!(cleaned(&html), html);
    }

    /// Settled parts and the rest, rendered one by one as the text grows, show the same text as the whole.
    #[test]
    fn what_is_settled_ends_at_a_line(text in mean_text(), cut in any::<prop::sample::Index>()) {
        let cut = cut.index(text.len() + 1);
        let cut = (0..=cut).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        let at = settled(&text[..cut]);
        prop_assert!(at <= cut);
        prop_assert!(at == 0 || text[..at].ends_with('\n') || text[..at].ends_with('\r'));
    }
}

#[test]
fn raw_html_is_shown_as_text() {
    assert_eq!(to_html("a <b>c</b>"), "<p>a &lt;b&gt;c&lt;/b&gt;</p>");
    assert_eq!(to_html("<script>x</script>"), "<p class=\"raw\">&lt;script&gt;x&lt;/script&gt;</p>");
}

#[test]
fn links_lead_out_and_pictures_are_links() {
    let rel = "target=\"_blank\" rel=\"noopener noreferrer nofollow\"";
    assert_eq!(to_html("[a](https://e.org?b&c)"), format!("<p><a href=\"https://e.org?b&amp;c\" {rel}>a</a></p>"));
    assert_eq!(to_html("![a](https://e.org/a.png)"), format!("<p><a href=\"https://e.org/a.png\" {rel}>a</a></p>"));
    assert_eq!(to_html("<ada@e.org>"), format!("<p><a href=\"mailto:ada@e.org\" {rel}>ada@e.org</a></p>"));
    assert_eq!(to_html("[a](javascript:x) ![b](/c)"), "<p>a b</p>");
    assert_eq!(
        to_html("[![a](https://i.org)](https://e.org)"),
        format!("<p><a href=\"https://e.org\" {rel}>a</a></p>")
    );
}

#[test]
fn headings_begin_below_the_page_and_skip_nothing() {
    assert_eq!(to_html("# a\n### b\n# c\n## d"), "<h3>a</h3><h4>b</h4><h3>c</h3><h4>d</h4>");
    assert_eq!(to_html("#### a"), "<h3>a</h3>");
}

#[test]
fn blocks_look_as_the_style_sheet_expects() {
    let html = to_html("```rust x\na < b\n```\n\n| a | b |\n|--:|---|\n| 1 | 2 |\n\n- [x] done\n3. three");
    for part in [
        "<figure class=\"code\">",
        "<span class=\"code-lang\">rust</span>",
        "data-copy=\"code\"",
        "<pre tabindex=\"0\"><code>a &lt; b\n</code></pre></figure>",
        "<div class=\"table-scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Table\"><table><thead><tr><th scope=\"col\" class=\"right\">",
        "<tbody><tr><td class=\"right\">1</td><td>2</td></tr></tbody></table></div>",
        "<li><span class=\"task\" role=\"img\" aria-label=\"done\">",
        "<ol start=\"3\">",
    ] {
        assert!(html.contains(part), "{part} in {html}");
    }
}

#[test]
fn nesting_has_a_floor() {
    let html = to_html(&format!("{} deep", ">".repeat(5_000)));
    assert_eq!(html.matches("<blockquote>").count(), html.matches("</blockquote>").count());
    assert!(html.matches("<blockquote>").count() <= 24);
    assert!(html.contains("deep"));
}

#[test]
fn an_answer_in_parts_is_the_answer() {
    let text = "# Title\n\nFirst *one*\nstill.\n\n- a\n\n  more of a\n- b\n\n```rust\nfn main() {\n\n}\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\nLast.\n";
    let mut parts = String::new();
    let mut done = 0;
    for end in (0..=text.len()).filter(|end| text.is_char_boundary(*end)) {
        let more = settled(&text[done..end]);
        parts.push_str(&to_html(&text[done..done + more]));
        done += more;
    }
    parts.push_str(&to_html(&text[done..]));
    assert_eq!(parts, to_html(text));
    assert!(done > text.len() / 2, "most of it was settled on the way");
}

#[test]
fn a_line_that_is_not_complete_settles_nothing() {
    assert_eq!(settled("para\n#"), 0);
    assert_eq!(settled("para\n\n# x"), 0);
    assert_eq!(settled("para\n\n# x\n"), 6);
}
