export const KINDS = [
  'connection_opened',
  'connection_closed',
  'subscribed',
  'unsubscribed',
  'published',
  'client_event',
  'refused',
  'webhook',
] as const;

export type LiveKind = (typeof KINDS)[number];

/** One thing that happened in the app: as the live socket tells it, or as it was kept. */
export type LiveEvent = {
  /** Position in this page's stream, or the id under which it was kept; unique while the page is open. */
  id: number | string;
  atMs: number;
  kind: LiveKind;
  channel?: string;
  event?: string;
  /** As much of the payload as is told. */
  data?: string;
  /** How long all of it is. */
  dataBytes?: number;
  socketId?: string;
  userId?: string;
  dialect?: string;
  source?: string;
  code?: string;
  message?: string;
  /** Of a refusal: by which it can be looked up. */
  requestId?: string;
};

/** Where so many events happened that some were only counted. */
export type Dropped = { kind: 'dropped'; id: number | string; atMs: number; count: number };

/** What the stream shows, one below the other. */
export type StreamRow = LiveEvent | Dropped;

export type LiveFrame = { type: 'event'; event: Omit<LiveEvent, 'id'> } | { type: 'dropped'; count: number };

const isKind = (value: unknown): value is LiveKind => KINDS.some((kind) => kind === value);

/** Reads one text frame. A frame of a later version (an unknown kind) is no error, only not shown. */
export function readFrame(text: string): LiveFrame | null {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof raw !== 'object' || raw === null) return null;
  const record = raw as Record<string, unknown>;
  if (record['kind'] === 'dropped') {
    return typeof record['count'] === 'number' ? { type: 'dropped', count: record['count'] } : null;
  }
  const event = readEvent(record);
  return event && { type: 'event', event };
}

/** Reads what frames and kept events have in common: flat members, present as far as they are known. */
export function readEvent(record: Record<string, unknown>): Omit<LiveEvent, 'id'> | null {
  const kind = record['kind'];
  if (!isKind(kind) || typeof record['at_ms'] !== 'number') return null;
  const words = (name: string) => {
    const value = record[name];
    return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
  };
  const data = record['data'];
  return {
    atMs: record['at_ms'],
    kind,
    channel: words('channel'),
    event: words('event'),
    data:
      data === undefined || data === null
        ? undefined
        : typeof data === 'string'
          ? data
          : JSON.stringify(data),
    dataBytes: typeof record['data_bytes'] === 'number' ? record['data_bytes'] : undefined,
    socketId: words('socket_id'),
    userId: words('user_id'),
    dialect: words('dialect'),
    source: words('source'),
    code: words('code'),
    message: words('message'),
    requestId: words('request_id'),
  };
}

export const KIND_LABELS: Record<LiveKind, string> = {
  connection_opened: 'Connected',
  connection_closed: 'Disconnected',
  subscribed: 'Subscribed',
  unsubscribed: 'Unsubscribed',
  published: 'Published',
  client_event: 'Client event',
  refused: 'Refused',
  webhook: 'Webhook event',
};

/** The words that the live socket has for the dialects. */
export const LIVE_DIALECTS = ['pusher', 'relay', 'anycable', 'metered'] as const;
export type LiveDialect = (typeof LIVE_DIALECTS)[number];

/** The one line that says what an event was about. */
export function summary(event: LiveEvent): string {
  switch (event.kind) {
    case 'published':
    case 'client_event':
    case 'webhook':
      return event.data ?? '';
    case 'refused':
      return [event.code, event.message].filter(Boolean).join(' · ');
    case 'subscribed':
    case 'unsubscribed':
      return event.userId ? `user ${event.userId}` : '';
    case 'connection_opened':
    case 'connection_closed':
      return [event.code && `code ${event.code}`, event.message].filter(Boolean).join(' · ');
  }
}
