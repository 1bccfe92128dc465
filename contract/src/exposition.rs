//! Prometheus text, version 0.0.4, written line by line.

use std::fmt::{Display, Write};

#[derive(Debug)]
pub struct Text {
    out: String,
    prefix: String,
}

#[derive(Clone, Copy, Debug)]
pub enum Kind {
    Counter,
    Gauge,
    Histogram,
}

impl Default for Text {
    fn default() -> Self {
        Self::new()
    }
}

impl Text {
    pub fn new() -> Self {
        Self { out: String::with_capacity(16 << 10), prefix: String::new() }
    }

    /// Families from now on begin with `prefix`.
    pub fn prefixed(&mut self, prefix: &str) {
        self.prefix = prefix.to_owned();
    }

    /// Starts a family and writes its samples.
    pub fn family(
        &mut self,
        name: &str,
        kind: Kind,
        help: &str,
        samples: impl FnOnce(&mut Samples<'_>),
    ) {
        let name = format!("{}{name}", self.prefix);
        let word = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        // Writing to a text cannot fail.
        let _ = writeln!(self.out, "# HELP {name} {help}\n# TYPE {name} {word}");
        samples(&mut Samples { out: &mut self.out, name: &name });
    }

    /// A family of one sample without labels.
    pub fn single(&mut self, name: &str, kind: Kind, help: &str, value: impl Display) {
        self.family(name, kind, help, |samples| samples.add(&[], value));
    }

    pub fn finish(self) -> String {
        self.out
    }
}

#[derive(Debug)]
pub struct Samples<'a> {
    out: &'a mut String,
    name: &'a str,
}

impl Samples<'_> {
    pub fn add(&mut self, labels: &[(&str, &str)], value: impl Display) {
        self.add_part("", labels, value);
    }

    /// A sample of a part of the family, such as `_bucket`.
    pub fn add_part(&mut self, part: &str, labels: &[(&str, &str)], value: impl Display) {
        self.out.push_str(self.name);
        self.out.push_str(part);
        for (at, (label, text)) in labels.iter().enumerate() {
            self.out.push(if at == 0 { '{' } else { ',' });
            self.out.push_str(label);
            self.out.push_str("=\"");
            for c in text.chars() {
                match c {
                    '\\' => self.out.push_str("\\\\"),
                    '"' => self.out.push_str("\\\""),
                    '\n' => self.out.push_str("\\n"),
                    c => self.out.push(c),
                }
            }
            self.out.push('"');
        }
        if !labels.is_empty() {
            self.out.push('}');
        }
        // Writing to a text cannot fail.
        let _ = writeln!(self.out, " {value}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_escaped_and_families_have_their_type() {
        let mut text = Text::new();
        text.prefixed("p_");
        text.family("x_total", Kind::Counter, "Help.", |samples| {
            samples.add(&[("a", "1"), ("b", "q\"\\\n")], 5);
        });
        text.single("y", Kind::Gauge, "Help.", 1.5);
        let expected = "# HELP p_x_total Help.\n# TYPE p_x_total counter\n\
                        p_x_total{a=\"1\",b=\"q\\\"\\\\\\n\"} 5\n\
                        # HELP p_y Help.\n# TYPE p_y gauge\np_y 1.5\n";
        assert_eq!(text.finish(), expected);
    }
}
