import {
  infiniteQueryOptions,
  queryOptions,
  useMutation,
  useQueryClient,
  type InfiniteData,
} from '@tanstack/react-query';
import type { Client } from 'openapi-fetch';
import { answer, api } from './client';
import type { paths } from './schema';
import type { Delivery, DeliveryState, EndpointPatch, NewEndpoint, Owner } from './webhooks-types';

export type * from './webhooks-types';

type OfApps = Extract<keyof paths, `/v1/apps/{app}/webhooks${string}`>;
type Below<Path> = Path extends `/v1/apps/{app}/webhooks${infer Rest}` ? Rest : never;
/** An operation with the owner's kind and id in place of the app's. */
type Owned<Op> = Op extends { parameters: { path: infer Path } & infer Parameters }
  ? Omit<Op, 'parameters'> & {
      parameters: Omit<Parameters, 'path'> & {
        path: Omit<Path, 'app'> & { of: Owner['of']; owner: string };
      };
    }
  : Op;

/** The API says the same under apps and under organisations; here it is said once. */
type Paths = {
  [Path in OfApps as `/v1/{of}/{owner}/webhooks${Below<Path>}`]: {
    [Method in keyof paths[Path]]: Owned<paths[Path][Method]>;
  };
};
type Page<T> = { items: T[] };
type ReplayRange = { state?: 'dead' | 'delivered'; from?: string; until?: string };

const hooks = api as unknown as Client<Paths>;

const keyOf = (owner: Owner) => [owner.of, owner.id, 'webhooks'] as const;
const pathOf = (owner: Owner) => ({ of: owner.of, owner: owner.id });

export const endpointsQuery = (owner: Owner) =>
  infiniteQueryOptions({
    queryKey: [...keyOf(owner), 'list'],
    staleTime: 5_000,
    refetchInterval: 15_000,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      answer(
        hooks.GET('/v1/{of}/{owner}/webhooks', {
          params: { path: pathOf(owner), query: { cursor: pageParam, limit: 50 } },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

export const endpointQuery = (owner: Owner, id: string) =>
  queryOptions({
    queryKey: [...keyOf(owner), id],
    staleTime: 2_000,
    refetchInterval: 5_000,
    queryFn: ({ signal }) =>
      answer(
        hooks.GET('/v1/{of}/{owner}/webhooks/{id}', { params: { path: { ...pathOf(owner), id } }, signal }),
      ),
  });

/** Whatever changes at an endpoint shows in its room and in the list. */
function useRefresh(owner: Owner) {
  const queries = useQueryClient();
  return () => queries.invalidateQueries({ queryKey: keyOf(owner) });
}

export function useCreateEndpoint(owner: Owner) {
  const refresh = useRefresh(owner);
  return useMutation({
    mutationFn: ({ idempotencyKey, ...body }: NewEndpoint & { idempotencyKey: string }) =>
      answer(
        hooks.POST('/v1/{of}/{owner}/webhooks', {
          params: { path: pathOf(owner), header: { 'Idempotency-Key': idempotencyKey } },
          body,
        }),
      ),
    onSuccess: refresh,
  });
}

export function usePatchEndpoint(owner: Owner) {
  const refresh = useRefresh(owner);
  return useMutation({
    mutationFn: ({ id, patch }: { id: string; patch: EndpointPatch }) =>
      answer(
        hooks.PATCH('/v1/{of}/{owner}/webhooks/{id}', {
          params: { path: { ...pathOf(owner), id } },
          body: patch,
        }),
      ),
    onSuccess: refresh,
  });
}

export function useDeleteEndpoint(owner: Owner) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (id: string) =>
      answer(hooks.DELETE('/v1/{of}/{owner}/webhooks/{id}', { params: { path: { ...pathOf(owner), id } } })),
    // Only the list: asking again for the one that is gone would be refused.
    onSuccess: () => queries.invalidateQueries({ queryKey: endpointsQuery(owner).queryKey }),
  });
}

export function useRotateSecret(owner: Owner, id: string) {
  const refresh = useRefresh(owner);
  return useMutation({
    mutationFn: ({ overlap_s, idempotencyKey }: { overlap_s: number; idempotencyKey: string }) =>
      answer(
        hooks.POST('/v1/{of}/{owner}/webhooks/{id}/secret', {
          params: { path: { ...pathOf(owner), id }, header: { 'Idempotency-Key': idempotencyKey } },
          body: { overlap_s },
        }),
      ),
    onSuccess: refresh,
  });
}

export function useSendTest(owner: Owner, id: string) {
  const refresh = useRefresh(owner);
  return useMutation({
    mutationFn: (type: string | undefined) =>
      answer(
        hooks.POST('/v1/{of}/{owner}/webhooks/{id}/test', {
          params: { path: { ...pathOf(owner), id } },
          body: type === undefined ? {} : { type },
        }),
      ),
    onSuccess: refresh,
  });
}

const PENDING_MS = 2_000;
const QUIET_MS = 10_000;

/** Asked again soon while something is on its way, now and then otherwise. */
export function refreshAfter(pages: InfiniteData<Page<Delivery>> | undefined): number {
  const isMoving = pages?.pages.some((page) => page.items.some(({ state }) => state === 'pending'));
  return isMoving ? PENDING_MS : QUIET_MS;
}

export type DeliveryFilters = {
  state?: DeliveryState | undefined;
  type?: string | undefined;
  channel?: string | undefined;
};

export const deliveriesQuery = (owner: Owner, id: string, filter: DeliveryFilters) =>
  infiniteQueryOptions({
    queryKey: [...keyOf(owner), id, 'deliveries', filter.state, filter.type, filter.channel],
    staleTime: 1_000,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      answer(
        hooks.GET('/v1/{of}/{owner}/webhooks/{id}/deliveries', {
          params: {
            path: { ...pathOf(owner), id },
            query: {
              ...(filter.state ? { state: filter.state } : {}),
              ...(filter.type ? { type: filter.type } : {}),
              ...(filter.channel ? { channel: filter.channel } : {}),
              cursor: pageParam,
              limit: 50,
            },
          },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

export function useReplay(owner: Owner, id: string) {
  const refresh = useRefresh(owner);
  return useMutation({
    mutationFn: (delivery: string) =>
      answer(
        hooks.POST('/v1/{of}/{owner}/webhooks/{id}/deliveries/{delivery}/replay', {
          params: { path: { ...pathOf(owner), id, delivery } },
        }),
      ),
    onSuccess: refresh,
  });
}

export function useReplayRange(owner: Owner, id: string) {
  const refresh = useRefresh(owner);
  return useMutation({
    mutationFn: (range: ReplayRange) =>
      answer(
        hooks.POST('/v1/{of}/{owner}/webhooks/{id}/replay', {
          params: { path: { ...pathOf(owner), id } },
          body: range,
        }),
      ),
    onSuccess: refresh,
  });
}

export const attemptsQuery = (owner: Owner, id: string, delivery?: string) =>
  infiniteQueryOptions({
    queryKey: [...keyOf(owner), id, 'attempts', delivery ?? null],
    staleTime: 1_000,
    refetchInterval: 5_000,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      answer(
        hooks.GET('/v1/{of}/{owner}/webhooks/{id}/attempts', {
          params: {
            path: { ...pathOf(owner), id },
            query: { ...(delivery ? { delivery } : {}), cursor: pageParam, limit: delivery ? 100 : 50 },
          },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

/** An attempt is over when it is told of, so it never changes. */
export const attemptQuery = (owner: Owner, id: string, attempt: string) =>
  queryOptions({
    queryKey: [...keyOf(owner), id, 'attempt', attempt],
    staleTime: Infinity,
    queryFn: ({ signal }) =>
      answer(
        hooks.GET('/v1/{of}/{owner}/webhooks/{id}/attempts/{attempt}', {
          params: { path: { ...pathOf(owner), id, attempt } },
          signal,
        }),
      ),
  });
