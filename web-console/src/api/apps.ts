import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { answer, api } from './client';
import { confirmed } from './confirmation';
import { rememberSecret } from './fresh-secrets';
import type { App, AppPatch, ImportedPair } from './types';

export const appQuery = (app: string) =>
  queryOptions({
    queryKey: ['apps', app],
    queryFn: ({ signal }) => answer(api.GET('/v1/apps/{app}', { params: { path: { app } }, signal })),
  });

/** All apps of an organisation; the switcher and the palette need the whole list, so pages are walked to the end. */
export const appsQuery = (org: string) =>
  queryOptions({
    queryKey: ['organisations', org, 'apps'],
    queryFn: async ({ signal }) => {
      const apps: App[] = [];
      let cursor: string | undefined;
      do {
        const page = await answer(
          api.GET('/v1/organisations/{org}/apps', {
            params: { path: { org }, query: { cursor, limit: 100 } },
            signal,
          }),
        );
        apps.push(...page.items);
        cursor = page.next_cursor ?? undefined;
      } while (cursor);
      return apps;
    },
  });

export const credentialsQuery = (app: string) =>
  infiniteQueryOptions({
    queryKey: ['apps', app, 'credentials'],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      answer(
        api.GET('/v1/apps/{app}/credentials', {
          params: { path: { app }, query: { cursor: pageParam, limit: 50 } },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

export function useCreateApp(org: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (input: {
      name: string;
      import?: { id?: string; key: string; secret: string };
      idempotencyKey: string;
    }) =>
      answer(
        api.POST('/v1/organisations/{org}/apps', {
          params: { path: { org }, header: { 'Idempotency-Key': input.idempotencyKey } },
          body: { name: input.name, import: input.import },
        }),
      ),
    onSuccess: async (created) => {
      rememberSecret(created.app.id, created.credential);
      queries.setQueryData(appQuery(created.app.id).queryKey, created.app);
      await queries.invalidateQueries({ queryKey: appsQuery(org).queryKey });
    },
  });
}

export function usePatchApp(app: App) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: AppPatch) =>
      answer(
        api.PATCH('/v1/apps/{app}', {
          params: { path: { app: app.id } },
          body,
        }),
      ),
    onSuccess: async ({ receipt: _receipt, ...saved }) => {
      queries.setQueryData(appQuery(app.id).queryKey, saved);
      await queries.invalidateQueries({ queryKey: appsQuery(app.organisation_id).queryKey });
    },
  });
}

export function useDeleteApp(app: App) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => answer(api.DELETE('/v1/apps/{app}', { params: { path: { app: app.id } } })),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: appsQuery(app.organisation_id).queryKey });
    },
  });
}

export function useMintCredential(app: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ idempotencyKey, ...body }: { import?: ImportedPair; idempotencyKey: string }) =>
      answer(
        api.POST('/v1/apps/{app}/credentials', {
          params: { path: { app }, header: { 'Idempotency-Key': idempotencyKey } },
          body,
        }),
      ),
    onSuccess: async ({ credential }) => {
      rememberSecret(app, credential);
      await queries.invalidateQueries({ queryKey: credentialsQuery(app).queryKey });
    },
  });
}

/** When the pair ends by itself; null for never. */
export function useChangeCredential(app: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ key, expires_at }: { key: string; expires_at: string | null }) =>
      answer(
        api.PATCH('/v1/apps/{app}/credentials/{key}', {
          params: { path: { app, key } },
          body: { expires_at },
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: credentialsQuery(app).queryKey }),
  });
}

export function useRevokeCredential(app: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (key: string) =>
      answer(api.DELETE('/v1/apps/{app}/credentials/{key}', { params: { path: { app, key } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: credentialsQuery(app).queryKey }),
  });
}

export function useRotateCredential(app: string, key: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ idempotencyKey, overlap_s }: { overlap_s: number; idempotencyKey: string }) =>
      confirmed(() =>
        answer(
          api.POST('/v1/apps/{app}/credentials/{key}/rotate', {
            params: { path: { app, key }, header: { 'Idempotency-Key': idempotencyKey } },
            body: { overlap_s },
          }),
        ),
      ),
    onSuccess: async ({ credential }) => {
      rememberSecret(app, credential);
      await queries.invalidateQueries({ queryKey: credentialsQuery(app).queryKey });
    },
  });
}

export function useEndPreviousSecret(app: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (key: string) =>
      answer(
        api.DELETE('/v1/apps/{app}/credentials/{key}/previous-secret', { params: { path: { app, key } } }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: credentialsQuery(app).queryKey }),
  });
}

/** Every pair and every key of the app, in one step; with a new pair, so that clients can come back. */
export function useRevokeAll(app: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () =>
      confirmed(() =>
        answer(
          api.POST('/v1/apps/{app}/revoke-all', {
            params: { path: { app } },
            body: { new_credential: true },
          }),
        ),
      ),
    onSuccess: async ({ credential }) => {
      if (credential) rememberSecret(app, credential);
      await queries.invalidateQueries({ queryKey: ['apps', app] });
    },
  });
}
