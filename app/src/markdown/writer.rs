//! Writes the parser's events as HTML. Every tag and attribute of an answer comes from this file.

use pulldown_cmark::{Alignment, CodeBlockKind, Event, HeadingLevel, Tag, TagEnd};

use super::{
    address,
    escape::{attribute_into, text_into},
};
use crate::ui::IconName;

/// Gives the inner HTML of a code block by its language and text.
pub type Highlight<'a> = &'a dyn Fn(&str, &str) -> Option<String>;

/// Deeper quotes and lists than this are not nested any further: browsers stop at some hundred levels.
const DEEPEST: usize = 24;
/// A message's own heading is an `h2`, so an answer's begin below it.
const HEADING_ABOVE: u8 = 2;
/// Longest name of a language that is shown.
const LANGUAGE_CHARS: usize = 24;

pub(super) fn write<'a>(events: impl Iterator<Item = Event<'a>>, length: usize, highlight: Highlight<'_>) -> String {
    let mut writer = Writer {
        out: String::with_capacity(length + length / 2),
        highlight,
        code: None,
        alignments: Vec::new(),
        column: 0,
        in_head: false,
        links: Vec::new(),
        nested: Vec::new(),
        headings: Vec::new(),
        last_heading: HEADING_ABOVE,
    };
    events.for_each(|event| writer.event(event));
    writer.out
}

struct Writer<'h> {
    out: String,
    highlight: Highlight<'h>,
    /// The language and the text of the code block being read.
    code: Option<(String, String)>,
    alignments: Vec<Alignment>,
    column: usize,
    in_head: bool,
    /// For each open link or image, whether it was written as a link: one inside another is only text.
    links: Vec<bool>,
    /// For each open quote or list or item, whether it was written.
    nested: Vec<bool>,
    headings: Vec<u8>,
    last_heading: u8,
}

impl Writer<'_> {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => match &mut self.code {
                Some((_, code)) => code.push_str(&text),
                None => text_into(&mut self.out, &text),
            },
            Event::Code(text) | Event::InlineMath(text) | Event::DisplayMath(text) => {
                self.out.push_str("<code>");
                text_into(&mut self.out, &text);
                self.out.push_str("</code>");
            }
            Event::Html(text) | Event::InlineHtml(text) | Event::FootnoteReference(text) => {
                text_into(&mut self.out, &text)
            }
            Event::SoftBreak => self.out.push('\n'),
            Event::HardBreak => self.out.push_str("<br>"),
            Event::Rule => self.out.push_str("<hr>"),
            Event::TaskListMarker(done) => {
                let (mark, word) = if done { ("☑", "done") } else { ("☐", "to do") };
                self.out.push_str("<span class=\"task\" role=\"img\" aria-label=\"");
                self.out.push_str(word);
                self.out.push_str("\">");
                self.out.push_str(mark);
                self.out.push_str("</span> ");
            }
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Paragraph => self.out.push_str("<p>"),
            Tag::HtmlBlock => self.out.push_str("<p class=\"raw\">"),
            Tag::Heading { level, .. } => self.start_heading(level),
            Tag::BlockQuote(_) => self.nest("<blockquote>"),
            Tag::List(None) => self.nest("<ul>"),
            Tag::List(Some(1)) => self.nest("<ol>"),
            Tag::List(Some(first)) => self.nest(&format!("<ol start=\"{}\">", first.min(999_999_999))),
            Tag::Item => self.nest("<li>"),
            Tag::CodeBlock(kind) => {
                let language = match kind {
                    CodeBlockKind::Fenced(info) => {
                        info.split([' ', ',', '{', '\t']).next().unwrap_or_default().to_owned()
                    }
                    CodeBlockKind::Indented => String::new(),
                };
                self.code = Some((language, String::new()));
            }
            Tag::Table(alignments) => {
                self.alignments = alignments;
                self.out
                    .push_str("<div class=\"table-scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Table\"><table>");
            }
            Tag::TableHead => {
                (self.in_head, self.column) = (true, 0);
                self.out.push_str("<thead><tr>");
            }
            Tag::TableRow => {
                self.column = 0;
                self.out.push_str("<tr>");
            }
            Tag::TableCell => self.start_cell(),
            Tag::Emphasis => self.out.push_str("<em>"),
            Tag::Strong => self.out.push_str("<strong>"),
            Tag::Strikethrough => self.out.push_str("<del>"),
            Tag::Link { dest_url, link_type, .. } => {
                let mail = matches!(link_type, pulldown_cmark::LinkType::Email);
                self.start_link(&if mail { format!("mailto:{dest_url}") } else { dest_url.into_string() });
            }
            // A picture would tell its host who reads the answer, and when. The reader decides by following the link.
            Tag::Image { dest_url, .. } => self.start_link(&dest_url),
            Tag::FootnoteDefinition(_)
            | Tag::DefinitionList
            | Tag::DefinitionListTitle
            | Tag::DefinitionListDefinition
            | Tag::Superscript
            | Tag::Subscript
            | Tag::MetadataBlock(_) => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph | TagEnd::HtmlBlock => self.out.push_str("</p>"),
            TagEnd::Heading(_) => {
                let level = self.headings.pop().unwrap_or(6);
                self.out.push_str(&format!("</h{level}>"));
            }
            TagEnd::BlockQuote(_) => self.unnest("</blockquote>"),
            TagEnd::List(true) => self.unnest("</ol>"),
            TagEnd::List(false) => self.unnest("</ul>"),
            TagEnd::Item => self.unnest("</li>"),
            TagEnd::CodeBlock => self.end_code(),
            TagEnd::Table => self.out.push_str("</tbody></table></div>"),
            TagEnd::TableHead => {
                self.in_head = false;
                self.out.push_str("</tr></thead><tbody>");
            }
            TagEnd::TableRow => self.out.push_str("</tr>"),
            TagEnd::TableCell => self.out.push_str(if self.in_head { "</th>" } else { "</td>" }),
            TagEnd::Emphasis => self.out.push_str("</em>"),
            TagEnd::Strong => self.out.push_str("</strong>"),
            TagEnd::Strikethrough => self.out.push_str("</del>"),
            TagEnd::Link | TagEnd::Image => {
                if self.links.pop() == Some(true) {
                    self.out.push_str("</a>");
                }
            }
            TagEnd::FootnoteDefinition
            | TagEnd::DefinitionList
            | TagEnd::DefinitionListTitle
            | TagEnd::DefinitionListDefinition
            | TagEnd::Superscript
            | TagEnd::Subscript
            | TagEnd::MetadataBlock(_) => {}
        }
    }

    fn nest(&mut self, tag: &str) {
        let written = self.nested.len() < DEEPEST;
        if written {
            self.out.push_str(tag);
        }
        self.nested.push(written);
    }

    fn unnest(&mut self, tag: &str) {
        if self.nested.pop() == Some(true) {
            self.out.push_str(tag);
        }
    }

    /// Levels are moved below the page's own and never skip one, so that the outline stays sound whatever the model wrote.
    fn start_heading(&mut self, level: HeadingLevel) {
        let wanted = (level as u8).saturating_add(HEADING_ABOVE).min(6);
        let level = wanted.min(self.last_heading + 1);
        self.last_heading = level;
        self.headings.push(level);
        self.out.push_str(&format!("<h{level}>"));
    }

    fn start_cell(&mut self) {
        let class = match self.alignments.get(self.column) {
            Some(Alignment::Right) => " class=\"right\"",
            Some(Alignment::Center) => " class=\"centre\"",
            _ => "",
        };
        self.column += 1;
        let tag = if self.in_head { format!("<th scope=\"col\"{class}>") } else { format!("<td{class}>") };
        self.out.push_str(&tag);
    }

    fn start_link(&mut self, address: &str) {
        let address = if self.links.contains(&true) { None } else { address::allowed(address) };
        self.links.push(address.is_some());
        if let Some(address) = address {
            self.out.push_str("<a href=\"");
            attribute_into(&mut self.out, address);
            self.out.push_str("\" target=\"_blank\" rel=\"noopener noreferrer nofollow\">");
        }
    }

    fn end_code(&mut self) {
        let Some((language, code)) = self.code.take() else { return };
        let shown: String = language.chars().take(LANGUAGE_CHARS).collect();
        self.out.push_str("<figure class=\"code\"><figcaption class=\"code-head\"><span class=\"code-lang\">");
        text_into(&mut self.out, if shown.is_empty() { "text" } else { &shown });
        self.out.push_str("</span><button class=\"btn btn-ghost code-copy\" type=\"button\" data-copy=\"code\">");
        self.icon(IconName::Copy);
        self.icon(IconName::Check);
        self.out.push_str("<span>Copy</span></button></figcaption><pre tabindex=\"0\"><code>");
        match (self.highlight)(&language, &code) {
            Some(html) => self.out.push_str(&html),
            None => text_into(&mut self.out, &code),
        }
        self.out.push_str("</code></pre></figure>");
    }

    /// The same drawing as `ui::Icon`, as text.
    fn icon(&mut self, name: IconName) {
        self.out.push_str("<svg class=\"icon\" viewBox=\"0 0 24 24\" aria-hidden=\"true\" data-icon=\"");
        self.out.push_str(if name == IconName::Check { "check" } else { "copy" });
        self.out.push_str("\"><path d=\"");
        self.out.push_str(name.path());
        self.out.push_str("\"></path></svg>");
    }
}
