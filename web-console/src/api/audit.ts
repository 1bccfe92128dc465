import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { answer, api } from './client';

export type AuditFilter = {
  actor?: string | undefined;
  action?: string | undefined;
  subject?: string | undefined;
  app?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
};

export const auditQuery = (org: string, filter: AuditFilter) =>
  infiniteQueryOptions({
    queryKey: ['organisations', org, 'audit', filter],
    staleTime: 5_000,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      answer(
        api.GET('/v1/organisations/{org}/audit', {
          params: { path: { org }, query: { ...given(filter), cursor: pageParam, limit: 50 } },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

function given(filter: AuditFilter): { [name in keyof AuditFilter]?: string } {
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value));
}

export const auditHeadQuery = (org: string) =>
  queryOptions({
    queryKey: ['organisations', org, 'audit-head'],
    staleTime: 5_000,
    queryFn: ({ signal }) =>
      answer(api.GET('/v1/organisations/{org}/audit/head', { params: { path: { org } }, signal })),
  });

/** Where the browser gets the log as a file; the session's cookie goes along. */
export function exportUrl(org: string, format: 'ndjson' | 'csv', filter: AuditFilter): string {
  const query = new URLSearchParams({ format });
  for (const name of ['from', 'to'] as const) {
    const value = filter[name];
    if (value) query.set(name, value);
  }
  return `/v1/organisations/${encodeURIComponent(org)}/audit/export?${query.toString()}`;
}
