import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { answer, api } from './client';
import { confirmed } from './confirmation';
import { sessionQuery } from './session';

export const secondFactorQuery = queryOptions({
  queryKey: ['account', 'second-factor'],
  queryFn: ({ signal }) => answer(api.GET('/v1/second-factor', { signal })),
});

export const sessionsQuery = queryOptions({
  queryKey: ['account', 'sessions'],
  staleTime: 5_000,
  queryFn: ({ signal }) => answer(api.GET('/v1/sessions', { signal })),
});

export const accountEventsQuery = infiniteQueryOptions({
  queryKey: ['account', 'events'],
  initialPageParam: undefined as string | undefined,
  queryFn: ({ pageParam, signal }) =>
    answer(api.GET('/v1/session/events', { params: { query: { cursor: pageParam, limit: 20 } }, signal })),
  getNextPageParam: (page) => page.next_cursor ?? undefined,
});

/** What changes an account also shows in its log and in the session. */
function useRefreshAccount() {
  const queries = useQueryClient();
  return async () => {
    await Promise.all([
      queries.invalidateQueries({ queryKey: ['account'] }),
      queries.invalidateQueries({ queryKey: sessionQuery.queryKey }),
    ]);
  };
}

export function useRenameUser() {
  const refresh = useRefreshAccount();
  return useMutation({
    mutationFn: (name: string | null) => answer(api.PATCH('/v1/user', { body: { name } })),
    onSuccess: refresh,
  });
}

export function useChangeEmail() {
  return useMutation({
    mutationFn: (body: { email: string; password: string }) => answer(api.POST('/v1/user/email', { body })),
  });
}

export function useChangePassword() {
  const refresh = useRefreshAccount();
  return useMutation({
    mutationFn: (body: { current_password: string; new_password: string }) =>
      answer(api.POST('/v1/user/password', { body })),
    onSuccess: refresh,
  });
}

export function useDeleteUser() {
  return useMutation({ mutationFn: () => confirmed(() => answer(api.DELETE('/v1/user'))) });
}

export function useEndSession() {
  const refresh = useRefreshAccount();
  return useMutation({
    mutationFn: (session: string) =>
      answer(api.DELETE('/v1/sessions/{session}', { params: { path: { session } } })),
    onSuccess: refresh,
  });
}

export function useEndOtherSessions() {
  const refresh = useRefreshAccount();
  return useMutation({ mutationFn: () => answer(api.DELETE('/v1/sessions')), onSuccess: refresh });
}

export function useOfferSecondFactor() {
  return useMutation({ mutationFn: () => confirmed(() => answer(api.POST('/v1/second-factor'))) });
}

export function useConfirmSecondFactor() {
  return useMutation({
    mutationFn: (code: string) =>
      confirmed(() => answer(api.POST('/v1/second-factor/confirm', { body: { code } }))),
  });
}

export function useMakeRecoveryCodes() {
  return useMutation({
    mutationFn: () => confirmed(() => answer(api.POST('/v1/second-factor/recovery-codes'))),
  });
}

export function useDisableSecondFactor() {
  const refresh = useRefreshAccount();
  return useMutation({
    mutationFn: (body: { password: string; code: string }) =>
      answer(api.POST('/v1/second-factor/disable', { body })),
    onSuccess: refresh,
  });
}

export { useRefreshAccount };

export function useConfirmSession() {
  return useMutation({
    mutationFn: (password: string) => answer(api.POST('/v1/session/confirm', { body: { password } })),
  });
}
