import { useMediaQuery } from '@mantine/hooks';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import { KIND_LABELS, summary, type LiveEvent } from '../../live/event';
import { Tag } from '../../ui/page';
import { clockTime } from '../../ui/time';
import { KIND_TONES } from './kinds';
import css from './live.module.css';

/** The rows, newest first; only those in view exist in the page. Arrow keys walk, Enter opens. */
export function Stream({
  rows,
  onOpen,
  onAwayFromTop,
  empty,
}: {
  rows: readonly LiveEvent[];
  onOpen: (event: LiveEvent) => void;
  onAwayFromTop: (away: boolean) => void;
  empty: ReactNode;
}) {
  const box = useRef<HTMLDivElement>(null);
  const narrow = useMediaQuery('(max-width: 40rem)') ?? false;
  const height = narrow ? 58 : 38;
  const [active, setActive] = useState<number | null>(null);
  const focusNext = useRef(false);
  // eslint-disable-next-line react-hooks/incompatible-library -- the virtualizer's functions are not passed on
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => height,
    overscan: 12,
    getItemKey: (index) => rows[index]?.id ?? index,
  });

  useEffect(() => virtual.measure(), [height, virtual]);

  const activeIndex = rows.findIndex((row) => row.id === active);
  useEffect(() => {
    if (!focusNext.current) return;
    focusNext.current = false;
    box.current?.querySelector<HTMLElement>(`[data-row="${active}"]`)?.focus();
  });

  const walk = (event: KeyboardEvent) => {
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const index = Math.max(0, Math.min(rows.length - 1, Math.max(0, activeIndex) + step));
    const row = rows[index];
    if (!row) return;
    virtual.scrollToIndex(index);
    focusNext.current = true;
    setActive(row.id);
  };

  if (rows.length === 0) return <div className={css.stream}>{empty}</div>;

  const items = virtual.getVirtualItems();
  const tabStop =
    activeIndex >= 0 && items.some((item) => item.index === activeIndex) ? activeIndex : items[0]?.index;
  return (
    <div
      ref={box}
      className={css.stream}
      onScroll={(event) => onAwayFromTop(event.currentTarget.scrollTop > height)}
      data-testid="live-stream"
    >
      <div
        className={css.spacer}
        role="list"
        aria-label="Events, newest first"
        style={{ height: virtual.getTotalSize() }}
        onKeyDown={walk}
      >
        {items.map((item) => {
          const row = rows[item.index];
          if (!row) return null;
          return (
            <div role="listitem" key={item.key} aria-setsize={rows.length} aria-posinset={item.index + 1}>
              <button
                type="button"
                className={css.row}
                data-row={row.id}
                data-kind={row.kind}
                tabIndex={item.index === tabStop ? 0 : -1}
                style={{ height, transform: `translateY(${item.start}px)` }}
                onFocus={() => setActive(row.id)}
                onClick={() => onOpen(row)}
              >
                <span className={css.time}>{clockTime(row.atMs)}</span>
                <span>
                  <Tag tone={KIND_TONES[row.kind]}>{KIND_LABELS[row.kind]}</Tag>
                </span>
                <span className={css.channel}>{row.channel ?? row.socketId ?? row.source ?? '–'}</span>
                <span className={css.cell}>{row.event ?? ''}</span>
                <span className={css.summary}>{summary(row)}</span>
              </button>
            </div>
          );
        })}
      </div>
    </div>
  );
}
