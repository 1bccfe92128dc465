/** What the mock answers about accounts, teams, plans and usage: enough to draw every room. */
import type { components } from '../src/api/schema';

type Schemas = components['schemas'];

const DAY = 86_400_000;
export const ago = (ms: number) => new Date(Date.now() - ms).toISOString();
export const ahead = (ms: number) => new Date(Date.now() + ms).toISOString();
export const page = <T>(items: T[]) => ({ items, next_cursor: null });

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:139.0) Gecko/20100101 Firefox/139.0';
const SAFARI =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 Version/18.0 Mobile Safari/604.1';

export const sessions: Schemas['Session'][] = [
  { id: 's1', agent: FIREFOX, address: '192.0.2.7', age: 0.2, current: true },
  { id: 's2', agent: SAFARI, address: '198.51.100.23', age: 9, current: false },
].map(({ id, agent, address, age, current }) => ({
  id,
  created_at: ago(age * DAY),
  last_seen_at: ago((age * DAY) / 10),
  expires_at: ahead(20 * DAY),
  address,
  user_agent: agent,
  current,
}));

const happened: Schemas['EventKind'][] = [
  'signed_in',
  'second_factor.on',
  'password.changed',
  'email.verified',
  'signed_up',
];

export const accountEvents: Schemas['AccountEvent'][] = happened.map((kind, n) => ({
  id: `e${n}`,
  kind,
  detail: null,
  address: '192.0.2.7',
  user_agent: FIREFOX,
  created_at: ago((n * n + 0.1) * DAY),
}));

export const members: Schemas['Member'][] = [
  {
    user_id: 'usr_1',
    email: 'ada@example.com',
    name: 'Ada Example',
    role: 'owner',
    joined_at: ago(80 * DAY),
  },
  { user_id: 'usr_2', email: 'grace@example.com', name: null, role: 'developer', joined_at: ago(12 * DAY) },
  {
    user_id: 'usr_3',
    email: 'books@example.com',
    name: 'Book Keeper',
    role: 'billing',
    joined_at: ago(3 * DAY),
  },
];

export const invitations: Schemas['Invitation'][] = [
  {
    id: 'inv_1',
    email: 'new@example.com',
    role: 'viewer',
    invited_by: 'ada@example.com',
    created_at: ago(2 * DAY),
    expires_at: ahead(5 * DAY),
  },
];

export const PERMISSIONS: Schemas['Permission'][] = [
  'apps.read',
  'apps.write',
  'apps.delete',
  'keys.read',
  'keys.write',
  'usage.read',
  'team.read',
  'team.write',
  'tokens.read',
  'tokens.write',
  'billing.read',
  'billing.write',
  'audit.read',
  'organisation.write',
  'organisation.delete',
];

export const permissions: Schemas['Permissions'] = {
  permissions: PERMISSIONS.map((permission) => ({
    permission,
    description: `May ${permission}.`,
    of_apps: /^(apps|keys|usage)/.test(permission),
  })),
  roles: [
    { role: 'owner', permissions: PERMISSIONS },
    { role: 'admin', permissions: PERMISSIONS.slice(0, -1) },
    {
      role: 'developer',
      permissions: [
        'apps.read',
        'apps.write',
        'keys.read',
        'keys.write',
        'usage.read',
        'team.read',
        'tokens.read',
      ],
    },
    {
      role: 'billing',
      permissions: ['apps.read', 'usage.read', 'team.read', 'billing.read', 'billing.write'],
    },
    { role: 'viewer', permissions: ['apps.read', 'keys.read', 'usage.read', 'team.read'] },
  ],
};

export const tokens: Schemas['ManagementToken'][] = [
  {
    id: 'Ab3dE6gH9jK2',
    name: 'Deploy pipeline',
    permissions: ['apps.read', 'keys.write'],
    apps: null,
    made_by: 'usr_1',
    created_at: ago(20 * DAY),
    expires_at: ahead(70 * DAY),
    last_used_at: ago(3_600_000),
  },
];

const deeds: [string, string, unknown, unknown][] = [
  ['organisation.renamed', 'org_1', { name: 'Trains' }, { name: 'Example Trains' }],
  ['key.created', 'Ab3dE6gH9jK2', null, { name: 'Worker', actions: ['publish'], channels: ['orders.*'] }],
  [
    'app.changed',
    '123456',
    { settings: { client_events: false }, name: 'Boards' },
    { settings: { client_events: true }, name: 'Boards' },
  ],
  ['key.revoked', 'Zz3dE6gH9jK2', { name: 'Old worker', actions: ['publish'], channels: ['**'] }, null],
  ['organisation.created', 'org_1', null, { name: 'Trains' }],
];

export const audit: Schemas['ListedEntry'][] = deeds.map(([action, subject, before, after], n) => ({
  v: 1,
  organisation_id: 'org_1',
  seq: deeds.length - n,
  at: ago((n + 0.2) * 7_200_000),
  actor: {
    kind: n === 1 ? 'token' : 'person',
    id: 'usr_1',
    name: n === 1 ? 'Deploy pipeline' : 'ada@example.com',
    person: 'usr_1',
  },
  action,
  subject,
  subject_name: null,
  app: /^(key|app)\./.test(action) ? { id: '123456', name: 'Boards' } : null,
  before,
  after,
  request_id: `req_${n}abcdef`,
  address: '192.0.2.7',
  prev_hash: `${n}`.repeat(64),
  hash: `${n + 1}`.repeat(64),
}));

const plan = (
  name: string,
  display_name: string,
  dollars: number,
  max_connections: number,
  messages_per_day: number,
  more: Partial<Schemas['PlanLimits']> = {},
): Schemas['Plan'] => ({
  plan: name,
  version: 1,
  display_name,
  price_micros: dollars * 1_000_000,
  overage_micros_per_million: dollars === 0 ? null : 2_500_000,
  limits: {
    max_connections,
    messages_per_day,
    max_payload_bytes: 65_536,
    max_publishes_per_s: 200,
    max_reads_per_s: 50,
    max_presence_members: 100,
    max_channels_per_connection: 200,
    history_s: 300,
    live_hours: dollars === 0 ? 1 : 24,
    max_apps: 5,
    max_keys: 50,
    max_webhooks: 2,
    max_seats: 3,
    ...more,
  },
  features: { history: true, patterns: dollars > 0, direct_messages: dollars > 0 },
});

export const plans: Schemas['Plan'][] = [
  plan('free', 'Free', 0, 200, 300_000),
  plan('starter', 'Starter', 19, 1_000, 2_000_000, { max_seats: 10, history_s: 3_600, max_apps: 20 }),
  plan('growth', 'Growth', 79, 5_000, 10_000_000, {
    max_payload_bytes: 262_144,
    max_seats: 30,
    history_s: 86_400,
    max_apps: 50,
  }),
  plan('scale', 'Scale', 299, 25_000, 50_000_000, {
    max_payload_bytes: 262_144,
    max_seats: 100,
    history_s: 259_200,
    max_apps: 200,
  }),
];

export const subscription = (current: string): Schemas['Subscription'] => {
  const found = plans.find(({ plan: name }) => name === current) ?? plans[0]!;
  return {
    plan: found,
    period_start: ago(11 * DAY),
    period_end: ahead(19 * DAY),
    next: null,
    standing: 'good',
    spend_limit_micros: null,
    limits: found.limits,
  };
};

export const invoices: Schemas['InvoiceSummary'][] = [
  { number: 2, state: 'open' as const, total_cents: 4_912, age: 11 },
  { number: 1, state: 'paid' as const, total_cents: 1_900, age: 41 },
].map(({ number, state, total_cents, age }) => ({
  id: `invoice-${number}`,
  number,
  issued_at: ago(age * DAY),
  due_at: ago((age - 14) * DAY),
  total_cents,
  currency: 'USD',
  state,
  failures: 0,
  next_try_at: state === 'open' ? ahead(2 * DAY) : null,
  paid_at: state === 'paid' ? ago((age - 1) * DAY) : null,
  last_error: null,
}));

const period = { start: ago(41 * DAY), end: ago(11 * DAY) };
const onStarter = { plan: 'starter', version: 1, price_micros: 19_000_000 };
const usageLine = (day: number, units: number, kind: 'overage' | 'correction' = 'overage') => ({
  kind,
  app: '123456',
  metric: 'delivered_units' as const,
  plan: 'starter',
  version: 1,
  day: ago(day * DAY).slice(0, 10),
  units,
  micros_per_million: 2_500_000,
  amount_micros: Math.round(units * 2.5),
});

/** An invoice as it was issued: one of an upgrade, and one with usage on it. */
export const invoice = (number: number): Schemas['Invoice'] => {
  const { id, issued_at, due_at, currency, total_cents } = invoices.find((one) => one.number === number)!;
  const lines: Schemas['Line'][] =
    number === 1
      ? [
          {
            kind: 'proration_credit',
            plan: 'free',
            version: 1,
            seconds: 2_592_000,
            of_seconds: 2_592_000,
            amount_micros: 0,
          },
          {
            kind: 'proration_charge',
            plan: 'starter',
            version: 1,
            seconds: 2_592_000,
            of_seconds: 2_592_000,
            amount_micros: 19_000_000,
          },
        ]
      : [
          { kind: 'plan_fee', plan: 'starter', version: 1, period, amount_micros: 19_000_000 },
          usageLine(14, 6_200_000),
          usageLine(13, 7_100_000),
          usageLine(12, 748_400),
          { kind: 'credit', id: 'c1', reason: 'for the trouble on Tuesday', amount_micros: -5_000_000 },
        ];
  return {
    format: 'signalbox-invoice/1',
    id,
    number,
    organisation_id: 'org_1',
    issued_at,
    due_at,
    currency,
    seller: {
      name: 'Signalbox',
      address: '2 Signal Street\n54321 Crossing',
      country: 'DE',
      vat_id: 'DE000000000',
    },
    buyer: { name: 'Example Trains', address: '1 Platform Road\n12345 Junction', country: 'DE' },
    lines,
    total_micros: lines.reduce((sum, { amount_micros }) => sum + amount_micros, 0),
    total_cents,
    ...(number === 1 ? {} : { peak_connections_p99: 143 }),
    recipe: {
      credits: [],
      ...(number === 1
        ? {
            upgrade: {
              from: { ...onStarter, plan: 'free', price_micros: 0 },
              to: onStarter,
              period,
              seconds: 2_592_000,
            },
          }
        : {
            fee: { ...onStarter, period: { start: period.end, end: ahead(19 * DAY) } },
            usage: { opening_units: 0, overage_apps: [], period, terms: [] },
          }),
    },
  };
};

export const alertsSent: Schemas['Alert'][] = [80, 50].map((threshold, n) => ({
  organisation_id: 'org_1',
  app_id: n === 0 ? null : '1',
  rule: n === 0 ? 'messages' : 'app_connections',
  threshold,
  used: n === 0 ? 512_400 : 101,
  limit: n === 0 ? 640_000 : 200,
  window_start: ago(n * DAY).slice(0, 10),
  at: ago((n + 0.1) * DAY),
}));

const counts = (n: number): Schemas['Counts'] => ({
  published: n,
  published_units: n,
  delivered: n * 9,
  delivered_units: n * 9,
  units: n * 10,
  bytes_in: n * 210,
  bytes_out: n * 1_890,
  requests: { '1xx': 0, '2xx': n, '3xx': 0, '4xx': Math.round(n / 40), '5xx': 0 },
  connections_opened: Math.round(n / 20),
  refused: n % 3 === 0 ? { rate_limited: Math.round(n / 90) + 1, quota_exhausted: n % 2 } : {},
});

type Usage = Omit<Schemas['AppUsage'], 'app' | 'key' | 'keys'>;

export const STEPS = { minute: 60_000, hour: 3_600_000, day: DAY, month: 30 * DAY };

export const usage = (granularity: Schemas['Granularity'], buckets: number): Usage => {
  const step = STEPS[granularity];
  const list = Array.from({ length: buckets }, (_, at) => {
    const wave = 1 + Math.sin(at / 3) * 0.6 + ((at * 7919) % 13) / 26;
    return {
      start: new Date(Math.floor(Date.now() / step) * step - (buckets - 1 - at) * step).toISOString(),
      ...counts(Math.round((420 * wave * step) / 3_600_000)),
      connections_peak: Math.round(90 * wave),
    };
  });
  const total = list.reduce((sum, bucket) => sum + bucket.published, 0);
  return {
    from: list[0]?.start ?? ago(0),
    to: ahead(0),
    granularity,
    total: counts(total),
    connections: { peak: 161, p99: 143 },
    connections_open: 88,
    buckets: list,
    quotas: [
      {
        rule: 'messages',
        limit: 640_000,
        used: 214_300,
        left: 425_700,
        per_day: 300_000,
        resets_at: ahead(DAY / 3),
        overage_units: 0,
      },
    ],
  };
};

export const byKey = () => [
  { key: 'k2v7q5hkd4xw3mzn6tya', ...counts(5_200) },
  { key: 'Ab3dE6gH9jK2', ...counts(2_100) },
  { key: '', ...counts(0), refused: { unauthorised: 17 } },
];

export const byApp = () => [
  {
    app: '1',
    name: 'Departure boards',
    is_deleted: false,
    connections: { peak: 120, p99: 101 },
    ...counts(5_200),
  },
  { app: '2', name: 'Staging', is_deleted: false, connections: { peak: 4, p99: 3 }, ...counts(90) },
];

export const refusals: Schemas['Refusal'][] = [
  {
    code: 'rate_limited',
    rule: 'max_publishes_per_s',
    used: 201,
    limit: 200,
    action: 'POST /apps/{id}/events',
    message: 'too many publishes in this second',
  },
  {
    code: 'quota_exhausted',
    rule: 'messages',
    used: 300_000,
    limit: 300_000,
    action: 'POST /apps/{id}/events',
    message: 'the message quota is used up',
  },
  {
    code: 'unauthorised',
    rule: null,
    used: null,
    limit: null,
    action: 'connect',
    message: 'the signature does not match',
  },
  {
    code: 'scope_channel',
    rule: null,
    used: null,
    limit: null,
    action: 'publish',
    message: 'the key does not reach this channel',
  },
].map((refusal, n) => ({
  ...refusal,
  request_id: `${n}f3a9c7184d2b6e05c19a7d3e80b46f`,
  at: ago((n + 0.3) * 900_000),
  key: n === 2 ? null : 'k2v7q5hkd4xw3mzn6tya',
  resets_at: n === 1 ? ahead(DAY / 3) : null,
  dialect: ['pusher', 'pusher', 'relay', 'metered'][n] ?? 'pusher',
  transport: n < 2 ? 'http' : 'socket',
  channel: n === 2 ? null : 'departures.platform-4',
}));

export const dryRun: Schemas['DryRunAnswer'] = {
  window_s: 300,
  coverage: 'exact',
  looked_at: 1_204,
  refused: 37,
  actions: [
    {
      action: 'publish',
      looked_at: 1_204,
      refused: 37,
      channels: [
        { name: 'orders.81', count: 30 },
        { name: 'orders.82', count: 7 },
      ],
    },
  ],
  origins: [],
  addresses: [],
  gateways: [],
  unanswered: [],
};
