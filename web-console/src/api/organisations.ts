import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { answer, api } from './client';
import { sessionQuery } from './session';

export const gatewaysQuery = queryOptions({
  queryKey: ['gateways'],
  staleTime: 5_000,
  queryFn: ({ signal }) => answer(api.GET('/v1/gateways', { signal })),
});

export function useRenameOrganisation(org: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (name: string) =>
      answer(api.PATCH('/v1/organisations/{org}', { params: { path: { org } }, body: { name } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: sessionQuery.queryKey }),
  });
}
