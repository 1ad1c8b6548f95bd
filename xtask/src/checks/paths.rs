//! Nothing in the repository may work on one machine only.

use anyhow::Result;

use super::sources::{own_files, text_of};

pub(super) fn broken() -> Result<Vec<String>> {
    let mut broken = Vec::new();
    for file in own_files()? {
        let Some(text) = text_of(&file) else { continue };
        for (index, line) in text.lines().enumerate() {
            if let Some(path) = machine_path(line) {
                broken.push(format!("{}:{}: {path}", file.display(), index + 1));
            }
        }
    }
    Ok(broken)
}

/// The first absolute path of somebody's home or workplace in the line.
fn machine_path(line: &str) -> Option<&str> {
    // Put together here, so that this file does not contain them.
    let homes = [["/ro", "ot/"], ["/wo", "rk/"], ["/ho", "me/"], ["/Use", "rs/"]].map(|parts| parts.concat());
    for home in &homes {
        for (at, _) in line.match_indices(home.as_str()) {
            // Such a folder inside a relative path, a URL or after `~` is no absolute path.
            let before = line[..at].chars().next_back();
            let starts_a_path = before.is_none_or(|letter| !letter.is_alphanumeric() && !"/.~}_-*)".contains(letter));
            let rest = &line[at + home.len()..];
            let name = rest.split(|letter: char| !letter.is_alphanumeric() && letter != '_' && letter != '-').next();
            if starts_a_path && name.is_some_and(|name| !name.is_empty()) {
                let end = at + home.len() + name.map_or(0, str::len);
                return Some(&line[at..end]);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::machine_path;

    #[test]
    fn finds_homes_and_leaves_routes_alone() {
        let line = ["let x = \"/ho", "me/anna/thinkheads\";"].concat();
        assert_eq!(machine_path(&line), Some(["/ho", "me/anna"].concat().as_str()));
        assert_eq!(machine_path(&["href=\"https://example.org/ho", "me/page\""].concat()), None);
        assert_eq!(machine_path("target/debug/thinkheads"), None);
    }
}
