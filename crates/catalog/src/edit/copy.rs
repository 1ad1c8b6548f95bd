//! A stack's entry under another name.

use crate::{
    json::{Doc, Json, Want, apply},
    snapshot::Snapshot,
};

impl Snapshot {
    /// The text of a stack's entry with another name in it, for [`Edit::SetStackText`](super::Edit::SetStackText); all else is as
    /// it stands. None if there is no such stack, or its file is broken.
    #[must_use]
    pub fn stack_copy(&self, name: &str, to: &str) -> Option<String> {
        let doc = Doc::parse(self.stack_text(name)?.text).ok()?;
        apply(&doc, "", &Want::Members(vec![("name".into(), Want::Is(Json::from(to)))]))
    }
}

#[cfg(test)]
mod tests {
    use crate::snapshot::{STACKS_FILE, Snapshot};

    #[test]
    fn a_copy_differs_by_its_name_alone() {
        let text = "{\"docker_stacks\": [\n  {\n    \"name\": \"web\",\n    \"colour\": 7,\n    \"env\": [{\"name\": \"web\"}]\n  }\n]}";
        let snapshot = Snapshot::of_texts([(STACKS_FILE, text)]);
        let copy = snapshot.stack_copy("web", "shop").unwrap();
        assert_eq!(copy, "{\n  \"name\": \"shop\",\n  \"colour\": 7,\n  \"env\": [{\"name\": \"web\"}]\n}");
        assert!(snapshot.stack_copy("other", "shop").is_none());
        let old =
            Snapshot::of_texts([(STACKS_FILE, "{\"docker_stacks\": {\"web\": {\"compose_file_path\": \"a.yml\"}}}")]);
        assert!(old.stack_copy("web", "shop").unwrap().contains("\"name\": \"shop\""));
    }
}
