import { useEffect, useState } from 'react';
import { readHistory } from '../../api/live-history';
import { CAPACITY } from '../../live/buffer';
import type { LiveEvent } from '../../live/event';
import { WITHOUT_WEBHOOKS } from '../../live/filter';
import { useLive, useLiveFeed } from '../../live/live-context';
import { keptRow } from '../../live/past';

/** What happened a moment ago is still on its way into what is kept. */
const ARRIVES_AFTER_MS = 2_500;
/** The page's clock and the gateways' may differ by so much. */
const CLOCKS_MS = 5_000;
const PAGE = 200;

/** Fills in what happened while the live socket was away. */
export function useMending(app: string, webhooks: boolean): { failed: boolean; retry: () => void } {
  const feed = useLiveFeed();
  const { interruption } = useLive();
  const [failed, setFailed] = useState<typeof interruption>(null);
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    if (!interruption) return;
    const gone = new AbortController();
    const timer = setTimeout(() => {
      missed(app, interruption, webhooks, gone.signal).then(
        (events) => {
          feed.mend(events);
          setFailed(null);
        },
        () => {
          if (!gone.signal.aborted) setFailed(interruption);
        },
      );
    }, ARRIVES_AFTER_MS);
    return () => {
      clearTimeout(timer);
      gone.abort();
    };
  }, [app, feed, interruption, webhooks, attempt]);
  return {
    failed: failed !== null && failed === interruption,
    retry: () => setAttempt(attempt + 1),
  };
}

async function missed(
  app: string,
  { fromMs, untilMs }: { fromMs: number; untilMs: number },
  webhooks: boolean,
  signal: AbortSignal,
): Promise<LiveEvent[]> {
  const events: LiveEvent[] = [];
  let cursor: string | undefined;
  do {
    const page = await readHistory(
      app,
      {
        from: new Date(fromMs).toISOString(),
        kinds: webhooks ? undefined : WITHOUT_WEBHOOKS.join(','),
        until: new Date(untilMs + CLOCKS_MS).toISOString(),
        cursor,
        limit: PAGE,
      },
      signal,
    );
    for (const item of page.items) {
      const row = keptRow(item);
      if (row && row.kind !== 'dropped') events.push(row);
    }
    cursor = page.next_cursor ?? undefined;
  } while (cursor && events.length < CAPACITY);
  return events;
}
