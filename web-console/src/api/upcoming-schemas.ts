import type { components } from './schema';

/** Shapes of what the generated document does not have yet. */
export type Schemas = {
  User: components['schemas']['User'] & { email_verified: boolean; second_factor: boolean };
  Role: 'owner' | 'admin' | 'developer' | 'billing' | 'viewer';
  Permission: string;
  Organisation: Omit<components['schemas']['Organisation'], 'role'> & {
    role: Schemas['Role'];
    deleting_at?: string | null;
  };
  LoggedIn: { user: Schemas['User']; organisations: Schemas['Organisation'][]; csrf_token: string };
  SecondFactorRequired: { second_factor: 'required'; pending_token: string; expires_in_s: number };
  LoginAnswer: Schemas['LoggedIn'] | Schemas['SecondFactorRequired'];
  SessionInfo: Schemas['LoggedIn'] & { gateway_url: string };
  PersonSession: {
    id: string;
    created_at: string;
    last_seen_at: string;
    expires_at: string;
    address: string | null;
    user_agent: string | null;
    current: boolean;
  };
  AccountEvent: {
    id: string;
    kind: string;
    detail: string | null;
    address: string | null;
    user_agent: string | null;
    created_at: string;
  };
  SecondFactor: { enabled: boolean; enabled_at: string | null; recovery_codes_left: number };
  SecondFactorOffer: { secret: string; otpauth_uri: string };
  RecoveryCodes: { recovery_codes: string[] };
  InvitationView: {
    organisation: string;
    email: string;
    role: Schemas['Role'];
    expires_at: string;
    has_account: boolean;
  };
  JoinedUp: { user: Schemas['User']; organisation: Schemas['Organisation']; csrf_token: string };
  Permissions: {
    permissions: { permission: Schemas['Permission']; description: string; of_apps: boolean }[];
    roles: { role: Schemas['Role']; permissions: Schemas['Permission'][] }[];
  };
  Member: {
    user_id: string;
    email: string;
    name: string | null;
    role: Schemas['Role'];
    joined_at: string;
  };
  Invitation: {
    id: string;
    email: string;
    role: Schemas['Role'];
    created_at: string;
    expires_at: string;
  };
  ManagementToken: {
    id: string;
    name: string;
    permissions: Schemas['Permission'][];
    apps: string[] | null;
    made_by: string;
    created_at: string;
    expires_at: string | null;
    last_used_at: string | null;
  };
  NewToken: { name: string; permissions: Schemas['Permission'][]; apps?: string[]; expires_at?: string };
  CreatedToken: { management_token: Schemas['ManagementToken']; token: string };
  Entry: {
    v: number;
    organisation_id: string;
    seq: number;
    at: string;
    actor: { kind: string; id: string | null; name: string | null; person: string | null };
    action: string;
    subject: string;
    before: unknown;
    after: unknown;
    request_id: string | null;
    address: string | null;
    prev_hash: string;
    hash: string;
  };
  Head: { seq: number; hash: string; at: string | null };
  PlanLimits: {
    max_connections: number;
    messages_per_day: number;
    max_payload_bytes: number;
    max_publishes_per_s: number;
    max_reads_per_s: number;
    max_presence_members: number;
    max_channels_per_connection: number;
    history_s: number;
    max_apps: number;
    max_keys: number;
    max_webhooks: number;
    max_seats: number;
  };
  Plan: {
    plan: string;
    version: number;
    display_name: string;
    price_micros: number;
    overage_micros_per_million: number | null;
    limits: Schemas['PlanLimits'];
    features: { history: boolean; patterns: boolean; direct_messages: boolean };
  };
  Standing: 'good' | 'past_due' | 'reduced';
  Subscription: {
    plan: Schemas['Plan'];
    period_start: string;
    period_end: string;
    next: { plan: string; version: number } | null;
    standing: Schemas['Standing'];
    spend_limit_micros: number | null;
    limits: Schemas['PlanLimits'];
  };
  Period: { start: string; end: string };
  Line: { kind: string; amount_micros: number } & Record<string, unknown>;
  PlanChange: {
    takes: 'at_once' | 'with_next_period' | 'nothing';
    plan: string;
    version: number;
    next_plan: string | null;
    period: Schemas['Period'];
    standing: Schemas['Standing'];
    due_now_cents: number;
    lines: Schemas['Line'][];
    price_micros: number;
    invoice_number?: number;
  };
  Party: { name: string; address?: string; country?: string; vat_id?: string; email?: string };
  CurrentBill: {
    plan: string;
    version: number;
    next_plan: string | null;
    standing: Schemas['Standing'];
    period: Schemas['Period'];
    spend_limit_micros: number | null;
    lines: Schemas['Line'][];
    overage_micros: number;
    forecast_overage_micros: number;
    next_fee_micros: number;
    forecast_total_cents: number;
    credits_left_micros: number;
    peak_connections_p99: number;
  };
  PaymentSetup: {
    provider: string;
    method: { brand: string; last4: string | null; expires: string | null } | null;
  };
  InvoiceSummary: {
    id: string;
    number: number;
    issued_at: string;
    due_at: string;
    total_cents: number;
    currency: string;
    state: 'open' | 'processing' | 'paid';
    failures: number;
    next_try_at: string | null;
    paid_at: string | null;
    last_error: string | null;
  };
  App: components['schemas']['App'] & {
    own_limits?: { [name in keyof components['schemas']['App']['limits']]?: number | null };
    messages_per_day?: number | null;
    at_quota?: 'cap' | 'overage';
  };
  AppPatch: Omit<components['schemas']['AppPatch'], 'limits'> & {
    limits?: { [name in keyof components['schemas']['App']['limits']]?: number | null };
    messages_per_day?: number | null;
    at_quota?: 'cap' | 'overage';
  };
  Revoked: { receipt: components['schemas']['Receipt'] };
  Previous: { expires_at: string; last_used_at: string | null };
  SecretKey: components['schemas']['SecretKey'] & {
    max_publishes_per_s?: number | null;
    allowed_addresses?: string[];
    rotated_at?: string | null;
    previous?: Schemas['Previous'] | null;
  };
  KeyPatch: {
    name?: string;
    actions?: components['schemas']['ActionName'][];
    channels?: string[];
    expires_at?: string | null;
    max_publishes_per_s?: number | null;
    allowed_addresses?: string[];
  };
  RotatedKey: { key: Schemas['SecretKey']; token: string; receipt?: components['schemas']['Receipt'] };
  Credential: components['schemas']['Credential'] & {
    expires_at?: string | null;
    rotated_at?: string | null;
    previous?: Schemas['Previous'] | null;
  };
  RotatedCredential: {
    credential: components['schemas']['NewCredential'];
    receipt?: components['schemas']['Receipt'];
  };
  RevokedAll: {
    receipt?: components['schemas']['Receipt'];
    credentials: number;
    secret_keys: number;
    publishable_keys: number;
    credential?: components['schemas']['NewCredential'];
  };
  DryRunAnswer: {
    window_s: number;
    coverage: 'exact' | 'sampled';
    looked_at: number;
    refused: number;
    actions: {
      action: string;
      looked_at: number;
      refused: number;
      channels: { name: string; count: number }[];
    }[];
    origins: { name: string; count: number }[];
    addresses: { name: string; count: number }[];
    gateways: unknown[];
    unanswered: string[];
  };
  AlertSettings: { thresholds: number[]; messages: boolean; connections: boolean; spending: boolean };
  Granularity: 'minute' | 'hour' | 'day' | 'month';
  Counts: {
    published: number;
    published_units: number;
    delivered: number;
    delivered_units: number;
    units: number;
    bytes_in: number;
    bytes_out: number;
    requests: { '1xx': number; '2xx': number; '3xx': number; '4xx': number; '5xx': number };
    connections_opened: number;
    refused: Record<string, number>;
  };
  Bucket: Schemas['Counts'] & { start: string; connections_peak: number };
  ConnectionUsage: { peak: number; p99: number };
  Quota: {
    rule: string;
    limit: number;
    used: number;
    left: number;
    per_day: number;
    resets_at: string;
    overage_units: number;
  };
  Usage: {
    from: string;
    to: string;
    granularity: Schemas['Granularity'];
    total: Schemas['Counts'];
    connections: Schemas['ConnectionUsage'];
    connections_open: number;
    buckets: Schemas['Bucket'][];
    quotas: Schemas['Quota'][];
  };
  AppUsage: Schemas['Usage'] & {
    app: string;
    key: string | null;
    keys: (Schemas['Counts'] & { key: string })[];
  };
  OrganisationUsage: Schemas['Usage'] & {
    organisation_id: string;
    apps: (Schemas['Counts'] & {
      app: string;
      name: string;
      is_deleted: boolean;
      connections: Schemas['ConnectionUsage'];
    })[];
  };
  Refusal: {
    request_id: string;
    at: string;
    code: string;
    key: string | null;
    rule: string | null;
    used: number | null;
    limit: number | null;
    resets_at: string | null;
    dialect: string;
    transport: 'http' | 'socket';
    action: string;
    channel: string | null;
    message: string;
  };
};
