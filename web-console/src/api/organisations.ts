import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { answer, api } from './client';
import { confirmed } from './confirmation';
import { sessionQuery } from './session';

export const gatewaysQuery = queryOptions({
  queryKey: ['gateways'],
  staleTime: 5_000,
  queryFn: ({ signal }) => answer(api.GET('/v1/gateways', { signal })),
});

/** Which organisations there are is part of the session. */
export function useRefreshOrganisations(org?: string) {
  const queries = useQueryClient();
  return async () => {
    await queries.invalidateQueries({ queryKey: sessionQuery.queryKey });
    if (org) await queries.invalidateQueries({ queryKey: ['organisations', org] });
  };
}

export function useCreateOrganisation() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (name: string) => answer(api.POST('/v1/organisations', { body: { name } })),
    // Its room opens next, and that needs it in the session.
    onSuccess: () => queries.fetchQuery({ ...sessionQuery, staleTime: 0 }),
  });
}

export function useRenameOrganisation(org: string) {
  const refresh = useRefreshOrganisations();
  return useMutation({
    mutationFn: (name: string) =>
      answer(api.PATCH('/v1/organisations/{org}', { params: { path: { org } }, body: { name } })),
    onSuccess: refresh,
  });
}

export function useDeleteOrganisation(org: string) {
  const refresh = useRefreshOrganisations(org);
  return useMutation({
    mutationFn: () =>
      confirmed(() => answer(api.DELETE('/v1/organisations/{org}', { params: { path: { org } } }))),
    onSuccess: refresh,
  });
}

export function useRestoreOrganisation(org: string) {
  const refresh = useRefreshOrganisations(org);
  return useMutation({
    mutationFn: () => answer(api.POST('/v1/organisations/{org}/restore', { params: { path: { org } } })),
    onSuccess: refresh,
  });
}
