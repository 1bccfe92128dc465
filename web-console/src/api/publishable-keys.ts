import { infiniteQueryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { answer, api } from './client';
import { confirmed } from './confirmation';
import type { ClientAction, PublishableKey, PublishableKeyPatch } from './types';

export const publishableKeysQuery = (app: string) =>
  infiniteQueryOptions({
    queryKey: ['apps', app, 'publishable-keys'],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      answer(
        api.GET('/v1/apps/{app}/publishable-keys', {
          params: { path: { app }, query: { cursor: pageParam, limit: 50 } },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

export type PublishableKeyDraft = {
  name: string;
  actions: ClientAction[];
  channels: string[];
  allowed_origins: string[];
  allow_no_origin: boolean;
  ice_servers: boolean;
};

export type NewPublishableKey = PublishableKeyDraft & {
  key?: string;
  expires_at?: string;
  idempotencyKey: string;
};

export function useCreatePublishableKey(app: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ idempotencyKey, ...body }: NewPublishableKey) =>
      answer(
        api.POST('/v1/apps/{app}/publishable-keys', {
          params: { path: { app }, header: { 'Idempotency-Key': idempotencyKey } },
          body,
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: publishableKeysQuery(app).queryKey }),
  });
}

export function usePatchPublishableKey(app: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ key, patch }: { key: string; patch: PublishableKeyPatch }) =>
      answer(
        api.PATCH('/v1/apps/{app}/publishable-keys/{key}', { params: { path: { app, key } }, body: patch }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: publishableKeysQuery(app).queryKey }),
  });
}

/** What a change would have refused lately; changes nothing. */
export function useDryRunPublishableKey(app: string) {
  return useMutation({
    mutationFn: ({ key, patch }: { key: string; patch: PublishableKeyPatch }) =>
      answer(
        api.POST('/v1/apps/{app}/publishable-keys/{key}/dry-run', {
          params: { path: { app, key } },
          body: patch,
        }),
      ),
  });
}

/** Another key like this one. Both work until the overlap is over. */
export function useRotatePublishableKey(app: string, key: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ idempotencyKey, overlap_s }: { overlap_s: number; idempotencyKey: string }) =>
      confirmed(() =>
        answer(
          api.POST('/v1/apps/{app}/publishable-keys/{key}/rotate', {
            params: { path: { app, key }, header: { 'Idempotency-Key': idempotencyKey } },
            body: { overlap_s },
          }),
        ),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: publishableKeysQuery(app).queryKey }),
  });
}

export function useRevokePublishableKey(app: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (key: string) =>
      answer(api.DELETE('/v1/apps/{app}/publishable-keys/{key}', { params: { path: { app, key } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: publishableKeysQuery(app).queryKey }),
  });
}

/** One that a client anywhere could subscribe with now, for snippets. */
export function usableKey(keys: readonly PublishableKey[], nowMs: number = Date.now()): string | null {
  const usable = keys.filter(
    ({ actions, channels, expires_at }) =>
      actions.includes('subscribe') &&
      channels.includes('**') &&
      (expires_at === null || Date.parse(expires_at) > nowMs),
  );
  return (usable.find(({ allowed_origins }) => allowed_origins.length === 0) ?? usable[0])?.key ?? null;
}

/** Keys that have a successor, each with it: after a rotation both bear the same name. */
export function successors(keys: readonly PublishableKey[]): ReadonlyMap<string, PublishableKey> {
  return new Map(keys.flatMap((key) => (key.replaces ? [[key.replaces, key] as const] : [])));
}

/** As they came, but a key that was replaced stands right below its successor. */
export function besideSuccessors(keys: readonly PublishableKey[]): PublishableKey[] {
  const after = successors(keys);
  const withOld = (key: PublishableKey): PublishableKey[] => {
    const old = keys.find((candidate) => candidate.key === key.replaces && after.get(candidate.key) === key);
    return [key, ...(old ? withOld(old) : [])];
  };
  return keys.filter(({ key }) => !after.has(key)).flatMap(withOld);
}
