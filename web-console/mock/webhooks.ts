/** Endpoints and what became of events for them: enough to draw the room in each of its states. */
import { randomBytes } from 'node:crypto';
import type { AttemptDetails, Delivery, Endpoint } from '../src/api/webhooks-types';
import { ago, ahead, page } from './fixtures.ts';
import { Refusal, type Answer } from './refusal.ts';

type Body = Record<string, unknown>;
type Handler = (body: Body, ids: string[]) => Answer;
type Held = { endpoint: Endpoint; deliveries: Delivery[]; attempts: AttemptDetails[] };

const uuid = () =>
  randomBytes(16)
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** An object without members named, as the API's description has it. */
type Data = Delivery['data'];
const EVENTS = [
  ['channel_occupied', 'presence-platform.4', {}],
  ['member_added', 'presence-platform.4', { user_id: 'staff-12' }],
  ['client_event', 'private-chat.7', { event: 'client-typing', data: '{"on":true}', socket_id: '81.7733' }],
  ['member_removed', 'presence-platform.4', { user_id: 'staff-12' }],
  ['channel_vacated', 'departures.platform-4', {}],
  ['cache_miss', 'cache-network-status', {}],
] satisfies [string, string | null, object][] as [string, string | null, Data][];

function endpointOf(part: Partial<Endpoint>): Endpoint {
  return {
    id: uuid(),
    app_id: null,
    url: 'https://example.com/webhooks',
    description: '',
    form: 'pusher',
    events: [],
    channels: [],
    enabled: true,
    disabled_why: null,
    failing_since: null,
    rests_until: null,
    created_at: ago(19 * 24 * HOUR),
    updated_at: ago(2 * 24 * HOUR),
    stats: { pending: 0, dead: 0, last_success_at: ago(40_000), last_status: 204 },
    secret_rotated_until: null,
    ...part,
  };
}

function attemptOf(endpoint: Endpoint, delivery: Delivery, nth: number, at: number): AttemptDetails {
  const isTaken = delivery.state === 'delivered' && nth === delivery.attempts;
  const dialect: Record<string, string> =
    endpoint.form === 'standard'
      ? {
          'webhook-id': delivery.message_id,
          'webhook-timestamp': String(Math.floor(Date.now() / 1000)),
          'webhook-signature': `v1,${randomBytes(32).toString('base64')}`,
        }
      : {
          'X-Pusher-Key': 'k2v7q5hkd4xw3mzn6tya',
          'X-Pusher-Signature': randomBytes(32).toString('hex'),
        };
  const event = { name: delivery.type, channel: delivery.channel, ...(delivery.data as object) };
  return {
    id: uuid(),
    at: ago(at),
    duration_ms: isTaken ? 83 : nth === 1 ? 10_000 : 412,
    attempt: nth,
    events: 1,
    status: isTaken ? 204 : nth === 1 ? null : 503,
    error: isTaken ? null : nth === 1 ? 'no answer within 10 seconds' : null,
    request_headers: { 'Content-Type': 'application/json', 'User-Agent': 'Signalbox-Webhooks/1', ...dialect },
    request_body: JSON.stringify(
      endpoint.form === 'standard'
        ? {
            type: delivery.type.replace('_', '.'),
            timestamp: delivery.created_at,
            data: { channel: delivery.channel, ...(delivery.data as object) },
          }
        : { time_ms: Date.now(), events: [event] },
    ),
    response_headers:
      !isTaken && nth === 1
        ? null
        : { server: 'nginx', 'content-type': 'text/html', date: new Date().toUTCString() },
    response_body: isTaken
      ? ''
      : nth === 1
        ? null
        : '<html><head><title>503 Service Temporarily Unavailable</title></head></html>',
    deliveries: [{ id: delivery.id, type: delivery.type, channel: delivery.channel, state: delivery.state }],
  };
}

function held(endpoint: Endpoint, states: Delivery['state'][]): Held {
  const attempts: AttemptDetails[] = [];
  const deliveries = states.map((state, n): Delivery => {
    const [type, channel, data] = EVENTS[n % EVENTS.length]!;
    const tries = state === 'dead' ? 8 : state === 'pending' ? 3 : n % 4 === 3 ? 2 : 1;
    const delivery: Delivery = {
      id: uuid(),
      message_id: uuid(),
      type,
      channel,
      state,
      attempts: tries,
      next_at: state === 'pending' ? ahead(4 * MINUTE) : null,
      last_status: { delivered: 204, pending: 503, dead: null }[state],
      last_error: { delivered: null, pending: 'it answered 503', dead: 'no answer within 10 s' }[state],
      created_at: ago((n + 0.4) * 3 * MINUTE),
      finished_at: state === 'pending' ? null : ago(n * 3 * MINUTE),
      data,
    };
    for (let nth = tries; nth >= 1; nth -= 1)
      attempts.push(attemptOf(endpoint, delivery, nth, (n + 0.3) * 3 * MINUTE + (tries - nth) * MINUTE));
    return delivery;
  });
  return { endpoint, deliveries, attempts };
}

const DELIVERED = Array.from({ length: 14 }, () => 'delivered' as const);
const sample = (of: string): Held[] =>
  of === 'organisations'
    ? [
        held(
          endpointOf({ form: 'standard', url: 'https://ops.example.com/signalbox', description: 'Accounts' }),
          [],
        ),
      ]
    : [
        held(
          endpointOf({
            url: 'https://api.example-trains.com/webhooks/signalbox',
            description: 'Departure boards',
            channels: ['presence-*', 'departures.**'],
            stats: { pending: 1, dead: 0, last_success_at: ago(8_000), last_status: 204 },
          }),
          ['pending', ...DELIVERED],
        ),
        held(
          endpointOf({
            form: 'standard',
            url: 'https://analytics.example.com/ingest',
            description: 'Analytics',
            events: ['member_added', 'member_removed', 'subscription_count'],
            failing_since: ago(7 * HOUR),
            rests_until: ahead(2.7 * MINUTE),
            secret_rotated_until: ahead(20 * HOUR),
            stats: { pending: 214, dead: 3, last_success_at: ago(7 * HOUR), last_status: 503 },
          }),
          ['pending', 'pending', 'dead', 'dead', 'dead', 'delivered'],
        ),
        held(
          endpointOf({
            form: 'relay',
            url: 'https://old.example.com/hook',
            enabled: false,
            disabled_why: 'failing',
            failing_since: ago(6 * 24 * HOUR),
            stats: { pending: 0, dead: 41, last_success_at: null, last_status: 404 },
          }),
          ['dead', 'dead'],
        ),
      ];

const worlds = new Map<string, Held[]>();
function worldOf(of: string, owner: string | undefined): Held[] {
  const key = `${of}/${owner}`;
  const isFirst = ![...worlds.keys()].some((other) => other.startsWith(of));
  if (!worlds.has(key)) worlds.set(key, isFirst ? sample(of) : []);
  return worlds.get(key)!;
}

function found(of: string, [owner, id]: string[]): Held {
  const one = worldOf(of, owner).find(({ endpoint }) => endpoint.id === id);
  if (!one) throw new Refusal(404, 'not_found', 'There is nothing here.');
  return one;
}

const again = (delivery: Delivery) =>
  Object.assign(delivery, { state: 'pending', attempts: 0, next_at: ahead(0), finished_at: null });

function handlersOf(of: 'apps' | 'organisations'): Record<string, Handler> {
  const at = `${of}/*/webhooks`;
  return {
    [`GET ${at}`]: (_, [owner]) => ({ body: page(worldOf(of, owner).map(({ endpoint }) => endpoint)) }),
    [`POST ${at}`]: (body, [owner]) => {
      if (String(body['url']).includes('192.168')) {
        throw new Refusal(422, 'invalid', 'The address is refused.', [
          { field: 'url', message: 'This address is of a private network.' },
        ]);
      }
      const endpoint = endpointOf({
        ...(body as Partial<Endpoint>),
        created_at: ago(0),
        stats: { pending: 0, dead: 0, last_success_at: null, last_status: null },
      });
      worldOf(of, owner).unshift(held(endpoint, []));
      const secret = endpoint.form === 'standard' ? `whsec_${randomBytes(24).toString('base64')}` : null;
      return { status: 201, body: { endpoint, secret } };
    },
    [`GET ${at}/*`]: (_, ids) => ({ body: found(of, ids).endpoint }),
    [`PATCH ${at}/*`]: (body, ids) => {
      const { endpoint } = found(of, ids);
      Object.assign(endpoint, body);
      if (body['enabled'] === true) Object.assign(endpoint, { disabled_why: null, failing_since: null });
      if (body['enabled'] === false) endpoint.disabled_why = 'owner';
      return { body: endpoint };
    },
    [`DELETE ${at}/*`]: (_, ids) => {
      const world = worldOf(of, ids[0]);
      world.splice(world.indexOf(found(of, ids)), 1);
      return { status: 204 };
    },
    [`POST ${at}/*/secret`]: (_, ids) => {
      const until = ahead(24 * HOUR);
      found(of, ids).endpoint.secret_rotated_until = until;
      return { body: { secret: `whsec_${randomBytes(24).toString('base64')}`, previous_expires_at: until } };
    },
    [`POST ${at}/*/test`]: (body, ids) => {
      const { endpoint, attempts } = found(of, ids);
      const [type, channel, data] = EVENTS.find(([name]) => name === body['type']) ?? [
        String(body['type']),
        null,
        {},
      ];
      const delivery = { ...held(endpoint, ['delivered']).deliveries[0]!, type, channel, data, attempts: 1 };
      const attempt = attemptOf(endpoint, delivery, 1, 0);
      attempts.unshift(attempt);
      return { body: attempt };
    },
    [`GET ${at}/*/deliveries`]: ({ state, type, channel }, ids) => ({
      body: page(
        found(of, ids).deliveries.filter(
          (one) =>
            (!state || one.state === state) &&
            (!type || one.type === type) &&
            (!channel || one.channel === channel),
        ),
      ),
    }),
    [`POST ${at}/*/deliveries/*/replay`]: (_, ids) => {
      const delivery = found(of, ids).deliveries.find(({ id }) => id === ids[2]);
      if (!delivery) throw new Refusal(404, 'not_found', 'There is nothing here.');
      return { body: again(delivery) };
    },
    [`POST ${at}/*/replay`]: ({ state = 'dead' }, ids) => {
      const { endpoint, deliveries } = found(of, ids);
      const chosen = deliveries.filter((one) => one.state === state);
      chosen.forEach(again);
      endpoint.stats.dead = 0;
      endpoint.stats.pending += chosen.length;
      return { body: { replayed: chosen.length, more: false } };
    },
    [`GET ${at}/*/attempts`]: ({ delivery }, ids) => ({
      body: page(
        found(of, ids).attempts.filter(
          (one) => !delivery || one.deliveries.some(({ id }) => id === delivery),
        ),
      ),
    }),
    [`GET ${at}/*/attempts/*`]: (_, ids) => {
      const attempt = found(of, ids).attempts.find(({ id }) => id === ids[2]);
      if (!attempt) throw new Refusal(404, 'not_found', 'There is nothing here.');
      return { body: attempt };
    },
  };
}

export const webhooks: Record<string, Handler> = { ...handlersOf('apps'), ...handlersOf('organisations') };
