import { queryOptions, useMutation } from '@tanstack/react-query';
import { publishBody, type Draft } from '../publish/draft';
import { answer, api } from './client';

export type Channel = { name: string; subscriptions: number | undefined; users: number | undefined };

/**
 * The occupied channels. The gateway counts users of presence channels only, and only when asked for nothing else,
 * so there are two questions; their answers are put together here.
 */
export const channelsQuery = (app: string) =>
  queryOptions({
    queryKey: ['apps', app, 'channels'],
    staleTime: 2_000,
    queryFn: async ({ signal }): Promise<{ items: Channel[]; truncated: boolean }> => {
      const ask = (prefix?: string) =>
        answer(api.GET('/v1/apps/{app}/channels', { params: { path: { app }, query: { prefix } }, signal }));
      const [all, presence] = await Promise.all([ask(), ask('presence-')]);
      const items = Object.entries({ ...all.channels, ...presence.channels }).map(([name, info]) => ({
        name,
        subscriptions: info.subscription_count ?? undefined,
        users: info.user_count ?? undefined,
      }));
      return { items, truncated: all.truncated === true };
    },
  });

/** Publishes through the gateway's real HTTP API, in the dialect of the draft; the control plane adds the credential. */
export function usePublish(app: string) {
  return useMutation({
    mutationFn: (draft: Draft) =>
      answer(
        api.POST('/v1/apps/{app}/publish', {
          params: { path: { app } },
          body: draft,
          bodySerializer: () => publishBody(draft),
        }),
      ),
  });
}
