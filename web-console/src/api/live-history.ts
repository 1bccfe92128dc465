import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import { LIVE_DIALECTS } from '../live/event';
import type { LiveFilter } from '../live/filter';
import { answer, api } from './client';
import type { components, operations } from './schema';

type Schemas = components['schemas'];
export type Keeping = Schemas['LiveHistoryName'];

/** A stretch of the past; a missing end is open. Milliseconds. */
export type Stretch = { fromMs?: number | undefined; untilMs?: number | undefined };

export type HistoryPage = Schemas['LivePage'];
type Query = NonNullable<operations['list_live_history']['parameters']['query']>;

export const PAGE = 100;

const iso = (ms: number | undefined) => (ms === undefined ? undefined : new Date(ms).toISOString());

/** A name is looked for anywhere in it, unless stars say where. One star reaches across slashes here, as two do there. */
export const asPattern = (typed: string): string | undefined => {
  if (typed === '') return undefined;
  return typed.includes('*') ? typed.replace(/\*+/g, '**') : `**${typed}**`;
};

/** The room's filter in the API's words. */
export function historyFilter(filter: LiveFilter): Query {
  return {
    kinds: filter.kinds.join(',') || undefined,
    channel: asPattern(filter.channel),
    event: asPattern(filter.event),
    socket_id: filter.socket || undefined,
    dialect: LIVE_DIALECTS.find((dialect) => dialect === filter.dialect),
    q: filter.search || undefined,
  };
}

export function readHistory(app: string, query: Query, signal?: AbortSignal): Promise<HistoryPage> {
  return answer(api.GET('/v1/apps/{app}/live/history', { params: { path: { app }, query }, signal }));
}

/** What was kept of a stretch, newest first, page by page. */
export const historyQuery = (app: string, filter: LiveFilter, stretch: Stretch) =>
  infiniteQueryOptions({
    queryKey: ['apps', app, 'live-history', historyFilter(filter), stretch.fromMs, stretch.untilMs],
    staleTime: Infinity,
    gcTime: 60_000,
    placeholderData: keepPreviousData,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      readHistory(
        app,
        {
          ...historyFilter(filter),
          from: iso(stretch.fromMs),
          until: iso(stretch.untilMs),
          cursor: pageParam,
          limit: PAGE,
        },
        signal,
      ),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

/** How far back the plan reaches and what the app lets be kept, without reading anything of it. */
export const reachQuery = (app: string) =>
  queryOptions({
    queryKey: ['apps', app, 'live-history', 'reach'],
    staleTime: 60_000,
    queryFn: async ({ signal }) => {
      const { reaches_to, kept } = await readHistory(app, { limit: 1 }, signal);
      return { reachesToMs: Date.parse(reaches_to), kept };
    },
  });
