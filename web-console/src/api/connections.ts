import { keepPreviousData, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { answer, api } from './client';
import type { components } from './schema';

export type Connection = components['schemas']['ConnectionView'];

/** The open connections, newest first: all, or those that hear a channel or are a user's. */
export const connectionsQuery = (app: string, only: { channel?: string; user?: string } = {}) =>
  queryOptions({
    queryKey: ['apps', app, 'connections', only],
    staleTime: 2_000,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) =>
      answer(
        api.GET('/v1/apps/{app}/connections', {
          params: {
            path: { app },
            query: { channel: only.channel || undefined, user: only.user || undefined },
          },
          signal,
        }),
      ),
  });

/** Who is on one channel, and what it remembers. */
export const channelQuery = (app: string, name: string) =>
  queryOptions({
    queryKey: ['apps', app, 'channel', name],
    staleTime: 2_000,
    queryFn: ({ signal }) =>
      answer(api.GET('/v1/apps/{app}/channel', { params: { path: { app }, query: { name } }, signal })),
  });

export function useTerminate(app: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (socket: string) =>
      answer(
        api.POST('/v1/apps/{app}/connections/{socket}/terminate', { params: { path: { app, socket } } }),
      ),
    onSettled: () => queries.invalidateQueries({ queryKey: ['apps', app, 'connections'] }),
  });
}
