//! Wire examples of the spec sheet, by section, for tests.

const FRAMES: &str = include_str!("frames.txt");
const STREAMS: &str = include_str!("streams.txt");

/// The frame of this name, with `ID` replaced by an identifier's JSON string.
#[track_caller]
pub fn frame(name: &str, identifier: &str) -> String {
    let found = lines(FRAMES).filter_map(|line| line.split_once('\t')).find(|(n, _)| *n == name);
    let (_, frame) = found.unwrap_or_else(|| panic!("no frame named {name:?}"));
    let identifier = serde_json::to_string(identifier).expect("a string");
    frame.replace(":ID", &format!(":{identifier}"))
}

/// Signed names of streams, and the streams.
pub fn streams() -> impl Iterator<Item = (&'static str, &'static str)> {
    lines(STREAMS).filter_map(|line| line.split_once('\t'))
}

fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}
