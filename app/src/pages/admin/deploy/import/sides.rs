//! A file before and after, side by side: equal lines stand at the same height.

use leptos::prelude::*;
use types::catalog::FileChange;

/// Lines of a side that are shown at all.
const MOST: usize = 1_500;

/// A line of one side.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    change: &'static str,
    text: String,
}

/// Both sides of a difference in unified form.
fn sides(unified: &str) -> (Vec<Line>, Vec<Line>) {
    let (mut left, mut right) = (Vec::new(), Vec::new());
    let line = |change, text: &str| Line { change, text: text.to_owned() };
    for one in unified.lines() {
        let (sign, text) = one.split_at_checked(1).unwrap_or((" ", ""));
        match sign {
            "-" => left.push(line("removed", text)),
            "+" => right.push(line("added", text)),
            "\\" => {}
            "@" => {
                level(&mut left, &mut right);
                if !left.is_empty() {
                    left.push(line("place", "⋯"));
                    right.push(line("place", "⋯"));
                }
            }
            _ => {
                level(&mut left, &mut right);
                left.push(line("kept", text));
                right.push(line("kept", text));
            }
        }
    }
    level(&mut left, &mut right);
    (left, right)
}

/// Brings both sides to the same height.
fn level(left: &mut Vec<Line>, right: &mut Vec<Line>) {
    let height = left.len().max(right.len());
    let none = Line { change: "none", text: String::new() };
    left.resize(height, none.clone());
    right.resize(height, none);
}

/// A file before and after.
pub(super) fn side_by_side(change: &FileChange) -> impl IntoView + use<> {
    let (left, right) = sides(&change.unified);
    let pane = |words: &str, lines: Vec<Line>, is_there: bool| {
        let label = format!("{}, {}", change.path, words.to_lowercase());
        let heading = words.to_owned();
        let shown = lines
            .into_iter()
            .take(MOST)
            .map(|one| view! { <span class="diff-line" data-change=one.change>{format!("{}\n", one.text)}</span> })
            .collect_view();
        let body = match is_there {
            true => view! { <pre class="diff" tabindex="0" role="region" aria-label=label><code>{shown}</code></pre> }
                .into_any(),
            false => view! { <p class="muted">"Not there"</p> }.into_any(),
        };
        view! { <div class="sides-part"><p class="cell-sub">{heading}</p>{body}</div> }
    };
    view! {
        <div class="sides">
            {pane("Before", left, change.before.is_some())}
            {pane("After", right, change.after.is_some())}
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(lines: &[Line]) -> Vec<&str> {
        lines.iter().map(|line| line.text.as_str()).collect()
    }

    #[test]
    fn equal_lines_stand_at_the_same_height() {
        let (left, right) = sides("@@ -1,3 +1,4 @@\n a\n-b\n+x\n+y\n c\n@@ -9 +10 @@\n-z\n");
        assert_eq!(texts(&left), ["a", "b", "", "c", "⋯", "z"]);
        assert_eq!(texts(&right), ["a", "x", "y", "c", "⋯", ""]);
        assert_eq!(left[2].change, "none");
    }
}
