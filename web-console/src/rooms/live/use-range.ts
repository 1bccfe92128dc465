import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { SPANS, type SpanId } from '../../live/spans';

export type Range = {
  /** Chosen to look no further back than this. */
  span: SpanId | null;
  fromMs: number | undefined;
  /** Chosen to begin at this moment instead of now. */
  atMs: number | null;
};

/** Which stretch of time is looked at; kept in the address, as the filter is. */
export function useRange(): {
  range: Range;
  lookBack: (span: SpanId | null) => void;
  goTo: (atMs: number) => void;
} {
  const search = useSearch({ from: '/signed-in/apps/$appId/live' });
  const navigate = useNavigate({ from: '/apps/$appId/live' });
  const at = search.at === undefined ? NaN : Date.parse(search.at);
  const [range, setRange] = useState<Range>(() => ({
    span: search.last ?? null,
    fromMs: beginOf(search.last ?? null),
    atMs: Number.isNaN(at) ? null : at,
  }));
  const change = (next: Range) => {
    setRange(next);
    void navigate({
      replace: true,
      search: (old) => ({
        ...old,
        last: next.span ?? undefined,
        at: next.atMs === null ? undefined : new Date(next.atMs).toISOString(),
      }),
    });
  };
  return {
    range,
    lookBack: (span) => change({ span, fromMs: beginOf(span), atMs: null }),
    goTo: (atMs) => change({ span: null, fromMs: undefined, atMs }),
  };
}

function beginOf(span: SpanId | null): number | undefined {
  const found = SPANS.find(({ id }) => id === span);
  return found && Date.now() - found.ms;
}
