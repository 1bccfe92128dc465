//! An invoice as PDF: as many pages as it takes, in the fonts that every reader has. Those hold
//! Latin letters only, so others are shown as `?`; the page and the JSON hold everything.

use super::{html::lines_of, model::Invoice};
use crate::billing::{calendar::Day, money::dollars};
use pdf_writer::{Content, Finish, Name, Pdf, Rect, Ref, Str};

const WIDTH: f32 = 595.0;
const HEIGHT: f32 = 842.0;
const MARGIN: f32 = 50.0;
const SIZE: f32 = 9.0;
const LEADING: f32 = 13.0;
/// Characters in a row; Courier's are 0.6 of its size wide.
const COLUMNS: usize = 91;
const AMOUNT: usize = 18;
const TEXT: usize = COLUMNS - AMOUNT;

const PLAIN: Name<'static> = Name(b"F1");
const BOLD: Name<'static> = Name(b"F2");

struct Row {
    text: String,
    is_bold: bool,
}

pub fn document(invoice: &Invoice) -> Vec<u8> {
    let rows = rows(invoice);
    let per_page = ((HEIGHT - 2.0 * MARGIN) / LEADING) as usize - 2;
    let pages: Vec<&[Row]> = rows.chunks(per_page).collect();
    let mut next = Ref::new(1);
    let (catalog, tree, plain, bold, info) =
        (next.bump(), next.bump(), next.bump(), next.bump(), next.bump());
    let ids: Vec<(Ref, Ref)> = pages.iter().map(|_| (next.bump(), next.bump())).collect();
    let mut pdf = Pdf::new();
    pdf.catalog(catalog).pages(tree);
    let count = i32::try_from(pages.len()).unwrap_or(i32::MAX);
    pdf.pages(tree).kids(ids.iter().map(|(page, _)| *page)).count(count);
    for (at, (rows, (page, content))) in pages.iter().zip(&ids).enumerate() {
        let mut written = pdf.page(*page);
        written.media_box(Rect::new(0.0, 0.0, WIDTH, HEIGHT)).parent(tree).contents(*content);
        written.resources().fonts().pair(PLAIN, plain).pair(BOLD, bold);
        written.finish();
        let footer = format!("Invoice {}, page {} of {}", invoice.number, at + 1, pages.len());
        pdf.stream(*content, &draw(rows, &footer));
    }
    for (id, font) in [(plain, &b"Courier"[..]), (bold, &b"Courier-Bold"[..])] {
        let mut written = pdf.type1_font(id);
        written.base_font(Name(font)).encoding_predefined(Name(b"WinAnsiEncoding"));
    }
    let title = format!("Invoice {}", invoice.number);
    pdf.document_info(info).title(pdf_writer::TextStr(&title));
    pdf.finish()
}

fn draw(rows: &[Row], footer: &str) -> Vec<u8> {
    let mut content = Content::new();
    let mut y = HEIGHT - MARGIN;
    for row in rows {
        line(&mut content, if row.is_bold { BOLD } else { PLAIN }, y, &row.text);
        y -= LEADING;
    }
    line(&mut content, PLAIN, MARGIN - LEADING, footer);
    content.finish().into_vec()
}

fn line(content: &mut Content, font: Name<'static>, y: f32, text: &str) {
    content.begin_text();
    content.set_font(font, SIZE).next_line(MARGIN, y).show(Str(&win_ansi(text)));
    content.end_text();
}

fn rows(invoice: &Invoice) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut add = |text: String, is_bold| rows.push(Row { text, is_bold });
    add(format!("INVOICE {}", invoice.number), true);
    add(format!("Issued {}, due {}", Day::of(invoice.issued_at), Day::of(invoice.due_at)), false);
    add(invoice.id.to_string(), false);
    for (title, party) in [("From", &invoice.seller), ("To", &invoice.buyer)] {
        add(String::new(), false);
        add(title.into(), true);
        for text in lines_of(party).iter().flat_map(|text| wrapped(text, COLUMNS)) {
            add(text, false);
        }
    }
    add(String::new(), false);
    add(two_columns("Line", &invoice.currency), true);
    for line in &invoice.lines {
        let mut texts = wrapped(&line.to_string(), TEXT).into_iter();
        let first = texts.next().unwrap_or_default();
        add(two_columns(&first, &line.amount().to_string()), false);
        texts.for_each(|text| add(format!("  {text}"), false));
    }
    add("-".repeat(COLUMNS), false);
    add(two_columns("Total", &dollars(invoice.total_cents)), true);
    if let Some(peak) = invoice.peak_connections_p99 {
        add(String::new(), false);
        add(format!("Peak connections (p99 of one-minute samples, not billed): {peak}"), false);
    }
    add(String::new(), false);
    for text in wrapped(
        "Lines are in millionths of a dollar; the total is rounded to a whole cent once, half a \
         cent up. Recompute it with: signalbox-control-plane bill verify",
        COLUMNS,
    ) {
        add(text, false);
    }
    rows
}

fn two_columns(text: &str, amount: &str) -> String {
    format!("{text:<TEXT$}{amount:>AMOUNT$}")
}

/// Broken at blanks where there are any, and two characters narrower, so that what follows can be
/// set in.
fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let columns = columns - 2;
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let length = line.chars().count();
        if length > 0 && length + 1 + word.chars().count() <= columns {
            line.push(' ');
            line.push_str(word);
            continue;
        }
        for piece in pieces(word, columns) {
            let full = std::mem::replace(&mut line, piece);
            lines.extend(Some(full).filter(|full| !full.is_empty()));
        }
    }
    lines.push(line);
    lines
}

fn pieces(word: &str, columns: usize) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    letters.chunks(columns).map(|piece| piece.iter().collect()).collect()
}

/// Windows-1252 as far as it is Latin-1, and what else the fonts have that names are written with.
fn win_ansi(text: &str) -> Vec<u8> {
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
    use crate::billing::{compute::Recipe, invoices::model::Party, line::Line, money::Micros};
    use time::OffsetDateTime;
    use uuid::Uuid;

    #[test]
    fn lines_break_at_blanks_and_long_words_break_anyway() {
        assert_eq!(wrapped("one two three", 9), ["one two", "three"]);
        assert_eq!(wrapped("abcdefghij k", 6), ["abcd", "efgh", "ij k"]);
        assert_eq!(wrapped("", 10), [""]);
    }

    #[test]
    fn a_long_invoice_has_as_many_pages_as_it_takes() {
        let line = Line::CarriedForward { amount_micros: Micros(1) };
        let mut invoice = Invoice {
            format: "signalbox-invoice/1".into(),
            id: Uuid::nil(),
            number: 7,
            organisation_id: Uuid::nil(),
            issued_at: OffsetDateTime::UNIX_EPOCH,
            due_at: OffsetDateTime::UNIX_EPOCH,
            currency: "USD".into(),
            seller: Party { name: "Signalbox".into(), ..Party::default() },
            buyer: Party {
                name: "Ann".into(),
                address: "1 Main St\nBern".into(),
                ..Party::default()
            },
            lines: vec![line.clone()],
            total_micros: Micros(1),
            total_cents: 0,
            peak_connections_p99: None,
            recipe: Recipe::default(),
        };
        let pages = |invoice: &Invoice| {
            let pdf = document(invoice);
            assert!(pdf.starts_with(b"%PDF-") && pdf.trim_ascii_end().ends_with(b"%%EOF"));
            pdf.windows(9).filter(|w| w == b"/MediaBox").count()
        };
        assert_eq!(pages(&invoice), 1);
        invoice.lines = vec![line; 150];
        assert_eq!(pages(&invoice), rows(&invoice).len().div_ceil(55));
        assert!(pages(&invoice) > 2);
    }

    #[test]
    fn what_the_fonts_have_not_is_a_question_mark() {
        assert_eq!(win_ansi("Zoë €5 Łódź"), b"Zo\xeb \x805 ?\xf3d?");
    }
}
