//! What a page of switches showed, as it travels through the form and back: only what was turned since becomes a change, whatever
//! else moved meanwhile.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;
use service::deploy::Switch;

use super::super::parts::encode;

/// What a page of switches showed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Shown {
    /// The environments, a column each.
    pub(super) environments: Vec<String>,
    /// The stacks, a row each, and whether each switch is on.
    pub(super) rows: Vec<(String, Vec<bool>)>,
}

impl Shown {
    /// As text: `ENV,ENV;STACK=01;STACK=10`.
    pub(super) fn write(&self) -> String {
        let environments = self.environments.iter().map(|name| encode(name)).collect::<Vec<_>>().join(",");
        let row = |(name, on): &(String, Vec<bool>)| {
            let bits: String = on.iter().map(|on| if *on { '1' } else { '0' }).collect();
            format!(";{}={bits}", encode(name))
        };
        environments + &self.rows.iter().map(row).collect::<String>()
    }

    /// Reads such a text. None if it is no such text.
    pub(super) fn read(text: &str) -> Option<Self> {
        let decode = |text: &str| percent_decode_str(text).decode_utf8().ok().map(|text| text.into_owned());
        let mut parts = text.split(';');
        let environments =
            parts.next()?.split(',').filter(|name| !name.is_empty()).map(decode).collect::<Option<Vec<_>>>()?;
        let row = |part: &str| {
            let (name, bits) = part.split_once('=')?;
            let on = bits
                .bytes()
                .map(|bit| (bit == b'0' || bit == b'1').then_some(bit == b'1'))
                .collect::<Option<Vec<_>>>()?;
            (on.len() == environments.len()).then_some((decode(name)?, on))
        };
        let rows = parts.map(row).collect::<Option<Vec<_>>>()?;
        Some(Self { environments, rows })
    }

    /// The name of a switch in the form.
    pub(super) fn key(row: usize, column: usize) -> String {
        format!("on.{row}.{column}")
    }

    /// The switches that are not as they were shown.
    pub(super) fn turned(&self, is_on: impl Fn(&str) -> bool) -> Vec<Switch> {
        let mut turned = Vec::new();
        for (row, (stack, was)) in self.rows.iter().enumerate() {
            for (column, environment) in self.environments.iter().enumerate() {
                let on = is_on(&Self::key(row, column));
                if was.get(column) != Some(&on) {
                    turned.push(Switch { stack: stack.clone(), environment: environment.clone(), on });
                }
            }
        }
        turned
    }

    /// The switches that are not as they were shown, by the fields of a form that was sent.
    pub(super) fn turned_by(&self, on: &BTreeMap<String, String>) -> Vec<Switch> {
        self.turned(|key| on.contains_key(key))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_what_was_turned_is_a_change() {
        let shown = Shown {
            environments: vec!["dev".into(), "live, too".into()],
            rows: vec![("web".into(), vec![true, false]), ("a=b;c".into(), vec![false, true])],
        };
        assert_eq!(shown.write(), "dev,live%2C%20too;web=10;a%3Db%3Bc=01");
        let on = [("on.0.1", "1"), ("on.1.1", "1"), ("then", "1")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into();
        let switch = |environment: &str, on| Switch { stack: "web".into(), environment: environment.into(), on };
        assert_eq!(shown.turned_by(&on), [switch("dev", false), switch("live, too", true)]);
    }

    #[test]
    fn what_is_no_such_text_is_refused() {
        for bad in ["a;web=2", "a;web", "a;web=", "a;web=11", "a;=1;x"] {
            assert_eq!(Shown::read(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn it_comes_back_as_it_went(
            environments in proptest::collection::vec("[^\u{0}]{1,12}", 0..4),
            rows in proptest::collection::vec((".{0,12}", any::<[bool; 4]>()), 0..6),
        ) {
            let width = environments.len();
            let rows = rows.into_iter().map(|(name, on)| (name, on[..width].to_vec())).collect();
            let shown = Shown { environments, rows };
            prop_assert_eq!(Shown::read(&shown.write()), Some(shown));
        }
    }
}
