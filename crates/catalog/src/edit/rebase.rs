//! Carrying somebody's changes over to a catalog that went on meanwhile: part by part, so that only what both changed needs a
//! decision.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use types::catalog::Assignment;

use super::{Changes, Edit, EditError, apply_edits};
use crate::{
    hide::hide,
    json::{Doc, Node},
    snapshot::{Content, GUESTS_FILE, STACKS_FILE, Snapshot},
};

/// What two people can change without meeting.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// One stack's entry in the list.
    Stack(String),
    /// One stack on one machine.
    Assignment {
        /// The machine's name.
        guest: String,
        /// The stack's name.
        stack: String,
    },
    /// A file as a whole: compose texts, settings, and a list whose change is more than a change of its entries.
    File(String),
}

impl Part {
    /// A word for it that a form can carry.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Stack(name) => format!("stack:{name}"),
            Self::Assignment { guest, stack } => format!("assignment:{guest}:{stack}"),
            Self::File(path) => format!("file:{path}"),
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stack(name) => write!(f, "the stack “{name}”"),
            Self::Assignment { guest, stack } => write!(f, "“{stack}” on {guest}"),
            Self::File(path) => f.write_str(path),
        }
    }
}

/// Whose version of a part is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// What the catalog says now.
    Theirs,
    /// What the changes say.
    Mine,
}

/// A part that both changed. Texts are none where it does not exist; secrets in plain text are hidden.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clash {
    /// The part.
    pub part: Part,
    /// What both began with.
    pub base: Option<String>,
    /// What the catalog says now.
    pub theirs: Option<String>,
    /// What the changes say.
    pub mine: Option<String>,
    /// Why mine can't be taken, if it can't.
    pub refused: Option<String>,
}

/// What came of carrying changes over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rebased {
    /// Their catalog with my changes, but for the parts that clash.
    pub snapshot: Snapshot,
    /// What still needs a decision.
    pub clashes: Vec<Clash>,
}

/// Carries the changes from `base` to `mine` over to `theirs`. Parts that only one side changed go over by themselves and leave
/// every other byte alone; of those both changed, `choices` says whose is taken.
#[must_use]
pub fn rebase(base: &Snapshot, theirs: &Snapshot, mine: &Snapshot, choices: &BTreeMap<Part, Side>) -> Rebased {
    let now = Values::of(theirs);
    let mut snapshot = theirs.clone();
    let mut clashes = Vec::new();
    for step in moves(base, mine) {
        let text = now.text(&step.part, theirs);
        if text == step.after {
            continue;
        }
        let choice = choices.get(&step.part);
        let mut clash = |refused: Option<String>| {
            let shown = |text: &Option<String>| match &step.part {
                Part::File(path) => text.as_ref().map(|text| hide(path, text)),
                _ => text.clone(),
            };
            clashes.push(Clash {
                part: step.part.clone(),
                base: shown(&step.before),
                theirs: shown(&text),
                mine: shown(&step.after),
                refused,
            });
        };
        if text != step.before {
            match choice {
                None => {
                    clash(None);
                    continue;
                }
                Some(Side::Theirs) => continue,
                Some(Side::Mine) => {}
            }
        }
        match step.apply(&snapshot) {
            Ok(changed) => snapshot = changed,
            Err(_) if choice == Some(&Side::Theirs) => {}
            Err(error) => clash(Some(error.to_string())),
        }
    }
    Rebased { snapshot, clashes }
}

/// The parts in which two snapshots differ.
#[must_use]
pub fn changed_parts(base: &Snapshot, mine: &Snapshot) -> Vec<Part> {
    let mut parts: Vec<Part> = moves(base, mine).into_iter().map(|step| step.part).collect();
    parts.sort();
    parts
}

/// The stacks whose entry or machines differ, also where a list is changed as a whole.
#[must_use]
pub fn changed_stacks(base: &Snapshot, mine: &Snapshot) -> BTreeSet<String> {
    let (before, after) = (Values::of(base), Values::of(mine));
    let one_way = |from: &Values, to: &Values| {
        let entries =
            from.stacks.iter().filter(|(name, text)| to.stack(name) != Some(text)).map(|(name, _)| name.clone());
        let places = from.assignments.iter().filter(|(key, how)| to.assignments.get(*key) != Some(*how));
        entries.chain(places.map(|((_, stack), _)| stack.clone())).collect::<Vec<_>>()
    };
    one_way(&before, &after).into_iter().chain(one_way(&after, &before)).collect()
}

/// One change to one part.
struct Move {
    part: Part,
    before: Option<String>,
    after: Option<String>,
    act: Act,
}

enum Act {
    Edit(Edit),
    File(Option<Content>),
}

impl Move {
    fn apply(&self, snapshot: &Snapshot) -> Result<Snapshot, EditError> {
        match (&self.act, &self.part) {
            (Act::Edit(edit), _) => Ok(snapshot.with(&apply_edits(snapshot, std::slice::from_ref(edit))?)),
            (Act::File(content), Part::File(path)) => {
                let mut changed = snapshot.clone();
                match content {
                    Some(content) => changed.set(path, content.clone()),
                    None => changed.remove(path),
                }
                Ok(changed)
            }
            (Act::File(_), _) => Ok(snapshot.clone()),
        }
    }
}

/// What a snapshot says, by part.
struct Values {
    stacks: Vec<(String, String)>,
    assignments: BTreeMap<(String, String), Option<String>>,
}

impl Values {
    fn of(snapshot: &Snapshot) -> Self {
        Self { stacks: snapshot.listed_texts(), assignments: assignments(snapshot) }
    }

    fn stack(&self, name: &str) -> Option<&str> {
        self.stacks.iter().find(|(known, _)| known == name).map(|(_, text)| text.as_str())
    }

    fn text(&self, part: &Part, snapshot: &Snapshot) -> Option<String> {
        match part {
            Part::Stack(name) => self.stack(name).map(str::to_owned),
            Part::Assignment { guest, stack } => {
                self.assignments.get(&(guest.clone(), stack.clone())).map(assignment_text)
            }
            Part::File(path) => file_text(snapshot, path),
        }
    }
}

fn assignment_text(environment: &Option<String>) -> String {
    environment.as_ref().map_or_else(
        || "runs with the machine's own settings".to_owned(),
        |name| format!("runs with the settings of {name}"),
    )
}

fn file_text(snapshot: &Snapshot, path: &str) -> Option<String> {
    match snapshot.content(path)? {
        Content::Text(text) => Some(text.clone()),
        Content::Unreadable(reason) => Some(format!("(it can't be read: {reason})")),
    }
}

/// The changes between two snapshots, such that making them to `base` gives `mine`. A list is taken as a whole if its change is
/// more than a change of its entries, so that nothing of it is lost.
fn moves(base: &Snapshot, mine: &Snapshot) -> Vec<Move> {
    let (before, after) = (Values::of(base), Values::of(mine));
    let mut whole: BTreeSet<&str> = BTreeSet::new();
    for list in [STACKS_FILE, GUESTS_FILE] {
        let is_broken = |snapshot: &Snapshot| snapshot.content(list).is_some() && parsed(snapshot, list).is_none();
        if is_broken(base) || is_broken(mine) {
            whole.insert(list);
        }
    }
    loop {
        let moves = moves_with(base, mine, &before, &after, &whole);
        let replayed = moves.iter().try_fold(base.clone(), |snapshot, step| step.apply(&snapshot));
        let missed: Vec<&str> = match &replayed {
            Err(_) => vec![STACKS_FILE, GUESTS_FILE],
            Ok(replayed) => unlike(replayed, mine),
        };
        let known = whole.len();
        whole.extend(missed);
        if whole.len() == known {
            return moves;
        }
    }
}

/// The lists in which a replay differs from what was to come of it.
fn unlike(replayed: &Snapshot, mine: &Snapshot) -> Vec<&'static str> {
    let mut missed = Vec::new();
    if !same_list(replayed, mine) {
        missed.push(STACKS_FILE);
    }
    if replayed.content(GUESTS_FILE) != mine.content(GUESTS_FILE) {
        missed.push(GUESTS_FILE);
    }
    let paths: BTreeSet<&str> = replayed.paths().chain(mine.paths()).collect();
    let others = paths.into_iter().filter(|path| !matches!(*path, STACKS_FILE | GUESTS_FILE));
    if missed.is_empty() && others.into_iter().any(|path| replayed.content(path) != mine.content(path)) {
        missed.push(STACKS_FILE);
    }
    missed
}

fn moves_with(base: &Snapshot, mine: &Snapshot, before: &Values, after: &Values, whole: &BTreeSet<&str>) -> Vec<Move> {
    let mut files = Vec::new();
    let paths: BTreeSet<&str> = base.paths().chain(mine.paths()).collect();
    for path in paths {
        let by_entry = matches!(path, STACKS_FILE | GUESTS_FILE) && !whole.contains(path);
        if !by_entry && base.content(path) != mine.content(path) {
            let part = Part::File(path.to_owned());
            let act = Act::File(mine.content(path).cloned());
            files.push(Move { before: file_text(base, path), after: file_text(mine, path), part, act });
        }
    }
    let mut removals = Vec::new();
    if !whole.contains(STACKS_FILE) {
        for (name, text) in &after.stacks {
            if before.stack(name) != Some(text) {
                let edit = Edit::SetStackText { name: name.clone(), text: text.clone() };
                files.push(Move {
                    part: Part::Stack(name.clone()),
                    before: before.stack(name).map(str::to_owned),
                    after: Some(text.clone()),
                    act: Act::Edit(edit),
                });
            }
        }
        for (name, text) in before.stacks.iter().filter(|(name, _)| after.stack(name).is_none()) {
            let act = Act::Edit(Edit::RemoveStack { name: name.clone() });
            removals.push(Move { part: Part::Stack(name.clone()), before: Some(text.clone()), after: None, act });
        }
    }
    if !whole.contains(GUESTS_FILE) {
        files.extend(assigning(before, after));
    }
    // What is taken away must no longer be needed by then.
    files.extend(removals);
    files
}

fn assigning(before: &Values, after: &Values) -> Vec<Move> {
    let keys: BTreeSet<&(String, String)> = before.assignments.keys().chain(after.assignments.keys()).collect();
    let changed = keys.into_iter().filter(|key| before.assignments.get(*key) != after.assignments.get(*key));
    changed
        .map(|key| {
            let (guest, stack) = key.clone();
            let edit = match after.assignments.get(key) {
                Some(environment) => Edit::Assign {
                    guest: guest.clone(),
                    assignment: Assignment { stack: stack.clone(), environment: environment.clone() },
                },
                None => Edit::Unassign { guest: guest.clone(), stack: stack.clone() },
            };
            Move {
                part: Part::Assignment { guest, stack },
                before: before.assignments.get(key).map(assignment_text),
                after: after.assignments.get(key).map(assignment_text),
                act: Act::Edit(edit),
            }
        })
        .collect()
}

fn parsed(snapshot: &Snapshot, path: &str) -> Option<Doc> {
    Doc::parse(snapshot.text(path)?).ok()
}

/// Which stack runs on which machine, and with whose settings. What can't be read shows in the comparison of the whole file.
fn assignments(snapshot: &Snapshot) -> BTreeMap<(String, String), Option<String>> {
    let doc = parsed(snapshot, GUESTS_FILE);
    let guests = doc.as_ref().and_then(|doc| doc.root().get("vms")).and_then(Node::items).unwrap_or_default();
    let mut found = BTreeMap::new();
    for guest in guests {
        let Some(name) = guest.get("name").and_then(Node::string) else { continue };
        for entry in guest.get("docker_stacks").and_then(Node::items).unwrap_or_default() {
            let word = |key: &str| entry.get(key).and_then(Node::string).map(str::to_owned);
            let Some(stack) = entry.string().map(str::to_owned).or_else(|| word("name")) else { continue };
            found.insert((name.to_owned(), stack), word("environment"));
        }
    }
    found
}

/// Whether two lists of stacks say the same: the same entries, in whatever order, and the same around them.
fn same_list(one: &Snapshot, other: &Snapshot) -> bool {
    if one.content(STACKS_FILE) == other.content(STACKS_FILE) {
        return true;
    }
    let sorted = |snapshot: &Snapshot| snapshot.listed_texts().into_iter().collect::<BTreeMap<_, _>>();
    around(one) == around(other) && sorted(one) == sorted(other)
}

/// What stands in the file of stacks beside the entries that can be told by name.
fn around(snapshot: &Snapshot) -> (bool, usize, Vec<String>) {
    const LIST: &str = "docker_stacks";
    let Some(doc) = parsed(snapshot, STACKS_FILE) else { return (true, 0, Vec::new()) };
    let text = |node: &Node| doc.text()[node.range.clone()].to_owned();
    let members = doc.root().members().unwrap_or_default();
    let others = members.iter().filter(|one| one.key != LIST).map(|one| format!("{}: {}", one.key, text(&one.value)));
    let mut others: Vec<String> = others.collect();
    let list = doc.root().get(LIST);
    let items = list.and_then(Node::items).unwrap_or_default();
    others.extend(items.iter().filter(|item| item.get("name").and_then(Node::string).is_none()).map(text));
    let count = list.map_or(0, |list| items.len() + list.members().map_or(0, <[_]>::len));
    (list.is_none_or(|list| list.members().is_none()), count, others)
}

impl Snapshot {
    /// This with changes kept as texts in which secrets may be hidden: those are put back from where they stand here.
    ///
    /// # Errors
    /// As [`apply_edits`]: a path that is none of the catalog's, a text that is no JSON, a hidden secret that stands nowhere here.
    pub fn with_texts(&self, texts: &Changes) -> Result<Self, EditError> {
        let edits: Vec<Edit> =
            texts.iter().map(|(path, text)| Edit::SetText { path: path.clone(), text: text.clone() }).collect();
        Ok(self.with(&apply_edits(self, &edits)?))
    }

    /// How another snapshot differs from this one, as texts that may be kept: secrets in plain text are hidden.
    /// [`with_texts`](Self::with_texts) gives the other snapshot again.
    ///
    /// # Errors
    /// [`EditError::HiddenSecret`] for a secret that is new or moved and stands in plain text: it has no place to be kept but the vault.
    pub fn texts_to(&self, other: &Self) -> Result<Changes, EditError> {
        let mut texts = Changes::new();
        let paths: BTreeSet<&str> = self.paths().chain(other.paths()).collect();
        for path in paths.into_iter().filter(|path| self.content(path) != other.content(path)) {
            texts.insert(path.to_owned(), other.text(path).map(|text| hide(path, text)));
        }
        let again = self.with_texts(&texts)?;
        match texts.keys().find(|path| again.content(path) != other.content(path)) {
            None => Ok(texts),
            Some(path) => Err(EditError::HiddenSecret { file: path.clone(), pointer: String::new() }),
        }
    }
}
