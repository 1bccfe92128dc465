/** How many columns have a rule in table.module.css. */
export const CARD_COLUMNS = 8;
/** How many letters a card's label has room for in one line; a longer heading widens it. */
export const LABEL_LETTERS = 14;

/** What each column is called; nothing where the heading is for screen readers only. */
export function headingsOf(table: HTMLTableElement): string[] {
  const cells = [...table.querySelectorAll('thead > tr:first-child > th')];
  return cells.map((cell) =>
    cell.querySelector('.mantine-VisuallyHidden-root') ? '' : (cell.textContent ?? '').trim(),
  );
}
