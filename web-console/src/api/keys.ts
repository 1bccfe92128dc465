import { infiniteQueryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { answer, api } from './client';
import { confirmed } from './confirmation';
import type { ActionName, KeyPatch } from './types';
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
  max_publishes_per_s?: number;
  allowed_addresses?: string[];
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

export function usePatchKey(app: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ id, patch }: { id: string; patch: KeyPatch }) =>
      answer(api.PATCH('/v1/apps/{app}/keys/{id}', { params: { path: { app, id } }, body: patch })),
    onSuccess: () => queries.invalidateQueries({ queryKey: keysQuery(app).queryKey }),
  });
}

/** What a change would have refused lately; changes nothing. */
export function useDryRun(app: string) {
  return useMutation({
    mutationFn: ({ id, patch }: { id: string; patch: KeyPatch }) =>
      answer(api.POST('/v1/apps/{app}/keys/{id}/dry-run', { params: { path: { app, id } }, body: patch })),
  });
}

export type Rotation = { overlap_s: number; idempotencyKey: string };

export function useRotateKey(app: string, id: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ idempotencyKey, overlap_s }: Rotation) =>
      confirmed(() =>
        answer(
          api.POST('/v1/apps/{app}/keys/{id}/rotate', {
            params: { path: { app, id }, header: { 'Idempotency-Key': idempotencyKey } },
            body: { overlap_s },
          }),
        ),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: keysQuery(app).queryKey }),
  });
}

export function useEndPreviousToken(app: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (id: string) =>
      answer(api.DELETE('/v1/apps/{app}/keys/{id}/previous-token', { params: { path: { app, id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: keysQuery(app).queryKey }),
  });
}
