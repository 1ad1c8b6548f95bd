//! Go's way to write durations, in which Portainer takes intervals.

/// Seconds in `5m`, `1h30m`, `90s`, `1.5h`; none if Portainer would not take it. There are no days.
#[must_use]
pub fn interval_seconds(text: &str) -> Option<f64> {
    let mut rest = text.trim();
    let mut total = 0.0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let number_end = rest.find(|one: char| !one.is_ascii_digit() && one != '.')?;
        let number: f64 = rest[..number_end].parse().ok()?;
        rest = &rest[number_end..];
        let unit_end = rest.find(|one: char| one.is_ascii_digit() || one == '.').unwrap_or(rest.len());
        let seconds = match &rest[..unit_end] {
            "ns" => 1e-9,
            "us" | "µs" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return None,
        };
        total += number * seconds;
        rest = &rest[unit_end..];
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::interval_seconds;

    #[test]
    fn durations_as_go_writes_them() {
        for (text, wanted) in [
            ("5m", Some(300.0)),
            ("1h30m", Some(5400.0)),
            ("1h30m0s", Some(5400.0)),
            ("1.5h", Some(5400.0)),
            ("90s", Some(90.0)),
            ("1d", None),
            ("5", None),
            ("", None),
            ("m", None),
        ] {
            assert_eq!(interval_seconds(text), wanted, "{text}");
        }
    }
}
