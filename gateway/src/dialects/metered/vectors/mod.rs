//! Wire examples of the spec sheet, by section, for tests.

const FRAMES: &str = include_str!("frames.txt");

/// The text of this name.
#[track_caller]
pub fn frame(name: &str) -> &'static str {
    let lines = FRAMES.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let found = lines.filter_map(|line| line.split_once('\t')).find(|(n, _)| *n == name);
    found.unwrap_or_else(|| panic!("no frame named {name:?}")).1
}
