import { useMutation, useQueryClient } from '@tanstack/react-query';
import { answer, api } from './client';
import { sessionQuery, useEnter } from './session';

export function useVerifyEmail() {
  const queries = useQueryClient();
  return useMutation({
    mutationKey: ['session', 'verify-email'],
    mutationFn: (token: string) => answer(api.POST('/v1/email/verify', { body: { token } })),
    onSuccess: async () => {
      // An answer that is still on its way was given before the address was confirmed.
      await queries.cancelQueries({ queryKey: sessionQuery.queryKey });
      await queries.fetchQuery({ ...sessionQuery, staleTime: 0 });
    },
  });
}

export function useResendVerification() {
  return useMutation({ mutationFn: () => answer(api.POST('/v1/email/verify/resend')) });
}

export function useAskForReset() {
  return useMutation({
    mutationKey: ['session', 'ask-for-reset'],
    mutationFn: (email: string) => answer(api.POST('/v1/password/reset', { body: { email } })),
  });
}

export function useResetPassword() {
  return useMutation({
    mutationKey: ['session', 'reset-password'],
    mutationFn: (body: { token: string; password: string }) =>
      answer(api.POST('/v1/password/reset/confirm', { body })),
  });
}

export function useInspectInvitation() {
  return useMutation({
    mutationKey: ['session', 'inspect-invitation'],
    mutationFn: (token: string) => answer(api.POST('/v1/invitations/inspect', { body: { token } })),
  });
}

export function useAcceptInvitation() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (token: string) => answer(api.POST('/v1/invitations/accept', { body: { token } })),
    onSuccess: () => queries.fetchQuery({ ...sessionQuery, staleTime: 0 }),
  });
}

/** An account for who is invited; the link proves the address. */
export function useSignUpInvited() {
  const enter = useEnter();
  return useMutation({
    mutationKey: ['session', 'sign-up-invited'],
    mutationFn: (body: { token: string; password: string; name?: string }) =>
      answer(api.POST('/v1/invitations/sign-up', { body })),
    onSuccess: (joined) => enter(joined.csrf_token),
  });
}
