import { Table } from '@mantine/core';
import { useCallback, useLayoutEffect, useRef, type ReactNode } from 'react';
import { CARD_COLUMNS, headingsOf, LABEL_LETTERS } from './table-headings';
import css from './table.module.css';

/**
 * A table with more columns than a phone is wide. Where there is little room each row is a card: its first cell is the
 * title, the others carry the heading of their column, and a last column with a hidden heading (its actions) stands at
 * the card's upper right. Cells say otherwise by `data-card`: `title`, or `aside` for what stands there instead.
 * A `dense` table's cards have two lines, the title and, without headings, all the rest: for long lists of what happened.
 * `comparing` keeps the columns beside each other, for figures that are read across rows;
 * then the table scrolls sideways, by keyboard too, its first column stays where it is, and its edge is shaded while there is more.
 */
export function WideTable({
  label,
  minWidth,
  comparing = false,
  dense = false,
  children,
}: {
  label: string;
  minWidth: number;
  comparing?: boolean;
  dense?: boolean;
  children: ReactNode;
}) {
  const table = useRef<HTMLTableElement>(null);
  useLayoutEffect(() => {
    const node = table.current;
    if (!node || comparing) return;
    const headings = headingsOf(node);
    for (let at = 0; at < CARD_COLUMNS; at += 1) {
      const heading = headings[at];
      if (heading) node.style.setProperty(`--heading-${at + 1}`, JSON.stringify(heading));
      else node.style.removeProperty(`--heading-${at + 1}`);
    }
    node.toggleAttribute('data-actions', headings.length > 1 && headings.at(-1) === '');
    node.toggleAttribute(
      'data-long-headings',
      headings.some(({ length }) => length > LABEL_LETTERS),
    );
  });
  const watch = useCallback((box: HTMLDivElement | null) => {
    if (!box) return;
    const look = () => {
      box.parentElement?.toggleAttribute('data-more', box.scrollLeft + box.clientWidth < box.scrollWidth - 1);
      box.parentElement?.toggleAttribute('data-scrolled', box.scrollLeft > 0);
    };
    const sizes = new ResizeObserver(look);
    for (const watched of [box, ...box.children]) sizes.observe(watched);
    box.addEventListener('scroll', look, { passive: true });
    return () => {
      sizes.disconnect();
      box.removeEventListener('scroll', look);
    };
  }, []);
  return (
    <div
      className={comparing ? css.frame : `${css.frame} ${css.cards}`}
      data-comparing={comparing || undefined}
      data-dense={dense || undefined}
    >
      <Table.ScrollContainer
        ref={watch}
        minWidth={minWidth}
        type="native"
        tabIndex={0}
        role="region"
        aria-label={`${label}, table`}
        pos="relative"
      >
        <Table ref={table} verticalSpacing="sm" horizontalSpacing="md" highlightOnHover>
          {children}
        </Table>
      </Table.ScrollContainer>
    </div>
  );
}

/** In a cell that has no value. Where rows are cards, what has none is left out. */
export function Nothing() {
  return <span className={css.nothing}>–</span>;
}
