import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import { answer, api } from './client';
import type { Granularity } from './types';

export type UsageRange = { granularity: Granularity; from: string };

export const appUsageQuery = (app: string, range: UsageRange, key?: string) =>
  queryOptions({
    queryKey: ['apps', app, 'usage', range.granularity, range.from, key ?? null],
    staleTime: 15_000,
    refetchInterval: 30_000,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) =>
      answer(
        api.GET('/v1/apps/{app}/usage', {
          params: { path: { app }, query: { ...range, ...(key === undefined ? {} : { key }) } },
          signal,
        }),
      ),
  });

export const organisationUsageQuery = (org: string, range: UsageRange) =>
  queryOptions({
    queryKey: ['organisations', org, 'usage', range.granularity, range.from],
    staleTime: 15_000,
    refetchInterval: 30_000,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) =>
      answer(api.GET('/v1/organisations/{org}/usage', { params: { path: { org }, query: range }, signal })),
  });

/** Where the browser gets the same as a table for a spreadsheet. */
export function usageCsvUrl(
  of: 'apps' | 'organisations',
  id: string,
  range: UsageRange,
  key?: string,
): string {
  const query = new URLSearchParams({ ...range, ...(key === undefined ? {} : { key }), format: 'csv' });
  return `/v1/${of}/${encodeURIComponent(id)}/usage?${query.toString()}`;
}

export type RefusalFilter = { code?: string | undefined; key?: string | undefined };

export const refusalsQuery = (app: string, filter: RefusalFilter) =>
  infiniteQueryOptions({
    queryKey: ['apps', app, 'refusals', filter],
    staleTime: 5_000,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      answer(
        api.GET('/v1/apps/{app}/refusals', {
          params: {
            path: { app },
            query: {
              ...(filter.code ? { code: filter.code } : {}),
              ...(filter.key ? { key: filter.key } : {}),
              cursor: pageParam,
              limit: 50,
            },
          },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

export const refusalQuery = (app: string, request_id: string) =>
  queryOptions({
    queryKey: ['apps', app, 'refusal', request_id],
    staleTime: Infinity,
    queryFn: ({ signal }) =>
      answer(
        api.GET('/v1/apps/{app}/refusals/{request_id}', { params: { path: { app, request_id } }, signal }),
      ),
  });
