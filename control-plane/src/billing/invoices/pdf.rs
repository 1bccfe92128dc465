//! An invoice as PDF: as many pages as it takes, in the fonts that every reader has.

use super::{
    model::{Invoice, Party},
    pdf_text::{Weight, width, win_ansi, wrapped},
    printed::{self, COMMAND, HOW_IT_ADDS_UP, Row},
};
use pdf_writer::{Content, Finish, Name, Pdf, Rect, Ref, Str};

const WIDTH: f32 = 595.0;
const HEIGHT: f32 = 842.0;
const LEFT: f32 = 56.0;
const RIGHT: f32 = WIDTH - LEFT;
const TOP: f32 = HEIGHT - 64.0;
const BOTTOM: f32 = 72.0;
const SIZE: f32 = 9.5;
const SMALL: f32 = 8.0;
const LEADING: f32 = 14.0;
/// Where the columns of figures end.
const QUANTITY: f32 = 348.0;
const UNIT: f32 = 460.0;
const DESCRIPTION: f32 = 225.0;
const SUMS: f32 = 330.0;
const INK: f32 = 0.08;
const FAINT: f32 = 0.42;
const RULE: f32 = 0.82;

const FONTS: [(Weight, Name<'static>, &[u8]); 2] =
    [(Weight::Plain, Name(b"F1"), b"Helvetica"), (Weight::Bold, Name(b"F2"), b"Helvetica-Bold")];

pub fn document(invoice: &Invoice) -> Vec<u8> {
    let pages = drawn(invoice);
    let mut next = Ref::new(1);
    let (catalog, tree, info) = (next.bump(), next.bump(), next.bump());
    let fonts = FONTS.map(|(_, name, base)| (name, base, next.bump()));
    let ids: Vec<(Ref, Ref)> = pages.iter().map(|_| (next.bump(), next.bump())).collect();
    let mut pdf = Pdf::new();
    pdf.catalog(catalog).pages(tree);
    let count = i32::try_from(pages.len()).unwrap_or(i32::MAX);
    pdf.pages(tree).kids(ids.iter().map(|(page, _)| *page)).count(count);
    for (at, (mut page, (id, content))) in pages.into_iter().zip(ids).enumerate() {
        let footer = format!("Invoice {}, page {} of {count}", invoice.number, at + 1);
        page.text(LEFT, 40.0, SMALL, Weight::Plain, FAINT, &footer);
        let mut written = pdf.page(id);
        written.media_box(Rect::new(0.0, 0.0, WIDTH, HEIGHT)).parent(tree).contents(content);
        let mut resources = written.resources();
        let mut named = resources.fonts();
        for (name, _, font) in &fonts {
            named.pair(*name, *font);
        }
        named.finish();
        resources.finish();
        written.finish();
        pdf.stream(content, &page.0.finish().into_vec());
    }
    for (_, base, id) in fonts {
        pdf.type1_font(id).base_font(Name(base)).encoding_predefined(Name(b"WinAnsiEncoding"));
    }
    let title = format!("Invoice {}", invoice.number);
    pdf.document_info(info).title(pdf_writer::TextStr(&title));
    pdf.finish()
}

fn drawn(invoice: &Invoice) -> Vec<Page> {
    let mut sheet = Sheet { pages: Vec::new(), page: Page(Content::new()), y: TOP };
    sheet.text(LEFT, 20.0, Weight::Bold, INK, &format!("Invoice {}", invoice.number));
    sheet.down(30.0);
    for (name, value) in printed::facts(invoice) {
        sheet.text(LEFT, SIZE, Weight::Plain, FAINT, name);
        sheet.text(LEFT + 90.0, SIZE, Weight::Plain, INK, &value);
        sheet.down(LEADING);
    }
    sheet.down(16.0);
    sheet.parties(&invoice.seller, &invoice.buyer);
    sheet.down(18.0);
    sheet.head();
    for row in printed::rows(invoice) {
        sheet.row(&row);
    }
    sheet.down(6.0);
    let sums = printed::sums(invoice);
    for (at, (name, amount)) in sums.iter().enumerate() {
        sheet.sum(name, amount, at + 1 == sums.len());
    }
    sheet.down(20.0);
    let notes =
        printed::peak(invoice).into_iter().chain([HOW_IT_ADDS_UP.to_owned(), COMMAND.to_owned()]);
    for line in notes.flat_map(|text| wrapped(&text, Weight::Plain, SMALL, RIGHT - LEFT)) {
        sheet.room(LEADING);
        sheet.text(LEFT, SMALL, Weight::Plain, FAINT, &line);
        sheet.down(12.0);
    }
    sheet.pages.push(sheet.page);
    sheet.pages
}

struct Page(Content);

impl Page {
    fn text(&mut self, x: f32, y: f32, size: f32, weight: Weight, gray: f32, text: &str) {
        let font = if weight == Weight::Bold { FONTS[1].1 } else { FONTS[0].1 };
        self.0.set_fill_gray(gray).begin_text();
        self.0.set_font(font, size).next_line(x, y).show(Str(&win_ansi(text)));
        self.0.end_text();
    }

    fn rule(&mut self, from: f32, y: f32) {
        self.0.set_stroke_gray(RULE).set_line_width(0.75);
        self.0.move_to(from, y).line_to(RIGHT, y).stroke();
    }
}

/// Pages that are filled from the top; `y` is where the next line of text stands.
struct Sheet {
    pages: Vec<Page>,
    page: Page,
    y: f32,
}

impl Sheet {
    fn down(&mut self, by: f32) {
        self.y -= by;
    }

    /// Goes on at the top of another page where this one has no room. Whether it did.
    fn room(&mut self, height: f32) -> bool {
        if self.y - height >= BOTTOM {
            return false;
        }
        self.pages.push(std::mem::replace(&mut self.page, Page(Content::new())));
        self.y = TOP;
        true
    }

    fn text(&mut self, x: f32, size: f32, weight: Weight, gray: f32, text: &str) {
        self.page.text(x, self.y, size, weight, gray, text);
    }

    /// Ends at `x`.
    fn figure(&mut self, x: f32, weight: Weight, gray: f32, text: &str) {
        self.text(x - width(text, weight, SIZE), SIZE, weight, gray, text);
    }

    fn parties(&mut self, seller: &Party, buyer: &Party) {
        let middle = (LEFT + RIGHT) / 2.0;
        let (top, mut lowest) = (self.y, self.y);
        for (x, title, party) in [(LEFT, "From", seller), (middle, "To", buyer)] {
            self.y = top;
            self.text(x, SIZE, Weight::Plain, FAINT, title);
            self.down(LEADING);
            for (at, line) in printed::lines_of(party).iter().enumerate() {
                let weight = if at == 0 { Weight::Bold } else { Weight::Plain };
                for part in wrapped(line, weight, SIZE, middle - LEFT - 20.0) {
                    self.text(x, SIZE, weight, INK, &part);
                    self.down(LEADING);
                }
            }
            lowest = lowest.min(self.y);
        }
        self.y = lowest;
    }

    fn head(&mut self) {
        self.text(LEFT, SMALL, Weight::Plain, FAINT, "Description");
        for (x, name) in [(QUANTITY, "Quantity"), (UNIT, "Unit price"), (RIGHT, "Amount")] {
            self.text(x - width(name, Weight::Plain, SMALL), SMALL, Weight::Plain, FAINT, name);
        }
        self.page.rule(LEFT, self.y - 6.0);
        self.down(22.0);
    }

    fn row(&mut self, row: &Row) {
        let what = wrapped(&row.what, Weight::Plain, SIZE, DESCRIPTION);
        let detail = wrapped(&row.detail, Weight::Plain, SMALL, DESCRIPTION);
        if self.room(LEADING * (what.len() + detail.len()) as f32) {
            self.head();
        }
        for (x, text) in
            [(QUANTITY, &row.quantity), (UNIT, &row.unit), (RIGHT, &row.amount.to_string())]
        {
            self.figure(x, Weight::Plain, INK, text);
        }
        for line in &what {
            self.text(LEFT, SIZE, Weight::Plain, INK, line);
            self.down(LEADING - 2.0);
        }
        for line in detail.iter().filter(|line| !line.is_empty()) {
            self.text(LEFT, SMALL, Weight::Plain, FAINT, line);
            self.down(LEADING - 2.0);
        }
        self.page.rule(LEFT, self.y + 5.0);
        self.down(10.0);
    }

    fn sum(&mut self, name: &str, amount: &str, is_total: bool) {
        let weight = if is_total { Weight::Bold } else { Weight::Plain };
        let names = wrapped(name, weight, SIZE, RIGHT - SUMS - 80.0);
        self.room(LEADING * names.len() as f32 + 8.0);
        if is_total {
            self.page.rule(SUMS, self.y + 10.0);
            self.down(5.0);
        }
        self.figure(RIGHT, weight, INK, amount);
        for line in names {
            self.text(SUMS, SIZE, weight, INK, &line);
            self.down(LEADING);
        }
        self.down(2.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::billing::{compute::Recipe, line::Line, money::Micros};
    use time::OffsetDateTime;
    use uuid::Uuid;

    fn invoice(lines: Vec<Line>) -> Invoice {
        Invoice {
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
            lines,
            total_micros: Micros(1),
            total_cents: 0,
            peak_connections_p99: None,
            recipe: Recipe::default(),
        }
    }

    fn of_plan(amount: i64) -> Line {
        let (seconds, of_seconds) = (1, 2);
        let (plan, amount_micros) = ("growth".into(), Micros(amount));
        Line::ProrationCharge { plan, version: 1, seconds, of_seconds, amount_micros }
    }

    fn has(pdf: &[u8], text: &str) -> bool {
        pdf.windows(text.len()).any(|part| part == text.as_bytes())
    }

    #[test]
    fn a_long_invoice_has_as_many_pages_as_it_takes_and_all_its_lines() {
        for (lines, pages) in [(1, 1), (150, 8)] {
            let pdf = document(&invoice(vec![of_plan(1); lines]));
            assert!(pdf.starts_with(b"%PDF-") && pdf.trim_ascii_end().ends_with(b"%%EOF"));
            let count = |what: &[u8]| pdf.windows(what.len()).filter(|part| *part == what).count();
            assert_eq!((count(b"/MediaBox"), count(b"(Growth plan)")), (pages, lines));
            assert!(has(&pdf, &format!("page {pages} of {pages}")));
        }
    }

    #[test]
    fn a_line_of_nothing_is_not_printed_and_credits_stand_below_the_lines() {
        let credit = |amount| Line::Credit {
            id: Uuid::nil(),
            reason: "the trouble".into(),
            amount_micros: Micros(amount),
        };
        let pdf = document(&invoice(vec![of_plan(0), credit(-5_000_000)]));
        assert!(!has(&pdf, "Growth plan"));
        assert!(has(&pdf, "(Credit: the trouble)") && has(&pdf, "(-$5.00)"));
        assert!(!has(&document(&invoice(vec![of_plan(1), credit(0)])), "the trouble"));
    }
}
