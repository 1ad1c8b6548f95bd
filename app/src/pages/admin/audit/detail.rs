//! A record's particulars: what was before and after side by side, the rest as it stands.

use leptos::prelude::*;
use serde_json::{Map, Value};

/// The particulars of a record; nothing when there are none.
pub(super) fn detail(text: &str) -> Option<AnyView> {
    let read = serde_json::from_str(text);
    let Ok(Value::Object(mut all)) = read else {
        let text = text.to_owned();
        return (!text.is_empty()).then(|| view! { <pre class="audit-raw">{text}</pre> }.into_any());
    };
    let changes = changes(all.remove("before"), all.remove("after"));
    let rest = all.into_iter().map(|(name, value)| {
        view! { <div><dt>{words(&name)}</dt><dd>{said(&value)}</dd></div> }
    });
    let rest = rest.collect::<Vec<_>>();
    if changes.is_empty() && rest.is_empty() {
        return None;
    }
    let changes = (!changes.is_empty()).then(|| {
        let rows = changes.into_iter().map(|(name, before, after)| {
            view! {
                <div>
                    <dt>{words(&name)}</dt>
                    <dd><del>{before}</del>" "<span aria-hidden="true">"→"</span>" "<ins>{after}</ins></dd>
                </div>
            }
        });
        view! { <dl class="facts audit-change">{rows.collect::<Vec<_>>()}</dl> }
    });
    Some(
        view! {
            {changes}
            {(!rest.is_empty()).then(|| view! { <dl class="facts">{rest}</dl> })}
        }
        .into_any(),
    )
}

/// What differs between two values, by name.
fn changes(before: Option<Value>, after: Option<Value>) -> Vec<(String, String, String)> {
    let (before, after) = match (before, after) {
        (None, None) => return Vec::new(),
        (before, after) => (fields(before), fields(after)),
    };
    let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let of = |fields: &Map<String, Value>, name: &str| fields.get(name).map_or_else(|| "nothing".to_owned(), said);
    names
        .into_iter()
        .filter(|name| before.get(*name) != after.get(*name))
        .map(|name| (name.clone(), of(&before, name), of(&after, name)))
        .collect()
}

fn fields(value: Option<Value>) -> Map<String, Value> {
    match value {
        Some(Value::Object(fields)) => fields,
        Some(other) => Map::from_iter([("value".to_owned(), other)]),
        None => Map::new(),
    }
}

/// `asked_to_stop` as "Asked to stop".
fn words(name: &str) -> String {
    let mut text = name.replace('_', " ");
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}

fn said(value: &Value) -> String {
    match value {
        Value::String(text) if text.is_empty() => "nothing".to_owned(),
        Value::String(text) => text.clone(),
        Value::Null => "nothing".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Array(all) if all.is_empty() => "none".to_owned(),
        Value::Array(all) => all.iter().map(said).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| format!("{name}: {}", said(value))).collect::<Vec<_>>().join("; ")
        }
        Value::Number(number) => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_changed_is_held_side_by_side() {
        let before = json!({ "role": "member", "environments": [] });
        let after = json!({ "role": "deployer", "environments": ["rumpledev"] });
        let found = changes(Some(before), Some(after.clone()));
        assert_eq!(
            found,
            [
                ("environments".to_owned(), "none".to_owned(), "rumpledev".to_owned()),
                ("role".to_owned(), "member".to_owned(), "deployer".to_owned())
            ]
        );
        assert!(changes(Some(after.clone()), Some(after)).is_empty());
    }

    #[test]
    fn nothing_is_shown_for_nothing_and_text_that_is_no_json_as_it_is() {
        assert!(detail("{}").is_none() && detail("").is_none());
        assert!(detail("<b>").is_some_and(|view| view.to_html().contains("&lt;b")));
    }
}
