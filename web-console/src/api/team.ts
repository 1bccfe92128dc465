import {
  infiniteQueryOptions,
  queryOptions,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query';
import { answer, api } from './client';
import { confirmed } from './confirmation';
import { useRefreshOrganisations } from './organisations';
import { useSession } from './session';
import type { NewManagementToken, Permission, Role } from './types';

export const permissionsQuery = queryOptions({
  queryKey: ['permissions'],
  staleTime: Infinity,
  queryFn: ({ signal }) => answer(api.GET('/v1/permissions', { signal })),
});

/** Whether the reader may do something in an organisation. Until that is known: yes, and the API decides. */
export function useMay(org: string): (permission: Permission) => boolean {
  const role = useSession().organisations.find(({ id }) => id === org)?.role;
  const known = useQuery(permissionsQuery);
  const own = known.data?.roles.find((one) => one.role === role)?.permissions;
  return (permission) => own?.includes(permission) ?? true;
}

export const membersQuery = (org: string) =>
  infiniteQueryOptions({
    queryKey: ['organisations', org, 'members'],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      answer(
        api.GET('/v1/organisations/{org}/members', {
          params: { path: { org }, query: { cursor: pageParam, limit: 50 } },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

export const invitationsQuery = (org: string) =>
  infiniteQueryOptions({
    queryKey: ['organisations', org, 'invitations'],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      answer(
        api.GET('/v1/organisations/{org}/invitations', {
          params: { path: { org }, query: { cursor: pageParam, limit: 50 } },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

export const tokensQuery = (org: string) =>
  infiniteQueryOptions({
    queryKey: ['organisations', org, 'tokens'],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      answer(
        api.GET('/v1/organisations/{org}/tokens', {
          params: { path: { org }, query: { cursor: pageParam, limit: 50 } },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

export function useInvite(org: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ idempotencyKey, ...body }: { email: string; role: Role; idempotencyKey: string }) =>
      answer(
        api.POST('/v1/organisations/{org}/invitations', {
          params: { path: { org }, header: { 'Idempotency-Key': idempotencyKey } },
          body,
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: invitationsQuery(org).queryKey }),
  });
}

export function useWithdrawInvitation(org: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (invitation: string) =>
      answer(
        api.DELETE('/v1/organisations/{org}/invitations/{invitation}', {
          params: { path: { org, invitation } },
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: invitationsQuery(org).queryKey }),
  });
}

export function useChangeRole(org: string) {
  const refresh = useRefreshOrganisations(org);
  return useMutation({
    mutationFn: ({ user, role }: { user: string; role: Role }) =>
      answer(
        api.PATCH('/v1/organisations/{org}/members/{user}', {
          params: { path: { org, user } },
          body: { role },
        }),
      ),
    onSuccess: refresh,
  });
}

/** Also the way to leave: then the organisation is not the reader's any more, and its lists are not asked again. */
export function useRemoveMember(org: string) {
  return useMutation({
    mutationFn: (user: string) =>
      answer(api.DELETE('/v1/organisations/{org}/members/{user}', { params: { path: { org, user } } })),
  });
}

export function useTransfer(org: string) {
  const refresh = useRefreshOrganisations(org);
  return useMutation({
    mutationFn: (user_id: string) =>
      confirmed(() =>
        answer(
          api.POST('/v1/organisations/{org}/transfer', { params: { path: { org } }, body: { user_id } }),
        ),
      ),
    onSuccess: refresh,
  });
}

export function useCreateToken(org: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ idempotencyKey, ...body }: NewManagementToken & { idempotencyKey: string }) =>
      confirmed(() =>
        answer(
          api.POST('/v1/organisations/{org}/tokens', {
            params: { path: { org }, header: { 'Idempotency-Key': idempotencyKey } },
            body,
          }),
        ),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: tokensQuery(org).queryKey }),
  });
}

export function useRevokeToken(org: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (id: string) =>
      answer(api.DELETE('/v1/organisations/{org}/tokens/{id}', { params: { path: { org, id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: tokensQuery(org).queryKey }),
  });
}
