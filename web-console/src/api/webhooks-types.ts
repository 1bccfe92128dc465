/** Webhooks as the API shows and takes them. */

/** Whose endpoints: those of one app, or those that hear what concerns the whole organisation. */
export type Owner = { of: 'apps' | 'organisations'; id: string };

export type Form = 'pusher' | 'relay' | 'standard';
export type DeliveryState = 'pending' | 'delivered' | 'dead';

export type Endpoint = {
  id: string;
  app_id: string | null;
  url: string;
  description: string;
  form: Form;
  events: string[];
  channels: string[];
  enabled: boolean;
  disabled_why: 'owner' | 'failing' | 'gone' | null;
  failing_since: string | null;
  created_at: string;
  updated_at: string;
  stats: { pending: number; dead: number; last_success_at: string | null; last_status: number | null };
  secret_rotated_until: string | null;
};

export type NewEndpoint = {
  url: string;
  form: Form;
  events: string[];
  channels: string[];
  description: string;
};
export type EndpointPatch = Partial<Omit<NewEndpoint, 'form'>> & { enabled?: boolean };
export type CreatedEndpoint = { endpoint: Endpoint; secret: string | null };
export type RotatedSecret = { secret: string; previous_expires_at: string | null };

export type Delivery = {
  id: string;
  message_id: string;
  type: string;
  channel: string | null;
  state: DeliveryState;
  attempts: number;
  next_at: string | null;
  last_status: number | null;
  last_error: string | null;
  created_at: string;
  finished_at: string | null;
  data: unknown;
};

export type Attempt = {
  id: string;
  at: string;
  duration_ms: number;
  attempt: number;
  events: number;
  status: number | null;
  error: string | null;
};

export type Exchange = Attempt & {
  request_headers: Record<string, string>;
  request_body: string;
  response_headers: Record<string, string> | null;
  response_body: string | null;
};
export type Carried = Pick<Delivery, 'id' | 'type' | 'channel' | 'state'>;
export type AttemptDetails = Exchange & { deliveries: Carried[] };
export type Replayed = { replayed: number; more: boolean };

export type ReplayRange = { state?: 'dead' | 'delivered'; from?: string; until?: string };
