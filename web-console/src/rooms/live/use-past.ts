import { useDebouncedValue } from '@mantine/hooks';
import { hashKey, useInfiniteQuery, useQueryClient, type InfiniteData } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import { historyQuery, type HistoryPage, type Stretch } from '../../api/live-history';
import type { StreamRow } from '../../live/event';
import { passes, type LiveFilter } from '../../live/filter';
import { keptRow, looksFurther } from '../../live/past';

const TYPING_MS = 300;
/** What happened a moment ago is still on its way into what is kept. */
const ARRIVES_AFTER_MS = 4_000;
const RECENT_MS = 60_000;

const newestOf = <Param>({ pages, pageParams }: InfiniteData<HistoryPage, Param>) => ({
  pages: pages.slice(0, 1),
  pageParams: pageParams.slice(0, 1),
});

export type Past = {
  /** Newest first. */
  rows: readonly StreamRow[];
  isLoading: boolean;
  error: Error | null;
  /** There is nothing older. */
  isComplete: boolean;
  /** There is more, but so little of it passes the filter that the reader decides. */
  isWaiting: boolean;
  /** The end came into view. */
  more: () => void;
  /** The reader wants it. */
  further: () => void;
};

/**
 * What was kept of a stretch of time, read page by page. Without a stretch nothing is asked for. While `isHeld`, rows
 * must not move under the reader's eyes.
 */
export function usePast(app: string, filter: LiveFilter, stretch: Stretch | null, isHeld: boolean): Past {
  const queries = useQueryClient();
  const [settled] = useDebouncedValue(filter, TYPING_MS);
  const [granted, setGranted] = useState(0);
  const isAsked = stretch !== null;
  const options = historyQuery(app, settled, stretch ?? {});
  const query = useInfiniteQuery({ ...options, enabled: isAsked });
  const { data, isPlaceholderData, hasNextPage, isFetching, fetchNextPage, refetch } = query;

  const isThere = data !== undefined && !isPlaceholderData;
  const isRecent = stretch?.untilMs === undefined || stretch.untilMs > query.dataUpdatedAt - RECENT_MS;
  const name = hashKey(options.queryKey);
  const [completed, setCompleted] = useState('');
  const mayChange = isAsked && isThere && isRecent && !isHeld && !isFetching && completed !== name;
  useEffect(() => {
    if (!mayChange) return;
    const timer = setTimeout(() => {
      setCompleted(name);
      // Only the newest page can have changed; the others are read again when the reader gets there.
      queries.setQueryData(options.queryKey, (old) => old && newestOf(old));
      void refetch();
    }, ARRIVES_AFTER_MS);
    return () => clearTimeout(timer);
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the key is what its name says
  }, [mayChange, name, queries, refetch]);

  // Until the server has answered for what was typed last, what is there already is looked through here.
  const isExact = settled === filter && !isPlaceholderData;
  const rows = useMemo(() => {
    if (!isAsked) return [];
    const kept = (data?.pages ?? []).flatMap((page) => page.items.map(keptRow));
    return kept.filter((row) => row !== null && (isExact || passes(row, filter))) as StreamRow[];
  }, [isAsked, data, isExact, filter]);

  const shown = rows.filter((row) => row.kind !== 'dropped').length;
  const isWaiting = isThere && hasNextPage && !looksFurther(data.pages.length, shown, granted);
  const mayRead = isAsked && hasNextPage && !isFetching && !isPlaceholderData && query.error === null;
  return {
    rows,
    isLoading: isAsked && (query.isPending || isPlaceholderData || query.isFetchingNextPage),
    error: isAsked ? query.error : null,
    isComplete: isAsked && isThere && !hasNextPage,
    isWaiting: isAsked && isWaiting && !isFetching,
    more: () => {
      if (mayRead && !isWaiting) void fetchNextPage();
    },
    further: () => {
      if (query.error) void (data ? fetchNextPage() : refetch());
      else {
        setGranted(granted + 1);
        if (mayRead) void fetchNextPage();
      }
    },
  };
}
