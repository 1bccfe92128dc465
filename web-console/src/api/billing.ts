import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { answer, api } from './client';
import { confirmed } from './confirmation';
import type { AlertSettings, BillingParty, Invoice, InvoiceSummary } from './types';

export const plansQuery = queryOptions({
  queryKey: ['plans'],
  staleTime: 5 * 60_000,
  queryFn: ({ signal }) => answer(api.GET('/v1/plans', { signal })),
});

const under = (org: string) => ({ params: { path: { org } } });
const billing = (org: string, what: string) => ['organisations', org, 'billing', what] as const;

export const subscriptionQuery = (org: string) =>
  queryOptions({
    queryKey: billing(org, 'subscription'),
    queryFn: ({ signal }) =>
      answer(api.GET('/v1/organisations/{org}/subscription', { ...under(org), signal })),
  });

export const currentBillQuery = (org: string) =>
  queryOptions({
    queryKey: billing(org, 'current'),
    staleTime: 10_000,
    queryFn: ({ signal }) =>
      answer(api.GET('/v1/organisations/{org}/billing/current', { ...under(org), signal })),
  });

export const profileQuery = (org: string) =>
  queryOptions({
    queryKey: billing(org, 'profile'),
    queryFn: ({ signal }) =>
      answer(api.GET('/v1/organisations/{org}/billing/profile', { ...under(org), signal })),
  });

export const paymentQuery = (org: string) =>
  queryOptions({
    queryKey: billing(org, 'payment'),
    queryFn: ({ signal }) =>
      answer(api.GET('/v1/organisations/{org}/billing/payment-method', { ...under(org), signal })),
  });

export const alertSettingsQuery = (org: string) =>
  queryOptions({
    queryKey: billing(org, 'alerts'),
    queryFn: ({ signal }) =>
      answer(api.GET('/v1/organisations/{org}/alerts/settings', { ...under(org), signal })),
  });

/** The alerts that were sent. */
export const alertsQuery = (org: string) =>
  infiniteQueryOptions({
    queryKey: billing(org, 'alerts-sent'),
    staleTime: 10_000,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      answer(
        api.GET('/v1/organisations/{org}/alerts', {
          params: { path: { org }, query: { cursor: pageParam, limit: 20 } },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

export const invoicesQuery = (org: string) =>
  infiniteQueryOptions({
    queryKey: billing(org, 'invoices'),
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      answer(
        api.GET('/v1/organisations/{org}/invoices', {
          params: { path: { org }, query: { cursor: pageParam, limit: 24 } },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

/** What a change of plan would do. Not kept: what is due changes by the second. */
export const previewQuery = (org: string, plan: string) =>
  queryOptions({
    queryKey: billing(org, `preview ${plan}`),
    staleTime: 0,
    gcTime: 0,
    queryFn: () =>
      answer(api.POST('/v1/organisations/{org}/subscription/preview', { ...under(org), body: { plan } })),
  });

function useRefreshBilling(org: string) {
  const queries = useQueryClient();
  return () => queries.invalidateQueries({ queryKey: ['organisations', org] });
}

export function useChangePlan(org: string) {
  const refresh = useRefreshBilling(org);
  return useMutation({
    mutationFn: (plan: string) =>
      confirmed(() =>
        answer(api.PUT('/v1/organisations/{org}/subscription', { ...under(org), body: { plan } })),
      ),
    onSuccess: refresh,
  });
}

export function useSetSpendLimit(org: string) {
  const refresh = useRefreshBilling(org);
  return useMutation({
    mutationFn: (spend_limit_micros: number | null) =>
      answer(
        api.PUT('/v1/organisations/{org}/billing/spend-limit', {
          ...under(org),
          body: { spend_limit_micros },
        }),
      ),
    onSuccess: refresh,
  });
}

export function useSaveProfile(org: string) {
  const refresh = useRefreshBilling(org);
  return useMutation({
    mutationFn: (body: BillingParty) =>
      answer(api.PUT('/v1/organisations/{org}/billing/profile', { ...under(org), body })),
    onSuccess: refresh,
  });
}

export function useSaveAlerts(org: string) {
  const refresh = useRefreshBilling(org);
  return useMutation({
    mutationFn: (body: AlertSettings) =>
      answer(api.PUT('/v1/organisations/{org}/alerts/settings', { ...under(org), body })),
    onSuccess: refresh,
  });
}

/** The card is given on the provider's own page; here it is never seen. */
export function useStartPayment(org: string) {
  return useMutation({
    mutationFn: () => answer(api.POST('/v1/organisations/{org}/billing/payment-method', under(org))),
    onSuccess: ({ url }) => window.location.assign(url),
  });
}

export function useForgetPayment(org: string) {
  const refresh = useRefreshBilling(org);
  return useMutation({
    mutationFn: () => answer(api.DELETE('/v1/organisations/{org}/billing/payment-method', under(org))),
    onSuccess: refresh,
  });
}

export function usePayInvoice(org: string) {
  const refresh = useRefreshBilling(org);
  return useMutation({
    mutationFn: (number: number) =>
      answer(
        api.POST('/v1/organisations/{org}/invoices/{number}/pay', {
          params: { path: { org, number: String(number) } },
        }),
      ),
    onSuccess: refresh,
  });
}

export const invoiceQuery = (org: string, number: number) =>
  queryOptions({
    queryKey: billing(org, `invoice ${number}`),
    staleTime: Infinity,
    queryFn: ({ signal }) =>
      answer(
        api.GET('/v1/organisations/{org}/invoices/{number}', {
          params: { path: { org, number: String(number) } },
          signal,
        }),
      ),
  });

/** What has become of one invoice. The list is the only place that says it, so it is read until the invoice is found. */
export const invoiceSummaryQuery = (org: string, number: number) =>
  queryOptions({
    queryKey: billing(org, `invoice ${number} now`),
    queryFn: async ({ signal }): Promise<InvoiceSummary | null> => {
      let cursor: string | undefined;
      do {
        const page = await answer(
          api.GET('/v1/organisations/{org}/invoices', {
            params: { path: { org }, query: { cursor, limit: 100 } },
            signal,
          }),
        );
        const found = page.items.find((invoice) => invoice.number === number);
        if (found) return found;
        cursor = page.next_cursor ?? undefined;
      } while (cursor);
      return null;
    },
  });

/** What an invoice was computed from, as a file; null for one that bills no usage. */
export function ledgerUrl(org: string, { usage, previous }: Invoice['recipe']): string | null {
  if (!usage) return null;
  const from = previous?.basis.period.start ?? usage.period.start;
  const query = new URLSearchParams({ from, to: usage.period.end });
  return `/v1/organisations/${encodeURIComponent(org)}/usage/ledger?${query.toString()}`;
}

/** Where the browser gets an invoice; the session's cookie goes along. */
export function invoiceUrl(org: string, number: number, format: 'html' | 'pdf' | 'json'): string {
  const base = `/v1/organisations/${encodeURIComponent(org)}/invoices/${number}`;
  return format === 'json' ? base : `${base}.${format}`;
}
