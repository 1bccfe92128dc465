//! Wire examples of the spec sheet, by section, for tests.

const FRAMES: &str = include_str!("frames.txt");
const SIGNATURES: &str = include_str!("signatures.txt");

/// A signed text for socket 123.456.
pub struct Signed {
    pub channel: &'static str,
    pub auth: &'static str,
    pub data: Option<&'static str>,
}

/// The frame of this name.
#[track_caller]
pub fn frame(name: &str) -> &'static str {
    let found = lines(FRAMES).filter_map(|line| line.split_once('\t')).find(|(n, _)| *n == name);
    found.unwrap_or_else(|| panic!("no frame named {name:?}")).1
}

pub fn signatures() -> impl Iterator<Item = Signed> {
    lines(SIGNATURES).map(|line| {
        let fields: Vec<&str> = line.split('\t').collect();
        Signed { channel: fields[1], auth: fields[2], data: fields.get(3).copied() }
    })
}

fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}
