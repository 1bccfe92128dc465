import { randomBytes, randomInt } from 'node:crypto';
import type { WebSocket } from 'ws';
import type { components } from '../src/api/schema';
import { liveHistory, remember } from './history.ts';
import { channel, connections, terminate } from './inspect.ts';
import { Refusal, type Answer } from './refusal.ts';
import { dryRun } from './fixtures.ts';
import { liveHours, person, roomOf } from './rooms.ts';

type Schemas = components['schemas'];
type App = Schemas['App'];

const now = () => new Date().toISOString();
const token = (bytes: number) => randomBytes(bytes).toString('hex');
const publicKey = () =>
  Array.from({ length: 20 }, () => 'abcdefghijklmnopqrstuvwxyz234567'[randomInt(32)]).join('');

const aDayMore = (): Schemas['Previous'] => ({
  expires_at: new Date(Date.now() + 86_400_000).toISOString(),
  last_used_at: now(),
});
function found<T>(thing: T | undefined): T {
  if (!thing) throw new Refusal(404, 'not_found', 'There is nothing here.');
  return thing;
}

/** All state of the mock. Every answer has the shape of the real one. */
export class World {
  #user = person;
  #organisation = {
    id: 'org_1',
    name: 'Example Trains',
    role: 'owner' as const,
    created_at: now(),
    deleting_at: null,
  };
  #apps = new Map<string, App>();
  #credentials = new Map<string, Schemas['Credential'][]>();
  #keys = new Map<string, Schemas['SecretKey'][]>();
  #openKeys = new Map<string, Schemas['ClientKey'][]>();
  #watchers = new Map<string, Set<WebSocket>>();
  #subscribers = new Map<string, Set<WebSocket>>();
  #revision = 41;

  constructor(private readonly gatewayUrl: string) {
    this.#fill(this.#newApp('Departure boards').app.id);
    this.#newApp('Staging');
  }

  answer(method: string, path: string, body: Record<string, unknown>, signedIn: boolean): Answer {
    const [, , room, id, sub, item, part] = path.split('/');
    const call = `${method} ${room}${sub ? `/${sub}` : ''}`;
    if (call === 'POST signup') return this.#signUp(body);
    if (call === 'POST login') return this.#logIn(body);
    if (call === 'POST login/second-factor') return { session: true, body: this.#signedIn() };
    if (path.startsWith('/v1/password/') || path === '/v1/email/verify') {
      if (String(body['token']).startsWith('old'))
        throw new Refusal(410, 'link_invalid', 'The link was used.');
      return path === '/v1/email/verify' ? { body: { email: person.email } } : { status: 204 };
    }
    if (path === '/v1/invitations/inspect') {
      const has_account = String(body['token']).startsWith('has');
      return {
        body: { organisation: 'Example Trains', email: 'new@example.com', role: 'developer', has_account },
      };
    }
    if (!signedIn) throw new Refusal(401, 'unauthenticated', 'Log in to go on.');
    const other = roomOf(method, path);
    if (other) return other.handler(body, other.ids);
    if (call === 'POST logout') return { status: 204, session: false };
    if (call === 'GET session') return { body: { ...this.#signedIn(), gateway_url: this.gatewayUrl } };
    if (room === 'gateways') return { body: this.#gateways() };
    if (room === 'organisations') return this.#organisationCall(method, sub, body);
    const app = this.#apps.get(id ?? '');
    if (room !== 'apps' || !app) throw new Refusal(404, 'not_found', 'There is nothing here.');
    switch (call) {
      case 'GET apps':
        return { body: app };
      case 'PATCH apps':
        return { body: this.#patch(app, body) };
      case 'DELETE apps':
        this.#apps.delete(app.id);
        return { body: { receipt: this.#receipt() } };
      case 'GET apps/channel':
        return channel(String(body['name']));
      case 'GET apps/connections':
        return connections(body);
      case 'POST apps/connections':
        return terminate(item ?? '');
      case 'GET apps/credentials':
        return { body: { items: this.#credentials.get(app.id), next_cursor: null } };
      case 'POST apps/credentials':
        if (part === 'rotate') return this.#rotatePair(app.id, item);
        return {
          status: 201,
          body: { credential: this.#mint(app.id, body['import'] as Schemas['ImportedPair'] | undefined) },
        };
      case 'PATCH apps/credentials':
        return { body: Object.assign(this.#pair(app.id, item), body) };
      case 'DELETE apps/credentials':
        return this.#revoke(this.#credentials.get(app.id), (entry) => entry.key === item);
      case 'GET apps/keys':
        return { body: { items: this.#keys.get(app.id), next_cursor: null } };
      case 'POST apps/keys':
        if (part === 'token-secret') return this.#sign(app.id, item);
        if (part === 'dry-run') return { body: dryRun };
        if (part === 'rotate') return this.#rotate(app.id, item);
        return this.#createKey(app.id, body);
      case 'PATCH apps/keys':
        return { body: Object.assign(this.#key(app.id, item), body) };
      case 'DELETE apps/keys':
        return this.#revoke(this.#keys.get(app.id), (entry) => entry.id === item);
      case 'GET apps/publishable-keys':
        return { body: { items: this.#openKeys.get(app.id), next_cursor: null } };
      case 'POST apps/publishable-keys':
        if (part === 'dry-run') return { body: dryRun };
        if (part === 'rotate') return this.#rotateOpenKey(app.id, item);
        return this.#createOpenKey(app.id, body);
      case 'PATCH apps/publishable-keys':
        return { body: Object.assign(this.#openKey(app.id, item), body) };
      case 'DELETE apps/publishable-keys':
        return this.#revoke(this.#openKeys.get(app.id), (entry) => entry.key === item);
      case 'GET apps/channels':
        return { body: { channels: this.#channels(app.id), truncated: false } };
      case 'GET apps/live':
        return liveHistory(app.id, body, { hours: liveHours(), kept: app.settings.live_history });
      case 'POST apps/publish':
        this.publish(app.id, body);
        return { body: {} };
      default:
        throw new Refusal(404, 'not_found', 'There is nothing here.');
    }
  }

  watch(appId: string, socket: WebSocket): void {
    const watchers = this.#watchers.get(appId) ?? new Set();
    this.#watchers.set(appId, watchers.add(socket));
    socket.on('close', () => watchers.delete(socket));
  }

  /** Enough of the Pusher protocol for one public subscriber. */
  connect(key: string, socket: WebSocket): void {
    const appId = [...this.#credentials].find(([, list]) => list.some((entry) => entry.key === key))?.[0];
    if (!appId) return socket.close(4001, 'unknown app key');
    const socketId = `${randomInt(1e9)}.${randomInt(1e9)}`;
    const send = (event: string, data: unknown, channel?: string) =>
      socket.send(JSON.stringify({ event, channel, data: JSON.stringify(data) }));
    send('pusher:connection_established', { socket_id: socketId, activity_timeout: 120 });
    this.#tell(appId, { kind: 'connection_opened', socket_id: socketId, dialect: 'pusher' });
    socket.on('message', (raw: Buffer) => {
      const frame = JSON.parse(raw.toString()) as { event: string; data: { channel: string } };
      if (frame.event === 'pusher:ping') return send('pusher:pong', {});
      if (frame.event !== 'pusher:subscribe') return;
      const { channel } = frame.data;
      const name = `${appId}|${channel}`;
      const subscribers = this.#subscribers.get(name) ?? new Set();
      this.#subscribers.set(name, subscribers.add(socket));
      socket.on('close', () => subscribers.delete(socket));
      send('pusher_internal:subscription_succeeded', {}, channel);
      this.#tell(appId, { kind: 'subscribed', channel, socket_id: socketId, dialect: 'pusher' });
    });
    socket.on('close', () =>
      this.#tell(appId, { kind: 'connection_closed', socket_id: socketId, dialect: 'pusher', code: 1000 }),
    );
  }

  publish(appId: string, { channel: named, name, data, dialect }: Record<string, unknown>): void {
    if (dialect === 'metered' && this.#keys.get(appId)?.every((key) => !key.token_secret_at)) {
      throw new Refusal(
        409,
        'no_secret_key',
        'Metered takes a secret key, and the app has none that may publish there.',
      );
    }
    const text = typeof data === 'string' ? data : JSON.stringify(data);
    const [channel, event] = [String(named), String(name ?? 'message')];
    const spoken = dialect ?? 'pusher';
    this.#tell(appId, { kind: 'published', channel, event, data: text, source: 'http', dialect: spoken });
    for (const socket of this.#subscribers.get(`${appId}|${channel}`) ?? []) {
      socket.send(JSON.stringify({ event, channel, data: text }));
    }
  }

  traffic(): void {
    const platform = randomInt(1, 9);
    const socket_id = `${randomInt(1e9)}.${randomInt(1e9)}`;
    const kinds: Record<string, unknown>[] = [
      { kind: 'connection_opened', socket_id, dialect: 'pusher' },
      {
        kind: 'subscribed',
        channel: `presence-platform.${platform}`,
        socket_id,
        user_id: `staff-${randomInt(40)}`,
      },
      {
        kind: 'published',
        channel: `departures.platform-${platform}`,
        event: 'train.delayed',
        data: JSON.stringify({ train: `IC ${randomInt(100, 999)}`, minutes: randomInt(2, 30), platform }),
        source: 'http',
      },
      {
        kind: 'client_event',
        channel: `private-chat.${platform}`,
        event: 'client-typing',
        data: '{"on":true}',
        socket_id,
      },
      { kind: 'unsubscribed', channel: `private-chat.${platform}`, socket_id },
      {
        kind: 'refused',
        code: 4009,
        message: 'Origin not allowed',
        socket_id,
        channel: `private-chat.${platform}`,
      },
      { kind: 'connection_closed', socket_id, dialect: 'pusher', code: 1006 },
    ];
    for (const app of this.#apps.values()) this.#tell(app.id, kinds[randomInt(kinds.length)] ?? {});
  }

  #tell(appId: string, event: Record<string, unknown>): void {
    const told = { at_ms: Date.now(), dialect: 'pusher', ...event };
    remember(appId, told);
    const text = JSON.stringify(told);
    for (const socket of this.#watchers.get(appId) ?? []) socket.send(text);
  }

  #signedIn() {
    return { user: this.#user, organisations: [this.#organisation], csrf_token: 'mock' };
  }

  #signUp(body: Record<string, unknown>): Answer {
    if (body['email'] === 'taken@example.com') {
      throw new Refusal(409, 'email_taken', 'An account with this address exists already.', [
        { field: 'email', message: 'An account with this address exists already.' },
      ]);
    }
    this.#user.email = String(body['email']);
    const { app, credential } = this.#newApp('My first app');
    return {
      status: 201,
      session: true,
      body: { ...this.#signedIn(), organisation: this.#organisation, app, credential },
    };
  }

  #logIn(body: Record<string, unknown>): Answer {
    if (body['password'] === 'wrong-password') {
      throw new Refusal(401, 'invalid_credentials', 'The email address or the password is not right.');
    }
    if (body['email'] === 'two@example.com') {
      return { body: { second_factor: 'required', pending_token: 'pending', expires_in_s: 300 } };
    }
    return { session: true, body: this.#signedIn() };
  }

  #organisationCall(method: string, sub: string | undefined, body: Record<string, unknown>): Answer {
    if (sub === 'apps' && method === 'POST') {
      return {
        status: 201,
        body: this.#newApp(String(body['name']), body['import'] as { key: string; secret: string }),
      };
    }
    if (sub === 'apps') return { body: { items: [...this.#apps.values()], next_cursor: null } };
    if (method === 'PATCH') Object.assign(this.#organisation, body);
    return { body: this.#organisation };
  }

  #newApp(name: string, imported?: { id?: string; key: string; secret: string }) {
    const app = {
      id: imported?.id ?? String(randomInt(1e11, 9e11)),
      name,
      organisation_id: this.#organisation.id,
      enabled: true,
      settings: {
        client_events: true,
        subscription_counting: false,
        watchlist_events: false,
        authorized_connections_only: false,
        allowed_origins: [],
        terminate_code: 4200,
        cache_ttl_s: 1800,
        activity_timeout_s: 120,
        tls_only: false,
        dialects: { pusher: true, relay: true, anycable: true, metered: true },
        relay: { app_path: 'auto', auth_endpoint: 'off', auth_channels: [] },
        anycable: {
          anonymous: false,
          public_streams: false,
          whisper: false,
          presence: true,
          presence_grace_s: 15,
          end_with_token: false,
          turbo_streams: false,
          cable_ready: false,
          sse: true,
        },
        metered: { ice_servers: [] },
        live_history: 'with_data',
      },
      limits: {
        max_connections: 200,
        max_publishes_per_s: 200,
        max_reads_per_s: 50,
        max_event_bytes: 10_240,
        max_payload_bytes: 65_536,
        max_client_events_per_s: 10,
        max_presence_members: 100,
        max_member_bytes: 1_024,
        max_channels_per_connection: 200,
      },
      own_limits: {},
      messages_per_day: null,
      at_quota: 'cap',
      created_at: now(),
    } as App;
    this.#apps.set(app.id, app);
    this.#keys.set(app.id, []);
    this.#openKeys.set(app.id, []);
    return { app, credential: this.#mint(app.id, imported) };
  }

  /** Keys as an app has them that is in use; the other app shows what empty lists look like. */
  #fill(appId: string): void {
    const worker = {
      name: 'Timetable worker',
      actions: ['publish'],
      channels: ['departures.*', 'presence-*'],
    };
    this.#createKey(appId, worker);
    this.#createKey(appId, { name: 'Statistics', actions: ['read'], channels: ['**'], token_secret: true });
    const board = {
      name: 'Platform boards',
      actions: ['subscribe', 'presence'],
      channels: ['departures.*', 'network-status'],
      allowed_origins: ['https://boards.example-trains.com', 'https://staging.example-trains.com'],
      allow_no_origin: true,
      ice_servers: false,
    };
    this.#createOpenKey(appId, board);
    this.#rotateOpenKey(appId, this.#openKeys.get(appId)?.[0]?.key);
  }

  #mint(appId: string, imported?: { key: string; secret: string }): Schemas['NewCredential'] {
    const pair = imported ?? { key: publicKey(), secret: `as_sbx_${token(20)}` };
    const list = this.#credentials.get(appId) ?? [];
    const more = { expires_at: null, rotated_at: null, previous: null };
    const held = { key: pair.key, created_at: now(), last_used_at: null, ...more } as Schemas['Credential'];
    this.#credentials.set(appId, [...list, held]);
    return { key: pair.key, secret: pair.secret, created_at: now() };
  }

  #pair(appId: string, name: string | undefined): Schemas['Credential'] {
    return found(this.#credentials.get(appId)?.find(({ key }) => key === name));
  }

  #rotatePair(appId: string, name: string | undefined): Answer {
    const pair = Object.assign(this.#pair(appId, name), { previous: aDayMore(), rotated_at: now() });
    const credential = { key: pair.key, secret: `as_sbx_${token(20)}`, created_at: pair.created_at };
    return { status: 201, body: { credential } };
  }

  #createKey(appId: string, body: Record<string, unknown>): Answer {
    const id = token(6);
    const key = {
      id,
      name: body['name'],
      actions: body['actions'],
      channels: body['channels'],
      created_at: now(),
      expires_at: body['expires_at'] ?? null,
      last_used_at: null,
      token_secret_at: body['token_secret'] ? now() : null,
      max_publishes_per_s: body['max_publishes_per_s'] ?? null,
      allowed_addresses: body['allowed_addresses'] ?? [],
      rotated_at: null,
      previous: null,
    } as Schemas['SecretKey'];
    this.#keys.get(appId)?.unshift(key);
    const signing = body['token_secret'] ? this.#signing(id) : {};
    return { status: 201, body: { key, token: `sk_sbx_${id}_${token(18)}`, ...signing } };
  }

  #key(appId: string, id: string | undefined): Schemas['SecretKey'] {
    return found(this.#keys.get(appId)?.find((entry) => entry.id === id));
  }

  #rotate(appId: string, id: string | undefined): Answer {
    const key = Object.assign(this.#key(appId, id), { previous: aDayMore(), rotated_at: now() });
    return { status: 201, body: { key, token: `sk_sbx_${key.id}_${token(18)}` } };
  }

  #sign(appId: string, id: string | undefined): Answer {
    const key = this.#key(appId, id);
    key.token_secret_at = now();
    return { status: 201, body: { key, ...this.#signing(key.id) } };
  }

  #signing(id: string): Schemas['Signing'] {
    const token_secret = `ss_sbx_${token(18)}`;
    return { token_secret, pair: `${id}:${token_secret}` };
  }

  #openKey(appId: string, name: string | undefined): Schemas['ClientKey'] {
    return found(this.#openKeys.get(appId)?.find(({ key }) => key === name));
  }

  #rotateOpenKey(appId: string, name: string | undefined): Answer {
    const replaced = Object.assign(this.#openKey(appId, name), { expires_at: aDayMore().expires_at });
    const key = { ...replaced, key: `pk_sbx_${token(15)}`, expires_at: null, replaces: replaced.key };
    this.#openKeys.get(appId)?.unshift(key);
    return { status: 201, body: { key, replaced } };
  }

  #createOpenKey(appId: string, body: Record<string, unknown>): Answer {
    const key = {
      key: `pk_sbx_${token(15)}`,
      expires_at: null,
      created_at: now(),
      last_used_at: null,
      replaces: null,
      ...body,
    } as Schemas['ClientKey'];
    this.#openKeys.get(appId)?.unshift(key);
    return { status: 201, body: key };
  }

  #revoke<T>(list: T[] | undefined, named: (record: T) => boolean): Answer {
    const at = list?.findIndex(named) ?? -1;
    if (at < 0) throw new Refusal(404, 'not_found', 'There is nothing here.');
    list?.splice(at, 1);
    return { body: { receipt: this.#receipt() } };
  }

  #receipt(): Schemas['Receipt'] {
    this.#revision += 1;
    const confirmed = [
      { gateway: 'gw-1', ms: 41 },
      { gateway: 'gw-2', ms: 87 },
    ];
    return { revision: this.#revision, confirmed, pending: ['gw-3'] };
  }

  #patch(app: App, body: Record<string, unknown>): App & { receipt?: Schemas['Receipt'] } {
    const { settings, limits, ...rest } = body;
    Object.assign(app, rest);
    for (const [name, value] of Object.entries(settings ?? {})) {
      const held = app.settings[name as keyof App['settings']];
      const isGroup = typeof held === 'object' && !Array.isArray(held);
      Object.assign(app.settings, { [name]: isGroup ? { ...held, ...(value as object) } : value });
    }
    Object.assign(app.limits, limits);
    return rest['enabled'] === false ? { ...app, receipt: this.#receipt() } : app;
  }

  #channels(appId: string): Schemas['Channels']['channels'] {
    const own = [...this.#subscribers]
      .filter(([name, sockets]) => name.startsWith(`${appId}|`) && sockets.size > 0)
      .map(
        ([name, sockets]) => [name.slice(appId.length + 1), { subscription_count: sockets.size }] as const,
      );
    const others = {
      'presence-platform.4': { subscription_count: 18, user_count: 12 },
      'departures.platform-4': { subscription_count: 2_304 },
      'private-chat.7': { subscription_count: 2 },
      'cache-network-status': { subscription_count: 911 },
      'private-encrypted-signals': { subscription_count: 3 },
    };
    return { ...Object.fromEntries(own), ...(appId === [...this.#apps.keys()][0] ? others : {}) };
  }

  #gateways(): Schemas['Gateways'] {
    const gateway = (id: string) => ({
      id,
      confirmed_revision: this.#revision,
      last_seen: now(),
      live: true,
    });
    return { items: [gateway('gw-1'), gateway('gw-2')], next_cursor: null, head: this.#revision };
  }
}
