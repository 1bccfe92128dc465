import { queryOptions, useMutation, useQueryClient, useSuspenseQuery } from '@tanstack/react-query';
import { answer, api, rememberCsrfToken } from './client';
import { Problem } from './problem';
import type { Session } from './types';
import { rememberSecret } from './fresh-secrets';

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  staleTime: 5 * 60_000,
  queryFn: async (): Promise<Session | null> => {
    try {
      const session = await answer(api.GET('/v1/session'));
      rememberCsrfToken(session.csrf_token);
      return session;
    } catch (error) {
      if (error instanceof Problem && error.status === 401) return null;
      throw error;
    }
  },
});

/** The session, inside the rooms that exist only with one. */
export function useSession(): Session {
  const { data } = useSuspenseQuery(sessionQuery);
  if (!data) throw new Problem({ status: 401, code: 'signed_out', title: 'You are logged out' });
  return data;
}

export function useSignUp() {
  const queries = useQueryClient();
  return useMutation({
    mutationKey: ['session', 'sign-up'],
    mutationFn: (body: { email: string; password: string; name?: string; organisation?: string }) =>
      answer(api.POST('/v1/signup', { body })),
    onSuccess: async (signedUp) => {
      rememberCsrfToken(signedUp.csrf_token);
      rememberSecret(signedUp.app.id, signedUp.credential);
      queries.clear();
      queries.setQueryData(['apps', signedUp.app.id], signedUp.app);
      await queries.fetchQuery({ ...sessionQuery, staleTime: 0 });
    },
  });
}

/** The password; then, for an account with a second factor, what is still to come. */
export function useLogIn() {
  const enter = useEnter();
  return useMutation({
    mutationKey: ['session', 'log-in'],
    mutationFn: (body: { email: string; password: string }) => answer(api.POST('/v1/login', { body })),
    onSuccess: async (answered) => {
      if (!('second_factor' in answered)) await enter(answered.csrf_token);
    },
  });
}

export function useLogInWithCode() {
  const enter = useEnter();
  return useMutation({
    mutationKey: ['session', 'log-in-with-code'],
    mutationFn: (body: { pending_token: string; code: string }) =>
      answer(api.POST('/v1/login/second-factor', { body })),
    onSuccess: (answered) => enter(answered.csrf_token),
  });
}

/** Begins with what a new session knows, and nothing of an earlier one. */
export function useEnter() {
  const queries = useQueryClient();
  return async (csrfToken: string) => {
    rememberCsrfToken(csrfToken);
    queries.clear();
    await queries.fetchQuery({ ...sessionQuery, staleTime: 0 });
  };
}

export function useLogOut() {
  const queries = useQueryClient();
  return useMutation({
    mutationKey: ['session', 'log-out'],
    mutationFn: () => answer(api.POST('/v1/logout')),
    onSuccess: () => {
      rememberCsrfToken(null);
      queries.clear();
      // A full load leaves nothing of the last person in memory: no secrets, no events.
      window.location.assign('/login');
    },
  });
}
