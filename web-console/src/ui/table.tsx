import { Table } from '@mantine/core';
import { useCallback, type ReactNode } from 'react';
import css from './table.module.css';

/** A table that scrolls sideways where the screen is narrow, by keyboard too. Its edge is shaded while there is more. */
export function WideTable({
  label,
  minWidth,
  children,
}: {
  label: string;
  minWidth: number;
  children: ReactNode;
}) {
  const watch = useCallback((box: HTMLDivElement | null) => {
    if (!box) return;
    const look = () =>
      box.parentElement?.toggleAttribute('data-more', box.scrollLeft + box.clientWidth < box.scrollWidth - 1);
    const sizes = new ResizeObserver(look);
    for (const watched of [box, ...box.children]) sizes.observe(watched);
    box.addEventListener('scroll', look, { passive: true });
    return () => {
      sizes.disconnect();
      box.removeEventListener('scroll', look);
    };
  }, []);
  return (
    <div className={css.frame}>
      <Table.ScrollContainer
        ref={watch}
        minWidth={minWidth}
        type="native"
        tabIndex={0}
        role="region"
        aria-label={`${label}, table`}
        pos="relative"
      >
        <Table verticalSpacing="sm" horizontalSpacing="md" highlightOnHover>
          {children}
        </Table>
      </Table.ScrollContainer>
    </div>
  );
}
