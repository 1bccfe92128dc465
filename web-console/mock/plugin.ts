import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Plugin } from 'vite';
import { WebSocketServer, type WebSocket } from 'ws';
import { Refusal } from './refusal.ts';
import { World } from './world.ts';

/** A control plane and a gateway small enough to draw screens against. Development only; never part of a build. */
export function mockControlPlane(): Plugin {
  return {
    name: 'signalbox-mock',
    configureServer(server) {
      const world = new World(`http://127.0.0.1:${server.config.server.port ?? 5173}`);
      if (process.env.MOCK_TRAFFIC !== '0') setInterval(() => world.traffic(), 700).unref();

      server.middlewares.use((request, response, next) => {
        if (!request.url?.startsWith('/v1/')) return next();
        if (/^\/v1\/apps\/\d+\/webhooks\/events/.test(request.url)) return tellWebhooks(response);
        void handle(world, request, response);
      });

      const sockets = new WebSocketServer({ noServer: true });
      server.httpServer?.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
        const path = new URL(request.url ?? '/', 'http://mock').pathname;
        const live = /^\/v1\/apps\/(\d+)\/live$/.exec(path);
        const pusher = /^\/app\/(\w+)$/.exec(path);
        if (!live && !pusher) return;
        sockets.handleUpgrade(request, socket, head, (opened: WebSocket) => {
          if (live?.[1]) world.watch(live[1], opened);
          else if (pusher?.[1]) world.connect(pusher[1], opened);
        });
      });
    },
  };
}

/** The endless stream of webhook events. */
function tellWebhooks(response: ServerResponse): void {
  response.setHeader('Content-Type', 'application/x-ndjson');
  const tell = (line: object) => response.write(`${JSON.stringify(line)}\n`);
  tell({ heartbeat: true });
  const timer = setInterval(() => {
    const data = { user_id: 'staff-12' };
    const at = new Date().toISOString();
    tell({ id: `msg_${Date.now()}`, type: 'member_added', channel: 'presence-platform.4', at, data });
  }, 2_000);
  response.on('close', () => clearInterval(timer));
}

async function handle(world: World, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://mock');
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body =
    chunks.length > 0
      ? (JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>)
      : Object.fromEntries(url.searchParams);
  const signedIn = request.headers.cookie?.includes('signalbox_session=') ?? false;
  await new Promise((resolve) => setTimeout(resolve, 120));
  try {
    const answered = world.answer(request.method ?? 'GET', url.pathname, body, signedIn);
    if (answered.session !== undefined) {
      response.setHeader(
        'Set-Cookie',
        `signalbox_session=${answered.session ? 'mock' : ''}; Path=/; HttpOnly; SameSite=Lax${answered.session ? '' : '; Max-Age=0'}`,
      );
    }
    response.statusCode = answered.status ?? 200;
    response.setHeader('Content-Type', 'application/json');
    response.end(answered.status === 204 ? undefined : JSON.stringify(answered.body));
  } catch (error) {
    const refusal = error instanceof Refusal ? error : new Refusal(500, 'internal', String(error));
    response.statusCode = refusal.status;
    response.setHeader('Content-Type', 'application/problem+json');
    response.end(
      JSON.stringify({
        type: 'about:blank',
        title: refusal.code,
        status: refusal.status,
        code: refusal.code,
        detail: refusal.message,
        request_id: `req_${Math.random().toString(36).slice(2, 14)}`,
        errors: refusal.fields,
      }),
    );
  }
}
