//! Positions on the wire: a short text without `/` and a number. Source: spec/anycable.md §6.8, §9.

use crate::dialects::json::{Kind, Value};
use realtime::Position;

const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// Writes an epoch in base 36.
pub fn push_epoch(out: &mut String, epoch: u64) {
    let mut digits = [0; 13];
    let mut at = digits.len();
    let mut rest = epoch;
    loop {
        at -= 1;
        digits[at] = DIGITS[(rest % 36) as usize];
        rest /= 36;
        if rest == 0 {
            break;
        }
    }
    out.extend(digits[at..].iter().map(|digit| *digit as char));
}

/// Reads what [`push_epoch`] wrote, and nothing else.
pub fn read_epoch(text: &str) -> Option<u64> {
    let is_ours = text.bytes().all(|b| DIGITS.contains(&b)) && !text.is_empty();
    let has_one_form = text.len() == 1 || !text.starts_with('0');
    (is_ours && has_one_form).then(|| u64::from_str_radix(text, 36).ok()).flatten()
}

/// Reads `{"offset":42,"epoch":"vEi4"}`. Outer nothing: not a position, as if it were not there.
/// Inner nothing: a position of an epoch that never was.
pub fn position(value: Value<'_>) -> Option<Option<Position>> {
    let [offset, epoch] = value.pick(["offset", "epoch"]).ok()?;
    let offset = offset.filter(|offset| offset.kind() == Kind::Number)?;
    let seq = offset.as_text().parse().ok()?;
    let epoch = epoch?.as_str()?;
    Some(read_epoch(&epoch).map(|epoch| Position { epoch, seq }))
}
