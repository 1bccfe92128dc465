import { useMediaQuery } from '@mantine/hooks';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import { KIND_LABELS, summary, type Dropped, type LiveEvent, type StreamRow } from '../../live/event';
import { Tag } from '../../ui/page';
import { momentInWords, rowTime } from '../../ui/time';
import { KIND_TONES } from './kinds';
import css from './live.module.css';

/** How many rows before the end more are asked for. */
const AHEAD = 20;
const STEPS: Record<string, number> = {
  ArrowDown: 1,
  ArrowUp: -1,
  PageDown: 10,
  PageUp: -10,
  Home: -Infinity,
  End: Infinity,
};

/**
 * The rows, newest first; only those in view exist in the page. Arrow keys walk, Enter opens. When the end comes into
 * view, more is asked for; `foot` says how it stands there.
 */
export function Stream({
  rows,
  isBusy,
  isWhole,
  onOpen,
  onAwayFromTop,
  onEnd,
  empty,
  foot,
}: {
  rows: readonly StreamRow[];
  /** Older rows are on their way. */
  isBusy: boolean;
  /** No more rows are to come at the end. */
  isWhole: boolean;
  onOpen: (event: LiveEvent) => void;
  onAwayFromTop: (away: boolean) => void;
  onEnd: () => void;
  empty: ReactNode;
  foot: ReactNode;
}) {
  const box = useRef<HTMLDivElement>(null);
  const narrow = useMediaQuery('(max-width: 40rem)') ?? false;
  const height = narrow ? 58 : 38;
  const [active, setActive] = useState<StreamRow['id'] | null>(null);
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
    // A row far away is drawn only once it was scrolled to.
    const row = box.current?.querySelector<HTMLElement>(`[data-row="${active}"]`);
    if (!row) return;
    focusNext.current = false;
    row.focus({ preventScroll: true });
  });

  const items = virtual.getVirtualItems();
  const lastShown = items.at(-1)?.index ?? -1;
  useEffect(() => {
    if (lastShown >= rows.length - AHEAD) onEnd();
  });

  const walk = (event: KeyboardEvent) => {
    const step = STEPS[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const index = Math.max(0, Math.min(rows.length - 1, Math.max(0, activeIndex) + step));
    const row = rows[index];
    if (!row) return;
    virtual.scrollToIndex(index);
    focusNext.current = true;
    setActive(row.id);
  };

  const tabStop =
    activeIndex >= 0 && items.some((item) => item.index === activeIndex) ? activeIndex : items[0]?.index;
  return (
    <div
      ref={box}
      className={css.stream}
      onScroll={(event) => onAwayFromTop(event.currentTarget.scrollTop > height)}
      data-testid="live-stream"
      aria-busy={isBusy}
    >
      {rows.length === 0 ? (
        empty
      ) : (
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
            const place = {
              'data-row': row.id,
              'data-kind': row.kind,
              tabIndex: item.index === tabStop ? 0 : -1,
              style: { height, transform: `translateY(${item.start}px)` },
              onFocus: () => setActive(row.id),
            };
            return (
              <div
                role="listitem"
                key={item.key}
                aria-setsize={isWhole ? rows.length : -1}
                aria-posinset={item.index + 1}
              >
                {row.kind === 'dropped' ? (
                  <div className={css.gap} {...place}>
                    <GapWords row={row} />
                  </div>
                ) : (
                  <button type="button" className={css.row} {...place} onClick={() => onOpen(row)}>
                    <EventCells row={row} time={narrow ? momentInWords(row.atMs) : rowTime(row.atMs)} />
                  </button>
                )}
              </div>
            );
          })}
        </div>
      )}
      {foot}
    </div>
  );
}

function EventCells({ row, time }: { row: LiveEvent; time: string }) {
  return (
    <>
      <span className={css.time} title={new Date(row.atMs).toLocaleString()}>
        {time}
      </span>
      <span>
        <Tag tone={KIND_TONES[row.kind]}>{KIND_LABELS[row.kind]}</Tag>
      </span>
      <span className={css.channel}>{row.channel ?? row.socketId ?? row.source ?? '–'}</span>
      <span className={css.cell}>{row.event ?? ''}</span>
      <span className={css.summary}>{summary(row)}</span>
      <span className={css.dialect}>{row.dialect ?? ''}</span>
    </>
  );
}

function GapWords({ row }: { row: Dropped }) {
  return (
    <>
      <span className={css.time}>{momentInWords(row.atMs)}</span>
      <span>
        {row.count === 1 ? 'One event was' : `${row.count.toLocaleString('en')} events were`} counted, not
        kept
      </span>
    </>
  );
}
