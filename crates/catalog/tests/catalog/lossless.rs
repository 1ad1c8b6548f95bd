//! Ten thousand random edits over files as people write them: each changes what it should, and not a byte besides.

use std::fmt::Write;

use catalog::{Edit, GUESTS_FILE, STACKS_FILE, Snapshot, apply_edits, read};
use proptest::prelude::*;
use types::catalog::{Assignment, Catalog, Stack, StackSource, Variable};

/// How a file is laid out.
#[derive(Clone, Debug)]
struct Style {
    indent: &'static str,
    newline: &'static str,
    colon: &'static str,
    end: &'static str,
    mark: bool,
    inline_variables: bool,
    by_name: bool,
}

fn style() -> impl Strategy<Value = Style> {
    (
        prop::sample::select(vec!["  ", "    ", "\t", " "]),
        prop::sample::select(vec!["\n", "\r\n"]),
        prop::sample::select(vec![": ", ":", " : "]),
        prop::sample::select(vec!["", "\n", "\n\n", "  \n"]),
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(indent, newline, colon, end, mark, inline_variables, by_name)| Style {
            indent,
            newline,
            colon,
            end,
            mark,
            inline_variables,
            by_name,
        })
}

/// A file of stacks with what people leave in theirs: fields nobody knows, odd numbers, escapes, blank lines, odd spaces.
fn stacks_file(style: &Style) -> String {
    let Style { indent: i, newline: n, colon: c, .. } = style;
    let mut text = if style.mark { "\u{feff}".to_owned() } else { String::new() };
    let (open, close) = if style.by_name { ('{', '}') } else { ('[', ']') };
    write!(text, "{{{n}{i}\"$schema\"{c}\"./schema\\u002Ejson\",{n}{n}{i}\"docker_stacks\"{c}{open}{n}").unwrap();
    for (index, name) in ["web", "db", "n8n"].into_iter().enumerate() {
        let key = if style.by_name { format!("\"{name}\"{c}") } else { String::new() };
        let (p, q) = (i.repeat(2), i.repeat(3));
        write!(text, "{p}{key}{{{n}{q}\"name\"{c}\"{name}\",{n}{q}\"x_cost\"{c}1.50e+1,{n}").unwrap();
        write!(text, "{q}\"git_repo\"{c}\"https:\\/\\/example.org\\/{name}.git\" ,{n}{n}{q}\"env\"{c}").unwrap();
        let variables: Vec<String> = (0..=index)
            .map(|number| format!("{{\"name\"{c}\"V{number}\", \"value\"{c}\"\\u00e9{number}\",\"x_note\"{c}null}}"))
            .collect();
        if style.inline_variables {
            write!(text, "[ {} ]", variables.join(" ,  ")).unwrap();
        } else {
            let r = i.repeat(4);
            write!(text, "[{n}{r}{}{n}{q}]", variables.join(&format!(",{n}{r}"))).unwrap();
        }
        write!(
            text,
            ",{n}{q}\"environments\"{c}{{ \"production\"{c}{{\"variables\"{c}[ ], \"x_keep\"{c}[1,{n} 2]}} }}{n}{p}}}"
        )
        .unwrap();
        text.push_str(if index < 2 { " ," } else { "" });
        text.push_str(n);
    }
    write!(text, "{i}{close},{n}{i}\"x_more\"{c}{{\"deep\"{c}[ [], {{}} ]}}{n}}}{}", style.end).unwrap();
    text
}

fn guests_file(style: &Style) -> String {
    let Style { indent: i, newline: n, colon: c, .. } = style;
    let p = i.repeat(2);
    let guest = |name: &str, stacks: &str| {
        format!(
            "{p}{{\"vmid\"{c}1{}, \"name\"{c}\"{name}\", \"cores\"{c}4,{n}{p}{i}\"portainer_environment_name\"{c}\"{name}\" ,\"docker_stacks\"{c}{stacks}, \"network_config\"{c}{{\"ip\"{c}\"10.0.0.1\\/24\"}}}}",
            name.len()
        )
    };
    format!(
        "{{\"vm_defaults\"{c}{{\"cores\"{c}2}},{n}{i}\"vms\"{c}[{n}{},{n}{},{n}{}{n}{i}]{n}}}{}",
        guest("rumpledev", "[]"),
        guest("rumpletest", "[\"web\" , \"db\"]"),
        guest("rumpleprod", &format!("[{{\"name\"{c}\"n8n\", \"environment\"{c}\"production\"}}]")),
        style.end
    )
}

/// A random edit: which kind, on which of the names, with which value.
type Draw = (u8, usize, usize, String);

fn draw() -> impl Strategy<Value = Draw> {
    (0_u8..12, 0_usize..16, 0_usize..16, "[a-zA-Z0-9 äß\"\\\\/$#_.-]{0,12}")
}

/// How the change of an edit must look from outside.
#[derive(Debug, PartialEq)]
enum Shape {
    /// One piece is new, the rest is as it was.
    Insertion,
    /// One piece is gone.
    Removal,
    /// One literal gives way to another: not even the line changes in number.
    Replacement,
    /// Nothing at all.
    Nothing,
    /// More than one place.
    Several,
}

const GUESTS: [&str; 3] = ["rumpledev", "rumpletest", "rumpleprod"];

/// Turns a draw into an edit that can be made, what it must do to the catalog, and how that must look.
fn plan(catalog: &Catalog, (kind, a, b, value): &Draw) -> (Edit, Catalog, Shape) {
    let mut after = catalog.clone();
    let index = a % catalog.stacks.len();
    let name = catalog.stacks[index].name.clone();
    let stack = &mut after.stacks[index];
    let environment = (*kind <= 3 && b % 2 == 1).then(|| "production".to_owned());
    let env = match &environment {
        None => &mut stack.env,
        Some(environment) => &mut stack.environments.entry(environment.clone()).or_default().env,
    };
    let known = env.get(b % env.len().max(1)).map(|one| one.name.clone());
    match kind {
        0..=2 => {
            let variable = known.filter(|_| *kind < 2).unwrap_or_else(|| format!("N{b}"));
            let (shape, new) = (replace(env, &variable, value), Variable::plain(&variable, value));
            (Edit::SetVariable { stack: name, environment, variable: new }, after, shape)
        }
        3 => {
            let variable = known.unwrap_or_else(|| "GONE".into());
            let there = env.iter().any(|one| one.name == variable);
            env.retain(|one| one.name != variable);
            let shape = if there { Shape::Removal } else { Shape::Nothing };
            (Edit::RemoveVariable { stack: name, environment, name: variable }, after, shape)
        }
        4 => {
            let shape = match (&stack.description, value.is_empty()) {
                (None, true) => Shape::Nothing,
                (None, false) => Shape::Insertion,
                (Some(_), true) => Shape::Removal,
                (Some(old), false) if old == value => Shape::Nothing,
                (Some(_), false) => Shape::Replacement,
            };
            stack.description = (!value.is_empty()).then(|| value.clone());
            (Edit::SetStack(Box::new(stack.clone())), after, shape)
        }
        5 => {
            stack.publish.port = Some(8000 + u16::try_from(*b).unwrap());
            stack.publish.hostname = Some(format!("h{b}.example.org"));
            (Edit::SetStack(Box::new(stack.clone())), after, Shape::Several)
        }
        6 | 7 => {
            let guest = &mut after.guests[b % 3];
            let environment = (*kind == 7).then(|| "production".to_owned());
            let assignment = Assignment { stack: name.clone(), environment };
            let shape = match guest.assignments.iter_mut().find(|one| one.stack == name) {
                Some(known) if *known == assignment => Shape::Nothing,
                Some(known) => {
                    *known = assignment.clone();
                    Shape::Several
                }
                None => {
                    guest.assignments.push(assignment.clone());
                    Shape::Insertion
                }
            };
            (Edit::Assign { guest: GUESTS[b % 3].into(), assignment }, after, shape)
        }
        8 => {
            let guest = &mut after.guests[b % 3];
            let there = guest.assignments.iter().any(|one| one.stack == name);
            guest.assignments.retain(|one| one.stack != name);
            let shape = if there { Shape::Removal } else { Shape::Nothing };
            (Edit::Unassign { guest: GUESTS[b % 3].into(), stack: name }, after, shape)
        }
        9 => {
            let new = Stack::new(format!("new{a}x{b}"), StackSource::git("https://example.org/new.git"));
            let shape = match after.stacks.iter_mut().find(|one| one.name == new.name) {
                Some(_) => Shape::Several,
                None => Shape::Insertion,
            };
            after.stacks.retain(|one| one.name != new.name || shape == Shape::Insertion);
            if shape == Shape::Several {
                return (
                    Edit::RemoveVariable { stack: name, environment: None, name: "NONE".into() },
                    catalog.clone(),
                    Shape::Nothing,
                );
            }
            after.stacks.push(new.clone());
            (Edit::SetStack(Box::new(new)), after, shape)
        }
        10 => {
            let to = format!("r{a}-{b}");
            if after.stacks.iter().any(|one| one.name == to) {
                return (
                    Edit::RemoveVariable { stack: name, environment: None, name: "NONE".into() },
                    catalog.clone(),
                    Shape::Nothing,
                );
            }
            after.stacks[index].name.clone_from(&to);
            for assignment in after.guests.iter_mut().flat_map(|guest| &mut guest.assignments) {
                if assignment.stack == name {
                    assignment.stack.clone_from(&to);
                }
            }
            (Edit::RenameStack { from: name, to }, after, Shape::Several)
        }
        _ => {
            let used = after.guests.iter().any(|guest| guest.assignments.iter().any(|one| one.stack == name));
            if used || after.stacks.len() < 2 {
                return (
                    Edit::RemoveVariable { stack: name, environment: None, name: "NONE".into() },
                    catalog.clone(),
                    Shape::Nothing,
                );
            }
            after.stacks.remove(index);
            (Edit::RemoveStack { name }, after, Shape::Removal)
        }
    }
}

fn replace(env: &mut Vec<Variable>, name: &str, value: &str) -> Shape {
    let new = Variable::plain(name, value);
    match env.iter_mut().find(|one| one.name == name) {
        Some(known) if *known == new => Shape::Nothing,
        Some(known) => {
            *known = new;
            Shape::Replacement
        }
        None => {
            env.push(new);
            Shape::Insertion
        }
    }
}

/// Lengths of what two texts share at their beginning and at their end.
fn shared(a: &[u8], b: &[u8]) -> (usize, usize) {
    let start = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let room = a.len().min(b.len()) - start;
    let end = a.iter().rev().zip(b.iter().rev()).take(room).take_while(|(a, b)| a == b).count();
    (start, end)
}

/// Whether a text can be had from another by putting pieces in, none of which touches the rest.
fn check_shape(before: &str, after: &str, shape: &Shape) -> Result<(), TestCaseError> {
    let (start, end) = shared(before.as_bytes(), after.as_bytes());
    match shape {
        Shape::Nothing => prop_assert_eq!(before, after),
        Shape::Insertion => {
            prop_assert!(start + end >= before.len(), "more than an insertion:\n{}\n→\n{}", before, after)
        }
        Shape::Removal => prop_assert!(start + end >= after.len(), "more than a removal:\n{}\n→\n{}", before, after),
        Shape::Replacement => {
            let (old, new) =
                (&before.as_bytes()[start..before.len() - end], &after.as_bytes()[start..after.len() - end]);
            let inside_a_literal = |piece: &[u8]| {
                !piece
                    .iter()
                    .any(|byte| matches!(byte, b'\n' | b'\r' | b'\t' | b':' | b',' | b'{' | b'}' | b'[' | b']'))
            };
            prop_assert!(
                inside_a_literal(old) && inside_a_literal(new),
                "more than a literal:\n{}\n→\n{}",
                before,
                after
            );
        }
        Shape::Several => {}
    }
    Ok(())
}

/// What nobody edits is there, letter by letter and as often.
fn check_kept(style: &Style, before: &str, after: &str, stacks: usize) -> Result<(), TestCaseError> {
    let Style { newline: n, colon: c, end, .. } = style;
    let count = |text: &str, piece: &str| text.matches(piece).count();
    for piece in ["\"./schema\\u002Ejson\"".to_owned(), format!("\"x_more\"{c}{{\"deep\"{c}[ [], {{}} ]}}")] {
        prop_assert_eq!(count(after, &piece), 1, "{}", piece);
    }
    for piece in [format!("\"x_cost\"{c}1.50e+1,"), format!("\"x_keep\"{c}[1,{n} 2]"), format!("\" ,{n}{n}")] {
        let (was, is) = (count(before, &piece), count(after, &piece));
        prop_assert!(is == was || stacks == 1 && is + 1 == was, "{} {} {}", piece, was, is);
    }
    let last = format!("}}{end}");
    prop_assert!(after.ends_with(&last));
    prop_assert_eq!(after.starts_with('\u{feff}'), before.starts_with('\u{feff}'));
    // The end of the file may have another line break than the rest.
    let body = &after[..after.len() - end.len()];
    prop_assert_eq!(count(body, "\r\n"), if *n == "\r\n" { count(body, "\n") } else { 0 });
    Ok(())
}

fn sorted(mut catalog: Catalog) -> Catalog {
    // Order among variables of one list is the file's; of the lists an edit does not touch it stays.
    catalog
        .stacks
        .iter_mut()
        .for_each(|stack| stack.environments.retain(|_, over| *over != types::catalog::Override::default()));
    catalog
}

proptest! {
    // 1,000 files with 10 edits each.
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn edits_lose_nothing(style in style(), draws in prop::collection::vec(draw(), 10)) {
        let mut texts = [stacks_file(&style), guests_file(&style)];
        for draw in &draws {
            let snapshot = Snapshot::of_texts([(STACKS_FILE, &texts[0]), (GUESTS_FILE, &texts[1])]);
            let catalog = read(&snapshot).catalog;
            let (edit, wanted, shape) = plan(&catalog, draw);
            let changes = apply_edits(&snapshot, std::slice::from_ref(&edit)).map_err(|error| TestCaseError::fail(format!("{edit:?}: {error}")))?;
            let removed = usize::from(matches!(edit, Edit::RemoveStack { .. }));
            for (index, file) in [STACKS_FILE, GUESTS_FILE].into_iter().enumerate() {
                let before = texts[index].clone();
                let after = changes.get(file).cloned().flatten().unwrap_or_else(|| before.clone());
                if changes.contains_key(file) {
                    check_shape(&before, &after, &shape)?;
                }
                if index == 0 {
                    check_kept(&style, &before, &after, removed)?;
                }
                texts[index] = after;
            }
            if shape == Shape::Nothing {
                prop_assert!(changes.is_empty(), "{:?}", edit);
            }
            let now = read(&Snapshot::of_texts([(STACKS_FILE, &texts[0]), (GUESTS_FILE, &texts[1])])).catalog;
            prop_assert_eq!(sorted(now), sorted(wanted), "{:?}\n{}", edit, texts[0]);
        }
    }
}
