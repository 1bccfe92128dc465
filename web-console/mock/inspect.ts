import type { components } from '../src/api/schema';
import { Refusal, type Answer } from './refusal.ts';

type Schemas = components['schemas'];

const minutesAgo = (minutes: number) => Date.now() - minutes * 60_000;
let open: Schemas['ConnectionView'][] = [
  ['48213.9', 'pusher', 1, 'user-7', ['presence-platform-4', 'departures']],
  ['48213.7', 'anycable', 12, null, ['chat/1']],
  ['48213.4', 'metered', 95, null, ['devices/1', 'devices/2', 'devices/3', 'devices/4', 'devices/5']],
].map(([socket_id, dialect, minutes, user_id, channels]) => ({
  socket_id: socket_id as string,
  dialect: dialect as string,
  opened_at_ms: minutesAgo(minutes as number),
  user_id: user_id as string | null,
  channels: channels as string[],
  channel_count: (channels as string[]).length,
}));

export function connections({ channel, user }: Record<string, unknown>): Answer {
  const found = open.filter(
    (one) => (!channel || one.channels.includes(String(channel))) && (!user || one.user_id === user),
  );
  return { body: { connections: found, total: found.length, unanswered: [] } };
}

export function terminate(socket: string): Answer {
  if (!open.some((one) => one.socket_id === socket)) {
    throw new Refusal(404, 'not_found', 'There is nothing here.');
  }
  open = open.filter((one) => one.socket_id !== socket);
  return { status: 204 };
}

export function channel(name: string): Answer {
  const isPresence = name.startsWith('presence-');
  const event = (minutes: number) => ({
    event: 'departure',
    data: '{"train":"ICE 71","platform":4}',
    at_ms: minutesAgo(minutes),
  });
  const body: Schemas['ChannelView'] = {
    name,
    subscriptions: 12,
    users: isPresence ? 2 : 0,
    members: isPresence
      ? [
          { user_id: 'user-7', info: { name: 'Ada' } },
          { user_id: 'user-9', info: null },
        ]
      : [],
    cached: name.includes('cache-') ? event(3) : null,
    events: [event(1), event(4)],
    unanswered: [],
  };
  return { body };
}
