import { randomBytes } from 'node:crypto';
import type { components } from '../src/api/schema';
import * as given from './fixtures.ts';
import { Refusal, type Answer } from './refusal.ts';
import { webhooks } from './webhooks.ts';

type Schemas = components['schemas'];
type Body = Record<string, unknown>;
type Handler = (body: Body, ids: string[]) => Answer;

/** The person behind the session, as far as the rooms need one. */
export const person = {
  id: 'usr_1',
  email: 'ada@example.com',
  name: 'Ada Example' as string | null,
  email_verified: false,
  second_factor: false,
};

let isConfirmed = false;
let plan = 'free';
export const liveHours = () => (plan === 'free' ? 1 : 24);
let profile: Schemas['Profile'] = {
  name: 'Example Trains',
  address: '1 Platform Road\n12345 Junction',
  country: 'DE',
};
let alerts: Schemas['AlertSettings'] = {
  thresholds: [50, 80, 95, 100],
  messages: true,
  connections: true,
  spending: true,
};
let spendLimit: number | null = null;

const none: Answer = { status: 204 };
const needsPassword = () => {
  if (!isConfirmed) throw new Refusal(403, 'confirmation_required', 'Confirm your password first.');
};
const checked = (password: unknown) => {
  if (password === 'wrong-password') throw new Refusal(403, 'wrong_password', 'The password is wrong.');
};
const codes = () => ({
  recovery_codes: Array.from({ length: 10 }, () => 'abcd-efgh-jkmn-pqrs'.replace(/[a-z]/g, letter)),
});
const letter = () => 'abcdefghijkmnpqrstuvwxyz23456789'[(randomBytes(1)[0] ?? 0) % 32] ?? 'a';
const drop = <T>(list: T[], found: (item: T) => boolean): Answer => {
  const at = list.findIndex(found);
  if (at < 0) throw new Refusal(404, 'not_found', 'There is nothing here.');
  list.splice(at, 1);
  return none;
};

const used = (asked: unknown, from: unknown) => {
  const granularity = (asked ?? 'hour') as Schemas['Granularity'];
  const since = Date.now() - Date.parse(String(from));
  return given.usage(granularity, Math.ceil(since / given.STEPS[granularity]) || 24);
};

function change(wanted: unknown): Schemas['PlanChange'] {
  const [from, to] = [plan, String(wanted)].map((name) => given.plans.find((one) => one.plan === name)!);
  const isUp = to!.price_micros > from!.price_micros;
  const due = isUp ? Math.round(((to!.price_micros - from!.price_micros) * 19) / 30) : 0;
  const seconds = { seconds: 1_641_600, of_seconds: 2_592_000, version: 1 };
  return {
    takes: isUp ? 'at_once' : to === from ? 'nothing' : 'with_next_period',
    plan: isUp ? to!.plan : from!.plan,
    version: 1,
    next_plan: isUp || to === from ? null : to!.plan,
    period: { start: given.ago(0), end: given.ahead(19 * 86_400_000) },
    standing: 'good',
    due_now_cents: Math.round(due / 10_000),
    lines: isUp ? [{ kind: 'proration_charge', plan: to!.plan, amount_micros: due, ...seconds }] : [],
    price_micros: to!.price_micros,
  };
}

/** Method and path, ids as `*`. */
export const rooms: Record<string, Handler> = {
  ...webhooks,
  'POST email/verify/resend': () => none,
  'GET sessions': () => ({ body: given.page(given.sessions) }),
  'DELETE sessions': () => (given.sessions.splice(1), none),
  'DELETE sessions/*': (_, [id]) => drop(given.sessions, (session) => session.id === id),
  'GET session/events': () => ({ body: given.page(given.accountEvents) }),
  'POST session/confirm': ({ password }) => (checked(password), (isConfirmed = true), none),
  'PATCH user': ({ name }) => ({ body: Object.assign(person, { name }) }),
  'POST user/email': ({ password }) => (checked(password), none),
  'POST user/password': ({ current_password }) => (checked(current_password), none),
  'DELETE user': () => (needsPassword(), none),
  'GET second-factor': () => ({
    body: {
      enabled: person.second_factor,
      enabled_at: person.second_factor ? given.ago(60_000) : null,
      recovery_codes_left: person.second_factor ? 10 : 0,
    },
  }),
  'POST second-factor': () => {
    needsPassword();
    const secret = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';
    const otpauth_uri = `otpauth://totp/Signalbox:ada%40example%2Ecom?secret=${secret}&issuer=Signalbox`;
    return { status: 201, body: { secret, otpauth_uri } };
  },
  'POST second-factor/confirm': ({ code }) => {
    if (code === '000000') throw new Refusal(403, 'wrong_code', 'The code is wrong.');
    person.second_factor = true;
    return { body: codes() };
  },
  'POST second-factor/recovery-codes': () => ({ body: codes() }),
  'POST second-factor/disable': ({ password }) => (checked(password), (person.second_factor = false), none),
  'GET permissions': () => ({ body: given.permissions }),
  'GET organisations/*/members': () => ({ body: given.page(given.members) }),
  'PATCH organisations/*/members/*': ({ role }, [, user]) => {
    const member = given.members.find((one) => one.user_id === user);
    return { body: Object.assign(member ?? {}, { role }) };
  },
  'DELETE organisations/*/members/*': (_, [, user]) => drop(given.members, (one) => one.user_id === user),
  'POST organisations/*/transfer': () => ({ body: given.members[1] }),
  'GET organisations/*/invitations': () => ({ body: given.page(given.invitations) }),
  'POST organisations/*/invitations': ({ email, role }) => {
    const invitation: Schemas['Invitation'] = {
      id: randomBytes(6).toString('hex'),
      email: String(email),
      role: role as Schemas['Role'],
      invited_by: person.name ?? person.email,
      created_at: given.ago(0),
      expires_at: given.ahead(7 * 86_400_000),
    };
    given.invitations.unshift(invitation);
    return { status: 201, body: invitation };
  },
  'DELETE organisations/*/invitations/*': (_, [, id]) => drop(given.invitations, (one) => one.id === id),
  'GET organisations/*/tokens': () => ({ body: given.page(given.tokens) }),
  'POST organisations/*/tokens': (body) => {
    needsPassword();
    const id = randomBytes(6).toString('hex');
    const management_token = {
      ...(body as Schemas['NewToken']),
      id,
      apps: (body['apps'] as string[] | undefined) ?? null,
      expires_at: (body['expires_at'] as string | undefined) ?? null,
      made_by: 'usr_1',
      created_at: given.ago(0),
      last_used_at: null,
    };
    given.tokens.unshift(management_token);
    return {
      status: 201,
      body: { management_token, token: `mt_sbx_${id}_${randomBytes(18).toString('hex')}` },
    };
  },
  'DELETE organisations/*/tokens/*': (_, [, id]) => drop(given.tokens, (one) => one.id === id),
  'GET organisations/*/audit': () => ({ body: given.page(given.audit) }),
  'GET organisations/*/audit/head': () => ({
    body: { seq: given.audit[0]?.seq, hash: given.audit[0]?.hash, at: given.audit[0]?.at },
  }),
  'GET plans': () => ({ body: given.page(given.plans) }),
  'GET organisations/*/subscription': () => ({
    body: { ...given.subscription(plan), spend_limit_micros: spendLimit },
  }),
  'POST organisations/*/subscription/preview': (body) => ({ body: change(body['plan']) }),
  'PUT organisations/*/subscription': (body) => {
    const changed = change(body['plan']);
    if (changed.takes === 'at_once') plan = changed.plan;
    return { body: changed };
  },
  'GET organisations/*/billing/current': () => {
    const now = given.subscription(plan);
    return {
      body: {
        plan,
        version: 1,
        next_plan: null,
        standing: 'good',
        period: { start: now.period_start, end: now.period_end },
        spend_limit_micros: spendLimit,
        lines: [],
        overage_micros: 1_250_000,
        forecast_overage_micros: 3_400_000,
        next_fee_micros: now.plan.price_micros,
        forecast_total_cents: Math.round(now.plan.price_micros / 10_000) + 340,
        credits_left_micros: 0,
        peak_connections_p99: 143,
      },
    };
  },
  'PUT organisations/*/billing/spend-limit': (body) => {
    spendLimit = body['spend_limit_micros'] as number | null;
    return { body: { spend_limit_micros: spendLimit } };
  },
  'GET organisations/*/billing/profile': () => ({ body: profile }),
  'PUT organisations/*/billing/profile': (body) => ({ body: (profile = body as Schemas['Profile']) }),
  'GET organisations/*/billing/payment-method': () => ({ body: { provider: 'manual', method: null } }),
  'GET organisations/*/alerts': () => ({ body: given.page(given.alertsSent) }),
  'GET organisations/*/alerts/settings': () => ({ body: alerts }),
  'PUT organisations/*/alerts/settings': (body) => ({ body: (alerts = body as Schemas['AlertSettings']) }),
  'GET organisations/*/usage': ({ granularity, from }) => ({
    body: { ...used(granularity, from), organisation_id: 'org_1', apps: given.byApp() },
  }),
  'GET apps/*/usage': ({ granularity, from, key = null }, [app]) => ({
    body: { ...used(granularity, from), app, key, keys: given.byKey() },
  }),
  'GET apps/*/refusals': ({ code, key }) => ({
    body: given.page(
      given.refusals.filter((found) => (!code || found.code === code) && (!key || found.key === key)),
    ),
  }),
  'GET apps/*/refusals/*': (_, [, id]) => {
    const found = given.refusals.find((refusal) => refusal.request_id === id);
    if (!found) throw new Refusal(404, 'not_found', 'There is nothing here.');
    return { body: found };
  },
  'GET organisations/*/invoices': () => ({ body: given.page(given.invoices) }),
  'GET organisations/*/invoices/*': (_, [, number]) => ({ body: given.invoice(Number(number)) }),
};

/** The handler of a call and the ids in its path: every second part, for what has a long path. */
export function roomOf(method: string, path: string): { handler: Handler; ids: string[] } | null {
  const parts = path.replace(/^\/v1\//, '').split('/');
  for (const [name, handler] of Object.entries(rooms)) {
    const [verb, pattern = ''] = name.split(' ');
    const wanted = pattern.split('/');
    if (verb !== method || wanted.length !== parts.length) continue;
    if (!wanted.every((part, at) => part === '*' || part === parts[at])) continue;
    return { handler, ids: parts.filter((_, at) => wanted[at] === '*') };
  }
  return null;
}
