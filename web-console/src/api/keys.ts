import { infiniteQueryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { answer, api } from './client';
import type { ActionName } from './types';
import { rememberToken } from './fresh-secrets';

export const keysQuery = (app: string) =>
  infiniteQueryOptions({
    queryKey: ['apps', app, 'keys'],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      answer(
        api.GET('/v1/apps/{app}/keys', {
          params: { path: { app }, query: { cursor: pageParam, limit: 50 } },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

export type NewKey = {
  name: string;
  actions: ActionName[];
  channels: string[];
  expires_at?: string;
  token_secret?: boolean;
  import?: { id: string; token_secret: string };
  idempotencyKey: string;
};

export function useCreateKey(app: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ idempotencyKey, ...body }: NewKey) =>
      answer(
        api.POST('/v1/apps/{app}/keys', {
          params: { path: { app }, header: { 'Idempotency-Key': idempotencyKey } },
          body,
        }),
      ),
    onSuccess: async (created) => {
      if (created.key.actions.includes('publish')) {
        rememberToken(app, created.token, Boolean(created.token_secret));
      }
      await queries.invalidateQueries({ queryKey: keysQuery(app).queryKey });
    },
  });
}

/** Gives a key a signing secret, in place of the one it may have. */
export function useCreateTokenSecret(app: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ id, idempotencyKey }: { id: string; idempotencyKey: string }) =>
      answer(
        api.POST('/v1/apps/{app}/keys/{id}/token-secret', {
          params: { path: { app, id }, header: { 'Idempotency-Key': idempotencyKey } },
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: keysQuery(app).queryKey }),
  });
}

export function useRevokeKey(app: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (id: string) =>
      answer(api.DELETE('/v1/apps/{app}/keys/{id}', { params: { path: { app, id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: keysQuery(app).queryKey }),
  });
}
