//! Wire examples of the spec sheet, by section, for tests.

const FRAMES: &str = include_str!("frames.txt");
const SIGNATURES: &str = include_str!("signatures.txt");

/// A signed text for socket 1234.5678.
pub struct Signed {
    pub section: &'static str,
    pub key: &'static str,
    /// Nothing for a sign-in.
    pub channel: Option<&'static str>,
    pub signature: &'static str,
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
        Signed {
            section: fields[0],
            key: fields[1],
            channel: Some(fields[2]).filter(|channel| *channel != "-"),
            signature: fields[3],
            data: fields.get(4).copied(),
        }
    })
}

fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}
