//! Digests written into a compose text.

use catalog::compose::{Compose, PinError, merge, pin_images, with_digest};
use proptest::{collection, prelude::*};

fn digest(letter: &str) -> String {
    format!("sha256:{}", letter.repeat(64))
}

fn pin(text: &str, images: &[(&str, String)]) -> Result<String, PinError> {
    let images: Vec<(&str, &str)> = images.iter().map(|(service, image)| (*service, image.as_str())).collect();
    pin_images(text, &images)
}

#[test]
fn only_the_image_changes() {
    let new = format!("org/web:2@{}", digest("a"));
    for (before, after) in [
        ("services:\n  web:\n    image: nginx\n", "services:\n  web:\n    image: NEW\n"),
        (
            "services:\n  web:\n    image:   nginx:1   # why\n    x: 1",
            "services:\n  web:\n    image:   NEW   # why\n    x: 1",
        ),
        ("# é\nservices:\r\n  web:\r\n    image: 'é'\r\n", "# é\nservices:\r\n  web:\r\n    image: 'NEW'\r\n"),
        (
            "services: {web: {image: nginx, x: 1}, db: {image: y}}",
            "services: {web: {image: NEW, x: 1}, db: {image: y}}",
        ),
        ("{\"services\":{\"web\":{\"image\":\"nginx\"}}}", "{\"services\":{\"web\":{\"image\":\"NEW\"}}}"),
        ("services:\n  web:\n    image: ${IMAGE:-a}:${TAG}\n", "services:\n  web:\n    image: NEW\n"),
        ("services:\n  web: {image: \"${IMAGE}\"}\n", "services:\n  web: {image: \"NEW\"}\n"),
        // Of the same name elsewhere.
        (
            "image: a\nx-services: {web: {image: a}}\nservices:\n  db: {image: a, web: {image: b}}\n  web:\n    labels: {image: c}\n    image: d\n",
            "image: a\nx-services: {web: {image: a}}\nservices:\n  db: {image: a, web: {image: b}}\n  web:\n    labels: {image: c}\n    image: NEW\n",
        ),
        // Over several lines, in the form with a question mark, with a tag.
        (
            "services:\n  web:\n    image:\n      nginx\n    x: 1\n",
            "services:\n  web:\n    image:\n      NEW\n    x: 1\n",
        ),
        ("services:\n  ? web\n  : ? image\n    : nginx\n", "services:\n  ? web\n  : ? image\n    : NEW\n"),
        ("services:\n  web: {image: !!str nginx}\n", "services:\n  web: {image: !!str NEW}\n"),
        // Through an alias; the anchor stays as it is.
        ("x: &i nginx\nservices:\n  web:\n    image: *i\n", "x: &i nginx\nservices:\n  web:\n    image: NEW\n"),
        ("x: &i nginx\nservices: {web: {image: *i }}\n", "x: &i nginx\nservices: {web: {image: NEW }}\n"),
        // An anchor that nobody uses.
        ("services:\n  web:\n    image: &i nginx\n", "services:\n  web:\n    image: &i NEW\n"),
        // Through a merge key or from another service: a line of its own.
        (
            "x: &x\n  image: nginx\nservices:\n  web:\n    <<: *x\n    ports: [80]\n",
            "x: &x\n  image: nginx\nservices:\n  web:\n    image: NEW\n    <<: *x\n    ports: [80]\n",
        ),
        (
            "services:\r\n  web:\r\n    extends: db\r\n  db: {image: x}",
            "services:\r\n  web:\r\n    image: NEW\r\n    extends: db\r\n  db: {image: x}",
        ),
        (
            "services: {web: {extends: db}, db: {image: x}}",
            "services: {web: {image: NEW, extends: db}, db: {image: x}}",
        ),
        (
            "{\"services\": {\"web\": {\"extends\": \"db\"}}}",
            "{\"services\": {\"web\": {\"image\": \"NEW\", \"extends\": \"db\"}}}",
        ),
        ("\u{feff}services:\n  web:\n    image: nginx\n", "\u{feff}services:\n  web:\n    image: NEW\n"),
    ] {
        assert_eq!(
            pin(before, &[("web", new.clone())]).as_deref(),
            Ok(after.replace("NEW", &new).as_str()),
            "{before}"
        );
    }
}

#[test]
fn what_cannot_be_changed_alone_is_an_error() {
    let new = format!("x@{}", digest("a"));
    let shared = |line, column| PinError::Shared { service: "web".to_owned(), line, column };
    for (text, error) in [
        ("services:\n  web:\n    image: &i nginx\n  db:\n    image: *i\n", shared(3, 12)),
        ("x: &x {image: a}\nservices:\n  web: *x\n", shared(1, 15)),
        ("services:\n  web: &w {image: a}\n  db:\n    <<: *w\n", shared(2, 19)),
        ("services:\n  web:\n    image: >-\n      nginx\n", shared(4, 7)),
        ("services:\n  web: {build: .}\n", PinError::NoImage { service: "web".to_owned() }),
        ("services:\n  db: {image: x}\n", PinError::NoService { service: "web".to_owned() }),
    ] {
        assert_eq!(pin(text, &[("web", new.clone())]), Err(error), "{text}");
    }
    assert!(matches!(pin("services: [", &[("web", new.clone())]), Err(PinError::Text(_))));
    let text = "services:\n  web: {image: x}\n";
    let twice = [("web", new.clone()), ("web", new.clone())];
    assert_eq!(pin(text, &twice), Err(PinError::Twice { service: "web".to_owned() }));
    for bad in ["nginx", "nginx@sha256:aa", "nginx\nx: y@sha256:", "a b@sha256:", "@sha256:", "x@md5:"] {
        let bad = if bad.ends_with(':') { format!("{bad}{}", "a".repeat(64)) } else { bad.to_owned() };
        assert!(matches!(pin(text, &[("web", bad.clone())]), Err(PinError::BadImage { .. })), "{bad}");
    }
}

#[test]
fn services_that_share_an_image_can_be_pinned_together() {
    let text = "services:\n  a:\n    image: &i nginx\n  b:\n    image: *i\n  c: &c\n    image: x\n  d:\n    <<: *c\n";
    let image = |letter| format!("nginx@{}", digest(letter));
    let images = [("a", image("a")), ("b", image("b")), ("c", image("c")), ("d", image("d"))];
    let out = Compose::parse(&pin(text, &images).unwrap()).unwrap();
    for (service, image) in &images {
        assert_eq!(out.service(service).unwrap().image.as_ref(), Some(image));
    }
    let Err(PinError::Shared { service, .. }) = pin(text, &[("b", image("b")), ("c", image("c"))]) else { panic!() };
    assert_eq!(service, "c");
}

#[test]
fn merged_texts_can_be_pinned() {
    let base = "x: &x {image: '${IMAGE}'}\nservices:\n  web: *x\n  db: {<<: *x, ports: [80]}\n";
    let text = merge(&[("a", base), ("b", "services: {web: {command: x}}")]).unwrap();
    let image = |letter| with_digest("[::1]:5000/web:1", &digest(letter));
    let out = pin(&text, &[("web", image("a")), ("db", image("b"))]).unwrap();
    let compose = Compose::parse(&out).unwrap();
    assert_eq!(compose.service("web").unwrap().image, Some(image("a")));
    assert_eq!(compose.service("db").unwrap().image, Some(image("b")));
}

#[test]
fn a_digest_keeps_the_tag() {
    let new = digest("b");
    for (image, name) in
        [("nginx", "nginx"), ("h:5000/x:1", "h:5000/x:1"), ("x:1@sha256:aa", "x:1"), ("x@sha256:aa", "x")]
    {
        assert_eq!(with_digest(image, &new), format!("{name}@{new}"));
    }
}

/// A service in one of several ways of writing.
fn service(name: &str) -> impl Strategy<Value = String> + use<> {
    let name = name.to_owned();
    let image = prop::sample::select(vec!["nginx", "\"a:1\"", "'b'", "${I:-x}", "*i", "!!str c", "&own d"]);
    (image, 0..5_usize, prop::sample::select(vec!["", " # image: x", "  "])).prop_map(move |(image, form, tail)| {
        // What a variable's braces are in a flow mapping.
        let in_braces = if image.starts_with('$') { format!("'{image}'") } else { image.to_owned() };
        match form {
            0 => format!("  {name}:\n    image: {image}{tail}\n    ports: [80]\n"),
            1 => format!("  {name}: {{image: {in_braces} , ports: [80]}}{tail}\n"),
            2 => format!("  \"{name}\":\n      ports:\n      - 80\n\n      image:  {image}{tail}\n"),
            3 => format!("  {name}:\n    <<: *m{tail}\n    environment: {{image: {in_braces} }}\n"),
            _ => format!("  {name}: {{<<: *m, command: [x, {{image: y}}]}}{tail}\n"),
        }
    })
}

proptest! {
    #[test]
    fn all_but_the_images_means_the_same(
        services in (service("a"), service("b"), service("c")),
        which in collection::btree_set(prop::sample::select(vec!["a", "b", "c"]), 0..=3),
        crlf in any::<bool>(),
    ) {
        let mut text = format!("x-i: &i x\nx-m: &m\n  image: m\nservices:\n{}{}{}", services.0, services.1, services.2);
        if crlf {
            text = text.replace('\n', "\r\n");
        }
        let images: Vec<(&str, String)> = which.iter().map(|name| (*name, with_digest(name, &digest("c")))).collect();
        let out = pin(&text, &images).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        // Another reader than the one it was written with.
        let read = |text: &str| serde_saphyr::from_str::<serde_json::Value>(text);
        let fail = |error| TestCaseError::fail(format!("{error}\n{out}"));
        let (mut before, after) = (read(&text).map_err(fail)?, read(&out).map_err(fail)?);
        for (service, image) in &images {
            before["services"][service]["image"] = image.as_str().into();
        }
        prop_assert_eq!(before, after, "{}", out);
        let words = |text: &str| text.split_ascii_whitespace().map(str::to_owned).collect::<Vec<_>>();
        prop_assert_eq!(images.is_empty(), words(&out) == words(&text));
    }
}
