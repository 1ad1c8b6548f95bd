//! A person as initials.

use leptos::prelude::*;

/// The first letters of the first and the last word of a name, in capitals.
fn initials(name: &str) -> String {
    let mut words = name.split_whitespace();
    let first = words.next().and_then(|word| word.chars().next());
    let last = words.next_back().and_then(|word| word.chars().next());
    first.into_iter().chain(last).flat_map(char::to_uppercase).collect()
}

/// One of six colours, always the same for a name (FNV-1a; its high bits are the well mixed ones).
fn colour(name: &str) -> u32 {
    let hash = name.chars().fold(2_166_136_261_u32, |hash, letter| (hash ^ u32::from(letter)).wrapping_mul(16_777_619));
    (hash >> 16) % 6
}

/// A person as initials in a circle. Decoration: the name stands beside it.
#[component]
pub fn Avatar(
    /// The person's name.
    #[prop(into)]
    name: String,
) -> impl IntoView {
    view! {
        <span class="avatar" data-colour=colour(&name).to_string() aria-hidden="true">
            {initials(&name)}
        </span>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_are_those_of_the_first_and_the_last_word() {
        assert_eq!(initials("ada augusta byron"), "AB");
        assert_eq!(initials("Zoë"), "Z");
        assert_eq!(initials(" "), "");
    }

    #[test]
    fn a_name_keeps_its_colour() {
        assert_eq!(colour("Ada Byron"), colour("Ada Byron"));
        assert!(colour("Zoë") < 6);
    }
}
