import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { reachQuery, type Keeping } from '../../api/live-history';
import { CAPACITY } from '../../live/buffer';
import type { LiveEvent, StreamRow } from '../../live/event';
import { isFiltering, passes, type LiveFilter } from '../../live/filter';
import { joined, withCountsMerged } from '../../live/past';
import type { Range } from './use-range';
import { usePast, type Past } from './use-past';

/** Where the present ends and the past begins. */
type Anchor = {
  /** Missing where the page has seen nothing yet: all that is kept is past. */
  untilMs: number | undefined;
  setAtMs: number;
};

const PLENTY = 100;
const ANEW_AFTER_MS = 5_000;

export type StreamView = {
  rows: readonly StreamRow[];
  past: Past;
  reach: { reachesToMs: number; kept: Keeping } | undefined;
  /** The past is not asked for: it was put away, or there is none. */
  isPresentOnly: boolean;
  onEnd: () => void;
};

/**
 * What happened while the page was open, with what was kept from before under it. The past is asked for when the
 * reader gets there; from then on the oldest event that was seen is the boundary, until that one has left the page.
 */
export function useStream({
  app,
  filter,
  live,
  isHeld,
  range,
  cleared,
}: {
  app: string;
  filter: LiveFilter;
  live: readonly LiveEvent[];
  /** The stream stands still. */
  isHeld: boolean;
  range: Range;
  cleared: boolean;
}): StreamView {
  const reach = useQuery(reachQuery(app)).data;
  const [anchor, setAnchor] = useState<Anchor | null>(null);
  const { atMs, fromMs } = range;
  const isElsewhere = atMs !== null;
  const isPresentOnly = cleared || reach?.kept === 'off';

  const seen = useMemo(() => {
    if (isElsewhere) return [];
    if (!isFiltering(filter) && fromMs === undefined) return live;
    return live.filter((row) => passes(row, filter) && (fromMs === undefined || row.atMs >= fromMs));
  }, [isElsewhere, live, filter, fromMs]);

  const stretch = isPresentOnly
    ? null
    : isElsewhere
      ? { untilMs: atMs }
      : anchor && { fromMs, untilMs: anchor.untilMs };
  const past = usePast(app, filter, stretch, isHeld);
  const rows = useMemo(() => withCountsMerged(joined(seen, past.rows)), [seen, past.rows]);

  const onEnd = () => {
    if (isPresentOnly) return;
    if (isElsewhere) return past.more();
    const oldest = live.at(-1);
    const boundary = () => ({ untilMs: oldest && oldest.atMs + 1, setAtMs: Date.now() });
    if (!anchor) return setAnchor(boundary());
    // The oldest events leave a full page: between them and the past there would be a hole.
    const isApart = live.length >= CAPACITY && oldest !== undefined && oldest.atMs >= (anchor.untilMs ?? 0);
    if (!isApart) return past.more();
    if (Date.now() - anchor.setAtMs > ANEW_AFTER_MS) setAnchor(boundary());
  };
  // What was put away may lie between the boundary and what comes from now on.
  if (anchor && cleared) setAnchor(null);
  // Far above the past, and drifting away from it: it is asked for anew when the reader gets there.
  if (anchor && seen.length >= PLENTY && live.length >= CAPACITY) {
    if ((live.at(-1)?.atMs ?? 0) >= (anchor.untilMs ?? 0)) setAnchor(null);
  }
  return { rows, past, reach, isPresentOnly, onEnd };
}
