/** What was kept of live events: made up for the day before, then what the mock told since it runs. */
import type { Answer } from './refusal.ts';

type Kept = { id: string; at_ms: number; kind: string } & Record<string, unknown>;

const PER_DAY = 2_400;
const DAY = 86_400_000;
const STARTED = Date.now();
const told = new Map<string, Kept[]>();

/** The same for the same n: a reload shows the same day. */
function madeUp(n: number): Kept {
  const random = (of: number) => ((n * 7919 + of * 104_729) % 10_007) / 10_007;
  const platform = 1 + Math.floor(random(1) * 8);
  const socket_id = `${48_000 + (n % 900)}.${7 + (n % 31)}`;
  const dialect = ['pusher', 'pusher', 'relay', 'anycable', 'metered'][n % 5];
  const kinds: Record<string, unknown>[] = [
    {
      kind: 'published',
      channel: `departures.platform-${platform}`,
      event: 'train.delayed',
      data: JSON.stringify({ train: `IC ${100 + (n % 800)}`, minutes: 2 + (n % 27), platform }),
      source: 'http',
    },
    { kind: 'connection_opened', socket_id },
    { kind: 'subscribed', channel: `presence-platform.${platform}`, socket_id, user_id: `staff-${n % 40}` },
    {
      kind: 'client_event',
      channel: `private-chat.${platform}`,
      event: 'client-typing',
      data: '{}',
      socket_id,
    },
    { kind: 'dropped', count: 3 + (n % 240) },
    {
      kind: 'refused',
      code: 'rate_limited',
      message: 'too many publishes',
      request_id: `${n % 10}f3a9c7184d2b6e05c19a7d3e80b46f`,
      source: 'http',
    },
    { kind: 'connection_closed', socket_id, code: 1006 },
  ];
  const what = kinds[n % 7] ?? {};
  const at_ms = STARTED - Math.floor((n + random(2)) * (DAY / PER_DAY));
  return { id: `kept-${n}`, at_ms, ...(what['kind'] === 'dropped' ? {} : { dialect }), ...what } as Kept;
}

const BEFORE = Array.from({ length: PER_DAY }, (_, n) => madeUp(n));

export function remember(app: string, event: Record<string, unknown>): void {
  const list = told.get(app) ?? [];
  told.set(app, list);
  list.unshift({ id: `told-${list.length}`, ...event } as Kept);
}

const like = (value: unknown, pattern: unknown): boolean => {
  if (!pattern) return true;
  const parts = String(pattern)
    .split(/\*+/)
    .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 'i').test(String(value ?? ''));
};

function fits(item: Kept, asked: Record<string, unknown>): boolean {
  const { kinds, channel, event, socket_id, dialect, q } = asked;
  if (item.kind === 'dropped') return true;
  if (kinds && !String(kinds).split(',').includes(item.kind)) return false;
  if (!like(item['channel'], channel) || !like(item['event'], event)) return false;
  if (socket_id && item['socket_id'] !== socket_id) return false;
  if (dialect && item['dialect'] !== dialect) return false;
  return !q || JSON.stringify(item).toLowerCase().includes(String(q).toLowerCase());
}

export function liveHistory(
  app: string,
  asked: Record<string, unknown>,
  { hours, kept }: { hours: number; kept: string },
): Answer {
  const reaches = Date.now() - hours * 3_600_000;
  const from = Math.max(reaches, asked['from'] ? Date.parse(String(asked['from'])) : 0);
  const until = asked['until'] ? Date.parse(String(asked['until'])) : Infinity;
  const all = kept === 'off' ? [] : [...(told.get(app) ?? []), ...BEFORE];
  const found = all.filter((item) => item.at_ms >= from && item.at_ms <= until && fits(item, asked));
  const limit = Number(asked['limit'] ?? 100);
  const start = asked['cursor'] ? found.findIndex(({ id }) => id === asked['cursor']) : 0;
  const items = found.slice(start, start + limit).map((item) => {
    const { data: _, ...rest } = item;
    return kept === 'without_data' ? rest : item;
  });
  return {
    body: {
      items,
      next_cursor: found[start + limit]?.id ?? null,
      reaches_to: new Date(reaches).toISOString(),
      kept,
    },
  };
}
