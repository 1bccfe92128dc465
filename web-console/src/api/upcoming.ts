import type { Schemas } from './upcoming-schemas';

/** Operations in the generated document's own form, until it has them. */
type In = { path?: object; query?: object; header?: object; body?: unknown };
type Op<Answer, I extends In = object> = {
  parameters: (I extends { path: infer P } ? { path: P } : { path?: never }) &
    (I extends { query: infer Q } ? { query?: Q } : { query?: never }) &
    (I extends { header: infer H } ? { header?: H } : { header?: never }) & { cookie?: never };
  responses: { 200: { headers: { [name: string]: unknown }; content: { 'application/json': Answer } } };
} & (I extends { body: infer B }
  ? { requestBody: { content: { 'application/json': B } } }
  : { requestBody?: never });
type Org = { path: { org: string } };
type AppPath = { path: { app: string } };
type KeyPath = { path: { app: string; id: string } };
type CredentialPath = { path: { app: string; key: string } };
type Paged = { query: { cursor?: string; limit?: number } };
type Page<T> = { items: T[]; next_cursor: string | null };
type Once = { header: { 'Idempotency-Key'?: string } };

export type Upcoming = {
  '/v1/login': { post: Op<Schemas['LoginAnswer'], { body: { email: string; password: string } }> };
  '/v1/login/second-factor': {
    post: Op<Schemas['LoggedIn'], { body: { pending_token: string; code: string } }>;
  };
  '/v1/email/verify': { post: Op<{ email: string }, { body: { token: string } }> };
  '/v1/email/verify/resend': { post: Op<void> };
  '/v1/password/reset': { post: Op<void, { body: { email: string } }> };
  '/v1/password/reset/confirm': { post: Op<void, { body: { token: string; password: string } }> };
  '/v1/session': { get: Op<Schemas['SessionInfo']> };
  '/v1/session/confirm': { post: Op<void, { body: { password: string } }> };
  '/v1/session/events': { get: Op<Page<Schemas['AccountEvent']>, Paged> };
  '/v1/sessions': { get: Op<Page<Schemas['PersonSession']>>; delete: Op<void> };
  '/v1/sessions/{session}': { delete: Op<void, { path: { session: string } }> };
  '/v1/user': { patch: Op<Schemas['User'], { body: { name: string | null } }>; delete: Op<void> };
  '/v1/user/email': { post: Op<void, { body: { email: string; password: string } }> };
  '/v1/user/password': { post: Op<void, { body: { current_password: string; new_password: string } }> };
  '/v1/second-factor': { get: Op<Schemas['SecondFactor']>; post: Op<Schemas['SecondFactorOffer']> };
  '/v1/second-factor/confirm': { post: Op<Schemas['RecoveryCodes'], { body: { code: string } }> };
  '/v1/second-factor/recovery-codes': { post: Op<Schemas['RecoveryCodes']> };
  '/v1/second-factor/disable': { post: Op<void, { body: { password: string; code: string } }> };
  '/v1/invitations/inspect': { post: Op<Schemas['InvitationView'], { body: { token: string } }> };
  '/v1/invitations/sign-up': {
    post: Op<Schemas['JoinedUp'], { body: { token: string; password: string; name?: string } }>;
  };
  '/v1/invitations/accept': { post: Op<Schemas['Organisation'], { body: { token: string } }> };
  '/v1/permissions': { get: Op<Schemas['Permissions']> };
  '/v1/organisations': { post: Op<Schemas['Organisation'], { body: { name: string } } & Once> };
  '/v1/organisations/{org}': { delete: Op<Schemas['Organisation'], Org> };
  '/v1/organisations/{org}/restore': { post: Op<Schemas['Organisation'], Org> };
  '/v1/organisations/{org}/members': { get: Op<Page<Schemas['Member']>, Org & Paged> };
  '/v1/organisations/{org}/members/{user}': {
    patch: Op<Schemas['Member'], { path: { org: string; user: string }; body: { role: Schemas['Role'] } }>;
    delete: Op<void, { path: { org: string; user: string } }>;
  };
  '/v1/organisations/{org}/invitations': {
    get: Op<Page<Schemas['Invitation']>, Org & Paged>;
    post: Op<Schemas['Invitation'], Org & { body: { email: string; role: Schemas['Role'] } } & Once>;
  };
  '/v1/organisations/{org}/invitations/{invitation}': {
    delete: Op<void, { path: { org: string; invitation: string } }>;
  };
  '/v1/organisations/{org}/transfer': { post: Op<Schemas['Member'], Org & { body: { user_id: string } }> };
  '/v1/organisations/{org}/tokens': {
    get: Op<Page<Schemas['ManagementToken']>, Org & Paged>;
    post: Op<Schemas['CreatedToken'], Org & { body: Schemas['NewToken'] } & Once>;
  };
  '/v1/organisations/{org}/tokens/{id}': { delete: Op<void, { path: { org: string; id: string } }> };
  '/v1/organisations/{org}/audit': {
    get: Op<
      Page<Schemas['Entry']>,
      Org & {
        query: {
          actor?: string;
          action?: string;
          subject?: string;
          from?: string;
          to?: string;
          cursor?: string;
          limit?: number;
        };
      }
    >;
  };
  '/v1/organisations/{org}/audit/head': { get: Op<Schemas['Head'], Org> };
  '/v1/plans': { get: Op<Page<Schemas['Plan']>> };
  '/v1/organisations/{org}/subscription': {
    get: Op<Schemas['Subscription'], Org>;
    put: Op<Schemas['PlanChange'], Org & { body: { plan: string } }>;
  };
  '/v1/organisations/{org}/subscription/preview': {
    post: Op<Schemas['PlanChange'], Org & { body: { plan: string } }>;
  };
  '/v1/organisations/{org}/billing/profile': {
    get: Op<Schemas['Party'], Org>;
    put: Op<Schemas['Party'], Org & { body: Schemas['Party'] }>;
  };
  '/v1/organisations/{org}/billing/current': { get: Op<Schemas['CurrentBill'], Org> };
  '/v1/organisations/{org}/billing/spend-limit': {
    put: Op<{ spend_limit_micros: number | null }, Org & { body: { spend_limit_micros: number | null } }>;
  };
  '/v1/organisations/{org}/billing/payment-method': {
    get: Op<Schemas['PaymentSetup'], Org>;
    post: Op<{ url: string }, Org>;
    delete: Op<void, Org>;
  };
  '/v1/organisations/{org}/invoices/{number}/pay': {
    post: Op<Schemas['InvoiceSummary'], { path: { org: string; number: string } }>;
  };
  '/v1/organisations/{org}/invoices': { get: Op<Page<Schemas['InvoiceSummary']>, Org & Paged> };
  '/v1/organisations/{org}/alerts/settings': {
    get: Op<Schemas['AlertSettings'], Org>;
    put: Op<Schemas['AlertSettings'], Org & { body: Schemas['AlertSettings'] }>;
  };
  '/v1/organisations/{org}/usage': {
    get: Op<
      Schemas['OrganisationUsage'],
      Org & { query: { from?: string; to?: string; granularity?: Schemas['Granularity'] } }
    >;
  };
  '/v1/apps/{app}/usage': {
    get: Op<
      Schemas['AppUsage'],
      AppPath & { query: { from?: string; to?: string; granularity?: Schemas['Granularity']; key?: string } }
    >;
  };
  '/v1/apps/{app}': {
    patch: Op<
      Schemas['App'] & { receipt?: Schemas['Revoked']['receipt'] },
      AppPath & { body: Schemas['AppPatch'] }
    >;
  };
  '/v1/apps/{app}/keys/{id}': { patch: Op<Schemas['SecretKey'], KeyPath & { body: Schemas['KeyPatch'] }> };
  '/v1/apps/{app}/keys/{id}/rotate': {
    post: Op<Schemas['RotatedKey'], KeyPath & { body: { overlap_s: number } } & Once>;
  };
  '/v1/apps/{app}/keys/{id}/previous-token': { delete: Op<Schemas['Revoked'], KeyPath> };
  '/v1/apps/{app}/keys/{id}/dry-run': {
    post: Op<Schemas['DryRunAnswer'], KeyPath & { body: Schemas['KeyPatch'] }>;
  };
  '/v1/apps/{app}/credentials/{key}/rotate': {
    post: Op<Schemas['RotatedCredential'], CredentialPath & { body: { overlap_s: number } } & Once>;
  };
  '/v1/apps/{app}/credentials/{key}/previous-secret': { delete: Op<Schemas['Revoked'], CredentialPath> };
  '/v1/apps/{app}/revoke-all': {
    post: Op<Schemas['RevokedAll'], AppPath & { body: { new_credential: boolean } }>;
  };
  '/v1/apps/{app}/refusals': {
    get: Op<
      Page<Schemas['Refusal']>,
      AppPath & {
        query: { code?: string; key?: string; from?: string; to?: string; cursor?: string; limit?: number };
      }
    >;
  };
  '/v1/apps/{app}/refusals/{request_id}': {
    get: Op<Schemas['Refusal'], { path: { app: string; request_id: string } }>;
  };
};
