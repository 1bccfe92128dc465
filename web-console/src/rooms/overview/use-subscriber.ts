import type Pusher from 'pusher-js';
import { useEffect, useReducer, useRef } from 'react';
import { needsAuthorisation } from '../../channels/name';

export type Received = { id: number; event: string; data: unknown; atMs: number; tookMs: number | null };

export type Subscriber =
  | { phase: 'waiting'; why: 'connecting' | 'reconnecting' | 'no-key' | 'needs-authorisation' }
  | { phase: 'refused'; message: string }
  | { phase: 'subscribed' };

type State = { subscriber: Subscriber; received: readonly Received[] };
type Step = { type: 'became'; subscriber: Subscriber } | { type: 'received'; item: Received };

const KEPT = 20;

function reduce(state: State, step: Step): State {
  return step.type === 'became'
    ? { ...state, subscriber: step.subscriber }
    : { ...state, received: [step.item, ...state.received].slice(0, KEPT) };
}

/**
 * A real subscriber in this page, over the same SDK and the same gateway as the customer's users.
 * `sentAt` tells when a message went out, so that the time to its arrival can be shown.
 */
export function useSubscriber(options: {
  gatewayUrl: string;
  appKey: string | undefined;
  channel: string;
  sentAt: (event: string) => number | null;
}): State {
  const { gatewayUrl, appKey, channel } = options;
  const [state, step] = useReducer(reduce, {
    subscriber: { phase: 'waiting', why: 'connecting' },
    received: [],
  });
  const sentAt = useRef(options.sentAt);
  const nextId = useRef(1);
  useEffect(() => {
    sentAt.current = options.sentAt;
  });

  useEffect(() => {
    const became = (subscriber: Subscriber) => step({ type: 'became', subscriber });
    if (!appKey) return became({ phase: 'waiting', why: 'no-key' });
    if (needsAuthorisation(channel)) return became({ phase: 'waiting', why: 'needs-authorisation' });
    became({ phase: 'waiting', why: 'connecting' });

    let pusher: Pusher | null = null;
    let left = false;
    void import('pusher-js').then(({ default: PusherClient }) => {
      if (left) return;
      const gateway = new URL(gatewayUrl);
      const tls = gateway.protocol === 'https:';
      const port = Number(gateway.port) || (tls ? 443 : 80);
      pusher = new PusherClient(appKey, {
        cluster: 'any',
        wsHost: gateway.hostname,
        wsPort: port,
        wssPort: port,
        forceTLS: tls,
        enabledTransports: ['ws', 'wss'],
      });
      pusher.connection.bind('error', (error: { data?: { code?: number; message?: string } }) => {
        const { code, message } = error.data ?? {};
        if (code && code < 4100) became({ phase: 'refused', message: `${code}: ${message ?? 'refused'}` });
      });
      pusher.connection.bind('unavailable', () => became({ phase: 'waiting', why: 'reconnecting' }));
      const subscription = pusher.subscribe(channel);
      subscription.bind('pusher:subscription_succeeded', () => became({ phase: 'subscribed' }));
      subscription.bind_global((event: string, data: unknown) => {
        if (event.startsWith('pusher:') || event.startsWith('pusher_internal:')) return;
        const atMs = performance.now();
        const sent = sentAt.current(event);
        const item = {
          id: nextId.current++,
          event,
          data,
          atMs: Date.now(),
          tookMs: sent === null ? null : Math.max(0, atMs - sent),
        };
        step({ type: 'received', item });
      });
    });
    return () => {
      left = true;
      pusher?.disconnect();
    };
  }, [gatewayUrl, appKey, channel]);

  return state;
}
