//! Text in the fonts that every reader has: which bytes it is, how wide, and where it breaks. The fonts hold Latin
//! letters only, so others are shown as `?`.

/// Thousandths of the size, for the characters from blank to tilde (Adobe's metrics of Helvetica).
#[rustfmt::skip]
const PLAIN: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,
    556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
    1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
    333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
    556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];
#[rustfmt::skip]
const BOLD: [u16; 95] = [
    278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278,
    556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 333, 333, 584, 584, 584, 611,
    975, 722, 722, 722, 722, 667, 611, 778, 722, 278, 556, 722, 611, 833, 722, 778,
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 333, 278, 333, 584, 556,
    333, 556, 611, 556, 611, 556, 333, 611, 611, 278, 278, 556, 278, 889, 611, 611,
    611, 611, 389, 556, 333, 611, 556, 778, 556, 556, 500, 389, 280, 389, 584,
];
/// About the widest of the letters with accents; they are few, and a line may well be a little short.
const ACCENTED: u16 = 722;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    Plain,
    Bold,
}

/// How wide a text is at this size, in points.
pub fn width(text: &str, weight: Weight, size: f32) -> f32 {
    let widths = if weight == Weight::Bold { &BOLD } else { &PLAIN };
    let of = |byte: u8| byte.checked_sub(b' ').and_then(|at| widths.get(usize::from(at)).copied());
    let thousandths: u32 =
        win_ansi(text).iter().map(|byte| u32::from(of(*byte).unwrap_or(ACCENTED))).sum();
    thousandths as f32 * size / 1000.0
}

/// Broken at blanks where there are any, so that no line is wider than `most`.
pub fn wrapped(text: &str, weight: Weight, size: f32, most: f32) -> Vec<String> {
    let fits = |line: &str| width(line, weight, size) <= most;
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
        if fits(&longer) {
            line = longer;
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        for letter in word.chars() {
            line.push(letter);
            if !fits(&line) && line.chars().count() > 1 {
                line.pop();
                lines.push(std::mem::replace(&mut line, letter.to_string()));
            }
        }
    }
    lines.push(line);
    lines
}

/// Windows-1252 as far as it is Latin-1, and what else the fonts have that names are written with.
pub fn win_ansi(text: &str) -> Vec<u8> {
    text.chars()
        .map(|c| match c {
            ' '..='~' => c as u8,
            '\u{a0}'..='\u{ff}' => c as u32 as u8,
            '€' => 0x80,
            'Š' => 0x8a,
            'Œ' => 0x8c,
            'Ž' => 0x8e,
            '‘' => 0x91,
            '’' => 0x92,
            '“' => 0x93,
            '”' => 0x94,
            '–' => 0x96,
            '—' => 0x97,
            'š' => 0x9a,
            'œ' => 0x9c,
            'ž' => 0x9e,
            'Ÿ' => 0x9f,
            _ => b'?',
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_blanks_and_long_words_break_anyway() {
        // At size 10 an `o` is 5.56 wide and a blank 2.78.
        for (text, most, lines) in [
            ("oo oo oo", 26.0, vec!["oo oo", "oo"]),
            ("oooo o", 12.0, vec!["oo", "oo", "o"]),
            ("oooo", 1.0, vec!["o", "o", "o", "o"]),
            ("", 10.0, vec![""]),
        ] {
            assert_eq!(wrapped(text, Weight::Plain, 10.0, most), lines, "{text}");
        }
    }

    #[test]
    fn a_text_is_as_wide_as_its_letters() {
        let tenth = |n: f32| (n * 10.0).round() / 10.0;
        assert_eq!(tenth(width("$84.00", Weight::Plain, 10.0)), 30.6);
        assert_eq!(tenth(width("~i ", Weight::Bold, 10.0)), 11.4);
        assert_eq!(tenth(width("é", Weight::Plain, 10.0)), 7.2);
    }

    #[test]
    fn what_the_fonts_have_not_is_a_question_mark() {
        assert_eq!(win_ansi("Zoë €5 Łódź"), b"Zo\xeb \x805 ?\xf3d?");
    }
}
